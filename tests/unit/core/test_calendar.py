from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from axisd.core.calendar import (
    DEFAULT_CALENDAR,
    Calendar,
    Hours,
    Span,
    SpecialDay,
)
from axisd.core.zone import VIETNAM, day_of
from tests.support.values import COMMUNE, HEALTH, view

MORNING = Span.of("07:00-11:30")
AFTERNOON = Span.of("13:30-17:00")
EARLY = Span.of("06:00-10:00")


def at(text: str) -> datetime:
    """`2026-01-09 16:59` in Vietnam, as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM).astimezone(UTC)


def shown(instant: datetime) -> str:
    assert instant.tzinfo is UTC
    return f"{instant.astimezone(VIETNAM):%Y-%m-%d %H:%M}"


class TestLegalTime:
    @pytest.mark.parametrize(
        ("entry", "legal"),
        [
            ("2026-01-09 16:59", "2026-01-09 16:59"),
            ("2026-01-09 17:01", "2026-01-12 07:00"),
            ("2026-01-07 12:00", "2026-01-07 13:30"),
            ("2026-01-07 06:59", "2026-01-07 07:00"),
            ("2026-01-10 09:00", "2026-01-12 07:00"),
            ("2026-01-11 23:59", "2026-01-12 07:00"),
            ("2026-12-31 18:00", "2027-01-01 07:00"),
        ],
    )
    def test_is_the_entry_itself_in_office_hours_and_else_their_next_start(
        self, entry: str, legal: str
    ) -> None:
        assert shown(DEFAULT_CALENDAR.legal_time(at(entry))) == legal

    @pytest.mark.parametrize("edge", ["07:00", "11:30", "13:30", "17:00"])
    def test_the_edges_of_office_hours_belong_to_them(self, edge: str) -> None:
        instant = at(f"2026-01-07 {edge}")
        assert DEFAULT_CALENDAR.legal_time(instant) == instant

    def test_a_microsecond_after_the_end_is_outside(self) -> None:
        late = at("2026-01-07 17:00") + timedelta(microseconds=1)
        assert shown(DEFAULT_CALENDAR.legal_time(late)) == "2026-01-08 07:00"

    def test_lunch_counts_as_office_hours_where_it_is_set_so(self) -> None:
        calendar = Calendar((Hours(lunch_is_outside=False),))
        assert shown(calendar.legal_time(at("2026-01-07 12:00"))) == "2026-01-07 12:00"

    def test_a_holiday_is_outside(self) -> None:
        calendar = Calendar(holidays=frozenset({date(2026, 1, 1)}))
        assert shown(calendar.legal_time(at("2026-01-01 09:00"))) == "2026-01-02 07:00"

    def test_an_exception_wins_over_holiday_and_weekday(self) -> None:
        calendar = Calendar(
            holidays=frozenset({date(2026, 1, 1)}),
            exceptions={
                date(2026, 1, 1): SpecialDay(worked=True),
                date(2026, 1, 2): SpecialDay(worked=False),
                date(2026, 1, 10): SpecialDay(worked=True, spans=(EARLY,)),
            },
        )
        assert shown(calendar.legal_time(at("2026-01-01 09:00"))) == "2026-01-01 09:00"
        assert shown(calendar.legal_time(at("2026-01-02 09:00"))) == "2026-01-05 07:00"
        assert shown(calendar.legal_time(at("2026-01-10 09:00"))) == "2026-01-10 09:00"
        assert shown(calendar.legal_time(at("2026-01-10 10:01"))) == "2026-01-12 07:00"

    def test_hours_hold_from_their_day_on(self) -> None:
        winter = Hours((Span.of("07:30-16:00"),), valid_from=date(2026, 1, 8))
        calendar = Calendar((Hours(), winter))
        assert shown(calendar.legal_time(at("2026-01-07 16:30"))) == "2026-01-07 16:30"
        assert shown(calendar.legal_time(at("2026-01-07 18:00"))) == "2026-01-08 07:30"
        assert shown(calendar.legal_time(at("2026-01-08 16:30"))) == "2026-01-09 07:30"

    def test_the_first_hours_hold_also_before_they_begin(self) -> None:
        calendar = Calendar((Hours(valid_from=date(2026, 1, 8)),))
        assert shown(calendar.legal_time(at("2020-01-08 18:00"))) == "2020-01-09 07:00"

    def test_an_agency_has_its_own_hours_and_the_general_ones_before_these_begin(self) -> None:
        own = Hours((EARLY,), frozenset(range(6)), date(2026, 1, 8))
        calendar = Calendar(agencies={COMMUNE: (own,)})
        assert shown(calendar.legal_time(at("2026-01-07 16:00"), COMMUNE)) == "2026-01-07 16:00"
        assert shown(calendar.legal_time(at("2026-01-08 16:00"), COMMUNE)) == "2026-01-09 06:00"
        assert shown(calendar.legal_time(at("2026-01-10 09:00"), COMMUNE)) == "2026-01-10 09:00"
        assert shown(calendar.legal_time(at("2026-01-10 09:00"), HEALTH)) == "2026-01-12 07:00"
        assert shown(calendar.legal_time(at("2026-01-10 09:00"))) == "2026-01-12 07:00"


class TestDeadlines:
    def test_a_day_ends_with_the_office_hours_that_the_entry_counts_for(self) -> None:
        assert shown(DEFAULT_CALENDAR.end_of_day(at("2026-01-07 09:00"))) == "2026-01-07 17:00"
        assert shown(DEFAULT_CALENDAR.end_of_day(at("2026-01-07 12:00"))) == "2026-01-07 17:00"
        assert shown(DEFAULT_CALENDAR.end_of_day(at("2026-01-07 17:01"))) == "2026-01-08 17:00"
        assert shown(DEFAULT_CALENDAR.end_of_day(at("2026-01-10 09:00"))) == "2026-01-12 17:00"

    def test_the_next_day_is_the_next_working_day(self) -> None:
        assert shown(DEFAULT_CALENDAR.end_of_next_day(at("2026-01-07 09:00"))) == "2026-01-08 17:00"
        assert shown(DEFAULT_CALENDAR.end_of_next_day(at("2026-01-09 09:00"))) == "2026-01-12 17:00"
        assert shown(DEFAULT_CALENDAR.end_of_next_day(at("2026-01-09 18:00"))) == "2026-01-13 17:00"

    def test_a_date_without_work_ends_with_the_working_day_before_it(self) -> None:
        assert shown(DEFAULT_CALENDAR.end_of_date(date(2026, 1, 8))) == "2026-01-08 17:00"
        assert shown(DEFAULT_CALENDAR.end_of_date(date(2026, 1, 11))) == "2026-01-09 17:00"
        off = Calendar(holidays=frozenset({date(2026, 1, 1), date(2025, 12, 31)}))
        assert shown(off.end_of_date(date(2026, 1, 1))) == "2025-12-30 17:00"

    @pytest.mark.parametrize(
        ("days", "end"),
        [(0, "2026-01-09"), (1, "2026-01-12"), (6, "2026-01-19"), (260, "2027-01-08")],
    )
    def test_working_days_are_added_over_weekends_and_years(self, days: int, end: str) -> None:
        found = DEFAULT_CALENDAR.add_working_days(at("2026-01-09 09:00"), days)
        assert shown(found) == f"{end} 17:00"

    def test_working_days_are_not_taken_away(self) -> None:
        with pytest.raises(ValueError, match="added"):
            DEFAULT_CALENDAR.add_working_days(at("2026-01-09 09:00"), -1)

    @pytest.mark.parametrize(
        ("due", "hours", "reminder"),
        [
            ("2026-01-07 17:00", 1, "2026-01-07 16:00"),
            ("2026-01-07 17:00", 4, "2026-01-07 11:00"),
            ("2026-01-07 17:00", 8, "2026-01-07 07:00"),
            ("2026-01-12 07:30", 1, "2026-01-09 16:30"),
            ("2026-01-11 09:00", 1, "2026-01-09 16:00"),
            ("2026-01-07 17:00", 0, "2026-01-07 17:00"),
        ],
    )
    def test_a_lead_is_working_time(self, due: str, hours: int, reminder: str) -> None:
        assert shown(DEFAULT_CALENDAR.before(at(due), timedelta(hours=hours))) == reminder

    def test_deadlines_are_those_of_the_agency(self) -> None:
        calendar = Calendar(agencies={COMMUNE: (Hours((EARLY,)),)})
        entry = at("2026-01-07 09:00")
        assert shown(calendar.end_of_day(entry, COMMUNE)) == "2026-01-07 10:00"
        assert shown(calendar.end_of_next_day(entry, COMMUNE)) == "2026-01-08 10:00"
        assert shown(calendar.end_of_date(date(2026, 1, 8), COMMUNE)) == "2026-01-08 10:00"
        due = calendar.end_of_day(entry, COMMUNE)
        assert shown(calendar.before(due, timedelta(hours=5), COMMUNE)) == "2026-01-06 09:00"


class TestMistakes:
    @pytest.mark.parametrize(
        ("spans", "says"),
        [
            ((), "no office hours"),
            ((Span.of("09:00-08:00"),), "09:00-08:00 ends before it begins"),
            ((AFTERNOON, MORNING), "07:00-11:30 does not begin after 13:30-17:00"),
            ((MORNING, Span.of("11:30-12:00")), "does not begin after"),
        ],
    )
    def test_hours_that_cannot_be_are_refused(self, spans: tuple[Span, ...], says: str) -> None:
        with pytest.raises(ValueError, match=says):
            Hours(spans)

    @pytest.mark.parametrize(
        "text", ["", "7-11", "07:00", "07:00-25:00", "07:00–11:30", "a-b", "07:00+07:00-08:00"]
    )
    def test_hours_that_are_not_written_as_hours_are_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="write them as 07:00-11:30"):
            Span.of(text)

    def test_hours_without_a_weekday_are_refused(self) -> None:
        with pytest.raises(ValueError, match="day of the week"):
            Hours(weekdays=frozenset())

    def test_a_worked_day_with_impossible_hours_is_refused(self) -> None:
        with pytest.raises(ValueError, match="ends before"):
            SpecialDay(worked=True, spans=(Span.of("09:00-08:00"),))

    def test_hours_out_of_order_are_refused(self) -> None:
        with pytest.raises(ValueError, match="later day"):
            Calendar((Hours(valid_from=date(2026, 1, 8)), Hours(valid_from=date(2026, 1, 8))))
        with pytest.raises(ValueError, match="later day"):
            Calendar(agencies={COMMUNE: ()})


class TestFarAway:
    """Only mistyped dates lie there; they end, and nothing raises."""

    @pytest.mark.parametrize(
        "aware", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
    )
    def test_the_ends_of_time_have_a_legal_time(self, aware: datetime) -> None:
        assert DEFAULT_CALENDAR.legal_time(aware) >= aware
        assert DEFAULT_CALENDAR.end_of_next_day(aware).year in {1900, 2999}
        assert DEFAULT_CALENDAR.before(aware, timedelta(hours=1)).year in {1, 2999}

    def test_the_ends_of_time_have_an_end_of_their_day(self) -> None:
        assert shown(DEFAULT_CALENDAR.end_of_date(date.min)) == "1900-01-01 17:00"
        assert shown(DEFAULT_CALENDAR.end_of_date(date.max)) == "2999-12-31 17:00"

    def test_a_number_of_days_beyond_all_years_ends_at_the_last_one(self) -> None:
        found = DEFAULT_CALENDAR.add_working_days(at("2026-01-09 09:00"), 10**9)
        assert shown(found) == "2999-12-31 17:00"

    def test_a_year_without_work_is_passed_over(self) -> None:
        off = SpecialDay(worked=False)
        days = (date(2026, 1, 1) + timedelta(days=number) for number in range(365))
        calendar = Calendar(exceptions=dict.fromkeys(days, off))
        assert shown(calendar.legal_time(at("2026-03-01 09:00"))) == "2027-01-01 07:00"
        assert shown(calendar.end_of_date(date(2026, 3, 1))) == "2025-12-31 17:00"


instants = st.timedeltas(timedelta(), timedelta(days=4 * 365)).map(
    lambda passed: datetime(2024, 1, 1, tzinfo=UTC) + passed
)
days = st.dates(date(2024, 1, 1), date(2027, 12, 31))
spans = st.lists(st.integers(0, 24 * 12 - 1), min_size=2, max_size=6, unique=True).map(
    lambda marks: _spans_of(sorted(marks))
)
specials = st.one_of(
    st.just(SpecialDay(worked=False)), spans.map(lambda own: SpecialDay(worked=True, spans=own))
)


def _spans_of(marks: list[int]) -> tuple[Span, ...]:
    pairs = zip(marks[::2], marks[1::2], strict=False)
    return tuple(Span(_clock(start), _clock(end)) for start, end in pairs)


def _clock(mark: int) -> time:
    return time.fromisoformat(f"{mark // 12:02}:{mark % 12 * 5:02}")


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    def hours(begin: date) -> Hours:
        weekdays = draw(st.frozensets(st.integers(0, 6), min_size=1))
        return Hours(draw(spans), weekdays, begin, draw(st.booleans()))

    return Calendar(
        tuple(hours(day) for day in sorted(draw(st.sets(days, min_size=1, max_size=3)))),
        {COMMUNE: (hours(draw(days)),)},
        draw(st.frozensets(days, max_size=20)),
        draw(st.dictionaries(days, specials, max_size=20)),
    )


agencies = st.sampled_from([None, COMMUNE, HEALTH])


class TestAlways:
    @given(calendars(), instants, agencies)
    def test_legal_time_comes_not_before_the_entry_and_is_its_own_legal_time(
        self, calendar: Calendar, entry: datetime, agency: str | None
    ) -> None:
        legal = calendar.legal_time(entry, agency)
        assert legal >= entry
        assert calendar.legal_time(legal, agency) == legal
        assert calendar.is_working_day(day_of(legal), agency)

    @given(calendars(), instants, instants, agencies)
    def test_who_comes_later_is_not_earlier_in_law(
        self, calendar: Calendar, one: datetime, other: datetime, agency: str | None
    ) -> None:
        first, second = sorted((one, other))
        assert calendar.legal_time(first, agency) <= calendar.legal_time(second, agency)
        assert calendar.end_of_day(first, agency) <= calendar.end_of_day(second, agency)

    @given(calendars(), instants, agencies)
    def test_nothing_between_the_entry_and_its_legal_time_is_in_office_hours(
        self, calendar: Calendar, entry: datetime, agency: str | None
    ) -> None:
        legal = calendar.legal_time(entry, agency)
        assume(legal > entry)
        between = entry + (legal - entry) / 2
        assert calendar.legal_time(between, agency) == legal

    @given(calendars(), instants, agencies)
    def test_deadlines_follow_each_other_and_lie_in_office_hours(
        self, calendar: Calendar, entry: datetime, agency: str | None
    ) -> None:
        today = calendar.end_of_day(entry, agency)
        tomorrow = calendar.end_of_next_day(entry, agency)
        assert calendar.legal_time(entry, agency) <= today < tomorrow
        assert calendar.legal_time(today, agency) == today
        assert calendar.end_of_day(today, agency) == today
        assert calendar.end_of_next_day(today, agency) == tomorrow
        assert calendar.end_of_date(day_of(tomorrow), agency) == tomorrow

    @given(calendars(), instants, st.integers(0, 400), agencies)
    def test_working_days_are_counted_as_one_by_one(
        self, calendar: Calendar, entry: datetime, number: int, agency: str | None
    ) -> None:
        day = day_of(calendar.legal_time(entry, agency))
        for _ in range(number):
            day += timedelta(days=1)
            while not calendar.is_working_day(day, agency):
                day += timedelta(days=1)
        assert calendar.add_working_days(entry, number, agency) == calendar.end_of_date(day, agency)

    @given(calendars(), days, agencies)
    def test_the_end_of_a_date_is_not_after_that_date(
        self, calendar: Calendar, day: date, agency: str | None
    ) -> None:
        end = day_of(calendar.end_of_date(day, agency))
        assert end <= day
        assert calendar.is_working_day(end, agency)
        assert (end == day) == calendar.is_working_day(day, agency)

    @given(calendars(), instants, st.integers(0, 6000), st.integers(0, 6000), agencies)
    def test_a_longer_lead_is_earlier_and_leads_add_up(
        self, calendar: Calendar, due: datetime, one: int, other: int, agency: str | None
    ) -> None:
        due = calendar.end_of_day(due, agency)
        first, second = timedelta(minutes=one), timedelta(minutes=other)
        reminder = calendar.before(due, first, agency)
        assert reminder <= due
        assert calendar.legal_time(reminder, agency) == reminder
        assert calendar.before(reminder, second, agency) == calendar.before(
            due, first + second, agency
        )


class TestWorkingTime:
    @pytest.mark.parametrize(
        ("start", "end", "minutes"),
        [
            ("2026-01-07 08:00", "2026-01-07 09:15", 75),
            ("2026-01-07 11:00", "2026-01-07 14:00", 60),
            ("2026-01-07 05:00", "2026-01-07 06:00", 0),
            ("2026-01-09 16:00", "2026-01-12 08:00", 120),
            ("2026-01-10 00:00", "2026-01-11 23:59", 0),
            ("2026-01-08 09:00", "2026-01-07 09:00", 0),
        ],
    )
    def test_is_what_lies_in_office_hours(self, start: str, end: str, minutes: int) -> None:
        assert DEFAULT_CALENDAR.working_time(at(start), at(end)) == timedelta(minutes=minutes)

    @given(calendars(), instants, st.integers(0, 9000), st.integers(0, 9000), agencies)
    def test_adds_up_and_is_never_longer_than_the_time_itself(
        self, calendar: Calendar, start: datetime, one: int, other: int, agency: str | None
    ) -> None:
        middle = start + timedelta(minutes=one)
        end = middle + timedelta(minutes=other)
        first = calendar.working_time(start, middle, agency)
        second = calendar.working_time(middle, end, agency)
        assert calendar.working_time(start, end, agency) == first + second <= end - start

    @given(calendars(), instants, st.integers(0, 6000), agencies)
    def test_is_the_lead_by_which_a_reminder_comes_before(
        self, calendar: Calendar, due: datetime, lead: int, agency: str | None
    ) -> None:
        due = calendar.end_of_day(due, agency)
        reminder = calendar.before(due, timedelta(minutes=lead), agency)
        assert calendar.working_time(reminder, due, agency) == timedelta(minutes=lead)


def test_a_view_has_the_default_hours_until_it_is_given_others() -> None:
    assert view().calendar == DEFAULT_CALENDAR
    other = Calendar(holidays=frozenset({date(2026, 1, 1)}))
    assert replace(view(), calendar=other).calendar == other


def test_what_is_remembered_does_not_grow_without_bound() -> None:
    calendar = Calendar()
    for number in range(5000):
        calendar.end_of_date(date(1950, 1, 1) + timedelta(days=80 * number))
    assert len(calendar._openings) <= 4096
    assert len(calendar._years) <= 64
