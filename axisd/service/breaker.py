"""The circuit breaker of one destination: closed, open for a while, or trying with one row.

It opens when an attempt fails, and each time it opens it stays open for longer; how long is the caller's
decision. When that time is over, one row at a time finds out whether the destination is back: if it leaves,
the breaker is closed, if not, it opens again. What was already under way when it opened tells nothing new: such
failures are not counted, or one short outage would look like many. Only memory: a restart begins closed, and
finds out with as many rows as may be under way. Pure but for its own state; never waits, never fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from axisd.core.zone import wire_time


class Circuit(StrEnum):
    """`trying`: what kept it open is over, and nothing has left yet."""

    CLOSED = "closed"
    TRYING = "trying"
    OPEN = "open"


@dataclass(slots=True)
class Breaker:
    """`failures`: how often it opened since something left. `open_until`: None when nothing holds it open.
    `reason`: the code of what it opened for last."""

    failures: int = 0
    open_until: datetime | None = None
    reason: str = ""

    def circuit(self, now: datetime) -> Circuit:
        """How it stands."""
        if not self.failures:
            return Circuit.CLOSED
        return Circuit.OPEN if self._holds(now) else Circuit.TRYING

    def room(self, now: datetime, most: int) -> int:
        """How many rows may be under way at once, where `most` may when all is well."""
        return {Circuit.CLOSED: most, Circuit.TRYING: 1, Circuit.OPEN: 0}[self.circuit(now)]

    def failed(self, now: datetime, pause: timedelta, reason: str = "") -> None:
        """An attempt failed. Without a `pause` it goes on trying at once."""
        if not self._holds(now):
            self.failures += 1
            self.open_until = now + pause
            self.reason = reason

    def succeeded(self) -> None:
        """Something left, or was answered for good: the destination works."""
        self.failures, self.open_until, self.reason = 0, None, ""

    def release(self) -> None:
        """An operator wants it tried now."""
        self.open_until = None

    def _holds(self, now: datetime) -> bool:
        return self.open_until is not None and now < self.open_until


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A breaker that is not closed, as operators see it. `destination` may be a whole exit: `uplink`."""

    destination: str
    circuit: Circuit
    failures: int
    until: datetime | None
    reason: str = ""

    def as_json(self) -> dict[str, object]:
        """As the daemon tells the command line."""
        return {
            "destination": self.destination,
            "circuit": self.circuit.value,
            "failures": self.failures,
            "until": wire_time(self.until) if self.until else None,
            "reason": self.reason or None,
        }
