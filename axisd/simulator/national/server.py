"""The simulated national axis as a server: all operations of the protocol, and a control for its operator.

    POST /{operation}   the protocol, at the root as the real one has it
    /-/…                the control (`control`)

State lies in `national.sqlite` in the given folder and survives whatever ends the process.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
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
from axisd.simulator.national.axisclock import AxisClock
from axisd.simulator.national.behaviour import Conduct
from axisd.simulator.national.control import Control
from axisd.simulator.national.conventions import stamp
from axisd.simulator.national.edge import edge
from axisd.simulator.national.faults import Faults
from axisd.simulator.national.mailbox import Mailbox
from axisd.simulator.national.office import NationalOffice
from axisd.simulator.national.post import Post
from axisd.simulator.national.register import Register
from axisd.simulator.national.seed import Seed
from axisd.simulator.national.store import Store

_GRACE: Final = 2.0


@dataclass(frozen=True, slots=True)
class RunningAxis:
    """A simulated national axis that answers at `url` until it is closed. `clock`: its own time."""

    url: str
    office: NationalOffice
    faults: Faults
    clock: AxisClock
    _runner: web.AppRunner
    _archive: Archive

    async def close(self) -> None:
        """Stops answering and closes the state; calls under way get two seconds."""
        self.faults.end()
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
    conduct: Conduct | None = None,
    virtual: bool = False,
    clock: Clock | None = None,
    bounds: Bounds | None = None,
) -> RunningAxis:
    """Starts a simulated national axis; it is ready when this returns.

    `folder` is made if need be. `port` None: a free one. Without a `seed`, the state in the folder
    says who is there. `conduct`: how it behaves, instead of as the seed says. `virtual`: its time stands still
    until it is advanced, and goes on from where the folder's was left. Raises UnavailableError when the
    port is taken.
    """
    clock = clock or SystemClock()
    bounds = bounds or Bounds()
    seed = seed or Seed()
    archive = Archive(await asyncio.to_thread(Store, folder))
    runner: web.AppRunner | None = None
    try:
        own = AxisClock(clock, await _stopped(archive, clock) if virtual else None)
        await archive.ask(archive.store.plant, seed, stamp(own.now()))
        secrets = await archive.ask(archive.store.secrets)
        faults = Faults(conduct or seed.conduct, secrets)
        office = NationalOffice(
            archive,
            secrets,
            Post(archive, own, faults, bounds.file),
            Mailbox(archive, own, faults),
            Register(archive, own),
            faults,
        )
        runner = _runner(archive, office, faults, own, bounds)
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
    return RunningAxis(f"http://{host}:{chosen}", office, faults, own, runner, archive)


async def _stopped(archive: Archive, clock: Clock) -> datetime:
    """Where the time of the folder's axis was left, or now."""
    kept = await archive.ask(archive.store.stopped_at)
    now = kept or clock.now()
    await archive.ask(archive.store.stop_at, now)
    return now


def _runner(
    archive: Archive, office: NationalOffice, faults: Faults, clock: AxisClock, bounds: Bounds
) -> web.AppRunner:
    async def keep(now: datetime) -> None:
        await archive.ask(archive.store.stop_at, now)

    app = web.Application(middlewares=[edge(faults)])
    app.router.add_routes(Control(office, faults, clock, keep).routes())
    app.router.add_routes([routes(office, bounds)])
    return web.AppRunner(app, access_log=None, max_field_size=HEADER_LIMIT, shutdown_timeout=_GRACE)
