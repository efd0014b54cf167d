"""What is read outside transactions: outbox, parcels, timelines, single rows.

Plain functions of a connection, run in one snapshot each. Nothing here scans a
table that grows with the years; `outbox_summary` scans what waits. Rows that contradict each other
raise IntegrityError.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    Column,
    Connection,
    Row,
    Select,
    bindparam,
    func,
    literal_column,
    select,
)

from axisd.adapters.ledger import codec, tables
from axisd.adapters.ledger.chunks import chunks
from axisd.adapters.ledger.items import mark_of
from axisd.core.envelope import Kind
from axisd.core.evidence import Entry, Facts, Receipt
from axisd.core.history import Link, StatusRecord
from axisd.core.lifecycle import SubmissionState
from axisd.core.records import (
    Delivery,
    OutboxKind,
    OutboxRow,
    OutboxSummary,
    SubmissionRecord,
)
from axisd.core.timeline import Timeline
from axisd.errors import IntegrityError

_delivery = tables.delivery.c
_entry = tables.entry.c
_outbox = tables.outbox.c
_payload = tables.payload.c
_receipt = tables.receipt.c
_submission = tables.submission.c
_status = tables.status.c
_link = tables.link.c

_KEYS: Final[BindParameter[Any]] = bindparam("keys", expanding=True)
# Written out, not bound: only so do the partial indexes apply.
_NOT_HELD: Final = _outbox.held == literal_column("0")
_IN_QUARANTINE: Final = _submission.state == literal_column(f"'{SubmissionState.QUARANTINED}'")
_ROWS: Final = select(tables.outbox, _delivery.document_id.label("about")).outerjoin(
    tables.delivery, _delivery.id == _outbox.id
)
_WAITING: Final = (
    _ROWS.where(
        _outbox.destination == bindparam("destination"),
        _NOT_HELD,
        _outbox.id > bindparam("after"),
    )
    .order_by(_outbox.id)
    .limit(bindparam("most"))
)
_SUMMARY: Final = (
    select(
        _outbox.destination,
        _outbox.held,
        _outbox.reason,
        func.count().label("rows"),
        func.min(_outbox.since).label("since"),
    )
    .group_by(_outbox.destination, _outbox.held, _outbox.reason)
    .order_by(_outbox.destination)
)
_LEAVING: Final = _ROWS.where(_outbox.id.in_(_KEYS), _NOT_HELD)
_IN_OUTBOX: Final = select(_outbox.id).where(_outbox.id.in_(_KEYS))
_DELIVERIES: Final = (
    select(tables.delivery, _submission.facts, _payload.body)
    .join(tables.submission, _submission.id == _delivery.submission_id)
    .join(tables.payload, _payload.digest == _delivery.digest)
    .where(_delivery.id.in_(_KEYS))
)
_RECEIPTS: Final = (
    select(tables.receipt, _submission.facts)
    .join(tables.submission, _submission.id == _receipt.submission_id)
    .where(_receipt.id.in_(_KEYS))
)


def outbox_ids(
    connection: Connection, destination: str, after: str | None, limit: int
) -> list[OutboxRow]:
    """Rows of one destination that are not held, oldest first, behind `after`."""
    rows = connection.execute(
        _WAITING, {"destination": destination, "after": after or "", "most": limit}
    )
    return [codec.outbox_of(row) for row in rows]


def outbox_summary(connection: Connection) -> list[OutboxSummary]:
    """The backlog by destination; `oldest` is of what waits, not of what is held."""
    rows = connection.execute(_SUMMARY).all()
    return [
        _summary(destination, list(group))
        for destination, group in groupby(rows, key=lambda row: str(row.destination))
    ]


def _summary(destination: str, rows: Sequence[Row[Any]]) -> OutboxSummary:
    waiting = [row for row in rows if not row.held]
    reasons: dict[str, int] = {}
    for row in rows:
        if row.reason:
            reasons[row.reason] = reasons.get(row.reason, 0) + row.rows
    return OutboxSummary(
        destination=destination,
        waiting=sum(row.rows for row in waiting),
        held=sum(row.rows for row in rows if row.held),
        oldest=codec.moment(min(row.since for row in waiting)) if waiting else None,
        reasons=reasons,
    )


@dataclass(frozen=True, slots=True)
class Loose:
    """A parcel as the database has it: `body` is not checked, and None where it lies on disk."""

    row: OutboxRow
    body: bytes | None
    facts: Facts
    delivery: Delivery | None = None
    receipt: Receipt | None = None
    must_wait: bool = False


def loose_parcels(connection: Connection, ids: Iterable[str]) -> list[Loose]:
    """In order of id; rows that are gone or held are left out."""
    parcels: list[Loose] = []
    for chunk in chunks(ids):
        rows = [codec.outbox_of(row) for row in connection.execute(_LEAVING, {"keys": chunk})]
        front = _waiting(connection, [key for row in rows for key in row.behind])
        parcels += _delivery_parcels(connection, _of_kind(rows, OutboxKind.DELIVERY), front)
        parcels += _receipt_parcels(connection, _of_kind(rows, OutboxKind.RECEIPT))
    return sorted(parcels, key=lambda parcel: parcel.row.id)


def _of_kind(rows: Iterable[OutboxRow], kind: OutboxKind) -> dict[str, OutboxRow]:
    return {row.id: row for row in rows if row.kind is kind}


def _waiting(connection: Connection, ids: list[str]) -> set[str]:
    """Which of `ids` wait in the outbox, held or not."""
    if not ids:
        return set()
    return {row.id for row in connection.execute(_IN_OUTBOX, {"keys": ids})}


def _delivery_parcels(
    connection: Connection, rows: dict[str, OutboxRow], front: set[str]
) -> Iterator[Loose]:
    for row in _contents(connection, _DELIVERIES, rows):
        yield Loose(
            rows[row.id],
            row.body,
            codec.facts_of(row.facts),
            delivery=codec.delivery_of(row),
            must_wait=not front.isdisjoint(rows[row.id].behind),
        )


def _receipt_parcels(connection: Connection, rows: dict[str, OutboxRow]) -> Iterator[Loose]:
    for row in _contents(connection, _RECEIPTS, rows):
        receipt = codec.receipt_of(row)
        yield Loose(rows[row.id], receipt.body, codec.facts_of(row.facts), receipt=receipt)


def _contents(
    connection: Connection, statement: Select[Any], rows: dict[str, OutboxRow]
) -> Sequence[Row[Any]]:
    if not rows:
        return ()
    found = connection.execute(statement, {"keys": list(rows)}).all()
    if missing := rows.keys() - {row.id for row in found}:
        raise IntegrityError(f"outbox rows without what they announce: {sorted(missing)[:5]}")
    return found


def timeline(connection: Connection, key: str) -> Timeline:
    """All about the document that `key` names: a DocumentId, or one of its submissions or deliveries."""
    submissions = _submissions_about(connection, key)
    ids = [record.facts.submission_id for record in submissions]
    deliveries = _among(connection, _delivery.submission_id, ids, "created_at", "id")
    delivery_ids = [row.id for row in deliveries]
    links = [
        codec.link_of(row)
        for row in _united(
            _among(connection, _link.submission_id, ids, "id"),
            _among(connection, _link.document_id, _document_ids(submissions), "id"),
        )
    ]
    return Timeline(
        submissions=tuple(submissions),
        deliveries=tuple(codec.delivery_of(row) for row in deliveries),
        entries=tuple(
            codec.entry_of(row) for row in _among(connection, _entry.submission_id, ids, "position")
        ),
        receipts=tuple(
            codec.receipt_of(row)
            for row in _among(connection, _receipt.submission_id, ids, "position")
        ),
        statuses=tuple(
            codec.status_of(row)
            for row in _united(
                _among(connection, _status.submission_id, ids, "at", "id"),
                _among(connection, _status.delivery_id, delivery_ids, "at", "id"),
            )
        ),
        links=tuple(links),
        recalls=tuple(
            codec.recall_of(row)
            for row in _among(
                connection, tables.recall.c.delivery_id, delivery_ids, "asked_at", "delivery_id"
            )
        ),
        related=tuple(_related(connection, links, frozenset(ids))),
        mailbox=tuple(
            mark
            for row in _among(connection, tables.mailbox.c.id, delivery_ids, "id")
            if (mark := mark_of(row, row.id, row.state)) is not None
        ),
    )


def _related(
    connection: Connection, links: Iterable[Link], own: frozenset[str]
) -> list[SubmissionRecord]:
    """What else the links name: the documents that refer to this one, and those that it refers to."""
    later = sorted({link.submission_id for link in links} - own)
    named = {(link.issuer, link.document_id) for link in links if link.submission_id in own}
    rows = _united(
        _among(connection, _submission.id, later, "id"),
        _among(connection, _submission.document_id, sorted({key for _, key in named} - {""}), "id"),
    )
    return [
        codec.submission_of(row)
        for row in rows
        if row.id not in own
        if row.id in later or (row.kind == Kind.DOCUMENT and (row.sender, row.document_id) in named)
    ]


def _document_ids(submissions: Iterable[SubmissionRecord]) -> list[str]:
    found = {record.facts.document_id for record in submissions}
    return sorted(found - {""})


def _united(*lists: Iterable[Row[Any]]) -> list[Row[Any]]:
    """Each row once, in the order of the ids, which is that of time."""
    by_id = {row.id: row for rows in lists for row in rows}
    return [by_id[key] for key in sorted(by_id)]


def _submissions_about(connection: Connection, key: str) -> list[SubmissionRecord]:
    named = submission(connection, key) or _submission_of_delivery(connection, key)
    document_id = named.facts.document_id if named else key
    if not document_id:
        # Nothing could be read of it; it is about itself alone.
        return [named] if named else []
    rows = connection.execute(
        select(tables.submission)
        .where(_submission.document_id == document_id)
        .order_by(_submission.received_at, _submission.id)
    )
    return [codec.submission_of(row) for row in rows]


def _submission_of_delivery(connection: Connection, delivery_id: str) -> SubmissionRecord | None:
    row = connection.execute(
        select(tables.submission)
        .join(tables.delivery, _delivery.submission_id == _submission.id)
        .where(_delivery.id == delivery_id)
    ).one_or_none()
    return None if row is None else codec.submission_of(row)


def _among(
    connection: Connection, column: Column[Any], keys: Sequence[str], *order: str
) -> list[Row[Any]]:
    """Rows of the column's table whose value is one of `keys`."""
    rows: list[Row[Any]] = []
    for chunk in chunks(keys):
        rows += connection.execute(select(column.table).where(column.in_(chunk)))
    return sorted(rows, key=lambda row: tuple(getattr(row, name) for name in order))


