"""The national axis in memory, as the port sees it: what was sent, what waits, what was reported.

For tests and rehearsals of the uplink and the downlink; the protocol itself is spoken by the simulator.
It hands over one item per recipient, keeps an item on the list until it is reported done or failed, and
answers what it is told to answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from axisd.core.reconciliation import SentRow
from axisd.errors import TransientError, UnavailableError
from axisd.ports import LargeAnswerError, NationalAnswer, NationalItem, TransportStatus


@dataclass(frozen=True, slots=True)
class Taken:
    """One envelope that the national axis took."""

    doc_id: str
    body: bytes
    kind: str
    sender: str
    recipients: tuple[str, ...]


class MemoryNational:
    """`axisd.ports.NationalLists`."""

    def __init__(self) -> None:
        self.reachable = True
        self.answers: dict[str, NationalAnswer] = {}
        """What a send to this recipient is answered, instead of being taken."""
        self.unreadable: set[str] = set()
        """Items whose envelope cannot be fetched for now, by `doc_id`."""
        self.listed: int | None = None
        """How many items a list names at most; it is cut short there."""
        self.sent: list[Taken] = []
        self.rows: list[SentRow] = []
        """The list of what was sent; nothing adds to it but tests."""
        self.reports: list[tuple[str, TransportStatus, str]] = []
        self._items: dict[str, tuple[NationalItem, str, bytes]] = {}
        self._numbers = 0

    def offer(
        self, body: bytes, *, recipient: str, sender: str = "", kind: str = "document"
    ) -> NationalItem:
        """Puts an item on the list of what waits."""
        item = NationalItem(
            self._number(), "edoc" if kind == "document" else "status", sender, recipient
        )
        self._items[item.doc_id] = (item, kind, body)
        return item

    def replace(self, item: NationalItem, body: bytes) -> None:
        """The same item serialised anew."""
        _, kind, _ = self._items[item.doc_id]
        self._items[item.doc_id] = (item, kind, body)

    async def send(
        self, body: bytes, *, kind: str, sender: str, recipients: Iterable[str]
    ) -> NationalAnswer:
        """Takes it, unless `answers` says otherwise for one of the recipients."""
        await self._reach()
        named = tuple(recipients)
        for recipient in named:
            if recipient in self.answers:
                return self.answers[recipient]
        number = self._number()
        self.sent.append(Taken(number, body, kind, sender, named))
        return NationalAnswer("0", "", number)

    async def count(self, kind: str) -> int:
        """How many items of `kind` wait."""
        await self._reach()
        return sum(its_kind == kind for _, its_kind, _ in self._items.values())

    async def waiting(self, kind: str) -> Sequence[NationalItem]:
        """The items of `kind` that wait, oldest first; no more of them than `listed`."""
        await self._reach()
        waiting = [item for item, its_kind, _ in self._items.values() if its_kind == kind]
        return waiting[: self.listed]

    async def sent_list(self, kind: str, number: str = "") -> Sequence[SentRow]:
        """What `rows` says was sent, cut short at `listed`; one number is found wherever it stands."""
        await self._reach()
        rows = [row for row in self.rows if row.kind == kind]
        return [row for row in rows if row.number == number] if number else rows[: self.listed]

    async def fetch(self, item: NationalItem, most: int | None = None) -> bytes:
        """The envelope of `item`."""
        await self._reach()
        if item.doc_id in self.unreadable or item.doc_id not in self._items:
            raise TransientError(f"the national axis in memory cannot give {item.doc_id}")
        body = self._items[item.doc_id][2]
        if most is not None and len(body) > most:
            raise LargeAnswerError(f"the national axis in memory has {len(body)} bytes")
        return body

    async def report(
        self, item: NationalItem, status: TransportStatus, description: str = ""
    ) -> None:
        """Done and failed items leave the list."""
        await self._reach()
        self.reports.append((item.doc_id, status, description))
        if status is not TransportStatus.PROCESSING:
            self._items.pop(item.doc_id, None)

    async def _reach(self) -> None:
        await asyncio.sleep(0)
        if not self.reachable:
            raise UnavailableError("the national axis in memory cannot be reached")

    def _number(self) -> str:
        self._numbers += 1
        return str(self._numbers)
