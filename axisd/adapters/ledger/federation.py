"""What the ledger knows of the traffic with the national axis: for operators, and for reconciliation.

Plain functions of a connection. What went there and what was refused from there is found by partial indexes of
nothing else, by time or newest first, a page at a time: the cost grows with the days asked for, never with the years.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Row,
    bindparam,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects import sqlite

from axisd.adapters.ledger import codec, tables
from axisd.adapters.ledger.chunks import chunks
from axisd.core.federation import Attempted, Relayed, SettledItem, TurnedAway, Untaken
from axisd.core.lifecycle import DeliveryState
from axisd.core.records import RouteKind
from axisd.core.submission import Door
from axisd.errors import IntegrityError

PAGE: Final = 2000
"""Messages read at a time."""

_delivery = tables.delivery.c
_entry = tables.entry.c
_external = tables.external.c
_submission = tables.submission.c
_untaken = tables.untaken.c

_KEYS: Final[BindParameter[Any]] = bindparam("keys", expanding=True)
_NATIONAL: Final[ColumnElement[str]] = literal_column(f"'{RouteKind.NATIONAL}'")

RELAYED: Final = (
    select(
        _entry.position,
        _entry.at,
        _entry.content,
        _entry.delivery_id,
        _delivery.sender,
        _delivery.inbox,
        _delivery.document_id,
        _delivery.state,
        _delivery.reason,
        _submission.kind,
    )
    .with_hint(tables.entry, "INDEXED BY entry_relayed", "sqlite")
    .join(tables.delivery, _delivery.id == _entry.delivery_id)
    .join(tables.submission, _submission.id == _delivery.submission_id)
    .where(
        text(tables.RELAYED),
        _entry.at >= bindparam("start"),
        (_entry.at > bindparam("start")) | (_entry.position > bindparam("after")),
    )
    .order_by(_entry.at, _entry.position)
    .limit(bindparam("most"))
)
TURNED_AWAY: Final = (
    select(tables.submission)
    .where(text(tables.TURNED_AWAY_NATIONAL), _submission.received_at >= bindparam("since"))
    .order_by(_submission.id.desc())
    .limit(bindparam("most"))
)
_EVIDENCE: Final = select(_entry.submission_id, _entry.content).where(
    _entry.submission_id.in_(_KEYS)
)
SETTLED: Final = (
    select(_external.external_id, _submission.received_at)
    .join(tables.submission, _submission.id == _external.submission_id)
    .where(_external.external_id.in_(_KEYS), _external.door == literal_column(f"'{Door.NATIONAL}'"))
)
NUMBERED: Final = (
    select(
        _delivery.id,
        _delivery.sender,
        _delivery.inbox,
        _delivery.document_id,
        _delivery.state,
        _submission.kind,
    )
    .join(tables.submission, _submission.id == _delivery.submission_id)
    .where(
        # Written out, not bound: only so does the partial index apply.
        _submission.number != literal_column("''"),
        _submission.number == bindparam("number"),
        _submission.notation == bindparam("notation"),
        _delivery.route == _NATIONAL,
    )
    .order_by(_delivery.id.desc())
    .limit(bindparam("most"))
)
UNTAKEN: Final = (
    select(tables.untaken).order_by(_untaken.since, _untaken.doc_id).limit(bindparam("most"))
)
_untaken_row = sqlite.insert(tables.untaken)
_KEEP: Final = _untaken_row.on_conflict_do_update(
    index_elements=[_untaken.kind, _untaken.doc_id],
    set_={
        name: getattr(_untaken_row.excluded, name)
        for name in ("sender", "recipient", "since", "tried_at", "tries", "cause", "listed")
    },
)
_FORGET: Final = tables.untaken.delete().where(
    _untaken.kind == bindparam("of_kind"), _untaken.doc_id == bindparam("number")
)


class Place(NamedTuple):
    """Where a page of what was relayed ended: milliseconds, and the position in the chain."""

    at: int
    position: int = 0


class Page(NamedTuple):
    """`after`: where the next page begins; None when there is none."""

    relayed: list[Relayed]
    after: Place | None


def begin(start: datetime) -> Place:
    """Before everything that was relayed from `start` on."""
    return Place(-(-codec.instant(start) // 1000))


def relayed(connection: Connection, after: Place, most: int = PAGE) -> Page:
    """What the national axis took, in order of time, behind `after`."""
    place = {"start": after.at, "after": after.position, "most": most}
    rows: list[Row[Any]] = list(connection.execute(RELAYED, place))
    last = rows[-1] if len(rows) == most else None
    return Page(
        [_relayed(row) for row in rows], Place(last.at, last.position) if last is not None else None
    )


def turned_away(connection: Connection, since: datetime, limit: int) -> list[TurnedAway]:
    """Items that were refused since then, the newest `limit` of them, newest first."""
    rows = connection.execute(TURNED_AWAY, {"since": codec.instant(since), "most": limit}).all()
    numbers = _numbers(connection, [row.id for row in rows])
    return [
        TurnedAway(
            submission_id=row.id,
            doc_id=numbers.get(row.id, "").partition("/")[2],
            kind=row.kind or numbers.get(row.id, "").partition("/")[0],
            received_at=codec.moment(row.received_at),
            sender=row.sender,
            document_id=row.document_id,
            state=row.state,
            reason=row.reason,
            at=row.at,
            line=row.line,
        )
        for row in rows
    ]


def settled_items(connection: Connection, external_ids: Iterable[str]) -> list[SettledItem]:
    """Which of these items of the national axis (`KIND/NUMBER`) were accepted here, and when they came."""
    return [
        SettledItem(row.external_id, codec.moment(row.received_at))
        for chunk in chunks(external_ids)
        for row in connection.execute(SETTLED, {"keys": chunk})
    ]


def numbered(
    connection: Connection, number: str, notation: str, limit: int = 100
) -> list[Attempted]:
    """Deliveries over the national axis of documents with this number and notation, newest first."""
    rows = connection.execute(NUMBERED, {"number": number, "notation": notation, "most": limit})
    return [
        Attempted(
            row.id, row.kind, row.sender, row.inbox, row.document_id, DeliveryState(row.state)
        )
        for row in rows
    ]


def untaken(connection: Connection, limit: int) -> list[Untaken]:
    """Items that could not be taken, the longest known first."""
    return [codec.untaken_of(row) for row in connection.execute(UNTAKEN, {"most": limit})]


def record_untaken(connection: Connection, of: Untaken) -> None:
    """Keeps it in the place of what was kept of it before."""
    connection.execute(_KEEP, codec.untaken_columns(of))


def forget_untaken(connection: Connection, kind: str, doc_id: str) -> None:
    """Forgets it, if it is there."""
    connection.execute(_FORGET, {"of_kind": kind, "number": doc_id})


def _relayed(row: Row[Any]) -> Relayed:
    return Relayed(
        number=_external_of(row.content),
        at=codec.moment(row.at * 1000),
        delivery_id=row.delivery_id,
        kind=row.kind,
        sender=row.sender,
        inbox=row.inbox,
        document_id=row.document_id,
        state=DeliveryState(row.state),
        reason=row.reason,
    )


def _numbers(connection: Connection, submissions: Sequence[str]) -> dict[str, str]:
    """By submission: the number under which the national axis had it, as its evidence says."""
    found: dict[str, str] = {}
    for chunk in chunks(submissions):
        for row in connection.execute(_EVIDENCE, {"keys": chunk}):
            if external := _external_of(row.content):
                found[row.submission_id] = external
    return found


def _external_of(content: str) -> str:
    try:
        return str(json.loads(content)["external"] or "")
    except (ValueError, KeyError, TypeError) as wrong:
        raise IntegrityError(f"an entry of the ledger is not readable: {wrong}") from wrong
