"""`axisd document trace`: everything about one document, from the ledger alone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from axisd.adapters.clock import SystemClock
from axisd.core.advance import Failed, Sent
from axisd.core.compose import compose_document, compose_status
from axisd.core.envelope import Business, BusinessInfo, ResponseFor
from axisd.core.reasons import refuse
from axisd.core.zone import day_of
from tests.support import tale, values
from tests.support.cli import axisd, facts
from tests.support.settings import Site, small_site
from tests.support.site_ledger import forged, handed_in, tried, written
from tests.support.tale import TALE, accepted

FINANCE = "000.00.11.H53"
OFFICE = "000.00.01.H53"
ID = f"{FINANCE},2026/01/05,7/STC"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Systems that need not sign."""
    site = small_site(tmp_path)
    site.edit("systems.yaml", "[000.00.11.H53]}", "[000.00.11.H53], profile: if-present}")
    return site


def document(*recipients: str) -> bytes:
    to = [word for recipient in recipients for word in ("--to", recipient)]
    return axisd(
        "envelope", "new", "--from", FINANCE, *to, "--number", "7", "--notation", "STC",
        "--subject", "V/v việc riêng", "--date", "2026/01/05",
    ).stdout_bytes  # fmt: skip


def traced(site: Site, identifier: str) -> list[Any]:
    result = axisd("document", "trace", identifier, "--config", site.config, "--json")
    assert result.exit_code == 0, result.stderr
    submissions: list[Any] = facts(result)["submissions"]
    return submissions


def test_what_a_document_says_of_itself_is_shown(site: Site) -> None:
    handed_in(site, document(OFFICE), account="finance", agency=FINANCE)
    [found] = traced(site, ID)
    assert (found["type"], found["place"]) == ("Công văn", "Tây Ninh")
    assert (found["signed_by"], found["position"], found["pages"]) == (None, None, None)
    shown = axisd("document", "trace", ID, "--config", site.config).stdout
    assert "Công văn, Tây Ninh" in shown
    page = site.folder / "trace.html"
    axisd("document", "trace", ID, "--config", site.config, "--html", page)
    told = "".join(html.fromstring(page.read_bytes()).itertext())
    assert "Loại văn bản" in told
    assert "Nơi ban hành" in told
    assert "Chức vụ" not in told, "what it does not say takes no line"


def test_every_recipient_and_every_event_stands_in_order_with_its_receipt(site: Site) -> None:
    submission = handed_in(
        site, document(OFFICE, "000.00.99.H53"), account="finance", agency=FINANCE
    )
    tried(site, Sent())
    [found] = traced(site, ID)
    assert (found["id"], found["state"], found["from"]) == (submission, "accepted", FINANCE)
    [acceptance] = found["events"]
    assert acceptance["event"] == "SubmissionAcceptance"
    assert (found["legal_value"], acceptance["warnings"]) == ("reference", ["attachment-none"])
    assert acceptance["time"].endswith("+07:00")
    assert acceptance["receipt"] | {"id": ""} == {
        "id": "", "to": FINANCE, "holds": True, "fault": None,
    }  # fmt: skip
    outcomes = {one["organ"]: one for one in acceptance["recipients"]}
    assert outcomes["000.00.99.H53"]["reason"]["code"] == "recipient-unknown"
    assert outcomes["000.00.99.H53"]["reason"]["text"].keys() == {"en", "vi"}
    [recipient] = found["recipients"]
    assert (recipient["organ"], recipient["state"], recipient["route"]) == (OFFICE, "sent", "local")
    [consignment] = recipient["events"]
    assert consignment["event"] == "ContentConsignment"
    assert consignment["receipt"]["holds"] is True
    assert consignment["position"] > acceptance["position"]


