"""Emptying the outbox over the ledger in memory, in virtual time."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any, Self, TypeVar

import pytest

from axisd.adapters.memory import MemoryLedger
from axisd.adapters.recording import RecordingTelemetry
from axisd.core.advance import Attempt, Failed, Sent
from axisd.core.case import prepare
from axisd.core.envelope import Business, BusinessInfo, Receiver
from axisd.core.lifecycle import DeliveryState
from axisd.core.reasons import Event, refuse
from axisd.core.records import INLINE_LIMIT, Change, Delivery, OutboxRow, Parcel
from axisd.core.retry import Backoff
from axisd.core.settlement import questions, settle
from axisd.core.submission import Lane
from axisd.errors import IntegrityError, TransientError
from axisd.service.commit import GroupCommit
from axisd.service.dispatch import Bounds, Dispatch
from axisd.service.outbox import DEPTH
from tests.support.values import FINANCE, HEALTH, MINISTRY, OFFICE, document, inspected, seal, view
from tests.support.virtual import Inline, LoopClock, virtually

T = TypeVar("T")
VIEW = view(lifetime=timedelta(hours=3))
BACKOFF = Backoff(timedelta(seconds=2), timedelta(minutes=10))
S = DeliveryState

MISSING = Failed(refuse("inbox-missing", agency=HEALTH))
FINAL = Failed(refuse("national-unknown-recipient", agency="G14"), final=True)
ACCOUNT = Failed(refuse("national-account", code="15"), everywhere=True)
SHUT = TransientError("no connection")

Answer = Attempt | Exception


class Ledger(MemoryLedger):
    """Fails to be read as told."""

    def __init__(self) -> None:
        super().__init__()
        self.trouble: Exception | None = None
        self.broken: set[str] = set()
        self.reads = 0

    async def outbox_ids(
        self, destination: str, after: str | None, limit: int
    ) -> Sequence[OutboxRow]:
        self._fail()
        return await super().outbox_ids(destination, after, limit)

    async def parcels(self, ids: Sequence[str]) -> Sequence[Parcel]:
        self._fail()
        self.reads += 1
        if self.broken.intersection(ids):
            raise IntegrityError("a payload has changed")
        return await super().parcels(ids)

    def _fail(self) -> None:
        if self.trouble is not None:
            raise self.trouble


class Bench:
    """A dispatch, an exit that answers as it is told, and the commits behind them."""

    def __init__(
        self, bounds: Bounds | None = None, prefixes: tuple[str, ...] = ("local",)
    ) -> None:
        self.ledger = Ledger()
        self.clock = LoopClock()
        self.telemetry = RecordingTelemetry()
        self.commits = GroupCommit(self.ledger, seal, self.clock, self.telemetry, Inline())
        self.bounds, self.prefixes = bounds or Bounds(), prefixes
        self.answers: dict[str, list[Answer]] = {}
        """By destination: what the next attempts are answered; the last answer stays."""
        self.seconds: dict[str, float] = {}
        self.sent: list[tuple[float, str, str]] = []
        """Time, destination and row id of every attempt, when it begins."""
        self.under_way: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.bytes_most = 0
        self._bytes = 0
        self.tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self.tasks.append(asyncio.create_task(self.commits.run()))
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.wait(self.tasks)

    def start(self) -> None:
        """Starts a dispatch that knows nothing but the ledger."""
        self.dispatch = Dispatch(
            "relay",
            self.prefixes,
            self.send,
            self.ledger,
            self.commits,
            self.clock,
            self.telemetry,
            view=view,
            backoff=BACKOFF,
            bounds=self.bounds,
        )
        self.running = asyncio.create_task(self.dispatch.run())
        self.tasks.append(self.running)

    async def kill(self) -> None:
        """Ends the dispatch wherever it is."""
        self.running.cancel()
        await asyncio.wait([self.running])

    async def send(self, parcel: Parcel) -> Attempt:
        to = parcel.row.destination
        self.sent.append((self.clock.monotonic(), to, parcel.row.id))
        for name in (to, "all"):
            self.under_way[name] += 1
            self.most[name] = max(self.most[name], self.under_way[name])
        self._bytes += len(parcel.body)
        self.bytes_most = max(self.bytes_most, self._bytes)
        try:
            await asyncio.sleep(self.seconds.get(to, 0.001))
        finally:
            self.under_way.subtract([to, "all"])
            self._bytes -= len(parcel.body)
        script = self.answers.get(to, [Sent()])
        answer = script.pop(0) if len(script) > 1 else script[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def submit(
        self,
        *to: str,
        body: bytes = b"",
        name: str = "",
        business_info: BusinessInfo | None = None,
        **changes: Any,
    ) -> Change:
        """A document settled and committed."""
        self.number = getattr(self, "number", 0) + 1
        made = document(*to, document_id=name or f"d-{self.number}", **changes)
        made = replace(made, business=business_info or made.business)
        inspection = inspected(made, body or made.document_id.encode())
        case = prepare(inspection, VIEW)
        return await self.commits.decide(
            questions(case, VIEW),
            lambda known: settle(case, known, VIEW, mint=self.clock.new_id, now=self.clock.now()),
        )

    def waiting(self, destination: str = "") -> list[OutboxRow]:
        rows = self.ledger._contents.outbox.values()
        return [row for row in rows if row.destination.startswith(destination or self.prefixes)]

    def hold(self, change: Change, held: bool) -> None:
        """What an operator does from another process: nobody is told."""
        outbox, key = self.ledger._contents.outbox, change.deliveries[0].id
        outbox[key] = replace(outbox[key], held=held)

    def delivery(self, change: Change) -> Delivery:
        return self.ledger._contents.deliveries[change.deliveries[0].id]

    def attempts(self, destination: str) -> list[float]:
        return [round(at, 1) for at, to, _ in self.sent if to == destination]

    async def until(self, holds: Callable[[], bool], seconds: float = 86400 * 30) -> None:
        """Waits until `holds`, looking less often the longer it takes."""
        started = self.clock.monotonic()
        async with asyncio.timeout(seconds):
            while not holds():
                await asyncio.sleep(min(max((self.clock.monotonic() - started) / 50, 0.02), 60))


def bench(work: Callable[[Bench], Awaitable[T]], *given: Any, **changes: Any) -> T:
    random.seed(0)

    async def run() -> T:
        async with Bench(*given, **changes) as made:
            return await work(made)

    return virtually(run())


INBOX, OTHER = f"local:{HEALTH}", f"local:{OFFICE}"


# leaving


def test_what_is_committed_leaves_at_once_and_is_marked() -> None:
    async def work(made: Bench) -> None:
        change = await made.submit(HEALTH, OFFICE)
        await made.until(lambda: not made.waiting())
        assert made.clock.monotonic() < 0.2
        assert [(to, key) for _, to, key in made.sent] == [
            (d.destination, d.id) for d in change.deliveries
        ]
        assert made.delivery(change).state is S.SENT
        events = [entry.event async for entry in made.ledger.entries()]
        assert events == [Event.SUBMISSION_ACCEPTANCE, *[Event.CONTENT_CONSIGNMENT] * 2]
        assert [outcome for _, outcome, _ in made.telemetry.attempts] == ["sent", "sent"]

    bench(work)


def test_receipts_leave_through_the_same_exit_and_their_going_is_no_evidence() -> None:
    async def work(made: Bench) -> None:
        await made.submit(HEALTH)
        await made.until(lambda: not made.waiting())
        assert Counter(to for _, to, _ in made.sent) == {INBOX: 1, f"receipts:{FINANCE}": 2}
        assert (await made.ledger.count())["entry"] == 2

    bench(work, prefixes=("local", "receipts"))


def test_an_exit_serves_only_its_own_kinds_of_destination() -> None:
    async def work(made: Bench) -> None:
        await made.submit(HEALTH, MINISTRY)
        await asyncio.sleep(60)
        assert {to for _, to, _ in made.sent} == {f"national:{MINISTRY}"}
        assert len(made.waiting("local")) == 1

    bench(work, prefixes=("national",))


def test_what_waited_before_the_start_leaves_in_the_order_of_its_commits() -> None:
    async def work(made: Bench) -> None:
        await made.kill()
        ids = [(await made.submit(HEALTH)).deliveries[0].id for _ in range(5)]
        made.start()
        await made.until(lambda: not made.waiting())
        assert [key for _, _, key in made.sent] == ids

    bench(work, Bounds(per_destination=1))


def changed(of: str) -> BusinessInfo:
    """An update of the document `of`."""
    return BusinessInfo(Business.UPDATE, document_id=of)


def test_an_update_never_overtakes_what_it_changes_however_often_that_fails() -> None:
    async def work(made: Bench) -> None:
        made.answers[INBOX] = [Failed(refuse("inbox-missing", agency=HEALTH))]
        first = await made.submit(HEALTH, name="old")
        await made.until(lambda: len(made.sent) > 3)
        # An urgent one: its lane would overtake, and so would a row that was never put off.
        newer = await made.submit(HEALTH, priority="3", business_info=changed("old"))
        other = await made.submit(HEALTH, name="unrelated")
        await made.until(lambda: len(made.sent) > 9)
        assert newer.deliveries[0].id not in {key for _, _, key in made.sent}
        assert other.deliveries[0].id in {key for _, _, key in made.sent}
        made.answers[INBOX] = [Sent()]
        await made.until(lambda: not made.waiting())
        ids = [key for _, _, key in made.sent]
        left = [ids[-1 - ids[::-1].index(c.deliveries[0].id)] for c in (first, newer)]
        assert ids.index(left[1]) > ids.index(left[0])
        assert ids.count(newer.deliveries[0].id) == 1

    bench(work)


def test_an_update_waits_for_what_an_operator_holds_and_delays_nothing_else() -> None:
    async def work(made: Bench) -> None:
        await made.kill()
        first = await made.submit(HEALTH, name="old")
        made.hold(first, True)
        newer = await made.submit(HEALTH, business_info=changed("old"))
        other = await made.submit(HEALTH)
        made.start()
        await made.until(lambda: len(made.sent) == 1)
        await asyncio.sleep(60)
        assert [key for _, _, key in made.sent] == [other.deliveries[0].id]
        made.hold(first, False)
        await made.dispatch.reload()
        await made.until(lambda: not made.waiting())
        assert [key for _, _, key in made.sent][1:] == [
            first.deliveries[0].id,
            newer.deliveries[0].id,
        ]

    bench(work)


def test_many_documents_are_under_way_to_one_destination_and_each_document_in_order() -> None:
    async def work(made: Bench) -> None:
        to, failed = f"national:{MINISTRY}", Failed(refuse("national-failed", detail="20"))
        made.seconds[to] = 1.0
        made.answers[to] = [failed, Sent()]
        first = await made.submit(MINISTRY, name="same")
        second = await made.submit(MINISTRY, name="same", sender=HEALTH)
        await made.until(lambda: bool(made.telemetry.attempts))
        others = [await made.submit(MINISTRY) for _ in range(6)]
        await made.until(lambda: not made.waiting())
        ids = [key for _, _, key in made.sent]
        assert made.most[to] > 4
        assert ids.count(first.deliveries[0].id) == 2
        last = max(at for at, _, key in made.sent if key == first.deliveries[0].id)
        (after,) = [at for at, _, key in made.sent if key == second.deliveries[0].id]
        assert after >= last + 1.0
        assert all(at < after for at, _, key in made.sent if key == others[0].deliveries[0].id)

    bench(
        work,
        Bounds(window=8, per_destination=8, in_order=True),
        prefixes=("national",),
    )


@pytest.mark.parametrize("priority", ["0", "1"])
def test_what_was_put_off_is_not_overtaken_by_what_is_about_its_document_after_a_restart_either(
    priority: str,
) -> None:
    async def work(made: Bench) -> None:
        to, failed = f"national:{MINISTRY}", Failed(refuse("national-failed", detail="20"))
        made.answers[to] = [failed]
        first = await made.submit(MINISTRY, name="same")
        await made.until(lambda: len(made.attempts(to)) == 5)
        await made.kill()
        second = await made.submit(MINISTRY, name="same", sender=HEALTH, priority=priority)
        other = await made.submit(MINISTRY)
        made.sent.clear()
        made.answers[to] = [Sent()]
        made.start()
        third = await made.submit(MINISTRY, name="same", sender=OFFICE, priority=priority)
        await made.until(lambda: not made.waiting())
        order = [change.deliveries[0].id for change in (other, first, second, third)]
        assert [key for _, _, key in made.sent] == order

    bench(work, Bounds(in_order=True), prefixes=("national",))


def test_an_exit_that_is_shut_and_a_destination_that_fails_are_seen_by_operators() -> None:
    async def work(made: Bench) -> None:
        assert made.dispatch.interrupted() == []
        made.answers[INBOX] = [MISSING]
        await made.submit(HEALTH)
        await made.until(lambda: bool(made.dispatch.interrupted()))
        (seen,) = made.dispatch.interrupted()
        assert (seen.destination, seen.reason) == (INBOX, "inbox-missing")
        assert seen.until is not None
        assert seen.until > made.clock.now()
        made.answers[OTHER] = [SHUT]
        await made.submit(OFFICE)
        await made.until(lambda: len(made.dispatch.interrupted()) == 2)
        assert made.dispatch.interrupted()[0].destination == "relay"

    bench(work)


def test_an_update_goes_on_when_what_it_changes_was_withdrawn() -> None:
    async def work(made: Bench) -> None:
        await made.kill()
        await made.submit(HEALTH, name="old")
        dropping = replace(changed("old"), receivers=(Receiver(HEALTH, "0"),))
        newer = await made.submit(HEALTH, business_info=dropping)
        made.start()
        await made.until(lambda: not made.waiting())
        assert [key for _, _, key in made.sent] == [newer.deliveries[0].id]

    bench(work)


def test_what_is_committed_while_it_starts_does_not_hide_what_waited() -> None:
    async def work(made: Bench) -> None:
        await made.kill()
        for _ in range(3):
            await made.submit(HEALTH)
        made.start()
        # Committed before the new dispatch looked into the ledger for the first time.
        made.dispatch.notice((await made.submit(HEALTH)).outbox)
        await made.until(lambda: not made.waiting())
        assert len({key for _, _, key in made.sent}) == len(made.sent) == 4

    bench(work)


def test_more_than_fits_in_memory_leaves_too() -> None:
    async def work(made: Bench) -> None:
        await made.kill()
        await asyncio.gather(*(made.submit(HEALTH) for _ in range(DEPTH + 200)))
        made.start()
        await made.until(lambda: not made.waiting())
        keys = [key for _, _, key in made.sent]
        assert len(keys) == len(set(keys)) == DEPTH + 200

    bench(work)


# bounds


@pytest.mark.parametrize(("window", "per_destination", "most"), [(4, 3, 4), (8, 3, 6), (8, 8, 8)])
def test_no_more_rows_than_the_window_are_under_way_nor_of_one_destination(
    window: int, per_destination: int, most: int
) -> None:
    async def work(made: Bench) -> None:
        made.seconds = {INBOX: 1.0, OTHER: 1.0}
        await asyncio.gather(*(made.submit(HEALTH, OFFICE) for _ in range(30)))
        await made.until(lambda: not made.waiting())
        assert made.most["all"] == most
        assert max(made.most[INBOX], made.most[OTHER]) <= per_destination

    bench(work, Bounds(window=window, per_destination=per_destination))


def test_no_more_bytes_than_the_bound_are_under_way() -> None:
    async def work(made: Bench) -> None:
        made.seconds = {INBOX: 1.0}
        for letter in range(20):
            await made.submit(HEALTH, body=bytes([65 + letter]) * 300)
        await made.until(lambda: not made.waiting())
        assert made.bytes_most <= 1000

    bench(work, Bounds(size=1000))


def test_a_row_larger_than_the_bound_goes_alone_and_small_ones_do_not_keep_it_waiting() -> None:
    async def work(made: Bench) -> None:
        made.seconds = {INBOX: 1.0, OTHER: 1.0}
        for _ in range(10):
            await made.submit(HEALTH)
        large = await made.submit(OFFICE, body=b"x" * 5000)
        stop = made.clock.monotonic() + 60
        while made.clock.monotonic() < stop and made.delivery(large).state is S.QUEUED:
            await made.submit(HEALTH)
            await asyncio.sleep(0.1)
        assert made.clock.monotonic() < 5
        assert made.bytes_most == 5000
        await made.until(lambda: not made.waiting())

    bench(work, Bounds(size=1000))


def test_a_large_body_is_loaded_only_when_no_other_is_in_memory() -> None:
    async def work(made: Bench) -> None:
        made.seconds = {INBOX: 1.0, OTHER: 1.0}
        body = INLINE_LIMIT + 1
        for letter in b"abc":
            await made.ledger.stage(
                inspected(document(), bytes([letter]) * body).digest, bytes([letter]) * body
            )
            await made.submit(HEALTH, OFFICE, body=bytes([letter]) * body)
        await made.submit(HEALTH)
        await made.until(lambda: not made.waiting())
        assert made.bytes_most < 2 * body
        assert len(made.sent) == 7

    bench(work)


# failing


def test_a_row_that_fails_is_tried_again_with_growing_waits_until_it_leaves() -> None:
    async def work(made: Bench) -> None:
        made.answers[INBOX] = [MISSING, MISSING, MISSING, Sent()]
        change = await made.submit(HEALTH)
        await asyncio.sleep(0.5)
        made_of = made.delivery(change)
        assert (made_of.state, made_of.reason) == (S.DEFERRED, "inbox-missing")
        await made.until(lambda: not made.waiting())
        assert made.delivery(change).state is S.SENT
        at = made.attempts(INBOX)
        waits = [later - earlier for earlier, later in pairwise(at)]
        assert 1 <= waits[0] <= 2.2
        assert 2 <= waits[1] <= 4.2
        assert 4 <= waits[2] <= 8.2
        assert len({key for _, _, key in made.sent}) == 1

    bench(work)


def test_what_never_leaves_expires_and_its_sender_is_told() -> None:
    async def work(made: Bench) -> None:
        made.answers[INBOX] = [MISSING]
        change = await made.submit(HEALTH)
        await made.until(lambda: not made.waiting())
        assert made.delivery(change).state is S.EXPIRED
        hours = made.clock.monotonic() / 3600
        assert 3 <= hours <= 3.2
        # Five to ten minutes between two tries, after the first few.
        assert 18 <= len(made.sent) <= 50
        assert [row.destination for row in made.waiting("receipts")] == [f"receipts:{FINANCE}"] * 2

    bench(work)


def test_a_backlog_whose_time_is_up_expires_without_a_pause_for_each() -> None:
    async def work(made: Bench) -> None:
        made.answers[INBOX] = [MISSING]
        for _ in range(300):
            await made.submit(HEALTH)
        await made.until(lambda: not made.waiting())
        assert made.clock.monotonic() < 3.4 * 3600

    bench(work)


def test_what_failed_for_good_ends_at_once() -> None:
    async def work(made: Bench) -> None:
        made.answers[f"national:{MINISTRY}"] = [FINAL]
        change = await made.submit(MINISTRY)
        await made.until(lambda: not made.waiting())
        assert made.delivery(change).state is S.REJECTED
        assert len(made.sent) == 1

    bench(work, prefixes=("national",))


def test_a_dead_destination_delays_no_other() -> None:
    async def work(made: Bench) -> None:
        made.answers[INBOX] = [MISSING]
        made.seconds[INBOX] = 10.0
        await asyncio.gather(*(made.submit(HEALTH) for _ in range(500)))
        await asyncio.sleep(60)
        started = made.clock.monotonic()
        for _ in range(50):
            await made.submit(OFFICE)
        await made.until(lambda: not made.waiting(OTHER))
        assert made.clock.monotonic() - started < 1.0

    bench(work)


def test_after_a_failure_one_row_finds_out_and_then_all_go() -> None:
    async def work(made: Bench) -> None:
        made.answers[INBOX] = [MISSING]
        made.seconds[INBOX] = 1.0
        for _ in range(20):
            await made.submit(HEALTH)
        await asyncio.sleep(5)
        made.most.clear()
        await asyncio.sleep(600)
        assert made.most[INBOX] == 1
        made.answers[INBOX] = [Sent()]
        await made.until(lambda: not made.waiting(), 700)
        assert made.most[INBOX] > 5

    bench(work)


def test_urgent_rows_go_first_and_normal_ones_get_their_share() -> None:
    async def work(made: Bench) -> None:
        await made.kill()
        for _ in range(20):
            await made.submit(HEALTH)
        urgent = {(await made.submit(HEALTH, priority="3")).deliveries[0].id for _ in range(12)}
        made.start()
        await made.until(lambda: not made.waiting())
        lanes = ["u" if key in urgent else "n" for _, _, key in made.sent]
        assert "".join(lanes[:16]) == "uuun" * 4

    bench(work, Bounds(per_destination=1))


# the exit as a whole


def test_a_shut_exit_costs_no_row_an_attempt_and_is_tried_with_one() -> None:
    async def work(made: Bench) -> None:
        made.answers = {INBOX: [SHUT], OTHER: [SHUT]}
        for _ in range(10):
            await made.submit(HEALTH, OFFICE)
        await asyncio.sleep(10)
        before = len(made.sent)
        await asyncio.sleep(150)
        assert 10 <= len(made.sent) - before <= 21
        assert {row.attempts for row in made.waiting()} == {0}
        made.answers = {}
        await made.until(lambda: not made.waiting(), 20)
        states = {item.state for item in made.ledger._contents.deliveries.values()}
        assert states == {S.SENT}

    bench(work)


def test_trouble_everywhere_pauses_the_exit_and_no_destination() -> None:
    async def work(made: Bench) -> None:
        to = [f"H18.{number}" for number in range(30)]
        for code in to:
            made.answers[f"national:{code}"] = [ACCOUNT]
        await made.submit(*to)
        await asyncio.sleep(300)
        tried = len(made.sent)
        # Eight went before the first answer; then one at a time, fifteen seconds apart at most.
        assert 8 + 300 / 16 <= tried <= 8 + 300 / 7 + 12
        made.answers = {}
        # Whoever was not tried lately goes as soon as one got through.
        await made.until(lambda: len(made.waiting()) <= 10, 60)
        await made.until(lambda: not made.waiting(), 700)

    bench(work, Bounds(window=8, per_destination=1), ("national",))


def test_an_exit_that_answers_is_open_whatever_it_answers() -> None:
    async def work(made: Bench) -> None:
        made.answers = {INBOX: [SHUT, MISSING], OTHER: [Sent()]}
        made.seconds = {OTHER: 10.0}
        await made.submit(HEALTH)
        await asyncio.sleep(2)
        for _ in range(4):
            await made.submit(OFFICE)
        await asyncio.sleep(1)
        assert made.under_way[OTHER] == 4

    bench(work)


def test_an_operator_ends_every_wait() -> None:
    async def work(made: Bench) -> None:
        made.answers[INBOX] = [MISSING]
        await made.submit(HEALTH)
        await asyncio.sleep(7200)
        made.answers[INBOX] = [Sent()]
        made.dispatch.release(INBOX)
        await made.until(lambda: not made.waiting(), 1.0)

    bench(work)


# our own trouble


def test_a_mark_that_cannot_be_written_is_written_later_without_sending_again() -> None:
    async def work(made: Bench) -> None:
        change = await made.submit(HEALTH)
        real = made.ledger.transaction
        failures = 20

        def transaction() -> Any:
            nonlocal failures
            failures -= 1
            if failures >= 0:
                raise TransientError("disk full")
            return real()

        made.ledger.transaction = transaction  # type: ignore[method-assign]
        await made.until(lambda: not made.waiting())
        assert len(made.sent) == 1
        assert made.delivery(change).state is S.SENT
        assert made.clock.monotonic() > 5

    bench(work)


def test_a_mark_that_contradicts_the_ledger_stops_that_row_and_no_other() -> None:
    async def work(made: Bench) -> None:
        made.seconds[INBOX] = 1.0
        poison = await made.submit(HEALTH)
        await asyncio.sleep(0.1)
        # Behind our back: its mark now updates a delivery that is not there.
        contents = made.ledger._contents
        lost = contents.deliveries.pop(poison.deliveries[0].id)
        contents.identities.pop(lost.identity)
        good = await made.submit(OFFICE)
        await asyncio.sleep(3600)
        assert made.delivery(good).state is S.SENT
        assert [key for _, to, key in made.sent if to == INBOX] == [lost.id]
        assert not made.running.done()
        assert IntegrityError in {type(error) for _, error in made.telemetry.troubles}

    bench(work)


def test_a_row_that_crashes_its_sending_is_put_off_and_stops_no_other() -> None:
    async def work(made: Bench) -> None:
        made.answers[INBOX] = [UnicodeEncodeError("utf-8", "x", 0, 1, "ours"), Sent()]
        await made.submit(HEALTH, OFFICE)
        await made.until(lambda: not made.waiting(), 60)
        assert made.attempts(OTHER) == [0.0]
        assert len(made.attempts(INBOX)) == 2
        assert [type(error) for _, error in made.telemetry.troubles] == [UnicodeEncodeError]

    bench(work)


def test_a_payload_that_cannot_be_believed_stops_that_row_and_no_other() -> None:
    async def work(made: Bench) -> None:
        await made.kill()
        first = await made.submit(HEALTH)
        for _ in range(5):
            await made.submit(HEALTH, OFFICE)
        made.ledger.broken = {first.deliveries[0].id}
        made.start()
        await asyncio.sleep(60)
        assert [row.id for row in made.waiting()] == [first.deliveries[0].id]
        assert not made.running.done()
        made.ledger.broken.clear()
        await made.until(lambda: not made.waiting(), 1300)

    bench(work)


def test_a_ledger_that_cannot_be_read_at_the_start_is_read_later() -> None:
    async def work(made: Bench) -> None:
        await made.kill()
        await made.submit(HEALTH)
        made.ledger.trouble = TransientError("locked")
        made.start()
        await asyncio.sleep(30)
        made.ledger.trouble = None
        await made.until(lambda: not made.waiting(), 20)
        assert not made.running.done()

    bench(work)


def test_a_ledger_that_cannot_be_read_meanwhile_costs_no_row_an_attempt() -> None:
    async def work(made: Bench) -> None:
        made.ledger.trouble = TransientError("locked")
        await made.submit(HEALTH)
        await asyncio.sleep(60)
        assert made.sent == []
        made.ledger.trouble = None
        await made.until(lambda: not made.waiting(), 20)
        assert len(made.sent) == 1

    bench(work)


# crashing, stopping


def test_after_a_crash_between_publish_and_mark_it_leaves_again_under_the_same_id() -> None:
    async def work(made: Bench) -> None:
        made.seconds[INBOX] = 1.0
        change = await made.submit(HEALTH)
        await asyncio.sleep(0.5)
        await made.kill()
        made.start()
        await made.until(lambda: not made.waiting())
        assert [key for _, _, key in made.sent] == [change.deliveries[0].id] * 2
        assert (await made.ledger.count())["entry"] == 2

    bench(work)


def test_draining_lets_what_is_under_way_end_and_takes_nothing_new() -> None:
    async def work(made: Bench) -> None:
        made.seconds[INBOX] = 1.0
        for _ in range(6):
            await made.submit(HEALTH)
        await asyncio.sleep(0.5)
        made.dispatch.drain()
        await made.running
        assert len(made.sent) == 4
        assert len(made.waiting()) == 2
        assert made.clock.monotonic() < 2

    bench(work, Bounds(window=4))


def test_while_nothing_happens_it_sleeps_and_shows_signs_of_life() -> None:
    async def work(made: Bench) -> None:
        await asyncio.sleep(600)
        assert 100 <= made.telemetry.beats["relay"] <= 200

    bench(work)


def test_it_does_not_run_in_circles_while_it_waits_for_a_pause_or_for_room() -> None:
    async def work(made: Bench) -> None:
        made.answers[INBOX] = [MISSING]
        made.seconds = {INBOX: 5.0, OTHER: 100.0}
        await asyncio.gather(*(made.submit(HEALTH, OFFICE) for _ in range(40)))
        await asyncio.sleep(1)
        before = made.telemetry.beats["relay"]
        await asyncio.sleep(600)
        assert made.telemetry.beats["relay"] - before < 600

    bench(work, Bounds(window=4, per_destination=2))


def test_what_an_operator_held_is_left_alone_until_it_is_released() -> None:
    async def work(made: Bench) -> None:
        await made.kill()
        held = await made.submit(HEALTH)
        other = await made.submit(HEALTH)
        made.hold(held, True)
        made.start()
        await asyncio.sleep(60)
        assert [key for _, _, key in made.sent] == [other.deliveries[0].id]
        made.hold(held, False)
        await made.dispatch.reload()
        await made.until(lambda: not made.waiting(), 1.0)

    bench(work)


def test_what_is_held_after_it_was_read_does_not_leave_either() -> None:
    async def work(made: Bench) -> None:
        made.answers[INBOX] = [MISSING, Sent()]
        held = await made.submit(HEALTH)
        await asyncio.sleep(0.5)
        made.hold(held, True)
        await asyncio.sleep(3600)
        assert len(made.sent) == 1

    bench(work)


def test_a_receipt_asked_for_again_goes_out_again_byte_for_byte() -> None:
    async def work(made: Bench) -> None:
        first = await made.submit(HEALTH, name="same")
        await made.until(lambda: not made.waiting())
        again = await made.submit(HEALTH, name="same")
        assert again.deliveries == ()
        await made.until(lambda: not made.waiting())
        receipts = [key for _, to, key in made.sent if to.startswith("receipts")]
        assert receipts.count(first.evidence[0].id) == 2

    bench(work, prefixes=("local", "receipts"))


@pytest.mark.parametrize("lane", list(Lane))
def test_both_lanes_leave(lane: Lane) -> None:
    async def work(made: Bench) -> None:
        await made.submit(HEALTH, priority="1" if lane is Lane.URGENT else "0")
        await made.until(lambda: not made.waiting())
        assert len(made.sent) == 1

    bench(work)
