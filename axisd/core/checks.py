"""Whether interconnection was checked as often as the regulation asks: at least twice a day (QC Điều 12.6).

A check counts on Vietnam's day of its record, whoever asked for it and however it went: one that failed
was held. Judged are the working days of a period that are over; a day on which nobody works owes none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from axisd.core.calendar import Calendar
from axisd.core.zone import day_of

LEAST: Final = 2
"""Checks that every working day owes."""


@dataclass(frozen=True, slots=True)
class CheckRecord:
    """One check on record. `trigger`: `timer` or `operator`."""

    at: datetime
    passed: bool
    trigger: str


@dataclass(frozen=True, slots=True)
class ChecksHeld:
    """`short`: the working days with fewer than `LEAST` checks, each with how many it had; `judged`: how
    many working days were looked at."""

    held: int = 0
    passed: int = 0
    by_operator: int = 0
    judged: int = 0
    short: tuple[tuple[date, int], ...] = ()

    @property
    def failed(self) -> int:
        """Checks that found something wrong."""
        return self.held - self.passed


def checks_held(
    records: Iterable[CheckRecord], days: Iterable[date], calendar: Calendar
) -> ChecksHeld:
    """What `records` come to; `days` are those of the period that are over and were on record."""
    known = list(records)
    by_day = Counter(day_of(record.at) for record in known)
    owed = [day for day in days if calendar.is_working_day(day)]
    return ChecksHeld(
        held=len(known),
        passed=sum(record.passed for record in known),
        by_operator=sum(record.trigger == "operator" for record in known),
        judged=len(owed),
        short=tuple((day, by_day[day]) for day in owed if by_day[day] < LEAST),
    )
