"""Which days a report is about."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisd.core.period import (
    Period,
    PeriodKind,
    newest,
    one_day,
    one_month,
    one_quarter,
    read_period,
)
from axisd.core.zone import VIETNAM

DAY, MONTH, QUARTER = PeriodKind


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


def bounds(period: Period) -> tuple[str, str]:
    return period.first.isoformat(), period.last.isoformat()


@pytest.mark.parametrize(
    ("quarter", "first", "last"),
    [
        (1, "2025-12-15", "2026-03-14"),
        (2, "2026-03-15", "2026-06-14"),
        (3, "2026-06-15", "2026-09-14"),
        (4, "2026-09-15", "2026-12-14"),
    ],
)
def test_a_quarter_is_complete_on_the_day_on_which_its_report_is_due(
    quarter: int, first: str, last: str
) -> None:
    assert bounds(one_quarter(2026, quarter)) == (first, last)


def test_quarters_and_months_of_the_calendar_are_whole() -> None:
    assert bounds(one_quarter(2026, 4, of_calendar=True)) == ("2026-10-01", "2026-12-31")
    assert bounds(one_quarter(2026, 1, of_calendar=True)) == ("2026-01-01", "2026-03-31")
    assert bounds(one_month(2024, 2)) == ("2024-02-01", "2024-02-29")
    assert bounds(one_month(2026, 12)) == ("2026-12-01", "2026-12-31")


@given(st.integers(2000, 2998), st.integers(1, 4), st.booleans())
def test_a_quarter_meets_the_next_one(year: int, number: int, of_calendar: bool) -> None:
    this = one_quarter(year, number, of_calendar=of_calendar)
    following = (year, number + 1) if number < 4 else (year + 1, 1)
    assert one_quarter(*following, of_calendar=of_calendar).start == this.end


def test_a_day_runs_from_midnight_to_midnight_in_vietnam() -> None:
    day = one_day(date(2026, 11, 29))
    assert (day.start, day.end) == (
        datetime(2026, 11, 28, 17, tzinfo=UTC),
        datetime(2026, 11, 29, 17, tzinfo=UTC),
    )
    assert list(day.days) == [date(2026, 11, 29)]
    assert len(list(one_quarter(2026, 4).days)) == 91


@pytest.mark.parametrize(
    ("kind", "now", "label"),
    [
        (DAY, "2026-11-29 00:00", "2026-11-28"),
        (DAY, "2026-01-01 12:00", "2025-12-31"),
        (MONTH, "2026-11-29 12:00", "2026-10"),
        (MONTH, "2026-01-31 12:00", "2025-12"),
        (QUARTER, "2026-11-29 12:00", "2026-Q3"),
        (QUARTER, "2026-12-14 23:59", "2026-Q3"),
        (QUARTER, "2026-12-15 00:00", "2026-Q4"),
        (QUARTER, "2027-01-01 00:00", "2026-Q4"),
        (QUARTER, "2027-03-15 07:00", "2027-Q1"),
    ],
)
def test_unasked_it_is_the_last_one_that_is_over(kind: PeriodKind, now: str, label: str) -> None:
    found = newest(kind, at(now))
    assert found.label == label
    assert found.end <= at(now)


def test_unasked_the_quarter_of_the_calendar_is_over_later() -> None:
    assert newest(QUARTER, at("2026-12-31 23:59"), of_calendar=True).label == "2026-Q3"
    assert newest(QUARTER, at("2027-01-01 00:00"), of_calendar=True).label == "2026-Q4"


@given(st.integers(0, 8_000_000), st.sampled_from(PeriodKind))
def test_what_it_is_unasked_can_be_asked_for(hours: int, kind: PeriodKind) -> None:
    now = at("2001-01-01 00:00") + timedelta(hours=hours)
    found = newest(kind, now)
    assert read_period(kind, found.label, now) == found
    assert now - found.end < timedelta(days=93)


@pytest.mark.parametrize(
    ("kind", "text", "bounds_"),
    [
        (DAY, "today", ("2026-11-29", "2026-11-29")),
        (DAY, "yesterday", ("2026-11-28", "2026-11-28")),
        (DAY, " 2026-01-05 ", ("2026-01-05", "2026-01-05")),
        (MONTH, "2026-1", ("2026-01-01", "2026-01-31")),
        (QUARTER, "2026q4", ("2026-09-15", "2026-12-14")),
        (QUARTER, "2026-Q4", ("2026-09-15", "2026-12-14")),
    ],
)
def test_a_period_is_read_as_people_write_it(
    kind: PeriodKind, text: str, bounds_: tuple[str, str]
) -> None:
    assert bounds(read_period(kind, text, at("2026-11-29 09:00"))) == bounds_


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        (DAY, "29/11/2026", "write it as 2026-11-29"),
        (DAY, "2026-02-30", "write it as 2026-11-29"),
        (DAY, "1999-01-01", "write it as 2026-11-29"),
        (DAY, "9999-12-31", "write it as 2026-11-29"),
        (DAY, "2026-11-30", "has not begun yet"),
        (MONTH, "2026-13", "write it as 2026-11"),
        (MONTH, "0000-01", "write it as 2026-11"),
        (MONTH, "2026-12", "has not begun yet"),
        (QUARTER, "2026-Q5", "write it as 2026-Q4"),
        (QUARTER, "0001-Q1", "write it as 2026-Q4"),
        (QUARTER, "2027-Q1", "has not begun yet"),
    ],
)
def test_what_is_no_period_says_how_to_write_one(kind: PeriodKind, text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_period(kind, text, at("2026-11-29 09:00"))


def test_a_period_has_a_name_in_both_languages() -> None:
    assert one_day(date(2026, 11, 29)).title == ("2026-11-29", "ngày 29/11/2026")
    assert one_month(2026, 9).title == ("2026-09", "tháng 9 năm 2026")
    assert one_quarter(2026, 1).title == ("quarter 1 of 2026", "quý 1 năm 2026")
