"""A report as text for a terminal, in one language: aligned tables, no colour, nothing hidden."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from axisd.cli.output import table, visible
from axisd.core.measures import GROUPS, MEASURES, Measure
from axisd.core.reasons import Language
from axisd.core.report import Report
from axisd.core.statistics import Line, Side, Spread, Step
from axisd.core.wording import Phrase, day, duration, moment, number, share
from axisd.web.report import CAUSES

_COLUMNS = (
    Measure.DOCUMENTS,
    Measure.SENT,
    Measure.ADDRESSED,
    Measure.RECEIVED,
    Measure.REFUSED,
    Measure.DECLINED,
    Measure.FAILED,
    Measure.EXPIRED,
    Measure.OVERDUE,
)
_REFUSALS = (Measure.REFUSED, Measure.TURNED_AWAY, Measure.FAILED, Measure.EXPIRED)
_STEPS = {
    Step.ARRIVAL: Phrase("to arrival", "đến nơi nhận"),
    Step.REGISTRATION: Phrase("to registration", "đến khi tiếp nhận"),
}


def report_text(report: Report, language: Language) -> str:
    """The whole report; ends with a line feed."""
    return "\n".join(_Writer(report, language).lines()) + "\n"


class _Writer:
    """Knows the language, so that nobody else has to pass it on."""

    def __init__(self, report: Report, language: Language) -> None:
        self._report = report
        self._language = language

    def lines(self) -> Iterator[str]:
        report = self._report
        yield report.title.said(self._language)
        yield f"{self._say('Axis', 'Trục')}: {visible(report.axis)}"
        yield (
            f"{self._say('Period', 'Kỳ báo cáo')}: {self._day(report.period.first)}"
            f" – {self._day(report.period.last)}"
        )
        note = "" if report.complete else self._say(" (not over yet)", " (kỳ chưa kết thúc)")
        cut_off = moment(report.as_of, self._language)
        yield f"{self._say('Cut-off', 'Chốt số liệu')}: {cut_off}{note}"
        yield from self._sums()
        traffic = report.traffic
        yield from self._organs(
            self._say("Agencies of this axis", "Cơ quan của trục"), traffic.side(Side.AGENCY)
        )
        yield from self._organs(
            self._say("Agencies over the national axis", "Cơ quan qua trục quốc gia"),
            traffic.side(Side.NATIONAL),
        )
        yield from self._reasons()
        yield from self._times()
        yield from self._availability()
        yield from self._checks()

    def _sums(self) -> Iterator[str]:
        traffic = self._report.traffic
        columns = [
            (self._say("HERE", "TRONG TỈNH"), traffic.agencies),
            (self._say("NATIONAL", "TRỤC QUỐC GIA"), traffic.national),
            (self._say("PROBES", "GÓI THỬ"), traffic.probes),
            (self._say("TOTAL", "TỔNG"), traffic.total),
        ]
        if not traffic.side(Side.PROBE):
            del columns[2]
        headers = ("", *(heading for heading, _ in columns))
        for group, heading in GROUPS.items():
            yield from self._heading(heading.said(self._language))
            yield from table(
                headers,
                [
                    (
                        meaning.name.said(self._language),
                        *(self._number(line[measure]) for _, line in columns),
                    )
                    for measure, meaning in MEASURES.items()
                    if meaning.group is group
                ],
            )

    def _organs(self, heading: str, lines: Sequence[Line]) -> Iterator[str]:
        yield from self._heading(heading)
        if not lines:
            yield self._none()
            return
        names = [MEASURES[measure].name.said(self._language) for measure in _COLUMNS]
        yield from table(
            (self._say("CODE", "MÃ"), *names, self._say("NAME", "TÊN")),
            [
                (
                    line.code or "–",
                    *(self._number(line[measure]) for measure in _COLUMNS),
                    self._report.name(line).said(self._language),
                )
                for line in lines
            ],
        )

    def _reasons(self) -> Iterator[str]:
        yield from self._heading(self._say("Refused, by reason", "Từ chối, theo lý do"))
        rows = [
            (MEASURES[measure].name.said(self._language), reason or "–", self._number(count))
            for measure in _REFUSALS
            for reason, count in self._report.reasons(measure)
        ]
        if not rows:
            yield self._none()
            return
        yield from table(("", self._say("REASON", "LÝ DO"), self._say("NUMBER", "SỐ LƯỢNG")), rows)

    def _times(self) -> Iterator[str]:
        headers = (
            self._say("CODE", "MÃ"),
            "",
            self._say("COPIES", "SỐ BẢN"),
            self._say("MEDIAN", "TRUNG VỊ"),
            self._say("95 % WITHIN", "95 % TRONG"),
            self._say("LONGEST", "LÂU NHẤT"),
        )
        traffic = self._report.traffic
        lines = [line for line in traffic.side(Side.AGENCY) if line.code]
        for step, words in _STEPS.items():
            towards = words.said(self._language)
            yield from self._heading(self._say(f"Time {towards}", f"Thời gian {towards}"))
            rows = [
                row
                for code, line in (
                    *((line.code, line) for line in lines),
                    (self._say("all", "tất cả"), traffic.agencies),
                )
                for row in self._spreads(code, line, step)
            ]
            if not rows:
                yield self._none()
                continue
            yield from table(headers, rows)

    def _spreads(self, code: str, line: Line, step: Step) -> Iterator[tuple[str, ...]]:
        wire, legal = line.times[step]
        if wire.number:
            yield code, self._say("wire", "đồng hồ"), *self._spread(wire)
            yield "", self._say("office hours", "giờ làm việc"), *self._spread(legal)

    def _spread(self, spread: Spread) -> Iterable[str]:
        yield self._number(spread.number)
        for value in (spread.median, spread.p95, spread.worst):
            yield self._duration(value)

    def _availability(self) -> Iterator[str]:
        yield from self._heading(self._say("Availability", "Mức độ sẵn sàng"))
        found = self._report.availability
        if found.share is None or found.since is None or found.until is None:
            yield self._say("not on record", "chưa có ghi nhận")
            return
        working = (
            ""
            if found.working_share is None
            else self._say(", of office hours ", ", giờ làm việc ")
            + share(found.working_share, self._language)
        )
        bounds = " – ".join(moment(at, self._language) for at in (found.since, found.until))
        yield f"{share(found.share, self._language)}{working}  ({bounds})"
        for gap in found.gaps:
            start, end = moment(gap.start, self._language), moment(gap.end, self._language)
            cause = CAUSES[gap.cause].said(self._language)
            yield f"  {start} – {end}  {self._duration(gap.length)}  {cause}"

    def _checks(self) -> Iterator[str]:
        yield from self._heading(self._say("Interconnection checks", "Kiểm tra liên thông"))
        checks = self._report.checks
        yield self._say(
            f"held: {checks.held}, failed: {checks.failed}, by an operator: {checks.by_operator}",
            f"đã thực hiện: {checks.held}, không đạt: {checks.failed},"
            f" do người vận hành: {checks.by_operator}",
        )
        if not checks.judged:
            yield self._say(
                "no working day of the period is over and on record",
                "chưa có ngày làm việc nào trong kỳ đã kết thúc và được ghi nhận",
            )
        elif checks.short:
            days = ", ".join(f"{self._day(on)} ({held})" for on, held in checks.short)
            yield self._say(
                f"fewer than two on {len(checks.short)} of {checks.judged} working days: {days}",
                f"chưa đủ hai lần vào {len(checks.short)} trên {checks.judged} ngày làm việc: {days}",
            )
        else:
            yield self._say(
                f"at least two on each of {checks.judged} working days",
                f"ít nhất hai lần mỗi ngày, đủ {checks.judged} ngày làm việc",
            )

    def _heading(self, text: str) -> Iterator[str]:
        yield ""
        yield f"== {text}"

    def _none(self) -> str:
        return self._say("none", "không có")

    def _say(self, en: str, vi: str) -> str:
        return Phrase(en, vi).said(self._language)

    def _number(self, value: int) -> str:
        return number(value, self._language)

    def _duration(self, value: timedelta | None) -> str:
        return "–" if value is None else duration(value, self._language)

    def _day(self, value: date) -> str:
        return day(value, self._language)
