"""`axisd directory`: agencies and the systems that serve them, as the configuration has them.

Works on files alone: no daemon, no broker; `history` reads the ledger, `import --national` asks the national
axis. Only `import --apply` changes anything. Everything else is asked as of a day: today, or `--at`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from difflib import get_close_matches
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from axisd.adapters.clock import SystemClock
from axisd.cli.directory_history import history
from axisd.cli.directory_impact import way_of
from axisd.cli.directory_import import import_
from axisd.cli.exits import BadInput
from axisd.cli.frame import AxisGroup, config_option, json_option
from axisd.cli.moments import Moment, day_at
from axisd.cli.output import paint, say, say_json, say_table
from axisd.config.directory import Remark
from axisd.config.import_agencies import cell
from axisd.config.load import Configuration, read
from axisd.core.directory import Agency, Directory
from axisd.core.routing import Leg, plan
from axisd.core.zone import day_of

_SHOWN = 5
"""Warnings of one kind shown without --all."""


@click.group(
    cls=AxisGroup,
    examples=[
        ("directory list sở", "agencies with a word in their name or code"),
        ("directory show 000.00.11.H53", "one agency, and how a document reaches it"),
        ("directory check", "what is wrong with the directory"),
        ("directory import new.csv", "what a newer list of agencies would change"),
        ("directory history", "when the daemon's directory changed, from the ledger"),
    ],
)
def directory() -> None:
    """Agencies, and the systems that serve them."""


directory.add_command(import_)
directory.add_command(history)

_at_option = click.option(
    "--at", type=Moment(), help="As of this day or instant, in Vietnam's time; default: now."
)


@directory.command(
    "list",
    examples=[
        ("directory list", "every agency"),
        ("directory list --served", "those that a system serves"),
        ("directory list --registered", "those that systems registered themselves, and which ones"),
        ("directory list 'bến cầu' --json", "those with these words in them, for machines"),
        ("directory list --at 2025-06-30", "as they were on that day"),
    ],
)
@click.argument("words", required=False, default="", metavar="[WORDS]")
@click.option("--served", is_flag=True, help="Only agencies that a system serves.")
@click.option(
    "--registered", is_flag=True, help="Only agencies that systems registered themselves."
)
@_at_option
@config_option
@json_option
def list_(
    words: str, served: bool, registered: bool, at: datetime | None, config: Path, as_json: bool
) -> None:
    """List agencies: code, name, and who receives for them."""
    loaded, day = _read(config), day_at(at, SystemClock().now())
    found = [
        agency
        for agency in _as_of(loaded.view.directory, day)
        if words.casefold() in f"{agency.code} {agency.twin or ''} {agency.name}".casefold()
        and (not served or loaded.view.directory.system_of(agency.code) is not None)
        and (not registered or agency.registered_by)
    ]
    if as_json:
        say_json([_facts(agency, loaded, day) for agency in found])
        return
    head = ("CODE", "RECEIVED BY", "NAME")
    rows = [(agency.code, way_of(_leg(agency.code, loaded, day)), agency.name) for agency in found]
    if not any(agency.registered_by for agency in found):
        say_table(head, rows)
        return
    say_table(
        (*head, "REGISTERED BY"),
        [(*row, agency.registered_by) for row, agency in zip(rows, found, strict=True)],
    )


@directory.command(
    "show",
    examples=[
        ("directory show 000.00.11.H53", "everything known about one agency"),
        ("directory show H53.11", "the same, by its code in the other style"),
        ("directory show H39 --at 2025-06-30", "as it was on that day"),
    ],
)
@click.argument("code")
@_at_option
@config_option
@json_option
def show(code: str, at: datetime | None, config: Path, as_json: bool) -> None:
    """Show one agency, and how a document for it would go today, or on the day asked about."""
    loaded, day = _read(config), day_at(at, SystemClock().now())
    agency = loaded.view.directory.at(code, day)
    if agency is None:
        raise _unknown(code, loaded.view.directory)
    facts = _facts(agency, loaded, day)
    if as_json:
        say_json(facts)
        return
    for name, value in facts.items():
        if value not in (None, "", []) and name != "periods":
            say(f"{paint(f'{name:<12}', 'dim')} {_shown(value)}")
    for period in facts["periods"]:
        label = paint(f"{'before':<12}", "dim")
        say(f"{label} {period['name']}, until {period['valid_to']}")


@directory.command(
    "check",
    examples=[
        ("directory check", "errors, and the first warnings of each kind"),
        ("directory check --all", "every warning"),
    ],
)
@click.option("--all", "everything", is_flag=True, help="Print every warning.")
@config_option
@json_option
def check(everything: bool, config: Path, as_json: bool) -> None:
    """Say what is wrong with agencies and systems: codes, references, circles, who is not reached.

    Exit code 0 with warnings alone, 78 when the daemon would not start.
    """
    loaded = _read(config)
    if as_json:
        say_json(
            [
                {"kind": item.kind, **_place(item), "text": item.problem.text}
                for item in loaded.warnings
            ]
        )
        return
    for kind, group in groupby(sorted(loaded.warnings, key=_kind), key=_kind):
        items = list(group)
        shown = items if everything else items[:_SHOWN]
        say(paint(f"{kind}: {len(items)}", "warn"))
        for item in shown:
            say(f"  {item.problem}")
        if len(items) > len(shown):
            say(f"  … and {len(items) - len(shown)} more: --all")
    say(
        f"{len(loaded.view.directory.agencies)} agencies, {len(loaded.view.directory.systems)} systems: "
        f"no errors, {len(loaded.warnings)} warnings"
    )


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _read(config: Path) -> Configuration:
    return read(config, day=day_of(SystemClock().now()))


def _leg(code: str, loaded: Configuration, day: date) -> Leg:
    return plan([code], loaded.view, day)[0]


def _as_of(known: Directory, day: date) -> Iterator[Agency]:
    return (row for code in known.agencies if (row := known.at(code, day)) is not None)


def _state(agency: Agency, day: date) -> str:
    if agency.closed_on(day):
        return "closed"
    return "open" if agency.open_on(day) else "not yet open"


def _facts(agency: Agency, loaded: Configuration, day: date) -> dict[str, Any]:
    view = loaded.view
    system = view.directory.system_of(agency.code)
    leg = _leg(agency.code, loaded, day)
    own, *heirs = view.directory.heirs(agency.code, day)
    return {
        "day": day,
        "state": _state(agency, day),
        "code": agency.code,
        "twin": agency.twin,
        "name": agency.name,
        "kind": agency.kind,
        "parent": agency.parent,
        "valid_from": cell(agency.valid_from) or None,
        "valid_to": cell(agency.valid_to) or None,
        "successor": agency.successor,
        "choices": list(agency.choices),
        "heirs": heirs,
        "forebears": list(view.directory.forebears(own, day)),
        "intake": agency.intake,
        "local": view.axis.is_local(agency.code),
        "system": system.account if system else None,
        "channel": cell(system.channel) if system else None,
        "profile": cell(agency.profile or (system.profile if system else None)) or None,
        "certificates": sorted(agency.pins),
        "source": agency.source or None,
        "registered_by": agency.registered_by or None,
        "route": way_of(leg),
        "advice": next((said.text("en") for said in (leg.refusal, leg.note) if said), None),
        "periods": [
            {"valid_from": row.valid_from, "valid_to": row.valid_to, "name": row.name}
            for row in view.directory.former.get(agency.code, ())
        ],
    }


def _unknown(code: str, known: Directory) -> BadInput:
    close = get_close_matches(code, known.agencies, n=3)
    mend = (
        f"did you mean {' or '.join(close)}?" if close else "axisd directory list WORDS finds one"
    )
    return BadInput(f"{code} is not in the directory", mend=mend)


def _kind(item: Remark) -> str:
    return item.kind


def _place(item: Remark) -> dict[str, Any]:
    return {"file": item.problem.file, "line": item.problem.line}
