"""What recipients owe, and what we owe them: counted and listed from indexes that hold nothing else.

Plain functions of a connection. None of them reads what was done: the cost grows with what is awaited, never
with the years.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Row,
    Select,
    case,
    func,
    literal_column,
    select,
    text,
)

from axisd.adapters.ledger import codec, tables
from axisd.core.history import CONSIGNMENT, Awaited
from axisd.core.policy import DeadlineKind
from axisd.core.records import Delivery, OutboxKind

_delivery = tables.delivery.c
_outbox = tables.outbox.c

_NAMES: Final[Mapping[str, str]] = {
    DeadlineKind.ARRIVAL: "arrival",
    DeadlineKind.REGISTRATION: "registration",
    DeadlineKind.REPLY: "reply",
    DeadlineKind.RECALL_ANSWER: "recall",
}
_FIRST_DUE: Final = func.coalesce(
    _delivery.arrival_due,
    _delivery.registration_due,
    _delivery.reply_due,
    _delivery.recall_due,
)
_OF_DELIVERY: Final = _outbox.kind == literal_column(f"'{OutboxKind.DELIVERY}'")


def next_due(connection: Connection) -> datetime | None:
    """When something is due next; in the past if nobody has looked yet."""
    statement = select(func.min(_delivery.next_due)).where(_delivery.next_due.is_not(None))
    return codec.maybe_moment(connection.execute(statement).scalar_one())


def awaited(connection: Connection, now: datetime) -> list[Awaited]:
    """By kind and inbox, as of `now`."""
    at = codec.instant(now)
    found: list[Awaited] = []
    for kind, name in _NAMES.items():
        due = _due(name)
        statement = _counted(due, at).where(text(tables.awaited(name)))
        found += _read(kind, connection.execute(statement))
    owed = _counted(_FIRST_DUE, at).join(tables.outbox, _outbox.id == _delivery.id)
    statement = owed.where(_OF_DELIVERY, _FIRST_DUE.is_not(None))
    return [*found, *_read(CONSIGNMENT, connection.execute(statement))]


def overdue(
    connection: Connection, now: datetime, kind: str, inbox: str, limit: int
) -> list[Delivery]:
    """Deliveries of which what `kind` says is overdue, the longest overdue first. `inbox` "" for all."""
    at = codec.instant(now)
    if kind == CONSIGNMENT:
        due: ColumnElement[Any] = _FIRST_DUE
        statement = select(tables.delivery).join(tables.outbox, _outbox.id == _delivery.id)
        statement = statement.where(_OF_DELIVERY)
    else:
        due = _due(_NAMES[kind])
        statement = select(tables.delivery).where(text(tables.awaited(_NAMES[kind])))
    if inbox:
        statement = statement.where(_delivery.inbox == inbox)
    rows = connection.execute(statement.where(due <= at).order_by(due, _delivery.id).limit(limit))
    return [codec.delivery_of(row) for row in rows]


def _due(name: str) -> Column[int]:
    column: Column[int] = _delivery[f"{name}_due"]
    return column


def _counted(due: ColumnElement[Any], at: int) -> Select[Any]:
    passed = due <= at
    return (
        select(
            _delivery.inbox,
            func.sum(case((passed, 1), else_=0)).label("overdue"),
            func.min(due).label("first"),
            func.sum(case((passed, 0), else_=1)).label("waiting"),
            func.min(case((passed, None), else_=due)).label("next_due"),
        )
        .group_by(_delivery.inbox)
        .order_by(_delivery.inbox)
    )


def _read(kind: str, rows: Iterable[Row[Any]]) -> list[Awaited]:
    return [
        Awaited(
            kind,
            row.inbox,
            row.overdue,
            codec.moment(row.first) if row.overdue else None,
            row.waiting,
            codec.maybe_moment(row.next_due),
        )
        for row in rows
    ]
