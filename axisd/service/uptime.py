"""Keeps the record of when the axis served, from which reports tell its availability.

Every minute, and when it comes up and stops, the daemon's own verdict on itself is asked and kept in a
transaction of one row. Nothing waits for it. A minute that could not be written was not a minute served:
the record shows a gap then, as it does after a pause of the whole machine or a clock that was turned.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from axisd.core.availability import GRACE, Uptime, UptimeEnd
from axisd.errors import IntegrityError, TransientError
from axisd.ports import Clock, Ledger, Telemetry

EVERY = 60.0
"""Seconds between two looks."""


class UptimeLog:
    """`serving`: whether everything that has to work does, right now."""

    def __init__(
        self, ledger: Ledger, clock: Clock, telemetry: Telemetry, serving: Callable[[], bool]
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._telemetry = telemetry
        self._serving = serving
        self._turn = asyncio.Lock()
        self._current: Uptime | None = None
        self._retired = False

    async def look(self) -> None:
        """Confirms that the axis serves, or records that it no longer does.

        Raises TransientError or IntegrityError when that cannot be written now.
        """
        async with self._turn:
            if self._retired:
                return
            if self._serving():
                await self._confirm()
            elif self._current is not None:
                ended, self._current = self._current, None
                await self._write(replace(ended, ended=UptimeEnd.INTERRUPTED))

    def retire(self) -> None:
        """The axis is about to stop: that it does not serve from now on is no trouble."""
        self._retired = True

    async def stop(self) -> None:
        """The axis stops, and means to. What cannot be written is told, and looks like a crash later."""
        async with self._turn:
            current, self._current = self._current, None
            if current is None:
                return
            now = max(current.seen_at, self._clock.now())
            seen = now if now <= current.seen_at + GRACE else current.seen_at
            try:
                await self._write(replace(current, seen_at=seen, ended=UptimeEnd.STOPPED))
            except (TransientError, IntegrityError) as error:
                self._telemetry.trouble("uptime", error)

    async def _confirm(self) -> None:
        now, current = self._clock.now(), self._current
        if current is not None and current.seen_at <= now <= current.seen_at + GRACE:
            confirmed = replace(current, seen_at=now)
        else:
            confirmed = Uptime(self._clock.new_id(), now, now)
        await self._write(confirmed)
        self._current = confirmed

    async def _write(self, uptime: Uptime) -> None:
        async with self._ledger.transaction() as transaction:
            await transaction.record_uptime(uptime)
