"""What the ledger remembers of one document, as it is read: rows, oldest first. What they tell is in `trace`."""

from __future__ import annotations

from dataclasses import dataclass

from axisd.core.evidence import Entry, Receipt
from axisd.core.history import Link, Recall, StatusRecord
from axisd.core.mailbox import MailboxMark
from axisd.core.records import Delivery, SubmissionRecord


@dataclass(frozen=True, slots=True)
class Timeline:
    """Everything about one document, oldest first. `links`: what it is to earlier documents, and later
    ones to it; `related`: those documents, as far as they are known here. `mailbox`: how
    those of the deliveries stand that lie in one."""

    submissions: tuple[SubmissionRecord, ...]
    deliveries: tuple[Delivery, ...]
    entries: tuple[Entry, ...]
    receipts: tuple[Receipt, ...]
    statuses: tuple[StatusRecord, ...] = ()
    links: tuple[Link, ...] = ()
    recalls: tuple[Recall, ...] = ()
    related: tuple[SubmissionRecord, ...] = ()
    mailbox: tuple[MailboxMark, ...] = ()
