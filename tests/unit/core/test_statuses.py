from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisd.core.envelope import Business, Status
from axisd.core.lifecycle import DeliveryState
from axisd.core.reasons import Event
from axisd.core.records import Change
from axisd.core.submission import Door
from tests.support.book import Book
from tests.support.life_vectors import confirmed, said
from tests.support.values import (
    CLOSED,
    COMMUNE,
    DOOR,
    FINANCE,
    HEALTH,
    MINISTRY,
    MINISTRY_TWIN,
    NOW,
    OFFICE,
    agency,
    directory,
    document,
    inspected,
    status,
    system,
    view,
)

S = DeliveryState


def sent(book: Book, *to: str, **changes: object) -> None:
    """FINANCE's document, with its copies in the inboxes."""
    book.settle(inspected(document(*to, **changes)))  # type: ignore[arg-type]
    confirmed(book)


def reported(book: Book, made: Status, **changes: object) -> Change:
    """`made` comes in from whoever says it."""
    return said(book, made, **changes)


def why(change: Change) -> str:
    """The code of the refusal; "" if it was accepted."""
    assert change.submission is not None
    return change.submission.reason


def witnessed(change: Change) -> list[Event]:
    """The evidence beside the status's own acceptance."""
    return [evidence.event for evidence in change.evidence[1:]]


@pytest.mark.parametrize("code", ["01", "03", "04", "05", "06"])
def test_a_word_of_progress_hands_the_document_over_and_tells_its_sender(code: str) -> None:
    book = Book()
    sent(book, HEALTH)
    change = reported(book, status(code))
    assert book.delivery(HEALTH).state is S.HANDED_OVER
    assert book.delivery(HEALTH).status == code
    evidence = change.evidence[1]
    assert evidence.event is Event.CONTENT_HANDOVER
    assert (evidence.delivery_id, evidence.receipt_to) == (book.delivery(HEALTH).id, FINANCE)
    assert evidence.facts.kind == "document"
    assert evidence.id in {row.id for row in change.outbox}
    assert book.outbox[evidence.id].destination == f"receipts:{FINANCE}"


def test_handing_over_is_witnessed_once_however_many_words_follow() -> None:
    book = Book()
    sent(book, HEALTH)
    events = [
        event
        for code in ("01", "03", "04", "05", "06")
        for event in witnessed(reported(book, status(code)))
    ]
    assert events == [Event.CONTENT_HANDOVER]
    assert book.delivery(HEALTH).status == "06"


def test_a_refusal_is_witnessed_with_its_words_and_told_to_the_sender() -> None:
    book = Book()
    sent(book, HEALTH)
    change = reported(book, status("02", description="Không thuộc thẩm quyền"))
    made = book.delivery(HEALTH)
    assert (made.state, made.status, made.reason) == (S.REJECTED, "02", "recipient-refused")
    evidence = change.evidence[1]
    assert evidence.event is Event.CONSIGNMENT_REJECTION
    assert evidence.refusal is not None
    assert "Không thuộc thẩm quyền" in evidence.refusal.text("vi")
    assert evidence.receipt_to == FINANCE


def test_a_refusal_after_taking_still_counts() -> None:
    book = Book()
    sent(book, HEALTH)
    reported(book, status("03"))
    assert witnessed(reported(book, status("02", description="Sai nơi nhận"))) == [
        Event.CONSIGNMENT_REJECTION
    ]
    assert book.delivery(HEALTH).state is S.REJECTED


def test_after_a_refusal_nothing_takes_it_back() -> None:
    book = Book()
    sent(book, HEALTH)
    reported(book, status("02", description="Sai nơi nhận"))
    change = reported(book, status("03"))
    assert (book.delivery(HEALTH).state, book.delivery(HEALTH).status) == (S.REJECTED, "02")
    assert witnessed(change) == []
    assert change.deliveries, "the status itself is forwarded all the same"
    assert book.history(HEALTH) == ["02", "03"]


def test_statuses_may_come_in_any_order() -> None:
    for order in permutations(["01", "03", "06"]):
        book = Book()
        sent(book, HEALTH)
        for code in order:
            reported(book, status(code))
        assert (book.delivery(HEALTH).state, book.delivery(HEALTH).status) == (S.HANDED_OVER, "06")


