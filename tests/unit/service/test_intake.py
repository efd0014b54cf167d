"""One way in, over the ledger in memory. Inspection is real where the bytes matter, and made up where not."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor, Future
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import pytest

from axisd.adapters.memory import MemoryLedger
from axisd.adapters.recording import RecordingTelemetry
from axisd.core.allowance import Allowance
from axisd.core.directory import Profile
from axisd.core.inspect import inspect as real_inspect
from axisd.core.inspection import Inspection
from axisd.core.lifecycle import SubmissionState
from axisd.core.reasons import refuse
from axisd.core.records import INLINE_LIMIT
from axisd.core.settlement import settle as real_settle
from axisd.core.submission import Submission
from axisd.core.view import View
from axisd.errors import IntegrityError, TransientError
from axisd.service.allowances import Allowances
from axisd.service.commit import GroupCommit
from axisd.service.intake import Intake, Settlement
from tests.support.good_vectors import DOCUMENT_ID
from tests.support.messages import DOCUMENT, swap
from tests.support.reading import SCHEMAS
from tests.support.values import (
    FINANCE,
    HEALTH,
    UNKNOWN,
    digest_of,
    directory,
    document,
    inspected,
    refused,
    seal,
    status,
    submission,
    system,
    view,
)
from tests.support.virtual import Inline, LoopClock, virtually

T = TypeVar("T")
ACCEPTED, REFUSED = SubmissionState.ACCEPTED, SubmissionState.REFUSED
DUPLICATE, QUARANTINED = SubmissionState.DUPLICATE, SubmissionState.QUARANTINED

Inspect = Callable[..., Inspection]


class Bench:
    """An intake with everything behind it."""

    def __init__(self, pool: Executor | None = None, **changes: Any) -> None:
        self.ledger = MemoryLedger()
        self.clock = LoopClock()
        self.telemetry = RecordingTelemetry()
        self.commits = GroupCommit(self.ledger, seal, self.clock, self.telemetry, Inline())
        self.view = view()
        self.views = 0
        self.intake = Intake(
            self._view,
            SCHEMAS,
            self.ledger,
            self.commits,
            self.clock,
            self.telemetry,
            pool or Inline(),
            **changes,
        )

    def _view(self) -> View:
        self.views += 1
        return self.view

    async def handle(self, *submissions: Submission) -> list[Settlement]:
        return await asyncio.gather(*(self.intake.handle(item) for item in submissions))


def bench(work: Callable[[Bench], Awaitable[T]], **changes: Any) -> T:
    """What `work` gives, with the committing task running beside it."""

    async def run() -> T:
        made = Bench(**changes)
        committing = asyncio.create_task(made.commits.run())
        try:
            return await work(made)
        finally:
            committing.cancel()
            await asyncio.wait([committing])

    return virtually(run())


def test_what_goes_beyond_a_limit_is_refused_names_its_document_and_leaves_nothing_behind() -> None:
    async def work(made: Bench) -> None:
        slow = system("finance", FINANCE, allowance=Allowance(rate=0.1, burst=1))
        made.view = view(directory=directory(systems=[slow, system("health", HEALTH)]))
        made.intake = Intake(
            lambda: made.view,
            SCHEMAS,
            made.ledger,
            made.commits,
            made.clock,
            made.telemetry,
            Inline(),
            allowances=Allowances(
                lambda: made.view, made.ledger.outstanding, made.clock, made.telemetry
            ),
        )
        first, second = DOCUMENT.encode(), swap(DOCUMENT, ("V/v", "Về việc")).encode()
        states = [settled.refusal for settled in await made.handle(submission(first))]
        (settled,) = await made.handle(submission(second))
        assert "allowance-rate" not in {refusal.code for refusal in states if refusal}
        assert settled.refusal is not None
        assert (settled.refusal.code, settled.refusal.reason.retryable) == ("allowance-rate", True)
        told = made.telemetry.settlements[-1]
        assert (told.reason, told.facts.document_id) == ("allowance-rate", DOCUMENT_ID)
        assert await made.ledger.payload(digest_of(second)) is None
        large = await made.intake.handle_large(partial(_later, submission(second)))
        assert large.refusal is not None
        assert large.refusal.code == "allowance-rate", "whichever way it comes"
        (again,) = await made.handle(submission(second, redelivered=True))
        assert again.refusal is None or again.refusal.code != "allowance-rate"

    bench(work)


async def _later(handed: Submission) -> Submission:
    return handed


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> dict[bytes, Inspect]:
    """By body: what the inspection makes of a submission. Anything else is inspected for real."""
    made: dict[bytes, Inspect] = {}

    def inspect(handed: Submission, *rest: Any) -> Inspection:
        return made[handed.body](handed) if handed.body in made else real_inspect(handed, *rest)

    monkeypatch.setattr("axisd.service.intake.inspect", inspect)
    return made


def accepted(envelope: Any, **changes: Any) -> Inspect:
    """An inspection that accepts `envelope`, whatever was handed in."""

    def inspect(handed: Submission) -> Inspection:
        return replace(inspected(envelope, handed.body, **changes), submission=handed)

    return inspect


def crash(_: Submission) -> Inspection:
    raise RecursionError("our own fault")


# from bytes to a settlement


def test_real_bytes_become_a_durable_settlement() -> None:
    async def work(made: Bench) -> None:
        made.view = view(
            directory=directory(
                None,
                [
                    system("finance", FINANCE, profile=Profile.IF_PRESENT),
                    system("door", "000.00.13.H53"),
                ],
            )
        )
        handed = submission(DOCUMENT.encode())
        (settlement,) = await made.handle(handed)
        assert (settlement.submission_id, settlement.state) == (handed.id, ACCEPTED)
        assert (settlement.answered_as, settlement.kind) == (handed.id, "document")
        assert settlement.refusal is None
        assert settlement.refused == ()
        assert await made.ledger.payload(digest_of(DOCUMENT.encode())) == DOCUMENT.encode()
        record = await made.ledger.submission(handed.id)
        assert record is not None
        assert record.subject == "V/v lập dự toán năm 2027"
        assert made.telemetry.submissions == [handed.id]
        (told,) = made.telemetry.settlements
        assert (told.state, told.deliveries, told.redelivered) == (ACCEPTED, 1, False)
        assert set(told.timings) == {"inspect", "commit"}

    bench(work)


def test_a_refusal_is_a_settlement_with_its_reason_and_its_place_is_told() -> None:
    async def work(made: Bench) -> None:
        broken = swap(DOCUMENT, ("<edXML:CodeNumber>15</edXML:CodeNumber>", "")).encode()
        handed = submission(broken)
        (settlement,) = await made.handle(handed)
        assert settlement.state is REFUSED
        assert settlement.refusal is not None
        assert settlement.refusal.code == "schema-invalid"
        (told,) = made.telemetry.settlements
        assert told.reason == "schema-invalid"
        assert told.detail == f"{settlement.refusal.at}:{settlement.refusal.line}"
        assert await made.ledger.payload(digest_of(broken)) == broken

    bench(work)


def test_the_view_is_asked_once_for_each_submission(found: dict[bytes, Inspect]) -> None:
    found[b"a"] = accepted(document())

    async def work(made: Bench) -> None:
        await made.handle(*(submission(b"a") for _ in range(3)))
        assert made.views == 3

    bench(work)


def test_copies_at_the_same_time_are_one_delivery(found: dict[bytes, Inspect]) -> None:
    found[b"a"] = accepted(document())

    async def work(made: Bench) -> None:
        settlements = await made.handle(*(submission(b"a") for _ in range(5)))
        states = [settlement.state for settlement in settlements]
        assert states == [ACCEPTED, *[DUPLICATE] * 4]
        assert (await made.ledger.count())["delivery"] == 1

    bench(work)


def test_a_partial_refusal_is_no_refusal_for_the_door(found: dict[bytes, Inspect]) -> None:
    found[b"a"] = accepted(document(HEALTH, UNKNOWN))
    found[b"b"] = accepted(document(UNKNOWN))

    async def work(made: Bench) -> None:
        partly, wholly = await made.handle(submission(b"a"), submission(b"b"))
        assert (partly.state, partly.refusal) == (ACCEPTED, None)
        assert wholly.state is REFUSED
        assert wholly.refusal is not None
        assert wholly.refusal.code == "recipient-unknown"

    bench(work)


def test_an_accepted_status_02_is_no_refusal_for_the_door(found: dict[bytes, Inspect]) -> None:
    found[b"a"] = accepted(document())
    found[b"b"] = accepted(status("02", description="Sai nơi nhận"))

    async def work(made: Bench) -> None:
        await made.handle(submission(b"a"))
        (settlement,) = await made.handle(submission(b"b", account="health"))
        assert (settlement.state, settlement.refusal) == (ACCEPTED, None)

    bench(work)


def test_what_an_acceptance_says_besides_reaches_the_door(found: dict[bytes, Inspect]) -> None:
    found[b"a"] = accepted(status("03"))

    async def work(made: Bench) -> None:
        (settlement,) = await made.handle(submission(b"a", account="health"))
        assert (settlement.state, settlement.kind) == (ACCEPTED, "status")
        assert [warning.code for warning in settlement.warnings] == ["unmatched"]

    bench(work)


# large ones


def test_a_large_payload_is_durable_before_its_settlement(found: dict[bytes, Inspect]) -> None:
    body = b"x" * (INLINE_LIMIT + 1)
    found[body] = accepted(document())

    async def work(made: Bench) -> None:
        await made.handle(submission(body))
        assert await made.ledger.payload(digest_of(body)) == body

    bench(work)


class Slow(Executor):
    """Takes a second for everything, and counts what it has in hand at the same time."""

    def __init__(self) -> None:
        self.now = 0
        self.most = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.now += 1
        self.most = max(self.most, self.now)
        asyncio.get_running_loop().call_later(1.0, self._end, future, fn, args)
        return future

    def _end(self, future: Future[Any], fn: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self.now -= 1
        future.set_result(fn(*args))


@pytest.mark.parametrize(("size", "at_once"), [(10, 4), (INLINE_LIMIT + 1, 1)])
def test_large_ones_are_inspected_one_at_a_time(
    found: dict[bytes, Inspect], size: int, at_once: int
) -> None:
    pool = Slow()
    bodies = [bytes([letter]) * size for letter in b"abcd"]
    for body in bodies:
        found[body] = accepted(document(document_id=body[:1].decode()))

    async def work(made: Bench) -> None:
        await made.handle(*(submission(body) for body in bodies))
        assert pool.most == at_once

    bench(work, pool=pool)


# going wrong


def test_what_crashes_the_inspection_is_quarantined_kept_answered_and_blocks_nobody(
    found: dict[bytes, Inspect],
) -> None:
    found[b"poison"], found[b"a"] = crash, accepted(document())

    async def work(made: Bench) -> None:
        poison, good = await made.handle(submission(b"poison"), submission(b"a"))
        assert (poison.state, good.state) == (QUARANTINED, ACCEPTED)
        assert poison.refusal is not None
        assert poison.refusal.code == "quarantined"
        assert await made.ledger.payload(digest_of(b"poison")) == b"poison"
        assert [record.facts.digest for record in await made.ledger.quarantined()] == [
            digest_of(b"poison")
        ]
        assert [where for where, _ in made.telemetry.troubles] == ["inspection"]
        rows = await made.ledger.outbox_ids(f"receipts:{FINANCE}", None, 10)
        assert len(rows) == 2

    bench(work)


def test_what_crashes_the_settlement_is_quarantined_too(
    found: dict[bytes, Inspect], monkeypatch: pytest.MonkeyPatch
) -> None:
    found[b"poison"], found[b"a"] = accepted(document()), accepted(document())

    def settle(case: Any, *rest: Any, **named: Any) -> Any:
        if case.inspection.submission.body == b"poison" and case.legs:
            raise KeyError("a fault of ours")
        return real_settle(case, *rest, **named)

    monkeypatch.setattr("axisd.service.intake.settle", settle)

    async def work(made: Bench) -> None:
        poison, good = await made.handle(submission(b"poison"), submission(b"a"))
        assert (poison.state, good.state) == (QUARANTINED, ACCEPTED)
        assert [where for where, _ in made.telemetry.troubles] == ["settlement"]

    bench(work)


def test_a_secret_that_crashes_the_settlement_is_still_not_kept(
    found: dict[bytes, Inspect], monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = b"s" * (INLINE_LIMIT + 1)

    def inspect(handed: Submission) -> Inspection:
        made = refused(refuse("secrecy-mark"), document())
        return replace(made, submission=handed, keep_payload=False)

    found[secret] = inspect
    calls: list[Any] = []

    def settle(*given: Any, **named: Any) -> Any:
        calls.append(given)
        if len(calls) == 1:
            raise KeyError("a fault of ours")
        return real_settle(*given, **named)

    monkeypatch.setattr("axisd.service.intake.settle", settle)

    async def work(made: Bench) -> None:
        (settlement,) = await made.handle(submission(secret))
        assert settlement.state is QUARANTINED
        assert await made.ledger.payload(digest_of(secret)) is None
        assert (await made.ledger.verify()).faults == ()

    bench(work)


@pytest.mark.parametrize("error", [TransientError("locked"), IntegrityError("contradiction")])
def test_a_ledger_that_fails_is_no_fault_of_the_submission(
    found: dict[bytes, Inspect], error: Exception
) -> None:
    found[b"a"] = accepted(document())

    async def work(made: Bench) -> None:
        async def stage(digest: str, body: bytes) -> bool:
            raise error

        made.ledger.stage = stage  # type: ignore[method-assign]
        with pytest.raises(type(error)):
            await made.handle(submission(b"a"))
        assert (await made.ledger.count())["submission"] == 0
        assert made.telemetry.settlements == []

    bench(work)


class Closed(Executor):
    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        raise RuntimeError("cannot schedule new futures after shutdown")


def test_without_a_thread_to_inspect_in_the_submission_comes_again_and_is_not_quarantined() -> None:
    async def work(made: Bench) -> None:
        with pytest.raises(TransientError):
            await made.handle(submission(b"a"))
        assert (await made.ledger.count())["submission"] == 0

    bench(work, pool=Closed())


def test_a_redelivery_after_the_commit_is_answered_as_a_duplicate(
    found: dict[bytes, Inspect],
) -> None:
    found[b"a"] = accepted(document())

    async def work(made: Bench) -> None:
        await made.handle(submission(b"a"))
        (settlement,) = await made.handle(submission(b"a", redelivered=True))
        assert settlement.state is DUPLICATE
        assert settlement.kind == "document"
        assert made.telemetry.settlements[-1].redelivered

    bench(work)


# what a door answers


def test_a_repeat_is_answered_as_the_first(found: dict[bytes, Inspect]) -> None:
    async def work(made: Bench) -> None:
        body = b"the same"
        found[body] = accepted(document(HEALTH))
        (first,), (again,) = (
            await made.handle(submission(body)),
            await made.handle(submission(body)),
        )
        assert (first.state, again.state) == (ACCEPTED, DUPLICATE)
        assert (first.duplicate_of, again.duplicate_of) == ("", first.submission_id)
        assert first.answered_as == again.answered_as == first.submission_id

    bench(work)


def test_an_acceptance_names_those_whom_it_does_not_reach(found: dict[bytes, Inspect]) -> None:
    async def work(made: Bench) -> None:
        found[b"in part"] = accepted(document(HEALTH, UNKNOWN))
        (settlement,) = await made.handle(submission(b"in part"))
        ((organ, refusal),) = settlement.refused
        assert (settlement.state, settlement.refusal) == (ACCEPTED, None)
        assert (organ, refusal.code) == (UNKNOWN, "recipient-unknown")

    bench(work)


def test_what_is_large_is_loaded_when_its_turn_has_come(found: dict[bytes, Inspect]) -> None:
    found[b"a"] = accepted(document())
    one_large = asyncio.Lock()

    async def work(made: Bench) -> None:
        loaded: list[str] = []

        async def load() -> Submission:
            loaded.append("a")
            return submission(b"a")

        await one_large.acquire()
        waiting = asyncio.create_task(made.intake.handle_large(load))
        await asyncio.sleep(1)
        assert loaded == []
        one_large.release()
        settlement = await waiting
        assert settlement.state is ACCEPTED
        assert made.telemetry.submissions == [settlement.submission_id]

    bench(work, one_large=one_large)
