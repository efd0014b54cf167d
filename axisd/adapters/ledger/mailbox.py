"""What is read of mailboxes, and of what was handed in through doors.

Plain functions of a connection, run in one snapshot each. Listing and counting cost what waits, and the sent
list what it shows, not what there ever was: indexes of nothing else answer them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from heapq import nlargest
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    case,
    func,
    select,
    text,
)

from axisd.adapters.ledger import codec, tables
from axisd.adapters.ledger.chunks import chunks
from axisd.adapters.ledger.items import ACCEPTANCES, item_of, mark_of
from axisd.adapters.ledger.reading import submission
from axisd.core.envelope import Kind
from axisd.core.lifecycle import DeliveryState
from axisd.core.mailbox import (
    WAITING,
    ItemState,
    MailboxItem,
    MailboxSummary,
    Place,
    SentItem,
    page,
    place_of,
    received_at,
)
from axisd.core.records import SubmissionRecord
from axisd.core.submission import Lane

_delivery = tables.delivery.c
_entry = tables.entry.c
_mailbox = tables.mailbox.c
_payload = tables.payload.c
_submission = tables.submission.c

# Written out, not bound: only so do the partial indexes apply.
_WAITS: Final = text(tables.WAITING)
_AT_A_DOOR: Final = text(tables.HANDED_IN_AT_A_DOOR)
_IS_ACCEPTANCE: Final = _entry.event.in_(sorted(ACCEPTANCES))
_RANK: Final = case(*((_mailbox.state == state, rank) for rank, state in enumerate(WAITING)))
_KEYS: Final[BindParameter[Any]] = bindparam("keys", expanding=True)
_ITEMS: Final = (
    select(
        tables.mailbox,
        _delivery.submission_id,
        _delivery.document_id,
        _delivery.business,
        _delivery.sender,
        _delivery.addressed,
        _delivery.digest,
        _payload.size,
    )
    .join(tables.delivery, _delivery.id == _mailbox.id)
    .join(tables.payload, _payload.digest == _delivery.digest)
    .order_by(_mailbox.id)
)
_BY_ID: Final = _ITEMS.where(_mailbox.id.in_(_KEYS))
_OF_SUBMISSION: Final = _ITEMS.where(_delivery.submission_id == bindparam("submission"))
_NEWEST: Final = (
    select(_submission.id)
    .where(_AT_A_DOOR, _submission.sender == bindparam("sender"))
    .order_by(_submission.id.desc())
    .limit(bindparam("most"))
)
_SENT: Final = (
    select(
        tables.delivery,
        _submission.kind,
        _submission.subject,
        _submission.notation,
        _submission.received_at,
        _mailbox.state.label("item_state"),
        _mailbox.marked_at,
        _mailbox.fetched_at,
        _mailbox.cause,
    )
    .join(tables.submission, _submission.id == _delivery.submission_id)
    .outerjoin(tables.mailbox, _mailbox.id == _delivery.id)
    .where(_submission.id.in_(_KEYS))
    .order_by(_submission.id.desc(), _delivery.id)
    .limit(bindparam("most"))
)


def waiting(
    connection: Connection,
    inboxes: Collection[str],
    kind: str,
    since: datetime | None,
    until: datetime | None,
    limit: int,
) -> list[MailboxItem]:
    """One page of what waits in these mailboxes, in order."""
    conditions = _in(inboxes, kind)
    if since is not None:
        conditions.append(_mailbox.created_at >= codec.instant(since))
    if until is not None:
        conditions.append(_mailbox.created_at < codec.instant(until))
    urgent, normal = (_first(connection, conditions, lane, limit) for lane in Lane)
    places = page(urgent, normal, limit)
    found = {item.id: item for item in items(connection, [place.id for place in places])}
    return [found[place.id] for place in places]


def _in(inboxes: Collection[str], kind: str) -> list[ColumnElement[bool]]:
    kinds = [kind] if kind else list(Kind)
    return [_mailbox.inbox.in_(list(inboxes)), _mailbox.kind.in_(kinds)]


def _first(
    connection: Connection, conditions: Sequence[ColumnElement[bool]], lane: Lane, limit: int
) -> list[Place]:
    rows = connection.execute(
        select(_mailbox.id, _mailbox.state)
        .where(_WAITS, *conditions, _mailbox.lane == lane)
        .order_by(_RANK, _mailbox.id)
        .limit(limit)
    )
    return [place_of(row.id, ItemState(row.state), lane) for row in rows]


def count(connection: Connection, inboxes: Collection[str], kind: str) -> int:
    """How many items wait in these mailboxes."""
    statement = select(func.count()).select_from(tables.mailbox)
    return connection.execute(statement.where(_WAITS, *_in(inboxes, kind))).scalar_one()


def items(connection: Connection, ids: Collection[str]) -> list[MailboxItem]:
    """By the ids of their deliveries, in order of id; unknown ones are left out."""
    rows = [
        row
        for chunk in chunks(sorted(set(ids)))
        for row in connection.execute(_BY_ID, {"keys": chunk})
    ]
    return [item_of(row) for row in rows]


def numbered(connection: Connection, number: int) -> list[MailboxItem]:
    """All items of the message with this number, in order of id."""
    submission_id = _accepted_at(connection, number)
    if submission_id is None:
        return []
    rows = connection.execute(_OF_SUBMISSION, {"submission": submission_id})
    return [item_of(row) for row in rows]


def number_of(connection: Connection, submission_id: str) -> int | None:
    """The place of a submission's acceptance in the chain, or None."""
    return connection.execute(
        select(_entry.position)
        .where(_entry.submission_id == submission_id, _IS_ACCEPTANCE)
        .order_by(_entry.position)
        .limit(1)
    ).scalar_one_or_none()


