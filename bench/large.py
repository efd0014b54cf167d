"""The large ledger: a million deliveries over a year, written once and used by every bench that needs it.

It lies under var/bench/ by the version of the tables and of the year, and is never changed: who writes into
it takes a `copy`. What was interrupted is begun anew. Rows are written as the ledger writes them, but
without its questions and syncs, in the order of time; receipts are a few bytes, as payloads are, and the
chain holds.

`python -m bench.large` makes it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Table, insert
from sqlalchemy.dialects import sqlite

from axisd.adapters.ledger import codec, schema, tables
from axisd.adapters.ledger.migrations import HEAD
from axisd.core import chain
from axisd.core.calendar import DEFAULT_CALENDAR
from axisd.core.evidence import Entry, Evidence, Receipt
from axisd.core.evidence import Head as ChainHead
from axisd.core.receipts import legal_time_of
from axisd.core.records import Change
from bench.year import UNTIL, Year

DELIVERIES: Final = 1_000_000
VERSION: Final = 1
"""Of the year: another number, another ledger."""
_HOME: Final = Path("var/bench")
_PAGE: Final = 5_000
"""Changes written at a time."""
_FAST: Final = (
    "PRAGMA journal_mode = OFF",
    "PRAGMA synchronous = OFF",
    "PRAGMA locking_mode = EXCLUSIVE",
    "PRAGMA cache_size = -1000000",
    "PRAGMA foreign_keys = OFF",
)


@dataclass(frozen=True, slots=True)
class Large:
    """`until`: the moment at which its year ends; `rows` by table."""

    folder: Path
    until: datetime
    rows: Mapping[str, int]

    def copy(self, to: Path) -> Path:
        """One that may be changed; about as many gigabytes again."""
        shutil.copytree(self.folder, to)
        return to


def large(home: Path = _HOME, deliveries: int = DELIVERIES, days: int = 365) -> Large:
    """The ledger, made if it is not there yet: that takes minutes."""
    folder = home / f"large-{HEAD}-{VERSION}-{deliveries}-in-{days}-days"
    kept = folder.with_suffix(".json")
    if not kept.exists():
        began = time.monotonic()
        _say(f"making a ledger of {deliveries:,} deliveries in {folder}")
        shutil.rmtree(folder, ignore_errors=True)
        rows = _make(folder, Year(deliveries, days))
        kept.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
        _say(f"made in {time.monotonic() - began:.0f} s")
    return Large(folder, UNTIL, json.loads(kept.read_text(encoding="utf-8")))


def _make(folder: Path, year: Year) -> dict[str, int]:
    folder.mkdir(parents=True)
    file = folder / "ledger.db"
    schema.upgrade(file, busy=5.0)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for pragma in _FAST:
            connection.execute(pragma)
        writer = _Writer(connection)
        connection.execute("BEGIN")
        for change in year:
            writer.take(change)
        writer.flush()
        connection.execute("COMMIT")
    return writer.rows


class _Writer:
    """Collects rows by table, and writes a page of them at once."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.rows: dict[str, int] = {}
        self._connection = connection
        self._head = ChainHead()
        self._waiting: dict[str, list[tuple[Any, ...]]] = {}
        self._changes = 0
        self._statements = {
            table.name: _inserting(table) for table in tables.METADATA.tables.values()
        }

    def take(self, change: Change) -> None:
        if change.submission is not None:
            record = change.submission
            self._add(tables.submission, [codec.submission_columns(record)])
            if record.external_id is not None:
                self._add(
                    tables.external,
                    [
                        {
                            "external_id": record.external_id,
                            "door": record.facts.door,
                            "submission_id": record.facts.submission_id,
                        }
                    ],
                )
        if change.payload is not None:
            payload = change.payload
            self._add(
                tables.payload,
                [{"digest": payload.digest, "size": payload.size, "body": payload.body}],
            )
        self._add(tables.delivery, map(codec.delivery_columns, change.deliveries))
        self._add(tables.status, map(codec.status_columns, change.statuses))
        self._add(tables.link, map(codec.link_columns, change.links))
        self._add(tables.recall, map(codec.recall_columns, change.recalls))
        self._add(tables.outbox, map(codec.outbox_columns, change.outbox))
        for evidence in change.evidence:
            self._seal(evidence)
        self._changes += 1
        if self._changes % _PAGE == 0:
            self.flush()

    def flush(self) -> None:
        for name, waiting in self._waiting.items():
            self._connection.executemany(self._statements[name][0], waiting)
            waiting.clear()
        if sys.stderr.isatty():
            sys.stderr.write(f"\r  {self.rows.get('delivery', 0):,} deliveries ")

    def _seal(self, evidence: Evidence) -> None:
        position = self._head.position + 1
        facts, to = evidence.facts, evidence.receipt_to
        body = f"<Receipt>{evidence.id}</Receipt>".encode()
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}" if to is not None else None
        legal_at = legal_time_of(evidence, DEFAULT_CALENDAR)
        content = chain.canonical(evidence, position, digest, legal_at)
        self._head = ChainHead(position, chain.link(self._head.hash, content))
        entry = Entry(
            position,
            evidence.id,
            evidence.event,
            evidence.at,
            facts.submission_id,
            evidence.delivery_id,
            content,
            self._head.hash,
        )
        self._add(tables.entry, [codec.entry_columns(entry)])
        if to is not None:
            receipt = Receipt(
                evidence.id,
                position,
                evidence.event,
                facts.submission_id,
                facts.document_id,
                to,
                body,
            )
            self._add(tables.receipt, [codec.receipt_columns(receipt)])

    def _add(self, table: Table, rows: Iterable[codec.Columns]) -> None:
        names = self._statements[table.name][1]
        waiting = self._waiting.setdefault(table.name, [])
        before = len(waiting)
        waiting.extend(tuple(row[name] for name in names) for row in rows)
        self.rows[table.name] = self.rows.get(table.name, 0) + len(waiting) - before


def _inserting(table: Table) -> tuple[str, tuple[str, ...]]:
    """The statement, and the columns in the order of its parameters."""
    compiled = insert(table).compile(dialect=sqlite.dialect())
    assert compiled.positiontup is not None
    return str(compiled), tuple(compiled.positiontup)


def _say(text: str) -> None:
    sys.stderr.write(f"· {text}\n")


if __name__ == "__main__":
    found = large()
    size = (found.folder / "ledger.db").stat().st_size / 1e9
    print(
        json.dumps({"folder": str(found.folder), "gigabytes": round(size, 2), "rows": found.rows})
    )