def test_legal_time_stands_beside_the_time_of_each_event(site: Site) -> None:
    """The recipient works again three days from now."""
    later = day_of(SystemClock().now()) + timedelta(days=3)
    weekday = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[later.weekday()]
    site.write("days.csv", f"date,kind\n{later},work\n")
    settings = (
        "calendar:\n"
        "  exceptions: days.csv\n"
        "  agencies:\n"
        f"    - {{agency: {OFFICE}, hours: [{{open: [09:00-10:00], days: [{weekday}]}}]}}\n"
    )
    site.write("axisd.yaml", site.config.read_text() + settings)
    handed_in(site, document(OFFICE), account="finance", agency=FINANCE)
    tried(site, Sent())
    [found] = traced(site, ID)
    [consignment] = found["recipients"][0]["events"]
    assert consignment["legal_time"] == f"{later}T09:00:00.000+07:00"
    shown = axisd("document", "trace", ID, "--config", site.config).stdout
    assert f"holds  in law {later}T09:00:00.000+07:00\n" in shown


def test_evidence_from_before_legal_time_is_traced_without_it(site: Site) -> None:
    handed_in(site, document(OFFICE), account="finance", agency=FINANCE)
    forged(site, "UPDATE entry SET content = json_remove(content, '$.legal_at')")
    [found] = traced(site, ID)
    assert found["events"][0]["legal_time"] is None
    shown = axisd("document", "trace", ID, "--config", site.config)
    assert shown.exit_code == 0
    assert "in law" not in shown.stdout


def test_it_is_found_by_submission_and_by_delivery_too(site: Site) -> None:
    submission = handed_in(site, document(OFFICE), account="finance", agency=FINANCE)
    by_document = traced(site, ID)
    assert traced(site, submission) == by_document
    assert traced(site, by_document[0]["recipients"][0]["delivery"]) == by_document


def test_people_read_times_states_and_receipts_but_neither_subject_nor_content(site: Site) -> None:
    handed_in(site, document(OFFICE), account="finance", agency=FINANCE)
    tried(site, Failed(refuse("inbox-missing", agency=OFFICE)))
    shown = axisd("document", "trace", ID, "--config", site.config).stdout
    assert "SubmissionAcceptance #1  receipt to 000.00.11.H53: holds" in shown
    assert f"recipient {OFFICE}  deferred" in shown
    assert "inbox-missing, until" in shown
    assert "value     reference, signature absent" in shown
    assert "warning attachment-none" in shown
    assert "việc riêng" not in shown


def test_a_refused_submission_says_why_in_both_languages(site: Site) -> None:
    submission = handed_in(site, b"<edXML>", account="finance", agency=FINANCE)
    [found] = traced(site, submission)
    assert (found["state"], found["reason"], found["document_id"]) == (
        "refused",
        "not-well-formed",
        None,
    )
    shown = axisd("document", "trace", submission, "--config", site.config).stdout
    assert "SubmissionRejection" in shown
    assert "  vi  " in shown


def test_a_receipt_that_was_changed_in_the_ledger_does_not_hold(site: Site) -> None:
    handed_in(site, document(OFFICE), account="finance", agency=FINANCE)
    forged(site, "UPDATE receipt SET body = CAST(replace(body, 'normal', 'urgent') AS BLOB)")
    [found] = traced(site, ID)
    assert found["events"][0]["receipt"]["holds"] is False
    assert found["events"][0]["receipt"]["fault"] == "signature-invalid"


def test_what_nobody_knows_is_said_with_exit_code_65(site: Site) -> None:
    handed_in(site, document(OFFICE), account="finance", agency=FINANCE)
    result = axisd("document", "trace", "nowhere", "--config", site.config)
    assert (result.exit_code, result.stdout) == (65, "")
    assert "knows nothing of nowhere" in result.stderr


def test_without_a_ledger_it_ends_as_a_problem_of_the_configuration(site: Site) -> None:
    result = axisd("document", "trace", ID, "--config", site.config)
    assert result.exit_code == 78
    assert "there is no ledger here" in result.stderr


# --- as the axis itself writes it -----------------------------------------------------------------