def test_a_status_before_the_mark_of_the_confirm_comes_to_the_same_and_loses_no_evidence() -> None:
    book = Book()
    book.settle(inspected(document(HEALTH)))
    assert book.delivery(HEALTH).state is S.QUEUED
    early = reported(book, status("03"))
    assert witnessed(early) == [Event.CONTENT_HANDOVER]
    assert book.delivery(HEALTH).id in book.outbox, "our own copy still has to be confirmed"
    confirmed(book)
    assert (book.delivery(HEALTH).state, book.delivery(HEALTH).status) == (S.HANDED_OVER, "03")
    about = [e.event for e in book.evidence if e.delivery_id == book.delivery(HEALTH).id]
    assert about == [Event.CONTENT_HANDOVER, Event.CONTENT_CONSIGNMENT]


def test_a_status_in_the_same_transaction_as_its_document_moves_it() -> None:
    book = Book()
    book.settle_together(inspected(document(HEALTH)), inspected(status("01"), account="health"))
    assert book.delivery(HEALTH).state is S.HANDED_OVER


def test_two_statuses_in_one_transaction_see_each_other() -> None:
    book = Book()
    sent(book, HEALTH)
    changes = book.settle_together(
        inspected(status("01"), account="health"), inspected(status("03"), account="health")
    )
    assert [witnessed(change) for change in changes] == [[Event.CONTENT_HANDOVER], []]
    assert book.delivery(HEALTH).status == "03"


def test_each_recipient_speaks_for_itself() -> None:
    book = Book()
    sent(book, HEALTH, OFFICE)
    reported(book, status("03"))
    assert book.delivery(OFFICE).state is S.SENT


def unmoved(change: Change) -> bool:
    """Whether it changed nothing but that it was refused, with evidence and payload."""
    return change == Change(
        submission=change.submission,
        payload=change.payload,
        evidence=change.evidence[:1],
        outbox=change.outbox[:1],
    ) and (change.payload is not None)


@pytest.mark.parametrize("code", ["01", "02", "03", "04", "05", "06"])
def test_a_status_of_a_stranger_is_refused_and_changes_nothing(code: str) -> None:
    book = Book()
    sent(book, HEALTH)
    change = reported(book, status(code, sender=OFFICE, description="Không phải của tôi"))
    assert why(change) == "status-not-recipient"
    assert unmoved(change)
    refusal = change.evidence[0].refusal
    assert refusal is not None
    assert refusal.at == "/edXML/edXMLEnvelope/edXMLHeader/MessageHeader/From/OrganId"
    assert book.delivery(HEALTH).state is S.SENT
    assert book.history(HEALTH) == []


def test_a_stranger_that_is_refused_may_hand_in_again_once_it_is_a_recipient() -> None:
    book = Book()
    sent(book, HEALTH)
    early = status("03", sender=OFFICE)
    assert why(reported(book, early)) == "status-not-recipient"
    sent(book, OFFICE)
    assert why(reported(book, early)) == ""
    assert book.history(OFFICE) == ["03"]


def test_a_status_about_a_document_that_nobody_knows_is_forwarded_as_unmatched() -> None:
    book = Book()
    sent(book, HEALTH)
    change = reported(book, status("03", document_id="unknown"))
    assert [d.inbox for d in change.deliveries] == [FINANCE]
    assert [w.code for w in change.evidence[0].warnings] == ["unmatched"]
    (said_,) = change.statuses
    assert (said_.delivery_id, said_.code, said_.reporter) == (None, "03", HEALTH)
    assert (said_.issuer, said_.document_id, said_.at) == (FINANCE, "unknown", NOW)
    assert book.delivery(HEALTH).state is S.SENT


def test_an_unmatched_status_is_joined_when_its_document_comes_with_the_evidence_of_what_it_says() -> (
    None
):
    book = Book()
    reported(book, status("02", description="Sai nơi nhận"))
    change = book.settle(inspected(document(HEALTH)))
    made = book.delivery(HEALTH)
    assert [j.delivery_id for j in change.joined] == [made.id]
    assert (made.state, made.status, book.history(HEALTH)) == (S.REJECTED, "02", ["02"])
    assert [e.event for e in change.evidence] == [
        Event.SUBMISSION_ACCEPTANCE,
        Event.CONSIGNMENT_REJECTION,
    ]
    assert change.evidence[1].receipt_to == FINANCE
    refusal = change.evidence[1].refusal
    assert refusal is not None
    assert "Sai nơi nhận" in refusal.text("vi")
    assert made.id in book.outbox, "our own copy still has to leave"


