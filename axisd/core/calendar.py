"""The working calendar: office hours, and legal time, which runs only inside them.

What enters the receiver's system outside office hours counts as received at the start of the next ones
(QC Điều 10.2). Which hours those are is decided, from strong to weak, by an exception (a day off, or a
day worked: the Government swaps days at short notice), by the public holidays, and by the weekdays of
the hours that are in force: an agency's own where it has some, else the general ones.

Both ends of office hours belong to them, so that a deadline at 17:00 lies on its own day and is its own
legal time. Days are those of Vietnam; instants are aware. Days before 1900 and after 2999, which only
mistyped dates have, count as the first and the last of these: nothing here raises for what somebody
wrote, and nothing walks for ever. A `Calendar` is immutable; what it remembers of computed days is
bounded, and safe to share between threads.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Final, NamedTuple, Self, TypeVar

from axisd.core.zone import VIETNAM, day_of

MONDAY_TO_FRIDAY: Final = frozenset(range(5))
_SPAN: Final = re.compile(
    r"\s*((?:[01]\d|2[0-3]):[0-5]\d)\s*-\s*((?:[01]\d|2[0-3]):[0-5]\d)\s*", re.ASCII
)
_FIRST: Final = date(1900, 1, 1)
_LAST: Final = date(2999, 12, 31)
_DAYS_KEPT: Final = 4096
_YEARS_KEPT: Final = 64
"""Computed days and years that are remembered at most; then it begins anew."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Span(NamedTuple):
    """Office hours without a break, in Vietnam time, both ends included."""

    start: time
    end: time

    @classmethod
    def of(cls, text: str) -> Self:
        """`07:00-11:30`. ValueError, with a sentence, if it is not written so."""
        found = _SPAN.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} are no office hours; write them as 07:00-11:30")
        return cls(time.fromisoformat(found[1]), time.fromisoformat(found[2]))

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"


