from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisd.core.advance import Failed, Means, advance
from axisd.core.case import prepare
from axisd.core.envelope import Business, Organization, OtherInfo
from axisd.core.inspect import crashed
from axisd.core.inspection import Inspection, LegalValue
from axisd.core.lifecycle import DeliveryState, SubmissionState
from axisd.core.reasons import Event, refuse
from axisd.core.records import INLINE_LIMIT, Change, Known, OutboxKind, RouteKind
from axisd.core.retry import Backoff
from axisd.core.settlement import questions, settle
from axisd.core.submission import Door, Lane
from tests.support.book import Book
from tests.support.life_vectors import confirmed, recall, said
from tests.support.values import (
    CLOSED,
    COMMUNE,
    DOOR,
    FINANCE,
    GONE,
    HEALTH,
    MINISTRY,
    MINISTRY_TWIN,
    NOW,
    OFFICE,
    UNKNOWN,
    agency,
    attachment,
    directory,
    document,
    inspected,
    parcel,
    refused,
    status,
    submission,
    system,
    view,
)

ACCEPTED, REFUSED = SubmissionState.ACCEPTED, SubmissionState.REFUSED
DUPLICATE, QUARANTINED = SubmissionState.DUPLICATE, SubmissionState.QUARANTINED


def state(change: Change) -> SubmissionState:
    assert change.submission is not None
    return change.submission.state


def outcomes(change: Change) -> dict[str, str]:
    """What the receipt says: `accepted`, `duplicate`, or the code of the refusal."""
    return {
        item.organ: item.refusal.code if item.refusal else item.outcome
        for item in change.evidence[0].recipients
    }


def reason(change: Change) -> str:
    assert change.submission is not None
    return change.submission.reason


# one submission


def test_an_accepted_document_is_durable_with_everything_that_follows_from_it() -> None:
    body = b"<edXML>...</edXML>"
    change = Book().settle(inspected(document(HEALTH, OFFICE), body))
    assert state(change) is ACCEPTED
    assert change.payload is not None
    assert change.payload.body == body
    assert [d.inbox for d in change.deliveries] == [HEALTH, OFFICE]
    assert {d.state for d in change.deliveries} == {DeliveryState.QUEUED}
    (acceptance,) = change.evidence
    assert acceptance.event is Event.SUBMISSION_ACCEPTANCE
    assert acceptance.receipt_to == FINANCE
    assert len(acceptance.steps) == 9
    assert [(row.kind, row.destination, row.id) for row in change.outbox] == [
        (OutboxKind.RECEIPT, f"receipts:{FINANCE}", acceptance.id),
        (OutboxKind.DELIVERY, f"local:{HEALTH}", change.deliveries[0].id),
        (OutboxKind.DELIVERY, f"local:{OFFICE}", change.deliveries[1].id),
    ]
    assert [row.size for row in change.outbox] == [0, len(body), len(body)]


def test_a_delivery_lives_as_long_as_the_view_says() -> None:
    book = Book(view(lifetime=timedelta(hours=3)))
    (made,) = book.settle(inspected(document())).deliveries
    assert made.expires_at == NOW + timedelta(hours=3)


def test_ids_are_minted_in_the_order_of_the_decision() -> None:
    change = Book().settle(inspected(document(HEALTH, DOOR, OFFICE)))
    ids = [change.evidence[0].id, *(d.id for d in change.deliveries), change.evidence[1].id]
    assert ids == sorted(ids)


def test_a_large_payload_is_named_but_does_not_travel_in_the_transaction() -> None:
    for size, travels in ((INLINE_LIMIT, True), (INLINE_LIMIT + 1, False)):
        change = Book().settle(inspected(document(), b"x" * size))
        assert change.payload is not None
        assert change.payload.size == size
        assert (change.payload.body is not None) == travels


def test_what_was_not_signed_is_for_reference() -> None:
    change = Book().settle(inspected(document(), signed=False))
    assert change.evidence[0].facts.legal_value is LegalValue.REFERENCE


