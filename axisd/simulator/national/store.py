"""The state of the simulated national axis in one SQLite file, so that it survives a restart.

Synchronous, for one thread: the office calls it from a thread of its own. What a kill of the process
may not take is committed (WAL); a power cut may take the last moments, which a simulator can afford.
The same bytes from the same centre to the same recipient are delivered again, as nothing says that the
real axis does not; a repeat names the first item (`repeats`) and is counted, so that it can be seen.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from axisd.simulator.national.records import FINAL, WAITING, Member, Received, Sent
from axisd.simulator.national.seed import Agency, Seed

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
CREATE TABLE IF NOT EXISTS item (
  doc_id TEXT PRIMARY KEY, message TEXT NOT NULL REFERENCES message, centre TEXT NOT NULL,
  sender TEXT NOT NULL, recipient TEXT NOT NULL, kind TEXT NOT NULL, status TEXT NOT NULL,
  description TEXT NOT NULL, created TEXT NOT NULL, updated TEXT NOT NULL,
  repeats TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS item_mailbox ON item (centre, kind, status, doc_id);
CREATE INDEX IF NOT EXISTS item_message ON item (message);
"""

_MEMBER: Final = (
    "id, code, twin, name, mail, mobile, fax, parent, centre, locked, deleted, version, modified"
)
_RECEIVED: Final = (
    "doc_id, message, sender, recipient, kind, status, description, created, updated, repeats"
)
_SENT: Final = "doc_id, centre, sender, kind, document_id, title, notation, digest, body, at"


