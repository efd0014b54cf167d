"""Luck that comes again: the n-th occasion of a name has always the same under the same number."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import timedelta
from typing import Final

from axisd.simulator.national.often import Between, Often

_FULL: Final = 1 << 64


class Dice:
    """Counts occasions by their names, from the first on."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._occasions: Counter[tuple[str, ...]] = Counter()

    def draw(self, *occasion: str) -> float:
        """From 0 up to 1."""
        words = "|".join((str(self._number), *occasion, str(self._count("luck", *occasion))))
        digest = hashlib.sha256(words.encode("utf-8", "replace")).digest()
        return int.from_bytes(digest[:8], "big") / _FULL

    def happens(self, often: Often, *occasion: str, item: str = "") -> bool:
        """Whether it happens this time. The first occasions of an `item` are counted by themselves."""
        if often.first:
            return self._count("first", *occasion, item) <= often.first
        return often.share > 0 and self.draw(*occasion) < often.share

    def time(self, between: Between, *occasion: str) -> timedelta:
        """A time drawn from `between`."""
        if between.least == between.most:
            return between.least
        return between.least + (between.most - between.least) * self.draw(*occasion)

    def _count(self, *occasion: str) -> int:
        self._occasions[occasion] += 1
        return self._occasions[occasion]
