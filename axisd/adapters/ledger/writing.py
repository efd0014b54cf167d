"""What happens inside a writing transaction: answering questions, and writing a group of changes.

Plain functions of a connection, for `OwnedConnection.run`. A group costs one statement per table,
not per row. A group that contradicts what is there (an identity or a position used twice, a delivery
without its payload, an update of nothing) raises IntegrityError, and the caller rolls back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects import sqlite

from axisd.adapters.ledger import codec, items, tables
from axisd.adapters.ledger.chunks import chunks
from axisd.adapters.ledger.outbox import OutboxEffect
from axisd.core.availability import Uptime
from axisd.core.envelope import Business
from axisd.core.evidence import Head
from axisd.core.history import (
    UNWATCHED,
    LinkKind,
    Numbered,
    NumberKey,
    Recall,
    RecallOutcome,
)
from axisd.core.lifecycle import FAILED, SubmissionState
from axisd.core.reasons import FAILURE_EVENTS, Event
from axisd.core.records import (
    Change,
    Deferral,
    Delivery,
    Known,
    KnownDelivery,
    Questions,
    Records,
    number_key,
)
from axisd.core.submission import Door
from axisd.errors import IntegrityError

_delivery = tables.delivery.c
_entry = tables.entry.c
_outbox = tables.outbox.c
_receipt = tables.receipt.c
_submission = tables.submission.c
_external = tables.external.c
_status = tables.status.c
_recall = tables.recall.c
_mailbox = tables.mailbox.c

_ACCEPTANCES: Final = (Event.SUBMISSION_ACCEPTANCE.value, Event.RECEIVED_FROM_NON_ERDS.value)
"""What a settled submission's own receipt can be."""


def _among(column: ColumnElement[Any]) -> ColumnElement[bool]:
    return column.in_(bindparam("keys", expanding=True))


_ASKED: Final = func.json_each(bindparam("keys")).table_valued("value", name="asked")


def _is_asked(column: ColumnElement[Any], place: int) -> ColumnElement[bool]:
    return column == func.json_extract(_ASKED.c.value, f"$[{place}]")


_HEAD: Final = select(_entry.position, _entry.hash).order_by(_entry.position.desc()).limit(1)


def _with_facts(deliveries: Select[Any]) -> Select[Any]:
    """`deliveries` with what is known of their submissions, their recalls and their items in mailboxes."""
    joined = deliveries.join(tables.submission, _submission.id == _delivery.submission_id)
    return (
        joined.outerjoin(
            tables.receipt,
            (_receipt.submission_id == _submission.id) & _receipt.event.in_(_ACCEPTANCES),
        )
        .outerjoin(tables.recall, _recall.delivery_id == _delivery.id)
        .outerjoin(tables.mailbox, _mailbox.id == _delivery.id)
        .add_columns(
            _submission.facts,
            _receipt.id.label("acceptance"),
            _recall.submission_id.label("recalled_by"),
            _recall.asked_at,
            _recall.outcome,
            _recall.answered_at,
            _mailbox.state.label("item_state"),
            _mailbox.marked_at,
            _mailbox.fetched_at,
            _mailbox.cause,
        )
    )


