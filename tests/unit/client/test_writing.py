"""What an agency's system composes: documents and statuses that say what they should, signed or not at all."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from axisd.client import EnvelopeError, File, Organization, Staff
from axisd.client.writing import compose, compose_answer, signed
from axisd.core.carried import read_envelope
from axisd.core.envelope import Document, Envelope, ResponseFor, Status
from axisd.core.reasons import Refusal
from axisd.simulator.pki import Authority
from tests.support.letters import letter

NOW = datetime(2026, 11, 20, 2, 15, tzinfo=UTC)
ME = Organization("000.00.13.H53", name="Sở Thông tin và Truyền thông")
STAFF = Staff(department="Văn thư", name="Văn thư")


def read(body: bytes) -> Envelope:
    found = read_envelope(body)
    assert not isinstance(found, Refusal)
    return found


def answer(about: Envelope, code: str, words: str = "") -> Status:
    found = read(compose_answer(about, code, words, sender=ME, staff=STAFF, now=NOW))
    assert isinstance(found, Status)
    return found


def test_files_are_listed_in_the_manifest_and_carried() -> None:
    files = [File("một.pdf", b"%PDF-1", "application/pdf"), File("hai.txt", b"x")]
    found = read(compose(letter(), files, zipped=False))
    assert isinstance(found, Document)
    assert [item.name for item in found.manifest] == ["một.pdf", "hai.txt"]
    assert [item.content_id for item in found.attachments] == ["1", "2"]


def test_a_status_names_the_document_that_it_is_about_and_tells_the_time_of_vietnam() -> None:
    found = answer(letter(number="9"), "03", "Đã tiếp nhận")
    assert (found.sender.organ_id, found.code, found.description) == (
        ME.organ_id,
        "03",
        "Đã tiếp nhận",
    )
    assert found.timestamp == "2026/11/20 09:15:00"
    about = found.about
    assert (about.organ_id, about.code) == ("000.00.11.H53", "9/STC")
    assert about.document_id == letter(number="9").document_id


def test_a_status_13_is_answered_to_who_sent_it() -> None:
    asked = Status(
        Organization("000.00.11.H53"), ResponseFor(ME.organ_id, "7/STC", "D7", "2026/11/20"), "13"
    )
    found = answer(asked, "15")
    assert (found.about.organ_id, found.about.document_id) == ("000.00.11.H53", "D7")


def test_a_refusal_without_a_reason_is_not_even_composed() -> None:
    with pytest.raises(EnvelopeError, match="why the document is refused"):
        answer(letter(), "02", "  ")


def test_what_xml_cannot_carry_is_told_with_its_place() -> None:
    with pytest.raises(EnvelopeError, match=r"Subject contains U\+0001"):
        compose(letter(subject="a\x01"), [], zipped=False)
    with pytest.raises(EnvelopeError, match=r"Description contains U\+0000"):
        answer(letter(), "03", "\0")


def test_without_a_key_nothing_is_signed_and_twice_is_refused_with_its_reason() -> None:
    body = compose(letter(), [], zipped=False)
    assert signed(body, None) == body
    key = Authority.root(NOW).issue("000.00.11.H53").signing_key()
    once = signed(body, key)
    assert b"<ds:Signature " in once
    with pytest.raises(EnvelopeError) as error:
        signed(once, key)
    assert error.value.refusal is not None
    assert error.value.refusal.code == "signature-place"
