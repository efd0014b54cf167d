"""A report as plain values: nested for JSON, and as one tidy table for CSV.

The table has one number in each row. `scope` says whose it is: `total`, `agencies` and `national` (sums),
`agency` and `national-agency` (one organ; `code` and `name` say which), `axis`, `gap` (its `code` is when it
began), `day` (its `code` is the date). For single organs, numbers that are 0 are left out.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from axisd.core.measures import MEASURES, Measure
from axisd.core.report import Report
from axisd.core.statistics import Line, Side, Spread, Step
from axisd.core.wording import Phrase
from axisd.core.zone import wire_time

COLUMNS: Final = (
    "period", "first", "last", "as_of", "scope", "code", "name",
    "measure", "reason", "unit", "value", "en", "vi",
)  # fmt: skip
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""
_STEPS: Final[Mapping[Step, Phrase]] = {
    Step.ARRIVAL: Phrase("Time to arrival", "Thời gian đến"),
    Step.REGISTRATION: Phrase("Time to registration", "Thời gian tiếp nhận"),
}
_CLOCKS: Final[Mapping[str, Phrase]] = {
    "wire": Phrase("on the wire", "theo đồng hồ"),
    "legal": Phrase("in office hours", "theo giờ làm việc"),
}
_RANKS: Final[Mapping[str, Phrase]] = {
    "median": Phrase("median", "trung vị"),
    "p95": Phrase("95 % within", "95 % trong vòng"),
    "worst": Phrase("longest", "lâu nhất"),
}
Row = tuple[str, str, str, str, str, str, str, Phrase]
"""scope, code, name, measure, reason, unit, value, label."""


def facts(report: Report) -> dict[str, Any]:
    """For `--json`. Durations in seconds, shares from 0 to 1, times in Vietnam's zone."""
    traffic, uptime, checks = report.traffic, report.availability, report.checks
    return {
        "axis": report.axis,
        "period": {
            "kind": report.period.kind,
            "label": report.period.label,
            "first": report.period.first,
            "last": report.period.last,
            "complete": report.complete,
        },
        "as_of": wire_time(report.as_of),
        "total": _line(traffic.total, report),
        "agencies": _line(traffic.agencies, report),
        "national": _line(traffic.national, report),
        "probes": _line(traffic.probes, report),
        "by_agency": [_line(line, report) for line in traffic.side(Side.AGENCY)],
        "by_national_agency": [_line(line, report) for line in traffic.side(Side.NATIONAL)],
        "course": [
            {"start": wire_time(one.start), "copies": one.copies, "national": one.national}
            for one in traffic.course
        ],
        "availability": {
            "since": wire_time(uptime.since) if uptime.since else None,
            "until": wire_time(uptime.until) if uptime.until else None,
            "share": _ratio(uptime.share),
            "working_share": _ratio(uptime.working_share),
            "gaps": [
                {"start": wire_time(g.start), "end": wire_time(g.end), "after": g.cause}
                for g in uptime.gaps
            ],
        },
        "checks": {
            "held": checks.held,
            "passed": checks.passed,
            "failed": checks.failed,
            "by_operator": checks.by_operator,
            "days_judged": checks.judged,
            "days_short": [{"day": day, "held": held} for day, held in checks.short],
        },
    }


def _line(line: Line, report: Report) -> dict[str, Any]:
    named = (
        {"code": line.code, "name": report.name(line).vi} if line in report.traffic.lines else {}
    )
    return {
        **named,
        "counts": {measure: line[measure] for measure in Measure},
        "reasons": {
            measure: dict(sorted(found.items())) for measure, found in line.reasons.items()
        },
        "times": {
            step: {"wire": _spread(times.wire), "legal": _spread(times.legal)}
            for step, times in line.times.items()
        },
    }


def _spread(spread: Spread) -> dict[str, Any]:
    return {"number": spread.number, **{name: _seconds(getattr(spread, name)) for name in _RANKS}}


def _seconds(value: timedelta | None) -> float | None:
    return None if value is None else value.total_seconds()


def _ratio(share: Any) -> float | None:
    return None if share is None else round(float(share), 6)


def csv_text(report: Report) -> str:
    """The table with its header line; lines end as RFC 4180 wants them."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    period = report.period
    about = (period.label, period.first, period.last, wire_time(report.as_of, unit="seconds"))
    for scope, code, name, measure, reason, unit, value, label in _rows(report):
        writer.writerow(
            (*about, scope, code, _cell(name), measure, reason, unit, value, label.en, label.vi)
        )
    return out.getvalue()


def _cell(text: str) -> str:
    """A name that a spreadsheet would calculate is marked as text."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _rows(report: Report) -> Iterator[Row]:
    traffic = report.traffic
    yield from _line_rows("total", traffic.total, "", every=True)
    yield from _line_rows("agencies", traffic.agencies, "", every=True)
    yield from _line_rows("national", traffic.national, "", every=True)
    yield from _line_rows("probes", traffic.probes, "", every=False)
    for line in traffic.lines:
        if line.side is Side.PROBE:  # the one line of its sum
            continue
        scope = "agency" if line.side is Side.AGENCY else "national-agency"
        yield from _line_rows(scope, line, report.name(line).vi, every=False)
    yield from _axis_rows(report)


def _line_rows(scope: str, line: Line, name: str, *, every: bool) -> Iterator[Row]:
    for measure, meaning in MEASURES.items():
        if every or line[measure]:
            number = str(line[measure])
            yield scope, line.code, name, measure, "", "number", number, meaning.name
        for reason, times in sorted(line.reasons.get(measure, {}).items()):
            yield scope, line.code, name, measure, reason, "number", str(times), meaning.name
    yield from _time_rows(scope, line, name)


def _time_rows(scope: str, line: Line, name: str) -> Iterator[Row]:
    for step, times in line.times.items():
        for clock, spread in (("wire", times.wire), ("legal", times.legal)):
            for rank, label in _RANKS.items():
                seconds = _seconds(getattr(spread, rank))
                if seconds is not None:
                    words = (_STEPS[step], _CLOCKS[clock], label)
                    told = Phrase(
                        ", ".join(word.en for word in words), ", ".join(word.vi for word in words)
                    )
                    code = f"{step}-{clock}-{rank}"
                    yield scope, line.code, name, code, "", "seconds", str(seconds), told


def _axis_rows(report: Report) -> Iterator[Row]:
    uptime, checks, name = report.availability, report.checks, report.axis
    for measure, share, label in (
        ("availability", uptime.share, Phrase("Availability", "Tỷ lệ sẵn sàng")),
        (
            "availability-working",
            uptime.working_share,
            Phrase("Availability in office hours", "Tỷ lệ sẵn sàng trong giờ làm việc"),
        ),
    ):
        if share is not None:
            yield "axis", "", name, measure, "", "share", str(_ratio(share)), label
    for gap in uptime.gaps:
        label = Phrase("Not served", "Không phục vụ")
        start = wire_time(gap.start, unit="seconds")
        yield "gap", start, name, "gap", gap.cause, "seconds", str(_seconds(gap.length)), label
    for measure, number, label in (
        ("checks-held", checks.held, Phrase("Checks held", "Số lần kiểm tra liên thông")),
        ("checks-failed", checks.failed, Phrase("Checks that failed", "Số lần kiểm tra không đạt")),
    ):
        yield "axis", "", name, measure, "", "number", str(number), label
    for day, held in checks.short:
        label = Phrase("Fewer than two checks", "Kiểm tra chưa đủ hai lần")
        yield "day", day.isoformat(), name, "checks-held", "", "number", str(held), label
