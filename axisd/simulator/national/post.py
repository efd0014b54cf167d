"""Sending over the simulated axis: who may, to whom, and what becomes of the envelope on the way.

Checked in this order: message type and service (10), sender (19), edXML (22), recipients (18, 23). One
item is put into the mailbox of each recipient's centre, however many of its codes were named. `From`
inside the envelope is not compared with the signed `from`: the real axis is not known to do so, and
whoever receives must check it himself. A repeat is delivered again, and counted.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, ParamSpec, TypeVar

from axisd.adapters.vxp.protocol import MESSAGE_TYPES, SERVICE_TYPE, Answer, Call, Code, Refused
from axisd.ports import Clock
from axisd.simulator.national.archive import Archive
from axisd.simulator.national.conventions import kind_of, stamp
from axisd.simulator.national.envelope import Glance, add_trace, add_twins, glance, written
from axisd.simulator.national.records import Member, Received, Sent
from axisd.simulator.national.seed import Behaviour

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

    def __init__(self, archive: Archive, clock: Clock, behaviour: Behaviour, limit: int) -> None:
        self._archive = archive
        self._clock = clock
        self._behaviour = behaviour
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
        return await self._archive.ask(self._deliver, call, seen, parties, body, now)

    async def sent(self, call: Call) -> Answer:
        """One row for each recipient. A `docId` that is none of the caller's messages is a stale one."""
        kind = kind_of(call)
        if isinstance(kind, Refused):
            return Answer.of(kind)
        doc_id = call.parameters.get("docId", "")
        rows = await self._archive.ask(self._archive.store.sent, call.system_id, kind, doc_id)
        return Answer(fields={"data": [_sent_row(sent, item) for sent, item in rows]})

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
        does = self._behaviour
        anew = does.reserialise
        if seen.kind == MESSAGE_TYPES["document"]:
            if does.twin_recipients:
                anew = add_twins(seen, _twins(parties)) or anew
            if does.trace:
                organ = does.trace_organ
                add_trace(seen, call.system_id if organ == "" else organ, stamp(now))
                anew = True
        return written(seen) if anew else call.body

    def _deliver(
        self, call: Call, seen: Glance, parties: Parties, body: bytes, now: datetime
    ) -> Answer:
        store = self._archive.store
        sent = Sent(
            doc_id=self._clock.new_id(),
            centre=call.system_id,
            sender=call.parameters["from"],
            kind=seen.kind,
            document_id=seen.document_id,
            title=seen.title,
            notation=seen.notation,
            digest=hashlib.sha256(call.body).hexdigest(),
            body=body,
            at=stamp(now),
        )
        items = [
            (
                member.centre,
                Received(
                    doc_id=self._clock.new_id(),
                    message=sent.doc_id,
                    sender=sent.sender,
                    recipient=code,
                    kind=sent.kind,
                    status="initial",
                    description="",
                    created=sent.at,
                    updated=sent.at,
                    repeats=store.first_of(sent.centre, sent.digest, code),
                ),
            )
            for code, member in parties.recipients.items()
        ]
        store.deliver(sent, items)
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
