"""The simulated axis's own time: it runs with a clock or stands still, and can be advanced.

Delays of minutes pass at once for whoever advances it. Times are the axis's alone; what the network
does (slow bodies, calls that time out) takes real time.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from axisd.ports import Clock


class AxisClock:
    """`axisd.ports.Clock` on another clock. `stopped`: the time at which it stands still until advanced; None
    lets it run with `base`. Ids are the base's: they follow real time, so that none comes back."""

    def __init__(self, base: Clock, stopped: datetime | None = None) -> None:
        self._base = base
        self._stopped = stopped
        self._ahead = timedelta()

    @property
    def virtual(self) -> bool:
        """Whether it stands still by itself."""
        return self._stopped is not None

    def now(self) -> datetime:
        return (self._stopped or self._base.now()) + self._ahead

    def monotonic(self) -> float:
        return (0.0 if self.virtual else self._base.monotonic()) + self._ahead.total_seconds()

    def new_id(self) -> str:
        return self._base.new_id()

    def advance(self, by: timedelta) -> datetime:
        """Lets time pass; the new time.

        Raises ValueError for time that would pass backwards, OverflowError where the calendar ends.
        """
        if by < timedelta():
            raise ValueError("time passes in one direction")
        now = self.now() + by
        self._ahead += by
        return now
