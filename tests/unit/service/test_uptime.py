"""The record of when the axis served."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from axisd.adapters.clock import ManualClock
from axisd.adapters.memory import MemoryLedger
from axisd.adapters.recording import RecordingTelemetry
from axisd.core.availability import GRACE, Uptime, UptimeEnd
from axisd.errors import TransientError
from axisd.ports import Transaction
from axisd.service.uptime import UptimeLog

MINUTE = timedelta(minutes=1)


class Axis:
    """A ledger, a clock, and a daemon that says of itself whether it serves."""

    def __init__(self) -> None:
        self.ledger = MemoryLedger()
        self.clock = ManualClock()
        self.telemetry = RecordingTelemetry()
        self.serves = True
        self.log = UptimeLog(self.ledger, self.clock, self.telemetry, lambda: self.serves)
        self.began = self.clock.now()

    async def minutes(self, number: int) -> None:
        for _ in range(number):
            self.clock.advance(MINUTE)
            await self.log.look()

    async def kept(self) -> list[Uptime]:
        far = timedelta(days=1000)
        return list(await self.ledger.uptimes(self.began - far, self.began + far))

    async def told(self) -> list[tuple[timedelta, timedelta, UptimeEnd]]:
        return [
            (u.began_at - self.began, u.seen_at - self.began, u.ended) for u in await self.kept()
        ]


async def test_one_uptime_is_confirmed_every_minute_and_ended_at_the_stop() -> None:
    axis = Axis()
    await axis.log.look()
    await axis.minutes(3)
    assert await axis.told() == [(timedelta(), 3 * MINUTE, UptimeEnd.OPEN)]
    axis.clock.advance(MINUTE / 2)
    await axis.log.stop()
    assert await axis.told() == [(timedelta(), 3.5 * MINUTE, UptimeEnd.STOPPED)]


async def test_it_begins_only_when_the_axis_serves() -> None:
    axis = Axis()
    axis.serves = False
    await axis.log.look()
    await axis.log.stop()
    assert await axis.kept() == []


async def test_trouble_ends_it_where_it_was_confirmed_last_and_another_begins_after() -> None:
    axis = Axis()
    await axis.log.look()
    await axis.minutes(2)
    axis.serves = False
    await axis.minutes(5)
    axis.serves = True
    await axis.minutes(1)
    assert await axis.told() == [
        (timedelta(), 2 * MINUTE, UptimeEnd.INTERRUPTED),
        (8 * MINUTE, 8 * MINUTE, UptimeEnd.OPEN),
    ]


@pytest.mark.parametrize("jump", [GRACE + MINUTE, -timedelta(hours=1)])
async def test_a_pause_of_the_machine_or_a_clock_turned_back_is_not_covered(
    jump: timedelta,
) -> None:
    axis = Axis()
    await axis.log.look()
    axis.clock.set(axis.clock.now() + jump)
    await axis.log.look()
    first, second = sorted(await axis.kept(), key=lambda uptime: uptime.id)
    assert first.seen_at == axis.began
    assert second.began_at == axis.began + jump


async def test_a_stop_after_a_pause_does_not_cover_the_pause() -> None:
    axis = Axis()
    await axis.log.look()
    axis.clock.advance(timedelta(hours=2))
    await axis.log.stop()
    assert await axis.told() == [(timedelta(), timedelta(), UptimeEnd.STOPPED)]


class Full(MemoryLedger):
    """A disk that can be full."""

    full = False

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        if self.full:
            raise TransientError("disk full")
        async with super().transaction() as transaction:
            yield transaction


async def test_minutes_that_could_not_be_written_were_not_served() -> None:
    axis, ledger = Axis(), Full()
    axis.ledger = ledger
    axis.log = UptimeLog(ledger, axis.clock, axis.telemetry, lambda: True)
    await axis.log.look()
    ledger.full = True
    for _ in range(4):
        axis.clock.advance(MINUTE)
        with pytest.raises(TransientError):
            await axis.log.look()
    ledger.full = False
    await axis.minutes(1)
    assert await axis.told() == [
        (timedelta(), timedelta(), UptimeEnd.OPEN),
        (5 * MINUTE, 5 * MINUTE, UptimeEnd.OPEN),
    ]


async def test_a_stop_that_cannot_be_written_is_told_and_stops_all_the_same() -> None:
    axis, ledger = Axis(), Full()
    axis.ledger = ledger
    axis.log = UptimeLog(ledger, axis.clock, axis.telemetry, lambda: True)
    await axis.log.look()
    ledger.full = True
    await axis.log.stop()
    assert [where for where, _ in axis.telemetry.troubles] == ["uptime"]
