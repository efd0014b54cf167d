"""`axisd directory history`: what the daemon knew of agencies at any past instant, from the ledger.

Other than `show --at`, which asks today's files about a past day, this says what was in force then, mistakes
and all: what a dispute is about. `axisd ledger verify` proves that the entries are genuine.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from axisd.cli.exits import BadInput
from axisd.cli.frame import AxisCommand, config_option, json_option
from axisd.cli.loop import finish
from axisd.cli.moments import Moment
from axisd.cli.output import note, say_json, say_table
from axisd.cli.reading import ledger_at
from axisd.config.load import load
from axisd.core.directory_text import SUBJECT, heard
from axisd.core.evidence import Entry
from axisd.core.zone import wire_time
from axisd.errors import IntegrityError

_MOST = 10_000
_COLUMNS = ("at", "added", "removed", "changed", "agencies", "after")


@click.command(
    "history",
    cls=AxisCommand,
    examples=[
        ("directory history", "every change, newest first"),
        ("directory history --at 2026-01-05T08:00 --json", "all that was in force at that instant"),
    ],
)
@click.option(
    "--at", type=Moment(), help="The directory that was in force at this instant, whole, as JSON."
)
@config_option
@json_option
def history(at: datetime | None, config: Path, as_json: bool) -> None:
    """List the changes of the daemon's directory, or print the one of an instant.

    A change is what the daemon took into use, at its start or at a reload, whoever edited the files.
    """
    entries, text = finish(_read(load(config).ledger.folder, at))
    if at is not None:
        if text is None:
            raise BadInput(
                f"the ledger knows of no directory at {wire_time(at)}",
                mend="axisd directory history lists what it knows",
            )
        say_json(json.loads(text))
        return
    records = [_record(entry) for entry in entries]
    if as_json:
        say_json(records)
        return
    say_table(
        ["WHEN", "ADDED", "REMOVED", "CHANGED", "AGENCIES", "DIGEST"],
        [[str(item[name]) for name in _COLUMNS] for item in records],
    )
    if not records:
        note("the daemon has not noted any directory yet")


async def _read(folder: Path, at: datetime | None) -> tuple[Sequence[Entry], str | None]:
    """The changes, newest first; and the text of the one that was in force `at` that instant."""
    async with ledger_at(folder) as reader:
        entries = await reader.about(SUBJECT, _MOST)
        then = next((entry for entry in entries if at is not None and entry.at <= at), None)
        if then is None:
            return entries, None
        digest = _record(then)["after"]
        body = await reader.payload(digest)
        if body is None:
            raise IntegrityError(f"the text {digest} of entry {then.position} is not in the ledger")
        return entries, body.decode()


def _record(entry: Entry) -> dict[str, Any]:
    record: dict[str, Any] = heard(json.loads(entry.content)["particulars"])
    return {"position": entry.position, "at": wire_time(entry.at), **record}