_BY_ID: Final = _with_facts(select(tables.delivery).where(_among(_delivery.id)))
# Whole keys, as one JSON text: SQLite looks up rows of VALUES by scanning the table. One document may
# have any number of statuses, and whoever asks about it must not read them all.
_BY_DOCUMENT: Final = _with_facts(
    select(tables.delivery).join(
        _ASKED,
        and_(
            *map(_is_asked, (_delivery.document_id, _delivery.sender, _delivery.business), count())
        ),
    )
)
_RECALLED: Final = _BY_DOCUMENT.where(_recall.delivery_id.is_not(None))
_BY_IDENTITY: Final = _BY_DOCUMENT.where(_is_asked(_delivery.recipient, 3))
_BY_ADDRESSEE: Final = _with_facts(
    select(tables.delivery)
    .join(_ASKED, and_(*map(_is_asked, (_delivery.document_id, _delivery.recipient), count())))
    .where(_delivery.business.in_([business.value for business in Business]))
)
_CHANGING: Final = (
    _with_facts(select(tables.delivery))
    .join(
        tables.link,
        and_(
            tables.link.c.submission_id == _delivery.submission_id,
            tables.link.c.kind.in_([LinkKind.UPDATE.value, LinkKind.REPLACE.value]),
            tables.link.c.recipient.in_(["", _delivery.recipient]),
        ),
    )
    .join(_ASKED, and_(*map(_is_asked, (tables.link.c.document_id, tables.link.c.issuer), count())))
    .add_columns(
        tables.link.c.issuer.label("changes_of"), tables.link.c.document_id.label("changes")
    )
)
_UNMATCHED: Final = select(tables.status).join(
    _ASKED,
    and_(
        *map(_is_asked, (_status.document_id, _status.issuer), count()),
        _status.delivery_id.is_(None),
    ),
)
_BY_NUMBER: Final = (
    select(
        _submission.id,
        _submission.document_id,
        _submission.received_at,
        _submission.sender,
        _submission.number,
        _submission.notation,
        _submission.promulgation_date,
    )
    .join(
        _ASKED,
        and_(
            *map(_is_asked, (_submission.number, _submission.notation, _submission.sender), count())
        ),
    )
    # Written out, not bound: only so does the partial index apply.
    .where(
        _submission.number != literal_column("''"),
        _submission.state == literal_column(f"'{SubmissionState.ACCEPTED}'"),
    )
    .order_by(_submission.id.desc())
)
_FAILURES: Final = (
    select(_receipt.id, _entry.delivery_id)
    .join(tables.entry, _entry.position == _receipt.position)
    .where(
        _among(_entry.submission_id),
        _entry.delivery_id.is_not(None),
        _entry.event.in_(sorted(FAILURE_EVENTS)),
    )
    .order_by(_entry.position)
)
_WAITING: Final = select(tables.outbox.c.id).where(_among(tables.outbox.c.id))
_BY_EXTERNAL: Final = select(tables.external).where(_among(_external.external_id))
_INSERT: Final = {table: insert(table) for table in tables.METADATA.sorted_tables}
_INSERT_NEW: Final = {
    table: sqlite.insert(table).on_conflict_do_nothing()
    for table in (tables.external, tables.payload, tables.outbox)
}
_UPDATE: Final = (
    update(tables.delivery)
    .where(_delivery.id == bindparam("key"))
    .values(state=bindparam("state"), status=bindparam("status"), reason=bindparam("reason"))
)
_WATCH: Final = (
    update(tables.delivery)
    .where(_delivery.id == bindparam("key"))
    .values({name: bindparam(name) for name in codec.watch_columns(UNWATCHED)})
)
_JOIN: Final = (
    update(tables.status)
    .where(_status.id == bindparam("key"), _status.delivery_id.is_(None))
    .values(delivery_id=bindparam("delivery"))
)
_recall_row = sqlite.insert(tables.recall)
_RECALL: Final = _recall_row.on_conflict_do_update(
    index_elements=[_recall.delivery_id],
    set_={
        name: getattr(_recall_row.excluded, name)
        for name in ("submission_id", "asked_at", "outcome", "answered_at")
    },
)
_uptime_row = sqlite.insert(tables.uptime)
_UPTIME: Final = _uptime_row.on_conflict_do_update(
    index_elements=[tables.uptime.c.id],
    set_={name: getattr(_uptime_row.excluded, name) for name in ("began_at", "seen_at", "ended")},
)
_DELETE: Final = delete(tables.outbox).where(_outbox.id == bindparam("key"))
_DEFER: Final = (
    update(tables.outbox)
    .where(_outbox.id == bindparam("key"))
    .values(
        due_at=bindparam("due_at"),
        attempts=bindparam("attempts"),
        reason=bindparam("reason"),
        held=bindparam("held"),
    )
)


def head(connection: Connection) -> Head:
    """The last entry of the chain."""
    row = connection.execute(_HEAD).one_or_none()
    return Head() if row is None else Head(row.position, row.hash)


