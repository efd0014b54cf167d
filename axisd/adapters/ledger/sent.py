"""Whether somebody was sent a document, by its number: what checkExistDocument asks."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, exists, literal_column, select

from axisd.adapters.ledger import tables

_delivery = tables.delivery.c
_submission = tables.submission.c


def was_sent(
    connection: Connection,
    number: str,
    notation: str,
    senders: Collection[str],
    recipients: Collection[str],
) -> bool:
    """Whether one of `senders` ever sent a document with this number and notation to one of `recipients`."""
    documents = select(_submission.id).where(
        # Written out, not bound: only so does the partial index apply.
        _submission.number != literal_column("''"),
        _submission.number == number,
        _submission.notation == notation,
        _submission.sender.in_(senders),
    )
    delivered = exists().where(
        _delivery.submission_id.in_(documents), _delivery.recipient.in_(recipients)
    )
    return bool(connection.execute(select(delivered)).scalar_one())
