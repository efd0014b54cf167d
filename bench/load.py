"""The other side of the benchmarks, in a process of its own: signed envelopes, handed in and picked up.

`python -m bench.load PROVINCE.json` reads what to do as one JSON object per line on stdin and answers each
with one on stdout. Envelopes are made and signed before the clock starts.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvloop

from axisd.adapters import keyring
from axisd.adapters.amqp import AgencyClient, Endpoint
from axisd.adapters.clock import SystemClock
from axisd.adapters.vxp.client import Bounds as DoorBounds
from axisd.adapters.vxp.client import VxpClient
from axisd.core.compose import compose_document
from axisd.core.envelope import Document, ManifestItem, Organization, OtherInfo
from axisd.core.reasons import Refusal
from axisd.core.signing import SigningKey, sign_envelope
from axisd.core.submission import Lane
from axisd.ports import TransportStatus
from bench.edoc import EdocClient

AT_ONCE = 64
"""Submissions that wait for the broker's confirm at the same time."""


class Load:
    """One sender and one recipient of a province, and a system behind each door."""

    def __init__(self, place: dict[str, str]) -> None:
        self._place = place
        self._sender, self._recipient = place["sender"], place["recipient"]
        self._keys: dict[str, SigningKey] = {
            place[whose]: keyring.load(Path(place[f"{whose}_key"]), Path(place[f"{whose}_pem"]))
            for whose in ("sender", "vxp", "edoc")
        }
        self._made = 0
        self._ready: list[tuple[str, bytes]] = []

    def _client(self, whose: str) -> AgencyClient:
        return AgencyClient(Endpoint(self._place[f"{whose}_url"], name=f"bench {whose}"))

    def _vxp(self) -> VxpClient:
        place, bounds = self._place, DoorBounds(connections=AT_ONCE)
        return VxpClient(
            place["vxp_url"], place["vxp_account"], place["vxp_secret"], SystemClock(), bounds
        )

    def _edoc(self) -> EdocClient:
        place = self._place
        return EdocClient(place["http"], place["edoc"], place["edoc_token"], AT_ONCE)

    @asynccontextmanager
    async def _sending(self, door: str) -> AsyncIterator[Callable[[bytes], Awaitable[None]]]:
        """What sends one envelope through the door."""
        if door == "edoc":
            async with self._edoc() as edoc:
                yield edoc.send
            return
        async with self._vxp() as vxp:

            async def send(body: bytes) -> None:
                sender = self._place[door]
                answer = await vxp.send(body, kind="document", sender=sender, recipients=[])
                assert answer.accepted, answer.text

            yield send

    def _envelope(
        self, size: int, priority: str = "0", *, sender: str = "", recipient: str = ""
    ) -> tuple[str, bytes]:
        sender, recipient = sender or self._sender, recipient or self._recipient
        self._made += 1
        document_id = f"{sender},2026/11/22,{time.time_ns()}-{self._made}"
        document = Document(
            sender=Organization(sender),
            recipients=(Organization(recipient),),
            document_id=document_id,
            number=str(self._made % 10_000),
            notation="BENCH",
            place="Tây Ninh",
            promulgation_date="2026/11/22",
            document_type="1",
            type_detail="0",
            type_name="Công văn",
            subject="V/v đo hiệu năng",
            other=OtherInfo(priority=priority),
        )
        # About 4.0 KB are header, signature and certificate; base64 makes four of three.
        body = b"%PDF-1.4\n" + b"." * max((size - 4_000) * 3 // 4, 16)
        item = ManifestItem("cid:1", "application/pdf", "do.pdf")
        signed = sign_envelope(compose_document(document, [(item, body)]), self._keys[sender])
        assert not isinstance(signed, Refusal), "what is composed here can be signed"
        return document_id, signed

    async def prepare(self, count: int, size: int) -> dict[str, Any]:
        """Makes `count` signed envelopes of about `size` bytes."""
        self._ready = [self._envelope(size) for _ in range(count)]
        return {"bytes": len(self._ready[0][1])}

    async def flood(self) -> dict[str, Any]:
        """Hands all prepared envelopes in, as fast as the broker confirms them."""
        slots = asyncio.Semaphore(AT_ONCE)
        began = time.time()

        async def one(body: bytes) -> None:
            try:
                await client.submit(body, self._sender)
            finally:
                slots.release()

        async with self._client("sender") as client, asyncio.TaskGroup() as group:
            for _, body in self._ready:
                await slots.acquire()
                group.create_task(one(body))
        return {"began": began, "submitted": len(self._ready), "seconds": time.time() - began}

    async def prepare_door(self, count: int, size: int, way: str, door: str) -> dict[str, Any]:
        """The same from the system behind a door: to the broker's recipient (`way` in), or to itself (round)."""
        sender = self._place[door]
        recipient = self._recipient if way == "in" else sender
        self._ready = [
            self._envelope(size, sender=sender, recipient=recipient) for _ in range(count)
        ]
        return {"bytes": len(self._ready[0][1])}

    async def flood_door(self, door: str) -> dict[str, Any]:
        """Sends all prepared envelopes through the door, `AT_ONCE` calls at a time."""
        slots = asyncio.Semaphore(AT_ONCE)
        began = time.time()

        async def one(body: bytes) -> None:
            try:
                await send(body)
            finally:
                slots.release()

        async with self._sending(door) as send, asyncio.TaskGroup() as group:
            for _, body in self._ready:
                await slots.acquire()
                group.create_task(one(body))
        return {"began": began, "submitted": len(self._ready), "seconds": time.time() - began}

    async def fetch_door(self, door: str, raw: bool) -> dict[str, Any]:
        """Fetches all that waits at the door, one by one, and is done with it."""
        size = 0
        if door == "edoc":
            async with self._edoc() as edoc:
                for doc_id in await edoc.pending():
                    size += len(await edoc.fetch(doc_id))
                    await edoc.confirm(doc_id)
            return {"bytes": size}
        async with self._vxp() as vxp:
            for item in await vxp.waiting("document"):
                body = await (vxp.download(item.doc_id) if raw else vxp.fetch(item))
                size += len(body)
                await vxp.report(item, TransportStatus.DONE)
        return {"bytes": size}

    async def paced(self, rate: float) -> dict[str, Any]:
        """Hands them in at `rate` a second; milliseconds from submit to inbox of each."""
        sent: dict[str, float] = {}
        waits: list[float] = []

        async def collect() -> None:
            async with self._client("recipient") as client:
                async for message in client.receive("inbox", self._recipient, prefetch=100):
                    if message.correlation_id in sent:
                        waits.append(1000 * (time.monotonic() - sent[message.correlation_id]))
                    await message.ack()
                    if len(waits) == len(self._ready):
                        return

        async with self._client("sender") as client, asyncio.TaskGroup() as group:
            group.create_task(collect())
            await asyncio.sleep(0.5)
            began = time.monotonic()
            for number, (document_id, body) in enumerate(self._ready):
                await asyncio.sleep(max(began + number / rate - time.monotonic(), 0))
                sent[document_id] = time.monotonic()
                group.create_task(client.submit(body, self._sender))
        return {"milliseconds": sorted(waits)}

    async def overtaking(self, urgent: int, rate: float) -> dict[str, Any]:
        """All prepared envelopes are handed in at once, and `urgent` ones of hỏa tốc among them at `rate` a
        second; milliseconds from submit to inbox of both, and how many normal ones came in between."""
        express = dict(self._envelope(10_000, "3") for _ in range(urgent))
        normal = dict(self._ready)
        sent: dict[str, float] = {}
        came: dict[str, float] = {}
        slots = asyncio.Semaphore(AT_ONCE)

        async def collect() -> None:
            async with self._client("recipient") as client:
                async for message in client.receive("inbox", self._recipient, prefetch=100):
                    if message.correlation_id in sent:
                        came[message.correlation_id] = time.monotonic()
                    await message.ack()
                    if len(came) == len(normal) + len(express):
                        return

        async def one(client: AgencyClient, document_id: str, lane: Lane) -> None:
            body = express.get(document_id) or normal[document_id]
            sent[document_id] = time.monotonic()
            await client.submit(body, self._sender, lane=lane)

        async def in_turn(client: AgencyClient, document_id: str) -> None:
            try:
                await one(client, document_id, Lane.NORMAL)
            finally:
                slots.release()

        async def hurry() -> None:
            async with self._client("sender") as client:
                for document_id in express:
                    await asyncio.sleep(1 / rate)
                    await one(client, document_id, Lane.URGENT)

        async with self._client("sender") as client, asyncio.TaskGroup() as group:
            group.create_task(collect())
            await asyncio.sleep(0.5)
            group.create_task(hurry())
            for document_id in normal:
                await slots.acquire()
                group.create_task(in_turn(client, document_id))
        waits = {key: 1000 * (at - sent[key]) for key, at in came.items()}
        last = max(came[key] for key in express)
        return {
            "urgent_ms": sorted(waits[key] for key in express),
            "normal_ms": sorted(waits[key] for key in normal),
            "normal_meanwhile": sum(came[key] < last for key in normal),
        }


async def main(place: dict[str, str]) -> None:
    load = Load(place)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        asked = json.loads(line)
        answer = await getattr(load, asked.pop("do"))(**asked)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
