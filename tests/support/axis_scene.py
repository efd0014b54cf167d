"""A simulated national axis as a server with a client of each of its two centres, well or badly behaved."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp

from axisd.adapters.clock import ManualClock
from axisd.adapters.vxp.client import Bounds as ClientBounds
from axisd.adapters.vxp.client import VxpClient
from axisd.adapters.vxp.front import Bounds
from axisd.adapters.vxp.protocol import Answer
from axisd.simulator.national import Conduct, RunningAxis, Seed, serve
from tests.support.national import FINANCE, MINISTRY, OFFICE, PROVINCE, SECRETS, SEED

LISTING: Final = {"servicetype": "eDoc", "messagetype": "edoc"}


@dataclass
class Scene:
    """A running axis with a client of each centre."""

    axis: RunningAxis
    clock: ManualClock
    province: VxpClient
    ministry: VxpClient

    async def state(self) -> dict[str, Any]:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self.axis.url}/-/state") as response,
        ):
            assert response.status == 200
            found = await response.json()
        assert isinstance(found, dict)
        return found

    async def struck(self, centre: str = PROVINCE) -> Any:
        """How often each fault struck in the calls of a centre."""
        return (await self.state())["faults"].get(centre, {})

    async def control(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """What the control answers: HTTP status and JSON."""
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, f"{self.axis.url}/-/{path}", json=body) as response,
        ):
            return response.status, await response.json()

    async def items(self, centre: str) -> Any:
        return (await self.state())["centres"][centre]["items"]


async def open_scene(
    folder: Path,
    seed: Seed,
    clock: ManualClock,
    *,
    conduct: Conduct | None = None,
    virtual: bool = False,
    deadline: float = 60,
) -> Scene:
    """`deadline`: seconds that the clients give a call."""
    axis = await serve(
        folder,
        seed=seed,
        clock=clock,
        conduct=conduct,
        virtual=virtual,
        bounds=Bounds(file=4 * 1024 * 1024),
    )
    bounds = ClientBounds(deadline=deadline, answer=8 * 1024 * 1024)
    clients = [
        VxpClient(axis.url, name, SECRETS[name], clock, bounds) for name in (PROVINCE, MINISTRY)
    ]
    return Scene(axis, clock, *clients)


@asynccontextmanager
async def behaving(
    folder: Path, *faults: str, virtual: bool = False, deadline: float = 60
) -> AsyncIterator[Scene]:
    """The two centres on an axis with these faults, in the words of the command line."""
    conduct = Conduct().with_faults(faults)
    scene = await open_scene(
        folder, SEED, ManualClock(), conduct=conduct, virtual=virtual, deadline=deadline
    )
    try:
        yield scene
    finally:
        await close_scene(scene)
    assert list(scene.axis.office._troubles) == []


async def close_scene(scene: Scene) -> None:
    await scene.province.close()
    await scene.ministry.close()
    await scene.axis.close()


async def send(client: VxpClient, body: bytes, *to: str, kind: str = "document") -> str:
    sender = FINANCE if kind == "document" else OFFICE
    answer = await client.send(body, kind=kind, sender=sender, recipients=to)
    assert answer.accepted, answer
    return answer.doc_id


async def refused(client: VxpClient, body: bytes, *to: str, sender: str = FINANCE) -> str:
    answer = await client.send(body, kind="document", sender=sender, recipients=to)
    assert not answer.accepted
    assert answer.text
    return answer.code


def rows(answer: Answer) -> list[dict[str, str]]:
    assert answer.accepted, answer
    data = answer.fields["data"]
    assert isinstance(data, list)
    return data
