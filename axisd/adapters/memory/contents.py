"""What the ledger in memory holds, and how a group of changes is added to it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from axisd.core.availability import Uptime
from axisd.core.evidence import Entry, Head, Receipt
from axisd.core.federation import Untaken
from axisd.core.history import Joined, Link, Recall, StatusRecord
from axisd.core.lifecycle import FAILED
from axisd.core.mailbox import MailboxMark
from axisd.core.reasons import FAILURE_EVENTS, Event
from axisd.core.records import (
    Change,
    Delivery,
    DeliveryUpdate,
    Identity,
    KnownDelivery,
    OutboxRow,
    Payload,
    Records,
    SubmissionRecord,
    updated,
)
from axisd.core.submission import Door
from axisd.errors import IntegrityError

ACCEPTANCES = frozenset({Event.SUBMISSION_ACCEPTANCE, Event.RECEIVED_FROM_NON_ERDS})
"""Entries whose place in the chain is the number of a message."""


@dataclass(slots=True)
class Contents:
    """Everything that is durable, by its keys. Values are immutable, so a shallow copy is a snapshot."""

    submissions: dict[str, SubmissionRecord] = field(default_factory=dict)
    externals: dict[tuple[Door, str], str] = field(default_factory=dict)
    payloads: dict[str, bytes] = field(default_factory=dict)
    deliveries: dict[str, Delivery] = field(default_factory=dict)
    identities: dict[Identity, str] = field(default_factory=dict)
    outbox: dict[str, OutboxRow] = field(default_factory=dict)
    since: dict[str, datetime] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    receipts: dict[str, Receipt] = field(default_factory=dict)
    statuses: dict[str, StatusRecord] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    recalls: dict[str, Recall] = field(default_factory=dict)
    uptimes: dict[str, Uptime] = field(default_factory=dict)
    mailbox: dict[str, MailboxMark] = field(default_factory=dict)
    untaken: dict[tuple[str, str], Untaken] = field(default_factory=dict)

    def copy(self) -> Contents:
        return Contents(
            dict(self.submissions),
            dict(self.externals),
            dict(self.payloads),
            dict(self.deliveries),
            dict(self.identities),
            dict(self.outbox),
            dict(self.since),
            list(self.entries),
            dict(self.receipts),
            dict(self.statuses),
            dict(self.links),
            dict(self.recalls),
            dict(self.uptimes),
            dict(self.mailbox),
            dict(self.untaken),
        )

    @property
    def head(self) -> Head:
        return Head(self.entries[-1].position, self.entries[-1].hash) if self.entries else Head()

    def acceptance(self, submission_id: str) -> str | None:
        return next(
            (
                receipt.id
                for receipt in self.receipts.values()
                if receipt.submission_id == submission_id and receipt.event in ACCEPTANCES
            ),
            None,
        )

    def number(self, submission_id: str) -> int | None:
        """The place of a submission's acceptance in the chain."""
        return next(
            (
                entry.position
                for entry in self.entries
                if entry.submission_id == submission_id and entry.event in ACCEPTANCES
            ),
            None,
        )

    def known(self, delivery: Delivery) -> KnownDelivery:
        facts = self.submissions[delivery.submission_id].facts
        return KnownDelivery(
            delivery,
            facts,
            self.acceptance(delivery.submission_id),
            self.recalls.get(delivery.id),
            self.mailbox.get(delivery.id),
            self.failure(delivery) if delivery.state in FAILED else None,
        )

    def failure(self, delivery: Delivery) -> str | None:
        """The newest receipt that says why `delivery` failed."""
        told = {receipt.position: receipt.id for receipt in self.receipts.values()}
        return next(
            (
                told[entry.position]
                for entry in reversed(self.entries)
                if entry.position in told
                and entry.submission_id == delivery.submission_id
                and entry.delivery_id == delivery.id
                and entry.event in FAILURE_EVENTS
            ),
            None,
        )

    def written(self, records: Records, staged: Mapping[str, bytes]) -> Contents:
        """What there is after `records`. Raises IntegrityError when they contradict what is here."""
        after = self.copy()
        _append(after, records)
        changes = records.changes
        for change in changes:
            _take_in(after, change, staged)
        for change in changes:
            for delivery in change.deliveries:
                _deliver(after, delivery)
        for change in changes:
            for update in change.updates:
                _update(after, update)
        for change in changes:
            _remember(after, change)
        for change in changes:
            _rearrange(after, change)
        return after


