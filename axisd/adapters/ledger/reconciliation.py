"""Whether deliveries, receipts, outbox and mailboxes agree: what the chain does not cover, since it changes.

A plain function of a connection. Deliveries that still have to leave, those that lie in a mailbox, and items that
wait there are found by indexes of nothing else, so that all of it is as quick as the backlog is small, however
large the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, literal_column, or_, select, text

from axisd.adapters.ledger import tables
from axisd.core.effects import OUT
from axisd.core.mailbox import WAITING
from axisd.core.records import OutboxKind, RouteKind

_delivery = tables.delivery.c
_outbox = tables.outbox.c
_receipt = tables.receipt.c
_mailbox = tables.mailbox.c


def _of_kind(kind: OutboxKind) -> ColumnElement[bool]:
    return _outbox.kind == literal_column(f"'{kind}'")


def _literal(words: Iterable[str]) -> list[ColumnElement[str]]:
    return [literal_column(f"'{word}'") for word in words]


_PLACED: Final = select(_delivery.id).where(text(tables.IN_A_MAILBOX)).subquery("placed")
_WAITING: Final = select(_mailbox.id).where(text(tables.WAITING)).subquery("waiting")

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
    (
        "delivery {} lies in a mailbox, and no item shows it there",
        select(_PLACED.c.id)
        .select_from(_PLACED.outerjoin(tables.mailbox, _mailbox.id == _PLACED.c.id))
        .where(or_(_mailbox.id.is_(None), ~_mailbox.state.in_(_literal(WAITING)))),
    ),
    (
        "the item {} waits in a mailbox, and its delivery does not",
        select(_WAITING.c.id)
        .select_from(_WAITING.outerjoin(tables.delivery, _delivery.id == _WAITING.c.id))
        .where(
            or_(
                _delivery.id.is_(None),
                ~_delivery.route.in_(_literal([RouteKind.MAILBOX])),
                _delivery.state.in_(_literal(sorted(OUT))),
            )
        ),
    ),
)
"""What must not be, as a sentence and what finds it."""


def contradictions(connection: Connection, limit: int) -> list[str]:
    """What deliveries, outbox and mailboxes contradict each other in, as sentences, at most `limit` of each kind.

    A row whose delivery has ended is none: a recipient's status may overtake the mark of the confirm.
    """
    return [
        sentence.format(row.id)
        for sentence, statement in CONTRADICTIONS
        for row in connection.execute(statement.limit(limit))
    ]
