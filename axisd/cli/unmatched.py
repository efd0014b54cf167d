"""`axisd document unmatched`: statuses and recalls that wait for the document that they are about.

Reads beside the running daemon, changes nothing, and shows neither subject nor content; a clerk's own words
only where they were asked for (`--json`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from axisd.cli.frame import AxisCommand, config_option, json_option
from axisd.cli.loop import finish
from axisd.cli.output import note, say_json, say_table
from axisd.cli.reading import ledger_at
from axisd.config.load import load
from axisd.core.history import StatusRecord
from axisd.core.zone import wire_time


@click.command(
    "unmatched",
    cls=AxisCommand,
    examples=[
        ("document unmatched", "the newest first"),
        ("document unmatched --json", "for machines, with what the clerk wrote"),
    ],
)
@click.option(
    "--limit",
    type=click.IntRange(1, 100_000),
    default=100,
    show_default=True,
    help="Lines at most.",
)
@config_option
@json_option
def unmatched(limit: int, config: Path, as_json: bool) -> None:
    """List statuses, and recalls, of documents that this axis does not know, or not yet.

    They were forwarded. When the document comes they are joined to it. A 13 or a recall then takes it back, if
    it comes within delivery.lifetime.
    """
    found, count = finish(_unmatched(load(config).ledger.folder, limit))
    if as_json:
        say_json({"count": count, "statuses": [_value(said) for said in found]})
        return
    if not found:
        note("no status waits for its document", "good")
        return
    say_table(
        ("TIME", "STATUS", "FROM", "ABOUT A DOCUMENT OF", "ASKS", "DOCUMENT"),
        [
            (
                wire_time(said.at, unit="seconds"),
                said.code,
                said.reporter,
                said.issuer,
                said.recipient or "–",
                said.document_id,
            )
            for said in found
        ],
    )
    if count > len(found):
        note(f"{count - len(found)} more are unmatched; --limit shows them")


async def _unmatched(folder: Path, limit: int) -> tuple[Sequence[StatusRecord], int]:
    async with ledger_at(folder) as reader:
        return await reader.unmatched(limit), await reader.unmatched_count()


def _value(said: StatusRecord) -> dict[str, Any]:
    return {
        "time": wire_time(said.at),
        "code": said.code,
        "reporter": said.reporter,
        "issuer": said.issuer,
        "asks": said.recipient,
        "document_id": said.document_id,
        "submission": said.submission_id,
        "words": said.words,
    }
