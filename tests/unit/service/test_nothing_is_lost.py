"""Intake, commits and relay together, with a broker and a ledger that do what they like.

Submissions come in, some of them twice, some of them refused, with statuses that overtake everything, and
recalls of what waits, of what is on its way and of what has been delivered. The
broker confirms, returns, refuses, is silent, loses its connection before or after it took a message; the
ledger is locked, or loses the outcome of a commit; the process dies at any moment and starts again from
the ledger alone. In the end every document has reached every recipient under one message id, or was withdrawn
by a recall that did; every submission is answered, every delivery is witnessed once, and nothing waits.
"""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from axisd.adapters.memory import MemoryLedger
from axisd.adapters.memory_broker import MemoryBroker, MemoryIntake
from axisd.adapters.recording import RecordingTelemetry
from axisd.core.envelope import Business
from axisd.core.history import RecallOutcome
from axisd.core.inspection import Inspection
from axisd.core.lifecycle import DeliveryState, SubmissionState
from axisd.core.reasons import Event, refuse
from axisd.core.retry import Backoff
from axisd.core.submission import Submission
from axisd.errors import TransientError
from axisd.ports import Delivered, Message, Transaction
from axisd.service import dispatch as dispatching
from axisd.service.commit import GroupCommit
from axisd.service.dispatch import Bounds, Dispatch
from axisd.service.intake import Intake
from axisd.service.relay import Relay
from tests.support.reading import SCHEMAS
from tests.support.values import (
    COMMUNE,
    DOOR,
    FINANCE,
    HEALTH,
    OFFICE,
    UNKNOWN,
    digest_of,
    document,
    inspected,
    refused,
    seal,
    status,
    submission,
    view,
)
from tests.support.virtual import Inline, LoopClock, virtually

VIEW = view(lifetime=timedelta(days=400))
QUEUES = [
    f"agency.{code}.{kind}" for code in (FINANCE, HEALTH, OFFICE) for kind in ("inbox", "receipts")
]
ACCOUNTS = {FINANCE: "finance", HEALTH: "health", OFFICE: "office"}