@pytest.mark.parametrize("priority", ["1", "2", "3", "4"])
def test_an_urgent_document_takes_the_urgent_lane_whatever_its_routing_key(priority: str) -> None:
    change = Book().settle(inspected(document(priority=priority)))
    assert {row.lane for row in change.outbox} == {Lane.URGENT}
    assert change.deliveries[0].priority == int(priority)


@pytest.mark.parametrize("priority", ["", "0", "5", "-1", "x", "٣"])
def test_any_other_priority_is_ordinary(priority: str) -> None:
    change = Book().settle(inspected(document(priority=priority)))
    assert {row.lane for row in change.outbox} == {Lane.NORMAL}
    assert change.deliveries[0].priority == 0


def test_the_urgent_lane_at_the_door_stays_urgent() -> None:
    change = Book().settle(inspected(document(), routing_key=f"urgent.{FINANCE}"))
    assert change.deliveries[0].lane is Lane.URGENT


# recipients


def test_a_mailbox_is_the_ledger_itself_so_consignment_is_witnessed_at_once() -> None:
    change = Book().settle(inspected(document(DOOR)))
    (made,) = change.deliveries
    assert (made.route, made.state) == (RouteKind.MAILBOX, DeliveryState.SENT)
    assert [e.event for e in change.evidence] == [
        Event.SUBMISSION_ACCEPTANCE,
        Event.CONTENT_CONSIGNMENT,
    ]
    assert {row.destination for row in change.outbox} == {f"receipts:{FINANCE}"}


def test_an_agency_without_a_system_is_delivered_to_its_intake_office_in_its_own_name() -> None:
    change = Book().settle(inspected(document(COMMUNE, OFFICE)))
    assert [(d.identity.recipient, d.inbox) for d in change.deliveries] == [
        (COMMUNE, OFFICE),
        (OFFICE, OFFICE),
    ]


def test_one_unknown_recipient_does_not_keep_the_others_from_theirs() -> None:
    change = Book().settle(inspected(document(UNKNOWN, HEALTH, GONE, MINISTRY)))
    assert state(change) is ACCEPTED
    assert outcomes(change) == {
        UNKNOWN: "recipient-unknown",
        HEALTH: "accepted",
        GONE: "recipient-closed",
        MINISTRY: "accepted",
    }
    assert [d.identity.recipient for d in change.deliveries] == [HEALTH, MINISTRY]


def test_a_recipient_that_gets_nothing_is_shown_where_it_stands() -> None:
    named = replace(
        document(), recipients=(Organization(HEALTH, line=7), Organization(GONE, line=9))
    )
    change = Book().settle(inspected(named))
    (refusal,) = [o.refusal for o in change.evidence[0].recipients if o.refusal is not None]
    assert (refusal.code, refusal.line) == ("recipient-closed", 9)
    assert refusal.at == "/edXML/edXMLEnvelope/edXMLHeader/MessageHeader/To/OrganId"


def test_only_unknown_recipients_refuse_the_submission_and_name_each() -> None:
    change = Book().settle(inspected(document(UNKNOWN, GONE)))
    assert (state(change), reason(change)) == (REFUSED, "recipient-unknown")
    assert change.evidence[0].event is Event.SUBMISSION_REJECTION
    assert outcomes(change) == {UNKNOWN: "recipient-unknown", GONE: "recipient-closed"}
    assert change.deliveries == ()


def test_an_organ_written_with_both_its_codes_gets_one_delivery() -> None:
    change = Book().settle(inspected(document(MINISTRY_TWIN, MINISTRY)))
    (made,) = change.deliveries
    assert made.addressed == (MINISTRY_TWIN, MINISTRY)
    assert made.destination == f"national:{MINISTRY_TWIN}"


def test_a_closed_recipient_is_delivered_to_its_successor_and_the_receipt_says_so() -> None:
    change = Book().settle(inspected(document(CLOSED)))
    (outcome,) = change.evidence[0].recipients
    assert (outcome.organ, outcome.addressed) == (FINANCE, (CLOSED,))
    assert outcome.note is not None
    assert outcome.note.code == "recipient-closed"


