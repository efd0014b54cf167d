"""Items of mailboxes as rows: between the core's values and the table, and how a group of changes is written.

What is read of them is in `axisd.adapters.ledger.mailbox`. Rows that contradict each other raise IntegrityError.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from axisd.adapters.ledger import codec, tables
from axisd.adapters.ledger.chunks import chunks
from axisd.core.mailbox import ItemState, MailboxItem, MailboxMark, words_of
from axisd.core.reasons import Event
from axisd.core.records import Delivery, Records
from axisd.core.submission import Lane
from axisd.errors import IntegrityError

ACCEPTANCES: Final = frozenset({Event.SUBMISSION_ACCEPTANCE, Event.RECEIVED_FROM_NON_ERDS})
"""Entries whose place in the chain is the number of a message."""

_submission = tables.submission.c
_entry = tables.entry.c

_INSERT: Final = insert(tables.mailbox)
_ACCEPTED: Final = (
    select(_submission.id, _submission.kind, func.min(_entry.position).label("number"))
    .join(tables.entry, _entry.submission_id == _submission.id)
    .where(
        _submission.id.in_(bindparam("keys", expanding=True)), _entry.event.in_(sorted(ACCEPTANCES))
    )
    .group_by(_submission.id, _submission.kind)
)
_MARK: Final = (
    update(tables.mailbox)
    .where(tables.mailbox.c.id == bindparam("key"))
    .values({name: bindparam(name) for name in ("state", "marked_at", "fetched_at", "cause")})
)


def write(connection: Connection, records: Records) -> None:
    """The items of new deliveries, whose submissions and entries are there already, and then the marks, in the
    order of the changes."""
    new = [one for change in records.changes for one in change.deliveries if one.first_mark]
    if new:
        _place(connection, new)
    marks = [
        {"key": mark.id, **_columns(mark)} for change in records.changes for mark in change.mailbox
    ]
    if marks and connection.execute(_MARK, marks).rowcount != len(marks):
        raise IntegrityError("an item that is in no mailbox was to be marked")


def _place(connection: Connection, deliveries: Iterable[Delivery]) -> None:
    new = {delivery.id: delivery for delivery in deliveries}
    found = {
        row.id: row
        for chunk in chunks({delivery.submission_id for delivery in new.values()})
        for row in connection.execute(_ACCEPTED, {"keys": chunk})
    }
    rows = []
    for key, delivery in new.items():
        mark, accepted = delivery.first_mark, found.get(delivery.submission_id)
        if mark is None or accepted is None:
            raise IntegrityError(f"mailbox item {key} is of a submission without acceptance")
        rows.append(
            {
                "id": key,
                "inbox": delivery.inbox,
                "kind": accepted.kind,
                "lane": delivery.lane,
                "number": accepted.number,
                "created_at": codec.instant(delivery.created_at),
                **_columns(mark),
            }
        )
    connection.execute(_INSERT, rows)


def _columns(mark: MailboxMark) -> codec.Columns:
    return {
        "state": mark.state,
        "marked_at": codec.instant(mark.at),
        "fetched_at": codec.maybe_instant(mark.fetched_at),
        "cause": mark.cause,
    }


def mark_of(row: Row[Any], key: str, state: str | None) -> MailboxMark | None:
    """The mark of the delivery `key` from a row that has the columns of a mark; `state` None where there is
    no item."""
    if state is None:
        return None
    return MailboxMark(
        id=key,
        state=ItemState(state),
        at=codec.moment(row.marked_at),
        cause=row.cause,
        fetched_at=codec.maybe_moment(row.fetched_at),
    )


def item_of(row: Row[Any]) -> MailboxItem:
    """The item from a row of its delivery, its payload's size and itself."""
    mark = mark_of(row, row.id, row.state)
    assert mark is not None, "the column is never NULL"
    business, status = words_of(row.business)
    return MailboxItem(
        mark=mark,
        number=row.number,
        submission_id=row.submission_id,
        document_id=row.document_id,
        kind=row.kind,
        business=business,
        status=status,
        sender=row.sender,
        addressed=tuple(json.loads(row.addressed)),
        inbox=row.inbox,
        lane=Lane(row.lane),
        size=row.size,
        digest=row.digest,
        created_at=codec.moment(row.created_at),
    )
