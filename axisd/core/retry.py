"""How long to wait before the next try: exponential, bounded, with jitter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits of `first`, 2·`first`, 4·`first` … up to `most`, each drawn from its upper half."""

    first: timedelta = timedelta(seconds=2)
    most: timedelta = timedelta(minutes=10)

    def after(self, attempts: int, chance: float) -> timedelta:
        """The wait after `attempts` failures (≥ 1); `chance` is uniform in [0, 1)."""
        doublings = min(attempts - 1, 24)
        full = min(self.first * (1 << doublings), self.most)
        return full * (0.5 + chance / 2)
