"""The ledger in memory and the one on SQLite: whatever is written, they answer alike."""

from __future__ import annotations

import asyncio
import atexit
import shutil
import tempfile
from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from axisd.adapters.ledger import SqlLedger, open_ledger
from axisd.adapters.memory import MemoryLedger
from axisd.adapters.memory.contents import ACCEPTANCES
from axisd.core.audit import digest_of
from axisd.core.evidence import Evidence
from axisd.core.history import (
    CONSIGNMENT,
    UNWATCHED,
    Joined,
    Link,
    LinkKind,
    NumberKey,
    Recall,
    RecallOutcome,
    StatusRecord,
    Watch,
)
from axisd.core.lifecycle import DeliveryState, SubmissionState
from axisd.core.mailbox import ItemState, MailboxMark
from axisd.core.policy import DeadlineKind
from axisd.core.reasons import Event
from axisd.core.records import (
    Change,
    Deferral,
    Delivery,
    DeliveryUpdate,
    Identity,
    OutboxKind,
    OutboxRow,
    Payload,
    Questions,
    Records,
    RouteKind,
    SubmissionRecord,
)
from axisd.core.submission import Door, Lane
from axisd.errors import AxisError
from axisd.ports import Ledger, Mailboxes
from tests.support.ledger import NOW, SENDER, delivery_row, facts, seal

T = TypeVar("T")

# Few keys of each kind, so that what is drawn often meets what is there.
SUBMISSIONS = [f"S{n}" for n in range(4)]
DOCUMENTS = ["D1", "D2", ""]
DELIVERIES = [f"V{n}" for n in range(4)]
EVIDENCE = [f"E{n}" for n in range(6)]
ORGANS = ["H53.1", "H53.2"]
BODIES = [b"one", b"two", b""]
DOORS = [Door.AMQP, Door.NATIONAL]
STATUSES = [f"T{n}" for n in range(4)]
LINKS = [f"L{n}" for n in range(3)]
DESTINATIONS = ["local:H53.1", "receipts:H53.1"]

moments = st.integers(0, 5).map(lambda n: NOW + timedelta(microseconds=n * 1_000_001))
texts = st.sampled_from(["", "reason", "Lý do \N{SNOWMAN} 'x' \x00"])
seen = st.builds(
    lambda door, key, document, body, at: replace(
        facts(key, document_id=document, body=body, at=at), door=door
    ),
    st.sampled_from([*DOORS, Door.VXP, Door.EDOC]),
    st.sampled_from(SUBMISSIONS),
    st.sampled_from(DOCUMENTS),
    st.sampled_from(BODIES),
    moments,
)
records = st.builds(
    SubmissionRecord,
    seen,
    st.sampled_from(SubmissionState),
    reason=texts,
    number=st.sampled_from(["", "7"]),
    notation=st.sampled_from(["", "STC"]),
    promulgation_date=st.sampled_from(["2026/01/05", "05/01/2026", "2025/12/31"]),
    due_date=texts,
    at=st.none() | texts,
    line=st.none() | st.integers(0, 2**40),
    subject=st.none() | texts,
    external_id=st.none() | st.sampled_from(["N1", "N2"]),
    duplicate_of=st.none() | st.sampled_from(SUBMISSIONS),
)
payloads = st.sampled_from(BODIES).map(lambda body: Payload(digest_of(body), len(body), body))
identities = st.builds(
    Identity,
    st.just(SENDER),
    st.sampled_from(["new", "status/03/x", "recall/x"]),
    st.sampled_from(ORGANS),
    st.sampled_from(DOCUMENTS),
)
watches = st.just(UNWATCHED) | st.builds(
    Watch,
    st.none() | moments,
    st.none() | moments,
    st.none() | moments,
    st.none() | moments,
    st.none() | moments,
    st.none() | moments,
    st.none() | moments,
    st.frozensets(st.sampled_from(["arrival-overdue", "reply-due"])),
)
deliveries = st.builds(
    Delivery,
    id=st.sampled_from(DELIVERIES),
    submission_id=st.sampled_from(SUBMISSIONS),
    identity=identities,
    addressed=st.lists(texts, min_size=1, max_size=2).map(tuple),
    inbox=st.sampled_from(ORGANS),
    route=st.sampled_from(RouteKind),
    lane=st.sampled_from(Lane),
    priority=st.integers(0, 4),
    digest=st.sampled_from(BODIES).map(digest_of),
    proof=texts,
    state=st.sampled_from(DeliveryState),
    created_at=moments,
    expires_at=moments,
    status=texts,
    reason=texts,
    watch=watches,
)
statuses = st.builds(
    StatusRecord,
    st.sampled_from(STATUSES),
    st.sampled_from(SUBMISSIONS),
    st.none() | st.sampled_from(DELIVERIES),
    st.just(SENDER),
    st.sampled_from(DOCUMENTS),
    st.sampled_from(ORGANS),
    st.sampled_from(["01", "02", "15", "recall"]),
    moments,
    texts,
    st.sampled_from(["", *ORGANS]),
    st.none() | st.sampled_from(Door),
)
links = st.builds(
    Link,
    st.sampled_from(LINKS),
    st.sampled_from(SUBMISSIONS),
    st.sampled_from(LinkKind),
    st.just(SENDER),
    st.sampled_from(DOCUMENTS),
    st.sampled_from(["", *ORGANS]),
)
recalls = st.builds(
    Recall,
    st.sampled_from(DELIVERIES),
    st.sampled_from(SUBMISSIONS),
    moments,
    st.sampled_from(RecallOutcome),
    st.none() | moments,
)
marks = st.builds(
    MailboxMark,
    st.sampled_from(DELIVERIES),
    st.sampled_from(ItemState),
    moments,
    texts,
    st.none() | moments,
)
witnessed = st.builds(
    Evidence,
    id=st.sampled_from(EVIDENCE),
    # A submission is accepted once, with its own change (`consistent`).
    event=st.sampled_from(sorted(set(Event) - ACCEPTANCES)),
    at=moments,
    facts=seen,
    delivery_id=st.none() | st.sampled_from(DELIVERIES),
    receipt_to=st.none() | st.sampled_from(ORGANS),
)
rows = st.builds(
    OutboxRow,
    id=st.sampled_from(DELIVERIES + EVIDENCE),
    kind=st.sampled_from(OutboxKind),
    destination=st.sampled_from(DESTINATIONS),
    lane=st.sampled_from(Lane),
    due_at=moments,
    size=st.integers(0, 10),
    attempts=st.integers(0, 3),
    held=st.booleans(),
    reason=texts,
    behind=st.lists(st.sampled_from(DELIVERIES), max_size=2).map(tuple),
)
updates = st.builds(
    DeliveryUpdate,
    st.sampled_from(DELIVERIES),
    st.sampled_from(DeliveryState),
    texts,
    texts,
    st.none() | watches,
)
deferrals = st.builds(
    Deferral,
    st.sampled_from(DELIVERIES + EVIDENCE),
    moments,
    st.integers(0, 9),
    texts,
    st.booleans(),
)


