"""The nine steps, in order, over real envelopes: what each step's refusal leaves behind."""

import tracemalloc
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axisd.core import signature
from axisd.core.allowance import Allowance
from axisd.core.case import prepare
from axisd.core.directory import Directory, Profile
from axisd.core.envelope import Document, Status
from axisd.core.inspect import crashed, inspect
from axisd.core.inspection import (
    STEPS,
    Inspection,
    LegalValue,
    Outcome,
    SignatureState,
    Verdict,
)
from axisd.core.reasons import Refusal, refuse
from axisd.core.submission import Door
from axisd.core.trust import fingerprints
from axisd.core.view import Limits, Policy, View
from tests.support.messages import ATTACHED, DOCUMENT, STATUS, swap
from tests.support.reading import SCHEMAS, vectors
from tests.support.signed_world import DECORATION, NOW, OTHER, SENDER, signed, world
from tests.support.values import agency, directory, submission, system, view

UNSIGNED = DOCUMENT.encode()
HEADER_END = "    </edXML:edXMLHeader>"


def province(profile: Profile = Profile.REQUIRED, **changes: Any) -> View:
    """SENDER and OTHER are enrolled; SENDER signs as `profile` says."""
    agencies = [agency(SENDER, twin="H53.11"), agency(OTHER), agency("000.00.12.H53")]
    systems = [
        system("finance", SENDER, "000.00.12.H53", profile=profile),
        system("science", OTHER, profile=profile),
        system("resting", "000.00.12.H53", suspended=True),
    ]
    return view(directory=directory(agencies, systems), trust=world().trust, **changes)


def inspected(
    body: bytes, profile: Profile = Profile.REQUIRED, view_: View | None = None, **changes: Any
) -> Inspection:
    changes = {"received_at": NOW, "routing_key": f"normal.{SENDER}"} | changes
    return inspect(submission(body, **changes), view_ or province(profile), SCHEMAS)


def refused(inspection: Inspection, step: str, code: str) -> Refusal:
    """The refusal, after checking that `step` refused, all before passed and none after was taken."""
    assert inspection.verdict is Verdict.REFUSED
    assert inspection.verified is None
    assert tuple(taken.name for taken in inspection.steps) == STEPS
    at = STEPS.index(step)
    assert all(s.outcome in {Outcome.PASSED, Outcome.NOTED} for s in inspection.steps[:at])
    assert (inspection.steps[at].outcome, inspection.steps[at].detail) == (Outcome.REFUSED, code)
    assert all(s.outcome is Outcome.SKIPPED for s in inspection.steps[at + 1 :])
    assert inspection.refusal is not None
    assert inspection.refusal.code == code
    return inspection.refusal


def changed(*changes: tuple[str, str]) -> bytes:
    return swap(DOCUMENT, *changes).encode()


# what passes


def test_a_signed_document_of_its_own_account_passes_every_step() -> None:
    body = signed(UNSIGNED)
    inspection = inspected(body)
    assert inspection.verdict is Verdict.ACCEPTED
    assert [step.outcome for step in inspection.steps] == [Outcome.PASSED] * 9
    assert inspection.verified is not None
    assert inspection.verified.legal_value is LegalValue.ORIGINAL
    assert inspection.signature.state is SignatureState.VERIFIED
    assert inspection.sender == SENDER
    assert len(inspection.attachments) == 1
    assert inspection.submission.body is body


def test_a_status_passes_too() -> None:
    body = signed(STATUS.encode(), world().credential("another agency"))
    inspection = inspected(body, account="science", routing_key=f"normal.{OTHER}")
    assert inspection.verdict is Verdict.ACCEPTED, inspection.refusal
    assert isinstance(inspection.envelope, Status)


def _organ_text(code: str) -> str:
    return f"<edXML:OrganId>{code}</edXML:OrganId>"


def _organ(text: str, parent: str) -> str:
    start = text.index("<edXML:OrganId>", text.index(f"<edXML:{parent}>"))
    return text[start : text.index("</edXML:OrganId>", start) + len("</edXML:OrganId>")]


def test_the_same_submission_is_inspected_the_same_every_time() -> None:
    body, handed = signed(UNSIGNED), submission(received_at=NOW)
    again = [inspect(replace(handed, body=body), province(), SCHEMAS) for _ in range(2)]
    assert again[0] == again[1]


# 1 and 2: before anything is read


