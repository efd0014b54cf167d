"""What the simulated axis sees in an envelope and does to it."""

import pytest
from lxml import etree

from axisd.simulator.national.envelope import Glance, add_trace, add_twins, glance, written
from tests.support.national import FINANCE, HEALTH, NAMESPACE, OFFICE, document, status

LIMIT = 1024 * 1024
NAMES = {"e": NAMESPACE}


def seen(body: bytes) -> Glance:
    found = glance(body, LIMIT)
    assert isinstance(found, Glance), found
    return found


def codes(body: bytes, path: str) -> list[str | None]:
    return [found.text for found in etree.fromstring(body).iterfind(path, NAMES)]


def test_a_document_is_seen_with_its_parties_and_words() -> None:
    found = seen(document(OFFICE, HEALTH, OFFICE))
    assert (found.kind, found.sender, found.recipients) == ("edoc", FINANCE, (OFFICE, HEALTH))
    assert found.document_id == "000.00.11.H53,2026/01/05,7/STC-VP"
    assert (found.title, found.notation) == ("V/v dự toán", "7/STC-VP")


@pytest.mark.parametrize("container", ["MessageHeader", "Status"])
def test_a_status_goes_to_whom_it_answers_in_both_forms(container: str) -> None:
    found = seen(status(container=container))
    assert (found.kind, found.sender, found.recipients) == ("status", OFFICE, (FINANCE,))
    assert found.document_id == "000.00.11.H53,2026/01/05,7/STC-VP"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not xml",
        b"<edXML/>",
        b'<edXMLEnvelope xmlns="http://www.mic.gov.vn/TBT/QCVN_102_2016"/>',
        b'<edXML xmlns="http://www.mic.gov.vn/TBT/QCVN_102_2016"/>',
        document(OFFICE)[:-3],
        document(OFFICE).replace(b"edXML:MessageHeader", b"edXML:Message"),
        b"<!DOCTYPE edXML>" + status(),
    ],
)
def test_what_is_no_edxml_is_answered_with_a_sentence(body: bytes) -> None:
    said = glance(body, LIMIT)
    assert isinstance(said, str)
    assert said.endswith((".", ". "))


def test_an_envelope_over_the_limit_is_not_read() -> None:
    assert isinstance(glance(document(OFFICE, filling=LIMIT), LIMIT), str)


def test_written_anew_is_the_same_content_in_other_bytes() -> None:
    body = document(OFFICE, traces=())
    anew = written(seen(body))
    assert anew != body
    assert b"\r" not in anew
    assert anew.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<edXML xmlns="')
    assert etree.tostring(etree.fromstring(anew), method="c14n") == etree.tostring(
        etree.fromstring(body), method="c14n"
    )


def test_a_twin_becomes_a_second_to_behind_the_first() -> None:
    found = seen(document(OFFICE, HEALTH))
    assert add_twins(found, {OFFICE: "G14", FINANCE: "H53.11"})
    anew = written(found)
    assert codes(anew, ".//e:To/e:OrganId") == [OFFICE, "G14", HEALTH]
    assert codes(anew, ".//e:To/e:OrganName") == ["Nơi nhận"] * 3


def test_a_twin_that_is_there_already_is_not_added() -> None:
    found = seen(document(OFFICE, "G14"))
    assert not add_twins(found, {OFFICE: "G14", "G14": OFFICE})
    assert codes(written(found), ".//e:To/e:OrganId") == [OFFICE, "G14"]


@pytest.mark.parametrize(("traces", "organs"), [(None, ["X"]), ((), ["X"]), (("A", "B"), "ABX")])
def test_a_trace_is_appended_to_the_list_or_with_one(
    traces: tuple[str, ...] | None, organs: list[str]
) -> None:
    found = seen(document(OFFICE, traces=traces))
    add_trace(found, "X", "2026/01/05 08:00:00")
    anew = written(found)
    path = "e:edXMLEnvelope/e:edXMLHeader/e:TraceHeaderList/e:TraceHeader"
    assert codes(anew, f"{path}/e:OrganId") == list(organs)
    assert codes(anew, f"{path}/e:Timestamp") == ["2026/01/05 08:00:00"]
    assert b"<edXML:TraceHeader><edXML:OrganId>X</edXML:OrganId>" in anew


def test_a_trace_may_name_no_organ() -> None:
    found = seen(document(OFFICE))
    add_trace(found, None, "2026/01/05 08:00:00")
    trace = etree.fromstring(written(found)).find(".//e:TraceHeader", NAMES)
    assert trace is not None
    assert [child.tag for child in trace] == [f"{{{NAMESPACE}}}Timestamp"]
