"""`axisd national failed`: items of the national axis that did not become documents here, and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from axisd.adapters.clock import SystemClock
from axisd.cli.frame import AxisCommand, config_option, json_option
from axisd.cli.loop import finish
from axisd.cli.output import note, say, say_json, say_table, visible
from axisd.cli.reading import ledger_at
from axisd.config.load import load
from axisd.core.federation import TurnedAway, Untaken
from axisd.core.reasons import REASONS
from axisd.core.zone import wire_time
from axisd.service.reconcile import start_of


@click.command(
    "failed",
    cls=AxisCommand,
    examples=[
        ("national failed", "of the last 30 days: what was refused, and what cannot be taken"),
        ("national failed --days 1 --json", "for machines"),
    ],
)
@click.option(
    "--days",
    type=click.IntRange(0, 3650),
    default=30,
    show_default=True,
    help="How many days back refused items are listed.",
)
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=100,
    show_default=True,
    help="Items of either sort at most, the newest refused and the oldest not taken.",
)
@config_option
@json_option
def failed(days: int, limit: int, config: Path, as_json: bool) -> None:
    """List items that were called fail there, and those that could not be taken again and again.

    Refused ones are done with: their sender has to send something else. What could not be taken is still tried;
    where it is no longer listed, it never came. Reads the ledger beside the running daemon.
    """
    folder = load(config).ledger.folder
    refused, untaken = finish(_read(folder, start_of(SystemClock().now(), days), limit))
    if as_json:
        say_json(
            {
                "refused": [_refused(one) for one in refused],
                "untaken": [_untaken(one) for one in untaken],
            }
        )
        return
    if not refused and not untaken:
        note("nothing failed", "good")
        return
    if untaken:
        say("not taken, again and again:")
        say_table(
            ("NUMBER", "KIND", "FROM", "TO", "SINCE", "TRIES", "LISTED", "CAUSE"),
            [_untaken_row(one) for one in untaken],
        )
    if refused:
        say("refused, and called fail there:")
        say_table(
            ("NUMBER", "KIND", "FROM", "RECEIVED", "REASON", "SUBMISSION"),
            [_refused_row(one) for one in refused],
        )
        note("next: axisd document trace SUBMISSION tells everything about one")


async def _read(
    folder: Path, since: datetime, limit: int
) -> tuple[Sequence[TurnedAway], Sequence[Untaken]]:
    async with ledger_at(folder) as reader:
        return await reader.turned_away(since, limit), await reader.untaken(limit)


def _place(one: TurnedAway) -> str:
    line = f", line {one.line}" if one.line else ""
    return f"{one.at or ''}{line}"


def _refused_row(one: TurnedAway) -> tuple[str, ...]:
    place = f" ({_place(one)})" if one.at or one.line else ""
    return (
        visible(one.doc_id) or "–",
        one.kind or "–",
        visible(one.sender) or "–",
        wire_time(one.received_at),
        f"{one.reason or one.state}{place}",
        one.submission_id,
    )


def _untaken_row(one: Untaken) -> tuple[str, ...]:
    return (
        visible(one.doc_id),
        one.kind,
        visible(one.sender) or "–",
        visible(one.recipient) or "–",
        wire_time(one.since),
        str(one.tries),
        "yes" if one.listed else "no longer",
        visible(one.cause),
    )


def _refused(one: TurnedAway) -> dict[str, Any]:
    reason = REASONS.get(one.reason)
    return {
        "number": one.doc_id or None,
        "kind": one.kind or None,
        "sender": one.sender or None,
        "document_id": one.document_id or None,
        "received_at": wire_time(one.received_at),
        "state": one.state,
        "reason": one.reason or None,
        "fault": reason.fault if reason else None,
        "at": one.at,
        "line": one.line,
        "submission": one.submission_id,
    }


def _untaken(one: Untaken) -> dict[str, Any]:
    return {
        "number": one.doc_id,
        "kind": one.kind,
        "sender": one.sender or None,
        "recipient": one.recipient or None,
        "since": wire_time(one.since),
        "tried_at": wire_time(one.tried_at) if one.tried_at else None,
        "tries": one.tries,
        "listed": one.listed,
        "cause": one.cause,
    }
