"""The working calendar from the configuration: hours, public holidays, and a file of exceptions.

The public holidays of Vietnam come from the library `holidays`, with the swapped days that it knows, for
a bounded range of years; swaps that the Government decides later stand in the file of exceptions, which
wins. Outside that range of years only weekdays and exceptions count.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

from pydantic import ValidationError, model_validator

from axisd.config.csvfile import Columns, rows_of
from axisd.config.files import Base
from axisd.config.model import CalendarSettings, Section, setting
from axisd.config.problems import problems_of
from axisd.config.units import OfficeHours
from axisd.config.yamlfile import Document, parse
from axisd.core.calendar import Calendar, Hours, SpecialDay, check_spans
from axisd.core.codes import derived_twin
from axisd.core.directory import Directory
from axisd.errors import Problem

COLUMNS: Final = ("date", "kind", "hours", "note")
"""Columns of a file of exceptions in CSV."""

_FIRST_YEAR: Final = 2019
"""The year of the regulation: nothing was received under it before."""
_YEARS_AHEAD: Final = 10


class DayRow(Section):
    """One exception as files give it."""

    date: dt.date = setting("The day.")
    kind: Literal["off", "work"] = setting("`off` where nobody works, `work` where everybody does.")
    hours: tuple[OfficeHours, ...] = setting(
        "Office hours of a worked day, where they differ; in CSV with a space between two.",
        default=(),
    )
    note: str = setting("Why: the decision that says so.", default="")

    @model_validator(mode="after")
    def _fits(self) -> DayRow:
        if self.hours and self.kind == "off":
            raise ValueError("a day off has no hours; take them out, or write kind: work")
        if self.hours:
            check_spans(self.hours)
        return self


class DaysFile(Section):
    """A file of exceptions in YAML."""

    days: tuple[DayRow, ...] = setting("The days.")


@dataclass(frozen=True, slots=True)
class PublicHolidays:
    """What is decided for the whole country: days off, and weekend days worked for some of them."""

    off: frozenset[dt.date]
    worked: frozenset[dt.date]


def read_exceptions(file: Path, problems: list[Problem]) -> dict[dt.date, SpecialDay]:
    """The exceptions in `file`; what is wrong is added to `problems`."""
    found: dict[dt.date, SpecialDay] = {}
    lines: dict[dt.date, int] = {}
    from_yaml = file.suffix.lower() in {".yaml", ".yml"}
    for line, row in (_from_yaml if from_yaml else _from_csv)(file, problems):
        if row.date in found:
            text = f"{row.date} is given twice, first in line {lines[row.date]}; keep one"
            problems.append(Problem(str(file), line, text))
            continue
        lines[row.date] = line
        found[row.date] = SpecialDay(row.kind == "work", row.hours, row.note)
    return found


def _from_yaml(file: Path, problems: list[Problem]) -> Iterator[tuple[int, DayRow]]:
    document = parse(file)
    problems.extend(document.problems)
    try:
        content = DaysFile.model_validate(document.content, context=Base.of(file))
    except ValidationError as error:
        problems.extend(problems_of(error, document, DaysFile))
        return
    for index, row in enumerate(content.days):
        yield document.line(("days", index)), row


def _from_csv(file: Path, problems: list[Problem]) -> Iterator[tuple[int, DayRow]]:
    table = Columns("days", COLUMNS, ("date", "kind"))
    for line, cells in rows_of(file, table, problems):
        content: dict[str, object] = {**cells}
        if "hours" in cells:
            content["hours"] = cells["hours"].split()
        try:
            yield line, DayRow.model_validate(content, context=Base.of(file))
        except ValidationError as error:
            problems.extend(problems_of(error, Document(file, content, {(): line}), DayRow))


@cache
def public_holidays(first: int, last: int) -> PublicHolidays:
    """Of Vietnam, in the years from `first` to `last`. Takes about 5 ms a year, once."""
    import holidays  # it takes 20 MB and a tenth of a second, which only who needs a calendar pays

    known = holidays.country_holidays("VN", years=range(first, last + 1))
    return PublicHolidays(frozenset(known), frozenset(known.weekend_workdays))


def build_calendar(
    settings: CalendarSettings,
    exceptions: Mapping[dt.date, SpecialDay],
    directory: Directory,
    day: dt.date,
) -> Calendar:
    """The value that the core works with; `day` is today, around which holidays are known."""
    public = public_holidays(_FIRST_YEAR, max(day.year, _FIRST_YEAR) + _YEARS_AHEAD)
    return Calendar(
        hours=_hours(settings, settings.lunch_is_outside),
        agencies=_agencies(settings, directory),
        holidays=public.off,
        exceptions={day: SpecialDay(worked=True) for day in public.worked} | dict(exceptions),
    )


def _hours(settings: CalendarSettings, lunch_is_outside: bool) -> tuple[Hours, ...]:
    return tuple(one.hours(lunch_is_outside=lunch_is_outside) for one in settings.hours)


def _agencies(settings: CalendarSettings, directory: Directory) -> dict[str, tuple[Hours, ...]]:
    """By every code of an agency, so that nobody who asks has to know which one is canonical."""
    found: dict[str, tuple[Hours, ...]] = {}
    for own in settings.agencies:
        lunch = settings.lunch_is_outside if own.lunch_is_outside is None else own.lunch_is_outside
        hours = tuple(one.hours(lunch_is_outside=lunch) for one in own.hours)
        if not hours:
            hours = _hours(settings, lunch)
        found |= dict.fromkeys(_codes(directory, own.agency), hours)
    return found


def _codes(directory: Directory, code: str) -> Iterable[str]:
    agency = directory.find(code)
    if agency is None:
        return (code,)
    twins = (agency.twin, derived_twin(agency.code))
    return (agency.code, *(t for t in twins if t and directory.find(t) is agency))


def check_agencies(
    settings: CalendarSettings, directory: Directory, document: Document
) -> Iterator[Problem]:
    """What does not fit between the calendar's agencies and the directory."""
    seen: dict[str, int] = {}
    for index, own in enumerate(settings.agencies):
        path = ("calendar", "agencies", index, "agency")
        agency = directory.find(own.agency)
        if agency is None:
            yield document.problem(path, f"{own.agency}: no agency of the directory has this code")
        elif agency.code in seen:
            first = document.line(("calendar", "agencies", seen[agency.code]))
            text = f"{own.agency}: this agency's hours are given in line {first} already; keep one"
            yield document.problem(path, text)
        else:
            seen[agency.code] = index
