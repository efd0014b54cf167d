"""Checks a whole ledger: file, chain, receipts, payloads. Faults come back as sentences, in order.

Reads in pages, so memory stays small and writers go on; what they add meanwhile is checked too. A
ledger that is broken below (a page that SQLite cannot read, a text that is not UTF-8) is a fault among
the others: nothing here raises for one. What is not covered: the state of deliveries and the outbox,
which change and are not evidence; and an end that was cut off, seen only by who kept the head.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, cast

from sqlalchemy import Connection, Row, func, select

from axisd.adapters.ledger import codec, tables
from axisd.adapters.ledger.connection import OwnedConnection
from axisd.adapters.ledger.payloads import PayloadFiles
from axisd.core import chain
from axisd.core.audit import payload_faults, receipt_faults
from axisd.core.evidence import Entry, Head, Receipt
from axisd.core.reasons import Event
from axisd.errors import AxisError, IntegrityError
from axisd.ports import Verification

TAIL: Final = 1000
"""Entries verified when a ledger is opened."""
MOST_AT_ONCE: Final = 1_000_000
"""Entries that one interconnection check verifies at most."""
_PAGE: Final = 500
_PAYLOADS_PAGE: Final = 16
"""Payloads read at a time: at most 16 MiB."""
_MOST_FAULTS: Final = 1000
_BEFORE_ALL: Final = -(2**63)

Progress = Callable[[int], None]

_entry = tables.entry.c
_receipt = tables.receipt.c
_payload = tables.payload.c


@dataclass(slots=True)
class _Findings:
    """What has been found so far."""

    head: Head = field(default_factory=Head)
    entries: int = 0
    receipts: int = 0
    payloads: int = 0
    faults: list[str] = field(default_factory=list)
    progress: Progress | None = None
    told: int = 0

    def tell(self) -> None:
        """Reports what was checked since the last time."""
        done = self.entries + self.payloads
        if self.progress is not None:
            self.progress(done - self.told)
        self.told = done

    @property
    def verification(self) -> Verification:
        listed = tuple(self.faults[:_MOST_FAULTS])
        if len(self.faults) > _MOST_FAULTS:
            listed += (f"{len(self.faults) - _MOST_FAULTS} further faults are not listed",)
        return Verification(self.entries, self.receipts, self.payloads, self.head, listed)


async def verify(
    auditor: OwnedConnection,
    files: PayloadFiles,
    *,
    payloads: bool,
    progress: Progress | None = None,
) -> Verification:
    """Everything; without `payloads` all but their content.

    `progress` is told, now and then, how many more entries and payloads were checked.
    """
    findings = _Findings(progress=progress)
    await _survive(findings, _file(auditor, findings))
    await _survive(findings, _chain(auditor, findings))
    if payloads:
        await _survive(findings, _payloads(auditor, files, findings))
    return findings.verification


async def check_tail(reader: OwnedConnection) -> None:
    """Raises IntegrityError unless the last `TAIL` entries hold together."""
    entries = await reader.read(_last_entries)
    await asyncio.to_thread(_require_chain, entries)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the chain that was verified: `entries` of them, up to `head`. `newest`: where the chain ended
    when that began; beyond `head` where there was too much for one time."""

    head: Head
    entries: int
    newest: int
    faults: tuple[str, ...]


async def check_since(
    reader: OwnedConnection, proved: Head | None, *, most: int = MOST_AT_ONCE
) -> Stretch:
    """Verifies the last `TAIL` entries, and all since `proved` where that was verified before.

    At most `most` entries, in their order: what is left then is for the next time, from the head that is
    returned. Receipts are compared with their entries; payloads and the file are not looked at.
    """
    newest = await reader.read(_newest)
    first = max(newest - TAIL, 0)
    if proved is not None:
        first = min(first, proved.position)
    base, faults = await reader.read(partial(_base, position=first, proved=proved))
    findings = _Findings(head=base, faults=faults)
    while findings.head.position < newest and findings.entries < most:
        entries, receipts = await reader.read(partial(_chain_page, after=findings.head.position))
        if not entries:
            break
        await asyncio.to_thread(_check_page, findings, entries, receipts)
    return Stretch(findings.head, findings.entries, newest, findings.verification.faults)


def _newest(connection: Connection) -> int:
    return connection.execute(select(func.max(_entry.position))).scalar_one() or 0


def _base(connection: Connection, position: int, proved: Head | None) -> tuple[Head, list[str]]:
    """The entry behind which the verification begins, and what is wrong with those that should be known."""
    faults = []
    if proved is not None and proved.position and _hash(connection, proved.position) != proved.hash:
        faults.append(f"entry {proved.position}: it is not the one that the last check verified")
    found = _hash(connection, position) if position else Head().hash
    if found is None:
        faults.append(f"entry {position}: it is missing")
    return Head(position, found or Head().hash), faults


