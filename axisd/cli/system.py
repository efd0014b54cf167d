"""`axisd system`: the systems that take part, from enrolment to removal.

The file of systems is the one place where they stand; these commands change it in place, together with what
hangs on it: files of secrets, the accounts on RabbitMQ, and the view of the running daemon.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from axisd.cli.administration import management_option, read_now
from axisd.cli.frame import AxisGroup, config_option, json_option
from axisd.cli.output import note, paint, say, say_json, say_table
from axisd.cli.system_add import add
from axisd.cli.system_file import enrolled
from axisd.cli.system_remove import remove_
from axisd.cli.system_rotate import rotate
from axisd.cli.system_state import state_of
from axisd.cli.system_suspend import resume, suspend
from axisd.config.import_agencies import cell
from axisd.config.load import Configuration
from axisd.config.units import format_size
from axisd.core.allowance import Allowance
from axisd.core.directory import System


@click.group(
    cls=AxisGroup,
    examples=[
        ("system list", "who takes part, and how"),
        ("system add justice --channel amqp --agency 000.00.14.H53 --apply", "enrol one"),
        ("system show finance", "one of them, as it stands now"),
        ("system rotate finance --apply", "a new password"),
        ("system suspend finance", "shut one out at once"),
    ],
)
def system() -> None:
    """Systems: enrol, rotate, suspend, remove."""


for command in (add, rotate, suspend, resume, remove_):
    system.add_command(command)


@system.command(
    "list",
    examples=[("system list", "one line each"), ("system list --json", "for machines")],
)
@config_option
@json_option
def list_(config: Path, as_json: bool) -> None:
    """List the systems that are enrolled."""
    systems = list(read_now(config).view.directory.systems.values())
    if as_json:
        say_json([_row(each) for each in systems])
        return
    say_table(
        ("ACCOUNT", "CHANNEL", "PROFILE", "LIMITS", "AGENCIES"),
        [
            (
                each.account + (" (suspended)" if each.suspended else ""),
                each.channel,
                each.profile,
                _limits(each.allowance),
                ", ".join(each.agencies),
            )
            for each in systems
        ],
        roles=["warn" if each.suspended else None for each in systems],
    )


@system.command(
    "show",
    examples=[
        ("system show finance", "its agencies, connections, what waits, when it last handed in"),
        ("system show finance --json", "for machines"),
    ],
)
@click.argument("account")
@management_option
@config_option
@json_option
def show(account: str, management: Path | None, config: Path, as_json: bool) -> None:
    """Show one system: what is enrolled, and how it stands now. No secret is ever shown."""
    loaded = read_now(config)
    found = enrolled(loaded, account)
    state = state_of(loaded, found, management)
    secrets = len(loaded.secrets.get(account, ()))
    if as_json:
        more = {"names": _names(loaded, found), "registered": _registered(loaded, found)}
        say_json({**_row(found), **more, "secrets": secrets, **state})
        return
    _print(loaded, found, secrets, state)


def _print(loaded: Configuration, found: System, secrets: int, state: dict[str, Any]) -> None:
    say(paint(found.account, "strong"))
    lines = [
        ("channel", str(found.channel)),
        ("profile", str(found.profile)),
        ("suspended", "yes" if found.suspended else "no"),
        ("limits", _limits(found.allowance) or "none of its own"),
        ("registers agencies", _registers(loaded, found)),
        ("last hand-in", state["last_hand_in"] or "none known"),
        ("not yet sent of its own", _count(state["outstanding"])),
    ]
    if secrets:
        lines.append(("valid secrets", str(secrets)))
    else:
        lines.append(("connections", _count(state["connections"])))
    width = max(len(name) for name, _ in lines)
    for name, value in lines:
        say(f"  {name.ljust(width)}  {value}")
    say()
    waiting, queues = state["waiting"] or {}, state["queues"] or {}
    mailboxes = state["mailboxes"] or {}
    rows = []
    for code, name in _names(loaded, found).items():
        inbox = queues.get(f"agency.{code}.inbox")
        rows.append(
            (
                code,
                name,
                _count(waiting.get(code)),
                str(inbox["messages"]) if inbox else "–",
                str(inbox["consumers"]) if inbox else "–",
                ", ".join(f"{n} {state}" for state, n in mailboxes.get(code, {}).items()) or "–",
            )
        )
    head = ("AGENCY", "NAME", "TO BE PLACED", "IN ITS INBOX", "READERS", "IN ITS MAILBOX")
    say_table(head, rows)
    for why in state["unknown"]:
        note(f"not asked: {why}", "warn")


def _row(found: System) -> dict[str, Any]:
    allowance = found.allowance
    return {
        "account": found.account,
        "channel": found.channel,
        "agencies": list(found.agencies),
        "profile": found.profile,
        "suspended": found.suspended,
        "probe": found.probe,
        "registers": found.registers,
        "limits": {
            "rate": allowance.rate,
            "burst": allowance.burst,
            "size": allowance.size,
            "outstanding": allowance.outstanding,
        },
    }


def _names(loaded: Configuration, found: System) -> dict[str, str]:
    directory = loaded.view.directory
    agencies = [directory.find(code) for code in found.agencies]
    return {agency.code: agency.name for agency in agencies if agency is not None}


def _registered(loaded: Configuration, found: System) -> list[dict[str, Any]]:
    """What it registered itself, with the last day of what it closed again."""
    return [
        {"code": agency.code, "name": agency.name, "valid_to": cell(agency.valid_to) or None}
        for agency in loaded.view.directory
        if agency.registered_by == found.account
    ]


def _registers(loaded: Configuration, found: System) -> str:
    told = [
        one["code"] + (f" (closed {one['valid_to']})" if one["valid_to"] else "")
        for one in _registered(loaded, found)
    ]
    may = "yes" if found.registers else "no"
    return f"{may}; {', '.join(told)}" if told else may


def _limits(allowance: Allowance) -> str:
    told = []
    if allowance.rate is not None:
        told.append(f"{allowance.rate:g}/s ({allowance.at_once:g} at once)")
    if allowance.size is not None:
        told.append(format_size(allowance.size))
    if allowance.outstanding is not None:
        told.append(f"{allowance.outstanding} outstanding")
    return ", ".join(told)


def _count(count: int | None) -> str:
    return "–" if count is None else str(count)
