"""Ledgers full of traffic: hand-ins of every kind, written as settlements write them, with what became of them.

A `Story` is one hand-in in a few words; `written` makes the records of it. Times are in quarters of an
hour, so that whoever counts them again can do so by stepping through the day.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Final

from hypothesis import strategies as st

from axisd.adapters.clock import SystemClock
from axisd.adapters.ledger import SqlLedger, open_ledger
from axisd.core.audit import digest_of
from axisd.core.envelope import Business
from axisd.core.evidence import Evidence, Facts, RecipientOutcome
from axisd.core.history import Recall, RecallOutcome, StatusRecord, Watch
from axisd.core.inspection import LegalValue
from axisd.core.lifecycle import DeliveryState, SubmissionState
from axisd.core.reasons import Event, refuse
from axisd.core.records import (
    Change,
    Delivery,
    Identity,
    Payload,
    RouteKind,
    SubmissionRecord,
)
from axisd.core.submission import Door, Lane
from tests.support.ledger import commit

CLOCK: Final = SystemClock()
FINANCE, HEALTH, OFFICE, COMMUNE = (
    "000.00.11.H53",
    "000.00.12.H53",
    "000.00.01.H53",
    "001.02.01.H53",
)
"""COMMUNE is received for by OFFICE."""
MINISTRY, TWIN = "000.00.00.G14", "G14"
MIDNIGHT: Final = datetime(2026, 11, 22, 17, tzinfo=UTC)
"""In Vietnam, before Monday 2026-11-23."""
QUARTER: Final = timedelta(minutes=15)


@dataclass(frozen=True)
class Leg:
    """One recipient; times in quarters of an hour behind the hand-in."""

    organ: str = HEALTH
    state: DeliveryState = DeliveryState.SENT
    reason: str = ""
    arrival_due: int | None = None
    registration_due: int | None = None
    reply_due: int | None = None
    recall_due: int | None = None
    arrived: int | None = None
    registered: int | None = None
    recall: RecallOutcome | None = None


@dataclass(frozen=True)
class Story:
    """One hand-in; `quarter` counts from `MIDNIGHT`. Statuses have a code instead of a business."""

    quarter: int = 36
    sender: str = FINANCE
    reply_to: str | None = None
    business: str = "new"
    status: str = ""
    document_id: str = "D1"
    state: SubmissionState = SubmissionState.ACCEPTED
    reason: str = ""
    urgent: bool = False
    original: bool = True
    unmatched: bool = False
    legs: tuple[Leg, ...] = (Leg(),)
    turned_away: tuple[str, ...] = ()


def written(stories: Iterable[Story]) -> list[Change]:
    """The changes that settle them, in order; a recipient that has a document already gets no second copy."""
    taken: set[Identity] = set()
    return [change for story in stories for change in _settled(story, taken)]


def _settled(story: Story, taken: set[Identity]) -> list[Change]:
    national = story.sender == MINISTRY
    at = MIDNIGHT + QUARTER * story.quarter
    key = CLOCK.new_id()
    body = f"<edXML>{key}</edXML>".encode()
    facts = Facts(
        submission_id=key,
        door=Door.NATIONAL if national else Door.AMQP,
        account="" if national else "account",
        sender=story.sender,
        reply_to=("" if national else story.sender) if story.reply_to is None else story.reply_to,
        kind="status" if story.status else "document",
        business="" if story.status else story.business,
        status=story.status,
        document_id=story.document_id,
        digest=digest_of(body),
        size=len(body),
        received_at=at,
        lane=Lane.URGENT if story.urgent else Lane.NORMAL,
        legal_value=LegalValue.ORIGINAL if story.original else LegalValue.REFERENCE,
    )
    record = SubmissionRecord(facts, story.state, reason=story.reason)
    payload = Payload(facts.digest, facts.size, body)
    if story.state is SubmissionState.DUPLICATE:
        return [Change(submission=record)]
    if story.state is not SubmissionState.ACCEPTED:
        rejected = Evidence(
            CLOCK.new_id(),
            Event.SUBMISSION_REJECTION,
            at + timedelta(seconds=1),
            facts,
            refusal=refuse(story.reason or "quarantined"),
        )
        return [Change(submission=record, payload=payload, evidence=(rejected,))]
    fresh = [
        (leg, identity)
        for leg in story.legs
        if (identity := _identity(story, leg, key)) not in taken
    ]
    taken.update(identity for _, identity in fresh)
    pairs = [(leg, _delivery(story, leg, identity, facts)) for leg, identity in fresh]
    if not pairs:
        return [Change(submission=replace(record, state=SubmissionState.DUPLICATE))]
    deliveries = tuple(delivery for _, delivery in pairs)
    return [
        Change(
            submission=record,
            payload=payload,
            deliveries=deliveries,
            evidence=(_acceptance(story, facts, deliveries),),
            statuses=_statuses(story, facts),
            recalls=tuple(
                Recall(delivery.id, key, at, leg.recall) for leg, delivery in pairs if leg.recall
            ),
        )
    ]


def _identity(story: Story, leg: Leg, key: str) -> Identity:
    business = f"status/{story.status}/{key}" if story.status else story.business
    if business == Business.RECALL:
        business = f"{business}/{key}"
    return Identity(story.sender, business, leg.organ, story.document_id)


def _delivery(story: Story, leg: Leg, identity: Identity, facts: Facts) -> Delivery:
    at = facts.received_at
    outward = leg.organ == MINISTRY

    def later(quarters: int | None) -> datetime | None:
        return None if quarters is None else at + QUARTER * quarters

    return Delivery(
        id=CLOCK.new_id(),
        submission_id=facts.submission_id,
        identity=identity,
        addressed=(leg.organ,),
        inbox=TWIN if outward else OFFICE if leg.organ == COMMUNE else leg.organ,
        route=RouteKind.NATIONAL if outward else RouteKind.LOCAL,
        lane=facts.lane,
        priority=0,
        digest=facts.digest,
        proof=facts.digest,
        state=leg.state,
        created_at=at,
        expires_at=at + timedelta(days=5),
        reason=leg.reason,
        watch=Watch(
            arrival_due=later(leg.arrival_due),
            registration_due=later(leg.registration_due),
            reply_due=later(leg.reply_due),
            recall_due=later(leg.recall_due),
            arrived_at=later(leg.arrived),
            registered_at=later(leg.registered),
        ),
    )


def _acceptance(story: Story, facts: Facts, deliveries: Sequence[Delivery]) -> Evidence:
    national = facts.door is Door.NATIONAL
    accepted = [
        RecipientOutcome(d.identity.recipient, d.addressed, "accepted", d.inbox, d.route)
        for d in deliveries
    ]
    refused = [
        RecipientOutcome(f"000.00.9{n}.H53", (), "refused", refusal=refuse(code, agency='"x"'))
        for n, code in enumerate(story.turned_away)
    ]
    return Evidence(
        CLOCK.new_id(),
        Event.RECEIVED_FROM_NON_ERDS if national else Event.SUBMISSION_ACCEPTANCE,
        # Later than received, some of them on the next day.
        facts.received_at + timedelta(minutes=20),
        facts,
        recipients=(*accepted, *refused),
    )


def _statuses(story: Story, facts: Facts) -> tuple[StatusRecord, ...]:
    if not (story.status and story.unmatched):
        return ()
    return (
        StatusRecord(
            CLOCK.new_id(),
            facts.submission_id,
            None,
            FINANCE,
            story.document_id,
            story.sender,
            story.status,
            facts.received_at,
        ),
    )


@cache
def _template() -> Path:
    return Path(tempfile.mkdtemp(prefix="axisd-traffic-"))


@asynccontextmanager
async def ledger_of(stories: Iterable[Story], folder: Path) -> AsyncIterator[SqlLedger]:
    """An open ledger in `folder` with what `stories` tell."""
    template = _template()
    if not (template / "ledger.db").exists():
        await (await open_ledger(template)).close()
    shutil.copytree(template, folder, dirs_exist_ok=True)
    ledger = await open_ledger(folder)
    try:
        if changes := written(stories):
            await commit(ledger, *changes)
        yield ledger
    finally:
        await ledger.close()


# random traffic

_quarters = st.none() | st.integers(0, 200)
legs = st.builds(
    Leg,
    st.sampled_from([HEALTH, FINANCE, OFFICE, COMMUNE, MINISTRY]),
    st.sampled_from(DeliveryState),
    st.sampled_from(["", "recipient-refused", "expired", "national-refused"]),
    _quarters,
    _quarters,
    _quarters,
    _quarters,
    st.integers(-8, 300) | st.none(),
    st.integers(0, 300) | st.none(),
    st.none() | st.sampled_from(RecallOutcome),
)
_story = st.builds(
    Story,
    # From the day before to the day after a period of three days, most of them within.
    st.integers(0, 3 * 96 - 1) | st.integers(-100, 4 * 96),
    st.sampled_from([FINANCE, HEALTH, MINISTRY]),
    st.none() | st.sampled_from(["", OFFICE]),
    st.sampled_from(["new", "new", "update", "replace", "recall"]),
    st.sampled_from(["", "", "", "", "03", "13"]),
    st.sampled_from(["D1", "D2", "D3"]),
    st.sampled_from([SubmissionState.ACCEPTED] * 8 + list(SubmissionState)),
    st.sampled_from(["schema-invalid", "recipient-unknown"]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.lists(legs, min_size=1, max_size=4, unique_by=lambda leg: leg.organ).map(tuple),
    st.lists(st.sampled_from(["recipient-unknown", "recipient-closed"]), max_size=2).map(tuple),
)
stories = st.lists(_story, max_size=3) | st.lists(_story, min_size=10, max_size=25)
"""A few hand-ins, or so many that everything meets."""


def a_busy_week(seed: int, number: int = 150) -> list[Story]:
    """Many hand-ins of every kind, the same for the same seed: what random ones seldom are together."""
    chance = Random(seed)

    def maybe(low: int, high: int) -> int | None:
        return chance.choice([None, chance.randint(low, high), chance.randint(low, high)])

    def leg(organ: str) -> Leg:
        return Leg(
            organ,
            chance.choice([DeliveryState.HANDED_OVER, DeliveryState.REJECTED, *DeliveryState]),
            chance.choice(["recipient-refused", "recipient-refused", "national-refused"]),
            maybe(0, 60),
            maybe(30, 120),
            chance.choice([None, chance.randint(0, 400)]),
            chance.choice([None, None, chance.randint(0, 400)]),
            maybe(-2, 150),
            maybe(0, 300),
            chance.choice([None, None, *RecallOutcome]),
        )

    organs = [HEALTH, FINANCE, OFFICE, COMMUNE, MINISTRY]
    return [
        Story(
            chance.randint(-50, 4 * 96),
            chance.choice([FINANCE, HEALTH, OFFICE, MINISTRY]),
            chance.choice([None, None, "", OFFICE]),
            chance.choice(["new", "new", "new", "update", "replace", "recall"]),
            chance.choice(["", "", "", "", "03", "13"]),
            f"D{chance.randint(1, number // 5)}",
            chance.choice([SubmissionState.ACCEPTED] * 8 + list(SubmissionState)),
            chance.choice(["schema-invalid", "recipient-unknown"]),
            chance.random() < 0.2,
            chance.random() < 0.8,
            chance.random() < 0.3,
            tuple(map(leg, chance.sample(organs, chance.randint(1, 4)))),
            tuple(chance.sample(["recipient-unknown", "recipient-closed"], chance.randint(0, 2))),
        )
        for _ in range(number)
    ]
