"""What was sent over the simulated axis, and what lies in the mailboxes, in the store's tables.

The same bytes from the same centre to the same recipient are delivered again, as nothing says that the
real axis does not; a repeat names the first item (`repeats`) and is counted, so that it can be seen. What
the axis itself delivers twice names the item that it copies (`copy_of`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from axisd.simulator.national.database import Transaction
from axisd.simulator.national.records import FINAL, WAITING, Received, Sent

_RECEIVED: Final = (
    "doc_id",
    "message",
    "sender",
    "recipient",
    "kind",
    "status",
    "description",
    "created",
    "updated",
    "repeats",
    "due",
    "copy_of",
)
_SENT: Final = (
    "doc_id",
    "centre",
    "sender",
    "kind",
    "document_id",
    "title",
    "notation",
    "digest",
    "body",
    "at",
)
_ITEM: Final = ", ".join(_RECEIVED)


class Messages:
    """Messages as sent, and one item of each for every recipient. Days are `yyyy/MM/dd`, "" for any."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def first_of(self, centre: str, digest: str, recipient: str) -> str:
        """The first item that brought these bytes from this centre to this recipient, or ""."""
        row = self._db.execute(
            "SELECT min(item.doc_id) FROM item JOIN message ON message.doc_id = item.message"
            " WHERE message.centre = ? AND message.digest = ? AND item.recipient = ?",
            (centre, digest, recipient),
        ).fetchone()
        return str(row[0] or "")

    def deliver(self, sent: Sent, items: Iterable[tuple[str, Received]]) -> None:
        """Keeps a message and puts each (centre, item) into that centre's mailbox."""
        with Transaction(self._db):
            self._db.execute(
                f"INSERT INTO message ({', '.join(_SENT)}) VALUES ({_marks(_SENT)})",  # noqa: S608
                [getattr(sent, name) for name in _SENT],
            )
            self._db.executemany(
                f"INSERT INTO item (centre, {_ITEM}) VALUES (?, {_marks(_RECEIVED)})",  # noqa: S608
                [(centre, *(getattr(item, name) for name in _RECEIVED)) for centre, item in items],
            )

    def waiting(
        self, centre: str, kind: str, now: datetime, first: str = "", last: str = ""
    ) -> Sequence[Received]:
        """What a mailbox lists at `now`, oldest first; of what was sent from `first` to `last`."""
        rows = self._db.execute(
            f"SELECT {_ITEM} FROM item WHERE centre = ? AND kind = ? AND status IN (?, ?)"  # noqa: S608
            " AND due <= ? AND created >= ? AND created < ? ORDER BY doc_id",
            (centre, kind, *WAITING, now.timestamp(), *_days(first, last)),
        )
        return [Received(*row) for row in rows]

    def finished(self, centre: str, kind: str, most: int) -> Sequence[Received]:
        """The newest items of a mailbox that are finished, newest first."""
        rows = self._db.execute(
            f"SELECT {_ITEM} FROM item WHERE centre = ? AND kind = ? AND status IN (?, ?)"  # noqa: S608
            " ORDER BY doc_id DESC LIMIT ?",
            (centre, kind, *FINAL, most),
        )
        return [Received(*row) for row in rows]

    def count(self, centre: str, kind: str, now: datetime) -> int:
        """How many items a mailbox lists at `now`."""
        row = self._db.execute(
            "SELECT count(*) FROM item WHERE centre = ? AND kind = ? AND status IN (?, ?)"
            " AND due <= ?",
            (centre, kind, *WAITING, now.timestamp()),
        ).fetchone()
        return int(row[0])

    def body(self, centre: str, doc_id: str, now: datetime) -> bytes | None:
        """The envelope of an item in this centre's mailbox, whatever its status."""
        row = self._db.execute(
            "SELECT message.body FROM item JOIN message ON message.doc_id = item.message"
            " WHERE item.centre = ? AND item.doc_id = ? AND item.due <= ?",
            (centre, doc_id, now.timestamp()),
        ).fetchone()
        return bytes(row[0]) if row else None

    def mark(
        self, centre: str, doc_id: str, status: str, description: str, at: str, now: datetime
    ) -> bool:
        """Sets an item's transport status; False when this mailbox has no such item.

        A finished item is not opened again: `processing` that comes late changes nothing.
        """
        with Transaction(self._db):
            row = self._db.execute(
                "SELECT status FROM item WHERE centre = ? AND doc_id = ? AND due <= ?",
                (centre, doc_id, now.timestamp()),
            ).fetchone()
            if row is None:
                return False
            if row[0] not in FINAL or status in FINAL:
                self._db.execute(
                    "UPDATE item SET status = ?, description = ?, updated = ? WHERE doc_id = ?",
                    (status, description, at, doc_id),
                )
            return True

    def sent(
        self, centre: str, kind: str, doc_id: str = "", first: str = "", last: str = ""
    ) -> Sequence[tuple[Sent, Received]]:
        """What a centre sent from `first` to `last`, one entry per item, oldest first.

        Only one message if `doc_id` is one of the centre's. The body of a `Sent` is left empty here.
        """
        mine = self._db.execute(
            "SELECT 1 FROM message WHERE doc_id = ? AND centre = ?", (doc_id, centre)
        ).fetchone()
        sent = ", ".join("x''" if name == "body" else f"message.{name}" for name in _SENT)
        received = ", ".join(f"item.{name}" for name in _RECEIVED)
        rows = self._db.execute(
            f"SELECT {sent}, {received} FROM message"  # noqa: S608
            " JOIN item ON item.message = message.doc_id"
            " WHERE message.centre = :centre AND message.kind = :kind"
            " AND message.at >= :first AND message.at < :last"
            + (" AND message.doc_id = :doc_id" if mine else "")
            + " ORDER BY message.at, message.doc_id, item.doc_id",
            {
                "centre": centre,
                "kind": kind,
                "doc_id": doc_id,
                **dict(zip(("first", "last"), _days(first, last), strict=True)),
            },
        )
        width = len(_SENT)
        return [(Sent(*row[:width]), Received(*row[width:])) for row in rows]

    def counts(self) -> tuple[dict[str, Any], dict[str, int]]:
        """Items by centre, kind and status; and how many are repeats and copies."""
        items: dict[str, Any] = {}
        for centre, kind, status, count in self._db.execute(
            "SELECT centre, kind, status, count(*) FROM item GROUP BY centre, kind, status"
        ):
            items.setdefault(centre, {}).setdefault(kind, {})[status] = count
        repeats, copies = self._db.execute(
            "SELECT count(*) FILTER (WHERE repeats <> ''), count(*) FILTER (WHERE copy_of <> '')"
            " FROM item"
        ).fetchone()
        return items, {"repeats": repeats, "copies": copies}

    def forget(self) -> None:
        """Takes every message out, and with it every mailbox."""
        with Transaction(self._db):
            self._db.execute("DELETE FROM item")
            self._db.execute("DELETE FROM message")


def _marks(columns: Sequence[str]) -> str:
    return ", ".join("?" for _ in columns)


def _days(first: str, last: str) -> tuple[str, str]:
    """Bounds for times as text: from the first day's beginning, up to the last day's end."""
    return first or "0", f"{last or '9'}~"
