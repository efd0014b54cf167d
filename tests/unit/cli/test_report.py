"""`axisd report`: text, CSV, HTML and JSON, from a ledger."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from lxml import etree

from axisd.cli.report_facts import COLUMNS
from axisd.core.measures import Measure
from tests.support.cli import axisd, facts
from tests.support.reports import NASTY, reporting_site
from tests.support.settings import Site, small_site
from tests.support.traffic import FINANCE, HEALTH, MINISTRY

DAY = "2026-11-23"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return reporting_site(tmp_path_factory.mktemp("site"))


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_json_has_everything_with_the_counts_of_each_agency(site: Site) -> None:
    found = facts(axisd("report", "day", DAY, "--config", site.config, "--json"))
    assert found["period"] == {
        "kind": "day", "label": DAY, "first": DAY, "last": DAY, "complete": True,
    }  # fmt: skip
    assert found["total"]["counts"][Measure.SUBMISSIONS] == 5
    by_code = {line["code"]: line for line in found["by_agency"]}
    assert by_code[FINANCE]["name"] == NASTY
    assert by_code[FINANCE]["reasons"] == {
        "refused": {"schema-invalid": 1},
        "turned-away": {"recipient-unknown": 1},
        "sent-failed": {"national-refused": 1},
    }
    wire = by_code[HEALTH]["times"]["arrival"]["wire"]
    assert wire == {"number": 1, "median": 1800.0, "p95": 1800.0, "worst": 1800.0}
    assert [line["code"] for line in found["by_national_agency"]] == [MINISTRY]
    assert found["availability"]["share"] == pytest.approx(23 / 24, abs=1e-6)
    assert found["checks"]["days_short"] == [{"day": DAY, "held": 1}]
    assert len(found["course"]) == 24


def test_csv_is_one_tidy_table_in_both_languages(site: Site) -> None:
    result = axisd("report", "day", DAY, "--config", site.config, "--format", "csv")
    assert result.exit_code == 0
    rows = table(result.stdout)
    assert tuple(rows[0]) == COLUMNS
    assert {row["first"] for row in rows} == {DAY}
    totals = {row["measure"]: row for row in rows if row["scope"] == "total" and not row["reason"]}
    assert {str(measure) for measure in Measure} <= set(totals)
    assert totals["submissions"]["value"] == "5"
    assert (totals["documents"]["en"], totals["documents"]["vi"]) == ("Documents", "Văn bản gửi")
    [named] = {row["name"] for row in rows if row["code"] == FINANCE}
    assert named == NASTY
    [failed] = [r for r in rows if r["scope"] == "agency" and r["reason"] == "national-refused"]
    assert (failed["code"], failed["measure"], failed["value"]) == (FINANCE, "sent-failed", "1")
    [gap] = [row for row in rows if row["scope"] == "gap"]
    assert (gap["code"], gap["value"]) == ("2026-11-23T10:00:00+07:00", "3600.0")
    assert "\r\n" in result.stdout_bytes.decode()


def test_csv_and_json_say_the_same(site: Site) -> None:
    told = facts(axisd("report", "day", DAY, "--config", site.config, "--json"))
    rows = table(axisd("report", "day", DAY, "--config", site.config, "--format", "csv").stdout)
    for line in told["by_agency"]:
        own = {
            row["measure"]: int(row["value"])
            for row in rows
            if row["scope"] == "agency"
            and row["code"] == line["code"]
            and row["unit"] == "number"
            and not row["reason"]
        }
        assert own == {name: number for name, number in line["counts"].items() if number}


def test_csv_for_excel_begins_with_a_mark_and_no_name_is_calculated(tmp_path: Path) -> None:
    site = reporting_site(tmp_path)
    site.edit("agencies.csv", ",Văn phòng UBND tỉnh,", ",=1+1,")
    result = axisd("report", "day", DAY, "--config", site.config, "--format", "csv", "--bom")
    assert result.stdout_bytes.startswith(b"\xef\xbb\xbfperiod,")
    assert "'=1+1" in {row["name"] for row in table(result.stdout)}
    refused = axisd("report", "day", DAY, "--config", site.config, "--bom")
    assert (refused.exit_code, refused.stdout) == (64, "")


@pytest.mark.parametrize(
    ("language", "said", "unsaid"),
    [
        ("vi", ["Tình hình gửi, nhận văn bản điện tử: ngày 23/11/2026", "Quá hạn"], ["Overdue"]),
        ("en", ["Exchange of electronic documents: 2026-11-23", "Overdue"], ["Quá hạn"]),
        ("both", ["Quá hạn", "Overdue"], []),
    ],
)
def test_text_is_in_the_language_asked_for(
    site: Site, language: str, said: list[str], unsaid: list[str]
) -> None:
    result = axisd("report", "day", DAY, "--config", site.config, "--language", language)
    assert result.exit_code == 0
    for words in said:
        assert words in result.stdout
    for words in unsaid:
        assert words not in result.stdout


def test_text_tells_refusals_times_availability_and_checks(site: Site) -> None:
    text = axisd("report", "day", DAY, "--config", site.config, "--language", "en").stdout
    assert "schema-invalid" in text
    assert f"{HEALTH}  wire          1       30 min 0 s" in text
    assert "95.83 %, of office hours 87.5 %" in text
    assert "2026-11-23 10:00 – 2026-11-23 11:00  1 h 0 min  stopped by an operator" in text
    assert "fewer than two on 1 of 1 working days: 2026-11-23 (1)" in text


@pytest.mark.parametrize("language", ["vi", "en"])
def test_no_two_columns_of_agencies_have_one_name(site: Site, language: str) -> None:
    result = axisd("report", "day", DAY, "--config", site.config, "--language", language)
    heads = [line for line in result.stdout.splitlines() if line.startswith(("CODE  ", "MÃ  "))]
    assert heads, result.stdout
    for head in heads:
        columns = re.split(r"  +", head.strip())
        assert len(set(columns)) == len(columns), head


def test_html_goes_into_a_file(site: Site, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    words = ("report", "day", DAY, "--config", site.config, "--format", "html", "--out", out)
    result = axisd(*words)
    assert (result.exit_code, result.stdout) == (0, "")
    assert f"bytes written to {out}" in result.stderr
    assert etree.fromstring(out.read_bytes()).get("lang") == "vi"
    result = axisd(*words[:-1], tmp_path / "gone" / "report.html")
    assert (result.exit_code, result.stdout) == (65, "")
    assert "it cannot be written" in result.stderr


def test_what_is_for_machines_goes_into_a_file_too(site: Site, tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    words = ("report", "day", DAY, "--config", site.config, "--json")
    result = axisd(*words, "--out", out)
    assert (result.exit_code, result.stdout) == (0, "")
    written, printed = json.loads(out.read_text(encoding="utf-8")), facts(axisd(*words))
    assert {**written, "as_of": ""} == {**printed, "as_of": ""}, "the cut-off is that of each"
    refused = axisd(*words, "--format", "html")
    assert (refused.exit_code, refused.stdout) == (64, "")
    assert "not both" in refused.stderr


def test_a_quarter_says_its_days_and_may_be_that_of_the_calendar(site: Site) -> None:
    found = facts(axisd("report", "quarter", "2026-Q3", "--config", site.config, "--json"))
    assert (found["period"]["first"], found["period"]["last"]) == ("2026-06-15", "2026-09-14")
    assert found["total"]["counts"]["submissions"] == 0
    found = facts(
        axisd("report", "quarter", "2026-Q3", "--calendar", "--config", site.config, "--json")
    )
    assert (found["period"]["first"], found["period"]["last"]) == ("2026-07-01", "2026-09-30")


@pytest.mark.parametrize("kind", ["day", "month", "quarter"])
def test_unasked_it_is_about_a_period_that_is_over(site: Site, kind: str) -> None:
    found = facts(axisd("report", kind, "--config", site.config, "--json"))
    assert (found["period"]["kind"], found["period"]["complete"]) == (kind, True)


def test_what_is_so_far_is_marked_as_such(site: Site) -> None:
    result = axisd("report", "day", "today", "--config", site.config, "--language", "en")
    assert "(not over yet)" in result.stdout
    assert "is not over" in result.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("day", "23.11.2026"), 64, "write it as 2026-11-29"),
        (("month", "2999-01"), 64, "has not begun yet"),
        (("quarter", "4"), 64, "write it as 2026-Q4"),
    ],
)
def test_what_is_no_period_says_how_to_write_one(
    site: Site, words: tuple[str, ...], code: int, said: str
) -> None:
    result = axisd("report", *words, "--config", site.config)
    assert (result.exit_code, result.stdout) == (code, "")
    assert said in result.stderr


def test_without_a_ledger_it_ends_as_a_problem_of_the_configuration(tmp_path: Path) -> None:
    result = axisd("report", "day", "--config", small_site(tmp_path).config)
    assert (result.exit_code, result.stdout) == (78, "")
