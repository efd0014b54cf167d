import pytest

from axisd.core.case import prepare
from axisd.core.envelope import ResponseFor
from axisd.core.history import LinkKind
from axisd.core.records import Change
from axisd.core.settlement import questions
from tests.support.book import Book
from tests.support.life_vectors import DOCUMENT_ID, recall, replacement, said, sent, update
from tests.support.values import CLOSED, FINANCE, HEALTH, MINISTRY, OFFICE, document, inspected


def warnings(change: Change) -> list[str]:
    return [warning.code for warning in change.evidence[0].warnings]


# repeated numbers


def test_a_number_that_was_used_before_is_named_on_the_receipt_and_nothing_is_refused() -> None:
    book = sent(HEALTH)
    change = said(book, document(OFFICE, document_id="second"))
    assert warnings(change) == ["number-repeated"]
    (warning,) = change.evidence[0].warnings
    assert warning.particulars["document"] == DOCUMENT_ID
    assert warning.particulars["time"] == "2026-01-05T08:00:00.000+07:00"
    assert "1/STC-NS" in warning.text("vi")
    assert [d.inbox for d in change.deliveries] == [OFFICE]


def test_the_first_document_with_the_number_is_named_however_many_follow() -> None:
    book = sent(HEALTH)
    for name in ("second", "third"):
        change = said(book, document(OFFICE, document_id=name))
        assert change.evidence[0].warnings[0].particulars["document"] == DOCUMENT_ID


@pytest.mark.parametrize(
    "changes",
    [
        {"number": "2"},
        {"notation": "STC-VP"},
        {"promulgation_date": "2025/12/31"},
        {"sender": OFFICE},
    ],
)
def test_another_number_notation_year_or_organ_is_not_a_repetition(changes: dict[str, str]) -> None:
    book = sent(HEALTH)
    assert warnings(said(book, document(HEALTH, document_id="second", **changes))) == []  # type: ignore[arg-type]


def test_the_same_document_to_further_recipients_is_not_a_repetition() -> None:
    assert warnings(said(sent(HEALTH), document(OFFICE))) == []


def test_the_number_of_a_document_that_was_refused_was_not_used() -> None:
    book = Book()
    refused = said(book, update(HEALTH, old="unknown", number="1"))
    assert refused.submission is not None
    assert refused.submission.reason == "update-unknown"
    assert warnings(said(book, document(HEALTH))) == []


def test_a_document_that_changes_or_recalls_another_may_repeat_its_number() -> None:
    for made in (
        update(HEALTH, number="1"),
        replacement(HEALTH, of={DOCUMENT_ID: ()}, number="1"),
        recall(HEALTH),
    ):
        change = said(sent(HEALTH), made)
        assert (change.deliveries != (), warnings(change)) == (True, [])


def test_an_update_that_repeats_the_number_of_a_third_document_says_so() -> None:
    book = sent(HEALTH)
    said(book, document(HEALTH, document_id="third", number="7"))
    assert warnings(said(book, update(HEALTH, number="7"))) == ["number-repeated"]


def test_two_documents_with_one_number_in_one_transaction_see_each_other() -> None:
    changes = Book().settle_together(
        inspected(document(HEALTH)), inspected(document(HEALTH, document_id="second"))
    )
    assert [warnings(change) for change in changes] == [[], ["number-repeated"]]


# replies


def answering(*documents: tuple[str, str]) -> tuple[ResponseFor, ...]:
    return tuple(
        ResponseFor(organ, "1/STC-NS", document_id, "2026/01/05")
        for organ, document_id in documents
    )


def test_a_reply_is_linked_to_what_it_answers_by_whatever_code_that_is_written() -> None:
    book = sent(HEALTH)
    for number, organ in enumerate((FINANCE, "H53.11")):
        reply = document(
            FINANCE,
            sender=HEALTH,
            document_id=f"reply-{number}",
            responses_for=answering((organ, DOCUMENT_ID), (organ, DOCUMENT_ID)),
        )
        change = said(book, reply)
        assert [(link.kind, link.issuer, link.document_id) for link in change.links] == [
            (LinkKind.REPLY, FINANCE, DOCUMENT_ID)
        ]


def test_a_reply_to_what_is_not_known_here_is_linked_all_the_same() -> None:
    reply = document(MINISTRY, responses_for=answering((MINISTRY, "m-0"), ("", ""), (MINISTRY, "")))
    assert [link.document_id for link in said(Book(), reply).links] == ["m-0"]


# what the ledger is asked


def test_a_new_document_asks_for_no_more_than_what_can_stand_against_it() -> None:
    book = Book()
    asked = questions(prepare(inspected(document(HEALTH, OFFICE)), book.view), book.view)
    own = frozenset({(FINANCE, DOCUMENT_ID)})
    assert (asked.documents, asked.addressed) == (frozenset(), frozenset())
    assert (asked.recalled, len(asked.numbers)) == (own, 1)
    assert asked.unmatched == own | {(CLOSED, DOCUMENT_ID)}, "a late status may name a former code"


def test_what_is_known_but_was_not_asked_for_does_not_stand_against_it() -> None:
    """In a group, a decision sees what the others asked for."""
    book = sent(HEALTH)
    late = document(HEALTH, document_id="other", number="8")
    changes = book.settle_together(inspected(recall(HEALTH)), inspected(late))
    assert [change.deliveries != () for change in changes] == [True, True]