def lived(site: Site) -> str:
    """A document to OFFICE: taken, replied to, updated, asked back, which OFFICE agrees to."""
    finance = partial(handed_in, site, account="finance", agency=FINANCE)
    office = partial(handed_in, site, account="office", agency=OFFICE)
    report = partial(values.status, sender=OFFICE, document_id=ID)
    submission = finance(compose_document(values.document(OFFICE, document_id=ID)))
    tried(site, Sent())
    office(compose_status(report("03", description="Đã vào sổ")))
    reply = values.document(
        FINANCE,
        sender=OFFICE,
        document_id="reply",
        number="8",
        responses_for=(ResponseFor(FINANCE, "7/STC", ID, "2026/01/05"),),
    )
    office(compose_document(reply))
    update = values.document(OFFICE, document_id="update", number="9")
    finance(
        compose_document(replace(update, business=BusinessInfo(Business.UPDATE, document_id=ID)))
    )
    finance(compose_document(values.document(OFFICE, document_id=ID, business=Business.RECALL)))
    office(compose_status(report("15", description="Đồng ý")))
    return submission


def test_a_documents_whole_life_is_told_as_the_axis_decided_it(site: Site) -> None:
    site.edit("systems.yaml", "[000.00.01.H53]}", "[000.00.01.H53], profile: if-present}")
    submission = lived(site)
    result = axisd("document", "trace", ID, "--config", site.config, "--json")
    assert result.exit_code == 0, result.stderr
    told = facts(result)
    story = [(one["what"], one["code"]) for one in told["story"] if one["what"] != "deadline"]
    assert story == [
        ("submitted", "new"), ("inspected", None), ("settled", "SubmissionAcceptance"),
        ("delivery", "ContentConsignment"),
        ("status", "03"), ("delivery", "ContentHandover"),
        ("reference", "reply"), ("reference", "update"),
        ("submitted", "recall"), ("reference", "recall"), ("inspected", None),
        ("settled", "SubmissionAcceptance"), ("delivery", "ConsignmentNotification"),
        ("status", "15"), ("delivery", "ConsignmentNotification"),
    ]  # fmt: skip
    assert told["submissions"][0]["id"] == submission
    [recipient] = told["submissions"][0]["recipients"]
    assert (recipient["state"], recipient["status"]) == ("recalled", "15")
    assert [one["words"] for one in recipient["statuses"]] == ["Đã vào sổ", "Đồng ý"]
    assert recipient["recall"]["outcome"] == "agreed"
    assert recipient["recall"]["answered"] is not None
    reasons = [one["reason"]["code"] for one in recipient["events"] if one["reason"]]
    assert reasons == ["recall-asked", "recall-agreed"]
    assert [one["other"]["document_id"] for one in told["referred_to_by"]] == ["reply", "update"]
    receipts = [one["receipt"] for one in recipient["events"] if one["receipt"]]
    assert {one["holds"] for one in receipts} == {True}


# --- a document that has everything ---------------------------------------------------------------


@pytest.fixture
def told(site: Site) -> Site:
    """A site with the tale in its ledger."""
    written(site, TALE.changes)
    return site


def shown(site: Site, *words: str) -> str:
    result = axisd("document", "trace", *words, "--config", site.config)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def test_the_terminal_tells_the_story_in_order(told: Site) -> None:
    text = shown(told, tale.ID)
    story = text[text.index("what happened") :]
    heard = [
        "handed in over AMQP: document",
        f"replies to {tale.EARLIER_ID} ({OFFICE})",
        "inspected: 9 steps passed",
        "recipient-unknown at /edXML/To, line 9",
        "the same again",
        "status 01 arrived (đã đến)",
        "status 02 refused (từ chối tiếp nhận)",
        "refused by the recipient",
        "notice",
        "deadline, registration: ",
        "status 03 registered (đã tiếp nhận)",
        "no document is known that it is about",
        f"replied to by {tale.REPLY_ID} (3/SYT-VP)",
        "handed in over AMQP: recall",
        f"updated by {tale.UPDATE_ID} (13/STC-VP)",
    ]
    places = [story.index(word) for word in heard]
    assert places == sorted(places)
    assert "recall  asked back, no answer yet" in text
    assert tale.SUBJECT not in text
    assert tale.ATTACHED not in text
    assert tale.WORDS not in text


