from dataclasses import replace

import pytest

from axisd.core.envelope import Business, BusinessInfo
from axisd.core.history import LinkKind
from axisd.core.lifecycle import DeliveryState, SubmissionState
from axisd.core.reasons import Event
from axisd.core.records import Change, Delivery
from axisd.core.submission import Door
from tests.support.book import Book
from tests.support.life_vectors import (
    DOCUMENT_ID,
    UPDATE_ID,
    confirmed,
    recall,
    replacement,
    said,
    sent,
    update,
)
from tests.support.values import (
    COMMUNE,
    DOOR,
    FINANCE,
    HEALTH,
    MINISTRY,
    OFFICE,
    UNKNOWN,
    document,
    inspected,
    status,
)

S = DeliveryState


def original(book: Book, recipient: str) -> Delivery:
    (found,) = (
        item.delivery
        for item in book.deliveries.values()
        if item.facts.business == "new" and item.delivery.identity.recipient == recipient
    )
    return found


def reason(change: Change) -> str:
    assert change.submission is not None
    return change.submission.reason


def links(change: Change) -> list[tuple[LinkKind, str, str, str]]:
    return [(link.kind, link.issuer, link.document_id, link.recipient) for link in change.links]


def codes(change: Change) -> dict[str, str]:
    return {
        o.organ: o.refusal.code if o.refusal else o.outcome for o in change.evidence[0].recipients
    }


def told(change: Change) -> list[tuple[str, str, str | None]]:
    """Event, reason and addressee of the evidence about the old document."""
    assert change.submission is not None
    own = change.submission.facts.submission_id
    return [
        (e.event, e.refusal.code if e.refusal else "", e.receipt_to)
        for e in change.evidence
        if e.facts.submission_id != own
    ]


def unmoved(change: Change) -> bool:
    assert change.submission is not None
    return (
        change.submission.state is SubmissionState.REFUSED
        and not (change.updates or change.deliveries or change.done or change.links)
        and [e.event for e in change.evidence] == [Event.SUBMISSION_REJECTION]
        and change.payload is not None
    )


# what is changed


def test_an_update_is_joined_to_the_document_that_it_names_and_delivered() -> None:
    book = sent(HEALTH)
    change = said(book, update(HEALTH))
    assert links(change) == [(LinkKind.UPDATE, FINANCE, DOCUMENT_ID, "")]
    assert [d.inbox for d in change.deliveries] == [HEALTH]
    assert original(book, HEALTH).state is S.SENT


def test_an_update_that_names_none_changes_the_document_whose_id_it_goes_under() -> None:
    book = sent(HEALTH)
    made = replace(document(HEALTH), business=BusinessInfo(Business.UPDATE))
    change = said(book, made)
    assert links(change) == [(LinkKind.UPDATE, FINANCE, DOCUMENT_ID, "")]
    assert reason(said(Book(), made)) == "update-unknown"


def test_a_replacement_is_joined_to_each_document_for_its_organs_each_once() -> None:
    book = sent(HEALTH, OFFICE)
    said(book, document(DOOR, document_id="old-2", number="7"))
    made = replacement(HEALTH, of={DOCUMENT_ID: (HEALTH, OFFICE, "H53.12"), "old-2": (DOOR,)})
    change = said(book, made)
    assert links(change) == [
        (LinkKind.REPLACE, FINANCE, DOCUMENT_ID, HEALTH),
        (LinkKind.REPLACE, FINANCE, DOCUMENT_ID, OFFICE),
        (LinkKind.REPLACE, FINANCE, "old-2", DOOR),
    ]


def test_a_replacement_without_a_list_is_read_like_an_update() -> None:
    book = sent(HEALTH)
    info = BusinessInfo(Business.REPLACE, document_id=DOCUMENT_ID)
    change = said(book, replace(document(HEALTH, document_id="new"), business=info))
    assert links(change) == [(LinkKind.REPLACE, FINANCE, DOCUMENT_ID, "")]


