"""What fetching an item of a mailbox and marking it do to its delivery, its evidence and a recall."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisd.core.handover import fetched, marked, said_cause
from axisd.core.history import RecallOutcome
from axisd.core.lifecycle import DeliveryState
from axisd.core.mailbox import LONGEST_CAUSE, ItemState
from axisd.core.reasons import Event
from axisd.core.records import Change, KnownDelivery
from tests.support.book import Book
from tests.support.life_vectors import recall, said, update
from tests.support.values import DOOR, FINANCE, HEALTH, NOW, document, inspected, status

S, I = DeliveryState, ItemState  # noqa: E741 - beside S
LATER = NOW + timedelta(hours=1)
WORDS = st.sampled_from((I.PROCESSING, I.DONE, I.FAIL))


def mailbox(*to: str) -> Book:
    """FINANCE's document to an agency behind a door."""
    book = Book()
    said(book, document(*(to or (DOOR,))))
    return book


def item(book: Book, business: str = "new") -> KnownDelivery:
    (found,) = (
        one
        for one in book.deliveries.values()
        if one.delivery.identity.recipient == DOOR and one.facts.business == business
    )
    return found


def fetch(book: Book, now: datetime = LATER) -> Change:
    change = fetched([item(book)], now)
    book.take_in(change)
    return change


def mark(book: Book, state: ItemState, cause: str = "", now: datetime = LATER) -> Change:
    change = marked([item(book)], state, cause, view=book.view, mint=book.mint, now=now)
    book.take_in(change)
    return change


def stands(book: Book) -> tuple[ItemState, DeliveryState]:
    found = item(book)
    assert found.mailbox is not None
    return found.mailbox.state, found.delivery.state


def told(change: Change) -> Sequence[tuple[str, str, str | None]]:
    return [(e.event, e.refusal.code if e.refusal else "", e.receipt_to) for e in change.evidence]


# fetching


def test_the_first_fetch_is_noted_and_another_changes_nothing() -> None:
    book = mailbox()
    fetch(book)
    found = item(book).mailbox
    assert found is not None
    assert (found.state, found.at, found.fetched_at) == (I.PROCESSING, LATER, LATER)
    assert fetch(book, LATER + timedelta(hours=1)) == Change()


def test_fetching_leaves_the_delivery_and_its_deadlines_alone_until_done() -> None:
    book = mailbox()
    before = item(book).delivery
    fetch(book)
    assert item(book).delivery == before


@pytest.mark.parametrize("state", [I.DONE, I.FAIL])
def test_what_was_marked_without_being_fetched_keeps_its_state_when_it_is_fetched(
    state: ItemState,
) -> None:
    book = mailbox()
    mark(book, state)
    fetch(book)
    found = item(book).mailbox
    assert found is not None
    assert (found.state, found.fetched_at) == (state, LATER)


# marking


def test_done_hands_over_with_evidence_and_a_receipt_and_counts_as_arrival() -> None:
    book = mailbox()
    fetch(book)
    change = mark(book, I.DONE)
    assert stands(book) == (I.DONE, S.HANDED_OVER)
    assert told(change) == [(Event.CONTENT_HANDOVER, "", FINANCE)]
    assert [row.destination for row in change.outbox] == [f"receipts:{FINANCE}"]
    assert change.evidence[0].recipient is not None
    assert change.evidence[0].recipient.outcome == "done"
    assert item(book).delivery.watch.arrived_at == LATER


def test_fail_keeps_the_item_with_its_cause_and_tells_the_sender_once() -> None:
    book = mailbox()
    fetch(book)
    change = mark(book, I.FAIL, "disk full")
    found = item(book)
    assert found.mailbox is not None
    assert (found.mailbox.state, found.mailbox.cause) == (I.FAIL, "disk full")
    assert (found.delivery.state, found.delivery.reason) == (S.SENT, "handover-failed")
    assert told(change) == [(Event.CONTENT_HANDOVER_FAILURE, "handover-failed", FINANCE)]
    refusal = change.evidence[0].refusal
    assert refusal is not None
    assert "disk full" in refusal.text("en")
    assert "disk full" in refusal.text("vi")
    assert mark(book, I.FAIL, "disk full") == Change()


def test_a_later_cause_is_noted_but_not_told_again() -> None:
    book = mailbox()
    mark(book, I.FAIL, "disk full")
    change = mark(book, I.FAIL, "still full")
    assert not change.evidence
    found = item(book).mailbox
    assert found is not None
    assert found.cause == "still full"


def test_a_failure_without_a_cause_says_so_in_both_languages() -> None:
    (evidence,) = mark(mailbox(), I.FAIL).evidence
    assert evidence.refusal is not None
    assert "no cause given" in evidence.refusal.text("en")
    assert "không nêu nguyên nhân" in evidence.refusal.text("vi")


def test_done_after_fail_hands_over_and_forgets_the_cause() -> None:
    book = mailbox()
    mark(book, I.FAIL, "disk full")
    change = mark(book, I.DONE)
    found = item(book)
    assert found.mailbox is not None
    assert (stands(book), found.mailbox.cause) == ((I.DONE, S.HANDED_OVER), "")
    assert found.delivery.reason == ""
    assert told(change) == [(Event.CONTENT_HANDOVER, "", FINANCE)]