class Opening(NamedTuple):
    """A span of one day: instants, UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Hours:
    """Office hours in force from a day on. `weekdays`: 0 is Monday. ValueError if nobody ever works.

    `lunch_is_outside`: whether what lies between two spans counts as outside office hours.
    """

    spans: tuple[Span, ...] = (Span.of("07:00-11:30"), Span.of("13:30-17:00"))
    weekdays: frozenset[int] = MONDAY_TO_FRIDAY
    valid_from: date = date.min
    lunch_is_outside: bool = True

    def __post_init__(self) -> None:
        check_spans(self.spans)
        if not self.weekdays or not self.weekdays <= frozenset(range(7)):
            raise ValueError("hours need at least one day of the week, Monday to Sunday")


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """An exception for everybody: a day off, or a day worked, with hours of its own or the usual ones."""

    worked: bool
    spans: tuple[Span, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        if self.spans:
            check_spans(self.spans)


def check_spans(spans: tuple[Span, ...]) -> None:
    """Raises ValueError, with a sentence, unless there is one and each ends before the next begins."""
    if not spans:
        raise ValueError("there are no office hours; give at least one span such as 07:00-11:30")
    for span in spans:
        if span.start >= span.end:
            raise ValueError(f"{span} ends before it begins")
    for earlier, later in pairwise(spans):
        if earlier.end >= later.start:
            raise ValueError(f"{later} does not begin after {earlier} has ended")


@dataclass(frozen=True, slots=True)
class Calendar:
    """Who works when. `agencies`: hours of those that differ, by code; before an agency's first ones, and
    for every other agency, the general `hours` hold, and of these the first also before they begin.
    """

    hours: tuple[Hours, ...] = (Hours(),)
    agencies: Mapping[str, tuple[Hours, ...]] = field(default_factory=dict)
    holidays: frozenset[date] = frozenset()
    exceptions: Mapping[date, SpecialDay] = field(default_factory=dict)
    _openings: dict[tuple[str | None, date], tuple[Opening, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _years: dict[tuple[str | None, int], tuple[date, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        for hours in (self.hours, *self.agencies.values()):
            begins = [one.valid_from for one in hours]
            if not hours or begins != sorted(set(begins)):
                raise ValueError("hours must follow each other, each from a later day on")

    # what time it is in law

    def legal_time(self, at: datetime, agency: str | None = None) -> datetime:
        """`at` itself inside office hours, else the start of the next ones (QC Điều 10.2). UTC."""
        day = _local_day(at)
        for opening in self._open_on(day, agency):
            if at <= opening.end:
                return max(at, opening.start)
        following = self._working_day(day, 1, agency)
        return at if following is None else self._open_on(following, agency)[0].start

    def end_of_day(self, at: datetime, agency: str | None = None) -> datetime:
        """The end of office hours on the working day that `at` counts for."""
        return self.add_working_days(at, 0, agency)

    def end_of_next_day(self, at: datetime, agency: str | None = None) -> datetime:
        """The end of office hours on the working day after the one that `at` counts for."""
        return self.add_working_days(at, 1, agency)

    def add_working_days(self, at: datetime, days: int, agency: str | None = None) -> datetime:
        """The end of office hours on the `days`-th working day after the one that `at` counts for."""
        if days < 0:
            raise ValueError("working days are added, not taken away")
        day = _local_day(self.legal_time(at, agency))
        if days:
            day = self._working_day(day, days, agency) or _LAST
        return self.end_of_date(day, agency)

    def end_of_date(self, day: date, agency: str | None = None) -> datetime:
        """The end of office hours on `day`, or on the working day before it where nobody works then."""
        day = min(max(day, _FIRST), _LAST)
        if not self.is_working_day(day, agency):
            day = self._working_day(day, -1, agency) or day
        openings = self._open_on(day, agency)
        return openings[-1].end if openings else _instant(day, time.max)

    def before(self, due: datetime, lead: timedelta, agency: str | None = None) -> datetime:
        """The latest instant from which `lead` of working time is left until `due`. UTC."""
        day: date | None = min(_local_day(due), _LAST)
        at, left = due, lead
        while left > timedelta() and day is not None:
            for opening in reversed(self._open_on(day, agency)):
                end = min(due, opening.end)
                if end <= opening.start:
                    continue
                if left <= end - opening.start:
                    return end - left
                left -= end - opening.start
                at = opening.start
            day = self._working_day(day, -1, agency)
        return at

    def working_time(self, start: datetime, end: datetime, agency: str | None = None) -> timedelta:
        """How much of the time from `start` to `end` lies in office hours; nothing if it runs backwards."""
        worked = timedelta()
        last = _local_day(end).toordinal()
        for number in range(_local_day(start).toordinal(), last + 1):
            for opening in self._open_on(date.fromordinal(number), agency):
                begin, over = max(start, opening.start), min(end, opening.end)
                if begin < over:
                    worked += over - begin
        return worked

    # which days are worked

    def is_working_day(self, day: date, agency: str | None = None) -> bool:
        """Whether anybody works on `day`."""
        special = self.exceptions.get(day)
        if special is not None:
            return special.worked
        return day not in self.holidays and day.weekday() in self._hours_on(day, agency).weekdays

    def _working_day(self, day: date, number: int, agency: str | None) -> date | None:
        """The `number`-th working day after `day` (before it, if negative); None beyond the years kept."""
        if not _FIRST <= day <= _LAST:
            return None
        agency = agency if agency in self.agencies else None
        year, step = day.year, 1 if number > 0 else -1
        days = self._worked_in(year, agency)
        index = (
            bisect_right(days, day) + number - 1 if number > 0 else bisect_left(days, day) + number
        )
        while not 0 <= index < len(days):
            year += step
            if not _FIRST.year <= year <= _LAST.year:
                return None
            if number > 0:
                index -= len(days)
                days = self._worked_in(year, agency)
            else:
                days = self._worked_in(year, agency)
                index += len(days)
        return days[index]

    def _worked_in(self, year: int, agency: str | None) -> tuple[date, ...]:
        found = self._years.get((agency, year))
        if found is None:
            first = date(year, 1, 1).toordinal()
            every = map(date.fromordinal, range(first, date(year, 12, 31).toordinal() + 1))
            found = tuple(day for day in every if self.is_working_day(day, agency))
            _remember(self._years, (agency, year), found, _YEARS_KEPT)
        return found

    def _open_on(self, day: date, agency: str | None) -> tuple[Opening, ...]:
        """The office hours of `day` as instants, in order; none on a day off."""
        key = (agency if agency in self.agencies else None, day)
        found = self._openings.get(key)
        if found is None:
            found = self._computed(day, agency) if _FIRST <= day <= _LAST else ()
            _remember(self._openings, key, found, _DAYS_KEPT)
        return found

    def _computed(self, day: date, agency: str | None) -> tuple[Opening, ...]:
        if not self.is_working_day(day, agency):
            return ()
        hours = self._hours_on(day, agency)
        special = self.exceptions.get(day)
        spans = special.spans if special is not None and special.spans else hours.spans
        if not hours.lunch_is_outside:
            spans = (Span(spans[0].start, spans[-1].end),)
        return tuple(Opening(_instant(day, span.start), _instant(day, span.end)) for span in spans)

    def _hours_on(self, day: date, agency: str | None) -> Hours:
        own = self.agencies.get(agency, ()) if agency is not None else ()
        for hours in reversed(own):
            if hours.valid_from <= day:
                return hours
        for hours in reversed(self.hours):
            if hours.valid_from <= day:
                return hours
        return self.hours[0]


def _instant(day: date, at: time) -> datetime:
    return datetime.combine(day, at, VIETNAM).astimezone(UTC)


def _local_day(at: datetime) -> date:
    if at.year < _FIRST.year:
        return _FIRST
    return day_of(at) if at.year <= _LAST.year else _LAST


def _remember(memory: dict[_Key, _Value], key: _Key, value: _Value, most: int) -> None:
    if len(memory) >= most:
        memory.clear()
    memory[key] = value


DEFAULT_CALENDAR: Final = Calendar()
"""The hours of rules.md without holidays: for tests, and where nothing is configured."""