def test_nothing_is_refused_as_empty() -> None:
    refused(inspected(b""), "size", "empty")


def test_what_is_larger_than_the_limit_is_not_even_parsed() -> None:
    small = province(limits=Limits(envelope=10))
    refusal = refused(inspected(b"<" * 11, view_=small), "size", "too-large")
    assert refusal.particulars == {"size": "11", "limit": "10"}


@pytest.mark.parametrize(
    "content_type",
    ["", "application/xml", "TEXT/XML; charset=utf-8", "application/octet-stream"],
)
def test_usual_content_types_are_taken(content_type: str) -> None:
    inspection = inspected(signed(UNSIGNED), content_type=content_type)
    assert inspection.verdict is Verdict.ACCEPTED


def test_another_content_type_is_refused() -> None:
    refused(inspected(UNSIGNED, content_type="application/json"), "size", "content-type")


@pytest.mark.parametrize(
    ("changes", "code", "told"),
    [
        ({"account": None}, "account-missing", SENDER),
        ({"account": ""}, "account-missing", SENDER),
        ({"account": None, "routing_key": "normal.000.00.99.H53"}, "account-missing", None),
        ({"account": None, "routing_key": ""}, "account-missing", None),
        ({"account": "nobody"}, "account-unknown", None),
        ({"account": "resting"}, "account-suspended", "000.00.12.H53"),
        ({"routing_key": "slow.000.00.11.H53"}, "routing-key", SENDER),
        ({"routing_key": "normal"}, "routing-key", SENDER),
        ({"routing_key": ""}, "routing-key", SENDER),
        ({"routing_key": f"normal.{OTHER}"}, "account-not-for-agency", SENDER),
        ({"routing_key": "normal.#"}, "account-not-for-agency", SENDER),
    ],
)
def test_an_account_that_does_not_hold_is_refused_and_whoever_can_be_named_is_told(
    changes: dict[str, Any], code: str, told: str | None
) -> None:
    inspection = inspected(signed(UNSIGNED), **changes)
    refused(inspection, "account", code)
    assert inspection.sender == told


LIMITED = view(
    directory=directory(
        province().directory.agencies.values(),
        [system("finance", SENDER, allowance=Allowance(size=1024)), system("science", OTHER)],
    ),
    trust=world().trust,
)
EXCEEDED = refuse("allowance-rate", account="finance", limit="1")


def test_an_envelope_beyond_the_size_of_its_system_is_refused_unread() -> None:
    inspection = inspected(signed(UNSIGNED), view_=LIMITED)
    refusal = refused(inspection, "account", "allowance-size")
    assert refusal.particulars["limit"] == "1024"
    assert inspection.envelope is None
    assert inspected(signed(UNSIGNED)).verdict is Verdict.ACCEPTED


def test_what_goes_beyond_a_limit_is_refused_after_its_account_and_names_its_document() -> None:
    inspection = inspected(signed(UNSIGNED), exceeded=EXCEEDED)
    assert refused(inspection, "account", "allowance-rate") is EXCEEDED
    assert inspection.envelope is not None
    assert (inspection.sender, inspection.keep_payload) == (SENDER, False)
    refused(inspected(UNSIGNED, exceeded=EXCEEDED, account="nobody"), "account", "account-unknown")


@pytest.mark.parametrize("body", [b"garbage", b"<order/>", UNSIGNED[:500]])
def test_what_goes_beyond_a_limit_is_refused_for_that_whatever_it_is(body: bytes) -> None:
    inspection = inspected(body, exceeded=EXCEEDED)
    assert refused(inspection, "account", "allowance-rate") is EXCEEDED
    assert inspection.envelope is None


def test_of_a_marked_document_beyond_a_limit_nothing_is_said_but_the_mark() -> None:
    marked = changed(("V/v lập dự toán năm 2027", "(Tuyệt mật) V/v lập dự toán"))
    refused(inspected(marked, exceeded=EXCEEDED), "account", "secrecy-mark")


def test_a_strange_routing_key_is_shown_in_ascii() -> None:
    refusal = refused(inspected(UNSIGNED, routing_key="x.\u202e\n"), "account", "routing-key")
    assert refusal.particulars["key"].isascii()
    assert "\n" not in refusal.particulars["key"]


# 3 to 5


