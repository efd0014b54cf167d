"""Keeps what is about one document in order on its way to one destination, although many rows are under way.

A document leaves before the statuses and updates about it, and these in the order in which they were handed in;
only what is about different documents leaves at the same time. `OutboxRow.behind` holds what the ledger knows
of that across restarts; this holds the rest, in memory: which rows of a document were taken up and have not left
yet, on their way or put off. A row that an operator holds, or that was withdrawn, is forgotten.
Bounded by the rows that the schedule holds. Pure but for its own state.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from axisd.core.records import Parcel

SOON: Final = timedelta(seconds=0.1)
"""How long a row waits at a time for one that is under way."""

_Key = tuple[str, str]


class InOrder:
    """By destination and DocumentId: rows that were taken up and not accounted for. The value of each: when it
    is tried again, None while it is under way."""

    def __init__(self) -> None:
        self._rows: dict[_Key, dict[str, datetime | None]] = {}
        self._keys: dict[str, _Key] = {}

    def enter(self, parcel: Parcel, now: datetime) -> datetime | None:
        """None: `parcel` may leave, and counts as under way. Else when to ask again: an earlier one of the same
        document has not left yet."""
        row = parcel.row
        key = row.destination, parcel.facts.document_id
        rows = self._rows.setdefault(key, {})
        earlier = min((other for other in rows if other < row.id), default=None)
        if earlier is not None:
            again = rows[earlier]
            return max(again, now) + SOON if again is not None else now + SOON
        rows[row.id] = None
        self._keys[row.id] = key
        return None

    def put_off(self, row_id: str, until: datetime) -> None:
        """It did not leave; what comes behind it waits too."""
        if key := self._keys.get(row_id):
            self._rows[key][row_id] = until

    def forget(self, row_id: str) -> None:
        """It left, ended, or is no longer there; does nothing for one that never entered."""
        if key := self._keys.pop(row_id, None):
            rows = self._rows[key]
            del rows[row_id]
            if not rows:
                del self._rows[key]
