"""docIds: the numbers by which the API knows messages.

One number space for documents and statuses, the same number for all recipients of a message. It is a base,
above all that the older axis ever issued, plus the position in the chain of the entry with which this axis
took the message over: nothing has to be kept for it, and no two messages can meet in one number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from axisd.errors import IntegrityError

MOST: Final = 2**31 - 1
"""Clients keep docIds in 32 bits with a sign."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """`base`: the docId of position 0, which no entry has."""

    base: int

    def number(self, position: int) -> int:
        """The docId of the message whose acceptance stands at `position`.

        Raises IntegrityError when the numbers are used up: no client could read the next.
        """
        number = self.base + position
        if number > MOST:
            raise IntegrityError(f"docId {number} is beyond {MOST}: no eDoc client can read it")
        return number

    def position(self, number: int) -> int | None:
        """Where the acceptance of message `number` stands; None for a number that this axis never issued."""
        return number - self.base if self.base < number <= MOST else None