def test_a_broken_envelope_is_answered_to_the_agency_of_the_routing_key() -> None:
    inspection = inspected(UNSIGNED[:500], routing_key="normal.000.00.12.H53")
    refused(inspection, "well-formed", "not-well-formed")
    assert inspection.sender == "000.00.12.H53"
    assert inspection.envelope is None


def test_another_kind_of_message_is_refused() -> None:
    refused(inspected(b"<order/>"), "kind", "kind-unknown")


def test_an_invalid_envelope_is_refused_but_named() -> None:
    inspection = inspected(changed(("<edXML:CodeNumber>15</edXML:CodeNumber>", "")))
    refusal = refused(inspection, "schema", "schema-invalid")
    assert refusal.line
    assert isinstance(inspection.envelope, Document)
    assert inspection.envelope.document_id == "000.00.11.H53,2026/11/20,15/STC-VP"
    assert inspection.attachments == ()
    facts = prepare(inspection, province()).facts
    assert (facts.document_id, facts.sender) == (inspection.envelope.document_id, SENDER)


def test_of_an_invalid_envelope_no_more_is_repeated_than_is_reasonable() -> None:
    long = "9" * 5000
    body = changed(("000.00.11.H53,2026/11/20,15/STC-VP", long), ("V/v lập dự toán năm 2027", long))
    inspection = inspected(body)
    refused(inspection, "schema", "schema-invalid")
    facts = prepare(inspection, province()).facts
    assert len(facts.document_id) == 255


# 6 to 8: by profile


def with_(block: str) -> bytes:
    return changed((HEADER_END, f"{block}\n{HEADER_END}"))


DECORATED = with_(DECORATION.decode())


def forged() -> bytes:
    return signed(UNSIGNED).replace("Đề nghị".encode(), "Yêu cầu".encode())


@pytest.mark.parametrize("body", [UNSIGNED, DECORATED])
def test_who_must_sign_is_refused_without_a_signature_that_counts(body: bytes) -> None:
    inspection = inspected(body)
    refusal = refused(inspection, "signature", "signature-missing")
    assert refusal.particulars == {"agency": SENDER}
    assert inspection.legal_value is LegalValue.REFERENCE


@pytest.mark.parametrize(
    ("body", "state"),
    [(UNSIGNED, SignatureState.ABSENT), (DECORATED, SignatureState.DECORATIVE)],
)
@pytest.mark.parametrize("profile", [Profile.IF_PRESENT, Profile.RECORDED])
def test_who_may_sign_is_taken_for_reference_without_one(
    body: bytes, state: SignatureState, profile: Profile
) -> None:
    inspection = inspected(body, profile)
    assert inspection.verdict is Verdict.ACCEPTED
    assert inspection.signature.state is state
    assert inspection.verified is not None
    assert inspection.verified.legal_value is LegalValue.REFERENCE
    assert inspection.steps[5].outcome is Outcome.NOTED


@pytest.mark.parametrize("profile", [Profile.REQUIRED, Profile.IF_PRESENT])
def test_a_changed_byte_is_refused_wherever_a_signature_is_looked_at(profile: Profile) -> None:
    inspection = inspected(forged(), profile)
    refused(inspection, "signature", "signature-invalid")
    assert inspection.signature.state is SignatureState.INVALID
    assert inspection.legal_value is LegalValue.REFERENCE


def test_a_changed_byte_is_noted_where_signatures_are_only_recorded() -> None:
    inspection = inspected(forged(), Profile.RECORDED)
    assert inspection.verdict is Verdict.ACCEPTED
    assert inspection.signature.state is SignatureState.INVALID
    assert inspection.legal_value is LegalValue.REFERENCE
    assert inspection.steps[5].detail == "signature-invalid"


@pytest.mark.parametrize(
    ("credential", "code"),
    [
        ("another agency", "signer-not-sender"),
        ("expired", "signer-expired"),
        ("not yet valid", "signer-not-yet-valid"),
        ("strange authority", "signer-unknown"),
        ("encryption only", "signer-key"),
    ],
)
def test_a_signer_that_may_not_sign_for_the_sender_is_refused_or_noted(
    credential: str, code: str
) -> None:
    body = signed(UNSIGNED, world().credential(credential))
    inspection = inspected(body)
    refused(inspection, "signer", code)
    assert inspection.signature.state is SignatureState.INVALID
    assert inspection.signature.signer is not None
    noted = inspected(body, Profile.RECORDED)
    assert noted.verdict is Verdict.ACCEPTED
    assert noted.legal_value is LegalValue.REFERENCE
    assert noted.steps[6].detail == code