def test_unmatched_statuses_are_applied_in_the_order_of_time_and_each_once() -> None:
    book = Book()
    for hours, code in ((2, "03"), (1, "01"), (3, "06")):
        reported(book, status(code), received_at=NOW + timedelta(hours=hours))
    book.settle(inspected(document(HEALTH)))
    made = book.delivery(HEALTH)
    assert (made.state, made.status) == (S.HANDED_OVER, "06")
    assert made.watch.arrived_at == NOW + timedelta(hours=1)
    assert made.watch.registered_at == NOW + timedelta(hours=2)
    events = [e.event for e in book.evidence if e.delivery_id == made.id]
    assert events == [Event.CONTENT_HANDOVER]
    again = book.settle(inspected(document(HEALTH, OFFICE), b"other"))
    assert again.joined == ()


def test_an_unmatched_status_waits_on_while_the_document_goes_to_others() -> None:
    book = Book()
    reported(book, status("03"))
    first = book.settle(inspected(document(OFFICE), b"one"))
    assert first.joined == ()
    book.settle(inspected(document(HEALTH), b"two"))
    assert (book.history(OFFICE), book.history(HEALTH)) == ([], ["03"])


def test_an_unmatched_status_in_the_same_transaction_is_joined_too() -> None:
    book = Book()
    book.settle_together(inspected(status("03"), account="health"), inspected(document(HEALTH)))
    assert (book.delivery(HEALTH).status, book.history(HEALTH)) == ("03", ["03"])


def test_what_was_said_over_the_national_axis_is_not_joined_to_what_lies_in_an_inbox() -> None:
    book = Book()
    reported(book, status("03", sender=COMMUNE), addressed_to=(FINANCE,))
    book.settle(inspected(document(COMMUNE)))
    assert book.history(COMMUNE) == []
    assert book.delivery(COMMUNE).state is S.QUEUED


def test_every_word_is_kept_in_the_order_in_which_it_came() -> None:
    book = Book()
    sent(book, HEALTH)
    for code in ("06", "01", "03", "03", "05"):
        reported(book, status(code, timestamp=f"2026/01/05 08:{len(book.statuses)}0:00"))
    assert book.history(HEALTH) == ["06", "01", "03", "03", "05"]
    assert [s.words for s in book.statuses.values()] == [""] * 5
    assert book.delivery(HEALTH).status == "06"


def test_the_same_status_again_is_noted_once() -> None:
    book = Book()
    sent(book, HEALTH)
    for _ in range(2):
        reported(book, status("03"))
    assert book.history(HEALTH) == ["03"]


def test_a_status_is_noted_about_every_delivery_that_it_is_about() -> None:
    other = agency("003.02.01.H53", intake=OFFICE)
    codes, systems = [*directory(), other], directory().systems.values()
    book = Book(view(directory=directory(codes, systems)))
    sent(book, COMMUNE, other.code)
    change = reported(book, status("03", sender=OFFICE))
    about = {s.delivery_id for s in change.statuses}
    assert about == {book.delivery(COMMUNE).id, book.delivery(other.code).id}


def test_a_successor_speaks_of_what_its_predecessor_got_before_it_closed() -> None:
    book = Book()
    sent(book, OFFICE)
    codes = [
        replace(a, valid_to=NOW.date(), successor=HEALTH) if a.code == OFFICE else a
        for a in directory()
    ]
    book.view = view(directory=directory(codes, directory().systems.values()))
    reported(book, status("03"))
    assert book.history(OFFICE) == ["03"]


def test_the_same_id_of_another_sender_is_another_document() -> None:
    book = Book()
    sent(book, HEALTH)
    change = reported(book, status("03", about=OFFICE))
    assert [s.delivery_id for s in change.statuses] == [None]
    assert book.delivery(HEALTH).state is S.SENT


def test_an_intake_office_speaks_for_the_agency_that_it_receives_for() -> None:
    book = Book()
    sent(book, COMMUNE)
    reported(book, status("03", sender=OFFICE))
    assert book.delivery(COMMUNE).state is S.HANDED_OVER


