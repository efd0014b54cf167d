"""Empties the outbox through one kind of exit: the broker's queues, or the national axis.

What to send next is the `Schedule`'s decision, what an attempt means is `advance`'s; this loop loads,
sends with a bound on how much is under way (rows and bytes), and makes every outcome durable before it
forgets the row. A mark that cannot be written is tried again without sending again. After a crash the
rows are still there and leave once more under the same message id.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from axisd.core.advance import Attempt, Failed, Means, Sent, advance
from axisd.core.records import Change, Known, OutboxKind, OutboxRow, Parcel, Questions
from axisd.core.retry import Backoff
from axisd.errors import TransientError
from axisd.ports import Clock, Ledger, Telemetry
from axisd.service.commit import GroupCommit
from axisd.service.outbox import DEPTH, Schedule

Send = Callable[[Parcel], Awaitable[Attempt]]
"""Tries once. Raises TransientError when the exit as a whole is shut and nothing was tried."""

_SHUT = Backoff(timedelta(seconds=0.2), timedelta(seconds=15))
_MARK_AGAIN = 0.5


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is under way at once: rows, rows of one destination, bytes."""

    window: int = 128
    per_destination: int = 32
    size: int = 48 * 1024 * 1024


class Dispatch:
    """One runner. `prefixes`: the kinds of destination it serves (`local`, `receipts`, `national`)."""

    def __init__(
        self,
        name: str,
        prefixes: tuple[str, ...],
        send: Send,
        ledger: Ledger,
        commits: GroupCommit,
        clock: Clock,
        telemetry: Telemetry,
        *,
        backoff: Backoff,
        bounds: Bounds = Bounds(),
    ) -> None:
        self.name = name
        self._prefixes = prefixes
        self._send = send
        self._ledger = ledger
        self._commits = commits
        self._clock = clock
        self._telemetry = telemetry
        self._backoff = backoff
        self._bounds = bounds
        self._schedule = Schedule(per_destination=bounds.per_destination)
        self._wake = asyncio.Event()
        self._under_way = 0
        self._bytes = 0
        self._shut = 0
        self._open_at = 0.0
        self._draining = False
        commits.listen(self.notice)

    def notice(self, rows: Sequence[OutboxRow]) -> None:
        """New rows, just committed."""
        mine = [row for row in rows if self._serves(row.destination)]
        if mine:
            self._schedule.add(mine, self._clock.now())
            self._wake.set()

    def release(self, destination: str | None = None) -> None:
        """An operator wants it tried now: pauses end, put-off rows become due."""
        self._schedule.release(destination)
        self._open_at = 0.0
        self._wake.set()

    async def reload(self) -> None:
        """Reads from the ledger what waits there: at the start, and after an operator changed rows."""
        for summary in await self._ledger.outbox_summary():
            if self._serves(summary.destination) and not len(self._schedule[summary.destination]):
                self._schedule[summary.destination].more = True
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled, or until `drain` and nothing is under way."""
        await self.reload()
        async with asyncio.TaskGroup() as group:
            while not self._draining:
                self._telemetry.beat(self.name)
                self._wake.clear()
                await self._refill()
                rows = self._next()
                if not rows:
                    await self._sleep()
                    continue
                for parcel in await self._load(rows):
                    group.create_task(self._carry(parcel))

    def drain(self) -> None:
        """No new rows; those under way come to their end, and `run` returns."""
        self._draining = True
        self._wake.set()

    def _serves(self, destination: str) -> bool:
        return destination.partition(":")[0] in self._prefixes

    async def _refill(self) -> None:
        now = self._clock.now()
        for destination in self._schedule.hungry():
            rows = await self._ledger.outbox_ids(destination.name, destination.cursor, DEPTH // 2)
            self._schedule.refill(destination.name, rows, now, more=len(rows) == DEPTH // 2)

    def _next(self) -> list[OutboxRow]:
        if self._clock.monotonic() < self._open_at:
            return []
        # After the exit was shut, one row finds out whether it is open again.
        window = 1 if self._shut else self._bounds.window
        now = self._clock.now()
        rows: list[OutboxRow] = []
        for row in self._schedule.next(now, max(window - self._under_way, 0)):
            alone = not self._under_way and not rows
            if self._bytes + row.size <= self._bounds.size or alone:
                self._bytes += row.size
                rows.append(row)
            else:
                self._schedule.unsent(row)
        self._under_way += len(rows)
        return rows

    async def _load(self, rows: Sequence[OutboxRow]) -> Sequence[Parcel]:
        try:
            parcels = await self._ledger.parcels([row.id for row in rows])
        except TransientError as error:
            self._telemetry.trouble(self.name, error)
            for row in rows:
                self._schedule.unsent(row)
                self._release_bounds(row)
            self._pause()
            return ()
        found = {parcel.row.id for parcel in parcels}
        for row in rows:
            if row.id not in found:
                self._schedule.gone(row)
                self._release_bounds(row)
        sizes = {row.id: row.size for row in rows}
        return [replace(p, row=replace(p.row, size=sizes[p.row.id])) for p in parcels]

    async def _carry(self, parcel: Parcel) -> None:
        started = self._clock.monotonic()
        row = parcel.row
        try:
            attempt = await self._send(parcel)
        except TransientError as error:
            # Nothing was tried, so nothing is counted against the row.
            self._telemetry.trouble(self.name, error)
            self._schedule.unsent(row)
            self._pause()
        else:
            change = await self._mark(parcel, attempt)
            self._note(row, attempt, change)
            reason = attempt.refusal.code if isinstance(attempt, Failed) else ""
            outcome = "sent" if isinstance(attempt, Sent) else "failed"
            self._telemetry.relayed(row, outcome, self._clock.monotonic() - started, reason)
        finally:
            self._release_bounds(row)
            self._wake.set()

    async def _mark(self, parcel: Parcel, attempt: Attempt) -> Change:
        ids = (
            frozenset({parcel.row.id})
            if parcel.row.kind is OutboxKind.DELIVERY
            else frozenset[str]()
        )
        chance = random.random()

        def decision(known: Known) -> Change:
            means = Means(self._backoff, chance, self._clock.new_id, self._clock.now())
            return advance(parcel, attempt, known, means)

        while True:
            try:
                return await self._commits.decide(Questions(deliveries=ids), decision)
            except TransientError:
                await asyncio.sleep(_MARK_AGAIN)

    def _note(self, row: OutboxRow, attempt: Attempt, change: Change) -> None:
        now = self._clock.now()
        if isinstance(attempt, Sent) or not change.deferrals:
            self._shut = 0
            self._schedule.left(row)
            return
        put_off = change.deferrals[0]
        again = replace(
            row, due_at=put_off.due_at, attempts=put_off.attempts, reason=put_off.reason
        )
        failures = self._schedule[row.destination].failures + 1
        pause = self._backoff.after(failures, random.random())
        self._schedule.failed(row, again, pause, now)
        if attempt.everywhere:
            self._pause()

    def _pause(self) -> None:
        if self._clock.monotonic() >= self._open_at:
            self._shut += 1
            wait = _SHUT.after(self._shut, random.random())
            self._open_at = self._clock.monotonic() + wait.total_seconds()

    def _release_bounds(self, row: OutboxRow) -> None:
        self._under_way -= 1
        self._bytes -= row.size

    async def _sleep(self) -> None:
        waits = [5.0]
        if (moment := self._schedule.wakes_at()) is not None:
            waits.append((moment - self._clock.now()).total_seconds())
        if (shut := self._open_at - self._clock.monotonic()) > 0:
            waits = [min(5.0, shut)]
        try:
            async with asyncio.timeout(max(min(waits), 0.01)):
                await self._wake.wait()
        except TimeoutError:
            return
