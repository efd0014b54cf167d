"""Sealing evidence: its place in the chain, and the signed receipt where somebody must be told.

The receipt is composed first, with its position and the hash of the entry before; then it is signed;
then its digest goes into the entry's own content. So the chain binds every receipt, and every receipt
names its place in the chain. This is the hot path of the axis: pure computation, called for a whole
group of evidence from a worker thread. Verifying is in `receiptproof`, its names are repeated here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from axisd.core.calendar import DEFAULT_CALENDAR, Calendar
from axisd.core.chain import canonical, link
from axisd.core.evidence import Entry, Evidence, Head, Receipt
from axisd.core.receiptform import NAMESPACE, compose
from axisd.core.receiptproof import ReceiptVerdict, verify_receipt
from axisd.core.signing import SigningKey
from axisd.core.view import Axis

__all__ = ["NAMESPACE", "ReceiptVerdict", "Sealer", "verify_receipt"]

_DECLARATION: Final = b'<?xml version="1.0" encoding="UTF-8"?>\n'
_END: Final = b"</Receipt>"


def legal_time_of(evidence: Evidence, calendar: Calendar) -> datetime:
    """What `evidence.at` counts for (QC Điều 10.2), by the office hours of the side that it happened to.

    That is the agency in whose inbox a delivery lies, and for what happened to a submission its sender.
    """
    to = evidence.recipient
    agency = evidence.facts.sender if to is None else to.inbox or to.organ
    return calendar.legal_time(evidence.at, agency)


class Sealer:
    """Turns evidence into entries and receipts. Immutable, safe to use from several threads.

    `calendar`: whose office hours make legal time out of wire time.
    """

    def __init__(self, axis: Axis, key: SigningKey, calendar: Calendar = DEFAULT_CALENDAR) -> None:
        self._axis = axis
        self._key = key
        self._calendar = calendar

    def seal_group(
        self, evidences: Sequence[Evidence], head: Head
    ) -> tuple[list[Entry], list[Receipt]]:
        """Entries that follow `head`, in the order given, and the receipts about some of them."""
        entries: list[Entry] = []
        receipts: list[Receipt] = []
        position, previous = head.position, head.hash
        for evidence in evidences:
            entry, receipt = self.seal(evidence, position + 1, previous)
            entries.append(entry)
            if receipt is not None:
                receipts.append(receipt)
            position, previous = entry.position, entry.hash
        return entries, receipts

    def seal(
        self, evidence: Evidence, position: int, previous_hash: str
    ) -> tuple[Entry, Receipt | None]:
        """The entry at `position`, after the entry with `previous_hash`; a receipt if `receipt_to` is set."""
        legal_at = legal_time_of(evidence, self._calendar)
        receipt = self._receipt(evidence, position, previous_hash, legal_at)
        digest = f"sha256:{hashlib.sha256(receipt.body).hexdigest()}" if receipt else None
        content = canonical(evidence, position, digest, legal_at)
        entry = Entry(
            position=position,
            id=evidence.id,
            event=evidence.event,
            at=evidence.at,
            submission_id=evidence.facts.submission_id,
            delivery_id=evidence.delivery_id,
            content=content,
            hash=link(previous_hash, content),
        )
        return entry, receipt

    def _receipt(
        self, evidence: Evidence, position: int, previous_hash: str, legal_at: datetime
    ) -> Receipt | None:
        if evidence.receipt_to is None:
            return None
        content = compose(evidence, self._axis, position, previous_hash, legal_at)
        # Canonical octets are a document themselves; the Signature goes in as the root's last child.
        signature = self._key.signature(content)
        body = b"".join((_DECLARATION, content.removesuffix(_END), signature, _END))
        return Receipt(
            id=evidence.id,
            position=position,
            event=evidence.event,
            submission_id=evidence.facts.submission_id,
            document_id=evidence.facts.document_id,
            to=evidence.receipt_to,
            body=body,
        )