def accepted(connection: Connection, number: int) -> SubmissionRecord | None:
    """The submission whose acceptance has this place in the chain, or None."""
    submission_id = _accepted_at(connection, number)
    return None if submission_id is None else submission(connection, submission_id)


def _accepted_at(connection: Connection, number: int) -> str | None:
    if not 0 < number < 2**63:
        return None
    statement = select(_entry.submission_id).where(_entry.position == number, _IS_ACCEPTANCE)
    return connection.execute(statement).scalar_one_or_none()


def sent(
    connection: Connection, senders: Collection[str], kind: str, submission_id: str, limit: int
) -> list[SentItem]:
    """What these organs handed in through doors, newest submissions first, each with its deliveries."""
    newest = _newest(kind, submission_id)
    found = [
        row.id
        for sender in sorted(set(senders))
        for row in connection.execute(newest, {"sender": sender, "most": limit})
    ]
    keys = nlargest(limit, found)
    sent: list[SentItem] = []
    for chunk in chunks(keys):
        if len(sent) < limit:
            rows = connection.execute(_SENT, {"keys": chunk, "most": limit - len(sent)})
            sent += map(_sent, rows)
    return sent


def _newest(kind: str, submission_id: str) -> Select[Any]:
    statement = _NEWEST
    if kind:
        statement = statement.where(_submission.kind == kind)
    if submission_id:
        statement = statement.where(_submission.id == submission_id)
    return statement


def _sent(row: Row[Any]) -> SentItem:
    arrived_at = codec.maybe_moment(row.arrived_at)
    return SentItem(
        submission_id=row.submission_id,
        delivery_id=row.id,
        document_id=row.document_id,
        sender=row.sender,
        recipient=json.loads(row.addressed)[0],
        kind=row.kind,
        title=row.subject or "",
        notation=row.notation,
        sent_at=codec.moment(row.received_at),
        received_at=received_at(arrived_at, mark_of(row, row.id, row.item_state)),
        state=DeliveryState(row.state),
        reason=row.reason,
        status=row.status,
    )


def summary(connection: Connection) -> list[MailboxSummary]:
    """What waits, by mailbox and state."""
    rows = connection.execute(
        select(
            _mailbox.inbox,
            _mailbox.state,
            func.count().label("items"),
            func.min(_mailbox.created_at).label("oldest"),
        )
        .where(_WAITS)
        .group_by(_mailbox.inbox, _mailbox.state)
        .order_by(_mailbox.inbox, _mailbox.state)
    )
    return [
        MailboxSummary(row.inbox, ItemState(row.state), row.items, codec.moment(row.oldest))
        for row in rows
    ]


def listed(
    connection: Connection, inbox: str, states: Collection[ItemState], limit: int
) -> list[MailboxItem]:
    """Items that wait, of one mailbox or (for "") of all, in these states, oldest first: for operators."""
    conditions: list[ColumnElement[bool]] = [_mailbox.state.in_(sorted(states))]
    if inbox:
        conditions.append(_mailbox.inbox == inbox)
    rows = connection.execute(
        select(_mailbox.id)
        .where(_WAITS, *conditions)
        # By time and not by id alone: in the order of ids all that ever was would be gone through.
        .order_by(_mailbox.created_at, _mailbox.id)
        .limit(limit)
    )
    return items(connection, [row.id for row in rows])


def items_of(connection: Connection, document_id: str) -> list[MailboxItem]:
    """All items of a document's messages, whatever their state."""
    rows = connection.execute(_ITEMS.where(_delivery.document_id == document_id))
    return [item_of(row) for row in rows]
