"""`axisd envelope`: build, sign and inspect envelopes as files."""

from __future__ import annotations

import base64
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from lxml import etree

from axisd.cli.envelope_inspect import inspect_
from axisd.core.inspection import STEPS
from axisd.simulator.pki import Pki
from tests.support.cli import axisd, facts
from tests.support.settings import Site, small_site

FINANCE = "000.00.11.H53"
OFFICE = "000.00.01.H53"
NEW = ("envelope", "new", "--from", FINANCE, "--to", OFFICE, "--number", "7", "--notation", "STC")
DOCUMENT = (*NEW, "--subject", "V/v dự toán")
STATUS = ("envelope", "new", "--from", OFFICE, "--status")
TOP_KEYS = {
    "verdict",
    "reason",
    "kind",
    "business",
    "from",
    "to",
    "document_id",
    "digest",
    "legal_value",
    "signature",
    "attachments",
    "warnings",
    "steps",
}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A configuration that trusts the authority in `pki/`."""
    site = small_site(tmp_path)
    Pki(tmp_path / "pki")
    site.write("axisd.yaml", site.config.read_text() + "trust: {authorities: [pki/ca.pem]}\n")
    return site


@pytest.fixture
def signed(site: Site) -> Path:
    """A document of the finance department, signed with its own certificate."""
    key, certificate = Pki(site.folder / "pki").issue(FINANCE)
    built, out = site.folder / "new.edxml", site.folder / "signed.edxml"
    assert axisd(*DOCUMENT, "--out", built).exit_code == 0
    result = axisd(
        "envelope", "sign", built, "--key", key, "--certificate", certificate, "--out", out
    )
    assert result.exit_code == 0, result.stderr
    return out


def test_a_built_document_says_what_the_options_said(site: Site) -> None:
    attached = site.write("phụ lục.txt", "phụ lục")
    built = axisd(
        *DOCUMENT, "--attach", attached, "--zip", "--date", "2026/01/05", "--to", "G14=Bộ"
    )
    assert built.exit_code == 0
    found = facts(
        axisd(
            "envelope", "inspect", "-", "--profile", "if-present", "--json", "--config",
            site.config, stdin=built.stdout_bytes,
        )
    )  # fmt: skip
    assert (found["verdict"], found["kind"], found["business"]) == ("accepted", "document", "new")
    assert (found["from"], found["to"]) == (FINANCE, [OFFICE, "G14"])
    assert found["document_id"] == f"{FINANCE},2026/01/05,7/STC"
    assert found["legal_value"] == "reference"
    [attachment] = found["attachments"]
    assert attachment["name"] == "phụ lục.txt"
    assert attachment["declared_type"] == "text/plain"
    assert attachment["sniffed_type"] == "application/zip"


def test_an_attachment_in_a_zip_is_the_one_entry_of_it(site: Site) -> None:
    attached = site.write("a.txt", "nội dung")
    built = axisd(*DOCUMENT, "--attach", attached, "--zip").stdout_bytes
    encoded = etree.fromstring(built).findtext(".//{*}ContentTransferEncoded")
    assert encoded is not None
    with zipfile.ZipFile(BytesIO(base64.b64decode(encoded))) as archive:
        [entry] = archive.namelist()
        assert archive.read(entry).decode() == "nội dung"


def test_a_status_is_about_the_document_that_it_is_given(site: Site, signed: Path) -> None:
    built = axisd("envelope", "new", "--from", OFFICE, "--status", "03", "--about", signed)
    found = facts(
        axisd(
            "envelope", "inspect", "-", "--profile", "recorded", "--json", "--config", site.config,
            stdin=built.stdout_bytes,
        )
    )  # fmt: skip
    assert (found["verdict"], found["kind"], found["business"]) == ("accepted", "status", None)
    assert found["status"] == {"code": "03", "of": found["document_id"], "to": FINANCE}
    assert found["document_id"].startswith(f"{FINANCE},")


def test_a_status_that_asks_back_goes_to_the_recipient_of_the_document(signed: Path) -> None:
    def asked(*words: str) -> str | None:
        built = axisd(
            "envelope", "new", "--from", FINANCE, "--status", "13", "--about", signed, *words
        )
        if built.exit_code:
            assert "say which with --about-organ" in built.output
            return None
        return etree.fromstring(built.stdout_bytes).findtext(".//{*}ResponseFor/{*}OrganId")

    text = signed.read_text(encoding="utf-8")
    assert text.count("<edXML:To>") == 1
    assert asked() == OFFICE
    assert asked("--about-organ", "000.00.12.H53") == "000.00.12.H53"
    another = "<edXML:To><edXML:OrganId>000.00.12.H53</edXML:OrganId></edXML:To><edXML:DocumentId>"
    signed.write_text(text.replace("<edXML:DocumentId>", another, 1), encoding="utf-8")
    assert asked() is None


def business_in(site: Site, built: bytes) -> etree._Element:
    """The `Bussiness` of what was built, which an axis would accept."""
    found = facts(
        axisd(
            "envelope", "inspect", "-", "--profile", "recorded", "--json", "--config", site.config,
            stdin=built,
        )
    )  # fmt: skip
    assert found["verdict"] == "accepted", found
    business = etree.fromstring(built).find(".//{*}Bussiness")
    assert business is not None
    return business


def texts(root: etree._Element, name: str) -> list[str | None]:
    return [element.text for element in root.iter(f"{{*}}{name}")]


def test_a_recall_takes_all_from_the_document_that_it_recalls(site: Site, signed: Path) -> None:
    built = axisd(
        "envelope", "new", "--from", FINANCE, "--business", "recall", "--about", signed,
        "--reason", "Ban hành nhầm",
    ).stdout_bytes  # fmt: skip
    business = business_in(site, built)
    assert texts(business, "BussinessDocType") == ["1"]
    assert texts(business, "BussinessDocReason") == ["Ban hành nhầm"]
    recalled, made = etree.fromstring(signed.read_bytes()), etree.fromstring(built)
    for name in ("DocumentId", "CodeNumber", "CodeNotation", "Subject"):
        assert texts(made, name)[:1] == texts(recalled, name)[:1]
    assert [to.findtext("{*}OrganId") for to in made.iter("{*}To")] == [OFFICE]


def test_a_recall_may_be_of_some_alone_and_without_the_file(site: Site) -> None:
    built = axisd(*DOCUMENT, "--business", "recall", "--about-document", "doc-1").stdout_bytes
    assert texts(business_in(site, built), "BussinessDocType") == ["1"]
    assert texts(etree.fromstring(built), "DocumentId")[:1] == ["doc-1"]


def test_an_update_has_an_id_of_its_own_and_names_the_old_one(site: Site, signed: Path) -> None:
    built = axisd(
        *DOCUMENT, "--business", "update", "--about", signed, "--document-id", "new-1",
        "--add", "000.00.13.H53", "--drop", OFFICE,
    ).stdout_bytes  # fmt: skip
    business, old = business_in(site, built), etree.fromstring(signed.read_bytes())
    assert texts(business, "BussinessDocType") == ["2"]
    assert texts(business, "DocumentId") == texts(old, "DocumentId")[:1]
    assert texts(business, "OrganId") == ["000.00.13.H53", OFFICE]
    assert texts(business, "ReceiverType") == ["1", "0"]
    assert "new-1" in texts(etree.fromstring(built), "DocumentId")


def test_a_replacement_names_what_it_replaces_and_for_whom(site: Site, signed: Path) -> None:
    built = axisd(*DOCUMENT, "--business", "replace", "--about", signed).stdout_bytes
    business, old = business_in(site, built), etree.fromstring(signed.read_bytes())
    assert texts(business, "BussinessDocType") == ["3"]
    (replaced,) = business.iter("{*}ReplacementInfo")
    assert texts(replaced, "DocumentId") == texts(old, "DocumentId")[:1]
    assert texts(replaced, "OrganId") == [OFFICE]


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ((*DOCUMENT, "--business", "recall"), 64, "give --about FILE, or --about-document"),
        ((*DOCUMENT, "--add", OFFICE), 64, "--add and --drop are of an update"),
        ((*DOCUMENT, "--reason", "x"), 64, "--reason is of a recall"),
        ((*STATUS, "03", "--business", "recall"), 64, "--status or --business"),
        (
            (*DOCUMENT, "--business", "update", "--about-document", "x", "--drop", "a b"),
            65,
            "'a b' is not the code",
        ),
        ((*NEW,), 64, "give --subject"),
        (("envelope", "new", "--from", OFFICE, "--status", "03"), 64, "give --about FILE, or"),
        ((*DOCUMENT, "--status", "03"), 64, "leave --to out"),
        ((*NEW, "--subject", "a\x01b"), 65, "U+0001"),
        ((*DOCUMENT, "--attach", "/nowhere"), 65, "cannot be read"),
        ((*NEW[:3], "", *NEW[4:], "--subject", "x"), 65, "'' is not the code of an agency"),
        ((*DOCUMENT, "--to", "000.00.\u200b12.H53"), 65, "'000.00.\\u200b12.H53' is not the code"),
        ((*DOCUMENT, "--document-id", "x" * 201), 65, "schema-invalid"),
        ((*DOCUMENT, "--date", "2026-01-05"), 64, "'2026-01-05' does not match the format"),
        ((*DOCUMENT, "--date", "2026/02/30"), 64, "'2026/02/30' does not match the format"),
        ((*STATUS, "02", "--about-organ", FINANCE, "--about-document", "x"), 64, "--description"),
        ((*STATUS, "03", "--about-organ", "a b", "--about-document", "x"), 65, "'a b' is not the"),
    ],
)
def test_what_would_not_be_valid_is_not_built(
    options: tuple[str, ...], code: int, said: str
) -> None:
    result = axisd(*options)
    assert (result.exit_code, result.stdout) == (code, "")
    assert said in result.stderr


def test_where_a_status_cannot_be_about_a_file_is_said_in_words(site: Site) -> None:
    file = site.write("words.txt", "Kính gửi Sở")
    result = axisd(*STATUS, "03", "--about", file)
    assert result.exit_code == 65
    assert f"where: {file}, line 1\n" in result.stderr


def test_signing_keeps_every_other_byte(site: Site, signed: Path) -> None:
    before, after = (site.folder / "new.edxml").read_bytes(), signed.read_bytes()
    start = after.index(b"<ds:Signature")
    end = after.index(b"</ds:Signature>") + len(b"</ds:Signature>")
    assert after[:start] + after[end:] == before


def test_a_signed_envelope_is_accepted_as_an_original_in_exactly_the_promised_form(
    site: Site, signed: Path
) -> None:
    result = axisd("envelope", "inspect", signed, "--json", "--config", site.config)
    found = facts(result)
    assert (result.exit_code, found.keys()) == (0, TOP_KEYS)
    assert (found["verdict"], found["reason"]) == ("accepted", None)
    assert found["legal_value"] == "original"
    assert found["signature"]["state"] == "verified"
    assert FINANCE in found["signature"]["signer"]
    assert found["signature"]["algorithm"].endswith("rsa-sha256")
    assert [step["name"] for step in found["steps"]] == list(STEPS)
    assert all(step.keys() == {"name", "outcome", "detail"} for step in found["steps"])


def test_a_changed_byte_is_refused_with_the_reason_in_both_languages(
    site: Site, signed: Path
) -> None:
    signed.write_bytes(signed.read_bytes().replace("dự toán".encode(), "dự toàn".encode()))
    result = axisd("envelope", "inspect", signed, "--json", "--config", site.config)
    found = facts(result)
    assert (result.exit_code, found["verdict"]) == (65, "refused")
    reason = found["reason"]
    assert reason.keys() == {"code", "fault", "retryable", "at", "line", "text"}
    assert (reason["code"], reason["fault"], reason["retryable"]) == (
        "signature-invalid",
        "sender",
        False,
    )
    assert reason["text"].keys() == {"en", "vi"}
    assert found["from"] == FINANCE, "what was read before the refusal stays"
    for_people = axisd("envelope", "inspect", signed, "--config", site.config)
    assert for_people.exit_code == 65
    assert "refused: signature-invalid" in for_people.stdout
    assert reason["text"]["vi"] in for_people.stdout


def test_a_warning_is_told_with_its_place_in_both_languages_and_refuses_nothing(site: Site) -> None:
    good = axisd(*DOCUMENT, "--date", "2014/02/28").stdout_bytes
    built = good.replace(b"2014/02/28", b"2014/02/30")
    inspect = ("envelope", "inspect", "-", "--profile", "if-present", "--config", site.config)
    result = axisd(*inspect, "--json", stdin=built)
    found = facts(result)
    assert (result.exit_code, found["verdict"], found["reason"]) == (0, "accepted", None)
    dated, attached = found["warnings"]
    assert (dated["code"], attached["code"]) == ("date-invalid", "attachment-none")
    assert dated.keys() == {"code", "fault", "retryable", "at", "line", "text"}
    assert dated["at"].endswith("/PromulgationInfo/PromulgationDate")
    for_people = axisd(*inspect, stdin=built)
    assert "warning: date-invalid" in for_people.stdout
    assert f"line {dated['line']}" in for_people.stdout
    for text in (*dated["text"].values(), *attached["text"].values()):
        assert text in for_people.stdout
    assert for_people.stderr == ""


def test_a_profile_on_the_command_line_wins_over_the_directory(site: Site) -> None:
    built = axisd(*DOCUMENT).stdout_bytes
    inspect = ("envelope", "inspect", "-", "--json", "--config", site.config)
    assert facts(axisd(*inspect, stdin=built))["reason"]["code"] == "signature-missing"
    assert axisd(*inspect, "--profile", "if-present", stdin=built).exit_code == 0


def test_what_only_the_national_axis_can_bring_is_inspected_as_that(site: Site) -> None:
    built = axisd(*NEW[:3], "000.00.00.H41", *NEW[4:], "--subject", "x").stdout_bytes
    inspect = ("envelope", "inspect", "-", "--config", site.config)
    result = axisd(*inspect, stdin=built)
    assert result.exit_code == 0
    assert "national: not an agency of this axis" in result.stdout
    refused = axisd(*inspect, "--door", "amqp", "--json", stdin=built)
    assert (refused.exit_code, facts(refused)["reason"]["code"]) == (65, "signature-missing")
    local = axisd(*DOCUMENT[:3], "000.00.77.H53", *DOCUMENT[4:]).stdout_bytes
    unknown = facts(axisd(*inspect, "--profile", "recorded", "--json", stdin=local))
    assert unknown["reason"]["code"] == "sender-unknown"


def test_what_is_not_xml_is_refused_with_its_line(site: Site) -> None:
    result = axisd(
        "envelope", "inspect", "-", "--json", "--config", site.config, stdin=b"<edXML>\n<a></edXML>"
    )
    found = facts(result)
    assert (result.exit_code, found["reason"]["code"]) == (65, "not-well-formed")
    assert found["reason"]["line"] == 2
    assert (found["kind"], found["from"], found["to"], found["document_id"]) == (
        None,
        None,
        [],
        None,
    )


def test_without_a_configuration_the_shipped_agencies_are_taken_and_that_is_said(
    signed: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    [option] = [param for param in inspect_.params if param.name == "config"]
    monkeypatch.setattr(option, "default", site.folder / "none")
    result = axisd(
        "envelope", "inspect", signed, "--trust", site.folder / "pki" / "ca.pem", "--json"
    )
    assert "none is not there" in result.stderr
    assert facts(result)["signature"]["state"] == "verified"
    named = axisd("envelope", "inspect", signed, "--config", site.folder / "none")
    assert named.exit_code == 78


def test_an_envelope_that_is_signed_is_signed_again_only_in_place_of_the_signature(
    site: Site, signed: Path
) -> None:
    key, certificate = (site.folder / "pki" / f"{FINANCE}{end}" for end in (".key", ".pem"))
    sign = ("envelope", "sign", signed, "--key", key, "--certificate", certificate)
    refused = axisd(*sign)
    assert (refused.exit_code, refused.stdout) == (65, "")
    assert "--replace" in refused.stderr
    again = axisd(*sign, "--replace")
    assert again.exit_code == 0
    assert again.stdout_bytes.count(b"<ds:Signature ") == 1


def test_a_key_that_cannot_be_used_is_bad_input(site: Site, signed: Path) -> None:
    key = site.write("bad.key", "no key")
    result = axisd("envelope", "sign", signed, "--key", key, "--certificate", key)
    assert result.exit_code == 65
    assert "bad.key" in result.stderr