def test_a_code_closes_at_midnight_in_vietnam() -> None:
    def received(hour: int) -> str:
        at = datetime(2025, 6, 30, hour, tzinfo=UTC)
        change = Book().settle(inspected(document(CLOSED), received_at=at))
        return change.evidence[0].recipients[0].organ

    assert (received(16), received(17)) == (CLOSED, FINANCE)


# duplicates


def test_the_same_bytes_again_get_the_same_receipt_and_nothing_is_delivered_twice() -> None:
    book = Book()
    first = book.settle(inspected(document(), b"same"))
    again = book.settle(inspected(document(), b"same"))
    assert state(again) is DUPLICATE
    assert again.submission is not None
    assert first.submission is not None
    assert again.submission.duplicate_of == first.submission.facts.submission_id
    assert (again.deliveries, again.evidence, again.outbox, again.payload) == ((), (), (), None)
    assert [(row.id, row.destination) for row in again.resend] == [
        (first.evidence[0].id, f"receipts:{FINANCE}")
    ]


def test_two_copies_in_one_transaction_see_each_other() -> None:
    first, second, third = Book().settle_together(
        *(inspected(document(HEALTH, DOOR), b"same") for _ in range(3))
    )
    assert [state(change) for change in (first, second, third)] == [ACCEPTED, DUPLICATE, DUPLICATE]
    assert [row.id for row in second.resend] == [first.evidence[0].id]


def test_the_same_id_with_other_bytes_is_refused_and_names_the_earlier() -> None:
    book = Book()
    book.settle(inspected(document(), b"one"))
    change = book.settle(inspected(document(), b"other"))
    assert (state(change), reason(change)) == (REFUSED, "document-id-reused")
    refusal = change.evidence[0].refusal
    assert refusal is not None
    first = next(iter(book.deliveries.values()))
    assert refusal.particulars["digest"] == first.facts.digest
    assert refusal.particulars["time"] == "2026-01-05T08:00:00.000+07:00"
    assert refusal.at == "/edXML/edXMLEnvelope/edXMLHeader/MessageHeader/DocumentId"


def test_the_same_id_with_other_bytes_in_one_transaction_is_refused_too() -> None:
    changes = Book().settle_together(
        inspected(document(), b"one"),
        inspected(document(), b"other"),
        inspected(document(), b"one"),
    )
    assert [state(change) for change in changes] == [ACCEPTED, REFUSED, DUPLICATE]


def test_one_envelope_per_recipient_under_one_id_is_right() -> None:
    book = Book()
    for recipient in (HEALTH, OFFICE, DOOR, MINISTRY):
        assert state(book.settle(inspected(document(recipient), recipient.encode()))) is ACCEPTED
    assert len(book.deliveries) == 4


def test_other_bytes_for_one_recipient_do_not_keep_the_others_from_theirs() -> None:
    book = Book()
    book.settle(inspected(document(HEALTH), b"one"))
    change = book.settle(inspected(document(HEALTH, OFFICE), b"other"))
    assert state(change) is ACCEPTED
    assert outcomes(change) == {HEALTH: "document-id-reused", OFFICE: "accepted"}
    assert [d.identity.recipient for d in change.deliveries] == [OFFICE]


def test_a_recipient_that_can_be_reached_by_now_gets_the_same_bytes_and_nobody_else_again() -> None:
    book = Book()
    envelope = document(HEALTH, UNKNOWN)
    book.settle(inspected(envelope, b"same"))
    codes = [*directory(), agency(UNKNOWN)]
    systems = [*directory().systems.values(), system("new", UNKNOWN)]
    book.view = view(directory=directory(codes, systems))
    second = book.settle(inspected(envelope, b"same"))
    assert outcomes(second) == {HEALTH: "duplicate", UNKNOWN: "accepted"}
    third = book.settle(inspected(envelope, b"same"))
    assert state(third) is DUPLICATE
    assert [row.id for row in third.resend] == [second.evidence[0].id]


