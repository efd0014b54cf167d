"""Vectors of the reasons that come of what the ledger knows: short lives of documents, made of values.

Each leads to one `Reason` through the decisions that a submission goes through; `LIVES` has them by code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from axisd.core.advance import Means, Sent, advance
from axisd.core.envelope import (
    Business,
    BusinessInfo,
    Document,
    Envelope,
    Receiver,
    Replacement,
    Status,
)
from axisd.core.reasons import Refusal
from axisd.core.records import Change, Known
from axisd.core.retry import Backoff
from axisd.core.submission import Door
from tests.support.book import Book
from tests.support.values import (
    DOOR,
    FINANCE,
    HEALTH,
    MINISTRY,
    NOW,
    OFFICE,
    document,
    inspected,
    parcel,
    status,
)

ACCOUNTS: Final = {FINANCE: "finance", HEALTH: "health", OFFICE: "office", DOOR: "door"}
DOCUMENT_ID: Final = document().document_id
UPDATE_ID: Final = "000.00.11.H53,2026/01/06,2/STC"


def said(book: Book, made: Envelope, **changes: Any) -> Change:
    """`made` comes in from whoever says it: over its account, or the national axis."""
    account = ACCOUNTS.get(made.sender.organ_id)
    if account is None:
        changes = {"door": Door.NATIONAL} | changes
    return book.settle(inspected(made, account=account, **changes))


def confirmed(book: Book) -> None:
    """The broker, or the national axis, takes everything that waits."""
    for item in list(book.deliveries.values()):
        if item.delivery.id in book.outbox:
            known = Known()
            known.add(item)
            means = Means(Backoff(), 0.0, book.mint, NOW, book.view)
            book.take_in(advance(parcel(item.delivery, facts=item.facts), Sent(), known, means))


def sent(*to: str, **changes: Any) -> Book:
    """FINANCE's document, with its copies in the inboxes."""
    book = Book()
    said(book, document(*to, **changes))
    confirmed(book)
    return book


def recall(*to: str, **changes: Any) -> Document:
    """FINANCE takes its document back."""
    return document(*to, business=Business.RECALL, **changes)


def update(*to: str, old: str = "", receivers: Mapping[str, str] = {}, **changes: Any) -> Document:
    """FINANCE changes its document; `receivers`: "0" for dropped or "1" for added, by organ."""
    listed = tuple(Receiver(organ, kind) for organ, kind in receivers.items())
    info = BusinessInfo(Business.UPDATE, document_id=old or DOCUMENT_ID, receivers=listed)
    made = document(*to, **{"document_id": UPDATE_ID, "number": "2"} | changes)
    return replace(made, business=info)


def replacement(*to: str, of: Mapping[str, tuple[str, ...]], **changes: Any) -> Document:
    """FINANCE replaces documents: for which organs, by DocumentId."""
    listed = tuple(Replacement(document_id, organs) for document_id, organs in of.items())
    info = BusinessInfo(Business.REPLACE, replacements=listed)
    made = document(*to, **{"document_id": UPDATE_ID, "number": "2"} | changes)
    return replace(made, business=info)


def told(change: Change) -> Iterator[Refusal]:
    """Every refusal that the evidence of a settlement tells."""
    for evidence in change.evidence:
        yield from evidence.warnings
        if evidence.refusal is not None:
            yield evidence.refusal
        for outcome in evidence.recipients:
            yield from (found for found in (outcome.refusal, outcome.note) if found is not None)


def _life(*steps: Envelope, placed: bool = True) -> Callable[[], Iterator[Refusal]]:
    """FINANCE's document to HEALTH, in its inbox or still waiting, and what is said after it."""

    def lead() -> Iterator[Refusal]:
        book = Book()
        said(book, document(HEALTH))
        if placed:
            confirmed(book)
        for step in steps:
            yield from told(said(book, step))

    return lead


def _of_update(made: Status) -> Status:
    return replace(made, about=replace(made.about, document_id=UPDATE_ID))


_AGREES: Final = status("15", description="Đã hủy bản điện tử")
_REFUSES: Final = status("16", description="Đã xử lý xong")

LIVES: Final[Mapping[str, Callable[[], Iterator[Refusal]]]] = {
    "status-not-recipient": _life(status("03", sender=OFFICE)),
    "recall-not-sender": _life(recall(HEALTH, sender=OFFICE)),
    "recall-early": _life(recall(OFFICE)),
    "recall-closed": _life(status("02", description="Sai nơi nhận"), recall(HEALTH)),
    "recall-not-asked": _life(_AGREES),
    "document-recalled": _life(recall(HEALTH), document(OFFICE)),
    "update-unknown": _life(update(HEALTH, old="unknown")),
    "update-not-sender": _life(update(HEALTH, sender=OFFICE)),
    "update-id-reused": _life(update(HEALTH), update(HEALTH, number="3")),
    "unmatched": _life(status("03", document_id="unknown")),
    "number-repeated": _life(document(HEALTH, document_id="another")),
    "recipient-untold": lambda: told(
        said(sent(HEALTH, MINISTRY), update(HEALTH, receivers={MINISTRY: "0"}))
    ),
    "withdrawn": _life(recall(HEALTH), placed=False),
    "recall-asked": _life(recall(HEALTH)),
    "recall-agreed": _life(recall(HEALTH), _AGREES),
    "recall-refused": _life(recall(HEALTH), _REFUSES),
    "change-agreed": _life(update(HEALTH), _of_update(_AGREES)),
    "change-refused": _life(update(HEALTH), _of_update(_REFUSES)),
    "recipient-dropped": _life(update(OFFICE, receivers={HEALTH: "0"})),
}
