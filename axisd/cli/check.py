"""`axisd check`: whether documents get through, looked at from outside, and put on record by the daemon.

The command connects as an agency's system does, and reads the ledger beside the daemon. It sends probes and
changes nothing else; the record is written by the daemon, which is the ledger's only writer.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click

from axisd.adapters.clock import SystemClock
from axisd.cli.check_looks import look
from axisd.cli.check_text import say_check, say_records
from axisd.cli.exits import BadInput, Exit
from axisd.cli.failure import report
from axisd.cli.files import DASH, OUTPUT, write_file
from axisd.cli.frame import AxisGroup, config_option, json_option
from axisd.cli.language import LANGUAGES, language_option, of_operator
from axisd.cli.loop import finish
from axisd.cli.output import note, say, say_json, visible
from axisd.cli.reading import ledger_at
from axisd.config.load import load, read
from axisd.core.interconnection import (
    ITEMS,
    OUTCOMES,
    TRIGGERS,
    CheckRun,
    Item,
    RecordedCheck,
    Trigger,
)
from axisd.core.reasons import Language
from axisd.core.wording import Phrase
from axisd.core.zone import day_of, wire_time
from axisd.errors import AxisError
from axisd.service.check_book import last_checks
from axisd.web.control import Answer, ControlClient
from axisd.web.pages import page

_TITLE: Final = Phrase("Interconnection check", "Kiểm tra liên thông")
_language_option = language_option(
    "Of the text and the page. Without it the text is in that of LANG, the page in both."
)


@click.group(
    cls=AxisGroup,
    invoke_without_command=True,
    examples=[
        ("check", "look at everything now, and put it on record"),
        ("check --html check.html", "and write a page about it for people"),
        ("check list", "the checks on record"),
    ],
)
@config_option
@click.option(
    "--html", type=OUTPUT, metavar="FILE", help="Write the result as a page too; - is stdout."
)
@click.option(
    "--trigger",
    type=click.Choice([trigger.value for trigger in Trigger]),
    default=Trigger.OPERATOR.value,
    show_default=True,
    help="Who asks: the timer says so of itself.",
)
@_language_option
@json_option
@click.pass_context
def check(
    context: click.Context,
    config: Path,
    html: Path | None,
    trigger: str,
    language: str | None,
    as_json: bool,
) -> Exit | int | None:
    """Check that documents get through: lanes, inboxes, national axis, and what they rest on.

    A probe document goes through each lane to the probe agency, a probe into every connected system's
    inbox, and one over the national axis and back, which may take many minutes; consumers, certificates,
    clock, disk, chain of evidence, reconciliation and outbox are looked at. The result is put on record in
    the ledger (QC Điều 12.6). Exit code 0 when nothing failed, 70 when evidence contradicts itself, 69 for
    every other failure, also when nothing could be recorded.
    """
    if context.invoked_subcommand is not None:
        return None
    if as_json and str(html) == DASH:
        raise click.UsageError("the page and the JSON cannot both go to stdout")
    loaded = read(config, day=day_of(SystemClock().now()))
    run, code = finish(look(loaded, Trigger(trigger)))
    recorded, why = finish(_record(ControlClient(loaded.settings.control.socket), run))
    languages = _of_text(language)
    if as_json:
        say_json(_json(run, recorded))
    elif str(html) != DASH:
        for place, one in enumerate(languages):
            if place:
                say()
            say_check(run, one)
    if recorded is None:
        code = code or Exit.UNAVAILABLE
    _tell(recorded, why, languages[0])
    if html is not None:
        text = _page(loaded.view.axis.name, run, recorded, LANGUAGES[language or "both"])
        written = _written(html, text)
        code = code or written
    return code


@check.command(
    "list",
    examples=[
        ("check list", "the last ones, newest first"),
        ("check list --count 60 --json", "a month of them, for machines"),
    ],
)
@click.option(
    "--count",
    type=click.IntRange(1, 10_000),
    default=10,
    show_default=True,
    metavar="N",
    help="So many at most.",
)
@_language_option
@config_option
@json_option
def list_(count: int, language: str | None, config: Path, as_json: bool) -> None:
    """List the checks on record, newest first."""
    found = finish(_recorded(load(config).ledger.folder, count))
    if as_json:
        say_json([_recorded_json(one) for one in found])
        return
    for place, one in enumerate(_of_text(language)):
        if place:
            say()
        say_records(found, one)


def _of_text(language: str | None) -> tuple[Language, ...]:
    return (of_operator(os.environ),) if language is None else LANGUAGES[language]


async def _record(control: ControlClient, run: CheckRun) -> tuple[Answer | None, str]:
    """The daemon's answer, or why there is none."""
    try:
        return await control.ask("record-check", particulars=run.particulars()), ""
    except AxisError as error:
        return None, str(error)


async def _recorded(folder: Path, count: int) -> list[RecordedCheck]:
    async with ledger_at(folder) as reader:
        return await last_checks(reader, count)


def _tell(recorded: Answer | None, why: str, language: Language) -> None:
    """Whether it is on record, for the person at the terminal."""
    if recorded is None:
        no = Phrase("nothing could be recorded", "không ghi được vào sổ").said(language)
        note(f"axisd: {no}: {visible(why)}", "bad")
        return
    at, key = recorded["at"], recorded["id"]
    note(Phrase(f"recorded at {at} as {key}", f"đã ghi vào sổ lúc {at}, mã {key}").said(language))


def _json(run: CheckRun, recorded: Answer | None) -> dict[str, Any]:
    return {
        "outcome": run.outcome,
        "trigger": run.trigger,
        "began": wire_time(run.began),
        "recorded": recorded,
        "items": [
            {
                **_item_json(item),
                "mend": item.mend.en if item.mend else None,
                "mend_vi": item.mend.vi if item.mend else None,
            }
            for item in run.items
        ],
    }


def _recorded_json(one: RecordedCheck) -> dict[str, Any]:
    return {
        "at": wire_time(one.at),
        "position": one.position,
        "outcome": one.run.outcome,
        "trigger": one.run.trigger,
        "began": wire_time(one.run.began),
        "verified_up_to": one.run.proved.position if one.run.proved else None,
        "items": [_item_json(item) for item in one.run.items],
    }


def _item_json(item: Item) -> dict[str, str]:
    return {
        "name": item.name,
        "outcome": item.outcome,
        "detail": item.detail.en,
        "detail_vi": item.detail.vi,
    }


def _page(
    axis: str, run: CheckRun, recorded: Answer | None, languages: tuple[Language, ...]
) -> str:
    on_record = recorded and {"at": datetime.fromisoformat(recorded["at"]), "id": recorded["id"]}
    return page(
        "check",
        _TITLE,
        languages,
        axis=axis,
        run=run,
        recorded=on_record,
        words=ITEMS,
        outcomes=OUTCOMES,
        triggers=TRIGGERS,
    )


def _written(file: Path, text: str) -> int:
    """Writes the page; what was found has been told by then, and a file that cannot be written hides none of it."""
    try:
        write_file(file, text.encode())
    except BadInput as error:
        return report(error)
    return Exit.DONE