def test_a_refused_submission_uses_up_nothing() -> None:
    book = Book()
    envelope = document()
    first = book.settle(refused(refuse("signature-invalid"), envelope))
    again = book.settle(refused(refuse("signature-invalid"), envelope))
    assert state(first) is state(again) is REFUSED
    assert first.evidence[0].id != again.evidence[0].id
    assert state(book.settle(inspected(envelope, b"mended"))) is ACCEPTED


def test_a_recall_of_a_document_is_not_the_document() -> None:
    book = Book()
    book.settle(inspected(document()))
    recall = book.settle(inspected(document(business=Business.RECALL)))
    assert state(recall) is ACCEPTED
    assert state(book.settle(inspected(document(business=Business.RECALL)))) is DUPLICATE


def test_two_senders_may_use_one_id() -> None:
    book = Book()
    book.settle(inspected(document(HEALTH)))
    other = document(HEALTH, sender=OFFICE)
    change = book.settle(inspected(other, account="office", routing_key=f"normal.{OFFICE}"))
    assert state(change) is ACCEPTED


def test_a_sender_is_the_same_by_either_of_its_codes() -> None:
    book = Book()
    book.settle(inspected(document(sender=FINANCE), b"one"))
    assert reason(book.settle(inspected(document(sender="H53.11"), b"other"))) == (
        "document-id-reused"
    )


def test_a_recipient_is_the_same_by_either_of_its_codes() -> None:
    book = Book()
    book.settle(inspected(document(HEALTH), b"one"))
    assert reason(book.settle(inspected(document("H53.12"), b"other"))) == "document-id-reused"


# refusals


def test_what_the_inspection_refused_is_answered_with_place_and_line() -> None:
    refusal = refuse("schema-invalid", at="/edXML/x", line=12, detail="x")
    change = Book().settle(refused(refusal))
    assert change.submission is not None
    assert (change.submission.at, change.submission.line) == ("/edXML/x", 12)
    assert change.evidence[0].refusal == refusal
    assert [row.destination for row in change.outbox] == [f"receipts:{FINANCE}"]
    assert change.payload is not None


def test_a_refusal_that_nobody_can_be_told_of_is_evidence_all_the_same() -> None:
    change = Book().settle(refused(refuse("account-missing"), account=None))
    assert change.evidence[0].receipt_to is None
    assert change.outbox == ()


def test_what_a_document_says_of_itself_is_kept_as_it_says_it() -> None:
    made = replace(
        document(HEALTH),
        type_name="Quyết định",
        signer_name="Nguyễn Văn A",
        signer_position="Giám đốc",
        place="Tây Ninh",
        other=OtherInfo(page_amount="12"),
    )
    record = Book().settle(inspected(made)).submission
    assert record is not None
    kept = (record.type_name, record.signer, record.position, record.place, record.pages)
    assert kept == ("Quyết định", "Nguyễn Văn A", "Giám đốc", "Tây Ninh", "12")


def test_of_a_secret_nothing_is_kept_but_the_refusal() -> None:
    secret = document(attachments=(attachment(name="Kế hoạch tuyệt mật.pdf"),))
    inspection = replace(refused(refuse("secrecy-mark"), secret), keep_payload=False)
    change = Book().settle(inspection)
    record = change.submission
    assert record is not None
    assert change.payload is None
    assert (record.subject, record.number, record.notation) == (None, "", "")
    assert {record.type_name, record.signer, record.position, record.place, record.pages} == {""}
    assert record.facts.attachments == ()
    assert "Kế hoạch" not in repr(change)
    assert record.facts.document_id == secret.document_id


def test_what_crashed_the_inspection_is_kept_and_answered() -> None:
    handed = submission(b"poison")
    change = Book().settle(crashed(handed, view(), "ValueError"))
    assert (state(change), reason(change)) == (QUARANTINED, "quarantined")
    assert change.payload is not None
    assert change.payload.body == b"poison"
    assert change.evidence[0].receipt_to == FINANCE
    assert change.evidence[0].event is Event.SUBMISSION_REJECTION


