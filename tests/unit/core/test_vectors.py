"""Every vector in tests/vectors: the good ones read as stated, the bad ones refused as stated."""

from typing import Any

import pytest

from axisd.core.envelope import Attachment, Document, Envelope
from axisd.core.reasons import REASONS
from axisd.core.warnings import warnings_of
from tests.support.good_vectors import RECEIVED
from tests.support.life_vectors import LIVES
from tests.support.reading import SCHEMAS, envelope_of, refusal_of, root_of, vectors

GOOD = {name: (body, facts) for name, body, facts in vectors("good")}
BAD = {name: (body, expected) for name, body, expected in vectors("bad")}

XML_REASONS = {
    "empty",
    "encoding",
    "not-well-formed",
    "forbidden-markup",
    "structure-limit",
    "kind-unknown",
    "schema-invalid",
    "attachment-malformed",
    "attachment-name",
    "attachments-repeated",
}


@pytest.mark.parametrize("name", GOOD)
def test_good_vector_reads_as_stated(name: str) -> None:
    body, facts = GOOD[name]
    envelope = envelope_of(body)
    warnings = warnings_of(envelope, RECEIVED)
    found = _facts(envelope) | {
        "warnings": [warning.code for warning in warnings],
        "places": [[warning.at, warning.line] for warning in warnings],
    }
    stated = {key: value for key, value in facts.items() if key != "signature"}
    assert {key: found[key] for key in stated} == stated


def test_every_warning_has_a_vector() -> None:
    warned = {code for _, facts in GOOD.values() for code in facts["warnings"]}
    of_the_ledger = {code for code in LIVES if REASONS[code].is_warning}
    assert not warned & of_the_ledger
    assert warned | of_the_ledger == {code for code, reason in REASONS.items() if reason.is_warning}


@pytest.mark.parametrize("name", [name for name in GOOD if GOOD[name][1]["warnings"]])
def test_a_warning_is_a_whole_sentence_in_both_languages_and_quotes_nothing(name: str) -> None:
    envelope = envelope_of(GOOD[name][0])
    for warning in warnings_of(envelope, RECEIVED):
        for text in (warning.text("en"), warning.text("vi")):
            assert "–" not in text, "a particular is missing"
            assert "{" not in text
            assert text.isprintable()
            assert len(text) < 300
            assert not isinstance(envelope, Document) or envelope.subject not in text


@pytest.mark.parametrize("name", BAD)
def test_bad_vector_is_refused_as_stated(name: str) -> None:
    body, expected = BAD[name]
    refusal = refusal_of(body)
    assert refusal.code == name.partition("/")[0]
    assert (refusal.at, refusal.line) == (expected["at"], expected["line"])
    assert expected["says"] in refusal.text("en")


@pytest.mark.parametrize("name", BAD)
def test_refusal_is_a_whole_sentence_in_both_languages(name: str) -> None:
    refusal = refusal_of(BAD[name][0])
    for text in (refusal.text("en"), refusal.text("vi")):
        assert "–" not in text, "a particular is missing"
        assert "?" not in text.replace("<?xml", "").replace("?>", ""), "a name was not found"
        assert "{" not in text.replace("[0-9]{0,9}", "")
        assert text.isprintable()
    assert refusal.text("en") != refusal.text("vi")


def test_every_reason_about_the_xml_has_a_vector() -> None:
    assert {name.partition("/")[0] for name in BAD} == XML_REASONS
    assert not XML_REASONS - REASONS.keys()


def test_a_signature_elsewhere_is_not_the_schemas_business() -> None:
    signature = '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><Object/></Signature>'
    for body, facts in GOOD.values():
        if facts["kind"] != "document" or not body.endswith(b"</edXML>\n"):
            continue
        signed = body.replace(b"</edXML>\n", f"{signature}</edXML>\n".encode())
        assert SCHEMAS.validate(root_of(signed), envelope_of(body).kind) is None


def _facts(envelope: Envelope) -> dict[str, Any]:
    """What expected.json states, of an envelope that was read."""
    common = {"from": envelope.sender.organ_id, "document_id": envelope.document_id}
    if isinstance(envelope, Document):
        return common | {
            "kind": "document",
            "business": str(envelope.business.business),
            "to": [recipient.organ_id for recipient in envelope.recipients],
            "subject": envelope.subject,
            "attachments": [_attachment(attachment) for attachment in envelope.attachments],
        }
    about = envelope.about
    told = {"code": envelope.code, "of": about.document_id, "to": about.organ_id}
    return common | {"kind": "status", "status": told}


def _attachment(attachment: Attachment) -> dict[str, Any]:
    return {
        "content_id": attachment.content_id,
        "name": attachment.name,
        "declared_type": attachment.declared_type,
        "sniffed_type": attachment.sniffed_type,
        "bytes": attachment.size,
        "digest": attachment.digest,
    }