def test_a_comment_between_signed_elements_changes_nothing_and_an_instruction_is_refused() -> None:
    commented = signed(UNSIGNED).replace(b"<edXML:To>", b"<edXML:To><!-- put in later -->")
    assert inspected(commented).verdict is Verdict.ACCEPTED
    assert inspected(signed(UNSIGNED) + b"<?later yes?>").verdict is Verdict.REFUSED


def test_what_the_signature_does_not_cover_is_refused_or_noted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(signature, "uncovered", lambda *_: refuse("not-covered"))
    body = signed(UNSIGNED)
    inspection = inspected(body)
    refused(inspection, "coverage", "not-covered")
    noted = inspected(body, Profile.RECORDED)
    assert noted.verdict is Verdict.ACCEPTED
    assert noted.steps[7].detail == "not-covered"
    for seen in (inspection, noted):
        assert seen.signature.state is SignatureState.INVALID
        assert seen.legal_value is LegalValue.REFERENCE


def test_over_the_national_axis_signatures_are_only_recorded() -> None:
    foreign = changed((_organ(DOCUMENT, "From"), _organ_text("000.00.00.G14")))
    inspection = inspected(foreign, door=Door.NATIONAL, account=None, routing_key="")
    assert inspection.verdict is Verdict.ACCEPTED
    assert inspection.sender is None
    assert inspection.steps[1].detail == "national axis"


def test_the_agencys_own_profile_wins_over_its_systems() -> None:
    base = province()
    lenient = agency(SENDER, twin="H53.11", profile=Profile.IF_PRESENT)
    book = directory(
        [lenient, *(a for a in base.directory if a.code != SENDER)],
        base.directory.systems.values(),
    )
    assert inspected(UNSIGNED, view_=replace(base, directory=book)).verdict is Verdict.ACCEPTED


def test_an_overriding_profile_wins_over_both() -> None:
    handed = submission(UNSIGNED, received_at=NOW)
    inspection = inspect(handed, province(), SCHEMAS, profile=Profile.RECORDED)
    assert inspection.verdict is Verdict.ACCEPTED


def test_offline_nobody_vouches_for_an_account_but_all_else_holds() -> None:
    handed = submission(signed(UNSIGNED), received_at=NOW, account=None, routing_key="")
    inspection = inspect(handed, province(), SCHEMAS, offline=True)
    assert inspection.verdict is Verdict.ACCEPTED
    assert inspection.steps[1].outcome is Outcome.NOTED
    unsigned = inspect(replace(handed, body=UNSIGNED), province(), SCHEMAS, offline=True)
    refused(unsigned, "signature", "signature-missing")


# 9


def test_a_sender_that_is_not_the_account_is_refused_after_its_signature_was_found_good() -> None:
    inspection = inspected(signed(UNSIGNED), account="science", routing_key=f"normal.{OTHER}")
    refused(inspection, "rules", "sender-not-account")
    assert inspection.sender == OTHER
    assert inspection.signature.state is SignatureState.VERIFIED


def test_the_answer_goes_to_the_agency_in_from_where_the_account_serves_several() -> None:
    inspection = inspected(signed(UNSIGNED), routing_key="normal.000.00.12.H53")
    assert inspection.sender == SENDER


SECRET = ("V/v lập dự toán năm 2027", "(Tuyệt mật) V/v lập dự toán")


def test_a_marked_document_is_refused_and_nothing_of_it_is_kept() -> None:
    inspection = inspected(signed(changed(SECRET)))
    refused(inspection, "rules", "secrecy-mark")
    assert inspection.refusal is not None
    assert inspection.refusal.at is not None
    assert inspection.refusal.at.endswith("/MessageHeader/Subject")
    assert inspection.refusal.line
    assert "dự toán" not in inspection.refusal.text("vi") + inspection.refusal.text("en")
    assert not inspection.keep_payload


def test_of_a_marked_envelope_that_cannot_be_read_nothing_is_quoted() -> None:
    named = ("<AttachmentName>15-STC-VP.pdf", "<AttachmentName>kế hoạch.pdf")
    inspection = inspected(changed(SECRET, named, ("JVBERi", "?")))
    refused(inspection, "schema", "secrecy-mark")
    assert inspection.refusal is not None
    assert inspection.refusal.particulars == {}
    assert not inspection.keep_payload