# from the national axis


def came(
    doc_id: str, to: str, body: bytes = b"serialised", *recipients: str, **changes: Any
) -> Inspection:
    """An item of a ministry's document."""
    envelope = document(
        *(recipients or (to,)), sender=MINISTRY, document_id="G14-2026-7", **changes
    )
    return replace(
        inspected(
            envelope,
            body,
            signed=False,
            door=Door.NATIONAL,
            account=None,
            routing_key="",
            external_id=f"document/{doc_id}",
            addressed_to=(to,) if to else (),
        ),
        sender=None,
    )


def test_what_came_in_over_the_national_axis_is_delivered_and_nobody_is_sent_a_receipt() -> None:
    change = Book().settle(came("1", HEALTH))
    assert change.evidence[0].event is Event.RECEIVED_FROM_NON_ERDS
    assert change.evidence[0].external_id == "document/1"
    assert [row.destination for row in change.outbox] == [f"local:{HEALTH}"]


def test_each_item_delivers_to_the_recipient_that_it_was_sent_for() -> None:
    book = Book()
    named = (HEALTH, OFFICE, MINISTRY, "000.00.00.H18")
    one = book.settle(came("1", HEALTH, b"one", *named))
    two = book.settle(came("2", OFFICE, b"two", *named))
    assert [d.identity.recipient for d in (*one.deliveries, *two.deliveries)] == [HEALTH, OFFICE]


def test_an_agency_addressed_by_both_its_codes_gets_one_delivery_of_its_two_items() -> None:
    book = Book()
    named = (FINANCE, "H53.11", HEALTH)
    one = book.settle(came("1", "H53.11", b"one", *named))
    two = book.settle(came("2", FINANCE, b"two", *named))
    assert [state(one), state(two)] == [ACCEPTED, DUPLICATE]
    assert one.deliveries[0].addressed == (FINANCE, "H53.11")
    assert two.resend == ()


def test_an_item_listed_again_is_a_duplicate_however_it_is_serialised_now() -> None:
    book = Book()
    first = book.settle(came("1", HEALTH, b"one"))
    again = book.settle(came("1", HEALTH, b"serialised anew"))
    other = book.settle(came("1", HEALTH, b"even its subject", subject="khác"))
    assert [state(again), state(other)] == [DUPLICATE, DUPLICATE]
    assert first.submission is not None
    assert other.submission is not None
    assert other.submission.duplicate_of == first.submission.facts.submission_id


def test_two_items_of_one_document_in_one_transaction_are_one_delivery() -> None:
    changes = Book().settle_together(came("1", HEALTH, b"one"), came("2", "H53.12", b"two", HEALTH))
    assert [state(change) for change in changes] == [ACCEPTED, DUPLICATE]


def test_a_number_that_the_national_axis_uses_twice_does_not_swallow_a_document() -> None:
    book = Book()
    book.settle(came("1", HEALTH, b"one"))
    other = document(HEALTH, sender=MINISTRY, document_id="G14-2026-8")
    change = book.settle(
        replace(came("1", HEALTH), envelope=other, verified=inspected(other).verified)
    )
    assert state(change) is ACCEPTED
    assert len(book.deliveries) == 2


def test_other_content_under_the_id_of_a_ministry_is_refused() -> None:
    book = Book()
    book.settle(came("1", HEALTH, b"one"))
    change = book.settle(came("2", HEALTH, b"two", subject="Nội dung khác"))
    assert (state(change), reason(change)) == (REFUSED, "document-id-reused")


def test_other_attachments_under_the_id_of_a_ministry_are_refused() -> None:
    book = Book()
    book.settle(came("1", HEALTH, b"one", attachments=(attachment(b"a"),)))
    change = book.settle(came("2", HEALTH, b"two", attachments=(attachment(b"b"),)))
    assert reason(change) == "document-id-reused"


