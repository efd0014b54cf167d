"""When to take up again an item that was settled, and yet is still on the national axis's list.

An honest axis takes an item off its list once it is told. One that does not, whatever the cause, would have
us write the same refusal into the ledger at every look, for ever. The first time again costs nothing, since
our word may have been lost; after that each time waits twice as long. Only memory: after a restart we begin
anew. Bounded: of too many items the oldest are forgotten.
"""

from __future__ import annotations

from typing import Final

from axisd.ports import NationalItem

REMEMBERED: Final = 50_000
LONGEST: Final = 3600.0
"""Seconds between two times at most."""


class Relisted:
    """`first`: seconds before the second time again. Times are monotonic seconds."""

    def __init__(self, first: float) -> None:
        self._first = first
        self._settled: dict[int, tuple[int, float]] = {}

    def settled(self, kind: str, item: NationalItem, now: float) -> None:
        """`item` was settled, whether or not the national axis could be told."""
        key = _key(kind, item)
        times, _ = self._settled.pop(key, (0, 0.0))
        wait = self._first * 2 ** min(times, 20) if times else 0.0
        self._settled[key] = times + 1, now + min(wait, LONGEST)
        if len(self._settled) > REMEMBERED:
            del self._settled[next(iter(self._settled))]

    def due(self, kind: str, item: NationalItem, now: float) -> bool:
        """Whether `item` may be taken up."""
        return now >= self._settled.get(_key(kind, item), (0, now))[1]


def _key(kind: str, item: NationalItem) -> int:
    return hash((kind, item.doc_id, item.recipient))