def test_a_marked_status_is_refused_and_nothing_of_it_is_kept() -> None:
    handed = swap(STATUS, ("Văn thư đã tiếp nhận", "(Tối mật) kế hoạch")).encode()
    inspection = inspected(
        signed(handed, world().credential("another agency")),
        account="science",
        routing_key=f"normal.{OTHER}",
    )
    refused(inspection, "rules", "secrecy-mark")
    assert not inspection.keep_payload


@pytest.mark.parametrize(
    ("body", "changes", "code"),
    [
        (changed(SECRET), {}, "signature-missing"),
        (changed(SECRET, ("<edXML:CodeNumber>15</edXML:CodeNumber>", "")), {}, "secrecy-mark"),
        (
            signed(changed(SECRET)),
            {"account": "science", "routing_key": f"normal.{OTHER}"},
            "secrecy-mark",
        ),
    ],
)
def test_nothing_of_a_marked_document_is_kept_whatever_it_is_refused_for(
    body: bytes, changes: dict[str, Any], code: str
) -> None:
    inspection = inspected(body, **changes)
    assert inspection.refusal is not None
    assert inspection.refusal.code == code
    assert not inspection.keep_payload


@pytest.mark.parametrize(
    ("body", "changes", "code"),
    [
        (signed(changed(SECRET)), {"account": None}, "account-missing"),
        (signed(changed(SECRET)), {"account": "nobody"}, "account-unknown"),
        (signed(changed(SECRET)), {"content_type": "text/plain"}, "content-type"),
        (signed(changed(SECRET))[:-20], {}, "not-well-formed"),
        (changed((SECRET[0], SECRET[1] * 10_000)), {}, "structure-limit"),
    ],
)
def test_what_could_not_be_read_may_be_marked_and_is_not_kept(
    body: bytes, changes: dict[str, Any], code: str
) -> None:
    inspection = inspected(body, **changes)
    assert inspection.refusal is not None
    assert inspection.refusal.code == code
    assert not inspection.keep_payload


def test_letters_that_become_eighteen_in_their_normal_form_fill_no_memory() -> None:
    body = changed((SECRET[0], "mật " + "\ufdfa" * 1_000_000))
    tracemalloc.start()
    try:
        refused(inspected(body), "well-formed", "structure-limit")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 10 * len(body)


def test_what_was_read_is_kept_although_it_is_refused() -> None:
    assert inspected(UNSIGNED).keep_payload


def test_what_is_odd_but_accepted_is_a_warning() -> None:
    odd = changed(("<edXML:PromulgationDate>2026/11/20", "<edXML:PromulgationDate>2026/02/30"))
    inspection = inspected(signed(odd), received_at=NOW + timedelta(days=20))
    assert inspection.verdict is Verdict.ACCEPTED
    assert [warning.code for warning in inspection.warnings] == ["date-invalid"]


def test_what_is_refused_is_not_warned_about_as_well() -> None:
    odd = changed(("<edXML:PromulgationDate>2026/11/20", "<edXML:PromulgationDate>2026/02/30"))
    assert inspected(odd).warnings == ()


def test_a_document_without_an_attachment_is_refused_where_the_axis_says_so() -> None:
    strict = province(policy=Policy(attachment_required=True))
    inspection = inspected(signed(changed((ATTACHED, ""))), view_=strict)
    refused(inspection, "rules", "attachment-required")
    assert inspection.keep_payload


# when we crash


def test_a_crash_is_quarantined_and_answered_and_relies_on_nothing_inside() -> None:
    handed = submission(b"\x00poison", routing_key="normal.000.00.12.H53")
    inspection = crashed(handed, province(), "RecursionError")
    assert inspection.verdict is Verdict.QUARANTINED
    assert inspection.sender == "000.00.12.H53"
    assert inspection.envelope is None
    assert inspection.keep_payload


# whatever comes

VECTORS = [body for tree in ("good", "bad") for _, body, _ in vectors(tree)]


