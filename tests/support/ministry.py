"""The other side of the national axis: a ministry's system, and somebody between us and the axis."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import aiohttp
from aiohttp import web

from axisd.adapters.clock import SystemClock
from axisd.adapters.vxp.client import VxpClient
from axisd.core.envelope import Organization
from axisd.simulator.loopback import ADDRESS, free_ports
from axisd.simulator.national.peer import Peer
from axisd.simulator.province import CENTRE, PEER, PEER_CENTRE, Province
from tests.support.operators import until_async

MINISTRY: Final = PEER[0]


@asynccontextmanager
async def ministry(
    province: Province, *answers: str, looks: bool = True
) -> AsyncIterator[tuple[Peer, VxpClient]]:
    """A ministry that answers what it receives with these statuses, and its client."""
    clock = SystemClock()
    client = VxpClient(province.national_url, PEER_CENTRE, province.peer_secret, clock)
    peer = Peer(client, clock, Organization(MINISTRY, name="Bộ (mô phỏng)"), answers)
    async with client, asyncio.TaskGroup() as group:
        looking = [group.create_task(peer.run(0.1))] if looks else []
        yield peer, client
        for task in looking:
            task.cancel()


async def nothing_waits(province: Province) -> None:
    """Until everything that waited for the province was called done or fail."""
    client = VxpClient(province.national_url, CENTRE, province.national_secret, SystemClock())
    async with client:

        async def empty() -> bool:
            return not await client.count("document") and not await client.count("status")

        await until_async(empty)


async def behave(province: Province, conduct: Any) -> None:
    """Tells the national axis how to behave from now on."""
    url = f"{province.national_url}/-/behaviour"
    async with aiohttp.ClientSession() as session, session.put(url, json=conduct) as answer:
        assert answer.status == 200, await answer.text()


async def fate(client: VxpClient, doc_id: str) -> list[tuple[str, str, str]]:
    """What became of a message that was sent: recipient, transport status, words."""
    parameters = {"servicetype": "eDoc", "messagetype": "edoc", "docId": doc_id}
    answer = await client.call("getSentEdocList", parameters)
    return [
        (row["toCode"], row["receiveStatus"], row["receiveStatusDesc"])
        for row in answer.fields["data"]
    ]


class Between:
    """An HTTP proxy before the national axis. `held`: operations that never get an answer; `garbled`:
    operations answered with a page for people; `doubled`: lists name every item twice."""

    def __init__(self, target: str) -> None:
        self.held: set[str] = set()
        self.garbled: set[str] = set()
        self.doubled = False
        self.asked: list[str] = []
        self._target = target

    async def handle(self, request: web.Request) -> web.Response:
        operation = request.path.rpartition("/")[2]
        self.asked.append(operation)
        while operation in self.held:
            await asyncio.sleep(0.05)
        if operation in self.garbled:
            return web.Response(text="<html>Bảo trì hệ thống</html>", content_type="text/html")
        headers = {k: v for k, v in request.headers.items() if k.lower() not in _HOPS}
        async with (
            aiohttp.ClientSession(auto_decompress=False) as session,
            session.request(
                request.method, self._target + request.path, headers=headers, data=request.content
            ) as answer,
        ):
            body = await answer.read()
        if self.doubled and operation == "getReceivedEdocList":
            listed = json.loads(body)
            body = json.dumps({**listed, "data": listed["data"] * 2}).encode()
        return web.Response(body=body, status=answer.status, content_type=answer.content_type)


_HOPS: Final = {"host", "transfer-encoding", "connection"}


@asynccontextmanager
async def between(province: Province) -> AsyncIterator[tuple[str, Between]]:
    """The address of a proxy before the province's national axis, and the proxy."""
    proxy = Between(province.national_url)
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{operation}", proxy.handle)
    runner = web.AppRunner(app, access_log=None, max_field_size=1 << 20, shutdown_timeout=1)
    await runner.setup()
    (port,) = free_ports(1)
    await web.TCPSite(runner, ADDRESS, port).start()
    try:
        yield f"http://{ADDRESS}:{port}", proxy
    finally:
        proxy.held.clear()
        with suppress(asyncio.TimeoutError):
            await runner.cleanup()
