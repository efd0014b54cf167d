"""Keeps what is about one document in order on its way to one destination, although many rows are under way.

A document leaves before the statuses and updates about it, and these in the order in which they were handed in,
whatever their lanes; only what is about different documents leaves at the same time. The order is that of the ids of
all rows of the destination that are in memory, on their way, put off or waiting: so a restart, after which the oldest
are read first, changes nothing. A row that an operator holds is not among them, and is overtaken.
Bounded by the rows that the schedule holds. Pure but for its own state.
"""

from __future__ import annotations

from collections.abc import Container

from axisd.core.records import OutboxRow


class InOrder:
    """The rows of one destination that are here, by the document that they are about. Rows about none (receipts)
    stand behind nothing."""

    def __init__(self) -> None:
        self._here: dict[str, dict[str, None]] = {}
        self._in_line: dict[str, dict[str, OutboxRow]] = {}

    def come(self, row: OutboxRow) -> None:
        """`row` is here now."""
        if row.about:
            self._here.setdefault(row.about, {})[row.id] = None

    def left(self, row: OutboxRow) -> None:
        """`row` is here no longer."""
        here = self._here.get(row.about, {})
        here.pop(row.id, None)
        if not here:
            self._here.pop(row.about, None)

    def must_stand(self, row: OutboxRow, under_way: Container[str]) -> bool:
        """Whether an earlier one about the same document is here, or any other is `under_way`."""
        here = self._here.get(row.about, ())
        return any(other < row.id or (other in under_way and other != row.id) for other in here)

    def stand(self, row: OutboxRow) -> None:
        """`row`, which is here, waits until `following` gives it back."""
        self._in_line.setdefault(row.about, {})[row.id] = row

    def following(self, about: str, under_way: Container[str]) -> OutboxRow | None:
        """What stood in line about this document and need not any more; it is to be asked after each change."""
        line = self._in_line.get(about)
        if not line or self.must_stand(first := line[min(line)], under_way):
            return None
        del line[first.id]
        if not line:
            del self._in_line[about]
        return first