class Store:
    """All tables of one simulated axis. Any thread may call it, one at a time."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(folder / FILE, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("PRAGMA foreign_keys = ON")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        self._db.close()

    def plant(self, seed: Seed, now: str) -> None:
        """Brings centres and agencies to what the seed says; others stay as they are."""
        with self._transaction():
            for centre in seed.centres:
                self._db.execute(
                    "INSERT INTO centre VALUES (?, ?, ?) ON CONFLICT DO UPDATE"
                    " SET secret = excluded.secret, name = excluded.name",
                    (centre.system_id, centre.secret, centre.name),
                )
            for agency in seed.agencies:
                self._put(agency, now)

    def secrets(self) -> dict[str, str]:
        """The secret of every system."""
        return dict(self._db.execute("SELECT system_id, secret FROM centre").fetchall())

    def member(self, code: str) -> Member | None:
        """The agency with this code or, failing that, with this twin code; not a deleted one."""
        rows = self._members(
            "WHERE (code = :code OR twin = :code) AND NOT deleted ORDER BY code <> :code",
            {"code": code},
        )
        return rows[0] if rows else None

    def members(self, *, deleted: bool = False) -> Sequence[Member]:
        """The directory in the order of its numbers; with the deleted ones if asked for."""
        return self._members("ORDER BY id" if deleted else "WHERE NOT deleted ORDER BY id", {})

    def register(self, agency: Agency, now: str) -> bool:
        """Adds an agency or changes it; False when its code belongs to another centre."""
        with self._transaction():
            owner = self._db.execute(
                "SELECT centre FROM agency WHERE code = ?", (agency.code,)
            ).fetchone()
            if owner is not None and owner[0] != agency.centre:
                return False
            self._put(agency, now)
            self._db.execute("UPDATE agency SET deleted = 0 WHERE code = ?", (agency.code,))
            return True

    def delete(self, centre: str, code: str, now: str) -> bool:
        """Marks an agency as deleted; False when this centre has none such."""
        changed = self._db.execute(
            "UPDATE agency SET deleted = 1, version = version + 1, modified = ?"
            " WHERE centre = ? AND code = ? AND NOT deleted",
            (now, centre, code),
        )
        return changed.rowcount == 1

    def first_of(self, centre: str, digest: str, recipient: str) -> str:
        """The first item that brought these bytes from this centre to this recipient, or ""."""
        row = self._db.execute(
            "SELECT min(item.doc_id) FROM item JOIN message ON message.doc_id = item.message"
            " WHERE message.centre = ? AND message.digest = ? AND item.recipient = ?",
            (centre, digest, recipient),
        ).fetchone()
        return str(row[0] or "")

    def deliver(self, sent: Sent, items: Iterable[tuple[str, Received]]) -> None:
        """Keeps a message and puts one item into the mailbox of each (centre, item)."""
        with self._transaction():
            self._db.execute(
                f"INSERT INTO message ({_SENT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
                [getattr(sent, name) for name in _SENT.split(", ")],
            )
            self._db.executemany(
                f"INSERT INTO item (centre, {_RECEIVED}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
                [
                    (centre, *(getattr(item, name) for name in _RECEIVED.split(", ")))
                    for centre, item in items
                ],
            )

    def waiting(self, centre: str, kind: str) -> Sequence[Received]:
        """What a mailbox still lists, oldest first."""
        rows = self._db.execute(
            f"SELECT {_RECEIVED} FROM item"  # noqa: S608
            " WHERE centre = ? AND kind = ? AND status IN (?, ?) ORDER BY doc_id",
            (centre, kind, *WAITING),
        )
        return [Received(*row) for row in rows]

    def count(self, centre: str, kind: str) -> int:
        """How many items a mailbox still lists."""
        row = self._db.execute(
            "SELECT count(*) FROM item WHERE centre = ? AND kind = ? AND status IN (?, ?)",
            (centre, kind, *WAITING),
        ).fetchone()
        return int(row[0])

    def body(self, centre: str, doc_id: str) -> bytes | None:
        """The envelope of an item in this centre's mailbox, whatever its status."""
        row = self._db.execute(
            "SELECT message.body FROM item JOIN message ON message.doc_id = item.message"
            " WHERE item.centre = ? AND item.doc_id = ?",
            (centre, doc_id),
        ).fetchone()
        return bytes(row[0]) if row else None

    def mark(self, centre: str, doc_id: str, status: str, description: str, now: str) -> bool:
        """Sets an item's transport status; False when this mailbox has no such item.

        A finished item is not opened again: `processing` that comes late changes nothing.
        """
        with self._transaction():
            row = self._db.execute(
                "SELECT status FROM item WHERE centre = ? AND doc_id = ?", (centre, doc_id)
            ).fetchone()
            if row is None:
                return False
            if row[0] not in FINAL or status in FINAL:
                self._db.execute(
                    "UPDATE item SET status = ?, description = ?, updated = ? WHERE doc_id = ?",
                    (status, description, now, doc_id),
                )
            return True

    def sent(self, centre: str, kind: str, doc_id: str = "") -> Sequence[tuple[Sent, Received]]:
        """What a centre sent, one entry per recipient, oldest first; of one message if it has it.

        The body of a `Sent` is left empty here.
        """
        sent = ", ".join(
            "x''" if name == "body" else f"message.{name}" for name in _SENT.split(", ")
        )
        received = ", ".join(f"item.{name}" for name in _RECEIVED.split(", "))
        rows = self._db.execute(
            f"SELECT {sent}, {received} FROM message"  # noqa: S608
            " JOIN item ON item.message = message.doc_id"
            " WHERE message.centre = :centre AND message.kind = :kind"
            " AND (message.doc_id = :doc_id OR NOT EXISTS"
            "   (SELECT 1 FROM message WHERE doc_id = :doc_id AND centre = :centre))"
            " ORDER BY message.doc_id, item.doc_id",
            {"centre": centre, "kind": kind, "doc_id": doc_id},
        )
        width = len(_SENT.split(", "))
        return [(Sent(*row[:width]), Received(*row[width:])) for row in rows]

    def state(self) -> dict[str, Any]:
        """Counts of everything, for tests and people; no secret and no content."""
        centres = {
            system_id: {"name": name, "agencies": agencies, "sent": sent, "items": {}}
            for system_id, name, agencies, sent in self._db.execute(
                "SELECT system_id, name,"
                " (SELECT count(*) FROM agency WHERE agency.centre = system_id AND NOT deleted),"
                " (SELECT count(*) FROM message WHERE message.centre = system_id)"
                " FROM centre ORDER BY system_id"
            )
        }
        for system_id, kind, status, items in self._db.execute(
            "SELECT centre, kind, status, count(*) FROM item GROUP BY centre, kind, status"
        ):
            centres[system_id]["items"].setdefault(kind, {})[status] = items
        repeats = self._db.execute("SELECT count(*) FROM item WHERE repeats <> ''").fetchone()
        return {"centres": centres, "repeats": repeats[0]}

    def _put(self, agency: Agency, now: str) -> None:
        self._db.execute(
            "INSERT INTO agency (code, twin, name, mail, mobile, fax, parent, centre, locked,"
            " modified) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (code) DO UPDATE SET"
            " twin = excluded.twin, name = excluded.name, mail = excluded.mail,"
            " mobile = excluded.mobile, fax = excluded.fax, parent = excluded.parent,"
            " centre = excluded.centre, locked = excluded.locked, version = version + 1,"
            " modified = excluded.modified",
            (
                *(agency.code, agency.twin, agency.name, agency.mail, agency.mobile, agency.fax),
                *(agency.parent, agency.centre, int(agency.locked), now),
            ),
        )

    def _members(self, condition: str, values: dict[str, str]) -> list[Member]:
        numbers = "(SELECT p.id FROM agency p WHERE p.code = agency.parent)"
        rows = self._db.execute(
            f"SELECT {_MEMBER}, coalesce({numbers}, '') FROM agency {condition}",  # noqa: S608
            values,
        )
        names = [*_MEMBER.split(", "), "pid"]
        members = []
        for row in rows:
            found: dict[str, Any] = dict(zip(names, row, strict=True))
            found |= {name: bool(found[name]) for name in ("locked", "deleted")}
            members.append(Member(**found | {"pid": str(found["pid"])}))
        return members

    def _transaction(self) -> _Transaction:
        return _Transaction(self._db)


class _Transaction:
    """BEGIN IMMEDIATE … COMMIT, or ROLLBACK when an exception leaves it."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._db.execute("ROLLBACK" if kind else "COMMIT")