def due(connection: Connection, before: datetime, limit: int) -> list[str]:
    """Ids of deliveries of which something is due until `before`, the longest due first."""
    rows = connection.execute(
        select(_delivery.id)
        .where(_delivery.next_due.is_not(None), _delivery.next_due <= codec.instant(before))
        .order_by(_delivery.next_due, _delivery.id)
        .limit(limit)
    )
    return [row.id for row in rows]


def unmatched(connection: Connection, limit: int) -> list[StatusRecord]:
    """Statuses about documents that nobody knows, the newest `limit` of them, newest first."""
    rows = connection.execute(
        select(tables.status)
        .where(_status.delivery_id.is_(None))
        .order_by(_status.id.desc())
        .limit(limit)
    )
    return [codec.status_of(row) for row in rows]


def unmatched_count(connection: Connection) -> int:
    """How many statuses wait for a document."""
    return connection.execute(
        select(func.count()).select_from(tables.status).where(_status.delivery_id.is_(None))
    ).scalar_one()


def numbered(
    connection: Connection, number: str, notation: str, sender: str, year: str
) -> list[SubmissionRecord]:
    """Documents by number and notation, of one organ and of one year where these are not "" ."""
    statement = select(tables.submission).where(
        _submission.number != literal_column("''"),
        _submission.number == number,
        _submission.notation == notation,
    )
    if sender:
        statement = statement.where(_submission.sender == sender)
    rows = connection.execute(statement.order_by(_submission.received_at, _submission.id))
    found = [codec.submission_of(row) for row in rows]
    return [record for record in found if not year or record.promulgation_date.startswith(year)]


