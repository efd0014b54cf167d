"""Empties the outbox through one kind of exit: the broker's queues, or the national axis.

What to send next is the `Schedule`'s decision, what an attempt means is `advance`'s; this loop loads,
sends with a bound on how much is under way (rows and bytes), and makes every outcome durable before it
forgets the row. A mark that cannot be written for now is tried again without sending again. After a crash
the rows are still there and leave once more under the same message id.

Going wrong: an exit that is shut, or a ledger that cannot be read for now, is tried again with backoff.
Anything else concerns one row: it is told as trouble and stays in the ledger, and the others go on.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from axisd.core.advance import Attempt, Failed, Means, Sent, advance
from axisd.core.records import (
    INLINE_LIMIT,
    Change,
    Known,
    OutboxKind,
    OutboxRow,
    Parcel,
    Questions,
)
from axisd.core.retry import Backoff
from axisd.core.view import View
from axisd.errors import IntegrityError, TransientError
from axisd.ports import Clock, Ledger, Telemetry
from axisd.service.breaker import Circuit, Interrupted
from axisd.service.commit import GroupCommit
from axisd.service.outbox import PAGE, Schedule

Send = Callable[[Parcel], Awaitable[Attempt]]
"""Tries once. Raises TransientError when the exit as a whole is shut and nothing was tried."""

_SHUT = Backoff(timedelta(seconds=0.2), timedelta(seconds=15))
_MARK_AGAIN = 0.5
_BEHIND = timedelta(seconds=2)
"""How long a row waits before it is looked at again whether the one in front of it has left."""
_LOOK_AGAIN = 5.0
"""Seconds between two looks at most, and so between two signs of life."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is under way at once: rows, rows of one destination, bytes. One row goes whatever its size.
    `in_order`: what is about one document leaves one after the other, for exits that keep no order."""

    window: int = 256
    per_destination: int = 64
    size: int = 48 * 1024 * 1024
    in_order: bool = False


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
        view: Callable[[], View],
        backoff: Backoff,
        bounds: Bounds = Bounds(),
        one_large: asyncio.Lock | None = None,
    ) -> None:
        self.name = name
        # Held by whoever has a large body in memory; shared between those that never wait long.
        self._one_large = one_large or asyncio.Lock()
        self._prefixes = prefixes
        self._send = send
        self._ledger = ledger
        self._commits = commits
        self._clock = clock
        self._telemetry = telemetry
        self._view = view
        self._backoff = backoff
        self._bounds = bounds
        self._schedule = Schedule(per_destination=bounds.per_destination, in_order=bounds.in_order)
        self._wake = asyncio.Event()
        self._unread = True
        self._ahead: deque[OutboxRow] = deque()
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

    def interrupted(self) -> list[Interrupted]:
        """The destinations to which nothing leaves just now, or the whole exit, because the last try failed."""
        found = self._schedule.interrupted(self._clock.now())
        if self._shut:
            left = timedelta(seconds=max(self._open_at - self._clock.monotonic(), 0.0))
            circuit = Circuit.OPEN if left else Circuit.TRYING
            until = self._clock.now() + left
            found.insert(0, Interrupted(self.name, circuit, self._shut, until))
        return found

    async def reload(self) -> None:
        """Reads from the ledger what waits there: at the start, and after an operator changed rows.

        Raises TransientError when the ledger cannot be read for now.
        """
        for summary in await self._ledger.outbox_summary():
            if self._serves(summary.destination):
                self._schedule.read_again(summary.destination)
        self._unread = False
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled, or until `drain` and nothing is under way."""
        async with asyncio.TaskGroup() as group:
            while not self._draining:
                self._telemetry.beat(self.name)
                self._wake.clear()
                await self._read_on()
                now, shut = self._clock.now(), self._open_at - self._clock.monotonic()
                rows = self._next(now) if shut <= 0 else []
                for row in [row for row in rows if row.size > INLINE_LIMIT]:
                    group.create_task(self._carry_large(row))
                for parcel in await self._load([r for r in rows if r.size <= INLINE_LIMIT]):
                    group.create_task(self._carry(parcel))
                if not rows:
                    await self._sleep(shut if shut > 0 else self._until_due(now))

    def drain(self) -> None:
        """No new rows; those under way come to their end, and `run` returns."""
        self._draining = True
        self._wake.set()

    def _serves(self, destination: str) -> bool:
        return destination.partition(":")[0] in self._prefixes

    async def _read_on(self) -> None:
        try:
            if self._unread:
                await self.reload()
            for destination in self._schedule.hungry():
                after = destination.begin()
                rows = await self._ledger.outbox_ids(destination.name, after, PAGE)
                more = len(rows) == PAGE
                self._schedule.refill(destination.name, rows, self._clock.now(), more=more)
        except TransientError as error:
            # What is in memory can go on meanwhile.
            self._telemetry.trouble(self.name, error)

    def _next(self, now: datetime) -> list[OutboxRow]:
        # After the exit was shut, one row finds out whether it is open again.
        room = (1 if self._shut else self._bounds.window) - self._under_way
        self._ahead.extend(self._schedule.next(now, room - len(self._ahead)))
        rows: list[OutboxRow] = []
        # A row that is too large for now keeps its turn: small ones must not overtake it for ever.
        while self._ahead and len(rows) < room and self._fits(self._ahead[0]):
            row = self._ahead.popleft()
            self._under_way += 1
            self._bytes += row.size
            rows.append(row)
        return rows

    def _fits(self, row: OutboxRow) -> bool:
        return not self._under_way or self._bytes + row.size <= self._bounds.size

    async def _load(self, rows: Sequence[OutboxRow]) -> Sequence[Parcel]:
        if not rows:
            return ()
        try:
            found = await self._ledger.parcels([row.id for row in rows])
        except TransientError as error:
            self._telemetry.trouble(self.name, error)
            for row in rows:
                self._schedule.unsent(row)
                self._release_bounds(row)
            self._pause()
            return ()
        except IntegrityError as error:
            if len(rows) > 1:
                return [parcel for row in rows for parcel in await self._load([row])]
            self._telemetry.trouble(self.name, error)
            self._put_off(rows[0])
            self._release_bounds(rows[0])
            return ()
        parcels = {parcel.row.id: parcel for parcel in found}
        return [
            _sized(parcels[row.id], row.size)
            for row in rows
            if self._leaves(row, parcels.get(row.id))
        ]

    def _leaves(self, row: OutboxRow, parcel: Parcel | None) -> bool:
        """Whether `row` goes now; if not, it is given back to the schedule."""
        now = self._clock.now()
        if parcel is None:
            self._schedule.gone(row, now)
        elif parcel.must_wait:
            self._schedule.waits(row, now + _BEHIND, now)
        else:
            return True
        self._release_bounds(row)
        return False

    async def _carry_large(self, row: OutboxRow) -> None:
        """Loaded and sent while no other large body is in memory for anything."""
        async with self._one_large:
            for parcel in await self._load([row]):
                await self._carry(parcel)
        # Where there was nothing to carry, room came free all the same.
        self._wake.set()

    async def _carry(self, parcel: Parcel) -> None:
        row = parcel.row
        started = self._clock.monotonic()
        try:
            attempt = await self._send(parcel)
        except TransientError as error:
            # Nothing was tried, so nothing is counted against the row.
            self._telemetry.trouble(self.name, error)
            self._schedule.unsent(row)
            self._pause()
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not stop the other rows
            self._telemetry.trouble(self.name, error)
            self._put_off(row)
        else:
            await self._account(parcel, attempt, started)
        finally:
            self._release_bounds(row)
            self._wake.set()

    async def _account(self, parcel: Parcel, attempt: Attempt, started: float) -> None:
        row = parcel.row
        try:
            change = await self._mark(parcel, attempt)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not stop the other rows
            # It may have left: tried again only after the next start, under the same message id.
            self._telemetry.trouble(self.name, error)
            self._schedule.gone(row, self._clock.now())
            return
        self._note(row, attempt, change)
        reason = attempt.refusal.code if isinstance(attempt, Failed) else ""
        outcome = "sent" if isinstance(attempt, Sent) else "failed"
        self._telemetry.relayed(row, outcome, self._clock.monotonic() - started, reason)

    async def _mark(self, parcel: Parcel, attempt: Attempt) -> Change:
        row = frozenset({parcel.row.id})
        deliveries = row if parcel.row.kind is OutboxKind.DELIVERY else frozenset[str]()
        questions = Questions(deliveries=deliveries, rows=row)
        chance = random.random()

        def decision(known: Known) -> Change:
            now = self._clock.now()
            means = Means(self._backoff, chance, self._clock.new_id, now, self._view())
            return advance(parcel, attempt, known, means)

        while True:
            try:
                return await self._commits.decide(questions, decision, parcel.row.lane)
            except TransientError:
                await asyncio.sleep(_MARK_AGAIN)

    def _note(self, row: OutboxRow, attempt: Attempt, change: Change) -> None:
        now = self._clock.now()
        everywhere = isinstance(attempt, Failed) and attempt.everywhere
        if everywhere:
            self._pause()
        else:
            self._shut = 0
        answered = isinstance(attempt, Sent) or attempt.final
        again = None
        for put_off in () if answered else change.deferrals:
            again = replace(
                row, due_at=put_off.due_at, attempts=put_off.attempts, reason=put_off.reason
            )
        if answered:
            self._schedule.left(row, now)
            return
        # What is wrong everywhere is not this destination's fault; and after a row whose time was up,
        # the next one is looked at at once, because its time may be up too.
        wait = timedelta() if everywhere or again is None else self._wait(row)
        self._schedule.failed(row, again, wait, now)

    def _put_off(self, row: OutboxRow) -> None:
        """For a while, in memory only: in the ledger it waits as before."""
        now, wait = self._clock.now(), self._wait(row)
        self._schedule.failed(row, replace(row, due_at=now + wait), wait, now)

    def _wait(self, row: OutboxRow) -> timedelta:
        failures = self._schedule[row.destination].breaker.failures + 1
        return self._backoff.after(failures, random.random())

    def _pause(self) -> None:
        if self._clock.monotonic() >= self._open_at:
            self._shut += 1
            wait = _SHUT.after(self._shut, random.random())
            self._open_at = self._clock.monotonic() + wait.total_seconds()

    def _release_bounds(self, row: OutboxRow) -> None:
        self._under_way -= 1
        self._bytes -= row.size

    def _until_due(self, now: datetime) -> float:
        """Seconds until something may leave although nothing happens; `now` is when nothing could."""
        moment = self._schedule.wakes_at(now)
        return (moment - self._clock.now()).total_seconds() if moment else _LOOK_AGAIN

    async def _sleep(self, seconds: float) -> None:
        """`seconds` at most, less if something happens."""
        try:
            async with asyncio.timeout(min(max(seconds, 0.01), _LOOK_AGAIN)):
                await self._wake.wait()
        except TimeoutError:
            return


def _sized(parcel: Parcel, size: int) -> Parcel:
    """Whatever the ledger says now, what was taken of the bounds is what is given back."""
    return (
        parcel if parcel.row.size == size else replace(parcel, row=replace(parcel.row, size=size))
    )