def _hash(connection: Connection, position: int) -> str | None:
    return connection.execute(
        select(_entry.hash).where(_entry.position == position)
    ).scalar_one_or_none()


def _require_chain(entries: list[Entry]) -> None:
    base = Head()
    if len(entries) > TAIL:
        base = Head(entries[0].position, entries[0].hash)
        entries = entries[1:]
    fault = next(chain.verify(entries, base), None)
    if fault is not None:
        raise IntegrityError(f"the ledger's chain does not hold: {fault}")


def _last_entries(connection: Connection) -> list[Entry]:
    rows = connection.execute(
        select(tables.entry).order_by(_entry.position.desc()).limit(TAIL + 1)
    ).all()
    return [_as_stored(row) for row in reversed(rows)]


async def _survive(findings: _Findings, check: Awaitable[None]) -> None:
    """A check that cannot go on is a fault itself; the others still run."""
    try:
        await check
    except AxisError as error:
        findings.faults.append(f"the check had to stop: {error}")


async def _file(auditor: OwnedConnection, findings: _Findings) -> None:
    findings.faults += await auditor.read(_file_faults)


def _file_faults(connection: Connection) -> list[str]:
    """What SQLite itself finds: broken pages, missing values, dangling references.

    Not values that a CHECK forbids: a connection that can only read knows no such constraints.
    """
    broken = [row[0] for row in connection.exec_driver_sql("PRAGMA quick_check(100)")]
    dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    return [
        *(f"database: {sentence}" for sentence in broken if sentence != "ok"),
        *(f"{row[0]}: a row refers to a {row[2]} that is not there" for row in dangling),
    ]


async def _chain(auditor: OwnedConnection, findings: _Findings) -> None:
    after: int | None = _BEFORE_ALL
    while after is not None:
        entries, receipts = await auditor.read(partial(_chain_page, after=after))
        await asyncio.to_thread(_check_page, findings, entries, receipts)
        findings.tell()
        after = entries[-1].position if len(entries) == _PAGE else None


def _chain_page(connection: Connection, after: int) -> tuple[list[Entry], dict[int, Receipt]]:
    """One page of entries, and the receipts of their positions."""
    rows = connection.execute(
        select(tables.entry).where(_entry.position > after).order_by(_entry.position).limit(_PAGE)
    ).all()
    last = len(rows) < _PAGE
    receipts = _receipts(connection, after, None if last else rows[-1].position)
    return [_as_stored(row) for row in rows], receipts


def _check_page(findings: _Findings, entries: list[Entry], receipts: dict[int, Receipt]) -> None:
    findings.faults += chain.verify(entries, findings.head)
    findings.receipts += len(receipts)
    for entry in entries:
        findings.faults += receipt_faults(entry, receipts.pop(entry.position, None))
    findings.faults += [
        f"receipt {receipt.id}: there is no entry {receipt.position}"
        for receipt in receipts.values()
    ]
    findings.entries += len(entries)
    if entries:
        findings.head = Head(entries[-1].position, entries[-1].hash)


def _receipts(connection: Connection, after: int, until: int | None) -> dict[int, Receipt]:
    statement = select(tables.receipt).where(_receipt.position > after)
    if until is not None:
        statement = statement.where(_receipt.position <= until)
    return {
        row.position: Receipt(
            row.id,
            row.position,
            cast("Event", row.event),
            row.submission_id,
            row.document_id,
            row.agency,
            row.body,
        )
        for row in connection.execute(statement)
    }


def _as_stored(row: Row[Any]) -> Entry:
    """The entry as the table has it, even if no entry can be like that: `chain.verify` will say so."""
    try:
        at = codec.moment(row.at * 1000)
    except OverflowError:
        at = codec.moment(0)
    return Entry(
        row.position,
        row.id,
        cast("Event", row.event),
        at,
        row.submission_id,
        row.delivery_id,
        row.content,
        row.hash,
    )


async def _payloads(auditor: OwnedConnection, files: PayloadFiles, findings: _Findings) -> None:
    after: str | None = ""
    while after is not None:
        rows = await auditor.read(partial(_payload_page, after=after))
        for row in rows:
            findings.faults += await asyncio.to_thread(_payload_faults, files, row)
        findings.payloads += len(rows)
        findings.tell()
        after = rows[-1].digest if len(rows) == _PAYLOADS_PAGE else None


def _payload_page(connection: Connection, after: str) -> Sequence[Row[Any]]:
    return connection.execute(
        select(tables.payload)
        .where(_payload.digest > after)
        .order_by(_payload.digest)
        .limit(_PAYLOADS_PAGE)
    ).all()


def _payload_faults(files: PayloadFiles, row: Row[Any]) -> list[str]:
    try:
        body = files.load(row.digest) if row.body is None else row.body
    except AxisError as error:
        return [str(error)]
    return list(payload_faults(row.digest, row.size, body))
