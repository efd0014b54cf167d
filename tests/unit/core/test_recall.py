from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from axisd.core.advance import Means, Sent, advance
from axisd.core.envelope import Business, Envelope, Status
from axisd.core.evidence import Evidence
from axisd.core.history import LinkKind, Recall, RecallOutcome
from axisd.core.lifecycle import DeliveryState, SubmissionState
from axisd.core.reasons import Event
from axisd.core.records import Change, KnownDelivery, Questions
from axisd.core.retry import Backoff
from axisd.core.submission import Door
from tests.support.book import Book
from tests.support.life_vectors import confirmed, recall, replacement, said, sent, update
from tests.support.values import (
    COMMUNE,
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

S, R = DeliveryState, RecallOutcome
DOCUMENT_ID = document().document_id


def item(book: Book, recipient: str) -> KnownDelivery:
    """The document's delivery to `recipient`, not the recall's."""
    (found,) = (
        one
        for one in book.deliveries.values()
        if one.delivery.identity.recipient == recipient
        and one.facts.kind == "document"
        and one.facts.business == "new"
    )
    return found


def outcome(book: Book, recipient: str) -> RecallOutcome:
    found = item(book, recipient).recall
    assert found is not None
    return found.outcome


def state(book: Book, recipient: str) -> DeliveryState:
    return item(book, recipient).delivery.state


def codes(change: Change) -> dict[str, str]:
    """Outcome or reason of refusal by recipient, as the receipt tells."""
    return {
        o.organ: o.refusal.code if o.refusal else o.outcome for o in change.evidence[0].recipients
    }


def told(change: Change) -> list[tuple[str, str, str | None]]:
    """Event, reason and addressee of the evidence about other documents than the message itself."""
    return [(e.event, e.refusal.code if e.refusal else "", e.receipt_to) for e in others(change)]


def others(change: Change) -> list[Evidence]:
    assert change.submission is not None
    own = change.submission.facts.submission_id
    return [e for e in change.evidence if e.facts.submission_id != own]


def waiting(*to: str) -> Book:
    """FINANCE's document, all of whose copies still wait."""
    book = Book()
    said(book, document(*to))
    return book


def ask(to: str) -> Status:
    return status("13", sender=FINANCE, about=to)


# what still waits


@pytest.mark.parametrize(
    ("recipient", "event"),
    [
        (HEALTH, Event.CONTENT_CONSIGNMENT_FAILURE),
        (DOOR, Event.CONTENT_HANDOVER_FAILURE),
        (MINISTRY, Event.RELAY_FAILURE),
    ],
)
@pytest.mark.parametrize("made", ["type 1", "status 13"])
def test_what_still_waits_is_withdrawn_at_once_with_evidence_and_its_sender_is_told(
    recipient: str, event: Event, made: str
) -> None:
    book = waiting(recipient)
    of = item(book, recipient).delivery
    change = said(book, recall(recipient) if made == "type 1" else ask(recipient))
    assert (state(book, recipient), outcome(book, recipient)) == (S.WITHDRAWN, R.WITHDRAWN)
    assert of.id not in book.outbox
    assert told(change) == [(event, "withdrawn", FINANCE)]
    (evidence,) = others(change)
    assert (evidence.delivery_id, evidence.id in book.outbox) == (of.id, True)
    watch = item(book, recipient).delivery.watch
    assert (watch.next_due, watch.arrival_due, watch.registration_due) == (None, None, None)


def test_the_recall_goes_out_all_the_same_because_a_copy_may_be_on_its_way() -> None:
    for recipient in (HEALTH, DOOR, MINISTRY):
        book = waiting(recipient)
        change = said(book, recall(recipient))
        assert [d.identity.recipient for d in change.deliveries] == [recipient]


def test_what_an_operator_holds_is_withdrawn_too() -> None:
    book = waiting(HEALTH)
    held = replace(item(book, HEALTH), delivery=replace(item(book, HEALTH).delivery, state=S.HELD))
    book.deliveries[held.delivery.id] = held
    said(book, recall(HEALTH))
    assert state(book, HEALTH) is S.WITHDRAWN


def test_a_document_and_its_recall_in_one_transaction_end_withdrawn_and_nothing_waits() -> None:
    book = Book()
    book.settle_together(inspected(document(HEALTH)), inspected(recall(HEALTH)))
    assert (state(book, HEALTH), outcome(book, HEALTH)) == (S.WITHDRAWN, R.WITHDRAWN)
    assert item(book, HEALTH).delivery.id not in book.outbox


# what was placed


@pytest.mark.parametrize("recipient", [HEALTH, COMMUNE, MINISTRY])
def test_what_was_placed_is_asked_back_with_a_deadline_and_an_entry(recipient: str) -> None:
    book = sent(recipient)
    change = said(book, recall(recipient))
    found = item(book, recipient)
    assert (found.delivery.state, outcome(book, recipient)) == (S.SENT, R.ASKED)
    assert change.submission is not None
    assert found.recall == Recall(
        found.delivery.id, change.submission.facts.submission_id, NOW, R.ASKED
    )
    due = book.view.calendar.add_working_days(NOW, 1, found.delivery.inbox)
    assert found.delivery.watch.recall_due == due
    assert told(change) == [(Event.CONSIGNMENT_NOTIFICATION, "recall-asked", None)]
    assert [d.identity.recipient for d in change.deliveries] == [recipient]


def test_what_was_handed_over_from_a_mailbox_is_asked_back() -> None:
    book = sent(DOOR)
    said(book, status("01", sender=DOOR))
    said(book, recall(DOOR))
    assert (state(book, DOOR), outcome(book, DOOR)) == (S.HANDED_OVER, R.ASKED)


def test_each_recipient_is_judged_by_itself() -> None:
    book = Book()
    said(book, document(HEALTH, OFFICE, DOOR))
    confirmed(book)
    said(book, status("02", sender=OFFICE, description="Sai"))
    change = said(book, recall(HEALTH, OFFICE, DOOR, COMMUNE))
    assert codes(change) == {
        HEALTH: "accepted",
        OFFICE: "recall-closed",
        DOOR: "accepted",
        COMMUNE: "accepted",
    }
    assert [outcome(book, to) for to in (HEALTH, DOOR)] == [R.ASKED, R.WITHDRAWN]
    assert item(book, OFFICE).recall is None


def test_a_recall_leaves_the_recipients_alone_that_it_does_not_name() -> None:
    book = sent(HEALTH, OFFICE)
    said(book, ask(HEALTH))
    assert (outcome(book, HEALTH), item(book, OFFICE).recall) == (R.ASKED, None)


def test_the_recall_is_linked_to_what_it_recalls() -> None:
    book = sent(HEALTH)
    change = said(book, recall(HEALTH))
    (link,) = change.links
    assert (link.kind, link.issuer, link.document_id) == (LinkKind.RECALL, FINANCE, DOCUMENT_ID)


def test_the_same_recall_again_is_a_duplicate_and_other_words_ask_again() -> None:
    book = sent(HEALTH)
    said(book, recall(HEALTH))
    again = said(book, recall(HEALTH))
    assert again.submission is not None
    assert again.submission.state is SubmissionState.DUPLICATE
    later = book.settle(inspected(recall(HEALTH, subject="Nhắc lại")), NOW + timedelta(days=1))
    found = item(book, HEALTH).recall
    assert (codes(later), found is not None and found.asked_at) == (
        {HEALTH: "accepted"},
        NOW + timedelta(days=1),
    )


# who may not


def unmoved(book: Book, change: Change) -> bool:
    """Whether nothing changed but that it was refused."""
    assert change.submission is not None
    return (
        change.submission.state is SubmissionState.REFUSED
        and not (change.updates or change.recalls or change.deliveries or change.done)
        and not (change.statuses or change.links)
        and change.payload is not None
        and [e.event for e in change.evidence] == [Event.SUBMISSION_REJECTION]
    )


def reason(change: Change) -> str:
    assert change.submission is not None
    return change.submission.reason


@pytest.mark.parametrize("book", [waiting, sent])
def test_a_recall_by_a_stranger_is_refused_and_changes_nothing(book: Callable[..., Book]) -> None:
    made = book(HEALTH)
    before = item(made, HEALTH)
    change = said(made, recall(HEALTH, sender=OFFICE))
    assert (reason(change), unmoved(made, change)) == ("recall-not-sender", True)
    change = said(made, status("13", sender=OFFICE, about=HEALTH))
    assert (reason(change), unmoved(made, change)) == ("recall-not-sender", True)
    assert item(made, HEALTH) == before


@pytest.mark.parametrize(
    "end",
    [
        [status("02", description="Sai")],
        [recall(HEALTH), status("15")],
    ],
)
def test_what_has_ended_cannot_be_recalled_and_the_state_is_named(end: list[Envelope]) -> None:
    book = sent(HEALTH)
    for step in end:
        said(book, step)
    for late in (recall(HEALTH, subject="lần sau"), ask(HEALTH)):
        change = said(book, late)
        assert (reason(change), unmoved(book, change)) == ("recall-closed", True)
        refusal = change.evidence[0].refusal
        assert refusal is not None
        assert refusal.particulars["state"] in refusal.text("en")


def test_what_was_withdrawn_cannot_be_recalled_again() -> None:
    book = waiting(HEALTH)
    said(book, recall(HEALTH))
    assert reason(said(book, recall(HEALTH, subject="nữa"))) == "recall-closed"


# over the national axis


def from_ministry(book: Book, made: Envelope, to: str = HEALTH) -> Change:
    return said(book, made, addressed_to=(to,))


def test_a_ministry_takes_back_what_it_sent_and_its_recipient_answers_it() -> None:
    book = Book()
    from_ministry(book, document(HEALTH, sender=MINISTRY, document_id="m-1"))
    confirmed(book)
    from_ministry(book, recall(HEALTH, sender=MINISTRY, document_id="m-1"))
    assert outcome(book, HEALTH) is R.ASKED
    change = said(book, status("15", about=MINISTRY, document_id="m-1"))
    assert (state(book, HEALTH), outcome(book, HEALTH)) == (S.RECALLED, R.AGREED)
    assert told(change) == [(Event.CONSIGNMENT_NOTIFICATION, "recall-agreed", None)]
    assert [d.destination for d in change.deliveries] == [f"national:{MINISTRY}"]


def test_a_ministrys_recall_of_a_document_that_is_older_than_this_axis_is_forwarded() -> None:
    book = Book()
    change = from_ministry(book, recall(HEALTH, sender=MINISTRY, document_id="m-0"))
    assert [w.code for w in change.evidence[0].warnings] == ["recall-early"]
    assert [d.inbox for d in change.deliveries] == [HEALTH]
    answer = said(book, status("15", about=MINISTRY, document_id="m-0"))
    assert [s.delivery_id for s in answer.statuses] == [None]


@pytest.mark.parametrize("made", ["type 1", "status 13"])
def test_over_the_national_axis_nobody_takes_back_what_was_handed_in_here(made: str) -> None:
    """COMMUNE has no system, so its code comes past the rule that nobody can pose as one of ours."""
    book = Book()
    own = document(HEALTH, sender=COMMUNE, document_id="c-1")
    book.settle(inspected(own, account="office"))
    posed = (
        recall(HEALTH, sender=COMMUNE, document_id="c-1")
        if made == "type 1"
        else status("13", sender=COMMUNE, about=HEALTH, document_id="c-1")
    )
    change = book.settle(inspected(posed, door=Door.NATIONAL, account=None, addressed_to=(HEALTH,)))
    assert (reason(change), state(book, HEALTH)) == ("recall-not-sender", S.QUEUED)


# the answers


def test_15_cancels_the_incoming_record_and_the_sender_is_told_with_the_recipients_words() -> None:
    book = sent(HEALTH)
    said(book, recall(HEALTH))
    change = said(book, status("15", description="Đã hủy"))
    found = item(book, HEALTH)
    assert (found.delivery.state, found.delivery.status) == (S.RECALLED, "15")
    assert found.recall is not None
    assert (found.recall.outcome, found.recall.answered_at) == (R.AGREED, NOW)
    assert told(change) == [(Event.CONSIGNMENT_NOTIFICATION, "recall-agreed", FINANCE)]
    refusal = change.evidence[1].refusal
    assert refusal is not None
    assert "Đã hủy" in refusal.text("vi")
    assert found.delivery.watch.next_due is None
    assert [d.inbox for d in change.deliveries] == [FINANCE], "the status travels besides"


@pytest.mark.parametrize(
    ("code", "said_en"), [("15", "it added nothing"), ("16", "no reason given")]
)
def test_an_answer_without_words_reads_right(code: str, said_en: str) -> None:
    book = sent(HEALTH)
    said(book, recall(HEALTH))
    refusal = said(book, status(code)).evidence[1].refusal
    assert refusal is not None
    assert refusal.text("en").endswith(said_en)


def test_16_keeps_the_document_and_the_sender_is_told_with_the_recipients_words() -> None:
    book = sent(HEALTH)
    said(book, recall(HEALTH))
    change = said(book, status("16", description="Đã xử lý"))
    found = item(book, HEALTH)
    assert (found.delivery.state, outcome(book, HEALTH)) == (S.SENT, R.REFUSED)
    assert told(change) == [(Event.CONSIGNMENT_NOTIFICATION, "recall-refused", FINANCE)]
    assert found.delivery.watch.recall_due is None
    assert found.delivery.watch.registration_due is not None, "the rest is awaited as before"


@pytest.mark.parametrize(("code", "answer"), [("15", "recall-agreed"), ("16", "recall-refused")])
def test_an_answer_after_its_deadline_is_told_as_overdue_too_and_only_once(
    code: str, answer: str
) -> None:
    """However fast it comes in after the deadline, which the axis may not have looked at."""
    book = sent(HEALTH)
    said(book, recall(HEALTH))
    due = item(book, HEALTH).delivery.watch.recall_due
    assert due is not None
    late = due + timedelta(milliseconds=1)
    change = said(book, status(code), received_at=late)
    notices = [one for one in told(change) if one[0] is Event.CONSIGNMENT_NOTIFICATION]
    # It never said that the document arrived, either.
    assert [reason for _, reason, _ in notices] == [
        "arrival-overdue",
        "recall-answer-overdue",
        answer,
    ]
    assert {to for _, _, to in notices} == {FINANCE}
    assert "recall-answer-overdue" in item(book, HEALTH).delivery.watch.told
    again = said(book, status(code, description="again"), received_at=late)
    assert "recall-answer-overdue" not in {reason for _, reason, _ in told(again)}


def test_a_refusal_after_the_deadline_of_a_recall_ends_the_wait_and_is_told_as_overdue() -> None:
    book = sent(HEALTH)
    said(book, recall(HEALTH))
    due = item(book, HEALTH).delivery.watch.recall_due
    assert due is not None
    late = due + timedelta(milliseconds=1)
    change = said(book, status("02", description="không đúng nơi nhận"), received_at=late)
    reasons = [reason for _, reason, _ in told(change)]
    assert "recall-answer-overdue" in reasons
    assert reasons.index("recall-answer-overdue") < reasons.index("recipient-refused")
    assert item(book, HEALTH).delivery.watch.recall_due is None


def test_an_answer_at_the_last_moment_is_in_time() -> None:
    book = sent(HEALTH)
    said(book, recall(HEALTH))
    due = item(book, HEALTH).delivery.watch.recall_due
    assert due is not None
    change = said(book, status("15"), received_at=due)
    assert "recall-answer-overdue" not in {reason for _, reason, _ in told(change)}


@pytest.mark.parametrize("code", ["15", "16"])
def test_the_same_answer_twice_changes_nothing_and_is_noted(code: str) -> None:
    book = sent(HEALTH)
    said(book, recall(HEALTH))
    said(book, status(code))
    before = item(book, HEALTH)
    change = said(book, status(code, timestamp="2026/01/05 09:00:00"))
    assert (item(book, HEALTH), told(change), change.updates) == (before, [], ())
    assert book.history(HEALTH) == [code, code]


@pytest.mark.parametrize("code", ["15", "16"])
@pytest.mark.parametrize("reporter", [HEALTH, OFFICE])
def test_an_answer_to_a_recall_that_nobody_asked_is_refused_and_changes_nothing(
    code: str, reporter: str
) -> None:
    book = sent(HEALTH)
    change = said(book, status(code, sender=reporter))
    assert (reason(change), unmoved(book, change)) == ("recall-not-asked", True)


@pytest.mark.parametrize("code", ["15", "16"])
def test_nobody_answers_for_somebody_else(code: str) -> None:
    book = sent(HEALTH, OFFICE)
    said(book, ask(HEALTH))
    change = said(book, status(code, sender=OFFICE))
    assert (reason(change), unmoved(book, change)) == ("recall-not-asked", True)
    assert outcome(book, HEALTH) is R.ASKED


def test_where_it_ends_does_not_depend_on_the_order_of_the_words() -> None:
    words = ["01", "02", "03", "15", "16"]
    ends = set()
    for order in permutations(words):
        book = sent(HEALTH)
        said(book, recall(HEALTH))
        for code in order:
            said(book, status(code, description="lý do"))
        found = item(book, HEALTH)
        ends.add((found.delivery.state, found.delivery.status, outcome(book, HEALTH)))
        assert sorted(book.history(HEALTH)) == words
    assert ends == {(S.RECALLED, "15", R.AGREED)}


def test_after_a_refusal_it_may_be_asked_for_again() -> None:
    book = sent(HEALTH)
    said(book, recall(HEALTH))
    said(book, status("16"))
    said(book, recall(HEALTH, subject="Đề nghị lần hai"))
    assert outcome(book, HEALTH) is R.ASKED
    said(book, status("15"))
    assert state(book, HEALTH) is S.RECALLED


# truth wins


def test_a_copy_in_the_hands_of_the_relay_when_it_was_withdrawn_did_leave() -> None:
    book = waiting(HEALTH)
    found = item(book, HEALTH)
    loaded = parcel(found.delivery, facts=found.facts)
    said(book, recall(HEALTH))
    asked = Questions(
        deliveries=frozenset({found.delivery.id}), rows=frozenset({found.delivery.id})
    )
    means = Means(Backoff(), 0.0, book.mint, NOW, book.view)
    change = advance(loaded, Sent(), book.known(asked), means)
    book.take_in(change)
    assert (state(book, HEALTH), outcome(book, HEALTH)) == (S.SENT, R.ASKED)
    assert item(book, HEALTH).delivery.watch.recall_due is not None
    assert [e.event for e in change.evidence] == [Event.CONTENT_CONSIGNMENT]
    said(book, status("15"))
    assert state(book, HEALTH) is S.RECALLED


@pytest.mark.parametrize(
    ("words", "ends"),
    [
        (["01"], (S.HANDED_OVER, R.ASKED)),
        (["02"], (S.REJECTED, R.RETURNED)),
        (["02", "16"], (S.REJECTED, R.RETURNED)),
        (["16", "02"], (S.REJECTED, R.RETURNED)),
        (["15"], (S.RECALLED, R.AGREED)),
        (["16"], (S.WITHDRAWN, R.WITHDRAWN)),
        (["16", "01"], (S.HANDED_OVER, R.REFUSED)),
        (["01", "16"], (S.HANDED_OVER, R.REFUSED)),
        (["15", "01"], (S.RECALLED, R.AGREED)),
    ],
)
def test_a_copy_that_its_recipient_reports_after_a_crash_did_leave(
    words: list[str], ends: tuple[DeliveryState, RecallOutcome]
) -> None:
    book = waiting(HEALTH)
    said(book, recall(HEALTH))
    for code in words:
        said(book, status(code, description="lý do"))
    assert (state(book, HEALTH), outcome(book, HEALTH)) == ends


# the outgoing record


@pytest.mark.parametrize("book", [waiting, sent])
def test_the_outgoing_record_freezes_and_statuses_go_on(book: Callable[..., Book]) -> None:
    made = book(HEALTH)
    said(made, recall(HEALTH))
    for late in (
        document(OFFICE),
        update(HEALTH),
        replacement(HEALTH, of={DOCUMENT_ID: (HEALTH,)}),
    ):
        change = said(made, late)
        assert (reason(change), unmoved(made, change)) == ("document-recalled", True)
    said(made, status("03"))
    assert made.history(HEALTH) == ["03"]


def test_it_stays_frozen_when_the_recall_was_agreed_to() -> None:
    book = sent(HEALTH)
    said(book, recall(HEALTH))
    said(book, status("15"))
    assert reason(said(book, document(OFFICE))) == "document-recalled"


def test_it_is_free_again_when_everybody_refused() -> None:
    book = sent(HEALTH, OFFICE)
    said(book, recall(HEALTH, OFFICE))
    said(book, status("16"))
    assert reason(said(book, document(DOOR))) == "document-recalled"
    said(book, status("16", sender=OFFICE))
    for step in (document(DOOR), update(HEALTH)):
        assert reason(said(book, step)) == ""


def test_the_same_document_again_to_whom_it_was_recalled_from_is_still_a_duplicate() -> None:
    book = sent(HEALTH)
    said(book, recall(HEALTH))
    again = said(book, document(HEALTH))
    assert again.submission is not None
    assert again.submission.state is SubmissionState.DUPLICATE


def test_another_document_of_the_same_sender_is_not_frozen() -> None:
    book = sent(HEALTH)
    said(book, recall(HEALTH))
    assert reason(said(book, document(OFFICE, document_id="other", number="9"))) == ""


def test_a_recall_of_one_copy_in_an_update_under_the_same_id_takes_both_back() -> None:
    book = sent(HEALTH)
    said(book, update(HEALTH, document_id=DOCUMENT_ID))
    said(book, recall(HEALTH))
    recalled = {
        one.facts.business: one.recall.outcome
        for one in book.deliveries.values()
        if one.recall is not None
    }
    assert recalled == {Business.NEW: R.ASKED, Business.UPDATE: R.WITHDRAWN}


@pytest.mark.parametrize("words", [("02", "16"), ("16", "02")])
def test_a_recipient_that_refuses_the_document_itself_ends_the_recall_and_frees_the_record(
    words: tuple[str, ...],
) -> None:
    book = sent(HEALTH)
    said(book, recall(HEALTH))
    for code in words:
        said(book, status(code, description="Sai nơi nhận"))
    assert (state(book, HEALTH), outcome(book, HEALTH)) == (S.REJECTED, R.RETURNED)
    found = item(book, HEALTH).recall
    assert found is not None
    assert found.answered_at == NOW
    for step in (document(OFFICE), update(OFFICE)):
        assert reason(said(book, step)) == ""


def test_agreeing_after_refusing_the_document_itself_is_still_agreeing() -> None:
    book = sent(HEALTH)
    said(book, recall(HEALTH))
    said(book, status("02", description="Sai nơi nhận"))
    said(book, status("15"))
    assert (state(book, HEALTH), outcome(book, HEALTH)) == (S.RECALLED, R.AGREED)


# before its document


@pytest.mark.parametrize(
    ("recipient", "event"),
    [
        (HEALTH, Event.CONTENT_CONSIGNMENT_FAILURE),
        (DOOR, Event.CONTENT_HANDOVER_FAILURE),
        (MINISTRY, Event.RELAY_FAILURE),
    ],
)
@pytest.mark.parametrize("made", ["type 1", "status 13"])
def test_a_recall_that_comes_before_its_document_takes_it_back_when_it_comes(
    recipient: str, event: Event, made: str
) -> None:
    book = Book()
    early = said(book, recall(recipient) if made == "type 1" else ask(recipient))
    (warning,) = early.evidence[0].warnings
    assert (warning.code, warning.particulars["agency"]) == ("recall-early", recipient)
    assert warning.at is not None
    assert [d.identity.recipient for d in early.deliveries] == [recipient], "it travels besides"
    change = said(book, document(recipient))
    assert reason(change) == "", "the document is accepted: it is evidence of what was sent"
    assert (state(book, recipient), outcome(book, recipient)) == (S.WITHDRAWN, R.WITHDRAWN)
    copy = item(book, recipient)
    assert copy.delivery.id not in book.outbox, "it never leaves"
    withdrawal = change.evidence[-1]
    assert withdrawal.refusal is not None
    assert (withdrawal.event, withdrawal.refusal.code) == (event, "withdrawn")
    assert (withdrawal.receipt_to, withdrawal.id in book.outbox) == (FINANCE, True)
    assert copy.recall is not None
    assert early.submission is not None
    assert copy.recall.submission_id == early.submission.facts.submission_id
    assert [s.delivery_id for s in book.statuses.values()] == [copy.delivery.id]


@pytest.mark.parametrize("made", ["type 1", "status 13"])
def test_it_takes_back_the_copies_of_those_that_it_names_and_freezes_the_record(made: str) -> None:
    book = Book()
    said(book, recall(HEALTH) if made == "type 1" else ask(HEALTH))
    said(book, document(HEALTH, OFFICE))
    assert (state(book, HEALTH), state(book, OFFICE)) == (S.WITHDRAWN, S.QUEUED)
    assert reason(said(book, document(DOOR))) == "document-recalled"


def test_each_of_several_recipients_waits_for_its_own_copy() -> None:
    book = Book()
    change = said(book, recall(HEALTH, OFFICE))
    assert [s.recipient for s in change.statuses] == [HEALTH, OFFICE]
    assert [w.particulars["agency"] for w in change.evidence[0].warnings] == [HEALTH, OFFICE]
    said(book, document(OFFICE))
    assert state(book, OFFICE) is S.WITHDRAWN
    waiting_ = [s.recipient for s in book.statuses.values() if s.delivery_id is None]
    assert waiting_ == [HEALTH]


def test_a_recall_of_what_went_to_others_alone_waits_for_those_that_it_names() -> None:
    book = sent(HEALTH)
    change = said(book, recall(OFFICE))
    assert [w.code for w in change.evidence[0].warnings] == ["recall-early"]
    said(book, document(OFFICE))
    assert (state(book, HEALTH), state(book, OFFICE)) == (S.SENT, S.WITHDRAWN)


def test_what_its_recipient_reported_before_either_is_asked_back() -> None:
    book = Book()
    said(book, status("01"))
    said(book, recall(HEALTH))
    change = said(book, document(HEALTH))
    assert (state(book, HEALTH), outcome(book, HEALTH)) == (S.HANDED_OVER, R.ASKED)
    assert item(book, HEALTH).delivery.id in book.outbox, "our own copy still has to leave"
    assert "recall-asked" in {e.refusal.code for e in change.evidence if e.refusal}


def test_it_is_applied_once() -> None:
    book = Book()
    said(book, recall(HEALTH))
    said(book, document(HEALTH))
    again = said(book, document(HEALTH), body=b"mended")
    assert reason(again) == "document-id-reused"


def test_a_recall_and_its_document_in_one_transaction_come_to_the_same_in_either_order() -> None:
    for order in permutations([inspected(document(HEALTH)), inspected(recall(HEALTH))]):
        book = Book()
        book.settle_together(*order)
        assert (state(book, HEALTH), outcome(book, HEALTH)) == (S.WITHDRAWN, R.WITHDRAWN)
        assert item(book, HEALTH).delivery.id not in book.outbox


def test_it_waits_as_long_as_a_delivery_is_tried_and_no_longer() -> None:
    for beyond, end in ((timedelta(), S.WITHDRAWN), (timedelta(seconds=1), S.QUEUED)):
        book = Book()
        early = said(book, recall(HEALTH))
        until = NOW + book.view.lifetime
        assert early.evidence[0].warnings[0].particulars["until"].startswith(f"{until:%Y-%m-%d}")
        said(book, document(HEALTH), received_at=until + beyond)
        assert state(book, HEALTH) is end


def test_a_stranger_that_asks_early_takes_nothing_back() -> None:
    for made in (recall(HEALTH, sender=OFFICE), status("13", sender=OFFICE, about=HEALTH)):
        book = Book()
        said(book, made)
        said(book, document(HEALTH))
        assert state(book, HEALTH) is S.QUEUED


@pytest.mark.parametrize("made", ["type 1", "status 13"])
def test_over_the_national_axis_nobody_takes_back_early_what_is_handed_in_here(made: str) -> None:
    posed = (
        recall(HEALTH, sender=COMMUNE, document_id="c-1")
        if made == "type 1"
        else status("13", sender=COMMUNE, about=HEALTH, document_id="c-1")
    )
    book = Book()
    book.settle(inspected(posed, door=Door.NATIONAL, account=None, addressed_to=(HEALTH,)))
    own = document(HEALTH, sender=COMMUNE, document_id="c-1")
    book.settle(inspected(own, account="office"))
    assert state(book, HEALTH) is S.QUEUED
    book = Book()
    book.settle(inspected(posed, account="office"))
    book.settle(inspected(own, account="office"))
    assert state(book, HEALTH) is S.WITHDRAWN


def test_a_ministrys_early_recall_takes_back_what_comes_in_over_the_same_axis() -> None:
    book = Book()
    from_ministry(book, recall(HEALTH, sender=MINISTRY, document_id="m-1"))
    from_ministry(book, document(HEALTH, sender=MINISTRY, document_id="m-1"))
    assert state(book, HEALTH) is S.WITHDRAWN
