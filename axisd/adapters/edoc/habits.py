"""Clients that send what they did not mean, noticed by their calls.

The Java SDK keeps the headers of its first call for the life of its process: `docid` and `type` may be those
of an earlier call, or missing. That cannot be cured here; its operator can restart it. Nothing is refused
because of a habit, and nothing is remembered but the last docId of each account and operation.
"""

from __future__ import annotations

from typing import Final

PATIENCE: Final = 6
"""Calls: so many times the same docId in a row is no retry any more: the SDK repeats a failed call four times."""


class Repetition:
    """Counts how often in a row each account names one message in one operation."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], tuple[int, int]] = {}

    def again(self, account: str, operation: str, number: int) -> bool:
        """Whether this call makes it a habit: True for the call that does, and for each one after it."""
        last, times = self._last.get((account, operation), (0, 0))
        times = times + 1 if last == number else 1
        self._last[account, operation] = number, times
        return times >= PATIENCE