def known(connection: Connection, questions: Questions) -> Known:
    """The answers to all questions of a group, in a handful of statements."""
    rows = {row.id: row for row in _matching(connection, _BY_ID, questions.deliveries)}
    identities = [(i.document_id, i.sender, i.business, i.recipient) for i in questions.identities]
    rows |= {row.id: row for row in _asked(connection, _BY_IDENTITY, identities)}
    for statement, documents in (
        (_BY_DOCUMENT, questions.documents),
        (_RECALLED, questions.recalled - questions.documents),
    ):
        keys = [(d, sender, business) for sender, d in documents for business in Business]
        rows |= {row.id: row for row in _asked(connection, statement, keys)}
    addressed = [(document_id, recipient) for recipient, document_id in questions.addressed]
    rows |= {row.id: row for row in _asked(connection, _BY_ADDRESSEE, addressed)}
    changing = [(document_id, issuer) for issuer, document_id in questions.changing]
    changes = list(_asked(connection, _CHANGING, changing))
    rows |= {row.id: row for row in changes}
    answers = Known()
    texts = {row.submission_id: row.facts for row in rows.values()}
    facts = {submission_id: codec.facts_of(text) for submission_id, text in texts.items()}
    failed = {row.id: row.submission_id for row in rows.values() if row.state in FAILED}
    failures = {
        row.delivery_id: row.id
        for row in _matching(connection, _FAILURES, set(failed.values()))
        if row.delivery_id in failed
    }
    for row in rows.values():
        delivery = codec.delivery_of(row)
        answers.add(
            KnownDelivery(
                delivery,
                facts[delivery.submission_id],
                row.acceptance,
                _recalled(row),
                items.mark_of(row, row.id, row.item_state),
                failures.get(row.id),
            )
        )
    for row in changes:
        answers.changes(answers.deliveries[row.id], row.changes_of, row.changes)
    unmatched = [(document_id, issuer) for issuer, document_id in questions.unmatched]
    for row in _asked(connection, _UNMATCHED, unmatched):
        answers.unmatched[row.id] = codec.status_of(row)
    answers.numbers.update(_first_with(connection, questions.numbers))
    external_ids = {external_id for _, external_id in questions.externals}
    for row in _matching(connection, _BY_EXTERNAL, external_ids):
        key = Door(row.door), row.external_id
        if key in questions.externals:
            answers.externals[key] = row.submission_id
    answers.gone.update(questions.rows)
    answers.gone.difference_update(
        row.id for row in _matching(connection, _WAITING, questions.rows)
    )
    return answers


def _recalled(row: Row[Any]) -> Recall | None:
    if row.recalled_by is None:
        return None
    return Recall(
        delivery_id=row.id,
        submission_id=row.recalled_by,
        asked_at=codec.moment(row.asked_at),
        outcome=RecallOutcome(row.outcome),
        answered_at=codec.maybe_moment(row.answered_at),
    )


def _first_with(
    connection: Connection, keys: frozenset[NumberKey]
) -> Iterator[tuple[NumberKey, Numbered]]:
    """The first document of each number; the newest come first, so that the first comes to stay."""
    asked = [(key.number, key.notation, key.sender) for key in keys]
    for row in _asked(connection, _BY_NUMBER, asked):
        key = number_key(row.sender, row.number, row.notation, row.promulgation_date)
        if key in keys:
            yield key, Numbered(row.id, row.document_id, codec.moment(row.received_at))


def _asked(
    connection: Connection, statement: Select[Any], keys: Sequence[Sequence[str]]
) -> Iterable[Row[Any]]:
    return connection.execute(statement, {"keys": json.dumps(keys)}) if keys else ()


def _matching(
    connection: Connection, statement: Select[Any], keys: Iterable[object]
) -> Iterator[Row[Any]]:
    for chunk in chunks(keys):
        yield from connection.execute(statement, {"keys": chunk})


