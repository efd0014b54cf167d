"""Whether deliveries, receipts and the outbox agree: what the chain does not cover, since it changes.

A plain function of a connection. Deliveries that still have to leave are found by an index of nothing else,
so that all of it is as quick as the backlog is small, however large the ledger.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, literal_column, select, text

from axisd.adapters.ledger import tables
from axisd.core.records import OutboxKind

_delivery = tables.delivery.c
_outbox = tables.outbox.c
_receipt = tables.receipt.c


def _of_kind(kind: OutboxKind) -> ColumnElement[bool]:
    return _outbox.kind == literal_column(f"'{kind}'")


CONTRADICTIONS: Final[tuple[tuple[str, Select[Any]], ...]] = (
    (
        "delivery {} has to leave, and nothing in the outbox sends it",
        select(_delivery.id)
        .select_from(tables.delivery.outerjoin(tables.outbox, _outbox.id == _delivery.id))
        .where(text(tables.STILL_OPEN), _outbox.id.is_(None)),
    ),
    (
        "the outbox sends {}, which is no delivery",
        select(_outbox.id)
        .select_from(tables.outbox.outerjoin(tables.delivery, _outbox.id == _delivery.id))
        .where(_of_kind(OutboxKind.DELIVERY), _delivery.id.is_(None)),
    ),
    (
        "the outbox sends {}, which is no receipt",
        select(_outbox.id)
        .select_from(tables.outbox.outerjoin(tables.receipt, _outbox.id == _receipt.id))
        .where(_of_kind(OutboxKind.RECEIPT), _receipt.id.is_(None)),
    ),
)
"""What must not be, as a sentence and what finds it."""


def contradictions(connection: Connection, limit: int) -> list[str]:
    """What the deliveries and the outbox contradict each other in, as sentences, at most `limit` of each kind.

    A row whose delivery has ended is none: a recipient's status may overtake the mark of the confirm.
    """
    return [
        sentence.format(row.id)
        for sentence, statement in CONTRADICTIONS
        for row in connection.execute(statement.limit(limit))
    ]
