from dataclasses import replace
from datetime import UTC, datetime

import pytest

from axisd.adapters.memory_broker import MemoryBroker
from axisd.core.advance import Failed, Sent
from axisd.core.inspection import ABSENT, LegalValue, SignatureFinding, SignatureState
from axisd.core.reasons import Event
from axisd.core.records import RouteKind
from axisd.core.zone import wire_time
from axisd.errors import TransientError
from axisd.ports import Delivered
from axisd.service.relay import _REASONS, Relay, message, short
from tests.support.values import (
    COMMUNE,
    FINANCE,
    HEALTH,
    OFFICE,
    VERIFIED,
    delivery,
    facts,
    parcel,
    receipt,
    receipt_parcel,
)

INBOX = f"agency.{HEALTH}.inbox"


def test_a_document_goes_to_the_inbox_with_the_properties_of_the_contract() -> None:
    told = facts(priority=3, received_at=datetime(2026, 11, 22, 2, 15, 0, 123999, UTC))
    of = delivery(told)
    made = message(parcel(of, b"<edXML>bytes</edXML>", facts=told))
    assert made.queue == INBOX
    assert made.body == b"<edXML>bytes</edXML>"
    assert made.message_id == of.id
    assert (made.type, made.correlation_id) == ("document", told.document_id)
    assert (made.priority, made.content_type) == (3, "application/xml")
    assert made.headers == {
        "axis-submission": told.submission_id,
        "axis-from": FINANCE,
        "axis-to": HEALTH,
        "axis-digest": told.digest,
        "axis-legal-value": "original",
        "axis-signature": "verified",
        "axis-received-at": "2026-11-22T09:15:00.123+07:00",
    }


def test_the_message_id_is_the_same_at_every_attempt() -> None:
    loaded = parcel()
    again = replace(loaded, row=replace(loaded.row, attempts=7))
    assert message(loaded).message_id == message(again).message_id


@pytest.mark.parametrize(
    ("finding", "value", "said"),
    [
        (VERIFIED, LegalValue.ORIGINAL, ("verified", "original")),
        (ABSENT, LegalValue.REFERENCE, ("absent", "reference")),
        (
            SignatureFinding(SignatureState.DECORATIVE),
            LegalValue.REFERENCE,
            ("decorative", "reference"),
        ),
        (
            SignatureFinding(SignatureState.INVALID),
            LegalValue.REFERENCE,
            ("decorative", "reference"),
        ),
    ],
)
def test_the_headers_say_what_the_signature_is_worth_in_the_words_of_the_contract(
    finding: SignatureFinding, value: LegalValue, said: tuple[str, str]
) -> None:
    told = facts(signature=finding, legal_value=value)
    headers = message(parcel(delivery(told), facts=told)).headers
    assert (headers["axis-signature"], headers["axis-legal-value"]) == said


def test_a_copy_for_an_agency_without_a_system_lies_in_the_inbox_of_its_intake_office() -> None:
    made = message(parcel(delivery(recipient=COMMUNE, inbox=OFFICE)))
    assert made.queue == f"agency.{OFFICE}.inbox"
    assert made.headers["axis-to"] == COMMUNE


def test_a_status_says_that_it_is_one() -> None:
    told = facts(kind="status", business="", status="03")
    assert message(parcel(delivery(told), facts=told)).type == "status"


def test_a_receipt_goes_to_the_receipts_queue_under_its_event() -> None:
    told = facts()
    of = receipt(told, event=Event.CONTENT_HANDOVER, body=b"<Receipt>x</Receipt>")
    made = message(receipt_parcel(of, facts=told))
    assert made.queue == f"agency.{FINANCE}.receipts"
    assert (made.type, made.body) == ("ContentHandover", b"<Receipt>x</Receipt>")
    assert (made.message_id, made.correlation_id) == (of.id, told.document_id)
    assert made.headers == {"axis-submission": told.submission_id}


def test_a_receipt_about_what_could_not_be_read_has_no_correlation() -> None:
    told = facts(document_id="", sender="", kind="")
    made = message(receipt_parcel(receipt(told), facts=told))
    assert made.correlation_id == ""


@pytest.mark.parametrize("text", ["", "a" * 255, "ế" * 85])
def test_an_id_that_fits_a_short_string_is_left_as_it_is(text: str) -> None:
    assert short(text) == text


@pytest.mark.parametrize("text", ["a" * 256, "ế" * 86])
def test_an_id_that_does_not_fit_is_named_by_its_digest(text: str) -> None:
    assert short(text).startswith("sha256:")
    assert len(short(text).encode()) <= 255
    assert short(text) != short(text + "b")


def test_wire_time_is_vietnams() -> None:
    assert wire_time(datetime(2026, 12, 31, 17, 0, tzinfo=UTC)) == "2027-01-01T00:00:00.000+07:00"


async def test_what_the_broker_confirms_has_left() -> None:
    broker = MemoryBroker([INBOX])
    assert await Relay(broker).send(parcel()) == Sent()
    assert broker.waiting() == {INBOX: 1}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Delivered.RETURNED, "inbox-missing"),
        (Delivered.NACKED, "broker-refused"),
        (Delivered.SILENT, "broker-silent"),
    ],
)
async def test_whatever_else_the_broker_says_is_a_failure_that_may_heal(
    answer: Delivered, reason: str
) -> None:
    broker = MemoryBroker([INBOX])
    broker.refusing[INBOX] = answer
    attempt = await Relay(broker).send(parcel())
    assert isinstance(attempt, Failed)
    assert (attempt.refusal.code, attempt.final, attempt.everywhere) == (reason, False, False)
    assert attempt.refusal.particulars["agency"] == HEALTH


async def test_an_inbox_that_does_not_exist_returns_the_message() -> None:
    attempt = await Relay(MemoryBroker()).send(parcel())
    assert isinstance(attempt, Failed)
    assert attempt.refusal.code == "inbox-missing"


async def test_without_a_broker_nothing_was_tried() -> None:
    broker = MemoryBroker([INBOX])
    broker.reachable = False
    with pytest.raises(TransientError):
        await Relay(broker).send(parcel())


def test_every_answer_of_the_broker_means_something() -> None:
    assert set(_REASONS) | {Delivered.CONFIRMED} == set(Delivered)


def test_only_local_destinations_become_queues() -> None:
    assert parcel(delivery(route=RouteKind.LOCAL)).row.destination == f"local:{HEALTH}"