def write(connection: Connection, records: Records, after: Head | None) -> Head | None:
    """Writes the group behind the head `after` and returns the new one; None is one not asked for yet.

    Payloads without a body must be on disk already.
    """
    changes = records.changes
    new_head = after
    if records.entries:
        new_head = _continued(records, after or head(connection))
    submissions = [change.submission for change in changes if change.submission is not None]
    _insert(connection, tables.submission, map(codec.submission_columns, submissions))
    _insert_new(
        connection,
        tables.external,
        (
            {
                "door": record.facts.door.value,
                "external_id": record.external_id,
                "submission_id": record.facts.submission_id,
            }
            for record in submissions
            if record.external_id is not None
        ),
    )
    _insert_new(
        connection,
        tables.payload,
        (
            {"digest": payload.digest, "size": payload.size, "body": payload.body}
            for change in changes
            if (payload := change.payload) is not None
        ),
    )
    _insert(connection, tables.delivery, map(codec.delivery_columns, _deliveries(changes)))
    _insert(connection, tables.entry, map(codec.entry_columns, records.entries))
    _insert(connection, tables.receipt, map(codec.receipt_columns, records.receipts))
    items.write(connection, records)
    _update_deliveries(connection, changes)
    _write_history(connection, changes)
    _write_outbox(connection, changes)
    return new_head


def record_uptime(connection: Connection, uptime: Uptime) -> None:
    """Keeps `uptime` under its id, whatever was there before."""
    connection.execute(_UPTIME, codec.uptime_columns(uptime))


def _continued(records: Records, head: Head) -> Head:
    """The head after these entries, which must follow `head` without a gap."""
    for position, entry in enumerate(records.entries, head.position + 1):
        if entry.position != position:
            raise IntegrityError(
                f"entry {entry.id} wants position {entry.position} of the chain; {position} is next"
            )
    return Head(records.entries[-1].position, records.entries[-1].hash)


def _deliveries(changes: Sequence[Change]) -> Iterator[Delivery]:
    return (delivery for change in changes for delivery in change.deliveries)


def _insert(connection: Connection, table: Table, rows: Iterable[codec.Columns]) -> None:
    if listed := list(rows):
        connection.execute(_INSERT[table], listed)


def _insert_new(connection: Connection, table: Table, rows: Iterable[codec.Columns]) -> None:
    """Inserts the rows whose key is not there yet."""
    if listed := list(rows):
        connection.execute(_INSERT_NEW[table], listed)


def _update_deliveries(connection: Connection, changes: Sequence[Change]) -> None:
    updates = [
        {
            "key": update.id,
            "state": update.state.value,
            "status": update.status,
            "reason": update.reason,
        }
        for change in changes
        for update in change.updates
    ]
    if updates and connection.execute(_UPDATE, updates).rowcount != len(updates):
        raise IntegrityError("a delivery that is not in the ledger was to be updated")
    watched = [
        {"key": update.id, **codec.watch_columns(update.watch)}
        for change in changes
        for update in change.updates
        if update.watch is not None
    ]
    if watched:
        connection.execute(_WATCH, watched)


def _write_history(connection: Connection, changes: Sequence[Change]) -> None:
    statuses = (status for change in changes for status in change.statuses)
    _insert(connection, tables.status, map(codec.status_columns, statuses))
    joined = [
        {"key": joined.id, "delivery": joined.delivery_id}
        for change in changes
        for joined in change.joined
    ]
    if joined and connection.execute(_JOIN, joined).rowcount != len(joined):
        raise IntegrityError("a status that does not wait for its document was to be joined to it")
    _insert(
        connection,
        tables.link,
        (codec.link_columns(link) for change in changes for link in change.links),
    )
    if recalls := [codec.recall_columns(r) for change in changes for r in change.recalls]:
        connection.execute(_RECALL, recalls)


def _write_outbox(connection: Connection, changes: Sequence[Change]) -> None:
    effect = OutboxEffect.of(changes)
    if effect.removed:
        connection.execute(_DELETE, [{"key": key} for key in effect.removed])
    _defer(connection, effect.deferred_before)
    _insert(connection, tables.outbox, map(codec.outbox_columns, effect.new.values()))
    _insert_new(connection, tables.outbox, map(codec.outbox_columns, effect.wanted.values()))
    _defer(connection, effect.deferred)


def _defer(connection: Connection, deferrals: Mapping[str, Deferral]) -> None:
    rows = [
        {
            "key": deferral.id,
            "due_at": codec.instant(deferral.due_at),
            "attempts": deferral.attempts,
            "reason": deferral.reason,
            "held": int(deferral.held),
        }
        for deferral in deferrals.values()
    ]
    if rows:
        connection.execute(_DEFER, rows)
