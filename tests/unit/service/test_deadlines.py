"""The sweep, over the ledger in memory, in virtual time: days pass in milliseconds."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from axisd.adapters.memory import MemoryLedger
from axisd.adapters.recording import RecordingTelemetry
from axisd.core.calendar import Calendar
from axisd.core.case import prepare
from axisd.core.deadlines import reported
from axisd.core.lifecycle import DeliveryState
from axisd.core.records import Change, DeliveryUpdate, Known, Questions
from axisd.core.settlement import questions, settle
from axisd.core.view import View
from axisd.core.zone import wire_time
from axisd.errors import AxisError, IntegrityError, TransientError
from axisd.ports import Transaction
from axisd.service.commit import GroupCommit
from axisd.service.deadlines import Sweep, SweepPace
from tests.support.values import FINANCE, HEALTH, OFFICE, document, inspected, seal, view
from tests.support.virtual import Inline, LoopClock, virtually

HOUR, DAY = 3600.0, 24 * 3600.0
PACE = SweepPace(every=1000.0)
"""Seldom: whatever happens at its moment happens because that was waited for."""


class SlowLedger(MemoryLedger):
    """A transaction takes a tenth of a second; errors are raised as they are listed."""

    def __init__(self) -> None:
        super().__init__()
        self.unreadable: list[AxisError] = []
        self.unwritable: list[AxisError] = []
        self.looks = 0

    async def due(self, before: datetime, limit: int) -> Sequence[str]:
        self.looks += 1
        if self.unreadable:
            raise self.unreadable.pop(0)
        return await super().due(before, limit)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        async with super().transaction() as transaction:
            await asyncio.sleep(0.1)
            yield transaction
            if self.unwritable:
                raise self.unwritable.pop(0)


class Poisoned(Calendar):
    """Fails for one agency."""

    def before(self, due: datetime, lead: timedelta, agency: str | None = None) -> datetime:
        if agency == OFFICE:
            raise ArithmeticError("poison")
        return super().before(due, lead, agency)


class Axis:
    def __init__(self, where: View, pace: SweepPace) -> None:
        self.view = where
        self.ledger = SlowLedger()
        self.telemetry = RecordingTelemetry()
        self.clock = LoopClock()
        self.commits = GroupCommit(self.ledger, seal, self.clock, self.telemetry, Inline())
        self.pace = pace
        self.sweep = self.another()

    def another(self) -> Sweep:
        """A sweep that knows nothing but the ledger."""
        return Sweep(
            lambda: self.view, self.ledger, self.commits, self.clock, self.telemetry, self.pace
        )

    async def deliver(self, *to: str, number: int = 1) -> None:
        """A document of FINANCE is settled, and its copies leave."""
        case = prepare(inspected(document(*to, document_id=f"D{number}")), self.view)

        def decision(known: Known) -> Change:
            now = self.clock.now()
            return settle(case, known, self.view, mint=self.clock.new_id, now=now)

        change = await self.commits.decide(questions(case, self.view), decision)
        left = tuple(
            DeliveryUpdate(delivery.id, DeliveryState.SENT, "", "")
            for delivery in change.deliveries
        )
        ids = tuple(delivery.id for delivery in change.deliveries)
        await self.commits.decide(Questions(), lambda _: Change(updates=left, done=ids))

    async def sweeping(self, seconds: float) -> None:
        """Sweeps for so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.sweep.run()

    async def told(self) -> list[tuple[str, str]]:
        """When what was told, and to whom, as the ledger has it."""
        entries = [entry async for entry in self.ledger.entries()]
        found = [entry for entry in entries if entry.event == "ConsignmentNotification"]
        assert len(found) == len(self.telemetry.notices)
        receipts = [await self.ledger.receipt(entry.id) for entry in found]
        return [
            (wire_time(entry.at, unit="seconds")[5:16], receipt.to if receipt else "")
            for entry, receipt in zip(found, receipts, strict=True)
        ]