@pytest.mark.parametrize("late", [I.PROCESSING, I.FAIL, I.DONE])
def test_nothing_opens_a_finished_item_again(late: ItemState) -> None:
    book = mailbox()
    mark(book, I.DONE)
    assert mark(book, late, "too late") == Change()
    assert stands(book) == (I.DONE, S.HANDED_OVER)


def test_a_late_processing_does_not_hide_a_failure() -> None:
    book = mailbox()
    mark(book, I.FAIL, "disk full")
    assert mark(book, I.PROCESSING) == Change()


def test_done_after_the_recipients_own_status_is_not_told_twice() -> None:
    book = mailbox()
    fetch(book)
    said(book, status("01", sender=DOOR))
    change = mark(book, I.DONE)
    assert (stands(book), list(change.evidence)) == ((I.DONE, S.HANDED_OVER), [])


def test_done_does_not_take_back_a_refusal() -> None:
    book = mailbox()
    fetch(book)
    said(book, status("02", sender=DOOR, description="Sai thẩm quyền"))
    mark(book, I.DONE)
    assert stands(book) == (I.DONE, S.REJECTED)
    assert item(book).delivery.reason == "recipient-refused"


def test_a_status_in_a_mailbox_is_handed_over_too() -> None:
    book = Book()
    said(book, document(HEALTH, sender=DOOR))
    change = said(book, status("01", sender=HEALTH, about=DOOR))
    (delivery,) = change.deliveries
    known = book.deliveries[delivery.id]
    done = marked([known], I.DONE, "", view=book.view, mint=book.mint, now=LATER)
    assert told(done) == [(Event.CONTENT_HANDOVER, "", HEALTH)]


@given(st.lists(WORDS, max_size=6))
def test_whatever_is_said_in_whatever_order_done_stands_and_each_outcome_is_told_once(
    words: list[ItemState],
) -> None:
    book = mailbox()
    events = [e.event for word in words for e in mark(book, word, "cause").evidence]
    assert len(events) == len(set(events)) <= 2
    state, delivery = stands(book)
    if I.DONE in words:
        assert (state, delivery) == (I.DONE, S.HANDED_OVER)
    elif I.FAIL in words:
        assert (state, delivery) == (I.FAIL, S.SENT)
    else:
        assert (state, delivery) == (I.PROCESSING if words else I.INITIAL, S.SENT)


def test_a_cause_is_one_bounded_line_that_can_be_shown() -> None:
    assert said_cause(" a\r\n\tb \x00c ") == "a b \ufffdc"
    assert len(said_cause("x" * 10_000)) == LONGEST_CAUSE
    assert said_cause("không mở được tệp") == "không mở được tệp"


# recalls and dropped recipients


def test_what_nobody_fetched_is_withdrawn_by_a_recall_and_out_of_the_mailbox() -> None:
    book = mailbox()
    said(book, recall(DOOR))
    assert stands(book) == (I.WITHDRAWN, S.WITHDRAWN)
    assert fetch(book) == Change()
    assert mark(book, I.DONE) == Change()


@pytest.mark.parametrize("taken", [I.PROCESSING, I.FAIL])
def test_what_was_fetched_or_spoken_of_is_asked_back(taken: ItemState) -> None:
    book = mailbox()
    mark(book, taken, "cause")
    change = said(book, recall(DOOR))
    found = item(book)
    assert found.recall is not None
    assert (stands(book), found.recall.outcome) == ((taken, S.SENT), RecallOutcome.ASKED)
    assert Event.CONTENT_HANDOVER_FAILURE not in [e.event for e in change.evidence]


def test_what_is_fetched_in_the_transaction_of_its_recall_is_asked_back() -> None:
    book = mailbox()
    known = book.known_all()
    known.learn(fetched([item(book)], NOW))
    change = book.decide(inspected(recall(DOOR)), known)
    assert [(r.outcome) for r in change.recalls] == [RecallOutcome.ASKED]


def test_what_was_given_back_leaves_the_mailbox_unless_it_was_done() -> None:
    for done in (False, True):
        book = mailbox()
        fetch(book)
        if done:
            mark(book, I.DONE)
        said(book, recall(DOOR))
        said(book, status("15", sender=DOOR))
        assert stands(book) == (I.DONE if done else I.WITHDRAWN, S.RECALLED)


def test_a_dropped_recipients_unfetched_copy_leaves_its_mailbox() -> None:
    book = mailbox(HEALTH, DOOR)
    said(book, update(HEALTH, receivers={DOOR: "0"}))
    assert stands(book) == (I.WITHDRAWN, S.WITHDRAWN)


# receipts of agencies behind doors


def test_an_agency_behind_a_door_is_answered_by_sealed_receipts_that_do_not_leave() -> None:
    book = Book()
    accepted = said(book, document(HEALTH, sender=DOOR))
    assert accepted.evidence[0].receipt_to == DOOR
    assert [row.destination for row in accepted.outbox] == [f"local:{HEALTH}"]
    again = said(book, document(HEALTH, sender=DOOR))
    assert again.submission is not None
    assert (again.submission.duplicate_of, again.resend) == (
        accepted.evidence[0].facts.submission_id,
        (),
    )
    said(book, status("01", sender=HEALTH, about=DOOR))
    assert not [row for row in book.outbox.values() if row.destination == f"receipts:{DOOR}"]
    assert [e for e in book.evidence if e.receipt_to == DOOR], "sealed all the same"
