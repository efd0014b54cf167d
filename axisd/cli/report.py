"""`axisd report`: what went through the axis in a day, a month or a quarter.

Reads the ledger beside the running daemon, a piece at a time, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from axisd.adapters.clock import SystemClock
from axisd.cli.files import DASH, OUTPUT, write_file
from axisd.cli.frame import AxisGroup, config_option, json_option
from axisd.cli.language import LANGUAGES, language_option
from axisd.cli.loop import finish
from axisd.cli.output import json_text, note
from axisd.cli.reading import ledger_at
from axisd.cli.report_facts import csv_text, facts
from axisd.cli.report_text import report_text
from axisd.config.load import read
from axisd.core.period import Period, PeriodKind, newest, read_period
from axisd.core.reasons import Language
from axisd.core.report import Report
from axisd.core.view import View
from axisd.core.zone import day_of
from axisd.service.report import make_report
from axisd.web.report import report_page

_F = TypeVar("_F", bound=Callable[..., Any])


def _options(command: _F) -> _F:
    """What the three reports have in common."""
    for option in (
        json_option,
        config_option,
        click.option("--bom", is_flag=True, help="Begin CSV with a byte order mark, for Excel."),
        click.option(
            "--out",
            type=OUTPUT,
            default=DASH,
            metavar="FILE",
            help="Write there instead of stdout; a file that is there is replaced.",
        ),
        language_option("Of text and HTML; CSV has both.", default="vi"),
        click.option(
            "--format",
            "form",
            type=click.Choice(["text", "csv", "html"]),
            default="text",
            show_default=True,
        ),
    ):
        command = option(command)
    return command


@click.group(
    cls=AxisGroup,
    examples=[
        ("report day", "yesterday"),
        ("report month 2026-10 --format html --out october.html", "a page with charts, to print"),
        ("report quarter --format csv --bom --out quarter.csv", "the quarter due last, for Excel"),
    ],
)
def report() -> None:
    """What went through the axis: per agency, over the national axis, deadlines, availability."""


@report.command(
    "day",
    examples=[
        ("report day", "yesterday"),
        ("report day today", "what there is so far"),
        ("report day 2026-11-27 --json", "one day, for machines"),
    ],
)
@click.argument("day", metavar="[DAY]", required=False)
@_options
def day_(day: str | None, **options: Any) -> None:
    """Report on one day; without a DAY on yesterday."""
    _make(PeriodKind.DAY, day, of_calendar=False, **options)


@report.command(
    "month",
    examples=[
        ("report month", "the last month that is over"),
        ("report month 2026-10 --language both", "in Vietnamese, then in English"),
    ],
)
@click.argument("month", metavar="[MONTH]", required=False)
@_options
def month_(month: str | None, **options: Any) -> None:
    """Report on one month; without a MONTH on the last one that is over."""
    _make(PeriodKind.MONTH, month, of_calendar=False, **options)


@report.command(
    "quarter",
    examples=[
        ("report quarter", "the one whose report fell due last"),
        ("report quarter 2026-Q4 --format html --out q4.html", "a page with charts, to print"),
        (
            "report quarter 2026-Q3 --calendar",
            "July to September, instead of 15 June to 14 September",
        ),
    ],
)
@click.argument("quarter", metavar="[QUARTER]", required=False)
@click.option(
    "--calendar", "of_calendar", is_flag=True, help="Whole months: the quarter of the calendar."
)
@_options
def quarter_(quarter: str | None, of_calendar: bool, **options: Any) -> None:
    """Report on one quarter; without a QUARTER on the one whose report fell due last.

    The report is due on the 15th of the quarter's last month (QC Điều 13.4). So its quarter runs from the
    15th of the last month of the quarter before to the 14th of its own.
    """
    _make(PeriodKind.QUARTER, quarter, of_calendar=of_calendar, **options)


def _make(
    kind: PeriodKind,
    text: str | None,
    *,
    of_calendar: bool,
    form: str,
    language: str,
    out: Path,
    bom: bool,
    config: Path,
    as_json: bool,
) -> None:
    if bom and form != "csv":
        raise click.UsageError("--bom is for --format csv")
    if as_json and form != "text":
        raise click.UsageError("give --format or --json, not both")
    now = SystemClock().now()
    period = _period(kind, text, now, of_calendar=of_calendar)
    configuration = read(config, day=day_of(now))
    folder = configuration.settings.ledger.folder
    made = finish(_report(folder, period, now, configuration.view))
    written = (
        f"{json_text(facts(made))}\n" if as_json else _written(made, form, LANGUAGES[language])
    )
    if bom:
        written = f"\N{ZERO WIDTH NO-BREAK SPACE}{written}"
    write_file(out, written.encode())
    if str(out) != DASH:
        note(f"{len(written.encode())} bytes written to {out}", "good")
    if not made.complete:
        note(f"{period.label} is not over: this is what there is so far", "warn")


def _period(kind: PeriodKind, text: str | None, now: datetime, *, of_calendar: bool) -> Period:
    if text is None:
        return newest(kind, now, of_calendar=of_calendar)
    try:
        return read_period(kind, text, now, of_calendar=of_calendar)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


async def _report(folder: Path, period: Period, now: datetime, view: View) -> Report:
    async with ledger_at(folder) as reader:
        return await make_report(reader, period, now, view)


def _written(made: Report, form: str, languages: tuple[Language, ...]) -> str:
    if form == "csv":
        return csv_text(made)
    if form == "html":
        return report_page(made, languages)
    return "\n".join(report_text(made, language) for language in languages)