@pytest.mark.parametrize("profile", list(Profile))
def test_every_vector_is_inspected_without_an_exception(profile: Profile) -> None:
    for body in VECTORS:
        inspection = inspected(body, profile)
        assert (inspection.verified is None) == (inspection.verdict is Verdict.REFUSED)
        prepare(inspection, province())


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_bytes_come_the_answer_is_a_verdict_and_never_an_exception(
    data: st.DataObject,
) -> None:
    body = bytearray(data.draw(st.sampled_from([UNSIGNED, signed(UNSIGNED), STATUS.encode()])))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        width = data.draw(st.integers(0, 40))
        body[at : at + width] = data.draw(st.binary(max_size=40))
    if not body:
        body = bytearray(b"x")
    profile = data.draw(st.sampled_from(list(Profile)))
    inspection = inspected(bytes(body), profile)
    assert inspection.verdict in {Verdict.ACCEPTED, Verdict.REFUSED}
    assert len(inspection.steps) == 9
    prepare(inspection, province())


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_of_a_signed_document_no_changed_character_inside_an_element_is_accepted(
    data: st.DataObject,
) -> None:
    body = signed(UNSIGNED)
    text_at = [
        index
        for index in range(body.index(b"<edXML:From>"), body.index(b"<ds:Signature"))
        if chr(body[index]).isalnum()
    ]
    at = data.draw(st.sampled_from(text_at))
    flipped = bytes([body[at] ^ 1])
    assert inspected(body[:at] + flipped + body[at + 1 :]).verdict is Verdict.REFUSED


# agencies that closed


def merged_at(now: datetime, **own: Any) -> View:
    """SENDER has become part of OTHER since the day before `now`."""
    closed = {"valid_to": now.date() - timedelta(days=1), "successor": OTHER} | own
    agencies = [agency(SENDER, twin="H53.11", **closed), agency(OTHER)]
    serving = [system("finance", SENDER), system("science", OTHER)]
    return view(directory=directory(agencies, serving), trust=world().trust)


def reported_as_sender(by: str, account: str, where: View) -> Inspection:
    """A status in the name of SENDER, about a document of OTHER."""
    text = swap(STATUS, (OTHER, "swapped"), (SENDER, OTHER), ("swapped", SENDER))
    body = signed(text.encode(), world().credential(by))
    return inspected(body, view_=where, account=account, routing_key=f"normal.{OTHER}")


def test_a_late_status_in_the_name_of_a_closed_agency_is_signed_by_its_successor() -> None:
    late = reported_as_sender("another agency", "science", merged_at(NOW))
    assert late.verdict is Verdict.ACCEPTED
    assert late.signature.state is SignatureState.VERIFIED
    assert late.sender == OTHER
    still = province()
    early = reported_as_sender("another agency", "science", still)
    assert early.refusal is not None
    assert early.refusal.code == "signer-not-sender"


def test_a_late_status_is_still_signed_with_the_closed_agencys_own_certificate() -> None:
    late = reported_as_sender("sender", "science", merged_at(NOW))
    assert late.verdict is Verdict.ACCEPTED


def test_whom_it_took_over_from_does_not_sign_for_the_successor() -> None:
    body = signed(STATUS.encode(), world().credential("sender"))
    said = inspected(body, view_=merged_at(NOW), account="science", routing_key=f"normal.{OTHER}")
    assert said.refusal is not None
    assert said.refusal.code == "signer-not-sender"


def test_a_pin_counts_in_the_time_of_its_row() -> None:
    certificate = world().credential("strange authority").certificate
    day = NOW.date()
    rows = [
        agency(SENDER, valid_to=day),
        agency(SENDER, valid_from=day, pins=fingerprints(certificate)),
        agency(OTHER),
    ]
    here = view(
        directory=Directory.of(rows, [system("finance", SENDER), system("science", OTHER)]),
        trust=world().trust,
    )
    body = signed(UNSIGNED, world().credential("strange authority"))
    assert inspected(body, view_=here).verdict is Verdict.ACCEPTED
    early = inspected(body, view_=here, received_at=NOW - timedelta(days=1))
    refused(early, "signer", "signer-unknown")


def test_what_comes_over_the_national_axis_from_a_closed_agency_is_warned_of() -> None:
    agencies = [agency(SENDER, valid_to=NOW.date()), agency(OTHER)]
    here = view(directory=directory(agencies, [system("science", OTHER)]), trust=world().trust)
    come = inspected(UNSIGNED, view_=here, door=Door.NATIONAL, account=None)
    assert come.verdict is Verdict.ACCEPTED
    assert "sender-closed" in {warning.code for warning in come.warnings}
