"""Sending over the simulated axis: who may, to whom, and what becomes of the envelope on the way.

Checked in this order: message type and service (10), sender (19), edXML (22), recipients (18, 23). One
item is put into the mailbox of each recipient's centre, however many of its codes were named. `From`
inside the envelope is not compared with the signed `from`: the real axis is not known to do so, and
whoever receives must check it himself. A repeat is delivered again, and counted. Delays and duplicates
(`behaviour`) arise here.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, ParamSpec, TypeVar

from axisd.adapters.vxp.protocol import MESSAGE_TYPES, SERVICE_TYPE, Answer, Call, Code, Refused
from axisd.ports import Clock
from axisd.simulator.national.archive import Archive
from axisd.simulator.national.conventions import day_of, kind_of, stamp
from axisd.simulator.national.envelope import Glance, add_trace, add_twins, glance, written
from axisd.simulator.national.faults import Faults
from axisd.simulator.national.mailbox import shortened
from axisd.simulator.national.records import Member, Received, Sent

_LARGE: Final = 64 * 1024
_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Parties:
    """`recipients`: each organ once, under the code by which it was named first."""

    sender: Member
    recipients: dict[str, Member]


class Post:
    """`sendEdoc` and `getSentEdocList`. `limit`: bytes of an envelope at most."""

    def __init__(self, archive: Archive, clock: Clock, faults: Faults, limit: int) -> None:
        self._archive = archive
        self._clock = clock
        self._faults = faults
        self._limit = limit

    async def send(self, call: Call) -> Answer:
        """One message to all its recipients, or to none of them."""
        kind = kind_of(call)
        if isinstance(kind, Refused):
            return Answer.of(kind)
        named = _named_recipients(call.parameters.get("to", ""))
        if isinstance(named, Refused):
            return Answer.of(named)
        seen = await _aside(call.body, glance, call.body, self._limit)
        if isinstance(seen, str):
            return Answer.of(Refused(Code.NOT_EDXML, seen))
        if seen.kind != kind:
            text = f"The envelope is of type {seen.kind}, messagetype says {kind}."
            return Answer.of(Refused(Code.NOT_EDXML, text))
        parties = await self._archive.ask(self._parties, call, named or seen.recipients)
        if isinstance(parties, Refused):
            return Answer.of(parties)
        now = self._clock.now()
        body = await _aside(call.body, self._on_the_way, call, seen, parties, now)
        sent = self._sent(call, seen, body, now)
        items = self._items(sent, parties, now)
        return await self._archive.ask(self._deliver, sent, items)

    async def sent(self, call: Call) -> Answer:
        """One row for each item, sent between two days if they are given and readable.

        A `docId` that is none of the caller's messages is a stale one. `receiveStatus` is the item's transport
        status with the recipient's words; business statuses come as messages of their own.
        """
        kind = kind_of(call)
        if isinstance(kind, Refused):
            return Answer.of(kind)
        doc_id = call.parameters.get("docId", "")
        first, last = (day_of(call.parameters.get(name, "")) for name in ("fromDate", "toDate"))
        found = await self._archive.ask(
            self._archive.store.messages.sent, call.system_id, kind, doc_id, first, last
        )
        rows = await asyncio.to_thread(lambda: [_sent_row(sent, item) for sent, item in found])
        return Answer(fields={"data": shortened(rows, call, self._faults)})

    def _parties(self, call: Call, codes: Sequence[str]) -> Parties | Refused:
        store = self._archive.store
        sender = store.member(call.parameters["from"])
        if sender is None or sender.centre != call.system_id:
            text = f"{call.parameters['from']!a} is not registered under {call.system_id}."
            return Refused(Code.SENDER, text)
        if not codes:
            return Refused(Code.RECIPIENT, "The message names no recipient.")
        recipients: dict[int, tuple[str, Member]] = {}
        for code in codes:
            member = store.member(code)
            if member is None:
                return Refused(Code.RECIPIENT, f"Recipient {code!a} is not known.")
            if member.locked:
                return Refused(Code.LOCKED, f"Recipient {code!a} is locked.")
            recipients.setdefault(member.id, (code, member))
        return Parties(sender, dict(recipients.values()))

    def _on_the_way(self, call: Call, seen: Glance, parties: Parties, now: datetime) -> bytes:
        does = self._faults.of(call.system_id)
        anew = does.reserialise
        if seen.kind == MESSAGE_TYPES["document"]:
            if does.twin_recipients:
                anew = add_twins(seen, _twins(parties)) or anew
            if does.trace:
                organ = does.trace_organ
                add_trace(seen, call.system_id if organ == "" else organ, stamp(now + does.skew))
                anew = True
        return written(seen) if anew else call.body

    def _sent(self, call: Call, seen: Glance, body: bytes, now: datetime) -> Sent:
        return Sent(
            doc_id=self._clock.new_id(),
            centre=call.system_id,
            sender=call.parameters["from"],
            kind=seen.kind,
            document_id=seen.document_id,
            title=seen.title,
            notation=seen.notation,
            digest=hashlib.sha256(call.body).hexdigest(),
            body=body,
            at=stamp(now + self._faults.of(call.system_id).skew),
        )

    def _items(self, sent: Sent, parties: Parties, now: datetime) -> list[tuple[str, Received]]:
        """What goes into the mailboxes: one item for each recipient, two where that fault strikes."""
        items = []
        for code, member in parties.recipients.items():
            item = Received(
                doc_id=self._clock.new_id(),
                message=sent.doc_id,
                sender=sent.sender,
                recipient=code,
                kind=sent.kind,
                status="initial",
                description="",
                created=sent.at,
                updated=sent.at,
                due=self._due(member.centre, now),
            )
            items.append((member.centre, item))
            if self._faults.strikes("duplicates", member.centre, "sendEdoc"):
                second = replace(
                    item,
                    doc_id=self._clock.new_id(),
                    copy_of=item.doc_id,
                    due=self._due(member.centre, now),
                )
                items.append((member.centre, second))
        return items

    def _due(self, centre: str, now: datetime) -> float:
        delay = self._faults.time(self._faults.of(centre).delay, "delay", centre)
        return (now + delay).timestamp() if delay else 0.0

    def _deliver(self, sent: Sent, items: Iterable[tuple[str, Received]]) -> Answer:
        messages = self._archive.store.messages
        known = [
            (
                centre,
                item
                if item.copy_of
                else replace(
                    item, repeats=messages.first_of(sent.centre, sent.digest, item.recipient)
                ),
            )
            for centre, item in items
        ]
        messages.deliver(sent, known)
        return Answer(fields={"DocId": sent.doc_id})


def _named_recipients(to: str) -> tuple[str, ...] | Refused:
    if not to:
        return ()
    try:
        codes = json.loads(to)
    except (ValueError, RecursionError):
        codes = None
    if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
        return Refused(Code.INVALID, "to is a JSON array of agency codes.")
    return tuple(codes)


def _twins(parties: Parties) -> dict[str, str]:
    recipients: Iterable[tuple[str, Member]] = parties.recipients.items()
    return {
        code: member.twin if code == member.code else member.code for code, member in recipients
    }


def _sent_row(sent: Sent, item: Received) -> dict[str, str]:
    return {
        "senderDocId": sent.doc_id,
        "receiverDocId": item.doc_id,
        "fromCode": sent.sender,
        "toCode": item.recipient,
        "serviceType": SERVICE_TYPE,
        "messageType": sent.kind,
        "title": sent.title,
        "notation": sent.notation,
        "sentTime": sent.at,
        "receivedTime": "" if item.status == "initial" else item.updated,
        "sendStatus": "done",
        "sendStatusDesc": "",
        "receiveStatus": item.status,
        "receiveStatusDesc": item.description,
    }


async def _aside(body: bytes, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Work on a small envelope here, on a large one in a thread."""
    if len(body) <= _LARGE:
        return work(*args, **kwargs)
    return await asyncio.to_thread(work, *args, **kwargs)
