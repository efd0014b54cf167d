"""`axisd outbox`: what has not left yet, and making it due now.

Listing reads the ledger beside the running daemon. Everything that changes something is asked of the
daemon, which is the ledger's only writer.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from axisd.cli.circuits import Broken, circuit_of, in_words, interrupted, say_exits
from axisd.cli.exits import BadInput
from axisd.cli.frame import AxisGroup, config_option, confirmed, json_option, yes_option
from axisd.cli.loop import finish
from axisd.cli.output import note, say_json, say_table
from axisd.cli.reading import ledger_at
from axisd.config.load import load
from axisd.core.records import OutboxRow, OutboxSummary
from axisd.core.zone import wire_time
from axisd.web.control import ControlClient

_DESTINATION = "local:CODE, national:CODE or receipts:CODE; a code alone means all three."


@click.group(
    cls=AxisGroup,
    examples=[
        ("outbox list", "what waits, by destination"),
        ("outbox list --destination 000.00.11.H53", "each row for one agency"),
        ("outbox retry --destination local:000.00.11.H53", "try those now"),
    ],
)
def outbox() -> None:
    """Deliveries and receipts that have not left yet."""


@outbox.command(
    "list",
    examples=[
        ("outbox list", "one line for each destination with rows"),
        ("outbox list --destination 000.00.11.H53", "the rows themselves, oldest first"),
        ("outbox list --json", "for machines"),
    ],
)
@click.option("--destination", metavar="DESTINATION", help=f"Its rows: {_DESTINATION}")
@click.option(
    "--limit",
    type=click.IntRange(1, 100_000),
    default=100,
    show_default=True,
    help="Rows of each destination at most.",
)
@config_option
@json_option
def list_(destination: str | None, limit: int, config: Path, as_json: bool) -> None:
    """List what waits to leave: how much, since when, and why it could not leave before."""
    settings = load(config)
    folder = settings.ledger.folder
    summaries = _matching(finish(_summaries(folder)), destination)
    if destination is None:
        broken = finish(interrupted(settings.control.socket))
        _say_summaries(summaries, broken, as_json)
        say_exits(broken or {}, as_json)
        return
    rows = finish(_rows(folder, [item.destination for item in summaries], limit))
    _say_rows(rows, as_json)
    hidden = sum(item.waiting for item in summaries) - len(rows)
    if hidden > 0:
        note(f"{hidden} more wait; --limit shows them")
    if held := sum(item.held for item in summaries):
        note(f"{held} are held and not listed")


@outbox.command(
    "retry",
    examples=[
        ("outbox retry --destination local:000.00.11.H53", "try what waits for one inbox now"),
        ("outbox retry --destination 000.00.11.H53", "and its receipts, and the national axis"),
        ("outbox retry --all", "everything that waits"),
    ],
)
@click.option("--destination", metavar="DESTINATION", help=_DESTINATION)
@click.option("--all", "everything", is_flag=True, help="Whatever waits.")
@click.option("--dry-run", is_flag=True, help="Say what would be tried; try nothing.")
@yes_option
@config_option
@json_option
def retry(
    destination: str | None, everything: bool, dry_run: bool, yes: bool, config: Path, as_json: bool
) -> None:
    """Make what waits due now, instead of at its next try.

    Nothing is sent twice by it, and nothing changes that would not have happened by itself later; so a
    script need not give --yes.
    """
    if (destination is None) == (not everything):
        raise click.UsageError("give --destination or --all")
    settings = load(config)
    chosen = _matching(finish(_summaries(settings.ledger.folder)), destination)
    if destination is not None and not chosen:
        raise BadInput(
            f"nothing waits for {destination}", mend="axisd outbox list names every destination"
        )
    waiting = sum(item.waiting for item in chosen)
    if dry_run:
        _say_retry(chosen, waiting, as_json, tried=False)
        return
    question = f"Try all {waiting} rows for {len(chosen)} destinations now?"
    if everything and sys.stdin.isatty() and not confirmed(question, yes=yes):
        return
    client = ControlClient(settings.control.socket)
    if everything:
        finish(client.ask("retry", destination=None))
    for item in () if everything else chosen:
        finish(client.ask("retry", destination=item.destination))
    _say_retry(chosen, waiting, as_json, tried=True)


async def _summaries(folder: Path) -> Sequence[OutboxSummary]:
    async with ledger_at(folder) as reader:
        return await reader.outbox_summary()


async def _rows(folder: Path, destinations: Sequence[str], limit: int) -> list[OutboxRow]:
    async with ledger_at(folder) as reader:
        return [
            row
            for destination in destinations
            for row in await reader.outbox_ids(destination, None, limit)
        ]


def _matching(
    summaries: Sequence[OutboxSummary], destination: str | None
) -> Sequence[OutboxSummary]:
    if destination is None:
        return summaries
    return [
        item
        for item in summaries
        if destination in {item.destination, item.destination.partition(":")[2]}
    ]


def _say_summaries(summaries: Sequence[OutboxSummary], broken: Broken, as_json: bool) -> None:
    if as_json:
        say_json([_summary(item) | circuit_of(broken, item.destination) for item in summaries])
        return
    if not summaries:
        note("nothing waits", "good")
        return
    say_table(
        ("DESTINATION", "WAITING", "HELD", "OLDEST", "CIRCUIT", "REASONS"),
        [
            (
                item.destination,
                str(item.waiting),
                str(item.held),
                wire_time(item.oldest) if item.oldest else "–",
                in_words(broken, item.destination),
                ", ".join(f"{reason} ({count})" for reason, count in item.reasons.items()),
            )
            for item in summaries
        ],
    )


def _say_rows(rows: Sequence[OutboxRow], as_json: bool) -> None:
    if as_json:
        say_json([_row(row) for row in rows])
        return
    if not rows:
        note("nothing waits there", "good")
        return
    say_table(
        ("ID", "DESTINATION", "KIND", "LANE", "BYTES", "TRIES", "DUE", "REASON"),
        [
            (
                row.id,
                row.destination,
                row.kind,
                row.lane,
                str(row.size),
                str(row.attempts),
                wire_time(row.due_at),
                row.reason,
            )
            for row in rows
        ],
    )


def _say_retry(
    chosen: Sequence[OutboxSummary], waiting: int, as_json: bool, *, tried: bool
) -> None:
    if as_json:
        destinations = [item.destination for item in chosen]
        say_json({"tried": tried, "rows": waiting, "destinations": destinations})
        return
    rows = f"{waiting} row{'' if waiting == 1 else 's'}"
    note(f"{rows} {'due now' if tried else 'would be tried'}: {_names(chosen)}")
    if tried:
        note("next: axisd outbox list shows what could not leave, and why")


def _names(chosen: Sequence[OutboxSummary]) -> str:
    return ", ".join(item.destination for item in chosen) or "nothing waits"


def _summary(item: OutboxSummary) -> dict[str, Any]:
    return {
        "destination": item.destination,
        "waiting": item.waiting,
        "held": item.held,
        "oldest": wire_time(item.oldest) if item.oldest else None,
        "reasons": dict(item.reasons),
    }


def _row(row: OutboxRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "destination": row.destination,
        "kind": row.kind,
        "lane": row.lane,
        "bytes": row.size,
        "attempts": row.attempts,
        "due": wire_time(row.due_at),
        "reason": row.reason or None,
    }