def test_an_item_for_a_closed_code_reaches_the_successor() -> None:
    (made,) = Book().settle(came("1", CLOSED)).deliveries
    assert (made.inbox, made.addressed) == (FINANCE, (CLOSED,))


def test_an_item_whose_envelope_names_nobody_of_ours_goes_to_whom_it_was_sent() -> None:
    (made,) = Book().settle(came("1", HEALTH, b"x", MINISTRY)).deliveries
    assert made.inbox == HEALTH


def test_without_a_recipient_beside_it_all_of_ours_in_the_envelope_get_it() -> None:
    change = Book().settle(came("1", "", b"x", HEALTH, MINISTRY, OFFICE))
    assert [d.inbox for d in change.deliveries] == [HEALTH, OFFICE]


@pytest.mark.parametrize("to", [MINISTRY, "", "H18.5"])
def test_an_item_for_nobody_of_ours_is_refused_and_never_sent_back(to: str) -> None:
    change = Book().settle(came("1", to, b"x", MINISTRY))
    assert (state(change), reason(change)) == (REFUSED, "recipient-unknown")
    assert change.outbox == ()


def test_an_item_for_an_unknown_agency_of_ours_is_refused_by_name() -> None:
    change = Book().settle(came("1", UNKNOWN))
    assert (state(change), reason(change)) == (REFUSED, "recipient-unknown")
    assert change.evidence[0].refusal is not None
    assert change.evidence[0].refusal.particulars["agency"] == UNKNOWN


def test_a_refused_item_may_be_fetched_and_judged_again() -> None:
    book = Book()
    book.settle(came("1", UNKNOWN))
    assert state(book.settle(came("1", HEALTH))) is ACCEPTED


def test_an_item_that_was_settled_and_is_now_refused_is_a_duplicate() -> None:
    book = Book()
    book.settle(came("1", HEALTH))
    later = refused(refuse("too-large"), door=Door.NATIONAL, account=None, external_id="document/1")
    assert state(book.settle(later)) is DUPLICATE


# statuses as submissions


def test_a_status_is_delivered_to_whom_it_answers() -> None:
    change = Book().settle(
        inspected(status("03"), account="health", routing_key=f"normal.{HEALTH}")
    )
    (made,) = change.deliveries
    assert made.inbox == FINANCE
    assert made.identity.business.startswith("status/03/")


def test_the_same_status_again_is_a_duplicate_and_a_later_one_with_the_same_word_is_not() -> None:
    book = Book()
    first, later = status("05"), status("05", timestamp="2026/01/06 08:30:00")
    states = [
        state(book.settle(inspected(item, account="health"))) for item in (first, first, later)
    ]
    assert states == [ACCEPTED, DUPLICATE, ACCEPTED]


def test_a_status_about_a_ministrys_document_goes_over_the_national_axis() -> None:
    item = status("01", about=MINISTRY_TWIN, document_id="G14-2026-7")
    (made,) = Book().settle(inspected(item, account="health")).deliveries
    assert made.destination == f"national:{MINISTRY_TWIN}"


def test_a_status_of_the_national_axis_is_the_same_however_it_is_serialised() -> None:
    book = Book()
    item = status("03", sender=MINISTRY)
    states = [
        state(
            book.settle(
                inspected(
                    item,
                    body,
                    door=Door.NATIONAL,
                    account=None,
                    external_id=f"status/{number}",
                    addressed_to=(FINANCE,),
                )
            )
        )
        for number, body in (("1", b"one"), ("2", b"two"))
    ]
    assert states == [ACCEPTED, DUPLICATE]


# whatever the order

BODIES = (b"one", b"two")
RECIPIENTS = (HEALTH, OFFICE, DOOR, MINISTRY, UNKNOWN, COMMUNE)
submissions = st.tuples(
    st.sampled_from(BODIES),
    st.lists(st.sampled_from(RECIPIENTS), min_size=1, max_size=4, unique=True).map(tuple),
    st.sampled_from(["A", "B"]),
)


