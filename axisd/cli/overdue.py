"""`axisd document overdue`: what recipients owe, what the axis owes them, and what is due next.

Reads beside the running daemon, changes nothing, and shows neither subject nor content.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from axisd.adapters.clock import SystemClock
from axisd.cli.frame import AxisCommand, config_option, json_option
from axisd.cli.loop import finish
from axisd.cli.output import note, say, say_json, say_table
from axisd.cli.reading import ledger_at
from axisd.config.load import load
from axisd.core.deadlines import due_of, first_due
from axisd.core.history import CONSIGNMENT, Awaited
from axisd.core.policy import DeadlineKind
from axisd.core.records import Delivery
from axisd.core.zone import wire_time

_KINDS = (*(kind.value for kind in DeadlineKind), CONSIGNMENT)


@click.command(
    "overdue",
    cls=AxisCommand,
    examples=[
        ("document overdue", "how much, by kind and by agency, and what is due next"),
        ("document overdue --agency 000.00.11.H53", "what one agency owes"),
        ("document overdue --kind reply --documents", "each delivery, the longest overdue first"),
        ("document overdue --json", "for machines"),
    ],
)
@click.option("--kind", type=click.Choice(_KINDS), help="One kind of deadline.")
@click.option("--agency", metavar="CODE", help="What this agency's inbox owes.")
@click.option("--documents", is_flag=True, help="Every delivery, not only how many.")
@click.option(
    "--limit",
    type=click.IntRange(1, 100_000),
    default=100,
    show_default=True,
    help="Deliveries of each kind at most.",
)
@config_option
@json_option
def overdue(
    kind: str | None,
    agency: str | None,
    documents: bool,
    limit: int,
    config: Path,
    as_json: bool,
) -> None:
    """List what is overdue by the working calendar, and what is due next.

    arrival, registration, reply and recall-answer are what recipients owe; consignment is what still lies
    in the axis's own outbox past its deadline. Agencies are those whose inbox it is: an office also answers
    for whom it receives for.
    """
    folder, now = load(config).ledger.folder, SystemClock().now()
    kinds = [kind] if kind else list(_KINDS)
    found = [
        item
        for item in finish(_awaited(folder, now))
        if item.kind in kinds and agency in {None, item.inbox}
    ]
    late = [item.kind for item in found if item.overdue]
    listed = {
        name: finish(_overdue(folder, now, name, agency or "", limit))
        for name in (kinds if documents else ())
        if name in late
    }
    if as_json:
        say_json(_values(now, found, listed if documents else None))
        return
    _say_counts(found)
    for name, deliveries in listed.items():
        _say_deliveries(name, deliveries)
        hidden = sum(item.overdue for item in found if item.kind == name) - len(deliveries)
        if hidden > 0:
            note(f"{hidden} more are overdue; --limit shows them")


async def _awaited(folder: Path, now: datetime) -> Sequence[Awaited]:
    async with ledger_at(folder) as reader:
        return await reader.awaited(now)


async def _overdue(
    folder: Path, now: datetime, kind: str, agency: str, limit: int
) -> Sequence[Delivery]:
    async with ledger_at(folder) as reader:
        return await reader.overdue(now, kind, agency, limit)


def _say_counts(found: Sequence[Awaited]) -> None:
    if not found:
        note("nothing is overdue, and nothing is awaited", "good")
        return
    if not any(item.overdue for item in found):
        note("nothing is overdue", "good")
    say_table(
        ("KIND", "AGENCY", "OVERDUE", "SINCE", "WAITING", "DUE NEXT"),
        [
            (
                item.kind,
                item.inbox,
                str(item.overdue),
                _time(item.since) or "–",
                str(item.waiting),
                _time(item.next_due) or "–",
            )
            for item in found
        ],
        roles=["bad" if item.overdue else None for item in found],
    )


def _say_deliveries(kind: str, deliveries: Sequence[Delivery]) -> None:
    say()
    say_table(
        ("KIND", "DUE", "RECIPIENT", "STATE", "STATUS", "FROM", "DOCUMENT"),
        [
            (
                kind,
                _time(_due(one, kind)) or "–",
                one.identity.recipient,
                one.state,
                one.status or "–",
                one.identity.sender,
                one.identity.document_id,
            )
            for one in deliveries
        ],
    )


def _values(
    now: datetime, found: Sequence[Awaited], listed: dict[str, Sequence[Delivery]] | None
) -> dict[str, Any]:
    values: dict[str, Any] = {
        "at": wire_time(now),
        "awaited": [
            {
                "kind": item.kind,
                "agency": item.inbox,
                "overdue": item.overdue,
                "since": _time(item.since),
                "waiting": item.waiting,
                "due_next": _time(item.next_due),
            }
            for item in found
        ],
    }
    if listed is not None:
        values["deliveries"] = [
            {
                "kind": kind,
                "due": _time(_due(one, kind)),
                "id": one.id,
                "document_id": one.identity.document_id,
                "from": one.identity.sender,
                "recipient": one.identity.recipient,
                "agency": one.inbox,
                "state": one.state,
                "status": one.status or None,
                "told": sorted(one.watch.told),
            }
            for kind, deliveries in listed.items()
            for one in deliveries
        ]
    return values


def _due(delivery: Delivery, kind: str) -> datetime | None:
    if kind == CONSIGNMENT:
        return first_due(delivery.watch)
    return due_of(delivery.watch, DeadlineKind(kind))


def _time(at: datetime | None) -> str | None:
    return wire_time(at, unit="seconds") if at else None
