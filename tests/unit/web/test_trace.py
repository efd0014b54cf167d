"""The page of a trace: the facts stand in it, in both languages, and nothing that must not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import html

from axisd.core.evidence import Evidence
from axisd.core.inspection import ABSENT, LegalValue, Outcome, Step
from axisd.core.lifecycle import DeliveryState, SubmissionState
from axisd.core.reasons import Event, Language, refuse
from axisd.core.receiptproof import ReceiptVerifier
from axisd.core.records import SubmissionRecord
from axisd.core.story import story_of
from axisd.core.timeline import Timeline
from axisd.core.trace import Trace, traced
from axisd.web.pages import BOTH
from axisd.web.trace import trace_page
from axisd.web.tracevalues import values_of
from tests.support.signed_world import world
from tests.support.tale import ATTACHED, ID, REFUSED_FOR, SUBJECT, TALE, WORDS, sealer, timeline
from tests.support.values import FINANCE, HEALTH, OFFICE

NAMES = {FINANCE: "Sở <Tài> & chính", HEALTH: "Sở Y tế"}


def the_trace(known: Timeline | None = None) -> Trace:
    verify = ReceiptVerifier([world().root.certificate]).verify
    return traced(known or timeline(), TALE.until, verify)


def read(
    languages: tuple[Language, ...] = BOTH, trace: Trace | None = None
) -> dict[str, html.HtmlElement]:
    """The page's sections by language."""
    text = trace_page(trace or the_trace(), "12/STC-VP", NAMES, languages)
    root = html.fromstring(text)
    return {one.get("lang"): one for one in root.xpath("//section[@class='language']")}


def texts(section: html.HtmlElement, path: str) -> list[str]:
    return [" ".join(one.text_content().split()) for one in section.xpath(path)]


def test_each_moment_of_the_story_is_a_row_in_order() -> None:
    story = story_of(the_trace())
    for language, section in read().items():
        rows = section.xpath(".//table[@class='story']/tbody/tr")
        assert [row.get("class") for row in rows] == [one.what.name.lower() for one in story]
        said = texts(section, ".//table[@class='story']/tbody/tr/td[3]/span[1]")
        assert said == [one.words.vi if language == "vi" else one.words.en for one in story]


def test_times_are_those_of_vietnam_with_the_legal_one_where_it_differs() -> None:
    known = timeline()
    evening = tuple(
        replace(entry, content=entry.content.replace('"legal_at":"2026-11-02T09:00:00.123', '"legal_at":"2026-11-02T13:30:00.000'))
        for entry in known.entries
    )  # fmt: skip
    sections = read(trace=the_trace(replace(known, entries=evening)))
    path = ".//tr[@class='settled']/td[1]"
    assert texts(sections["vi"], path) == [
        "09:00:00 02/11/2026về pháp lý 13:30:00 02/11/2026",
        "09:00:00 05/11/2026",
    ]
    assert texts(sections["en"], path)[0] == "2026-11-02 09:00:00in law 2026-11-02 13:30:00"


def test_each_recipient_has_its_states_in_words() -> None:
    section = read()["vi"]
    health = section.get_element_by_id(f"vi-{TALE.health.id}")
    recipient, delivered, statuses, deadlines = texts(health, "./td")
    assert recipient == f"{HEALTH} Sở Y tế"
    assert delivered.startswith("nơi nhận đã lấy (hộp nhận)")
    assert "đã yêu cầu thu hồi, chưa trả lời" in delivered
    assert "01 đã đến, 09:05:00 02/11/2026" in statuses
    assert "03 đã tiếp nhận, 09:00:00 04/11/2026" in statuses
    assert "xác nhận đã đến: 17:00:00 02/11/2026, đúng hạn" in deadlines
    assert "tiếp nhận: 17:00:00 03/11/2026, trễ hạn" in deadlines
    office = section.get_element_by_id(f"vi-{TALE.office.id}")
    assert texts(office, "./td")[0] == OFFICE, "an agency without a name keeps its code"
    assert "02 từ chối tiếp nhận" in texts(office, "./td")[2]


def test_a_delivery_that_still_waits_says_why_and_until_when() -> None:
    known = timeline()
    leg = replace(
        TALE.health, state=DeliveryState.DEFERRED, reason="inbox-missing", addressed=(HEALTH, "H53.12"),
        inbox=OFFICE,
    )  # fmt: skip
    legs = tuple(leg if one.id == leg.id else one for one in known.deliveries)
    section = read(trace=the_trace(replace(known, deliveries=legs)))["en"]
    recipient, delivered, *_ = texts(section.get_element_by_id(f"en-{leg.id}"), "./td")
    assert recipient == f"{HEALTH} Sở Y tếreceived by {OFFICE}addressed as H53.12"
    assert delivered.startswith("deferred (inbox)inbox-missingtried until 2026-01-10 08:00:00")


