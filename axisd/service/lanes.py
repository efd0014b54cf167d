"""Urgent before normal, and normal never starved: the one rule by which whatever has two lanes is emptied.

QĐ 28/2018/QĐ-TTg Điều 6.2 and QC Điều 8: urgent documents go at once. While urgent ones keep coming, every
`NORMAL_SHARE`-th turn belongs to a normal one that waits, so that a flood of hỏa tốc slows the rest down and
does not stop it. Within a lane the order stays as it came.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

from axisd.core.submission import NORMAL_SHARE, Lane

T = TypeVar("T")


class Lanes(Generic[T]):
    """What waits, lane by lane. Unbounded itself: whoever fills it sees to that."""

    def __init__(self) -> None:
        self._waiting: dict[Lane, deque[T]] = {lane: deque() for lane in Lane}
        self._turns = 0

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def waiting(self, lane: Lane) -> int:
        """How many wait in `lane`."""
        return len(self._waiting[lane])

    def put(self, item: T, lane: Lane) -> None:
        """`item` waits as the last of its lane."""
        self._waiting[lane].append(item)

    def put_back(self, item: T, lane: Lane) -> None:
        """`item`, taken and not used, is the first of its lane again."""
        self._waiting[lane].appendleft(item)

    def take(self) -> T:
        """The next one by the rule. IndexError when nothing waits."""
        self._turns += 1
        urgent, normal = self._waiting[Lane.URGENT], self._waiting[Lane.NORMAL]
        normal_first = not urgent or (normal and self._turns % NORMAL_SHARE == 0)
        return (normal if normal_first else urgent).popleft()


class LaneQueue(asyncio.Queue[tuple[T, Lane]]):
    """An asyncio.Queue whose `get` follows the rule; items are put in as (item, lane)."""

    def _init(self, maxsize: int) -> None:  # noqa: ARG002 - as asyncio's own kinds of queues do it
        self._queue: Lanes[tuple[T, Lane]] = Lanes()

    def _put(self, item: tuple[T, Lane]) -> None:
        self._queue.put(item, item[1])

    def _get(self) -> tuple[T, Lane]:
        return self._queue.take()
