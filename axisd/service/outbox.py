"""The order in which what waits in the outbox leaves: fair, urgent first, bounded.

Each destination has a queue of its own, and destinations take turns, so that one dead agency delays no
other. A destination that fails is paused with backoff and then tried with one row at a time. Urgent rows
overtake, but every fourth turn belongs to the normal ones. Only ids are held here, at most `DEPTH` for
each destination; the rest stays in the ledger and is read on as the queue empties.

Order of ids is order of commits (they are minted where commits are serialised), so a cursor suffices to
know what is in memory and what is still only in the ledger.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from axisd.core.records import OutboxRow
from axisd.core.submission import Lane

DEPTH: Final = 1000
"""Rows of one destination held in memory at most."""

_NORMAL_SHARE: Final = 4
"""Every how many turns a waiting normal row goes before the urgent ones."""


@dataclass(slots=True)
class Destination:
    """The part of one destination's queue that is in memory."""

    name: str
    urgent: deque[OutboxRow] = field(default_factory=deque)
    normal: deque[OutboxRow] = field(default_factory=deque)
    later: list[tuple[datetime, str, OutboxRow]] = field(default_factory=list)
    in_flight: int = 0
    failures: int = 0
    paused_until: datetime | None = None
    more: bool = False
    cursor: str | None = None
    turns: int = 0

    def __len__(self) -> int:
        return len(self.urgent) + len(self.normal) + len(self.later)

    def put(self, row: OutboxRow, now: datetime) -> None:
        if row.due_at > now:
            heapq.heappush(self.later, (row.due_at, row.id, row))
        else:
            (self.urgent if row.lane is Lane.URGENT else self.normal).append(row)
        if self.cursor is None or row.id > self.cursor:
            self.cursor = row.id

    def ready(self, now: datetime, most: int) -> bool:
        """Whether a row may leave now, with at most `most` of them under way."""
        if self.paused_until is not None and now < self.paused_until:
            return False
        # After a failure one row at a time finds out whether the destination is back.
        if self.in_flight >= (1 if self.failures else most):
            return False
        return bool(self.urgent or self.normal or (self.later and self.later[0][0] <= now))

    def take(self, now: datetime) -> OutboxRow:
        """The next row; call only when `ready`."""
        while self.later and self.later[0][0] <= now:
            _, _, row = heapq.heappop(self.later)
            (self.urgent if row.lane is Lane.URGENT else self.normal).append(row)
        self.turns += 1
        normal_turn = self.turns % _NORMAL_SHARE == 0
        queue = self.normal if self.normal and (normal_turn or not self.urgent) else self.urgent
        self.in_flight += 1
        return queue.popleft()

    def wakes_at(self) -> datetime | None:
        """When there may be something to do although nothing happens; None if never."""
        moments = [self.later[0][0]] if self.later else []
        if self.paused_until is not None and (self.urgent or self.normal):
            moments = [self.paused_until]
        elif self.paused_until is not None and moments:
            moments = [max(moments[0], self.paused_until)]
        return min(moments, default=None)


class Schedule:
    """All destinations of one runner, by turns. Not a queue of work but of ids of work."""

    def __init__(self, *, per_destination: int) -> None:
        self._per_destination = per_destination
        self._destinations: dict[str, Destination] = {}
        self._turns: deque[str] = deque()
        self._loaded: set[str] = set()

    def __iter__(self) -> Iterator[Destination]:
        return iter(self._destinations.values())

    def __getitem__(self, name: str) -> Destination:
        destination = self._destinations.get(name)
        if destination is None:
            destination = self._destinations[name] = Destination(name)
            self._turns.append(name)
        return destination

    def add(self, rows: Iterable[OutboxRow], now: datetime) -> None:
        """New rows, just committed. What does not fit stays in the ledger."""
        for row in rows:
            destination = self[row.destination]
            fresh = destination.cursor is None or row.id > destination.cursor
            if fresh and (destination.more or len(destination) >= DEPTH):
                destination.more = True
            else:
                destination.put(row, now)

    def refill(self, name: str, rows: Sequence[OutboxRow], now: datetime, *, more: bool) -> None:
        """Rows read on from the ledger, after `cursor`; `more` says that the ledger has further ones."""
        destination = self[name]
        destination.more = more
        for row in rows:
            destination.put(row, now)

    def hungry(self) -> list[Destination]:
        """Destinations whose rows in memory are running out while the ledger has more."""
        return [d for d in self._destinations.values() if d.more and len(d) < DEPTH // 4]

    def next(self, now: datetime, most: int) -> list[OutboxRow]:
        """Up to `most` rows to send now, one per destination and turn."""
        rows: list[OutboxRow] = []
        idle = 0
        while self._turns and len(rows) < most and idle < len(self._turns):
            name = self._turns[0]
            self._turns.rotate(-1)
            destination = self._destinations[name]
            if destination.ready(now, self._per_destination):
                rows.append(destination.take(now))
                idle = 0
            else:
                idle += 1
        return rows

    def unsent(self, row: OutboxRow) -> None:
        """`row` was taken but never tried: it goes first again."""
        destination = self[row.destination]
        destination.in_flight -= 1
        (destination.urgent if row.lane is Lane.URGENT else destination.normal).appendleft(row)

    def gone(self, row: OutboxRow) -> None:
        """`row` was taken but is no longer in the outbox, or an operator holds it."""
        destination = self[row.destination]
        destination.in_flight -= 1
        self._forget_if_idle(destination)

    def left(self, row: OutboxRow) -> None:
        """`row` left, or ended otherwise for good: its destination works."""
        destination = self[row.destination]
        destination.in_flight -= 1
        destination.failures = 0
        destination.paused_until = None
        self._forget_if_idle(destination)

    def failed(
        self, row: OutboxRow, again: OutboxRow | None, pause: timedelta, now: datetime
    ) -> None:
        """`row` did not leave; `again` is its row as it now stands in the ledger."""
        destination = self[row.destination]
        destination.in_flight -= 1
        destination.failures += 1
        destination.paused_until = now + pause
        if again is not None:
            destination.put(again, now)

    def release(self, destination: str | None = None) -> None:
        """Operators: try now, whatever the pauses say."""
        for item in self._destinations.values():
            if destination is None or item.name == destination:
                item.paused_until = None
                rows = [row for _, _, row in item.later]
                item.later.clear()
                for row in rows:
                    (item.urgent if row.lane is Lane.URGENT else item.normal).append(row)

    def wakes_at(self) -> datetime | None:
        moments = [m for d in self._destinations.values() if (m := d.wakes_at()) is not None]
        return min(moments, default=None)

    def _forget_if_idle(self, destination: Destination) -> None:
        if not len(destination) and not destination.in_flight and not destination.more:
            del self._destinations[destination.name]
            self._turns.remove(destination.name)
