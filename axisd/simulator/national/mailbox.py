"""Receiving from the simulated axis: a centre sees its own mailbox, and nothing else exists for it.

An item is listed until it is `done` or `fail`, and can be fetched again after that.
"""

from __future__ import annotations

import re
from typing import Final

from axisd.adapters.vxp.protocol import MESSAGE_TYPES, SERVICE_TYPE, Answer, Call, Code, Refused
from axisd.ports import Clock
from axisd.simulator.national.archive import Archive
from axisd.simulator.national.conventions import kind_of, stamp
from axisd.simulator.national.records import FINAL, Received

_YEAR_FIRST: Final = re.compile(r"(\d{4})[/-](\d{2})[/-](\d{2})", re.ASCII)
_DAY_FIRST: Final = re.compile(r"(\d{2})[/-](\d{2})[/-](\d{4})", re.ASCII)
_UNKNOWN: Final = Refused(Code.INVALID, "There is no such document in your mailbox.")


class Mailbox:
    """The operations on what a centre received."""

    def __init__(self, archive: Archive, clock: Clock) -> None:
        self._archive = archive
        self._store = archive.store
        self._clock = clock

    async def waiting(self, call: Call) -> Answer:
        """What is not finished yet, oldest first; between two days if they are given and readable."""
        kind = kind_of(call)
        if isinstance(kind, Refused):
            return Answer.of(kind)
        first = _day(call.parameters.get("fromDate", "")) or "0"
        last = _day(call.parameters.get("toDate", "")) or "9"
        items = await self._archive.ask(self._store.waiting, call.system_id, kind)
        listed = [_row(item) for item in items if first <= item.created[:10] <= last]
        return Answer(fields={"data": listed})

    async def count(self, call: Call) -> Answer:
        """How many are not finished yet: the operation's name says of which type."""
        kind = MESSAGE_TYPES["document" if call.operation.name == "countReceiveEdoc" else "status"]
        count = await self._archive.ask(self._store.count, call.system_id, kind)
        return Answer(fields={"count": count})

    async def fetch(self, call: Call) -> Answer:
        """One envelope, as base64."""
        body = await self._body(call)
        return Answer.of(_UNKNOWN) if body is None else Answer(fields={"data": body})

    async def download(self, call: Call) -> Answer | bytes:
        """One envelope, as it is."""
        body = await self._body(call)
        return Answer.of(_UNKNOWN) if body is None else body

    async def mark(self, call: Call) -> Answer:
        """The receiver's transport status of one item."""
        status = call.parameters["status"].lower()
        if status not in {"processing", *FINAL}:
            text = "status is processing, done or fail."
            return Answer.of(Refused(Code.INVALID, text))
        known = await self._archive.ask(
            self._store.mark,
            call.system_id,
            call.parameters["docId"],
            status,
            call.parameters.get("description", ""),
            stamp(self._clock.now()),
        )
        return Answer() if known else Answer.of(_UNKNOWN)

    async def _body(self, call: Call) -> bytes | None:
        doc_id = call.parameters["docId"]
        return await self._archive.ask(self._store.body, call.system_id, doc_id)


def _day(text: str) -> str:
    """The day in `text` as `yyyy/MM/dd`; "" when there is none, which then limits nothing."""
    if match := _YEAR_FIRST.match(text):
        return "/".join(match.groups())
    if match := _DAY_FIRST.match(text):
        return "/".join(reversed(match.groups()))
    return ""


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
