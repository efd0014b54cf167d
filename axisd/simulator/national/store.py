"""The state of the simulated national axis in one SQLite file, so that it survives a restart.

Synchronous, for one thread: the office calls it from a thread of its own. Here: centres, the directory, and
what is kept of the axis itself; the mailboxes are `messages`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from axisd.simulator.national.database import Transaction, connected
from axisd.simulator.national.messages import Messages
from axisd.simulator.national.records import Member
from axisd.simulator.national.seed import Agency, Seed

_NOW: Final = "now"
_MEMBER: Final = (
    "id, code, twin, name, mail, mobile, fax, parent, centre, locked, deleted, version, modified"
)


class Store:
    """All tables of one simulated axis. Any thread may call it, one at a time."""

    def __init__(self, folder: Path) -> None:
        self._db = connected(folder)
        self.messages = Messages(self._db)

    def close(self) -> None:
        self._db.close()

    def stopped_at(self) -> datetime | None:
        """The time at which a clock that stands still was left; None if there was none."""
        row = self._db.execute("SELECT value FROM kept WHERE name = ?", (_NOW,)).fetchone()
        return datetime.fromisoformat(row[0]) if row else None

    def stop_at(self, now: datetime) -> None:
        """Keeps the time of a clock that stands still."""
        self._db.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (_NOW, now.isoformat()))

    def plant(self, seed: Seed, now: str) -> None:
        """Brings centres and agencies to what the seed says; others stay as they are."""
        with Transaction(self._db):
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
        with Transaction(self._db):
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

    def state(self) -> dict[str, Any]:
        """Counts of everything, for tests and people; no secret and no content."""
        items, counts = self.messages.counts()
        centres = {
            system_id: {
                "name": name,
                "agencies": agencies,
                "sent": sent,
                "items": items.get(system_id, {}),
            }
            for system_id, name, agencies, sent in self._db.execute(
                "SELECT system_id, name,"
                " (SELECT count(*) FROM agency WHERE agency.centre = system_id AND NOT deleted),"
                " (SELECT count(*) FROM message WHERE message.centre = system_id)"
                " FROM centre ORDER BY system_id"
            )
        }
        return {"centres": centres, **counts}

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
