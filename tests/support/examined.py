"""Systems to examine: our own scripted agency, and one that does wrong what can be done wrong."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from axisd.adapters.clock import SystemClock
from axisd.adapters.vxp.client import VxpClient
from axisd.client import AxisClient, File, Writer, load_key, load_trust, load_url
from axisd.client.writing import answered
from axisd.core.carried import CarriedFile, carried_files
from axisd.core.envelope import Business, Document
from axisd.simulator.agency.post import AmqpPost, Arrival, Take, VxpPost, arrival
from axisd.simulator.agency.script import ScriptedAgency

CARELESS: Final = {
    "attachment",
    "duplicate",
    "form",
    "manifest",
    "once",
    "recall",
    "replacement",
    "statuses",
    "taking-back",
    "update",
    "vietnamese",
}
"""What a careless agency fails."""


@dataclass(slots=True)
class CarelessAgency(ScriptedAgency):
    """It loses the Đ, ignores recalls, statuses and updates, answers everything whenever it comes, cuts off large files,
    attaches a file that its manifest does not name, and writes each reply twice."""

    async def take(self, arrival: Arrival) -> None:
        for body in list(self.answers(arrival)):
            await self.post.send(body)

    def answers(self, arrival: Arrival) -> Iterator[bytes]:
        document = arrival.document
        if document is None or document.business.business is not Business.NEW:
            return
        garbled = replace(document, notation=document.notation.replace("Đ", "?"))
        yield self.status(garbled, "01")
        yield self.status(garbled, "03")
        if document.due_date:
            for _ in range(2):
                yield self.reply(document, arrival.body)

    def reply(self, document: Document, body: bytes) -> bytes:
        letter = self.letter(document.sender.organ_id, "Trả lời", type_name="Lá thư")
        letter = replace(letter, responses_for=(answered(document),))
        files = carried_files(body)
        assert isinstance(files, tuple)
        return self.writer.document(letter, [_cut(one) for one in files])


def _cut(file: CarriedFile) -> File:
    return File(file.name, file.content[:1000], "image/png")


@asynccontextmanager
async def played(
    facts: Any, agency: type[ScriptedAgency]
) -> AsyncIterator[tuple[ScriptedAgency, AxisClient]]:
    """The system that a sandbox waits for, over AMQP, and its client; `facts`: what the sandbox printed."""
    own = facts["own"]
    async with (
        AxisClient(
            load_url(own["url_file"]),
            own["agency"],
            key=load_key(own["key"], own["certificate"]),
            trust=load_trust(facts["trust"]),
        ) as client,
        asyncio.TaskGroup() as group,
    ):
        system = agency(AmqpPost(client), client)
        playing = group.create_task(system.run())
        yield system, client
        playing.cancel()


@asynccontextmanager
async def played_at_the_door(
    facts: Any, agency: type[ScriptedAgency]
) -> AsyncIterator[ScriptedAgency]:
    """The same at the VXP door."""
    own = facts["own"]
    writer = Writer(own["agency"], key=load_key(own["key"], own["certificate"]))
    async with (
        VxpClient(own["url"], own["systemid"], own["secret"], SystemClock()) as client,
        asyncio.TaskGroup() as group,
    ):
        system = agency(VxpPost(client, own["agency"], pause=0.1), writer)
        playing = group.create_task(system.run())
        yield system
        playing.cancel()


class MemoryPost:
    """A post without an axis between: what it sends is what `other` gets, under an id of its own."""

    def __init__(self) -> None:
        self.troubles: deque[str] = deque()
        self.other: MemoryPost = self
        self.came: asyncio.Queue[Arrival] = asyncio.Queue(1000)
        self.sent: list[Arrival] = []

    async def send(self, body: bytes, *, urgent: bool = False) -> None:
        sent = arrival(str(len(self.sent)), body)
        self.sent.append(sent)
        await self.other.came.put(sent)

    async def run(self, take: Take) -> None:
        while True:
            await take(await self.came.get())


class MemoryLaboratory:
    """Repeats what the examiner has sent; there is no broker to probe or to cut."""

    def __init__(self, examiner: MemoryPost) -> None:
        self._examiner = examiner

    async def repeat(self, document_id: str, body: bytes) -> None:
        again = next(one for one in self._examiner.sent if one.body == body)
        await self._examiner.other.came.put(again)

    async def probe(self) -> None:
        return

    async def cut(self) -> int:
        return 1

    async def dead(self) -> int:
        return 0