def few(items: st.SearchStrategy[T]) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(items, max_size=2).map(tuple)


anything = st.builds(
    Change,
    submission=st.none() | records,
    payload=st.none() | payloads,
    deliveries=few(deliveries),
    evidence=few(witnessed),
    outbox=few(rows),
    resend=few(rows),
    updates=few(updates),
    done=few(st.sampled_from(DELIVERIES + EVIDENCE)),
    deferrals=few(deferrals),
    statuses=few(statuses),
    joined=few(st.builds(Joined, st.sampled_from(STATUSES), st.sampled_from(DELIVERIES))),
    links=few(links),
    recalls=few(recalls),
    mailbox=few(marks),
)


@st.composite
def consistent(draw: st.DrawFn) -> Change:
    """A settlement as intake makes it, except that its keys may be used already."""
    record = draw(records)
    about = record.facts
    body = next(body for body in BODIES if digest_of(body) == about.digest)
    legs = tuple(
        replace(one, submission_id=about.submission_id, digest=about.digest)
        for one in draw(few(deliveries))
    )
    told = tuple(replace(item, facts=about) for item in draw(few(witnessed)))
    if told:
        told = (replace(told[0], event=Event.SUBMISSION_ACCEPTANCE), *told[1:])
    history = draw(few(statuses))
    return Change(
        submission=record,
        payload=Payload(about.digest, len(body), body),
        deliveries=legs,
        evidence=told,
        outbox=tuple(replace(delivery_row(one), destination=DESTINATIONS[0]) for one in legs),
        statuses=tuple(
            replace(status, submission_id=about.submission_id, delivery_id=None)
            for status in history
        ),
        links=tuple(replace(link, submission_id=about.submission_id) for link in draw(few(links))),
        recalls=tuple(
            replace(recall, submission_id=about.submission_id, delivery_id=one.id)
            for recall, one in zip(draw(few(recalls)), legs, strict=False)
        ),
        mailbox=tuple(
            replace(mark, id=one.id)
            for mark, one in zip(draw(few(marks)), legs, strict=False)
            if one.route is RouteKind.MAILBOX
        ),
    )


@cache
def empty() -> Path:
    """A ledger with its tables made: they need not be made for every example."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)

    async def make() -> None:
        await (await open_ledger(folder / "ledger")).close()

    asyncio.run(make())
    return folder / "ledger"


class Alike(RuleBasedStateMachine):
    """Groups of changes, possible and impossible ones, are given to both."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp())
        shutil.copytree(empty(), self.folder / "ledger")
        self.memory = MemoryLedger()
        self.sqlite: SqlLedger = self.run(open_ledger(self.folder / "ledger"))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def teardown(self) -> None:
        verified = [self.run(ledger.verify()) for ledger in (self.memory, self.sqlite)]
        self.run(self.sqlite.close())
        self.runner.close()
        shutil.rmtree(self.folder)
        assert verified[0] == verified[1]
        assert verified[0].faults == ()

    @rule(group=st.lists(consistent() | anything, min_size=1, max_size=3))
    def write(self, group: list[Change]) -> None:
        outcomes = [self.run(attempt(ledger, group)) for ledger in (self.memory, self.sqlite)]
        assert outcomes[0] == outcomes[1]

    @rule()
    def reopen(self) -> None:
        self.run(self.sqlite.close())
        self.sqlite = self.run(open_ledger(self.folder / "ledger"))

    @invariant()
    def answers_are_alike(self) -> None:
        memory, sqlite = (self.run(everything(one)) for one in (self.memory, self.sqlite))
        assert memory == sqlite


