"""The simulated national axis as a server: all operations of the protocol, and a view for its operator.

    POST /{operation}   the protocol, at the root as the real one has it
    GET  /-/state       what is kept and what was asked, as JSON; not part of the protocol, not signed

State lies in `national.sqlite` in the given folder and survives whatever ends the process.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from aiohttp import web

from axisd.adapters.clock import SystemClock
from axisd.adapters.vxp.front import HEADER_LIMIT, Bounds, routes
from axisd.errors import UnavailableError
from axisd.ports import Clock
from axisd.simulator.loopback import ADDRESS, free_ports
from axisd.simulator.national.archive import Archive
from axisd.simulator.national.conventions import stamp
from axisd.simulator.national.mailbox import Mailbox
from axisd.simulator.national.office import NationalOffice
from axisd.simulator.national.post import Post
from axisd.simulator.national.register import Register
from axisd.simulator.national.seed import Behaviour, Seed
from axisd.simulator.national.store import Store

_GRACE: Final = 2.0


@dataclass(frozen=True, slots=True)
class RunningAxis:
    """A simulated national axis that answers at `url` until it is closed."""

    url: str
    office: NationalOffice
    _runner: web.AppRunner
    _archive: Archive

    async def close(self) -> None:
        """Stops answering and closes the state; calls under way get two seconds."""
        await self._runner.cleanup()
        await self._archive.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


async def serve(
    folder: Path,
    host: str = ADDRESS,
    port: int | None = None,
    seed: Seed | None = None,
    *,
    clock: Clock | None = None,
    bounds: Bounds | None = None,
) -> RunningAxis:
    """Starts a simulated national axis; it is ready when this returns.

    `folder` is made if need be. `port` None: a free one. Without a `seed`, the state in the folder
    says who is there. Raises UnavailableError when the port is taken.
    """
    clock = clock or SystemClock()
    bounds = bounds or Bounds()
    seed = seed or Seed()
    archive = Archive(await asyncio.to_thread(Store, folder))
    runner: web.AppRunner | None = None
    try:
        await archive.ask(archive.store.plant, seed, stamp(clock.now()))
        office = await _office(archive, clock, seed.behaviour, bounds)
        runner = _runner(office, bounds)
        await runner.setup()
        chosen = free_ports(1)[0] if port is None else port
        try:
            await web.TCPSite(runner, host, chosen).start()
        except OSError as taken:
            raise UnavailableError(f"cannot listen on {host}:{chosen}: {taken}") from taken
    except BaseException:
        if runner is not None:
            await runner.cleanup()
        await archive.close()
        raise
    return RunningAxis(f"http://{host}:{chosen}", office, runner, archive)


async def _office(
    archive: Archive, clock: Clock, behaviour: Behaviour, bounds: Bounds
) -> NationalOffice:
    return NationalOffice(
        archive,
        await archive.ask(archive.store.secrets),
        Post(archive, clock, behaviour, bounds.file),
        Mailbox(archive, clock),
        Register(archive, clock),
    )


def _runner(office: NationalOffice, bounds: Bounds) -> web.AppRunner:
    async def state(_request: web.Request) -> web.Response:
        return web.json_response(await office.state())

    app = web.Application()
    app.router.add_get("/-/state", state)
    app.router.add_routes([routes(office, bounds)])
    return web.AppRunner(app, access_log=None, max_field_size=HEADER_LIMIT, shutdown_timeout=_GRACE)