def submission(connection: Connection, submission_id: str) -> SubmissionRecord | None:
    """One submission by its id."""
    row = connection.execute(
        select(tables.submission).where(_submission.id == submission_id)
    ).one_or_none()
    return None if row is None else codec.submission_of(row)


def quarantined(connection: Connection, limit: int) -> list[SubmissionRecord]:
    """Submissions that crashed us, the newest `limit` of them, newest first."""
    rows = connection.execute(
        select(tables.submission).where(_IN_QUARANTINE).order_by(_submission.id.desc()).limit(limit)
    )
    return [codec.submission_of(row) for row in rows]


def receipt(connection: Connection, receipt_id: str) -> Receipt | None:
    """One receipt by its id."""
    row = connection.execute(select(tables.receipt).where(_receipt.id == receipt_id)).one_or_none()
    return None if row is None else codec.receipt_of(row)


def payload(connection: Connection, digest: str) -> tuple[bool, bytes | None]:
    """Whether `digest` is known, and its bytes, not checked, unless they lie on disk."""
    row = connection.execute(select(_payload.body).where(_payload.digest == digest)).one_or_none()
    if row is None:
        return False, None
    return True, row.body


def entries(connection: Connection, after: int, limit: int) -> list[Entry]:
    """The chain behind position `after`, at most `limit` entries of it."""
    rows = connection.execute(
        select(tables.entry).where(_entry.position > after).order_by(_entry.position).limit(limit)
    )
    return [codec.entry_of(row) for row in rows]


def about(connection: Connection, subject: str, limit: int) -> list[Entry]:
    """The newest entries about one submission or subject of the axis, newest first."""
    rows = connection.execute(
        select(tables.entry)
        .where(_entry.submission_id == subject)
        .order_by(_entry.position.desc())
        .limit(limit)
    )
    return [codec.entry_of(row) for row in rows]


def newest(connection: Connection) -> Entry | None:
    """The last entry of the chain, or None."""
    row = connection.execute(
        select(tables.entry).order_by(_entry.position.desc()).limit(1)
    ).one_or_none()
    return None if row is None else codec.entry_of(row)


def count(connection: Connection) -> dict[str, int]:
    """Rows by table. Reads all of them: for tests and for a look at a small ledger."""
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in tables.METADATA.sorted_tables
    }