@given(st.lists(submissions, max_size=12), st.data())
def test_whatever_order_and_groups_every_identity_is_delivered_once_and_everybody_is_answered(
    handed: list[tuple[bytes, tuple[str, ...], str]], data: st.DataObject
) -> None:
    book, rest = (
        Book(),
        [inspected(document(*to, document_id=name), body) for body, to, name in handed],
    )
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        group, rest = rest[:size], rest[size:]
        changes = book.settle_together(*group)
        for change in changes:
            assert change.submission is not None
            # Everybody is answered: with evidence of its own, or with the receipt of the first.
            assert (state(change) is DUPLICATE) == (not change.evidence)
            assert len(change.resend) == (state(change) is DUPLICATE)
            assert (state(change) is ACCEPTED) == bool(change.deliveries)
    first: dict[tuple[str, str], str] = {}
    for body, to, name in handed:
        for recipient in to:
            if recipient != UNKNOWN:
                first.setdefault((name, recipient), inspected(document(), body).digest)
    got = {
        (d.delivery.identity.document_id, d.delivery.identity.recipient): d.delivery.digest
        for d in book.deliveries.values()
    }
    assert got == first


@given(st.lists(submissions, max_size=8))
def test_settling_everything_again_changes_nothing(
    handed: list[tuple[bytes, tuple[str, ...], str]],
) -> None:
    book = Book()
    for body, to, name in handed:
        book.settle(inspected(document(*to, document_id=name), body))
    before = dict(book.deliveries)
    for body, to, name in handed:
        change = book.settle(inspected(document(*to, document_id=name), body))
        assert state(change) is not ACCEPTED
    assert book.deliveries == before


def test_a_decision_only_reads_what_is_known() -> None:
    book = Book()
    book.settle(inspected(document()))
    case = prepare(inspected(status("03"), account="health"), book.view)
    known = book.known(questions(case, book.view))
    before = (dict(known.deliveries), dict(known.by_identity), dict(known.externals))
    one = settle(case, known, book.view, mint=lambda: "x", now=NOW)
    two = settle(case, known, book.view, mint=lambda: "x", now=NOW)
    assert one == two
    assert (known.deliveries, known.by_identity, known.externals) == before


# through time


def test_what_a_closed_agency_got_its_successor_does_not_get_again() -> None:
    eve = datetime(2026, 1, 9, 16, 59, tzinfo=UTC)
    agencies = [
        agency(FINANCE),
        agency(HEALTH, valid_to=date(2026, 1, 10), successor=OFFICE),
        agency(OFFICE),
    ]
    serving = [system("finance", FINANCE), system("health", HEALTH), system("office", OFFICE)]
    book = Book(view(directory=directory(agencies, serving)))
    first = book.settle(inspected(document(HEALTH), received_at=eve))
    assert [made.inbox for made in first.deliveries] == [HEALTH]
    again = book.settle(inspected(document(HEALTH), received_at=eve + timedelta(hours=1)))
    assert state(again) is DUPLICATE
    assert again.deliveries == ()
    other = replace(document(HEALTH), subject="khác")
    reused = book.settle(inspected(other, received_at=eve + timedelta(hours=2)))
    assert reason(reused) == "document-id-reused"


def test_of_an_envelope_from_the_national_axis_what_closed_elsewhere_is_not_our_business() -> None:
    elsewhere = agency("000.00.00.H23", twin="H23", valid_to=date(2025, 7, 1))
    book = Book(view(directory=directory([elsewhere, agency(HEALTH)], [system("health", HEALTH)])))
    both = document("000.00.11.H23", HEALTH, sender=MINISTRY)
    come = inspected(both, door=Door.NATIONAL, account=None)
    assert outcomes(book.settle(come)) == {HEALTH: "accepted"}
    alone = document("H23", sender=MINISTRY, document_id="other")
    told = book.settle(inspected(alone, door=Door.NATIONAL, account=None))
    assert reason(told) == "recipient-closed"


