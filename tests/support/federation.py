"""Traffic with the national axis, put into a ledger as the daemon would have."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from axisd.adapters.ledger import SqlLedger
from axisd.adapters.memory import MemoryLedger
from axisd.core.lifecycle import DeliveryState, SubmissionState
from axisd.core.reasons import Event
from axisd.core.records import Change, DeliveryUpdate, RouteKind
from axisd.core.submission import Door
from tests.support.ledger import NOW, Case, case, commit, evidence

Ledgers = SqlLedger | MemoryLedger
G14, G15 = "000.00.00.G14", "000.00.00.G15"


async def accepted(ledger: Ledgers, external_id: str, at: datetime = NOW) -> Case:
    """An item of the national axis that became a submission."""
    made = case(f"accepted {external_id}", external_id=external_id, at=at)
    facts = replace(made.record.facts, door=Door.NATIONAL)
    await commit(ledger, replace(made.change, submission=replace(made.record, facts=facts)))
    return made


async def waiting(ledger: Ledgers, at: datetime = NOW, to: str = G14) -> Case:
    """A document that waits for the national axis."""
    made = case(f"document {at}", recipients=[to], at=at)
    of = replace(made.delivery, route=RouteKind.NATIONAL)
    await commit(ledger, replace(made.change, deliveries=(of,), outbox=()))
    return replace(made, deliveries=(of,))


async def sent(ledger: Ledgers, number: str, at: datetime = NOW, to: str = G14) -> Case:
    """A document that the national axis took under `number`."""
    made = case(f"document {number}", recipients=[to], at=at)
    of = replace(made.delivery, route=RouteKind.NATIONAL)
    taken = replace(
        evidence(made.record.facts, Event.RELAY_ACCEPTANCE, of=of, at=at), external_id=number
    )
    moved = DeliveryUpdate(of.id, DeliveryState.SENT, "", "")
    await commit(
        ledger,
        replace(made.change, deliveries=(of,), outbox=()),
        Change(evidence=(taken,), updates=(moved,)),
    )
    return made


async def refused(ledger: Ledgers, external_id: str, at: datetime = NOW, **changes: Any) -> str:
    """An item of the national axis that was refused."""
    made = case(f"refused {external_id}", at=at)
    facts = replace(made.record.facts, door=Door.NATIONAL, **changes)
    record = replace(
        *(made.record,),
        facts=facts,
        state=SubmissionState.REFUSED,
        reason="schema-invalid",
        at="/edXML",
        line=7,
    )
    told = replace(
        evidence(facts, Event.SUBMISSION_REJECTION, receipt_to=None, at=at),
        external_id=external_id,
    )
    await commit(ledger, Change(submission=record, evidence=(told,)))
    return facts.submission_id
