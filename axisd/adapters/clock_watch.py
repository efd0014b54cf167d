"""Whether the clock may stand in receipts: sound, or why not (QC Điều 10.3: in step with the axis).

Looked at before each transaction of the ledger, and by and by where none comes. Unsound is a clock that
the kernel does not call synchronised, or believes to be too far off; one that was turned against the
monotonic clock, until it has run evenly for a while; one that is behind the last entry of the ledger. It
is sound again by itself, when none of this holds any more. NTP that slews is not seen: it moves both
clocks. Nothing here raises, waits, or sets a clock.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from axisd.core.zone import wire_time
from axisd.ports import Clock, Unsound

Tell = Callable[[Unsound | None, str], None]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is asked of the clock; the settings of the section `clock`, where each is explained."""

    require_synchronised: bool = True
    max_error: timedelta = timedelta(seconds=5)
    tolerance: timedelta = timedelta(seconds=1)
    settle: timedelta = timedelta(seconds=30)
    require_after_ledger: bool = True


class ClockWatch:
    """`axisd.ports.Soundness`. Used from one thread.

    `error`: seconds that the kernel believes its clock to be off at most, infinity if nobody keeps it
    right, None if it does not say. `tell` hears of every change: the cause, None when sound, and words.
    """

    def __init__(
        self, clock: Clock, error: Callable[[], float | None], bounds: Bounds, tell: Tell
    ) -> None:
        self.bounds = bounds
        self._clock = clock
        self._error = error
        self._tell = tell
        self._told: Unsound | None = None
        self._lead = self._measured()
        self._turned_by = 0.0
        self._even_since: float | None = None
        self._last: datetime | None = None

    def sealed(self, at: datetime) -> None:
        """The ledger holds an entry of this time."""
        self._last = at if self._last is None else max(at, self._last)

    def trouble(self) -> str:
        """Why nothing may be sealed now; "" while the clock is sound. Looks anew, in microseconds."""
        cause, words = self._look()
        if cause is not self._told:
            self._told = cause
            self._tell(cause, words)
        return words

    def _look(self) -> tuple[Unsound | None, str]:
        turned = self._turned()  # first and always: what is not looked at now is missed
        found = self._unkept() if self.bounds.require_synchronised else None
        found = found or turned or self._behind()
        return found or (None, "")

    def _unkept(self) -> tuple[Unsound, str] | None:
        error = self._error()
        if error is None:
            return (
                Unsound.UNSYNCHRONISED,
                "the kernel does not say whether its clock is kept right (adjtimex is not allowed)",
            )
        if math.isinf(error):
            return Unsound.UNSYNCHRONISED, "nobody keeps the clock right: run chrony or the like"
        if error > self.bounds.max_error.total_seconds():
            return Unsound.UNCERTAIN, f"the clock may be off by {error:.1f} s"
        return None

    def _turned(self) -> tuple[Unsound, str] | None:
        now, lead = self._clock.monotonic(), self._measured()
        by, self._lead = lead - self._lead, lead
        if abs(by) > self.bounds.tolerance.total_seconds():
            self._turned_by, self._even_since = by, now
        if self._even_since is None:
            return None
        if now - self._even_since >= self.bounds.settle.total_seconds():
            self._even_since = None
            return None
        wait = self.bounds.settle.total_seconds()
        return (
            Unsound.TURNED,
            f"the clock was turned by {self._turned_by:+.1f} s; it must run evenly for {wait:g} s",
        )

    def _behind(self) -> tuple[Unsound, str] | None:
        if self._last is None or not self.bounds.require_after_ledger:
            return None
        if self._last - self._clock.now() <= self.bounds.tolerance:
            return None
        return (
            Unsound.BEHIND,
            f"the clock is behind the last entry of the ledger, which is of {wire_time(self._last)}",
        )

    def _measured(self) -> float:
        """How far the wall clock is ahead of the monotonic one; changes only when somebody turns it."""
        return self._clock.now().timestamp() - self._clock.monotonic()
