"""`original` or `reference` (QC Điều 4): on every delivery, every receipt, every entry, whatever came and whence."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from lxml import etree

from axisd.core.advance import Means, Sent, advance
from axisd.core.chain import canonical
from axisd.core.directory import Profile
from axisd.core.evidence import Evidence
from axisd.core.inspect import inspect
from axisd.core.inspection import Inspection, LegalValue, SignatureState
from axisd.core.reasons import Event
from axisd.core.receiptform import NAMESPACE, compose
from axisd.core.records import Change, Delivery, Known, OutboxKind, Parcel, RouteKind
from axisd.core.retry import Backoff
from axisd.core.submission import Door
from axisd.service.relay import message
from tests.support.book import Book
from tests.support.messages import DOCUMENT, STATUS, swap
from tests.support.reading import SCHEMAS
from tests.support.reason_vectors import province
from tests.support.signed_world import NOW, OTHER, SENDER, signed, world
from tests.support.values import minter, row, submission

DECORATED = swap(
    DOCUMENT, ("    </edXML:edXMLHeader>", "<Signature>x</Signature></edXML:edXMLHeader>")
).encode()
SIGNED = signed(DOCUMENT.encode())
CHANGED = SIGNED.replace("dự toán".encode(), "dự toàn".encode(), 1)
MINISTRY = swap(DOCUMENT, ("000.00.11.H53", "000.00.00.G14")).encode()
ORIGINAL, REFERENCE = LegalValue.ORIGINAL, LegalValue.REFERENCE

CASES = {
    "signed": (SIGNED, Door.AMQP, Profile.REQUIRED, ORIGINAL, "verified"),
    "signed, where it need not be": (SIGNED, Door.AMQP, Profile.IF_PRESENT, ORIGINAL, "verified"),
    "unsigned": (DOCUMENT.encode(), Door.AMQP, Profile.IF_PRESENT, REFERENCE, "absent"),
    "decorated": (DECORATED, Door.AMQP, Profile.IF_PRESENT, REFERENCE, "decorative"),
    "changed after signing": (CHANGED, Door.AMQP, Profile.RECORDED, REFERENCE, "decorative"),
    "from the national axis": (MINISTRY, Door.NATIONAL, Profile.REQUIRED, REFERENCE, "absent"),
    "from the national axis, signed by a stranger": (
        signed(MINISTRY),
        Door.NATIONAL,
        Profile.REQUIRED,
        REFERENCE,
        "decorative",
    ),
}


def inspected(book: Book, body: bytes, door: Door = Door.AMQP, by: str = SENDER) -> Inspection:
    account = {SENDER: "finance", OTHER: "science"}[by] if door is Door.AMQP else None
    handed = submission(
        body, door=door, account=account, routing_key=f"normal.{by}", received_at=NOW
    )
    return inspect(handed, book.view, SCHEMAS)


def told(evidence: Evidence, book: Book) -> Iterator[str]:
    """What the entry in the ledger says, and what a receipt about it says."""
    yield json.loads(canonical(evidence, 1, None, legal_at=evidence.at))["submission"][
        "legal_value"
    ]
    receipt = etree.fromstring(compose(evidence, book.view.axis, 1, "0" * 64, legal_at=evidence.at))
    (about,) = receipt.iter(f"{{{NAMESPACE}}}Submission")
    yield about.get("legalValue", "")


def headers(change: Change, delivery: Delivery) -> dict[str, str]:
    assert change.submission is not None
    waiting = row(destination=delivery.destination, id=delivery.id, kind=OutboxKind.DELIVERY)
    parcel = Parcel(waiting, b"", change.submission.facts, delivery=delivery)
    return {key: str(value) for key, value in message(parcel).headers.items()}


@pytest.mark.parametrize("case", CASES)
def test_it_is_told_to_the_sender_the_recipient_and_the_ledger(case: str) -> None:
    body, door, profile, value, signature = CASES[case]
    book = Book(province(profile=profile))
    change = book.settle(inspected(book, body, door))
    assert change.submission is not None
    assert change.submission.facts.legal_value is value
    assert change.evidence
    for evidence in change.evidence:
        assert list(told(evidence, book)) == [value, value]
    (delivery,) = change.deliveries
    assert delivery.route is RouteKind.LOCAL
    assert headers(change, delivery)["axis-legal-value"] == value
    assert headers(change, delivery)["axis-signature"] == signature


@pytest.mark.parametrize(("body", "value"), [(SIGNED, ORIGINAL), (DOCUMENT.encode(), REFERENCE)])
def test_whatever_happens_later_is_told_with_the_documents_own(
    body: bytes, value: LegalValue
) -> None:
    book = Book(province(profile=Profile.IF_PRESENT))
    change = book.settle(inspected(book, body))
    (delivery,) = change.deliveries
    assert change.submission is not None
    waiting = row(destination=delivery.destination, id=delivery.id)
    parcel = Parcel(waiting, body, change.submission.facts, delivery=delivery)
    consigned = advance(
        parcel, Sent(), Known(), Means(Backoff(), 0.0, minter(9_000), NOW, book.view)
    )
    unsigned = inspected(book, STATUS.encode(), by=OTHER)
    taken = book.settle(unsigned)
    later = [*consigned.evidence, *(e for e in taken.evidence if e.event is Event.CONTENT_HANDOVER)]
    assert [e.event for e in later] == [Event.CONTENT_CONSIGNMENT, Event.CONTENT_HANDOVER]
    for evidence in later:
        assert list(told(evidence, book)) == [value, value]
    # The status is a submission of its own, unsigned, and says so of itself.
    (status,) = taken.deliveries
    assert headers(taken, status)["axis-legal-value"] == REFERENCE


def test_a_signed_status_is_an_original() -> None:
    book = Book(province())
    handed = signed(STATUS.encode(), world().credential("another agency"))
    change = book.settle(inspected(book, handed, by=OTHER))
    (status,) = change.deliveries
    assert headers(change, status)["axis-legal-value"] == ORIGINAL
    for evidence in change.evidence:
        assert list(told(evidence, book)) == [ORIGINAL, ORIGINAL]


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (DOCUMENT.encode(), REFERENCE),
        (CHANGED, REFERENCE),
        # Refused before anybody looked for a signature: its receipt does not speak as if somebody had.
        (b"<edXML/>", "not-examined"),
        (b"", "not-examined"),
    ],
)
def test_a_refusal_tells_it_too_and_never_claims_an_original_that_did_not_hold(
    body: bytes, value: str
) -> None:
    book = Book(province())
    change = book.settle(inspected(book, body))
    (rejection,) = change.evidence
    assert rejection.event is Event.SUBMISSION_REJECTION
    assert list(told(rejection, book)) == [REFERENCE, value]


def test_no_state_but_verified_is_an_original() -> None:
    found = inspected(Book(province()), SIGNED)
    for state in SignatureState:
        signature = replace(found.signature, state=state)
        value = replace(found, signature=signature).legal_value
        assert (value is ORIGINAL) is (state is SignatureState.VERIFIED)
