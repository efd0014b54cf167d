"""The report as a page."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import etree, html

from axisd.core.availability import Availability
from axisd.core.generally import general_text
from axisd.core.measures import MEASURES, Measure
from axisd.core.report import Report
from axisd.web.report import report_page
from tests.support.reports import NASTY, small_report
from tests.support.traffic import FINANCE, HEALTH

XHTML = {"x": "http://www.w3.org/1999/xhtml", "s": "http://www.w3.org/2000/svg"}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return small_report(tmp_path_factory.mktemp("report") / "ledger")


def read(text: str) -> etree._Element:
    return etree.fromstring(text.encode())


def found(page: etree._Element, path: str) -> list[etree._Element]:
    elements = page.xpath(path, namespaces=XHTML)
    assert isinstance(elements, list)
    return [element for element in elements if isinstance(element, etree._Element)]


def words(element: etree._Element) -> str:
    return " ".join(" ".join(map(str, element.itertext())).split())


def test_it_is_xml_and_html_with_the_names_as_they_are_and_no_markup_of_theirs(
    report: Report,
) -> None:
    text = report_page(report)
    page = read(text)
    assert not found(page, "//x:b | //x:script")
    assert any(NASTY in words(cell) for cell in found(page, "//x:th[@scope='row']"))
    assert not html.fromstring(text).xpath("//b")


def test_every_number_of_the_report_stands_in_its_table(report: Report) -> None:
    page = read(report_page(report, ("vi",)))
    rows = {
        words(row[0]): [words(cell) for cell in row[2:]]
        for row in found(page, "//x:tbody/x:tr[count(x:td)=5]")
    }
    traffic = report.traffic
    for measure, meaning in MEASURES.items():
        wanted = [line[measure] for line in (traffic.agencies, traffic.national, traffic.total)]
        names = [m for m in MEASURES.values() if m.name.vi == meaning.name.vi]
        if len(names) == 1:
            assert rows[meaning.name.vi] == [str(number) if number else "–" for number in wanted]


@pytest.mark.parametrize(
    ("languages", "headings"),
    [
        (("vi",), ["Lưu lượng"]),
        (("en",), ["Traffic"]),
        (("vi", "en"), ["Lưu lượng", "Traffic"]),
    ],
)
def test_it_is_written_in_the_languages_asked_for(
    report: Report, languages: tuple[str, ...], headings: list[str]
) -> None:
    page = read(report_page(report, languages))  # type: ignore[arg-type]
    first = [words(found(section, ".//x:h2")[0]) for section in found(page, "//x:section")]
    assert first == headings
    ids = [element.get("id") for element in found(page, "//*[@id]")]
    assert len(ids) == len(set(ids))


def test_it_says_its_period_its_cut_off_and_who_made_it(report: Report) -> None:
    facts = words(found(read(report_page(report, ("vi",))), "//x:dl")[0])
    assert "từ ngày 23/11/2026 đến hết ngày 23/11/2026" in facts
    assert "Chốt số liệu 00:00 25/11/2026" in facts
    assert "Trục liên thông" in facts
    assert "chưa kết thúc" not in facts


def test_a_period_that_is_not_over_is_marked(report: Report) -> None:
    early = replace(report, traffic=replace(report.traffic, as_of=report.period.start))
    assert "(kỳ báo cáo chưa kết thúc)" in report_page(early, ("vi",))
    assert "(the period is not over)" in report_page(early, ("en",))


def test_refusals_have_their_reasons_in_words(report: Report) -> None:
    text = words(read(report_page(report, ("vi",))))
    for code in ("schema-invalid", "recipient-unknown", "national-refused"):
        assert code in text
        assert general_text(code, "vi") in text


def test_availability_and_checks_are_told_with_what_was_missed(report: Report) -> None:
    text = words(read(report_page(report, ("en",))))
    assert "95.83 % of the time" in text
    assert "2026-11-23 10:00 2026-11-23 11:00 1 h 0 min stopped by an operator" in text
    assert "Fewer than two on 1 of 1 working days: 2026-11-23 (1)" in text
    unrecorded = replace(report, availability=Availability())
    assert "Not on record." in words(read(report_page(unrecorded, ("en",))))


def test_charts_are_drawn_without_colour_and_tell_their_numbers(report: Report) -> None:
    page = read(report_page(report, ("vi",)))
    drawings = found(page, "//s:svg")
    assert len(drawings) == 5
    fills = {str(shape.get("fill")) for shape in found(page, "//s:rect")}
    assert {fill for fill in fills if not fill.startswith("url(#")} <= {"#1b1b1b", "#fff"}
    by_hour = [words(bar) for bar in found(drawings[0], ".//s:rect/s:title")]
    assert by_hour == ["2", "1", "3"]
    assert all(drawing.get("aria-label") for drawing in drawings)
    for fill in fills:
        if fill.startswith("url(#"):
            assert found(page, f"//s:pattern[@id='{fill[5:-1]}']")


def test_times_are_told_for_each_agency_by_clock_and_by_office_hours(report: Report) -> None:
    tables = found(read(report_page(report, ("en",))), "//x:table[x:caption]")
    [arrival] = [
        t for t in tables if words(found(t, "x:caption")[0]) == "Time from the axis to arrival"
    ]
    rows = {
        words(row[0]): [words(cell) for cell in row[1:]] for row in found(arrival, "x:tbody/x:tr")
    }
    half, two = "30 min 0 s", "2 h 0 min"
    assert rows[f"Sở Y tế {HEALTH}"] == ["1", half, half, half, half, half, half]
    assert rows[f"{NASTY} {FINANCE}"] == [
        "1",
        two,
        two,
        two,
        "1 h 30 min",
        "1 h 30 min",
        "1 h 30 min",
    ]
    assert report.traffic.agencies[Measure.ARRIVED] == 2
