"""One report: the traffic of a period, when the axis served, and the checks that were held (QĐ 28 Điều 11, QC
Điều 12.5, 12.6, 13.4). A value; how it is shown is for `axisd.web.report` and the command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from axisd.core.availability import Availability
from axisd.core.checks import ChecksHeld
from axisd.core.measures import Measure
from axisd.core.period import Period
from axisd.core.statistics import Line, Side, Traffic
from axisd.core.wording import Phrase
from axisd.core.zone import day_of


@dataclass(frozen=True, slots=True)
class Report:
    """`axis`: the name of this one. `names`: of the agencies, by code, as the directory has them today."""

    axis: str
    traffic: Traffic
    availability: Availability
    checks: ChecksHeld
    names: Mapping[str, str]

    @property
    def period(self) -> Period:
        return self.traffic.period

    @property
    def as_of(self) -> datetime:
        """The cut-off: what came later is not in it."""
        return self.traffic.as_of

    @property
    def complete(self) -> bool:
        """Whether the period is over."""
        return self.as_of >= self.period.end

    @property
    def title(self) -> Phrase:
        """What stands at its top."""
        named = self.period.title
        return Phrase(
            f"Exchange of electronic documents: {named.en}",
            f"Tình hình gửi, nhận văn bản điện tử: {named.vi}",
        )

    def name(self, line: Line) -> Phrase:
        """Who a line is about."""
        if line.code:
            known = self.names.get(line.code, "")
            return Phrase(known, known)
        if line.side is Side.NATIONAL:
            return Phrase("sender unknown, national axis", "không rõ nơi gửi, từ trục quốc gia")
        return Phrase("sender unknown", "không rõ nơi gửi")

    def reasons(self, *measures: Measure) -> list[tuple[str, int]]:
        """Reasons of these measures over all organs with how often, the most frequent first."""
        found: dict[str, int] = {}
        for measure in measures:
            for code, number in self.traffic.total.reasons.get(measure, {}).items():
                found[code] = found.get(code, 0) + number
        return sorted(found.items(), key=lambda item: (-item[1], item[0]))


def days_over(period: Period, as_of: datetime, first: datetime | None) -> Iterator[date]:
    """The days of `period` that are over at `as_of` and lie behind the day on which the record began."""
    if first is None:
        return
    began, today = day_of(first), day_of(as_of)
    yield from (day for day in period.days if began < day < today)
