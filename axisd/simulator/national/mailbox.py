"""Receiving from the simulated axis: a centre sees its own mailbox, and nothing else exists for it.

An item is listed until it is `done` or `fail`, and can be fetched again after that. While it is delayed it
is not there. Faults of lists, counts and fetches (`behaviour`) arise here.
"""

from __future__ import annotations

import asyncio
from typing import Final

from axisd.adapters.vxp.protocol import MESSAGE_TYPES, SERVICE_TYPE, Answer, Call, Code, Refused
from axisd.ports import Clock
from axisd.simulator.national.archive import Archive
from axisd.simulator.national.conventions import day_of, kind_of, stamp
from axisd.simulator.national.faults import Faults
from axisd.simulator.national.records import FINAL, Received

_UNKNOWN: Final = Refused(Code.INVALID, "There is no such document in your mailbox.")
_NOT_NOW: Final = Refused(Code.SYSTEM, "The document cannot be read now; try again later.")
_STALE: Final = 5
_OFF: Final = 3


class Mailbox:
    """The operations on what a centre received."""

    def __init__(self, archive: Archive, clock: Clock, faults: Faults) -> None:
        self._archive = archive
        self._store = archive.store.messages
        self._clock = clock
        self._faults = faults

    async def waiting(self, call: Call) -> Answer:
        """What is not finished yet, oldest first; sent between two days if they are given and readable."""
        kind = kind_of(call)
        if isinstance(kind, Refused):
            return Answer.of(kind)
        first, last = (day_of(call.parameters.get(name, "")) for name in ("fromDate", "toDate"))
        centre, now = call.system_id, self._clock.now()
        items = await self._archive.ask(self._store.waiting, centre, kind, now, first, last)
        if self._faults.strikes("stale_lists", centre, call.operation.name):
            stale = await self._archive.ask(self._store.finished, centre, kind, _STALE)
            items = sorted([*items, *stale], key=lambda item: item.doc_id)
        rows = await asyncio.to_thread(lambda: [_row(item) for item in items])
        return Answer(fields={"data": shortened(rows, call, self._faults)})

    async def count(self, call: Call) -> Answer:
        """How many are not finished yet: the operation's name says of which type."""
        operation, centre = call.operation.name, call.system_id
        kind = MESSAGE_TYPES["document" if operation == "countReceiveEdoc" else "status"]
        count = await self._archive.ask(self._store.count, centre, kind, self._clock.now())
        if self._faults.strikes("wrong_counts", centre, operation):
            luck = int(self._faults.draw("wrong_counts", centre, operation) * 2 * _OFF)
            off = luck // 2 + 1
            count = count - off if luck % 2 and count >= off else count + off
        return Answer(fields={"count": count})

    async def fetch(self, call: Call) -> Answer:
        """One envelope, as base64."""
        body = await self._body(call)
        return Answer.of(body) if isinstance(body, Refused) else Answer(fields={"data": body})

    async def download(self, call: Call) -> Answer | bytes:
        """One envelope, as it is."""
        body = await self._body(call)
        return Answer.of(body) if isinstance(body, Refused) else body

    async def mark(self, call: Call) -> Answer:
        """The receiver's transport status of one item."""
        status = call.parameters["status"].lower()
        if status not in {"processing", *FINAL}:
            text = "status is processing, done or fail."
            return Answer.of(Refused(Code.INVALID, text))
        now = self._clock.now()
        known = await self._archive.ask(
            self._store.mark,
            call.system_id,
            call.parameters["docId"],
            status,
            call.parameters.get("description", ""),
            stamp(now + self._faults.of(call.system_id).skew),
            now,
        )
        return Answer() if known else Answer.of(_UNKNOWN)

    async def _body(self, call: Call) -> bytes | Refused:
        doc_id, centre = call.parameters["docId"], call.system_id
        body = await self._archive.ask(self._store.body, centre, doc_id, self._clock.now())
        if body is None:
            return _UNKNOWN
        if self._faults.strikes("failing_fetches", centre, call.operation.name, doc_id):
            return _NOT_NOW
        return body


def shortened(rows: list[dict[str, str]], call: Call, faults: Faults) -> list[dict[str, str]]:
    """The beginning of a list when the fault of short lists strikes, else all of it."""
    operation = call.operation.name
    if not faults.strikes("short_lists", call.system_id, operation):
        return rows
    return rows[: int(faults.draw("short_lists", call.system_id, operation) * len(rows))]


def _row(item: Received) -> dict[str, str]:
    return {
        "docId": item.doc_id,
        "serviceType": SERVICE_TYPE,
        "messageType": item.kind,
        "created_time": item.created,
        "updated_time": item.updated,
        "from": item.sender,
        "to": item.recipient,
        "status": item.status,
        "status_desc": item.description,
    }
