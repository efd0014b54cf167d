"""What the record of uptimes comes to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisd.core.availability import GRACE, Availability, Gap, Uptime, UptimeEnd, availability
from axisd.core.calendar import Calendar

DAY = datetime(2026, 11, 22, 17, tzinfo=UTC)
"""Midnight in Vietnam before Monday, 2026-11-23."""
NEXT = DAY + timedelta(days=1)
OPEN, STOPPED, INTERRUPTED = UptimeEnd


def up(start: float, end: float, ended: UptimeEnd = STOPPED) -> Uptime:
    """An uptime by hours after midnight."""
    return Uptime(f"{start}", at(start), at(end), ended)


def at(hours: float) -> datetime:
    return DAY + timedelta(hours=hours)


def judged(
    uptimes: Iterable[Uptime], *, first: datetime | None = DAY, until: datetime = NEXT
) -> Availability:
    return availability(uptimes, first=first, start=DAY, until=until, calendar=Calendar())


def test_a_whole_day_served_is_all_of_it_and_has_no_gap() -> None:
    found = judged([up(-5, 30)])
    assert (found.share, found.working_share, found.gaps) == (Decimal(1), Decimal(1), ())
    assert found.working == timedelta(hours=8)


def test_a_gap_has_its_bounds_and_says_how_the_uptime_before_it_ended() -> None:
    found = judged([up(-5, 6, STOPPED), up(6.5, 12, INTERRUPTED), up(12.1, 20, OPEN)])
    assert found.gaps == (
        Gap(at(6), at(6.5), STOPPED),
        Gap(at(12), at(12.1), INTERRUPTED),
        Gap(at(20), at(24), OPEN),
    )
    assert found.covered == timedelta(hours=24 - 4.5 - 0.1)
    # The lunch break is outside office hours; of the evening nobody lost any.
    assert found.working_share == Decimal(1)


def test_time_lost_in_office_hours_counts_twice_as_it_should() -> None:
    found = judged([up(-5, 8), up(10, 30)])
    assert found.share == Decimal(22) / 24
    assert found.working_share == Decimal(6) / 8


def test_a_gap_at_the_beginning_has_its_cause_before_the_period() -> None:
    found = judged([up(-9, -8, INTERRUPTED), up(-7, -2, STOPPED), up(8, 30)])
    assert found.gaps == (Gap(at(0), at(8), STOPPED),)


def test_nothing_is_said_of_the_time_before_the_first_record() -> None:
    found = judged([up(12, 30)], first=at(12))
    assert (found.since, found.share) == (at(12), Decimal(1))
    assert judged([], first=None) == Availability()
    assert judged([], first=NEXT + GRACE) == Availability()
    assert Availability().share is None


def test_a_period_without_any_uptime_was_not_served_at_all() -> None:
    found = judged([])
    assert found.share == Decimal(0)
    assert [gap.length for gap in found.gaps] == [timedelta(days=1)]


def test_overlapping_uptimes_count_once() -> None:
    found = judged([up(0, 12), up(6, 24), up(7, 8)])
    assert (found.share, found.gaps) == (Decimal(1), ())


@pytest.mark.parametrize(
    ("ended", "age", "until"),
    [
        (OPEN, timedelta(minutes=1), NEXT - timedelta(minutes=1)),
        (OPEN, GRACE + timedelta(seconds=1), NEXT),
        (STOPPED, timedelta(minutes=1), NEXT),
    ],
)
def test_a_running_uptime_is_judged_until_it_was_confirmed_last(
    ended: UptimeEnd, age: timedelta, until: datetime
) -> None:
    found = judged([Uptime("1", DAY, NEXT - age, ended)])
    assert found.until == until
    assert bool(found.gaps) == (until == NEXT)


spans = st.lists(
    st.builds(
        lambda start, length, ended: up(start / 4, (start + length) / 4, ended),
        st.integers(-20, 120),
        st.integers(0, 40),
        st.sampled_from([STOPPED, INTERRUPTED]),
    ),
    max_size=6,
)


@given(spans)
def test_covered_and_gaps_are_the_whole_whatever_was_recorded(uptimes: list[Uptime]) -> None:
    found = judged(uptimes)
    assert found.covered + sum((gap.length for gap in found.gaps), timedelta()) == found.recorded
    quarters = [at(n / 4) for n in range(96)]
    served = [q for q in quarters if any(u.began_at <= q < u.seen_at for u in uptimes)]
    assert found.covered == timedelta(minutes=15) * len(served)
    for quarter in quarters:
        missed = any(gap.start <= quarter < gap.end for gap in found.gaps)
        assert missed == (quarter not in served)