def axis(
    work: Callable[[Axis], Awaitable[None]],
    pace: SweepPace = PACE,
) -> None:
    async def run() -> None:
        made = Axis(view(), pace)
        committing = asyncio.create_task(made.commits.run())
        await work(made)
        committing.cancel()

    virtually(run())


def test_recipient_and_sender_are_told_at_their_moments() -> None:
    async def work(made: Axis) -> None:
        await made.deliver(HEALTH)
        await made.sweeping(3 * DAY)
        assert made.telemetry.notices == [
            "arrival-due",
            "arrival-overdue",
            "registration-due",
            "registration-overdue",
        ]
        assert await made.told() == [
            ("01-05T15:00", HEALTH),
            ("01-05T17:00", FINANCE),
            ("01-06T11:00", HEALTH),
            ("01-06T17:00", FINANCE),
        ]
        assert await made.ledger.next_due() is None

    axis(work)


def test_a_status_that_came_in_just_in_time_is_settled_before_anybody_is_blamed() -> None:
    async def work(made: Axis) -> None:
        await made.deliver(HEALTH)
        (key,) = await made.ledger.due(made.clock.now() + timedelta(days=1), 1)
        sweeping = asyncio.create_task(made.sweep.run())
        await asyncio.sleep(9 * HOUR + 10 - made.clock.monotonic())
        in_time = made.clock.now() - timedelta(seconds=11)

        def settled(known: Known) -> Change:
            of = known.deliveries[key].delivery
            watch = reported(of.watch, "03", in_time, made.view, of.inbox)
            return Change(updates=(DeliveryUpdate(key, of.state, "03", "", watch),))

        await made.commits.decide(Questions(deliveries=frozenset({key})), settled)
        await asyncio.sleep(2 * DAY)
        sweeping.cancel()
        assert made.telemetry.notices == ["arrival-due"]

    axis(work)


def test_what_is_told_waits_in_the_outbox_for_whom_it_concerns() -> None:
    async def work(made: Axis) -> None:
        await made.deliver(HEALTH)
        await made.sweeping(10 * HOUR)
        waiting = {item.destination: item.waiting for item in await made.ledger.outbox_summary()}
        assert waiting == {f"receipts:{HEALTH}": 1, f"receipts:{FINANCE}": 2}

    axis(work)


def test_whoever_begins_anew_tells_nothing_again() -> None:
    async def work(made: Axis) -> None:
        await made.deliver(HEALTH)
        for _ in range(6):
            made.sweep = made.another()
            await made.sweeping(10 * HOUR)
        assert sorted(made.telemetry.notices) == sorted(set(made.telemetry.notices))
        assert len(made.telemetry.notices) == 4

    axis(work)


def test_a_sweep_that_is_killed_anywhere_leaves_nothing_untold_and_nothing_told_twice() -> None:
    async def work(made: Axis) -> None:
        for number in range(8):
            await made.deliver(HEALTH, OFFICE, number=number)
        await asyncio.sleep(34 * HOUR)
        for step in range(40):
            made.sweep = made.another()
            await made.sweeping(0.013 * step)
        entries = [entry async for entry in made.ledger.entries()]
        told = [
            (entry.delivery_id, entry.content.partition('"reason":')[2][:40])
            for entry in entries
            if entry.event == "ConsignmentNotification"
        ]
        assert len(told) == len(set(told)) == 8 * 2 * 2
        assert await made.ledger.next_due() is None

    axis(work, SweepPace(page=3))


def test_after_a_long_downtime_pages_are_small_and_intake_gets_its_share() -> None:
    async def work(made: Axis) -> None:
        for number in range(40):
            await made.deliver(HEALTH, number=number)
        await asyncio.sleep(34 * HOUR)
        made.telemetry.commits.clear()
        sweeping = asyncio.create_task(made.sweep.run())
        waited = []
        for number in range(100, 104):
            await asyncio.sleep(0.25)
            before = made.clock.monotonic()
            await made.deliver(HEALTH, number=number)
            waited.append(made.clock.monotonic() - before)
        await asyncio.sleep(60)
        sweeping.cancel()
        assert max(changes for changes, _ in made.telemetry.commits) <= 4 + 1
        assert max(waited) < 0.5, "two transactions of its own, and at most a part of one more each"
        assert len(made.telemetry.notices) == 80

    axis(work, SweepPace(page=4))