def test_an_intake_office_that_got_a_copy_of_its_own_speaks_of_that_one() -> None:
    book = Book()
    sent(book, COMMUNE, OFFICE)
    reported(book, status("02", sender=OFFICE, description="Trùng"))
    assert (book.delivery(OFFICE).state, book.delivery(COMMUNE).state) == (S.REJECTED, S.SENT)


def test_a_reporter_and_an_issuer_may_be_written_with_their_twins() -> None:
    book = Book()
    sent(book, HEALTH)
    made = status("03", sender="H53.12", about="H53.11")
    book.settle(inspected(made, account="health"))
    assert book.delivery(HEALTH).state is S.HANDED_OVER


def test_a_ministry_speaks_of_its_copy_by_either_of_its_codes() -> None:
    for written, reporter in ((MINISTRY, MINISTRY_TWIN), (MINISTRY_TWIN, MINISTRY)):
        book = Book()
        sent(book, written)
        change = reported(book, status("01", sender=reporter))
        assert book.delivery(MINISTRY).state is S.HANDED_OVER
        assert change.evidence[0].event is Event.RECEIVED_FROM_NON_ERDS
        assert change.evidence[1].receipt_to == FINANCE


def test_a_successor_speaks_of_what_was_addressed_to_the_closed_code() -> None:
    book = Book()
    own = document(CLOSED, sender=HEALTH, document_id="h-1")
    book.settle(inspected(own, account="health"))
    confirmed(book)
    reported(book, status("03", sender=FINANCE, about=HEALTH, document_id="h-1"))
    assert book.delivery(FINANCE).state is S.HANDED_OVER


def test_of_a_ministrys_document_the_ministry_is_told_by_the_status_and_nobody_by_receipt() -> None:
    book = Book()
    came = document(HEALTH, sender=MINISTRY, document_id="m-1")
    handed = inspected(came, door=Door.NATIONAL, account=None, addressed_to=(HEALTH,))
    book.settle(replace(handed, sender=None))
    confirmed(book)
    change = reported(book, status("03", about=MINISTRY, document_id="m-1"))
    assert book.delivery(HEALTH).state is S.HANDED_OVER
    assert change.evidence[1].receipt_to is None
    assert {row.destination for row in change.outbox} == {
        f"receipts:{HEALTH}",
        f"national:{MINISTRY}",
    }


@pytest.mark.parametrize("code", ["01", "02"])
def test_over_the_national_axis_nobody_speaks_of_what_lies_in_our_inboxes(code: str) -> None:
    """COMMUNE has no system, so its code comes past the rule that nobody can pose as one of ours."""
    book = Book()
    sent(book, COMMUNE)
    change = reported(book, status(code, sender=COMMUNE, description="x"), addressed_to=(FINANCE,))
    assert why(change) == "status-not-recipient"
    assert (change.deliveries, change.outbox, change.updates) == ((), (), ())
    assert change.payload is not None, "it is refused, and kept"
    assert book.delivery(COMMUNE).state is S.SENT


def test_a_mailbox_is_spoken_of_like_an_inbox() -> None:
    book = Book()
    sent(book, DOOR)
    reported(book, status("01", sender=DOOR))
    assert book.delivery(DOOR).state is S.HANDED_OVER


def test_a_late_word_about_a_document_is_not_about_its_recall() -> None:
    book = Book()
    sent(book, HEALTH)
    sent(book, HEALTH, business=Business.RECALL)
    reported(book, status("04"))
    states = {
        item.facts.business: item.delivery.state
        for item in book.deliveries.values()
        if item.facts.kind == "document"
    }
    assert states == {"new": S.HANDED_OVER, "recall": S.SENT}


def test_a_status_about_a_status_moves_nothing() -> None:
    book = Book()
    first = reported(book, status("03", sender=HEALTH, about=FINANCE))
    confirmed(book)
    change = reported(book, status("03", sender=FINANCE, about=HEALTH))
    assert (change.updates, [s.delivery_id for s in change.statuses]) == ((), [None])
    assert book.deliveries[first.deliveries[0].id].delivery.state is S.SENT