def test_a_replacement_of_several_is_refused_when_one_is_unknown() -> None:
    book = sent(HEALTH)
    change = said(book, replacement(HEALTH, of={DOCUMENT_ID: (HEALTH,), "unknown": (HEALTH,)}))
    assert (reason(change), unmoved(change)) == ("update-unknown", True)
    refusal = change.evidence[0].refusal
    assert refusal is not None
    assert ("replace" in refusal.text("en"), "thay thế" in refusal.text("vi")) == (True, True)
    assert "unknown" in refusal.text("en")


# who may


def test_an_update_of_an_unknown_document_is_refused_and_changes_nothing() -> None:
    change = said(sent(HEALTH), update(HEALTH, old="unknown"))
    assert (reason(change), unmoved(change)) == ("update-unknown", True)


def test_an_update_of_somebody_elses_document_is_refused_and_changes_nothing() -> None:
    book = sent(HEALTH)
    change = said(book, update(HEALTH, sender=OFFICE, receivers={HEALTH: "0"}))
    assert (reason(change), unmoved(change)) == ("update-not-sender", True)


def test_a_ministrys_update_of_a_document_that_is_older_than_this_axis_is_delivered() -> None:
    book = Book()
    made = update(HEALTH, sender=MINISTRY, old="m-0", document_id="m-1")
    change = said(book, made, addressed_to=(HEALTH,))
    assert [w.code for w in change.evidence[0].warnings] == ["unmatched"]
    assert links(change) == [(LinkKind.UPDATE, MINISTRY, "m-0", "")]
    assert [d.inbox for d in change.deliveries] == [HEALTH]


def test_over_the_national_axis_nobody_changes_what_was_handed_in_here() -> None:
    """COMMUNE has no system, so its code comes past the rule that nobody can pose as one of ours."""
    book = Book()
    own = document(HEALTH, OFFICE, sender=COMMUNE, document_id="c-1")
    book.settle(inspected(own, account="office"))
    posed = update(HEALTH, sender=COMMUNE, old="c-1", receivers={OFFICE: "0"})
    change = book.settle(inspected(posed, door=Door.NATIONAL, account=None, addressed_to=(HEALTH,)))
    assert (reason(change), unmoved(change)) == ("update-not-sender", True)
    assert original(book, OFFICE).state is S.QUEUED


def test_the_same_update_again_is_a_duplicate() -> None:
    book = sent(HEALTH)
    said(book, update(HEALTH))
    again = said(book, update(HEALTH))
    assert again.submission is not None
    assert (again.submission.state, again.links) == (SubmissionState.DUPLICATE, ())


# whom it adds


def test_an_added_recipient_gets_the_document_although_it_is_not_in_to() -> None:
    book = sent(HEALTH)
    change = said(book, update(HEALTH, receivers={OFFICE: "1", HEALTH: "1"}))
    assert codes(change) == {HEALTH: "accepted", OFFICE: "accepted"}
    assert [d.inbox for d in change.deliveries] == [HEALTH, OFFICE]


def test_an_added_recipient_that_nobody_knows_is_refused_by_its_place_and_the_others_go_on() -> (
    None
):
    change = said(sent(HEALTH), update(HEALTH, receivers={UNKNOWN: "1"}))
    assert codes(change) == {HEALTH: "accepted", UNKNOWN: "recipient-unknown"}
    refusal = change.evidence[0].recipients[1].refusal
    assert refusal is not None
    assert (refusal.at or "").endswith("ReceiverList/Receiver/OrganId")


def test_a_new_document_adds_nobody_whatever_its_list_says() -> None:
    made = update(HEALTH, receivers={OFFICE: "1"})
    new = replace(made, business=replace(made.business, business=Business.NEW))
    assert [d.inbox for d in said(Book(), new).deliveries] == [HEALTH]


# whom it drops


def test_of_a_dropped_recipient_nothing_is_awaited_any_more_and_it_is_told() -> None:
    book = sent(HEALTH, OFFICE)
    change = said(book, update(HEALTH, receivers={OFFICE: "0"}))
    assert told(change) == [(Event.CONSIGNMENT_NOTIFICATION, "recipient-dropped", OFFICE)]
    assert original(book, OFFICE).watch.next_due is None
    assert original(book, HEALTH).watch.next_due is not None
    assert original(book, OFFICE).state is S.SENT
    evidence = change.evidence[-1]
    assert evidence.facts.document_id == DOCUMENT_ID
    assert book.outbox[evidence.id].destination == f"receipts:{OFFICE}"


