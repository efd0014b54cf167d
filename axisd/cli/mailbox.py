"""`axisd mailbox`: what lies in the mailboxes of agencies behind doors, and what could not be taken, and why.

Reads beside the running daemon, changes nothing, and shows neither subject nor content.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click

from axisd.adapters.clock import SystemClock
from axisd.cli.exits import BadInput
from axisd.cli.frame import AxisGroup, config_option, json_option
from axisd.cli.loop import finish
from axisd.cli.output import Role, note, say, say_json, say_table, visible
from axisd.cli.reading import ledger_at
from axisd.config.load import load, read
from axisd.core.mailbox import WAITING, ItemState, MailboxItem, MailboxSummary
from axisd.core.zone import day_of, wire_time

_ROLES: Final[dict[ItemState, Role]] = {ItemState.FAIL: "bad", ItemState.DONE: "good"}


@click.group(
    cls=AxisGroup,
    examples=[
        ("mailbox list", "how much waits, by agency and state"),
        ("mailbox list --failed", "what systems could not take, and why"),
        ("mailbox show ID", "one item"),
    ],
)
def mailbox() -> None:
    """What agencies behind doors have to fetch."""


@mailbox.command(
    "list",
    examples=[
        ("mailbox list", "one line for each agency and state"),
        ("mailbox list 000.00.13.H53", "what waits for one agency, oldest first"),
        ("mailbox list --failed", "what was not taken, with its cause"),
        ("mailbox list 000.00.13.H53 --json", "for machines"),
    ],
)
@click.argument("agency", required=False)
@click.option("--failed", is_flag=True, help="Only what its system could not take.")
@click.option(
    "--limit",
    type=click.IntRange(1, 100_000),
    default=100,
    show_default=True,
    help="Items at most.",
)
@config_option
@json_option
def list_(agency: str | None, failed: bool, limit: int, config: Path, as_json: bool) -> None:
    """List what waits in mailboxes: unfetched, fetched and not yet confirmed, or failed.

    AGENCY is the one whose mailbox it is, by any of its codes; an office also has what it receives for others.
    """
    folder = load(config).ledger.folder
    if agency is None and not failed:
        _say_summary(finish(_summary(folder)), as_json)
        return
    code = (
        ""
        if agency is None
        else read(config, day=day_of(SystemClock().now())).view.directory.canonical(agency)
    )
    states = (ItemState.FAIL,) if failed else WAITING
    items = finish(_listed(folder, code, states, limit))
    if as_json:
        say_json([_value(item) for item in items])
        return
    if not items:
        note("nothing has failed" if failed else "nothing waits", "good")
        return
    _say_items(items, agency=agency is None)
    if len(items) == limit:
        note("there may be more; --limit shows them")


@mailbox.command(
    "show",
    examples=[
        ("mailbox show 019c0a3e-…", "an item by its delivery, or all items of a submission"),
        ("mailbox show 16621371", "every item of the message with this number"),
    ],
)
@click.argument("identifier", metavar="ID")
@config_option
@json_option
def show(identifier: str, config: Path, as_json: bool) -> None:
    """Show items of mailboxes, done or not: what they are, how they stand, and why they failed.

    ID is a delivery's (docId of the VXP door), a submission's, or the number of a message: its place in the
    chain of evidence, which the eDoc door adds to its first docId.
    """
    items = finish(_named(load(config).ledger.folder, identifier))
    if not items:
        raise BadInput(
            f"no mailbox has an item {identifier}",
            mend="axisd document trace ID tells where a document went",
        )
    if as_json:
        say_json([_value(item) for item in items])
        return
    for place, item in enumerate(items):
        if place:
            say()
        for name, text in _told(item):
            say(f"{name:<12} {text}")
    note(f"all that happened: axisd document trace {items[0].submission_id}")


async def _summary(folder: Path) -> Sequence[MailboxSummary]:
    async with ledger_at(folder) as reader:
        return await reader.mailboxes.summary()


async def _listed(
    folder: Path, inbox: str, states: Sequence[ItemState], limit: int
) -> Sequence[MailboxItem]:
    async with ledger_at(folder) as reader:
        return await reader.mailboxes.listed(inbox, states, limit)


async def _named(folder: Path, key: str) -> Sequence[MailboxItem]:
    async with ledger_at(folder) as reader:
        boxes = reader.mailboxes
        if found := await boxes.items([key]):
            return found
        digits = key.isascii() and key.isdecimal()
        number = int(key) if digits and len(key) < 20 else await boxes.number_of(key)
        return [] if number is None else await boxes.numbered(number)


def _say_summary(summary: Sequence[MailboxSummary], as_json: bool) -> None:
    if as_json:
        say_json(
            [
                {
                    "agency": one.inbox,
                    "state": one.state,
                    "items": one.items,
                    "oldest": wire_time(one.oldest),
                }
                for one in summary
            ]
        )
        return
    if not summary:
        note("nothing waits in any mailbox", "good")
        return
    say_table(
        ("AGENCY", "STATE", "ITEMS", "OLDEST"),
        [(one.inbox, one.state, str(one.items), _time(one.oldest)) for one in summary],
        roles=[_ROLES.get(one.state) for one in summary],
    )


def _say_items(items: Sequence[MailboxItem], *, agency: bool) -> None:
    rows = [
        (
            *((item.inbox,) if agency else ()),
            _time(item.created_at),
            item.state,
            item.kind,
            item.sender,
            visible(item.document_id),
            item.id,
            visible(item.cause) or "–",
        )
        for item in items
    ]
    head = ("SINCE", "STATE", "KIND", "FROM", "DOCUMENT", "ID", "CAUSE")
    heads = ("AGENCY", *head) if agency else head
    say_table(heads, rows, roles=[_ROLES.get(item.state) for item in items])


def _told(item: MailboxItem) -> list[tuple[str, str]]:
    told = [
        ("item", item.id),
        ("number", str(item.number)),
        ("state", f"{item.state} since {_time(item.updated_at)}"),
        ("came in", _time(item.created_at)),
        ("fetched", _time(item.fetched_at) if item.fetched_at else "never"),
        ("mailbox", item.inbox),
        ("addressed", ", ".join(map(visible, item.addressed))),
        ("from", item.sender),
        ("message", f"{item.kind} {item.business or item.status}, {item.lane} lane"),
        ("document", visible(item.document_id)),
        ("submission", item.submission_id),
        ("payload", f"{item.size} bytes, {item.digest}"),
    ]
    return [*told, ("cause", visible(item.cause))] if item.cause else told


def _value(item: MailboxItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "number": item.number,
        "state": item.state,
        "since": wire_time(item.updated_at),
        "came_in": wire_time(item.created_at),
        "fetched": wire_time(item.fetched_at) if item.fetched_at else None,
        "cause": item.cause or None,
        "agency": item.inbox,
        "addressed": list(item.addressed),
        "from": item.sender,
        "kind": item.kind,
        "business": item.business or None,
        "status": item.status or None,
        "lane": item.lane,
        "document_id": item.document_id,
        "submission": item.submission_id,
        "bytes": item.size,
        "digest": item.digest,
    }


def _time(at: datetime) -> str:
    return wire_time(at, unit="seconds")
