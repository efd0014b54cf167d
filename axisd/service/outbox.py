"""The order in which what waits in the outbox leaves: fair, urgent first, bounded.

Each destination has a queue of its own, and destinations take turns, so that one dead agency delays no
other. A destination that fails is paused with backoff and then tried with one row at a time (`breaker`). Urgent rows
overtake, within a destination and among destinations, by the rule of `lanes`; where the exit keeps no order, not
those about the same document (`in_order`). Only rows without their
bodies are held here, about `DEPTH` for each lane of a destination; the rest stays in the ledger and is read
on as the queue empties.

Order of ids is order of commits (they are minted where commits are serialised), so a cursor tells what
has been read and what is still only in the ledger. Three things do not keep that order: a receipt that
is sent again, a row that an operator releases, and an urgent row that overtakes a backlog. So whatever
is here is also known by its id, and what cannot be held here is found again by reading from the start.
Nothing here knows the ledger, waits, or fails.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from axisd.core.records import OutboxRow
from axisd.core.submission import NORMAL_SHARE, Lane
from axisd.service.breaker import Breaker, Circuit, Interrupted
from axisd.service.in_order import InOrder
from axisd.service.lanes import Lanes

DEPTH: Final = 1000
"""Rows of one lane of one destination held in memory."""

PAGE: Final = DEPTH // 2
"""Rows read from the ledger at once."""


@dataclass(slots=True)
class Destination:
    """The part of one destination's queue that is in memory.

    `cursor`: what has been read from the ledger, up to and with this id. `more`: the ledger may have rows
    behind the cursor that are not here. `under_way`: rows taken and not yet accounted for, by id; the
    value is what has to be put back when that has happened. `in_order`: None where the exit itself keeps order.
    """

    name: str
    ready: Lanes[OutboxRow] = field(default_factory=Lanes)
    later: list[tuple[datetime, str, OutboxRow]] = field(default_factory=list)
    waiting: dict[Lane, set[str]] = field(default_factory=lambda: {lane: set() for lane in Lane})
    under_way: dict[str, OutboxRow | None] = field(default_factory=dict)
    in_order: InOrder | None = None
    breaker: Breaker = field(default_factory=Breaker)
    cursor: str | None = None
    more: bool = False
    _missed: bool = False
    _from_start: bool = False

    def __len__(self) -> int:
        return sum(map(len, self.waiting.values()))

    @property
    def idle(self) -> bool:
        return not (len(self) or self.under_way or self.more)

    @property
    def hungry(self) -> bool:
        """Whether to read on. Urgent rows do not keep the normal ones from being read, up to `DEPTH`."""
        return self.more and len(self.waiting[Lane.NORMAL]) < DEPTH // 4 and self._room(Lane.URGENT)

    def add(self, row: OutboxRow, now: datetime) -> None:
        """A row that was just committed. What does not fit stays in the ledger."""
        if row.id in self.under_way:
            self.put(row, now)
        elif self.cursor is not None and row.id <= self.cursor:
            if self._room(row.lane):
                self.put(row, now)
            else:
                self.read_again()
        elif not self.more and self._room(row.lane):
            self.put(row, now)
            self.cursor = row.id
        else:
            self.more = self._missed = True
            if row.lane is Lane.URGENT and self._room(row.lane):
                self.put(row, now)

    def put(self, row: OutboxRow, now: datetime) -> None:
        """Queues `row` unless it is here already, in whatever lane."""
        if row.id in self.under_way:
            # A receipt asked for again while it leaves, or a row released after it was found held: it is
            # looked at once more when it is back, and leaves if the ledger then still has it.
            self.under_way[row.id] = row
            return
        if any(row.id in ids for ids in self.waiting.values()):
            return
        self.waiting[row.lane].add(row.id)
        if self.in_order is not None:
            self.in_order.come(row)
        if self._stands(row):
            return
        if row.due_at > now:
            heapq.heappush(self.later, (row.due_at, row.id, row))
        else:
            self.ready.put(row, row.lane)

    def _stands(self, row: OutboxRow) -> bool:
        """True if `row` is in line now, behind another about the same document."""
        if self.in_order is None or not self.in_order.must_stand(row, self.under_way):
            return False
        self.in_order.stand(row)
        return True

    def read_again(self) -> None:
        """The ledger has rows before the cursor that are not here."""
        self._from_start = self.more = True

    def begin(self) -> str | None:
        """Where to read on; `end` must follow, unless the reading fails. What is committed in between
        is not in that reading, and remembered as missed."""
        if self._from_start:
            self.cursor = None
        self._missed = self._from_start = False
        return self.cursor

    def end(self, rows: Sequence[OutboxRow], now: datetime, *, more: bool) -> None:
        """What was read since `begin`; `more` says that the ledger had further rows even then."""
        for row in rows:
            self.put(row, now)
        if rows:
            self.cursor = rows[-1].id
        self.more = more or self._missed or self._from_start

    def may_leave(self, now: datetime, most: int) -> bool:
        """Whether a row may leave now, with at most `most` of them under way."""
        if len(self.under_way) >= self.breaker.room(now, most):
            return False
        self._ripen(now)
        return bool(len(self.ready))

    @property
    def urgent(self) -> bool:
        """Whether the row that would leave next is an urgent one, or an urgent one waits behind it."""
        return self.ready.waiting(Lane.URGENT) > 0

    def take(self, now: datetime) -> OutboxRow | None:
        """The next row; call only when one `may_leave`. None if it stands in line after all."""
        self._ripen(now)
        row = self.ready.take()
        if self._stands(row):
            return None
        self.waiting[row.lane].discard(row.id)
        self.under_way[row.id] = None
        return row

    def _ripen(self, now: datetime) -> None:
        """What was put off and is due now is ready."""
        while self.later and self.later[0][0] <= now:
            _, _, row = heapq.heappop(self.later)
            self.ready.put(row, row.lane)

    def back(self, row: OutboxRow, now: datetime, instead: OutboxRow | None = None) -> None:
        """`row` is no longer under way; `instead` waits now, or what came in under its id meanwhile."""
        came_in = self.under_way.pop(row.id)
        again = instead or came_in
        if again is not None:
            self.put(again, now)
        elif self.in_order is not None:
            self.in_order.left(row)
        self._follow(row)

    def back_first(self, row: OutboxRow) -> None:
        """`row` was taken but never tried: it goes first again."""
        del self.under_way[row.id]
        self.waiting[row.lane].add(row.id)
        self.ready.put_back(row, row.lane)
        self._follow(row)

    def _follow(self, row: OutboxRow) -> None:
        """`row` is no longer under way: what stood behind it may be the next one about its document."""
        if self.in_order is None:
            return
        following = self.in_order.following(row.about, self.under_way)
        if following is not None:
            heapq.heappush(self.later, (following.due_at, following.id, following))

    def release(self) -> None:
        """Everything is due now, and no pause holds."""
        self.breaker.release()
        for _, _, row in sorted(self.later, key=lambda item: item[1]):
            self.ready.put(row, row.lane)
        self.later.clear()

    def wakes_at(self, now: datetime) -> datetime | None:
        """The next moment after `now` at which a row may leave although nothing happens before."""
        moments = [now] if len(self.ready) else [due for due, _, _ in self.later[:1]]
        if moments and self.breaker.open_until is not None:
            moments = [max(moments[0], self.breaker.open_until)]
        # What may leave already waits for something under way, and that wakes by itself.
        return next((moment for moment in moments if moment > now), None)

    def _room(self, lane: Lane) -> bool:
        return len(self.waiting[lane]) < DEPTH


class Schedule:
    """All destinations of one runner, by turns. Not a queue of work but of ids of work."""

    def __init__(self, *, per_destination: int, in_order: bool = False) -> None:
        self._per_destination = per_destination
        self._in_order = in_order
        self._destinations: dict[str, Destination] = {}
        self._turns: deque[str] = deque()
        self._rows = 0

    def __iter__(self) -> Iterator[Destination]:
        return iter(self._destinations.values())

    def __getitem__(self, name: str) -> Destination:
        destination = self._destinations.get(name)
        if destination is None:
            destination = self._destinations[name] = Destination(
                name, in_order=InOrder() if self._in_order else None
            )
            self._turns.append(name)
        return destination

    def add(self, rows: Iterable[OutboxRow], now: datetime) -> None:
        """New rows, just committed."""
        for row in rows:
            self[row.destination].add(row, now)

    def read_again(self, name: str) -> None:
        """The ledger may have any rows for `name`: at the start, or because an operator changed some."""
        self[name].read_again()

    def hungry(self) -> list[Destination]:
        """Destinations to `begin` reading for; what was read goes to `refill`."""
        return [destination for destination in self if destination.hungry]

    def refill(self, name: str, rows: Sequence[OutboxRow], now: datetime, *, more: bool) -> None:
        """Rows read from the ledger since `begin`."""
        destination = self[name]
        destination.end(rows, now, more=more)
        self._forget_if_idle(destination)

    def next(self, now: datetime, most: int) -> list[OutboxRow]:
        """Up to `most` rows to send now: one per destination and turn, urgent ones first."""
        urgent = {d.name for d in self if d.urgent and d.may_leave(now, self._per_destination)}
        rows: list[OutboxRow] = []
        while len(rows) < most:
            self._rows += 1
            first = urgent if self._rows % NORMAL_SHARE else set[str]()
            destination = self._turn(now, first) or self._turn(now, self._destinations)
            if destination is None:
                break
            row = destination.take(now)
            if row is not None:
                rows.append(row)
            if not destination.urgent:
                urgent.discard(destination.name)
        return rows

    def _turn(self, now: datetime, among: Collection[str]) -> Destination | None:
        """The next destination of `among` from which something may leave; its turn is then over."""
        for _ in range(len(self._turns) if among else 0):
            destination = self._destinations[self._turns[0]]
            self._turns.rotate(-1)
            if destination.name in among and destination.may_leave(now, self._per_destination):
                return destination
        return None

    def unsent(self, row: OutboxRow) -> None:
        """`row` was taken but never tried."""
        self[row.destination].back_first(row)

    def waits(self, row: OutboxRow, until: datetime, now: datetime) -> None:
        """`row` was taken but must not leave before another; its destination is none the worse for it."""
        self[row.destination].back(row, now, replace(row, due_at=until))

    def gone(self, row: OutboxRow, now: datetime) -> None:
        """`row` was taken but is no longer in the outbox, or an operator holds it."""
        destination = self[row.destination]
        destination.back(row, now)
        self._forget_if_idle(destination)

    def left(self, row: OutboxRow, now: datetime) -> None:
        """`row` left: its destination works."""
        destination = self[row.destination]
        destination.breaker.succeeded()
        destination.back(row, now)
        self._forget_if_idle(destination)

    def failed(
        self, row: OutboxRow, again: OutboxRow | None, pause: timedelta, now: datetime
    ) -> None:
        """`row` did not leave. `again`: its row as it now stands in the ledger, None if it ended there."""
        destination = self[row.destination]
        destination.breaker.failed(now, pause, again.reason if again else "")
        destination.back(row, now, again)
        self._forget_if_idle(destination)

    def release(self, name: str | None = None) -> None:
        """Operators: try now, whatever the pauses say."""
        for destination in self:
            if name is None or destination.name == name:
                destination.release()

    def interrupted(self, now: datetime) -> list[Interrupted]:
        """Destinations to which nothing leaves just now, or one row at a time, because the last one failed."""
        return [
            Interrupted(d.name, circuit, d.breaker.failures, d.breaker.open_until, d.breaker.reason)
            for d in self
            if (circuit := d.breaker.circuit(now)) is not Circuit.CLOSED
        ]

    def wakes_at(self, now: datetime) -> datetime | None:
        """The next moment after `now` at which there is something to do although nothing happens."""
        moments = (destination.wakes_at(now) for destination in self)
        return min((moment for moment in moments if moment is not None), default=None)

    def _forget_if_idle(self, destination: Destination) -> None:
        if destination.idle:
            del self._destinations[destination.name]
            self._turns.remove(destination.name)
