from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from axisd.core.advance import Means, Sent, advance
from axisd.core.envelope import Business, Document, ResponseFor
from axisd.core.history import Watch
from axisd.core.records import Change, Known
from axisd.core.replies import answers
from axisd.core.retry import Backoff
from axisd.core.submission import Door
from axisd.core.zone import VIETNAM, day_of
from tests.support.book import Book
from tests.support.values import (
    COMMUNE,
    FINANCE,
    HEALTH,
    MINISTRY,
    NOW,
    OFFICE,
    document,
    inspected,
    parcel,
    status,
    view,
)

ASKED = "000.00.11.H53,2026/01/05,1/STC"
BY = "2026/01/08"
LATER = NOW + timedelta(days=1)


def asked(book: Book, *to: str) -> None:
    """FINANCE asks for a reply, and the copies are where they should be."""
    book.settle(inspected(document(*to, due_date=BY)))
    for item in list(book.deliveries.values()):
        known = Known()
        known.add(item)
        means = Means(Backoff(), 0.0, book.mint, NOW, book.view)
        book.take_in(advance(parcel(item.delivery, facts=item.facts), Sent(), known, means))


def reply(
    sender: str = HEALTH,
    of: str = FINANCE,
    about: str = ASKED,
    document_id: str = "000.00.12.H53,2026/01/06,9/TL",
) -> Document:
    made = document(FINANCE, sender=sender, document_id=document_id)
    return replace(made, responses_for=(ResponseFor(of, "1/STC-NS", about, "2026/01/05"),))


def answered(book: Book, made: Document, now: datetime = LATER, **changes: object) -> Change:
    accounts = {HEALTH: "health", OFFICE: "office", FINANCE: "finance"}
    account = accounts.get(made.sender.organ_id)
    if account is None:
        changes |= {"door": Door.NATIONAL}
    return book.settle(inspected(made, account=account, **changes), now=now)  # type: ignore[arg-type]


def watch_of(book: Book, recipient: str = HEALTH) -> Watch:
    (found,) = (
        item.delivery.watch
        for item in book.deliveries.values()
        if item.delivery.identity.recipient == recipient
        and item.delivery.identity.document_id == ASKED
    )
    return found


def test_a_document_that_asks_for_a_reply_waits_for_it() -> None:
    book = Book()
    asked(book, HEALTH)
    assert watch_of(book).reply_due == datetime(2026, 1, 8, 17, tzinfo=VIETNAM)
    record = book.changes[0].submission
    assert record is not None
    assert record.due_date == BY


def test_a_reply_ends_the_wait() -> None:
    book = Book()
    asked(book, HEALTH, OFFICE)
    change = answered(book, reply())
    assert watch_of(book).reply_due is None
    assert watch_of(book, OFFICE).reply_due is not None
    assert len(change.evidence) == 1, "nothing but its own acceptance"


def test_the_code_by_which_the_issuer_is_named_may_be_its_twin() -> None:
    book = Book()
    asked(book, HEALTH)
    answered(book, reply(of="H53.11"))
    assert watch_of(book).reply_due is None


def test_the_office_that_received_it_may_reply_for_a_commune() -> None:
    book = Book()
    asked(book, COMMUNE)
    answered(book, reply(sender=OFFICE))
    assert watch_of(book, COMMUNE).reply_due is None


@pytest.mark.parametrize(
    "made",
    [
        reply(sender=OFFICE),
        reply(about="another document"),
        reply(of=OFFICE),
        replace(reply(), responses_for=()),
        replace(reply(), business=replace(reply().business, business=Business.RECALL)),
    ],
    ids=["by a stranger", "to another", "of another issuer", "to nothing", "a recall"],
)
def test_nothing_else_ends_it(made: Document) -> None:
    book = Book()
    asked(book, HEALTH)
    answered(book, made)
    assert watch_of(book).reply_due is not None


def test_over_the_national_axis_nobody_replies_for_an_agency_of_ours() -> None:
    book = Book()
    asked(book, HEALTH, MINISTRY)
    answered(book, reply(sender=MINISTRY, document_id="G14,2026/01/06,1"))
    assert watch_of(book, MINISTRY).reply_due is None
    forged = reply(sender=HEALTH)
    book.settle(inspected(forged, account=None, door=Door.NATIONAL), now=LATER)
    assert watch_of(book, HEALTH).reply_due is not None


def test_a_reply_that_comes_too_late_is_told_as_late() -> None:
    book = Book()
    asked(book, HEALTH)
    change = answered(book, reply(), now=NOW + timedelta(days=10))
    codes = [e.refusal.code for e in change.evidence if e.refusal is not None]
    assert codes == ["arrival-overdue", "registration-overdue", "reply-overdue"]
    assert watch_of(book).reply_due is None
    assert watch_of(book).next_due is None


def test_a_second_reply_changes_nothing() -> None:
    book = Book()
    asked(book, HEALTH)
    answered(book, reply())
    before = watch_of(book)
    change = answered(book, reply(document_id="another one"))
    assert change.updates == ()
    assert watch_of(book) == before


def test_a_status_answers_no_document() -> None:
    assert answers(status(), view(), day_of(NOW)) == set()
