"""What was just written and is about to leave, so that it need not be read back.

Most rows of the outbox leave a few milliseconds after they were written, by the process that wrote them.
Their parcels are kept here from the commit until they are asked for, once, and only within a bound of
bytes: whatever is not here is read from the database. Nothing is here that is not durable, and nothing
that a later transaction touches stays: it is forgotten before that transaction is written, so that a
commit whose outcome is not known leaves nothing wrong behind. Bodies are checked against their digests
like those that were read.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from axisd.adapters.ledger.outbox import OutboxEffect
from axisd.adapters.ledger.reading import Loose
from axisd.core.evidence import Facts
from axisd.core.records import OutboxKind, OutboxRow, Records

BYTES: Final = 8 * 1024 * 1024
"""Bodies that are kept at most; the oldest go first."""
_SUBMISSIONS: Final = 512
"""Submissions whose facts are remembered for the receipts that come later."""


class Fresh:
    """By row id, oldest first."""

    def __init__(self, size: int = BYTES) -> None:
        self._most = size
        self._size = 0
        self._parcels: dict[str, Loose] = {}
        self._facts: dict[str, Facts] = {}

    def take(self, ids: Iterable[str]) -> dict[str, Loose]:
        """What is here of `ids`. It is handed out once: whoever tries again reads."""
        taken = {}
        for key in ids:
            parcel = self._parcels.pop(key, None)
            if parcel is not None:
                self._size -= _size(parcel)
                taken[key] = parcel
        return taken

    def forget(self, records: Records) -> None:
        """Drops whatever `records` may change. Call it before they are written."""
        for change in records.changes:
            self.take(change.done)
            for touched in (change.outbox, change.resend, change.deferrals, change.updates):
                self.take(item.id for item in touched)

    def keep(self, records: Records) -> None:
        """Takes in what `records` put into the outbox. Call it when they are durable."""
        for change in records.changes:
            if change.submission is not None:
                self._remember(change.submission.facts)
        effect = OutboxEffect.of(records.changes)
        updated = {update.id for change in records.changes for update in change.updates}
        parcels = _Announced(records, self._facts)
        for row in effect.new.values():
            # Whether the row in front of it has left is in the database alone.
            if row.held or row.behind or row.id in effect.deferred or row.id in updated:
                continue
            parcel = parcels.of(row)
            if parcel is not None:
                self._parcels[row.id] = parcel
                self._size += _size(parcel)
        while self._size > self._most:
            self.take([next(iter(self._parcels))])

    def _remember(self, facts: Facts) -> None:
        self._facts[facts.submission_id] = facts
        if len(self._facts) > _SUBMISSIONS:
            del self._facts[next(iter(self._facts))]


class _Announced:
    """What the rows of one group of changes stand for, as far as the group itself has it."""

    def __init__(self, records: Records, facts: dict[str, Facts]) -> None:
        changes = records.changes
        self._facts = facts
        self._deliveries = {one.id: one for change in changes for one in change.deliveries}
        self._bodies = {
            change.payload.digest: change.payload.body
            for change in changes
            if change.payload is not None
        }
        self._receipts = {receipt.id: receipt for receipt in records.receipts}

    def of(self, row: OutboxRow) -> Loose | None:
        if row.kind is OutboxKind.RECEIPT:
            receipt = self._receipts.get(row.id)
            facts = self._facts.get(receipt.submission_id) if receipt else None
            return Loose(row, None, facts, receipt=receipt) if facts else None
        delivery = self._deliveries.get(row.id)
        if delivery is None:
            return None
        body, facts = self._bodies.get(delivery.digest), self._facts.get(delivery.submission_id)
        return Loose(row, body, facts, delivery=delivery) if facts and body is not None else None


def _size(parcel: Loose) -> int:
    return len(parcel.receipt.body if parcel.receipt is not None else parcel.body or b"")
