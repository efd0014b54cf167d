"""Receipts: sealed in the chain, signed by the axis, verifiable by anybody, proven in words."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import Mock

import pytest
import xmlschema
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from signxml.algorithms import SignatureMethod
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from axisd.core import trust
from axisd.core.calendar import Calendar, Hours, Span
from axisd.core.chain import verify
from axisd.core.evidence import Evidence, Head, Receipt
from axisd.core.inspection import ABSENT, STEPS, LegalValue, Outcome
from axisd.core.reasons import OWN_EVENTS, REASONS, Event, refuse
from axisd.core.receiptform import NAMESPACE, compose
from axisd.core.receiptproof import CHECKS, ReceiptVerifier
from axisd.core.receipts import ReceiptVerdict, Sealer, legal_time_of, verify_receipt
from axisd.core.view import Axis, Limits
from axisd.core.xmlsafe import parse_trusted
from axisd.core.zone import wire_time
from axisd.resources import schema_path
from axisd.simulator.pki import Authority, Credential
from tests.support.evidence import AT, FACTS, RECIPIENT, accepted, consigned, refused
from tests.support.signed_world import DS, between, signature_of, signed, swap, world

CENTRE = "00.53.W00"
AXIS = Axis(CENTRE, "Trục liên thông tỉnh Tây Ninh", frozenset({"H53"}))


@pytest.fixture(scope="module")
def credential() -> Credential:
    return world().root.issue(CENTRE, name="Trục Tây Ninh", kind="ec-p256")


@pytest.fixture(scope="module")
def sealer(credential: Credential) -> Sealer:
    return Sealer(AXIS, credential.signing_key())


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    return etree.XMLSchema(file=str(schema_path("receipt-1.0.xsd")))


def receipt(sealer: Sealer, evidence: Evidence | None = None) -> Receipt:
    _, made = sealer.seal(evidence or accepted(), 7, "ab" * 32)
    assert made is not None
    return made


def proven(body: bytes) -> ReceiptVerdict:
    return verify_receipt(body, [world().root.certificate])


def about(event: Event) -> Evidence:
    """Evidence of any event, with everything that it can carry."""
    reasons = [reason for reason in REASONS.values() if reason.event is event]
    refusal = refuse(reasons[0].code, agency="H53.13", detail="x") if reasons else None
    return dataclasses.replace(consigned(), event=event, refusal=refusal, external_id="4711")


EVIDENCE = [accepted(), refused(), consigned(), *map(about, sorted(set(Event) - OWN_EVENTS))]


# --- sealing --------------------------------------------------------------------------------------


def test_a_group_is_chained_in_order_with_a_receipt_where_somebody_is_told(sealer: Sealer) -> None:
    untold = dataclasses.replace(consigned("2"), receipt_to=None)
    head = Head(41, "cd" * 32)
    entries, receipts = sealer.seal_group([accepted("1"), untold, refused("3")], head)
    assert [entry.position for entry in entries] == [42, 43, 44]
    assert list(verify(entries, head)) == []
    assert [made.id for made in receipts] == ["1", "3"]
    assert [made.position for made in receipts] == [42, 44]


def test_an_empty_group_seals_nothing(sealer: Sealer) -> None:
    assert sealer.seal_group([], Head()) == ([], [])


def test_the_entry_binds_the_receipt_and_the_receipt_names_its_place(sealer: Sealer) -> None:
    entry, made = sealer.seal(accepted(), 7, "ab" * 32)
    assert made is not None
    digest = "sha256:" + hashlib.sha256(made.body).hexdigest()
    assert json.loads(entry.content)["receipt"] == digest
    ledger = parse_trusted(made.body).find(f"{{{NAMESPACE}}}Ledger")
    assert ledger is not None
    assert ledger.get("position") == "7"
    assert ledger.get("previousHash") == "ab" * 32


def test_the_receipt_goes_to_whom_the_evidence_says(sealer: Sealer) -> None:
    made = receipt(sealer)
    assert made.to == FACTS.reply_to
    assert made.document_id == FACTS.document_id
    assert made.submission_id == FACTS.submission_id
    assert made.event is Event.SUBMISSION_ACCEPTANCE


def without_signature(evidence: Evidence, outcome: Outcome) -> Evidence:
    """No signature is known; `outcome` is that of the step that looks for one."""
    steps = tuple(
        dataclasses.replace(step, outcome=outcome) if step.name == "signature" else step
        for step in evidence.steps
    )
    absent = dataclasses.replace(FACTS, signature=ABSENT, legal_value=LegalValue.REFERENCE)
    return dataclasses.replace(evidence, steps=steps, facts=absent)


def test_what_was_refused_before_the_signature_was_looked_at_says_that_it_was_not_examined(
    sealer: Sealer,
) -> None:
    verdict = proven(receipt(sealer, without_signature(refused(), Outcome.SKIPPED)).body)
    assert verdict.facts is not None
    assert verdict.facts.of("Signer", "state") == "not-examined"
    assert verdict.facts.of("Submission", "legalValue") == "not-examined"
    assert any("not examined" in sentence.en for sentence in verdict.proves)
    looked_at = proven(receipt(sealer, without_signature(refused(), Outcome.REFUSED)).body)
    assert looked_at.facts is not None
    assert looked_at.facts.of("Signer", "state") == "absent"
    assert looked_at.facts.of("Submission", "legalValue") == "reference"


# --- legal time -----------------------------------------------------------------------------------

EVENING = datetime(2026, 11, 6, 11, 0, tzinfo=UTC)
"""18:00 on a Friday."""
MORNING = datetime(2026, 11, 9, 0, 0, tzinfo=UTC)
SATURDAYS = Hours((Span.of("08:00-10:00"),), frozenset({5}))


def legal_times(sealer: Sealer, evidence: Evidence) -> tuple[str, str | None]:
    """As the entry has it, and as the receipt has it."""
    entry, made = sealer.seal(evidence, 7, "ab" * 32)
    assert made is not None
    told = parse_trusted(made.body).findtext(f"{{{NAMESPACE}}}LegalTime")
    return json.loads(entry.content)["legal_at"], told


@pytest.mark.parametrize("evidence", EVIDENCE, ids=lambda evidence: str(evidence.event))
def test_every_entry_and_receipt_states_legal_time_beside_wire_time(
    evidence: Evidence, sealer: Sealer
) -> None:
    in_hours = dataclasses.replace(evidence, at=AT)
    assert legal_times(sealer, in_hours) == (wire_time(AT), wire_time(AT))
    out_of_hours = dataclasses.replace(evidence, at=EVENING)
    assert legal_times(sealer, out_of_hours) == (wire_time(MORNING), wire_time(MORNING))


def test_a_submission_counts_by_its_senders_hours_and_a_delivery_by_its_inboxs(
    credential: Credential,
) -> None:
    saturday = datetime(2026, 11, 7, 1, 0, tzinfo=UTC)
    for code, event, expected in (
        (FACTS.sender, accepted(), saturday),
        (FACTS.sender, consigned(), MORNING),
        (RECIPIENT.inbox, accepted(), MORNING),
        (RECIPIENT.inbox, consigned(), saturday),
    ):
        calendar = Calendar(agencies={code: (SATURDAYS,)})
        sealer = Sealer(AXIS, credential.signing_key(), calendar)
        evidence = dataclasses.replace(event, at=EVENING)
        assert legal_times(sealer, evidence)[0] == wire_time(expected)


def test_an_intake_offices_hours_count_for_whom_it_receives_for() -> None:
    recipient = dataclasses.replace(RECIPIENT, inbox="000.00.01.H53")
    evidence = dataclasses.replace(consigned(), at=EVENING, recipient=recipient)
    of_office = Calendar(agencies={"000.00.01.H53": (SATURDAYS,)})
    assert legal_time_of(evidence, of_office) == datetime(2026, 11, 7, 1, 0, tzinfo=UTC)
    of_organ = Calendar(agencies={RECIPIENT.organ: (SATURDAYS,)})
    assert legal_time_of(evidence, of_organ) == MORNING
    without_inbox = dataclasses.replace(recipient, inbox="")
    elsewhere = dataclasses.replace(evidence, recipient=without_inbox)
    assert legal_time_of(elsewhere, of_organ) == datetime(2026, 11, 7, 1, 0, tzinfo=UTC)


def words(sealer: Sealer, evidence: Evidence) -> tuple[str, str]:
    verdict = proven(receipt(sealer, evidence).body)
    assert verdict.valid
    return (
        " ".join(sentence.en for sentence in verdict.proves),
        " ".join(sentence.vi for sentence in verdict.proves),
    )


def test_what_a_receipt_proves_tells_legal_time_in_both_languages(sealer: Sealer) -> None:
    en, vi = words(sealer, dataclasses.replace(consigned(), at=EVENING))
    for text in (en, vi):
        assert "2026-11-06T18:00:00.000+07:00" in text
        assert "2026-11-09T07:00:00.000+07:00" in text
        assert "QC Điều 10.2" in text
    assert "outside office hours" in en
    assert "ngoài giờ làm việc" in vi
    en, vi = words(sealer, dataclasses.replace(consigned(), at=AT))
    assert "lies in office hours" in en
    assert "thuộc giờ làm việc" in vi


def test_an_acceptance_and_nothing_else_states_the_time_of_sending(sealer: Sealer) -> None:
    en, vi = words(sealer, accepted())
    assert f"Its time of sending is {wire_time(AT)}" in en
    assert f"Thời điểm gửi là {wire_time(AT)}" in vi
    for evidence in (refused(), consigned()):
        assert "QC Điều 10.1" not in " ".join(words(sealer, evidence))


def test_a_receipt_from_before_legal_time_is_told_without_it(credential: Credential) -> None:
    key = credential.signing_key()
    content = compose(accepted(), AXIS, 1, "00" * 32, AT)
    legal = between(content, b"<LegalTime>", b"</LegalTime>")
    old = swap(content, legal, b"")
    body = old.removesuffix(b"</Receipt>") + key.signature(old) + b"</Receipt>"
    verdict = proven(body)
    assert verdict.valid
    assert verdict.facts is not None
    assert verdict.facts.legal_at == ""
    assert "QC Điều 10.2" not in " ".join(sentence.en for sentence in verdict.proves)


# --- the form -------------------------------------------------------------------------------------


@pytest.mark.parametrize("evidence", EVIDENCE, ids=lambda evidence: str(evidence.event))
def test_every_receipt_is_valid_by_both_validators(
    evidence: Evidence, sealer: Sealer, schema: etree.XMLSchema
) -> None:
    body = receipt(sealer, evidence).body
    schema.assertValid(parse_trusted(body))
    xmlschema.XMLSchema(schema_path("receipt-1.0.xsd")).validate(body.decode())


@pytest.mark.parametrize("code", REASONS)
def test_every_reason_can_stand_on_a_receipt(
    code: str, sealer: Sealer, schema: etree.XMLSchema
) -> None:
    refusal = refuse(code, at="/edXML/…", line=3)
    evidence = dataclasses.replace(refused(), refusal=refusal)
    root = parse_trusted(receipt(sealer, evidence).body)
    schema.assertValid(root)
    texts = root.findall(f"{{{NAMESPACE}}}Reason/{{{NAMESPACE}}}Text")
    assert [(text.get("lang"), text.text) for text in texts] == [
        ("en", refusal.text("en")),
        ("vi", refusal.text("vi")),
    ]


def test_a_receipt_carries_what_the_evidence_kinds_ask_for(sealer: Sealer) -> None:
    root = parse_trusted(receipt(sealer).body)

    def value(path: str, attribute: str) -> str | None:
        element = root.find("/".join(f"{{{NAMESPACE}}}{name}" for name in path.split("/")))
        assert element is not None
        return element.get(attribute)

    assert root.get("version") == "1.0"
    assert root.findtext(f"{{{NAMESPACE}}}EvidenceId") == "0193-acceptance"
    assert root.findtext(f"{{{NAMESPACE}}}Event") == "SubmissionAcceptance"
    assert root.findtext(f"{{{NAMESPACE}}}WireTime") == "2026-11-02T09:00:00.123+07:00"
    assert value("Issuer", "code") == CENTRE
    assert value("Sender", "organ") == FACTS.sender
    assert value("Sender", "account") == FACTS.account
    assert value("Document", "id") == FACTS.document_id
    assert value("Submission", "id") == FACTS.submission_id
    assert value("Submission", "digest") == FACTS.digest
    assert value("Submission", "legalValue") == "original"
    assert value("Attachment", "digest") == FACTS.attachments[0].digest
    assert value("Signer", "subject") == FACTS.signature.signer
    assert value("Recipient", "organ") == RECIPIENT.organ
    assert value("Warning", "code") == "date-invalid"
    steps = [step.get("name") for step in root.iterfind(f"{{{NAMESPACE}}}Step")]
    assert len(steps) == 9


def test_what_is_composed_is_canonical_already(sealer: Sealer) -> None:
    for evidence in EVIDENCE:
        content = compose(evidence, AXIS, 1, "00" * 32, AT)
        assert etree.tostring(parse_trusted(content), method="c14n", exclusive=True) == content


_ANY_TEXT = st.text(st.characters(), max_size=12)


@settings(deadline=None)
@given(_ANY_TEXT, _ANY_TEXT, _ANY_TEXT)
def test_no_text_from_outside_makes_a_receipt_impossible(
    account: str, document: str, detail: str
) -> None:
    """Control characters, halves of surrogate pairs, noncharacters: whatever a routing key or a JSON
    string can smuggle in is answered all the same."""
    key = _KEYS.signing_key()
    facts = dataclasses.replace(FACTS, account=account, document_id=document)
    evidence = dataclasses.replace(
        refused(), facts=facts, refusal=refuse("schema-invalid", detail=detail)
    )
    entry, made = Sealer(AXIS, key).seal(evidence, 1, "00" * 32)
    assert made is not None
    assert proven(made.body).valid
    assert list(verify([entry])) == []


_KEYS = world().root.issue(CENTRE, kind="ec-p256")


# --- verified by others ---------------------------------------------------------------------------


@pytest.mark.parametrize("evidence", EVIDENCE, ids=lambda evidence: str(evidence.event))
def test_xmlsec1_verifies_every_receipt(evidence: Evidence, sealer: Sealer, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(world().root.certificate.public_bytes(Encoding.PEM))
    body = receipt(sealer, evidence).body

    def verified(content: bytes) -> bool:
        (tmp_path / "receipt.xml").write_bytes(content)
        result = subprocess.run(
            [
                "/usr/bin/xmlsec1",
                "--verify",
                "--trusted-pem",
                tmp_path / "ca.pem",
                tmp_path / "receipt.xml",
            ],
            check=False,
            capture_output=True,
        )
        return result.returncode == 0

    assert verified(body)
    assert not verified(swap(body, FACTS.account, "sotaichinh2"))


def test_plain_signxml_verifies_a_receipt(
    sealer: Sealer, credential: Credential, tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_bytes(world().root.certificate.public_bytes(Encoding.PEM))
    result = XMLVerifier().verify(
        receipt(sealer).body,
        ca_pem_file=str(tmp_path / "ca.pem"),
        expect_config=SignatureConfiguration(
            location="./", signature_methods=frozenset({SignatureMethod.ECDSA_SHA256})
        ),
    )
    assert isinstance(result, VerifyResult)
    assert result.signed_xml is not None
    assert result.signed_xml.tag == f"{{{NAMESPACE}}}Receipt"


# --- proven ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("evidence", EVIDENCE, ids=lambda evidence: str(evidence.event))
def test_a_receipt_proves_what_happened_in_both_languages(
    evidence: Evidence, sealer: Sealer
) -> None:
    verdict = proven(receipt(sealer, evidence).body)
    assert verdict.valid
    assert [check.name for check in verdict.checks] == [*CHECKS]
    assert all(check.passed for check in verdict.checks)
    assert verdict.facts is not None
    assert verdict.facts.event == evidence.event
    assert all(
        sentence.en and sentence.vi and sentence.en != sentence.vi for sentence in verdict.proves
    )
    assert FACTS.document_id in verdict.proves[0].en
    assert FACTS.document_id in verdict.proves[0].vi
    assert any(FACTS.digest in sentence.en for sentence in verdict.proves)


def test_the_axiss_own_certificate_is_enough_to_verify_with(
    sealer: Sealer, credential: Credential
) -> None:
    verdict = verify_receipt(receipt(sealer).body, [credential.certificate])
    assert verdict.valid
    assert verdict.signer.startswith("2.5.4.97=00.53.W00")
    assert (
        verdict.certificate
        == hashlib.sha256(credential.certificate.public_bytes(Encoding.DER)).hexdigest()
    )


def test_who_was_refused_is_told_beside_who_was_accepted(sealer: Sealer) -> None:
    sentences = [sentence.en for sentence in proven(receipt(sealer).body).proves]
    assert "answers for its delivery to: 000.00.13.H53, H39." in sentences[0]
    assert sentences[1] == "It was refused for: 000.00.99.H53."


def test_a_status_is_told_as_one(sealer: Sealer) -> None:
    evidence = dataclasses.replace(
        consigned(), facts=dataclasses.replace(FACTS, kind="status", status="03", business="")
    )
    sentence = proven(receipt(sealer, evidence).body).proves[0]
    assert "status 03 of document" in sentence.en
    assert "trạng thái 03 của văn bản" in sentence.vi


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_flipped_bit_leaves_no_proof_or_the_same(data: st.DataObject) -> None:
    body = bytearray(_RECEIPT.body)
    position = data.draw(st.integers(0, len(body) - 1))
    body[position] ^= 1 << data.draw(st.integers(0, 7))
    verdict = proven(bytes(body))
    assert not verdict.valid or (verdict.proves, verdict.facts) == (
        proven(_RECEIPT.body).proves,
        proven(_RECEIPT.body).facts,
    )


_RECEIPT = receipt(Sealer(AXIS, _KEYS.signing_key()))


def fault(body: bytes, trust: list[Credential] | None = None) -> str:
    certificates = [made.certificate for made in trust] if trust is not None else None
    verdict = verify_receipt(body, certificates or [world().root.certificate])
    assert not verdict.valid
    assert verdict.facts is None
    assert verdict.proves == ()
    last = verdict.checks[-1]
    assert not last.passed
    assert last.detail.en
    assert last.detail.vi
    return f"{last.name}: {verdict.fault}"


def test_a_changed_receipt_is_told() -> None:
    assert (
        fault(swap(_RECEIPT.body, FACTS.account, "sotaichinh2")) == "signature: signature-invalid"
    )


def test_a_receipt_without_signature_is_told() -> None:
    body = swap(_RECEIPT.body, signature_of(_RECEIPT.body), b"")
    assert fault(body) == "schema: schema-invalid"


def test_a_signature_in_another_place_is_told() -> None:
    signature = signature_of(_RECEIPT.body)
    moved = swap(_RECEIPT.body, signature, b"").replace(
        b"<EvidenceId>", signature + b"<EvidenceId>"
    )
    assert fault(moved) == "schema: schema-invalid"


def test_a_second_signature_is_told() -> None:
    nested = swap(_RECEIPT.body, b"</ds:KeyInfo>", f'<x xmlns="{DS}"><Signature/></x></ds:KeyInfo>')
    assert fault(nested) == "signature: signature-place"


def test_something_else_than_a_receipt_is_told() -> None:
    assert fault(signed()) == "schema: kind-unknown"
    assert fault(b"not XML") == "well-formed: not-well-formed"
    assert fault(b"") == "well-formed: empty"


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"", "empty"),
        (b" " * (Limits().envelope + 1), "too-large"),
        (b"words", "not-well-formed"),
        (b"<a>\xff</a>", "encoding"),
        (b"<!DOCTYPE a><a/>", "forbidden-markup"),
        (b"<a>" * 100 + b"</a>" * 100, "structure-limit"),
    ],
)
def test_what_cannot_be_read_as_a_receipt_is_not_called_an_envelope(
    body: bytes, fault: str
) -> None:
    verdict = proven(body)
    assert (verdict.valid, verdict.fault) == (False, fault)
    said = verdict.checks[-1].detail
    assert "envelope" not in said.en
    assert "Gói tin" not in said.vi
    assert "{" not in said.en + said.vi
    assert "–" not in said.en + said.vi


def test_a_receipt_of_another_version_is_told() -> None:
    assert (
        fault(swap(_RECEIPT.body, 'version="1.0">', 'version="2.0">')) == "schema: schema-invalid"
    )


def test_many_receipts_are_judged_with_one_chain_built(
    sealer: Sealer, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = Mock(wraps=trust._window)
    monkeypatch.setattr(trust, "_window", build)
    verifier = ReceiptVerifier([world().root.certificate])
    for evidence in (accepted("1"), consigned("2"), refused("3")):
        assert verifier.verify(receipt(sealer, evidence).body).valid
    assert build.call_count == 1


def test_one_bad_receipt_says_nothing_about_the_next(sealer: Sealer) -> None:
    verifier = ReceiptVerifier([world().root.certificate])
    body = receipt(sealer).body
    assert verifier.verify(body.replace(b"normal", b"urgent")).fault == "signature-invalid"
    assert verifier.verify(body).valid


def test_a_proven_receipt_tells_the_steps_of_the_inspection(sealer: Sealer) -> None:
    facts = proven(receipt(sealer, refused()).body).facts
    assert facts is not None
    assert [name for name, _, _ in facts.steps] == list(STEPS)
    assert ("schema", "refused", "schema-invalid") in facts.steps


def test_a_receipt_by_a_stranger_is_told() -> None:
    stranger = Authority.root(AT, name="Somebody Else").issue(CENTRE, kind="ec-p256")
    forged = receipt(Sealer(AXIS, stranger.signing_key())).body
    assert fault(forged) == "signer: signer-unknown"


def test_an_agency_under_the_same_authority_cannot_issue_the_axiss_receipts() -> None:
    agency = world().credential("ec-p256")
    forged = receipt(Sealer(AXIS, agency.signing_key())).body
    assert fault(forged) == "signer: signer-not-sender"


def test_an_agency_under_the_same_authority_is_no_axis_by_calling_itself_one() -> None:
    agency = world().credential("ec-p256")
    itself = Axis("000.00.11.H53", "Sở Tài chính", frozenset({"H53"}))
    forged = receipt(Sealer(itself, agency.signing_key())).body
    assert fault(forged) == "signer: signer-not-sender"


def test_a_certificate_that_has_expired_since_still_proves_the_receipt() -> None:
    made = world().root.issue(
        CENTRE, kind="ec-p256", not_before=AT.replace(month=1), not_after=AT.replace(day=3)
    )
    assert proven(receipt(Sealer(AXIS, made.signing_key())).body).valid


def test_a_receipt_from_outside_its_certificates_time_is_told() -> None:
    made = world().root.issue(
        CENTRE, kind="ec-p256", not_before=AT.replace(month=1), not_after=AT.replace(day=1)
    )
    assert fault(receipt(Sealer(AXIS, made.signing_key())).body) == "signer: signer-expired"


@pytest.mark.parametrize(
    "time",
    [
        "2026-11-23T24:00:00.000+07:00",
        "0001-01-01T00:00:00.000+07:00",
        " 2026-11-02T09:00:00.000+07:00",
    ],
)
def test_a_time_that_only_xml_schema_knows_is_told_not_raised(time: str) -> None:
    """Anybody can sign such a receipt, and have it read."""
    content = between(_RECEIPT.body, b"<Receipt", b"</Receipt>")
    content = swap(content, signature_of(_RECEIPT.body), b"")
    stated = between(content, b"<WireTime>", b"</WireTime>")
    content = swap(content, stated, f"<WireTime>{time}</WireTime>")
    signature = world().credential("ec-p256").signing_key().signature(content)
    assert (
        fault(swap(content, b"</Receipt>", signature + b"</Receipt>")) == "signer: schema-invalid"
    )


def test_a_comment_in_a_receipt_is_not_read() -> None:
    body = swap(_RECEIPT.body, "<EvidenceId>0193", "<EvidenceId><!-- x -->0193")
    verdict = proven(body)
    assert verdict.facts is not None
    assert verdict.facts.evidence_id == "0193-acceptance"


def test_the_receipt_says_nothing_of_subject_or_content() -> None:
    assert b"Subject" not in _RECEIPT.body
    assert between(_RECEIPT.body, b"<Document ", b">").count(b"=") == 3
