"""The ledger in memory: the same port, the same refusals, nothing on disk.

For tests, rehearsals and demonstrations. It is as strict as the ledger on SQL (a shared suite and a
comparing property test hold the two together), but as slow as its size: it looks through everything.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import groupby

from axisd.adapters.memory import federation
from axisd.adapters.memory.contents import Contents
from axisd.adapters.memory.mailboxes import MemoryMailboxes
from axisd.core import chain
from axisd.core.audit import digest_of, payload_faults, receipt_faults
from axisd.core.availability import Uptime
from axisd.core.deadlines import due_of, first_due, is_awaited
from axisd.core.envelope import Kind
from axisd.core.evidence import Entry, Facts, Head, Receipt
from axisd.core.federation import Attempted, Relayed, SettledItem, TurnedAway, Untaken
from axisd.core.history import CONSIGNMENT, Awaited, Link, StatusRecord
from axisd.core.lifecycle import OPEN, SubmissionState
from axisd.core.policy import DeadlineKind
from axisd.core.records import (
    INLINE_LIMIT,
    Delivery,
    Known,
    OutboxKind,
    OutboxRow,
    OutboxSummary,
    Parcel,
    Questions,
    Records,
    RouteKind,
    SubmissionRecord,
)
from axisd.core.timeline import Timeline
from axisd.errors import IntegrityError, TransientError
from axisd.ports import Transaction, Verification


class MemoryLedger:
    """`axisd.ports.Ledger`."""

    def __init__(self) -> None:
        self._contents = Contents()
        self._staged: dict[str, bytes] = {}
        self._turn = asyncio.Lock()
        self._closed = False
        self.mailboxes = MemoryMailboxes(self._read)

    async def stage(self, digest: str, body: bytes) -> bool:
        """Keeps a large payload; False when it is small and travels in the transaction."""
        if len(body) <= INLINE_LIMIT:
            return False
        self._staged[digest] = body
        return True

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """One at a time; an exception undoes it."""
        async with self._turn:
            transaction = _MemoryTransaction(self._read(), self._staged)
            try:
                yield transaction
            finally:
                transaction.ended = True
            self._contents = transaction.contents

    async def outbox_ids(
        self, destination: str, after: str | None, limit: int
    ) -> Sequence[OutboxRow]:
        """Rows of one destination not held, ordered by id, from `after` (exclusive) on."""
        rows = self._read().outbox
        ids = sorted(
            key
            for key, row in rows.items()
            if row.destination == destination and not row.held and key > (after or "")
        )
        return [rows[key] for key in ids[:limit]]

    async def outbox_summary(self) -> Sequence[OutboxSummary]:
        """One item per destination that has rows; `oldest` is of those not held."""
        contents = self._read()
        rows = sorted(contents.outbox.values(), key=lambda row: row.destination)
        return [
            _summary(destination, list(group), contents)
            for destination, group in groupby(rows, key=lambda row: row.destination)
        ]

    async def parcels(self, ids: Sequence[str]) -> Sequence[Parcel]:
        """Rows with their bodies, in order of id; ids that are gone or held are left out."""
        contents = self._read()
        rows = [contents.outbox[key] for key in sorted(set(ids)) if key in contents.outbox]
        return [_parcel(row, contents) for row in rows if not row.held]

    async def timeline(self, document_id: str) -> Timeline:
        """By DocumentId, submission id or delivery id; empty when nothing matches."""
        contents = self._read()
        submissions = _about(document_id, contents)
        ids = {record.facts.submission_id for record in submissions}
        deliveries = [d for d in contents.deliveries.values() if d.submission_id in ids]
        receipts = [r for r in contents.receipts.values() if r.submission_id in ids]
        delivery_ids = {delivery.id for delivery in deliveries}
        documents = {record.facts.document_id for record in submissions} - {""}
        links = [
            link
            for _, link in sorted(contents.links.items())
            if link.submission_id in ids or link.document_id in documents
        ]
        return Timeline(
            submissions=tuple(submissions),
            deliveries=tuple(sorted(deliveries, key=lambda d: (d.created_at, d.id))),
            entries=tuple(e for e in contents.entries if e.submission_id in ids),
            receipts=tuple(sorted(receipts, key=lambda receipt: receipt.position)),
            statuses=tuple(
                status
                for _, status in sorted(contents.statuses.items())
                if status.submission_id in ids or status.delivery_id in delivery_ids
            ),
            links=tuple(links),
            recalls=tuple(
                sorted(
                    (r for r in contents.recalls.values() if r.delivery_id in delivery_ids),
                    key=lambda recall: (recall.asked_at, recall.delivery_id),
                )
            ),
            related=tuple(_related(contents, links, ids)),
            mailbox=tuple(
                contents.mailbox[key] for key in sorted(delivery_ids) if key in contents.mailbox
            ),
        )

    async def due(self, before: datetime, limit: int) -> Sequence[str]:
        """Ids of deliveries of which something is due until `before`, the longest due first."""
        found = sorted(
            (delivery.watch.next_due, delivery.id)
            for delivery in self._read().deliveries.values()
            if delivery.watch.next_due is not None and delivery.watch.next_due <= before
        )
        return [key for _, key in found[:limit]]

    async def next_due(self) -> datetime | None:
        """When something is due next, None if never; in the past if nobody has looked yet."""
        dues = (delivery.watch.next_due for delivery in self._read().deliveries.values())
        return min((due for due in dues if due is not None), default=None)

    async def awaited(self, now: datetime) -> Sequence[Awaited]:
        """What is overdue and what is due next, by kind and inbox."""
        found: list[Awaited] = []
        for kind in (*DeadlineKind, CONSIGNMENT):
            dues: dict[str, list[datetime]] = {}
            for delivery, due in _awaited(self._read(), kind):
                dues.setdefault(delivery.inbox, []).append(due)
            for inbox, instants in sorted(dues.items()):
                passed = [due for due in instants if due <= now]
                ahead = [due for due in instants if due > now]
                since, following = min(passed, default=None), min(ahead, default=None)
                found.append(Awaited(kind, inbox, len(passed), since, len(ahead), following))
        return found

    async def overdue(
        self, now: datetime, kind: str, inbox: str = "", limit: int = 100
    ) -> Sequence[Delivery]:
        """Deliveries whose deadline of this kind passed, of one inbox or of all, the longest ago first."""
        found = [
            (due, delivery.id, delivery)
            for delivery, due in _awaited(self._read(), kind)
            if due <= now and inbox in {"", delivery.inbox}
        ]
        return [delivery for _, _, delivery in sorted(found, key=lambda item: item[:2])[:limit]]

    async def unmatched(self, limit: int = 100) -> Sequence[StatusRecord]:
        """Statuses that wait for the document they are about, newest first."""
        found = [s for s in self._read().statuses.values() if s.delivery_id is None]
        return sorted(found, key=lambda status: status.id, reverse=True)[:limit]

    async def unmatched_count(self) -> int:
        """How many of them there are."""
        return sum(status.delivery_id is None for status in self._read().statuses.values())

    async def outstanding(self) -> Mapping[str, int]:
        """How many deliveries still have to leave, by the organ that sent them."""
        return Counter(
            delivery.identity.sender
            for delivery in self._read().deliveries.values()
            if delivery.state in OPEN and delivery.route is not RouteKind.MAILBOX
        )

    async def numbered(
        self, number: str, notation: str, sender: str = "", year: str = ""
    ) -> Sequence[SubmissionRecord]:
        """Documents with this number and notation, of one organ and of one year where these are given."""
        found = [
            record
            for record in self._read().submissions.values()
            if record.number
            and (record.number, record.notation) == (number, notation)
            and sender in {"", record.facts.sender}
            and record.promulgation_date.startswith(year)
        ]
        return sorted(found, key=lambda r: (r.facts.received_at, r.facts.submission_id))

    async def receipt(self, receipt_id: str) -> Receipt | None:
        """One receipt, or None."""
        return self._read().receipts.get(receipt_id)

    async def payload(self, digest: str) -> bytes | None:
        """The bytes with this digest, or None."""
        body = self._read().payloads.get(digest)
        return None if body is None else _checked(digest, body)

    async def entries(self, after: int = 0) -> AsyncIterator[Entry]:
        """The chain from behind position `after`, with what is added meanwhile."""
        while after < len(self._read().entries):
            yield self._contents.entries[after]
            after += 1

    async def about(self, subject: str, limit: int) -> Sequence[Entry]:
        """The newest entries about one submission or subject, newest first."""
        found = [entry for entry in self._read().entries if entry.submission_id == subject]
        return found[::-1][:limit]

    async def submission(self, submission_id: str) -> SubmissionRecord | None:
        """One submission by its id, or None."""
        return self._read().submissions.get(submission_id)

    async def uptimes(self, start: datetime, end: datetime) -> Sequence[Uptime]:
        """Those that reach into the time from `start` to `end`, the last one before it, and the first of
        all, in order."""
        known = sorted(self._read().uptimes.values(), key=lambda uptime: uptime.id)
        chosen = [one for one in known if one.seen_at >= start and one.began_at < end]
        before = [one for one in known if one.seen_at < start]
        chosen += sorted(before, key=lambda one: (one.seen_at, one.id))[-1:] + known[:1]
        return sorted(set(chosen), key=lambda uptime: uptime.id)

    async def untaken(self, limit: int = 100) -> Sequence[Untaken]:
        """Items of the national axis that could not be taken, the longest known first."""
        known = self._read().untaken.values()
        return sorted(known, key=lambda one: (one.since, one.doc_id))[:limit]

    async def turned_away(self, since: datetime, limit: int = 100) -> Sequence[TurnedAway]:
        """Items of the national axis that were refused since then, newest first."""
        return federation.turned_away(self._read(), since)[:limit]

    async def relayed(self, start: datetime) -> AsyncIterator[Sequence[Relayed]]:
        """What the national axis took from `start` on, in order."""
        yield federation.relayed(self._read(), start)

    async def settled_items(self, external_ids: Sequence[str]) -> Sequence[SettledItem]:
        """Which of these items of the national axis (`KIND/NUMBER`) were accepted here."""
        return federation.settled_items(self._read(), external_ids)

    async def attempted(self, number: str, notation: str) -> Sequence[Attempted]:
        """Deliveries over the national axis of documents with this number and notation, newest first."""
        return federation.attempted(self._read(), number, notation)

    async def quarantined(self, limit: int = 100) -> Sequence[SubmissionRecord]:
        """Submissions that crashed the inspection, newest first."""
        found = [
            record
            for record in self._read().submissions.values()
            if record.state is SubmissionState.QUARANTINED
        ]
        return sorted(found, key=lambda record: record.facts.submission_id, reverse=True)[:limit]

    async def count(self) -> dict[str, int]:
        """Rows by table, with the names of the ledger on SQL."""
        contents = self._read()
        return {
            "submission": len(contents.submissions),
            "external": len(contents.externals),
            "payload": len(contents.payloads),
            "delivery": len(contents.deliveries),
            "status": len(contents.statuses),
            "link": len(contents.links),
            "recall": len(contents.recalls),
            "outbox": len(contents.outbox),
            "entry": len(contents.entries),
            "receipt": len(contents.receipts),
            "uptime": len(contents.uptimes),
            "mailbox": len(contents.mailbox),
            "untaken": len(contents.untaken),
        }

    async def was_sent(
        self, number: str, notation: str, senders: Collection[str], recipients: Collection[str]
    ) -> bool:
        """Whether one of `senders` sent a document with this number to one of `recipients`."""
        contents = self._read()
        documents = {
            key
            for key, record in contents.submissions.items()
            if record.number
            if (record.number, record.notation) == (number, notation)
            if record.facts.sender in senders
        }
        return any(
            delivery.submission_id in documents and delivery.identity.recipient in recipients
            for delivery in contents.deliveries.values()
        )

    async def verify(self, *, payloads: bool = True) -> Verification:
        """Checks everything against everything; faults are sentences."""
        contents = self._read()
        receipts = {receipt.position: receipt for receipt in contents.receipts.values()}
        faults = list(chain.verify(contents.entries))
        for entry in contents.entries:
            faults += receipt_faults(entry, receipts.get(entry.position))
        if payloads:
            for digest, body in contents.payloads.items():
                faults += payload_faults(digest, len(body), body)
        return Verification(
            entries=len(contents.entries),
            receipts=len(receipts),
            payloads=len(contents.payloads) if payloads else 0,
            head=contents.head,
            faults=tuple(faults),
        )

    async def close(self) -> None:
        """Afterwards everything raises TransientError. Closing twice does nothing."""
        self._closed = True

    def _read(self) -> Contents:
        if self._closed:
            raise TransientError("the ledger is closed")
        return self._contents


class _MemoryTransaction:
    """Works on a copy that the ledger takes over when the transaction ends well."""

    def __init__(self, contents: Contents, staged: dict[str, bytes]) -> None:
        self.contents = contents
        self.ended = False
        self._staged = staged

    async def head(self) -> Head:
        return self._open().head

    async def known(self, questions: Questions) -> Known:
        contents = self._open()
        answers = Known()
        for delivery in contents.deliveries.values():
            if _asked_about(delivery, questions, contents):
                answers.add(contents.known(delivery))
        for link in contents.links.values():
            if (link.issuer, link.document_id) in questions.changing:
                for delivery in contents.deliveries.values():
                    if delivery.submission_id == link.submission_id and link.changes(
                        delivery.identity.recipient
                    ):
                        known = contents.known(delivery)
                        answers.changes(known, link.issuer, link.document_id)
        answers.unmatched.update(
            (status.id, status)
            for status in contents.statuses.values()
            if status.delivery_id is None
            and (status.issuer, status.document_id) in questions.unmatched
        )
        for record in sorted(
            contents.submissions.values(), key=lambda r: r.facts.submission_id, reverse=True
        ):
            if record.number_key in questions.numbers:
                answers.learn_number(record)
        answers.externals.update(
            (key, contents.externals[key])
            for key in questions.externals
            if key in contents.externals
        )
        answers.gone.update(questions.rows - contents.outbox.keys())
        return answers

    async def write(self, records: Records) -> None:
        self.contents = self._open().written(records, self._staged)

    async def record_uptime(self, uptime: Uptime) -> None:
        self.contents = self._open().copy()
        self.contents.uptimes[uptime.id] = uptime

    async def record_untaken(self, untaken: Untaken) -> None:
        self.contents = self._open().copy()
        self.contents.untaken[untaken.kind, untaken.doc_id] = untaken

    async def forget_untaken(self, kind: str, doc_id: str) -> None:
        self.contents = self._open().copy()
        self.contents.untaken.pop((kind, doc_id), None)

    def _open(self) -> Contents:
        if self.ended:
            raise IntegrityError("the transaction has ended")
        return self.contents


def _awaited(contents: Contents, kind: str) -> Iterator[tuple[Delivery, datetime]]:
    """Deliveries of which something is awaited, with the deadline."""
    for delivery in contents.deliveries.values():
        watch = delivery.watch
        if kind == CONSIGNMENT:
            due = first_due(watch)
            waits = delivery.id in contents.outbox
        else:
            due = due_of(watch, DeadlineKind(kind))
            waits = is_awaited(watch, DeadlineKind(kind))
        if due is not None and waits:
            yield delivery, due


def _asked_about(delivery: Delivery, questions: Questions, contents: Contents) -> bool:
    identity = delivery.identity
    document = identity.sender, identity.document_id
    of_document = identity.of_document and (
        document in questions.documents
        or (document in questions.recalled and delivery.id in contents.recalls)
        or (identity.recipient, identity.document_id) in questions.addressed
    )
    return of_document or identity in questions.identities or delivery.id in questions.deliveries


def _summary(destination: str, rows: list[OutboxRow], contents: Contents) -> OutboxSummary:
    reasons: dict[str, int] = {}
    for row in rows:
        if row.reason:
            reasons[row.reason] = reasons.get(row.reason, 0) + 1
    waiting = [row for row in rows if not row.held]
    return OutboxSummary(
        destination=destination,
        waiting=len(waiting),
        held=len(rows) - len(waiting),
        oldest=min((contents.since[row.id] for row in waiting), default=None),
        reasons=reasons,
    )


def _parcel(row: OutboxRow, contents: Contents) -> Parcel:
    if row.kind is OutboxKind.RECEIPT:
        receipt = contents.receipts.get(row.id)
        if receipt is None:
            raise IntegrityError(f"outbox rows without what they announce: {[row.id]}")
        facts = _facts(contents, receipt.submission_id, row.id)
        return Parcel(row, receipt.body, facts, receipt=receipt)
    delivery = contents.deliveries.get(row.id)
    if delivery is None:
        raise IntegrityError(f"outbox rows without what they announce: {[row.id]}")
    body = _checked(delivery.digest, contents.payloads[delivery.digest])
    facts = _facts(contents, delivery.submission_id, row.id)
    must_wait = any(key in contents.outbox for key in row.behind)
    return Parcel(row, body, facts, delivery=delivery, must_wait=must_wait)


def _checked(digest: str, body: bytes) -> bytes:
    if digest_of(body) != digest:
        raise IntegrityError(f"payload {digest} has changed: its content is {digest_of(body)}")
    return body


def _facts(contents: Contents, submission_id: str, row_id: str) -> Facts:
    record = contents.submissions.get(submission_id)
    if record is None:
        raise IntegrityError(f"outbox rows without what they announce: {[row_id]}")
    return record.facts


def _about(key: str, contents: Contents) -> list[SubmissionRecord]:
    delivery = contents.deliveries.get(key)
    named = contents.submissions.get(delivery.submission_id if delivery else key)
    document_id = named.facts.document_id if named else key
    if not document_id:
        return [named] if named else []
    found = [r for r in contents.submissions.values() if r.facts.document_id == document_id]
    return sorted(found, key=lambda r: (r.facts.received_at, r.facts.submission_id))


def _related(
    contents: Contents, links: Iterable[Link], own: Collection[str]
) -> Iterator[SubmissionRecord]:
    """What else the links name: the documents that refer to this one, and those that it refers to."""
    later = {link.submission_id for link in links}
    named = {(link.issuer, link.document_id) for link in links if link.submission_id in own}
    for key, record in sorted(contents.submissions.items()):
        facts = record.facts
        if key in own:
            continue
        if key in later or (
            facts.kind == Kind.DOCUMENT and (facts.sender, facts.document_id) in named
        ):
            yield record
