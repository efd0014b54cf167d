"""The SQLite file of the simulated national axis: its tables, and a transaction.

What a kill of the process may not take is committed (WAL); a power cut may take the last moments, which
a simulator can afford. A file of an earlier version is brought up to date when it is opened.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

FILE: Final = "national.sqlite"

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS centre (
  system_id TEXT PRIMARY KEY, secret TEXT NOT NULL, name TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS agency (
  id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, twin TEXT NOT NULL, name TEXT NOT NULL,
  mail TEXT NOT NULL, mobile TEXT NOT NULL, fax TEXT NOT NULL, parent TEXT NOT NULL,
  centre TEXT NOT NULL REFERENCES centre, locked INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0, version INTEGER NOT NULL DEFAULT 1,
  modified TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS agency_twin ON agency (twin);
CREATE TABLE IF NOT EXISTS message (
  doc_id TEXT PRIMARY KEY, centre TEXT NOT NULL, sender TEXT NOT NULL, kind TEXT NOT NULL,
  document_id TEXT NOT NULL, title TEXT NOT NULL, notation TEXT NOT NULL, digest TEXT NOT NULL,
  body BLOB NOT NULL, at TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS message_digest ON message (centre, digest);
CREATE INDEX IF NOT EXISTS message_sent ON message (centre, kind, at, doc_id);
CREATE TABLE IF NOT EXISTS item (
  doc_id TEXT PRIMARY KEY, message TEXT NOT NULL REFERENCES message, centre TEXT NOT NULL,
  sender TEXT NOT NULL, recipient TEXT NOT NULL, kind TEXT NOT NULL, status TEXT NOT NULL,
  description TEXT NOT NULL, created TEXT NOT NULL, updated TEXT NOT NULL,
  repeats TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS item_mailbox ON item (centre, kind, status, doc_id);
CREATE INDEX IF NOT EXISTS item_message ON item (message);
CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
"""

_ADDED: Final = (
    ("due", "REAL NOT NULL DEFAULT 0"),
    ("copy_of", "TEXT NOT NULL DEFAULT ''"),
)
"""Columns of `item` that earlier versions did not have."""


def connected(folder: Path) -> sqlite3.Connection:
    """The connection to the file in `folder`, both made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(folder / FILE, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("PRAGMA foreign_keys = ON")
    db.executescript(_SCHEMA)
    there = {name for (name,) in db.execute("SELECT name FROM pragma_table_info('item')")}
    for name, words in _ADDED:
        if name not in there:
            db.execute(f"ALTER TABLE item ADD COLUMN {name} {words}")
    return db


class Transaction:
    """BEGIN IMMEDIATE … COMMIT, or ROLLBACK when an exception leaves it."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._db.execute("ROLLBACK" if kind else "COMMIT")