def test_after_a_full_page_it_rests_as_long_as_the_page_took() -> None:
    async def work(made: Axis) -> None:
        for number in range(20):
            await made.deliver(HEALTH, number=number)
        await asyncio.sleep(34 * HOUR)
        made.ledger.looks = 0
        await made.sweeping(1.0)
        assert made.ledger.looks == 5

    axis(work, SweepPace(page=2))


def test_while_nothing_is_due_it_shows_signs_of_life() -> None:
    async def work(made: Axis) -> None:
        await made.sweeping(60)
        assert 11 <= made.telemetry.beats["deadlines"] <= 13

    axis(work, SweepPace())


@pytest.mark.parametrize("error", [TransientError("locked"), IntegrityError("malformed")])
def test_a_ledger_that_cannot_be_read_is_read_again(error: AxisError) -> None:
    async def work(made: Axis) -> None:
        await made.deliver(HEALTH)
        await asyncio.sleep(10 * HOUR)
        made.ledger.unreadable = [error, error]
        await made.sweeping(HOUR)
        assert made.telemetry.troubles == [("deadlines", error)] * 2
        assert made.telemetry.notices == ["arrival-overdue"]

    axis(work)


def test_what_could_not_be_written_for_now_is_written_later() -> None:
    async def work(made: Axis) -> None:
        await made.deliver(HEALTH)
        await asyncio.sleep(10 * HOUR)
        made.ledger.unwritable = [TransientError("disk full")]
        await made.sweeping(HOUR)
        assert [where for where, _ in made.telemetry.troubles] == ["ledger", "deadlines"]
        assert made.telemetry.notices == ["arrival-overdue"]

    axis(work)


def test_deliveries_that_poison_the_decision_keep_nobody_waiting() -> None:
    async def work(made: Axis) -> None:
        for number in range(6):
            await made.deliver(OFFICE, number=number)
        await made.deliver(HEALTH, number=7)
        made.view = replace(made.view, calendar=Poisoned())
        await asyncio.sleep(10 * HOUR)
        await made.sweeping(60)
        assert made.telemetry.notices == ["arrival-overdue"]
        assert len(made.telemetry.troubles) == 6, "each of them once"
        made.view = view()
        await made.sweeping(11 * 60)
        assert made.telemetry.notices == ["arrival-overdue"] * 7

    axis(work, SweepPace(page=2))


def test_of_too_many_that_fail_some_are_forgotten_and_tried_again() -> None:
    async def work(made: Axis) -> None:
        for number in range(4):
            await made.deliver(OFFICE, number=number)
        made.view = replace(made.view, calendar=Poisoned())
        await asyncio.sleep(10 * HOUR)
        await made.sweeping(60)
        assert len(made.telemetry.troubles) > 4

    axis(work, SweepPace(page=2, set_aside=2))


def test_what_somebody_else_settled_meanwhile_is_left_alone() -> None:
    async def work(made: Axis) -> None:
        await made.deliver(HEALTH)
        await asyncio.sleep(10 * HOUR)
        assert not await made.sweep.page()
        stale = await made.ledger.due(made.clock.now() + timedelta(days=9), 10)
        made.ledger.due = lambda *_: _said(stale)  # type: ignore[method-assign]
        assert not await made.sweep.page()
        assert made.telemetry.notices == ["arrival-overdue"]
        made.ledger.due = lambda *_: _said(["gone"])  # type: ignore[method-assign]
        assert not await made.sweep.page()

    axis(work)


async def _said(ids: Sequence[str]) -> Sequence[str]:
    return ids
