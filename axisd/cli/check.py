"""`axisd check`: whether documents get through, looked at from outside, and put on record by the daemon.

The command connects as an agency's system does, and reads the ledger beside the daemon. It sends probes and
changes nothing else; the record is written by the daemon, which is the ledger's only writer.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from axisd.adapters.clock import SystemClock
from axisd.cli.check_looks import look
from axisd.cli.exits import Exit
from axisd.cli.files import DASH, OUTPUT, write_file
from axisd.cli.frame import AxisGroup, config_option, json_option
from axisd.cli.loop import finish
from axisd.cli.output import Role, note, paint, say, say_json, say_table, visible
from axisd.cli.reading import ledger_at
from axisd.config.load import load, read
from axisd.core.interconnection import ITEMS, CheckRun, Item, Outcome, RecordedCheck, Trigger
from axisd.core.wording import Phrase
from axisd.core.zone import day_of, wire_time
from axisd.errors import AxisError
from axisd.service.check_book import last_checks
from axisd.web.control import Answer, ControlClient
from axisd.web.pages import page

_TITLE: Final = Phrase("Interconnection check", "Kiểm tra liên thông")
_ROLES: Final[dict[Outcome, Role]] = {
    Outcome.PASSED: "good",
    Outcome.WARNED: "warn",
    Outcome.FAILED: "bad",
    Outcome.SKIPPED: "dim",
}


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
@json_option
@click.pass_context
def check(
    context: click.Context, config: Path, html: Path | None, trigger: str, as_json: bool
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
    if html is not None:
        _write_page(html, loaded.view.axis.name, run, recorded)
    if as_json:
        say_json(_json(run, recorded))
    elif str(html) != DASH:
        _print(run)
    if recorded is None:
        note(f"axisd: nothing could be recorded: {visible(why)}", "bad")
        return code or Exit.UNAVAILABLE
    note(f"recorded at {recorded['at']} as {recorded['id']}")
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
@config_option
@json_option
def list_(count: int, config: Path, as_json: bool) -> None:
    """List the checks on record, newest first."""
    found = finish(_recorded(load(config).ledger.folder, count))
    if as_json:
        say_json([_recorded_json(one) for one in found])
        return
    rows = [
        (
            wire_time(one.at, unit="seconds"),
            one.run.trigger.value,
            one.run.outcome.value,
            ", ".join(f"{item.name}" for item in one.run.failures) or "–",
        )
        for one in found
    ]
    roles = [_ROLES[one.run.outcome] if not one.run.passed else None for one in found]
    say_table(("recorded", "by", "outcome", "failed"), rows, roles=roles)


async def _record(control: ControlClient, run: CheckRun) -> tuple[Answer | None, str]:
    """The daemon's answer, or why there is none."""
    try:
        return await control.ask("record-check", particulars=run.particulars()), ""
    except AxisError as error:
        return None, str(error)


async def _recorded(folder: Path, count: int) -> list[RecordedCheck]:
    async with ledger_at(folder) as reader:
        return await last_checks(reader, count)


def _print(run: CheckRun) -> None:
    for item in run.items:
        outcome = paint(f"{item.outcome:<8}", _ROLES[item.outcome])
        first, *rest = item.detail.en.splitlines() or [""]
        say(f"{outcome} {item.name:<15} {visible(first)}")
        margin = " " * 25
        for line in rest:
            say(f"{margin}{visible(line)}")
        if item.mend and item.outcome in {Outcome.FAILED, Outcome.WARNED}:
            say(f"{margin}{paint('mend:', 'strong')} {visible(item.mend.en)}")
    told = f"{len(run.items)} looked at: {len(run.failures)} failed"
    say(f"{paint(run.outcome.value, _ROLES[run.outcome])}: {told}")


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


def _write_page(file: Path, axis: str, run: CheckRun, recorded: Answer | None) -> None:
    text = page("check", _TITLE, axis=axis, run=run, recorded=recorded, words=ITEMS)
    write_file(file, text.encode())