def test_a_dropped_recipient_that_is_in_to_gets_the_update_and_need_not_be_told() -> None:
    book = sent(HEALTH)
    change = said(book, update(HEALTH, receivers={HEALTH: "0"}))
    assert told(change) == []
    assert [d.inbox for d in change.deliveries] == [HEALTH]
    assert original(book, HEALTH).watch.next_due is None


@pytest.mark.parametrize(
    ("recipient", "event"),
    [
        (OFFICE, Event.CONTENT_CONSIGNMENT_FAILURE),
        (DOOR, Event.CONTENT_HANDOVER_FAILURE),
        (MINISTRY, Event.RELAY_FAILURE),
    ],
)
def test_what_still_waits_for_a_dropped_recipient_is_withdrawn_and_the_sender_is_told(
    recipient: str, event: Event
) -> None:
    book = Book()
    said(book, document(HEALTH, recipient))
    change = said(book, update(HEALTH, receivers={recipient: "0"}))
    made = original(book, recipient)
    assert (made.state, made.reason) == (S.WITHDRAWN, "withdrawn")
    assert made.id not in book.outbox
    assert told(change)[0] == (event, "withdrawn", FINANCE)
    assert change.recalls == ()


def test_a_dropped_recipient_without_a_receipts_queue_is_named_to_the_sender() -> None:
    book = sent(HEALTH, MINISTRY)
    change = said(book, update(HEALTH, receivers={MINISTRY: "0"}))
    assert [w.code for w in change.evidence[0].warnings] == ["recipient-untold"]
    assert told(change) == [(Event.CONSIGNMENT_NOTIFICATION, "recipient-dropped", None)]


def test_dropping_somebody_who_never_got_it_changes_nothing() -> None:
    change = said(sent(HEALTH), update(HEALTH, receivers={OFFICE: "0", "\u200b": "0"}))
    assert (told(change), change.updates) == ([], ())


def test_a_dropped_recipient_that_had_refused_stays_as_it_is() -> None:
    book = sent(HEALTH, OFFICE)
    said(book, status("02", sender=OFFICE, description="Sai"))
    change = said(book, update(HEALTH, receivers={OFFICE: "0"}))
    assert (told(change), original(book, OFFICE).state) == ([], S.REJECTED)


# in which order


def original_ids(change: Change) -> dict[str, str]:
    return {d.identity.recipient: d.id for d in change.deliveries}


def behind(change: Change) -> dict[str, tuple[str, ...]]:
    """By recipient: the rows that its delivery comes behind."""
    rows = {row.id: row.behind for row in change.outbox}
    return {d.identity.recipient: rows[d.id] for d in change.deliveries}


def test_an_update_comes_behind_what_still_waits_of_the_old_version_to_the_same_recipient() -> None:
    book = Book()
    said(book, document(HEALTH, OFFICE))
    change = said(book, update(HEALTH, OFFICE))
    assert behind(change) == {to: (original(book, to).id,) for to in (HEALTH, OFFICE)}
    confirmed(book)
    assert behind(said(book, update(HEALTH, document_id="later", number="9"))) == {HEALTH: ()}


def test_a_replacement_comes_behind_all_that_it_replaces_for_that_organ() -> None:
    book = Book()
    first = original_ids(said(book, document(HEALTH, OFFICE)))
    second = said(book, document(HEALTH, OFFICE, document_id="old-2", number="7"))
    made = replacement(HEALTH, OFFICE, of={DOCUMENT_ID: (HEALTH, OFFICE), "old-2": (HEALTH,)})
    assert behind(said(book, made)) == {
        HEALTH: (first[HEALTH], original_ids(second)[HEALTH]),
        OFFICE: (first[OFFICE],),
    }


# what its recipients say


