"""Evidence about one delivery, and the outbox rows of the receipts that tell of evidence. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from axisd.core.directory import Channel
from axisd.core.evidence import Evidence, Facts, RecipientOutcome
from axisd.core.reasons import Event, Refusal
from axisd.core.records import Delivery, OutboxKind, OutboxRow
from axisd.core.submission import Lane
from axisd.core.view import View


def about(
    delivery: Delivery,
    facts: Facts,
    event: Event,
    *,
    key: str,
    at: datetime,
    outcome: str,
    refusal: Refusal | None = None,
    external_id: str | None = None,
    to: str | None = None,
) -> Evidence:
    """What happened to `delivery` of the submission that `facts` describe. `outcome`: accepted, refused, or
    the status that was reported; `to`: whose receipts queue is told, None if nobody's."""
    recipient = RecipientOutcome(
        delivery.identity.recipient,
        delivery.addressed,
        outcome,
        delivery.inbox,
        delivery.route,
        refusal if outcome == "refused" else None,
    )
    return Evidence(
        id=key,
        event=event,
        at=at,
        facts=facts,
        delivery_id=delivery.id,
        recipient=recipient,
        refusal=refusal,
        external_id=external_id,
        receipt_to=to or None,
    )


def receipt_rows(
    evidence: Iterable[Evidence], lane: Lane, now: datetime, view: View
) -> tuple[OutboxRow, ...]:
    """One row for each piece of evidence that somebody is told of, and has a queue to be told through."""
    return tuple(
        OutboxRow(item.id, OutboxKind.RECEIPT, f"receipts:{item.receipt_to}", lane, now)
        for item in evidence
        if item.receipt_to is not None and takes_receipts(item.receipt_to, view)
    )


def takes_receipts(agency: str, view: View) -> bool:
    """Whether receipts for `agency` leave. Behind a door nobody could fetch them: they are sealed and kept in the
    ledger all the same, and the door's own answers say what its system needs to know."""
    system = view.directory.system_of(agency)
    return system is None or system.channel is Channel.AMQP