@given(
    st.lists(st.sampled_from(["01", "02", "03", "04", "05", "06", "confirm"]), unique=True).flatmap(
        lambda words: st.tuples(st.just(words), st.permutations(words))
    )
)
def test_where_a_delivery_ends_does_not_depend_on_the_order_of_what_happens(
    orders: tuple[list[str], list[str]],
) -> None:
    ends = []
    for order in orders:
        book = Book()
        book.settle(inspected(document(HEALTH)))
        for word in order:
            if word == "confirm":
                confirmed(book)
            else:
                reported(book, status(word, description="lý do"))
        made = book.delivery(HEALTH)
        events = [e.event for e in book.evidence if e.delivery_id == made.id]
        ends.append((made.state, made.status))
        assert len(events) == len(set(events))
    assert ends[0] == ends[1]


# codes that closed since


CLOSES = date(2026, 1, 10)
BEFORE = datetime(2026, 1, 9, 16, 59, 59, 999_999, tzinfo=UTC)
"""The last instant of the eve, in Vietnam."""
AFTER = datetime(2026, 1, 9, 17, 0, tzinfo=UTC)


def merged(**changes: object) -> Book:
    """HEALTH becomes part of OFFICE, and FINANCE of DOOR, on the day `CLOSES`."""
    agencies = [
        agency(FINANCE, twin="H53.11", valid_to=CLOSES, successor=DOOR),
        agency(HEALTH, valid_to=CLOSES, **({"successor": OFFICE} | changes)),
        agency(OFFICE),
        agency(DOOR),
    ]
    systems = [
        system("finance", FINANCE),
        system("health", HEALTH),
        system("office", OFFICE),
        system("door", DOOR),
    ]
    return Book(view(directory=directory(agencies, systems)))


def test_who_took_over_reports_about_what_its_predecessor_received() -> None:
    book = merged()
    sent(book, HEALTH)
    early = reported(book, status("03", sender=OFFICE), received_at=BEFORE)
    assert witnessed(early) == []
    change = reported(book, status("03", sender=OFFICE, timestamp="2026/01/10"), received_at=AFTER)
    assert witnessed(change) == [Event.CONTENT_HANDOVER]
    assert book.delivery(HEALTH).status == "03"


def test_a_late_status_under_the_closed_code_itself_still_finds_its_delivery() -> None:
    book = merged()
    sent(book, HEALTH)
    assert witnessed(reported(book, status("03"), received_at=AFTER)) == [Event.CONTENT_HANDOVER]


def test_a_late_status_goes_to_the_successor_of_the_sender_and_finds_the_document_of_old() -> None:
    book = merged()
    sent(book, HEALTH)
    change = reported(book, status("03"), received_at=AFTER)
    (made,) = change.deliveries
    assert (made.identity.recipient, made.inbox, made.addressed) == (DOOR, DOOR, (FINANCE,))
    assert witnessed(change) == [Event.CONTENT_HANDOVER]


def test_a_status_that_names_the_sender_by_its_new_code_finds_the_document_of_old() -> None:
    book = merged()
    sent(book, HEALTH)
    change = reported(book, status("03", about=DOOR), received_at=AFTER)
    assert witnessed(change) == [Event.CONTENT_HANDOVER]
    early = merged()
    sent(early, HEALTH)
    assert witnessed(reported(early, status("03", about=DOOR), received_at=BEFORE)) == []


def test_a_part_of_a_split_agency_reports_about_what_the_whole_received() -> None:
    book = merged(successor=None, choices=(OFFICE, DOOR))
    sent(book, HEALTH)
    change = reported(book, status("03", sender=OFFICE), received_at=AFTER)
    assert witnessed(change) == [Event.CONTENT_HANDOVER]


def test_a_closed_agency_says_nothing_about_what_its_successor_received() -> None:
    book = merged()
    sent(book, OFFICE)
    assert witnessed(reported(book, status("03"), received_at=AFTER)) == []


def test_the_own_document_comes_before_one_of_the_same_id_by_a_predecessor() -> None:
    book = merged()
    sent(book, HEALTH, sender=DOOR)
    sent(book, HEALTH)
    reported(book, status("03", about=DOOR), received_at=AFTER)
    said = {
        item.delivery.identity.sender: item.delivery.status
        for item in book.deliveries.values()
        if item.facts.kind == "document"
    }
    assert said == {DOOR: "03", FINANCE: ""}
