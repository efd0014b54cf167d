"""What scripted centres still have to say, and what they have taken: kept, so that a restart forgets neither.

One small SQLite file, or only memory. Whoever is asked for what is due gets it in the order in which it was
put down; it stays until it is said to be done.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

FILE: Final = "peers.sqlite"
REPLY: Final = "reply"

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS taken (
  centre TEXT NOT NULL, what TEXT NOT NULL, PRIMARY KEY (centre, what)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS owed (
  id INTEGER PRIMARY KEY AUTOINCREMENT, centre TEXT NOT NULL, due REAL NOT NULL,
  document_id TEXT NOT NULL, said TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS owed_due ON owed (centre, due);
CREATE INDEX IF NOT EXISTS owed_document ON owed (centre, document_id);
"""


@dataclass(frozen=True, slots=True)
class Word:
    """One answer: a status, or REPLY for a document. `sender`: whose. The rest says about which document:
    whose (`to`), its DocumentId, number and notation, and date. `last`: nothing comes after it."""

    code: str
    sender: str
    to: str
    document_id: str
    notation: str
    promulgated: str
    last: bool = False


@dataclass(frozen=True, slots=True)
class Owed:
    """A word that is due, `at` when it was to be said. `number`: no two have the same."""

    number: int
    at: datetime
    word: Word


class Agenda:
    """The file in `folder`, or memory alone. For one thread."""

    def __init__(self, folder: Path | None = None) -> None:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        place = ":memory:" if folder is None else folder / FILE
        self._db = sqlite3.connect(place, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        self._db.close()

    def take(self, centre: str, what: str, words: Iterable[tuple[datetime, Word]]) -> bool:
        """Notes that something was taken, with all that is to be said about it; False if it was before."""
        self._db.execute("BEGIN IMMEDIATE")
        new = self._db.execute("INSERT OR IGNORE INTO taken VALUES (?, ?)", (centre, what)).rowcount
        if new:
            self._db.executemany(
                "INSERT INTO owed (centre, due, document_id, said) VALUES (?, ?, ?, ?)",
                [
                    (centre, due.timestamp(), word.document_id, json.dumps(asdict(word)))
                    for due, word in words
                ],
            )
        self._db.execute("COMMIT")
        return bool(new)

    def due(self, centre: str, now: datetime) -> Owed | None:
        """What is to be said first by now; None if nothing is."""
        row = self._db.execute(
            "SELECT id, due, said FROM owed WHERE centre = ? AND due <= ? ORDER BY due, id LIMIT 1",
            (centre, now.timestamp()),
        ).fetchone()
        if row is None:
            return None
        number, due, said = row
        return Owed(number, datetime.fromtimestamp(due, UTC), Word(**json.loads(said)))

    def done(self, owed: Owed) -> None:
        """It was said, or is not to be said any more."""
        self._db.execute("DELETE FROM owed WHERE id = ?", (owed.number,))

    def drop(self, centre: str, document_id: str) -> None:
        """Nothing more is to be said about a document."""
        self._db.execute(
            "DELETE FROM owed WHERE centre = ? AND document_id = ?", (centre, document_id)
        )

    def count(self, centre: str) -> int:
        """How much is still to be said."""
        row = self._db.execute("SELECT count(*) FROM owed WHERE centre = ?", (centre,)).fetchone()
        return int(row[0])
