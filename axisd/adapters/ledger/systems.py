"""What is asked about systems: what of theirs has not left, when they last handed in.

Plain functions of a connection, as in `axisd.adapters.ledger.reading`. The first costs what is open; the
second reads back in time, at most to the instant that it is given.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, func, literal_column, select

from axisd.adapters.ledger import codec, tables
from axisd.core.records import RouteKind

_delivery = tables.delivery.c
_submission = tables.submission.c


def outstanding(connection: Connection) -> dict[str, int]:
    """How many deliveries still have to leave, by the organ that sent them; what lies in a mailbox has left."""
    rows = connection.execute(
        select(_delivery.sender, func.count().label("waiting"))
        .where(literal_column(tables.STILL_OPEN), _delivery.route != str(RouteKind.MAILBOX))
        .group_by(_delivery.sender)
    )
    return {str(row.sender): int(row.waiting) for row in rows}


def last_hand_in(
    connection: Connection, senders: Collection[str], since: datetime
) -> datetime | None:
    """When something of one of these organs came in last; None if nothing did since `since`."""
    row = connection.execute(
        select(_submission.received_at)
        .where(_submission.sender.in_(senders), _submission.received_at >= codec.instant(since))
        .order_by(_submission.received_at.desc())
        .limit(1)
    ).first()
    return codec.moment(row.received_at) if row is not None else None
