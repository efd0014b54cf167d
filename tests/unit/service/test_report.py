"""A report: what is counted, when the axis served, which checks were held, all of one period."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from axisd.core.measures import Measure
from axisd.core.report import days_over
from axisd.core.wording import Phrase
from tests.support.reports import DAY, HOUR, NASTY, small_report
from tests.support.traffic import FINANCE, MIDNIGHT


def test_a_report_tells_of_traffic_availability_and_checks(tmp_path: Path) -> None:
    report = small_report(tmp_path / "ledger")
    assert report.complete
    assert report.traffic.total[Measure.SUBMISSIONS] == 5
    assert report.traffic.agencies[Measure.DOCUMENTS] == 2
    assert report.traffic.national[Measure.DOCUMENTS] == 1
    assert report.availability.share == Decimal(23) / 24
    assert (report.checks.held, report.checks.passed) == (1, 1)
    assert report.checks.short == ((DAY, 1),)
    assert report.names[FINANCE] == NASTY


def test_a_report_on_a_day_that_is_not_over_counts_until_now_and_judges_no_checks(
    tmp_path: Path,
) -> None:
    report = small_report(tmp_path / "ledger", MIDNIGHT + 10 * HOUR)
    assert not report.complete
    # What was received at ten itself is not in it.
    assert report.traffic.total[Measure.SUBMISSIONS] == 1
    assert report.availability.share == Decimal(1)
    assert (report.checks.held, report.checks.judged) == (1, 0)


def test_checks_are_owed_only_on_days_that_are_over_and_behind_the_first_on_record(
    tmp_path: Path,
) -> None:
    period = small_report(tmp_path / "ledger").period
    later = MIDNIGHT + timedelta(days=3)
    assert list(days_over(period, later, MIDNIGHT - HOUR)) == [DAY]
    assert list(days_over(period, later, MIDNIGHT)) == []
    assert list(days_over(period, MIDNIGHT + HOUR, MIDNIGHT - HOUR)) == []
    assert list(days_over(period, later, None)) == []


def test_reasons_are_listed_by_how_often_they_occurred(tmp_path: Path) -> None:
    report = small_report(tmp_path / "ledger")
    assert report.reasons(Measure.REFUSED, Measure.TURNED_AWAY, Measure.FAILED) == [
        ("national-refused", 1),
        ("recipient-unknown", 1),
        ("schema-invalid", 1),
    ]


def test_a_line_without_a_code_says_so(tmp_path: Path) -> None:
    traffic = small_report(tmp_path / "ledger").traffic
    report = small_report(tmp_path / "other")
    assert report.name(traffic.agencies) == Phrase("sender unknown", "không rõ nơi gửi")
    assert "trục quốc gia" in report.name(traffic.national).vi