class Chaos:
    """How likely what goes wrong is, until it is over."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.over = False

    def strikes(self, chance: float) -> bool:
        return not self.over and self.dice.random() < chance

    async def pause(self) -> None:
        await asyncio.sleep(0 if self.over else self.dice.choice([0, 0, 0.001, 0.01, 0.3]))


class Ledger(MemoryLedger):
    def __init__(self, chaos: Chaos) -> None:
        super().__init__()
        self.chaos = chaos

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        await self.chaos.pause()
        if self.chaos.strikes(0.1):
            raise TransientError("locked")
        async with super().transaction() as transaction:
            yield transaction
            await self.chaos.pause()
        await self.chaos.pause()
        if self.chaos.strikes(0.1):
            raise TransientError("the outcome of the commit was lost")

    async def parcels(self, ids: Sequence[str]) -> Any:
        await self.chaos.pause()
        if self.chaos.strikes(0.1):
            raise TransientError("locked")
        found = await super().parcels(ids)
        await self.chaos.pause()
        return found

    async def outbox_ids(self, destination: str, after: str | None, limit: int) -> Any:
        found = await super().outbox_ids(destination, after, limit)
        await self.chaos.pause()
        if self.chaos.strikes(0.2):
            raise TransientError("locked")
        return found


class Broker(MemoryBroker):
    def __init__(self, chaos: Chaos) -> None:
        super().__init__(QUEUES)
        self.chaos = chaos

    async def publish(self, message: Message) -> Delivered:
        await self.chaos.pause()
        if self.chaos.strikes(0.1):
            raise TransientError("the connection broke before")
        if self.chaos.strikes(0.2):
            return self.chaos.dice.choice([Delivered.RETURNED, Delivered.NACKED, Delivered.SILENT])
        answer = await super().publish(message)
        await self.chaos.pause()
        if self.chaos.strikes(0.1):
            return Delivered.SILENT
        if self.chaos.strikes(0.05):
            raise TransientError("the connection broke after")
        return answer


class Axis:
    """One life of the process: it knows nothing but the ledger, and dies by cancellation."""

    def __init__(
        self, ledger: Ledger, broker: Broker, door: MemoryIntake, clock: LoopClock
    ) -> None:
        telemetry = RecordingTelemetry()
        commits = GroupCommit(ledger, seal, clock, telemetry, Inline(), most=8)
        intake = Intake(lambda: VIEW, SCHEMAS, ledger, commits, clock, telemetry, Inline())
        relay = Dispatch(
            "relay",
            ("local", "receipts"),
            Relay(broker).send,
            ledger,
            commits,
            clock,
            telemetry,
            view=lambda: VIEW,
            backoff=Backoff(timedelta(seconds=1), timedelta(seconds=30)),
            bounds=Bounds(window=8, per_destination=3),
        )
        self.commits, self.relay, self.intake, self.door = commits, relay, intake, door

    async def live(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.commits.run())
            group.create_task(self.relay.run())
            group.create_task(self.door.run(self.intake.handle))


def read(handed: Submission, *_: object) -> Inspection:
    """The inspection of what `written` wrote."""
    kind, *said = json.loads(handed.body)
    if kind == "document":
        name, to, _ = said
        made = inspected(document(*to, document_id=name), handed.body)
    elif kind == "recall":
        name, to, _ = said
        recalled = document(*to, document_id=name, business=Business.RECALL)
        made = inspected(recalled, handed.body)
    elif kind == "status":
        code, sender, name = said
        about = HEALTH if code == "13" else FINANCE
        made = inspected(
            status(code, sender=sender, about=about, document_id=name, description="lý do"),
            handed.body,
        )
    else:
        made = refused(refuse("signature-invalid"), document(document_id=said[0]))
    digest = digest_of(handed.body)
    return replace(made, submission=handed, digest=digest, sender=_sender(made, handed))


def _sender(made: Inspection, handed: Submission) -> str | None:
    codes = {account: code for code, account in ACCOUNTS.items()}
    return codes[handed.account] if handed.account else made.sender


def written(dice: random.Random, count: int, *, recalls: bool = False) -> list[Submission]:
    """Documents to several recipients, copies, other bytes under the same id, refusals, statuses."""
    codes = ["01", "02", "03", "06", *(["15", "16"] if recalls else [])]
    handed: list[Submission] = []
    for _ in range(count):
        name = f"d-{dice.randrange(6)}"
        what = dice.random()
        if recalls and handed and what < 0.2:
            to = dice.sample([HEALTH, OFFICE, COMMUNE, DOOR], dice.randint(1, 3))
            said: list[Any] = ["recall", name, to, dice.randrange(3)]
            if dice.random() < 0.3:
                said = ["status", "13", FINANCE, name]
            account = "finance"
        elif what < 0.6 or not handed:
            to = dice.sample([HEALTH, OFFICE, COMMUNE, DOOR, UNKNOWN], dice.randint(1, 4))
            said = ["document", name, to, dice.randrange(2)]
            account = "finance"
        elif what < 0.8:
            sender = dice.choice([HEALTH, OFFICE])
            said = ["status", dice.choice(codes), sender, name]
            account = ACCOUNTS[sender]
        elif what < 0.9:
            said, account = ["broken", name], "finance"
        else:
            handed.append(dice.choice(handed))
            continue
        handed.append(submission(json.dumps(said).encode(), account=account))
    return handed


@pytest.mark.parametrize("seed", range(40))
def test_everything_arrives_once_and_everybody_is_answered(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed, ledger, broker = survived(seed, monkeypatch)
    check(handed, ledger, broker)


@pytest.mark.parametrize("seed", range(40))
def test_what_is_recalled_ends_where_it_really_is(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed, ledger, broker = survived(seed, monkeypatch, recalls=True)
    check_answers(handed, ledger, broker)
    check_recalls(ledger, broker)


def survived(
    seed: int, monkeypatch: pytest.MonkeyPatch, *, recalls: bool = False
) -> tuple[list[Submission], Ledger, Broker]:
    """What was handed in, and what there is after several lives of which the last was undisturbed."""
    monkeypatch.setattr("axisd.service.intake.inspect", read)
    monkeypatch.setattr(dispatching, "PAGE", 3)
    random.seed(seed)

    async def work() -> tuple[list[Submission], Ledger, Broker]:
        chaos, clock = Chaos(seed), LoopClock()
        ledger, broker = Ledger(chaos), Broker(chaos)
        door = MemoryIntake(clock.new_id, prefetch=5)
        handed = written(chaos.dice, 30, recalls=recalls)
        door.submit(*handed)
        lives = 0
        while lives < 8:
            lives += 1
            living = asyncio.create_task(Axis(ledger, broker, door, clock).live())
            await asyncio.sleep(chaos.dice.choice([0.01, 0.1, 0.5, 2, 10]))
            living.cancel()
            await asyncio.wait([living])
            with suppress(asyncio.CancelledError):
                assert living.exception() is None
        chaos.over = True
        living = asyncio.create_task(Axis(ledger, broker, door, clock).live())
        async with asyncio.timeout(3600):
            while door.unacknowledged or ledger._contents.outbox:
                await asyncio.sleep(1)
        living.cancel()
        await asyncio.wait([living])
        assert (await ledger.verify()).faults == ()
        return handed, ledger, broker

    return virtually(work())


def check_recalls(ledger: Ledger, broker: Broker) -> None:
    """What was withdrawn is not in an inbox, or its recall is there too, for its recipient to answer."""
    contents = ledger._contents
    placed = {
        message.message_id
        for queue, messages in broker.queues.items()
        if queue.endswith("inbox")
        for message in messages
    }
    recalls = {
        (d.identity.document_id, d.identity.recipient): d
        for d in contents.deliveries.values()
        if d.identity.business.startswith("recall/")
    }
    events = Counter((entry.delivery_id, entry.event) for entry in contents.entries)
    for delivery in contents.deliveries.values():
        local = delivery.route == "local"
        withdrawn = delivery.state is DeliveryState.WITHDRAWN
        assert events[delivery.id, Event.CONTENT_CONSIGNMENT] <= 1
        assert events[delivery.id, Event.CONTENT_HANDOVER] <= 1
        failures = (
            events[delivery.id, Event.CONTENT_CONSIGNMENT_FAILURE]
            + events[delivery.id, Event.CONTENT_HANDOVER_FAILURE]
        )
        assert failures <= 1
        recall = contents.recalls.get(delivery.id)
        if local and delivery.id not in placed:
            # Recipients say here what they like, and are believed about what is theirs.
            assert withdrawn or delivery.status
            assert failures == 1
        if withdrawn:
            assert failures == 1
            key = delivery.identity.document_id, delivery.identity.recipient
            asked = recalls.get(key)
            by_status = recall is not None and (
                contents.submissions[recall.submission_id].facts.status == "13"
            )
            assert by_status or asked is not None
            assert asked is None or asked.route != "local" or asked.id in placed
        if recall is not None and recall.outcome is RecallOutcome.WITHDRAWN:
            assert withdrawn
        if recall is not None and recall.outcome is RecallOutcome.AGREED:
            assert delivery.state is DeliveryState.RECALLED


def check(handed: list[Submission], ledger: Ledger, broker: Broker) -> None:
    """What must hold in the end, whatever happened."""
    contents = ledger._contents
    inboxes = [m for queue, ms in broker.queues.items() if queue.endswith("inbox") for m in ms]

    # Every delivery lies in its inbox under one id, with the bytes that were handed in, and no other does.
    local = {d.id: d for d in contents.deliveries.values() if d.route == "local"}
    assert {message.message_id for message in inboxes} == set(local)
    for message in inboxes:
        assert message.queue == f"agency.{local[message.message_id].inbox}.inbox"
        assert message.body == contents.payloads[local[message.message_id].digest]
    assert len({d.identity for d in local.values()}) == len(local)

    # Each recipient of each document that was handed in has it, in one of the versions handed in.
    wanted = {
        (said[1], recipient)
        for said in (json.loads(item.body) for item in handed)
        if said[0] == "document"
        for recipient in said[2]
        if recipient != UNKNOWN
    }
    documents = [
        d for d in contents.deliveries.values() if not d.identity.business.startswith("status")
    ]
    assert {(d.identity.document_id, d.identity.recipient) for d in documents} == wanted

    # Each delivery was consigned once, by evidence, and is where the statuses brought it.
    events = Counter((entry.delivery_id, entry.event) for entry in contents.entries)
    for delivery in contents.deliveries.values():
        assert events[delivery.id, Event.CONTENT_CONSIGNMENT] == 1
        assert events[delivery.id, Event.CONTENT_HANDOVER] <= 1
        assert events[delivery.id, Event.CONTENT_CONSIGNMENT_FAILURE] == 0
        assert delivery.state in {
            DeliveryState.SENT,
            DeliveryState.HANDED_OVER,
            DeliveryState.REJECTED,
        }

    check_answers(handed, ledger, broker)


def check_answers(handed: list[Submission], ledger: Ledger, broker: Broker) -> None:
    """Every receipt was sent as it is stored, and everybody is answered."""
    contents = ledger._contents
    # Every receipt was sent as it is stored; every submission was settled and is answered by one.
    sent = {
        message.message_id: message
        for queue, messages in broker.queues.items()
        if queue.endswith("receipts")
        for message in messages
    }
    assert {key: message.body for key, message in sent.items()} == {
        receipt.id: receipt.body for receipt in contents.receipts.values()
    }
    answered = {
        receipt.submission_id
        for receipt in contents.receipts.values()
        if receipt.event in {Event.SUBMISSION_ACCEPTANCE, Event.SUBMISSION_REJECTION}
    }
    settled = Counter[str]()
    for record in contents.submissions.values():
        settled[record.facts.digest] += 1
        if record.state is SubmissionState.DUPLICATE:
            assert record.duplicate_of in answered
        else:
            assert record.facts.submission_id in answered
    for digest, copies in Counter(read(item).digest for item in handed).items():
        assert settled[digest] >= copies