def test_the_terminal_can_speak_one_language(told: Site) -> None:
    text = shown(told, tale.ID, "--language", "vi")
    assert "trạng thái 03 đã tiếp nhận" in text
    assert "registered" not in text
    english = shown(told, tale.ID, "--language", "en")
    assert "status 03 registered" in english
    assert "đã tiếp nhận" not in english


def test_a_page_is_written_with_the_names_of_the_directory(told: Site, tmp_path: Path) -> None:
    file = tmp_path / "trace.html"
    assert shown(told, tale.ID, "--html", str(file)) == ""
    page = html.fromstring(file.read_text(encoding="utf-8"))
    assert page.xpath("string(//title)") == "Lịch sử gửi, nhận: 12/STC-VP"
    assert "Sở Tài chính" in page.xpath("string(//tr[@class='submitted'][1]/td[2])")
    assert [one.get("lang") for one in page.xpath("//section[@class='language']")] == ["vi", "en"]


def test_a_page_goes_to_stdout_in_the_language_asked_for(told: Site) -> None:
    page = html.fromstring(shown(told, tale.ID, "--html", "-", "--language", "en"))
    assert page.xpath("string(//title)") == "Trace of 12/STC-VP"
    assert page.xpath("//section/@lang") == ["en"]


def test_a_page_is_written_although_the_directory_is_broken(told: Site) -> None:
    told.write("agencies.csv", "code,name\n000.00.11.H53\n")
    result = axisd("document", "trace", tale.ID, "--html", "-", "--config", told.config)
    assert result.exit_code == 0
    assert "the directory has problems" in result.stderr
    assert html.fromstring(result.stdout).xpath("//table[@class='story']")


def test_receipts_need_not_be_verified(told: Site) -> None:
    text = shown(told, tale.ID, "--no-verify")
    assert "receipt to 000.00.11.H53: not verified" in text
    assert "holds" not in text


def test_it_is_found_by_what_stands_on_the_paper(told: Site) -> None:
    paper = ("--number", "12", "--notation", "STC-VP", "--organ", FINANCE, "--year", "2026")
    assert f"document new {tale.ID}" in shown(told, *paper)
    result = axisd("document", "trace", *paper[:-1], "2025", "--config", told.config)
    assert (result.exit_code, result.stdout) == (65, "")
    assert "no document 12/STC-VP" in result.stderr


def test_several_documents_of_one_number_are_listed_for_somebody_to_choose(told: Site) -> None:
    other = f"{OFFICE},2025/03/03,12/STC"
    written(told, [accepted(OFFICE, other, "12", "STC-VP", "2025/03/03")])
    paper = ("--number", "12", "--notation", "STC-VP")
    listed = shown(told, *paper)
    assert tale.ID in listed
    assert other in listed
    assert "what happened" not in listed
    found = json.loads(shown(told, *paper, "--json"))["matches"]
    assert [one["document_id"] for one in found] == [tale.ID, other]
    assert f"document new {other}" in shown(told, *paper, "--year", "2025")
    assert f"document new {tale.ID}" in shown(told, *paper, "--organ", FINANCE)
    result = axisd("document", "trace", *paper, "--html", "-", "--config", told.config)
    assert (result.exit_code, result.stdout) == (65, "")
    assert "2 documents have this number" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--number", "12"),
        ("--notation", "STC-VP"),
        ("--organ", FINANCE),
        (ID, "--number", "12"),
        (ID, "--year", "2026"),
        (ID, "--json", "--html", "-"),
    ],
)
def test_what_is_asked_for_in_no_way_or_in_two_is_a_usage_error(
    site: Site, words: tuple[str, ...]
) -> None:
    result = axisd("document", "trace", *words, "--config", site.config)
    assert (result.exit_code, result.stdout) == (64, "")