async def attempt(ledger: Ledger, group: list[Change]) -> str:
    try:
        async with ledger.transaction() as transaction:
            items = [item for change in group for item in change.evidence]
            sealed = seal(items, await transaction.head())
            await transaction.write(Records(tuple(group), *sealed))
    except AxisError as error:
        return type(error).__name__
    return "written"


async def everything(ledger: MemoryLedger | SqlLedger) -> dict[str, Any]:
    """All that can be asked."""
    asked = Questions(
        identities=frozenset({Identity(SENDER, "new", ORGANS[0], "D1")}),
        documents=frozenset({(SENDER, "D2"), (SENDER, "")}),
        recalled=frozenset({(SENDER, "D1"), (SENDER, "D2")}),
        addressed=frozenset({(ORGANS[1], "D1")}),
        changing=frozenset({(SENDER, "D1"), (SENDER, "D2")}),
        unmatched=frozenset({(SENDER, "D1")}),
        numbers=frozenset({NumberKey(SENDER, "7", "STC", "2026"), NumberKey(SENDER, "7", "", "")}),
        deliveries=frozenset(DELIVERIES[:2]),
        externals=frozenset((door, key) for door in DOORS for key in ("N1", "N2")),
        rows=frozenset(DELIVERIES + EVIDENCE),
    )
    async with ledger.transaction() as transaction:
        known, head = await transaction.known(asked), await transaction.head()
    keys = [*SUBMISSIONS, *DELIVERIES, *DOCUMENTS]
    return {
        "head": head,
        "known": known,
        "changing": [
            sorted(k.delivery.id for k in known.changing(SENDER, d)) for d in ("D1", "D2")
        ],
        "outbox": [await ledger.outbox_ids(where, None, 50) for where in DESTINATIONS],
        "summary": await ledger.outbox_summary(),
        "parcels": [await parcels(ledger, key) for key in DELIVERIES + EVIDENCE],
        "timelines": [await ledger.timeline(key) for key in keys],
        "receipts": [await ledger.receipt(key) for key in EVIDENCE],
        "payloads": [await ledger.payload(digest_of(body)) for body in BODIES],
        "entries": [entry async for entry in ledger.entries()],
        "quarantined": await ledger.quarantined(),
        "due": await ledger.due(NOW + timedelta(seconds=3), 10),
        "next due": await ledger.next_due(),
        "awaited": await ledger.awaited(NOW + timedelta(seconds=3)),
        "overdue": [
            (await ledger.overdue(NOW + timedelta(seconds=3), kind, inbox, 3))
            for kind in (*DeadlineKind, CONSIGNMENT)
            for inbox in ("", ORGANS[0])
        ],
        "outstanding": await ledger.outstanding(),
        "unmatched": (await ledger.unmatched(), await ledger.unmatched_count()),
        "numbered": [
            await ledger.numbered("7", "STC", sender, year)
            for sender in ("", SENDER)
            for year in ("", "2026")
        ],
        "was sent": [
            await ledger.was_sent(number, "STC", [SENDER], [organ])
            for number in ("7", "")
            for organ in ORGANS
        ],
        "count": await ledger.count(),
        "mailboxes": await in_mailboxes(ledger.mailboxes),
    }


async def in_mailboxes(boxes: Mailboxes) -> list[Any]:
    noon = NOW + timedelta(seconds=2)
    return [
        await boxes.page(ORGANS, limit=2),
        await boxes.page(ORGANS[:1], "document", since=noon),
        await boxes.page(ORGANS, until=noon),
        await boxes.count(ORGANS),
        await boxes.count(ORGANS[:1], "status"),
        await boxes.items([*DELIVERIES, "nobody's"]),
        *[await boxes.numbered(number) for number in (1, 2)],
        *[await boxes.accepted(number) for number in (1, 2)],
        await boxes.number_of(SUBMISSIONS[0]),
        await boxes.sent([SENDER], limit=3),
        await boxes.sent([SENDER, ORGANS[0]], "document", submission_id=SUBMISSIONS[0]),
        await boxes.summary(),
        await pieces(boxes, digest_of(BODIES[0])),
    ]


async def pieces(boxes: Mailboxes, digest: str) -> bytes | None:
    found = await boxes.pieces(digest)
    return None if found is None else b"".join([piece async for piece in found])


async def parcels(ledger: Ledger, key: str) -> Any:
    try:
        return await ledger.parcels([key])
    except AxisError as error:
        return type(error).__name__


TestAlike = Alike.TestCase
# Not shrunk: an example takes half a second, and finding a smaller one would outlast the test's time.
TestAlike.settings = settings(
    max_examples=40, stateful_step_count=8, deadline=None, phases=(Phase.reuse, Phase.generate)
)
