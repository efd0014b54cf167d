"""What a system may hand in, and how fast: its limits, and the bucket by which a rate is kept. Pure.

A limit that is None does not hold. Size is judged by the inspection, which sees the envelope; rate and
outstanding by whoever counts (`axisd.service.allowances`). Nothing here reads a clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_BURST_SECONDS: Final = 10
"""Without a burst of its own, a system may hand in at once what its rate gives in this time: a clerk sends a
morning's documents together, and what waited behind others comes together."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """`size`: bytes of one envelope. `rate`: submissions a second, over time; `burst`: how many at once.
    `outstanding`: deliveries of its submissions that have not left yet."""

    size: int | None = None
    rate: float | None = None
    burst: int | None = None
    outstanding: int | None = None

    @property
    def at_once(self) -> float:
        """How many submissions may come at once where the rate is limited; at least one."""
        return self.burst or max((self.rate or 0) * _BURST_SECONDS, 1)


UNLIMITED: Final = Allowance()


@dataclass(frozen=True, slots=True)
class Bucket:
    """`tokens` left at the monotonic time `at`; each submission takes one."""

    tokens: float
    at: float

    @classmethod
    def full(cls, allowance: Allowance, at: float) -> Bucket:
        return cls(allowance.at_once, at)

    def take(self, allowance: Allowance, at: float) -> Bucket | None:
        """The bucket after one more submission at `at`; None if there is none to be had yet."""
        gained = max(at - self.at, 0) * (allowance.rate or 0)
        tokens = min(self.tokens + gained, allowance.at_once)
        return Bucket(tokens - 1, at) if tokens >= 1 else None