def test_what_the_axis_keeps_of_the_document_stands_at_its_top() -> None:
    section = read()["en"]
    part = section.get_element_by_id(f"en-{TALE.document.submission_id}")
    heads, facts = texts(part, "./dl/dt"), texts(part, "./dl/dd")
    told = dict(zip(heads, facts, strict=True))
    assert told["DocumentId"] == ID
    assert told["From"] == f"{FINANCE} Sở <Tài> & chính"
    assert (told["Date"], told["Reply due"]) == ("2026/11/02", "2026/11/12")
    assert told["Received"] == "2026-11-02 09:00:00, over AMQP (account finance)"
    assert told["Urgency"] == "normal (lane normal)"
    assert told["Value"] == "original"
    assert told["Signature"] == "verified: CN=Sở Tài chính"
    assert TALE.document.digest in told["Envelope"]
    assert TALE.document.attachments[0].digest in told["Attachment 1"]
    assert told["Submission"] == TALE.document.submission_id
    assert texts(part, "./h2") == ["Document 12/STC-VP: accepted"]


def test_of_what_was_refused_before_its_signature_was_looked_at_nothing_is_said_of_it() -> None:
    facts = replace(TALE.document, signature=ABSENT, legal_value=LegalValue.REFERENCE)
    for outcome, said in (
        (Outcome.SKIPPED, ["chưa kiểm tra: bị từ chối trước đó"]),
        (Outcome.REFUSED, ["không có"]),
    ):
        evidence = Evidence(
            "E", Event.SUBMISSION_REJECTION, TALE.until, facts,
            refusal=refuse("schema-invalid"), steps=(Step("signature", outcome),),
            receipt_to=FINANCE,
        )  # fmt: skip
        entry, receipt = sealer().seal(evidence, 1, "0" * 64)
        assert receipt is not None
        record = SubmissionRecord(facts, SubmissionState.REFUSED, reason="schema-invalid")
        trace = the_trace(Timeline((record,), (), (entry,), (receipt,)))
        section = read(trace=trace)["vi"]
        assert texts(section, ".//dt[.='Chữ ký số']/following-sibling::dd[1]") == said
        (values,) = values_of(trace, ID)["submissions"]
        known = outcome is not Outcome.SKIPPED
        assert values["signature"] == ("absent" if known else None)
        assert values["legal_value"] == ("reference" if known else None)


def test_receipts_say_whether_they_hold() -> None:
    count = len(timeline().receipts)
    section = read()["en"]
    holding = texts(section, ".//span[text()='receipt holds']")
    assert 0 < len(holding) <= count
    known = timeline()
    bad = tuple(replace(one, body=one.body.replace(b"normal", b"urgent")) for one in known.receipts)
    section = read(trace=the_trace(replace(known, receipts=bad)))["vi"]
    broken = "biên nhận không hợp lệ: signature-invalid"
    assert texts(section, ".//span[@class='bad'][starts-with(., 'biên nhận')]") == [broken] * len(
        holding
    )
    unproven = read(trace=traced(known, TALE.until, None))["vi"]
    assert not unproven.xpath(".//span[contains(., 'biên nhận hợp lệ')]")
    assert unproven.xpath(".//span[contains(., 'chưa kiểm tra')]")


def test_what_others_wrote_is_text_and_nothing_else() -> None:
    text = trace_page(the_trace(), "<b>12</b>", NAMES)
    assert "<b>" not in text
    assert REFUSED_FOR in html.fromstring(text).text_content()
    assert "<b>12</b>" in html.fromstring(text).xpath("string(//title)")


def test_neither_subject_nor_names_of_attachments_are_shown() -> None:
    text = trace_page(the_trace(), "12/STC-VP", NAMES)
    assert SUBJECT not in text
    assert ATTACHED not in text
    assert WORDS not in text, "a clerk's own words are for who asks for them"


@pytest.mark.parametrize("languages", [("vi",), ("en",)])
def test_one_language_can_be_had_alone(languages: tuple[Language, ...]) -> None:
    assert list(read(languages)) == list(languages)


def test_the_trace_of_what_nobody_could_read_is_a_page() -> None:
    facts = replace(TALE.document, kind="", business="", sender="", document_id="", attachments=())
    record = replace(timeline().submissions[0], facts=facts, number="", notation="")
    section = read(trace=the_trace(Timeline((record,), (), (), ())))["vi"]
    assert texts(section, ".//h2")[0] == "Gói tin không đọc được: đã nhận"
    assert texts(section, ".//tr[@class='submitted']/td[2]") == ["–"]
