"""The ledger as the services see it: `SqlLedger` for the one that writes, `LedgerReader` for others.

A folder holds it all: `ledger.db` with its WAL, `ledger.lock`, `payloads/` for large bodies. Never on a
network file system. Errors are TransientError (disk full, locked: nothing was written) and
IntegrityError (what is there contradicts itself), and ConfigError while opening.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from axisd.adapters.ledger import (
    awaited,
    codec,
    federation,
    reading,
    reconciliation,
    schema,
    sent,
    statistics,
    systems,
    verify,
    writing,
)
from axisd.adapters.ledger.connection import OwnedConnection, T, Work
from axisd.adapters.ledger.engine import READING, WRITING, reading_engine, writing_engine
from axisd.adapters.ledger.faults import translated
from axisd.adapters.ledger.fresh import Fresh
from axisd.adapters.ledger.lock import LedgerLock
from axisd.adapters.ledger.mailboxes import SqlMailboxes
from axisd.adapters.ledger.payloads import PayloadFiles, sync_folder
from axisd.core.availability import Uptime
from axisd.core.checks import CheckRecord
from axisd.core.evidence import Entry, Head, Receipt
from axisd.core.federation import Attempted, Relayed, SettledItem, TurnedAway, Untaken
from axisd.core.history import Awaited, StatusRecord
from axisd.core.records import (
    INLINE_LIMIT,
    Delivery,
    Known,
    OutboxRow,
    OutboxSummary,
    Parcel,
    Questions,
    Records,
    SubmissionRecord,
)
from axisd.core.statistics import HandIn
from axisd.core.timeline import Timeline
from axisd.errors import ConfigError, IntegrityError, Problem
from axisd.ports import Transaction, Verification

BUSY: Final = 5.0
"""Seconds to wait for a lock that only a stranger (a backup, a shell) can hold."""
_PAGE: Final = 500
"""Entries read at a time."""


class LedgerReader:
    """All the reads. Never blocks the writer, also from another process; makes no change at all."""

    def __init__(self, folder: Path, reader: OwnedConnection, files: PayloadFiles) -> None:
        self._folder = folder
        self._reader = reader
        self._files = files
        self.mailboxes = SqlMailboxes(reader, files)

    async def outbox_ids(
        self, destination: str, after: str | None, limit: int
    ) -> Sequence[OutboxRow]:
        """Rows of one destination not held, ordered by id, from `after` (exclusive) on."""
        return await self._reader.read(
            partial(reading.outbox_ids, destination=destination, after=after, limit=limit)
        )

    async def outbox_summary(self) -> Sequence[OutboxSummary]:
        """One item per destination that has rows; `oldest` is of those not held."""
        return await self._reader.read(reading.outbox_summary)

    async def parcels(self, ids: Sequence[str]) -> Sequence[Parcel]:
        """Rows with their bodies, in order of id; ids that are gone or held are left out."""
        found = await self._loose(ids)
        return await asyncio.to_thread(self._tied, found) if found else []

    async def _loose(self, ids: Sequence[str]) -> Sequence[reading.Loose]:
        return await self._reader.read(partial(reading.loose_parcels, ids=ids))

    def _tied(self, found: Sequence[reading.Loose]) -> list[Parcel]:
        """In a thread: payloads are large, on disk or not, and each is checked against its digest."""
        return [
            Parcel(
                loose.row,
                self._body(loose),
                loose.facts,
                loose.delivery,
                loose.receipt,
                loose.must_wait,
            )
            for loose in found
        ]

    def _body(self, loose: reading.Loose) -> bytes:
        if loose.receipt is not None:
            return loose.receipt.body
        assert loose.delivery is not None, "a parcel is a delivery or a receipt"
        return self._files.whole(loose.delivery.digest, loose.body)

    async def timeline(self, document_id: str) -> Timeline:
        """By DocumentId, submission id or delivery id; empty when nothing matches."""
        return await self._reader.read(partial(reading.timeline, key=document_id))

    async def receipt(self, receipt_id: str) -> Receipt | None:
        """One receipt, or None."""
        return await self._reader.read(partial(reading.receipt, receipt_id=receipt_id))

    async def payload(self, digest: str) -> bytes | None:
        """The bytes with this digest, checked against it, or None."""
        known, body = await self._reader.read(partial(reading.payload, digest=digest))
        return await asyncio.to_thread(self._files.whole, digest, body) if known else None

    async def entries(self, after: int = 0) -> AsyncIterator[Entry]:
        """The chain from behind position `after`, with what is added meanwhile."""
        while page := await self._reader.read(partial(reading.entries, after=after, limit=_PAGE)):
            for entry in page:
                yield entry
            after = page[-1].position

    async def about(self, subject: str, limit: int) -> Sequence[Entry]:
        """The newest entries about one submission or subject, newest first."""
        return await self._reader.read(partial(reading.about, subject=subject, limit=limit))

    async def newest(self) -> Entry | None:
        """The last entry of the chain, or None."""
        return await self._reader.read(reading.newest)

    async def submission(self, submission_id: str) -> SubmissionRecord | None:
        """One submission by its id, or None."""
        return await self._reader.read(partial(reading.submission, submission_id=submission_id))

    async def due(self, before: datetime, limit: int) -> Sequence[str]:
        """Ids of deliveries of which something is due until `before`, the longest due first."""
        return await self._reader.read(partial(reading.due, before=before, limit=limit))

    async def next_due(self) -> datetime | None:
        """When something is due next, None if never; in the past if nobody has looked yet."""
        return await self._reader.read(awaited.next_due)

    async def awaited(self, now: datetime) -> Sequence[Awaited]:
        """What is overdue and what is due next, by kind and inbox."""
        return await self._reader.read(partial(awaited.awaited, now=now))

    async def overdue(
        self, now: datetime, kind: str, inbox: str = "", limit: int = 100
    ) -> Sequence[Delivery]:
        """Deliveries whose deadline of this kind passed, of one inbox or of all, the longest ago first."""
        return await self._reader.read(
            partial(awaited.overdue, now=now, kind=kind, inbox=inbox, limit=limit)
        )

    async def unmatched(self, limit: int = 100) -> Sequence[StatusRecord]:
        """Statuses that wait for the document they are about, newest first."""
        return await self._reader.read(partial(reading.unmatched, limit=limit))

    async def unmatched_count(self) -> int:
        """How many of them there are."""
        return await self._reader.read(reading.unmatched_count)

    async def outstanding(self) -> Mapping[str, int]:
        """How many deliveries still have to leave, by the organ that sent them."""
        return await self._reader.read(systems.outstanding)

    async def last_hand_in(self, senders: Collection[str], since: datetime) -> datetime | None:
        """When something of one of these organs came in last; None if nothing did since `since`."""
        return await self._reader.read(partial(systems.last_hand_in, senders=senders, since=since))

    async def numbered(
        self, number: str, notation: str, sender: str = "", year: str = ""
    ) -> Sequence[SubmissionRecord]:
        """Documents with this number and notation, of one organ and of one year where these are given."""
        return await self._reader.read(
            partial(reading.numbered, number=number, notation=notation, sender=sender, year=year)
        )

    async def was_sent(
        self, number: str, notation: str, senders: Collection[str], recipients: Collection[str]
    ) -> bool:
        """Whether one of `senders` sent a document with this number to one of `recipients`."""
        return await self._reader.read(
            partial(
                sent.was_sent,
                number=number,
                notation=notation,
                senders=senders,
                recipients=recipients,
            )
        )

    async def contradictions(self, limit: int) -> Sequence[str]:
        """What deliveries and outbox contradict each other in, as sentences, at most `limit` of each kind."""
        return await self._reader.read(partial(reconciliation.contradictions, limit=limit))

    async def untaken(self, limit: int = 100) -> Sequence[Untaken]:
        """Items of the national axis that could not be taken, the longest known first."""
        return await self._reader.read(partial(federation.untaken, limit=limit))

    async def turned_away(self, since: datetime, limit: int = 100) -> Sequence[TurnedAway]:
        """Items of the national axis that were refused since then, newest first."""
        return await self._reader.read(partial(federation.turned_away, since=since, limit=limit))

    async def relayed(self, start: datetime) -> AsyncIterator[Sequence[Relayed]]:
        """What the national axis took from `start` on, in order, a page at a time; each page in a snapshot of
        its own."""
        place: federation.Place | None = federation.begin(start)
        while place is not None:
            found, place = await self._reader.read(partial(federation.relayed, after=place))
            yield found

    async def settled_items(self, external_ids: Sequence[str]) -> Sequence[SettledItem]:
        """Which of these items of the national axis (`KIND/NUMBER`) were accepted here."""
        return await self._reader.read(partial(federation.settled_items, external_ids=external_ids))

    async def attempted(self, number: str, notation: str) -> Sequence[Attempted]:
        """Deliveries over the national axis of documents with this number and notation, newest first."""
        return await self._reader.read(
            partial(federation.numbered, number=number, notation=notation)
        )

    async def check_since(self, proved: Head | None) -> verify.Stretch:
        """Verifies the newest entries and all since `proved`, where the chain was verified up to before."""
        return await verify.check_since(self._reader, proved)

    async def quarantined(self, limit: int = 100) -> Sequence[SubmissionRecord]:
        """Submissions that crashed the inspection, newest first."""
        return await self._reader.read(partial(reading.quarantined, limit=limit))

    async def hand_ins(self, start: datetime, end: datetime) -> AsyncIterator[Sequence[HandIn]]:
        """What was received from `start` to `end` (exclusive), oldest first, a page at a time; each page
        in a snapshot of its own."""
        place: statistics.Place | None = statistics.Place(codec.instant(start))
        while place is not None:
            found, place = await self._reader.read(partial(statistics.page, after=place, end=end))
            yield found

    async def checks(self, start: datetime, end: datetime) -> Sequence[CheckRecord]:
        """The interconnection checks on record from `start` to `end` (exclusive), in order."""
        return await self._reader.read(partial(statistics.checks, start=start, end=end))

    async def uptimes(self, start: datetime, end: datetime) -> Sequence[Uptime]:
        """Those that reach into the time from `start` to `end`, the last one before it, and the first of
        all, in order."""
        return await self._reader.read(partial(statistics.uptimes, start=start, end=end))

    async def count(self) -> dict[str, int]:
        """Rows by table; reads every table."""
        return await self._reader.read(reading.count)

    async def check_tail(self) -> None:
        """Raises IntegrityError unless the newest entries hold together, as when a daemon starts."""
        await verify.check_tail(self._reader)

    async def verify(
        self, *, payloads: bool = True, progress: verify.Progress | None = None
    ) -> Verification:
        """Checks everything against everything, on a connection of its own; faults are sentences.

        `progress` is told, now and then, how many more entries and payloads were checked.
        """
        engine = reading_engine(database(self._folder), busy=BUSY, lenient=True)
        auditor = await OwnedConnection.open("auditor", engine, READING)
        try:
            return await verify.verify(auditor, self._files, payloads=payloads, progress=progress)
        finally:
            await auditor.close()

    async def close(self) -> None:
        """Ends all reads. Closing twice does nothing."""
        await self._reader.close()


class SqlLedger(LedgerReader):
    """`axisd.ports.Ledger`: the one that writes."""

    def __init__(
        self,
        folder: Path,
        reader: OwnedConnection,
        files: PayloadFiles,
        writer: OwnedConnection,
        lock: LedgerLock,
    ) -> None:
        super().__init__(folder, reader, files)
        self._writer = writer
        self._lock = lock
        self._turn = asyncio.Lock()
        self._fresh = Fresh()

    async def _loose(self, ids: Sequence[str]) -> Sequence[reading.Loose]:
        """What was written by this process a moment ago is not read back."""
        taken = self._fresh.take(ids)
        rest = [key for key in ids if key not in taken]
        read = await super()._loose(rest) if rest else ()
        return sorted((*taken.values(), *read), key=lambda parcel: parcel.row.id)

    async def stage(self, digest: str, body: bytes) -> bool:
        """Makes a large payload durable on disk; False when it is small and travels along."""
        if len(body) <= INLINE_LIMIT:
            return False
        await asyncio.to_thread(self._files.store, digest, body)
        return True

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """One at a time; leaving it commits durably, leaving it by an exception undoes it."""
        async with self._turn:
            transaction = _SqlTransaction(self._writer, self._files, self._fresh)
            try:
                yield transaction
            except BaseException:
                await self._writer.rollback()
                raise
            finally:
                transaction.end()
            await self._writer.commit()
            for records in transaction.written:
                self._fresh.keep(records)

    async def close(self) -> None:
        """Readers first, so that the writer is the last to touch the WAL. Closing twice does nothing."""
        async with AsyncExitStack() as stack:
            stack.callback(self._lock.release)
            stack.push_async_callback(self._writer.close)
            stack.push_async_callback(self._reader.close)


class _SqlTransaction:
    """Begins with its first question; knows the head of the chain from then on."""

    def __init__(self, writer: OwnedConnection, files: PayloadFiles, fresh: Fresh) -> None:
        self.written: list[Records] = []
        self._writer = writer
        self._files = files
        self._fresh = fresh
        self._head: Head | None = None
        self._ended = False

    def end(self) -> None:
        self._ended = True

    async def head(self) -> Head:
        if self._head is None:
            self._head = await self._run(writing.head)
        return self._head

    async def known(self, questions: Questions) -> Known:
        def answer(connection: Connection) -> tuple[Head, Known]:
            head = self._head or writing.head(connection)
            return head, writing.known(connection, questions)

        self._head, answers = await self._run(answer)
        return answers

    async def write(self, records: Records) -> None:
        await self._require_staged(records)
        self._fresh.forget(records)
        self._head = await self._run(partial(writing.write, records=records, after=self._head))
        self.written.append(records)

    async def record_uptime(self, uptime: Uptime) -> None:
        await self._run(partial(writing.record_uptime, uptime=uptime))

    async def _require_staged(self, records: Records) -> None:
        payloads = (change.payload for change in records.changes if change.payload is not None)
        if outside := [payload for payload in payloads if payload.body is None]:
            await asyncio.to_thread(self._files.require, outside)

    async def record_untaken(self, untaken: Untaken) -> None:
        await self._run(partial(federation.record_untaken, of=untaken))

    async def forget_untaken(self, kind: str, doc_id: str) -> None:
        await self._run(partial(federation.forget_untaken, kind=kind, doc_id=doc_id))

    async def _run(self, work: Work[T]) -> T:
        if self._ended:
            raise IntegrityError("the transaction has ended")
        return await self._writer.run(work)


def database(folder: Path) -> Path:
    """The database file of the ledger in `folder`."""
    return folder / "ledger.db"


async def open_ledger(folder: Path, *, busy: float = BUSY) -> SqlLedger:
    """Opens the ledger for writing: locked, upgraded to our tables, the tail of its chain verified.

    Raises ConfigError when another instance has it or a newer axisd wrote it, TransientError when the
    disk does not let us, IntegrityError when its chain does not hold.
    """
    files = PayloadFiles(folder / "payloads")
    async with AsyncExitStack() as opened:
        lock = await asyncio.to_thread(_occupy, folder, files, busy)
        opened.callback(lock.release)
        file = database(folder)
        writer = await OwnedConnection.open("writer", writing_engine(file, busy=busy), WRITING)
        opened.push_async_callback(writer.close)
        reader = await OwnedConnection.open("reader", reading_engine(file, busy=busy), READING)
        opened.push_async_callback(reader.close)
        await verify.check_tail(reader)
        opened.pop_all()
        return SqlLedger(folder, reader, files, writer, lock)


def _occupy(folder: Path, files: PayloadFiles, busy: float) -> LedgerLock:
    """Makes the folder and takes it; only then may anything in it be touched. Then brings it to date."""
    with translated("opening the ledger"):
        # Whatever the umask: the documents of a province lie in it.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = LedgerLock.take(folder / "ledger.lock")
        try:
            files.prepare()
            schema.upgrade(database(folder), busy=busy)
            sync_folder(folder)
        except BaseException:
            lock.release()
            raise
        return lock


async def open_reader(folder: Path, *, busy: float = BUSY) -> LedgerReader:
    """Opens the ledger for reading, whether or not a daemon has it; takes no lock, changes nothing.

    Raises ConfigError when there is no ledger of our version in `folder`.
    """
    file = database(folder)
    if not file.is_file():
        raise ConfigError((Problem(str(folder), 0, "there is no ledger here"),))
    reader = await OwnedConnection.open("reader", reading_engine(file, busy=busy), READING)
    try:
        await reader.read(partial(schema.require, file=file))
    except BaseException:
        await reader.close()
        raise
    return LedgerReader(folder, reader, PayloadFiles(folder / "payloads"))
