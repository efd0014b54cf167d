"""Signs of life: each part of the daemon beats, and the watchdog asks whether all are fresh.

A part that idles on a queue cannot beat, so freshness is judged only for parts that have something to
do: those that beat by a timer. `Pulse` holds the last beat of each part, on the monotonic clock.
"""

from __future__ import annotations

from axisd.ports import Clock


class Pulse:
    """Last beats by part. `expect` names the parts whose silence means trouble."""

    def __init__(self, clock: Clock, *, stale: float = 20.0) -> None:
        self._clock = clock
        self._stale = stale
        self._beats: dict[str, float] = {}
        self._expected: set[str] = set()

    def expect(self, part: str) -> None:
        self._expected.add(part)
        self.beat(part)

    def forget(self, part: str) -> None:
        self._expected.discard(part)

    def beat(self, part: str) -> None:
        self._beats[part] = self._clock.monotonic()

    def silent(self) -> list[str]:
        """Expected parts whose last beat is too old."""
        now = self._clock.monotonic()
        return sorted(
            part for part in self._expected if now - self._beats.get(part, now) > self._stale
        )
