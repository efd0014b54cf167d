"""The periods that reports are about: a day, a month, a quarter, all in days of Vietnam.

The quarterly report is due on the 15th of the last month of the quarter (QC Điều 13.4), when half a month
of the quarter is still to come. So the quarter of a report runs from the 15th of the last month of the
quarter before to the 14th of its own last month: complete on the day on which the report is due, and
meeting the next one without a gap. The quarter of the calendar can be asked for instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from axisd.core.wording import Phrase, day
from axisd.core.zone import VIETNAM, day_of

DUE_DAY: Final = 15
"""Of the last month of a quarter, on which its report is due."""
_YEARS: Final = range(2000, 3000)
_MONTH: Final = re.compile(r"(\d{4})-(\d{1,2})", re.ASCII)
_QUARTER: Final = re.compile(r"(\d{4})-?[Qq]([1-4])", re.ASCII)
_DAY: Final = timedelta(days=1)


class PeriodKind(StrEnum):
    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days, `first` and `last` included. `label` is how it is asked for: 2026-11-29, 2026-11, 2026-Q4."""

    kind: PeriodKind
    label: str
    first: date
    last: date

    @property
    def start(self) -> datetime:
        """The instant at which it begins."""
        return _midnight(self.first)

    @property
    def end(self) -> datetime:
        """The first instant behind it."""
        return _midnight(self.last + _DAY)

    @property
    def days(self) -> Iterator[date]:
        """All its days, in order."""
        for number in range(self.first.toordinal(), self.last.toordinal() + 1):
            yield date.fromordinal(number)

    @property
    def title(self) -> Phrase:
        """What it is called."""
        if self.kind is PeriodKind.DAY:
            return Phrase(day(self.first, "en"), f"ngày {day(self.first, 'vi')}")
        if self.kind is PeriodKind.MONTH:
            return Phrase(self.label, f"tháng {self.last.month} năm {self.last.year}")
        year, number = self.label.split("-Q")
        return Phrase(f"quarter {number} of {year}", f"quý {number} năm {year}")


def one_day(on: date) -> Period:
    """A day."""
    return Period(PeriodKind.DAY, on.isoformat(), on, on)


def one_month(year: int, month: int) -> Period:
    """A month of the calendar."""
    first = date(year, month, 1)
    return Period(PeriodKind.MONTH, f"{first:%Y-%m}", first, _next_month(first) - _DAY)


def one_quarter(year: int, number: int, *, of_calendar: bool = False) -> Period:
    """The quarter whose report is due in its last month, or the quarter of the calendar."""
    last_month = date(year, 3 * number, 1)
    label = f"{year:04}-Q{number}"
    if of_calendar:
        first = date(year, 3 * number - 2, 1)
        return Period(PeriodKind.QUARTER, label, first, _next_month(last_month) - _DAY)
    before = date(year, 3 * number - 3, 1) if number > 1 else date(year - 1, 12, 1)
    return Period(
        PeriodKind.QUARTER,
        label,
        before.replace(day=DUE_DAY),
        last_month.replace(day=DUE_DAY - 1),
    )


def newest(kind: PeriodKind, now: datetime, *, of_calendar: bool = False) -> Period:
    """The last period of its kind that is over."""
    today = day_of(now)
    if kind is PeriodKind.DAY:
        return one_day(today - _DAY)
    if kind is PeriodKind.MONTH:
        before = today.replace(day=1) - _DAY
        return one_month(before.year, before.month)
    year, number = today.year, (today.month - 1) // 3 + 1
    # The one that this day lies in may be over, on and after the day on which its report is due.
    while (found := one_quarter(year, number, of_calendar=of_calendar)).last >= today:
        year, number = (year, number - 1) if number > 1 else (year - 1, 4)
    return found


def read_period(kind: PeriodKind, text: str, now: datetime, *, of_calendar: bool = False) -> Period:
    """The period that `text` names: `2026-11-29`, `today` or `yesterday`; `2026-11`; `2026-Q4`.

    Raises ValueError with a sentence if it names none, or one that has not begun.
    """
    found = _read(kind, text.strip(), day_of(now), of_calendar=of_calendar)
    if found.start > now:
        raise ValueError(f"{found.label} has not begun yet")
    return found


def _read(kind: PeriodKind, text: str, today: date, *, of_calendar: bool) -> Period:
    if kind is PeriodKind.DAY:
        if text in {"today", "yesterday"}:
            return one_day(today if text == "today" else today - _DAY)
        try:
            return one_day(_sane(date.fromisoformat(text)))
        except ValueError as error:
            raise ValueError(f"{text!r} is not a day; write it as 2026-11-29") from error
    if kind is PeriodKind.MONTH:
        found = _MONTH.fullmatch(text)
        if found is None or not 1 <= int(found[2]) <= 12 or int(found[1]) not in _YEARS:
            raise ValueError(f"{text!r} is not a month; write it as 2026-11")
        return one_month(int(found[1]), int(found[2]))
    found = _QUARTER.fullmatch(text)
    if found is None or int(found[1]) not in _YEARS:
        raise ValueError(f"{text!r} is not a quarter; write it as 2026-Q4")
    return one_quarter(int(found[1]), int(found[2]), of_calendar=of_calendar)


def _sane(on: date) -> date:
    if on.year not in _YEARS:
        raise ValueError(f"{on} lies outside of the years that are known")
    return on


def _next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def _midnight(on: date) -> datetime:
    return datetime.combine(on, time.min, VIETNAM).astimezone(UTC)