@pytest.mark.parametrize(("code", "word"), [("15", "change-agreed"), ("16", "change-refused")])
def test_its_recipients_agree_or_refuse_and_the_sender_is_told_once(code: str, word: str) -> None:
    book = sent(HEALTH)
    said(book, update(HEALTH))
    confirmed(book)
    answer = status(code, document_id=UPDATE_ID, description="Đã xem")
    change = said(book, answer)
    assert told(change) == [(Event.CONSIGNMENT_NOTIFICATION, word, FINANCE)]
    again = said(book, replace(answer, timestamp="2026/01/05 09:00:00"))
    assert told(again) == []
    assert book.history(HEALTH) == [code, code]


OTHER_UPDATE = "000.00.11.H53,2026/01/07,3/STC"


@pytest.mark.parametrize(("code", "word"), [("15", "change-agreed"), ("16", "change-refused")])
def test_an_answer_under_the_old_documents_id_answers_the_update_that_has_an_id_of_its_own(
    code: str, word: str
) -> None:
    book = sent(HEALTH, OFFICE)
    update_ = said(book, update(HEALTH, OFFICE))
    confirmed(book)
    answer = status(code, document_id=DOCUMENT_ID, description="Đã xem")
    change = said(book, answer)
    assert told(change) == [(Event.CONSIGNMENT_NOTIFICATION, word, FINANCE)]
    (noted,) = change.statuses
    assert (noted.delivery_id, noted.document_id) == (original_ids(update_)[HEALTH], DOCUMENT_ID)
    again = said(book, replace(answer, timestamp="2026/01/05 09:00:00"))
    assert told(again) == []
    assert [s.delivery_id for s in again.statuses] == [noted.delivery_id], "kept in the history"


def test_an_answer_under_the_old_documents_id_answers_the_replacement_for_that_organ_alone() -> (
    None
):
    book = sent(HEALTH, OFFICE)
    made = replacement(HEALTH, OFFICE, of={DOCUMENT_ID: (OFFICE,)})
    said(book, made)
    confirmed(book)
    change = said(book, status("15", document_id=DOCUMENT_ID))
    assert change.submission is not None
    assert change.submission.reason == "recall-not-asked", "nothing was replaced for HEALTH"
    change = said(book, status("15", sender=OFFICE, document_id=DOCUMENT_ID))
    assert told(change) == [(Event.CONSIGNMENT_NOTIFICATION, "change-agreed", FINANCE)]


def test_of_several_updates_the_newest_unanswered_one_is_answered() -> None:
    book = sent(HEALTH)
    said(book, update(HEALTH))
    newer = said(book, update(HEALTH, document_id=OTHER_UPDATE, number="3"))
    confirmed(book)
    change = said(book, status("15", document_id=DOCUMENT_ID))
    assert [s.delivery_id for s in change.statuses] == [original_ids(newer)[HEALTH]]


def test_an_open_recall_is_answered_before_an_update() -> None:
    book = sent(HEALTH)
    said(book, update(HEALTH))
    confirmed(book)
    said(book, recall(HEALTH))
    change = said(book, status("15", document_id=DOCUMENT_ID))
    assert told(change) == [(Event.CONSIGNMENT_NOTIFICATION, "recall-agreed", FINANCE)]


def test_an_update_after_a_refused_recall_is_what_the_next_answer_is_about() -> None:
    book = sent(HEALTH)
    said(book, recall(HEALTH))
    said(book, status("16", document_id=DOCUMENT_ID))
    said(book, update(HEALTH))
    confirmed(book)
    change = said(book, status("15", document_id=DOCUMENT_ID))
    assert told(change) == [(Event.CONSIGNMENT_NOTIFICATION, "change-agreed", FINANCE)]
    (item,) = (i for i in book.deliveries.values() if i.recall is not None)
    assert item.delivery.state is S.SENT, "the document itself stays where it is"


def test_an_update_and_its_answer_in_one_transaction_find_each_other() -> None:
    book = sent(HEALTH)
    changes = book.settle_together(
        inspected(update(HEALTH), account="finance"),
        inspected(status("15", document_id=DOCUMENT_ID), account="health"),
    )
    assert told(changes[1]) == [(Event.CONSIGNMENT_NOTIFICATION, "change-agreed", FINANCE)]
