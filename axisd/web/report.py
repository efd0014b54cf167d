"""The report as a page: tables and charts, for a screen and for A4, in Vietnamese and English."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from axisd.core.availability import Availability, UptimeEnd
from axisd.core.generally import general_text
from axisd.core.measures import GROUPS, MEASURES, Measure
from axisd.core.period import PeriodKind
from axisd.core.reasons import Language
from axisd.core.report import Report
from axisd.core.statistics import Line, Side, Step
from axisd.core.wording import Phrase
from axisd.web.charts import Chart, Pair, columns, parts, rows, strip
from axisd.web.pages import BOTH, page

MOST: Final = 15
"""Agencies in the chart; the table has them all."""

CAUSES: Final = {
    UptimeEnd.OPEN: Phrase(
        "ended without a word, or not started", "dừng không báo trước, hoặc chưa khởi động"
    ),
    UptimeEnd.STOPPED: Phrase("stopped by an operator", "được dừng có chủ ý"),
    UptimeEnd.INTERRUPTED: Phrase(
        "something that has to work did not", "một bộ phận bắt buộc không hoạt động"
    ),
}
"""Why a gap began."""


def report_page(report: Report, languages: Sequence[Language] = BOTH) -> str:
    """The whole page."""
    return page(
        "report",
        report.title,
        languages,
        report=report,
        course=columns(_course(report)),
        busiest=rows(_busiest(report)),
        kept={step: parts(_kept(report.traffic.agencies, step)) for step in Step},
        served=served(report.availability),
        groups=GROUPS,
        measures=MEASURES,
        reasons=general_text,
        causes=CAUSES,
        agency_lines=report.traffic.side(Side.AGENCY),
        national_lines=report.traffic.side(Side.NATIONAL),
        Measure=Measure,
        Side=Side,
        Step=Step,
    )


def _course(report: Report) -> list[Pair]:
    form = "%H" if report.period.kind is PeriodKind.DAY else "%d/%m"
    return [
        Pair(bucket.start.strftime(form), bucket.copies, bucket.national)
        for bucket in report.traffic.course
    ]


def _busiest(report: Report) -> list[Pair]:
    def traffic(line: Line) -> int:
        return line[Measure.SENT] + line[Measure.RECEIVED]

    known = [line for line in report.traffic.side(Side.AGENCY) if line.code and traffic(line)]
    ordered = sorted(known, key=lambda line: (-traffic(line), line.code))[:MOST]
    return [
        Pair(_short(report.name(line).vi or line.code), line[Measure.SENT], line[Measure.RECEIVED])
        for line in ordered
    ]


def _short(name: str, most: int = 38) -> str:
    return name if len(name) <= most else f"{name[: most - 1].rstrip()}…"


def _kept(line: Line, step: Step) -> list[tuple[str, int]]:
    """In time, late, outstanding; of copies that have no deadline nothing is said."""
    done, late, outstanding = {
        Step.ARRIVAL: (Measure.ARRIVED, Measure.ARRIVAL_LATE, Measure.ARRIVAL_OUTSTANDING),
        Step.REGISTRATION: (
            Measure.REGISTERED,
            Measure.REGISTRATION_LATE,
            Measure.REGISTRATION_OUTSTANDING,
        ),
    }[step]
    in_time = line[done] - line[late]
    return [("open", in_time), ("hatched", line[late]), ("solid", line[outstanding])]


def served(availability: Availability) -> Chart:
    """The time on record as a strip: gaps in black on white."""
    since, whole = availability.since, availability.recorded
    if since is None or not whole:
        return strip(())
    return strip(
        (
            (gap.start - since) / whole,
            (gap.end - since) / whole,
            "solid",
            int(gap.length.total_seconds()),
        )
        for gap in availability.gaps
    )