def _append(contents: Contents, records: Records) -> None:
    ids = {entry.id for entry in contents.entries}
    for entry in records.entries:
        expected = contents.head.position + 1
        if entry.position != expected:
            raise IntegrityError(
                f"entry {entry.id} wants position {entry.position} of the chain; {expected} is next"
            )
        _must_be_new(entry.id, ids, "entry")
        ids.add(entry.id)
        # The chain tells time to the millisecond, and so does what is kept beside it.
        at = entry.at.replace(microsecond=entry.at.microsecond // 1000 * 1000)
        contents.entries.append(replace(entry, at=at))
    positions = {receipt.position for receipt in contents.receipts.values()}
    for receipt in records.receipts:
        _must_be_new(receipt.id, contents.receipts, "receipt")
        _must_be_new(receipt.position, positions, "receipt at")
        if not 0 < receipt.position <= contents.head.position:
            raise IntegrityError(f"receipt {receipt.id} proves no entry")
        positions.add(receipt.position)
        contents.receipts[receipt.id] = receipt


def _take_in(contents: Contents, change: Change, staged: Mapping[str, bytes]) -> None:
    record = change.submission
    if record is not None:
        _must_be_new(record.facts.submission_id, contents.submissions, "submission")
        contents.submissions[record.facts.submission_id] = record
        if record.external_id is not None:
            key = (record.facts.door, record.external_id)
            contents.externals.setdefault(key, record.facts.submission_id)
    if change.payload is not None:
        body = _body(change.payload, staged)
        contents.payloads.setdefault(change.payload.digest, body)


def _body(payload: Payload, staged: Mapping[str, bytes]) -> bytes:
    body = staged.get(payload.digest) if payload.body is None else payload.body
    if body is None:
        raise IntegrityError(f"payload {payload.digest} is neither staged nor handed in")
    if len(body) != payload.size:
        raise IntegrityError(f"payload {payload.digest} has {len(body)} bytes, not {payload.size}")
    return body


def _deliver(contents: Contents, delivery: Delivery) -> None:
    _must_be_new(delivery.id, contents.deliveries, "delivery")
    _must_be_new(delivery.identity, contents.identities, "delivery of")
    if delivery.submission_id not in contents.submissions:
        raise IntegrityError(f"delivery {delivery.id} has no submission")
    if delivery.digest not in contents.payloads:
        raise IntegrityError(f"delivery {delivery.id} has no payload")
    contents.deliveries[delivery.id] = delivery
    contents.identities[delivery.identity] = delivery.id
    if (mark := delivery.first_mark) is not None:
        if contents.number(delivery.submission_id) is None:
            raise IntegrityError(
                f"mailbox item {delivery.id} is of a submission without acceptance"
            )
        contents.mailbox[delivery.id] = mark


def _update(contents: Contents, update: DeliveryUpdate) -> None:
    delivery = contents.deliveries.get(update.id)
    if delivery is None:
        raise IntegrityError("a delivery that is not in the ledger was to be updated")
    contents.deliveries[update.id] = updated(delivery, update)


def _remember(contents: Contents, change: Change) -> None:
    for status in change.statuses:
        _must_be_new(status.id, contents.statuses, "status")
        _must_be_known(status.submission_id, contents.submissions, "status")
        if status.delivery_id is not None:
            _must_be_known(status.delivery_id, contents.deliveries, "status")
        contents.statuses[status.id] = status
    for joined in change.joined:
        _join(contents, joined)
    for link in change.links:
        _must_be_new(link.id, contents.links, "link")
        _must_be_known(link.submission_id, contents.submissions, "link")
        contents.links[link.id] = link
    for recall in change.recalls:
        _must_be_known(recall.submission_id, contents.submissions, "recall")
        _must_be_known(recall.delivery_id, contents.deliveries, "recall")
        contents.recalls[recall.delivery_id] = recall
    for mark in change.mailbox:
        if mark.id not in contents.mailbox:
            raise IntegrityError("an item that is in no mailbox was to be marked")
        contents.mailbox[mark.id] = mark


def _join(contents: Contents, joined: Joined) -> None:
    status = contents.statuses.get(joined.id)
    if status is None or status.delivery_id is not None:
        raise IntegrityError("a status that does not wait for its document was to be joined to it")
    _must_be_known(joined.delivery_id, contents.deliveries, "status")
    contents.statuses[joined.id] = replace(status, delivery_id=joined.delivery_id)


def _must_be_known(key: str, known: Container[str], what: str) -> None:
    if key not in known:
        raise IntegrityError(f"a {what} is about {key}, which is not in the ledger")


def _rearrange(contents: Contents, change: Change) -> None:
    for row in change.outbox:
        _must_be_new(row.id, contents.outbox, "outbox row")
        _wait(contents, row)
    for row in change.resend:
        if row.id not in contents.outbox:
            _wait(contents, row)
    for deferral in change.deferrals:
        waiting = contents.outbox.get(deferral.id)
        if waiting is not None:
            contents.outbox[deferral.id] = replace(
                waiting,
                due_at=deferral.due_at,
                attempts=deferral.attempts,
                reason=deferral.reason,
                held=deferral.held,
            )
    for key in change.done:
        contents.outbox.pop(key, None)


def _wait(contents: Contents, row: OutboxRow) -> None:
    contents.outbox[row.id] = row
    contents.since[row.id] = row.due_at


def _must_be_new(key: object, taken: Iterable[object], what: str) -> None:
    if key in taken:
        raise IntegrityError(f"{what} {key} is already in the ledger")