# what a door is told beside the envelope


def beside(envelope: Any, *to: str, body: bytes = b"<edXML/>") -> Inspection:
    """Handed in through the VXP door, for `to`."""
    return inspected(envelope, body, door=Door.VXP, routing_key="", addressed_to=to)


def test_a_document_goes_only_to_those_of_its_recipients_that_it_is_handed_in_for() -> None:
    book = Book()
    first = book.settle(beside(document(HEALTH, OFFICE), HEALTH))
    assert outcomes(first) == {HEALTH: "accepted"}
    second = book.settle(beside(document(HEALTH, OFFICE), OFFICE, HEALTH))
    assert outcomes(second) == {OFFICE: "accepted", HEALTH: "duplicate"}
    assert [made.inbox for made in second.deliveries] == [OFFICE]


def test_without_a_word_beside_it_a_document_goes_to_all_that_it_names() -> None:
    change = Book().settle(beside(document(HEALTH, OFFICE)))
    assert outcomes(change) == {HEALTH: "accepted", OFFICE: "accepted"}


def test_whom_the_envelope_does_not_name_does_not_get_it_and_the_others_do() -> None:
    change = Book().settle(beside(document(HEALTH), HEALTH, OFFICE, "not\u200ba code"))
    assert outcomes(change) == {
        HEALTH: "accepted",
        OFFICE: "recipient-not-named",
        "not\u200ba code": "code-malformed",
    }


def test_a_recipient_may_be_named_beside_the_envelope_by_its_other_code() -> None:
    change = Book().settle(beside(document(MINISTRY, HEALTH), MINISTRY_TWIN))
    assert outcomes(change) == {MINISTRY: "accepted"}


def test_a_status_goes_where_it_is_said_to_go_beside_it() -> None:
    book = Book()
    book.settle(inspected(document(HEALTH)))
    (made,) = book.settle(beside(status("03", sender=HEALTH), OFFICE)).deliveries
    assert made.inbox == OFFICE
    (made,) = book.settle(beside(status("04", sender=HEALTH), body=b"<edXML>4</edXML>")).deliveries
    assert made.inbox == FINANCE


def told_again(change: Change) -> list[str]:
    """The events of the receipts that go out again."""
    return [row.id for row in change.resend]


@pytest.mark.parametrize("end", ["recipient", "axis", "withdrawn"])
def test_a_repeat_of_what_failed_is_told_both_that_it_was_accepted_and_that_it_failed(
    end: str,
) -> None:
    book = Book()
    first = book.settle(inspected(document(HEALTH, OFFICE)))
    copy = book.delivery(HEALTH).id
    if end == "recipient":
        confirmed(book)
        said(book, status("02", description="Sai nơi nhận"))
    elif end == "withdrawn":
        said(book, recall(HEALTH))
    else:
        _broken(book, HEALTH)
    failure = next(e for e in book.evidence if e.delivery_id == copy and e.refusal)
    again = book.settle(inspected(document(HEALTH, OFFICE)))
    assert told_again(again) == [first.evidence[0].id, failure.id]
    assert {row.destination for row in again.resend} == {f"receipts:{FINANCE}"}


def test_a_repeat_of_what_did_not_fail_is_told_the_acceptance_alone() -> None:
    book = Book()
    first = book.settle(inspected(document(HEALTH)))
    confirmed(book)
    said(book, status("01"))
    assert told_again(book.settle(inspected(document(HEALTH)))) == [first.evidence[0].id]


def _broken(book: Book, recipient: str) -> None:
    """The broker refuses the copy for good."""
    delivery = book.delivery(recipient)
    item = book.deliveries[delivery.id]
    known = Known()
    known.add(item)
    means = Means(Backoff(), 0.0, book.mint, NOW, book.view)
    failed = Failed(refuse("broker-refused", agency=recipient), final=True)
    book.take_in(advance(parcel(delivery, facts=item.facts), failed, known, means))
