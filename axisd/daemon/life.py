"""From start to stop, in order.

`Daemon` is put together from a configuration, starts its parts (view, keys, ledger, commits,
web, broker, relay, intake, deadlines, national axis), says READY only when all of them work, and stops in the
reverse order: no new submissions, what is in flight settles and is acknowledged within a bound, the
relay gets its grace, then everything closes. A second SIGTERM does not wait. What is unfinished is
unacknowledged at the broker or still in the outbox.

Going wrong: TransientError heals where it happens. IntegrityError stops intake and keeps everything
else up, so that an operator can look. Anything else ends the process with a traceback, and systemd
starts it again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

from axisd.adapters import allocator
from axisd.adapters.clock import SystemClock
from axisd.config.load import Configuration, read
from axisd.core.zone import day_of
from axisd.daemon.broker import Broker, reach_broker
from axisd.daemon.doors import mailbox_of, open_edoc_door, open_vxp_door, uploads_of
from axisd.daemon.entrance import Entrance, WayIn, drain_all
from axisd.daemon.ground import Ground
from axisd.daemon.health import Health
from axisd.daemon.national import join_national
from axisd.daemon.operations import DaemonOperations
from axisd.daemon.services import open_services
from axisd.daemon.stopping import Stopping
from axisd.daemon.web import serve_web
from axisd.service.deadlines import PART as DEADLINES
from axisd.service.dispatch import Dispatch
from axisd.service.gauges import by_and_by
from axisd.service.registration import Registration
from axisd.service.uptime import EVERY, UptimeLog

log = logging.getLogger(__name__)

_UPTIME_SECONDS: Final = 2.0
"""How long a stop may take to be kept on record."""


async def run(file: Path) -> None:
    """Runs the daemon until SIGTERM or SIGINT. Raises ConfigError before it says READY, if at all."""
    allocator.settle()
    clock = SystemClock()
    configuration = read(file, day=day_of(clock.now()))
    async with Daemon(configuration, clock) as daemon:
        await daemon.serve()


class Daemon:
    """All parts, wired. Use as a context manager, then `serve`."""

    def __init__(self, configuration: Configuration, clock: SystemClock) -> None:
        self._ground = Ground.of(configuration, clock)
        self._stopping = Stopping()
        self._dispatches: list[Dispatch] = []
        self._ways: list[WayIn] = []
        """Every way in; the doors among them stand here before the web is served."""

    async def __aenter__(self) -> Self:
        ground = self._ground
        self._services = await open_services(ground)
        self._entrance = Entrance(self._services.intake, ground.telemetry)
        self._health = Health(self._services, self._entrance, self._dispatches)
        self._operations = DaemonOperations(self._services, self._health, self._dispatches)
        mailbox, uploads = mailbox_of(self._services), uploads_of(self._services)
        registration = Registration(
            ground.current.look, self._operations.change_registered, ground.clock
        )
        self._ways += (
            open_vxp_door(self._services, self._entrance, mailbox, uploads, registration),
            open_edoc_door(self._services, self._entrance, mailbox, uploads),
        )
        self._uptime = UptimeLog(
            self._services.ledger, ground.clock, ground.telemetry, self._health.serving
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._ground.stack.aclose()
        self._ground.notifier.stopping()
        log.info("stopped")

    async def serve(self) -> None:
        """From start to stop. Returns when the daemon was told to stop and has done so."""
        self._stopping.catch_signals(self._operations.want_reload)
        await serve_web(self._services, self._health, self._operations, self._ways)
        broker = await self._join()
        guarded = self._entrance.guarded
        async with asyncio.TaskGroup() as group:
            committing = group.create_task(self._services.commits.run(), name="commit")
            relaying = [group.create_task(d.run(), name=d.name) for d in self._dispatches]
            taking = [
                group.create_task(guarded(way.run()), name=way.name)
                for way in self._ways
                if way.run is not None
            ]
            taking.append(group.create_task(self._services.sweep.run(), name=DEADLINES))
            around = [
                group.create_task(self._health.watch(), name="watch"),
                *(group.create_task(g, name="gauge") for g in self._health.gauges(broker)),
                group.create_task(self._operations.reload_when_wanted(), name="reload"),
                group.create_task(guarded(self._operations.open(self._entrance)), name="directory"),
                # Not awaited here: whoever waits for a broker that is away must still stop when told.
                group.create_task(self._come_up(broker), name="start"),
            ]
            await self._stopping.wait()
            await self._wind_down(taking, relaying)
            for task in (*taking, *relaying, *around, committing):
                task.cancel()

    async def _join(self) -> Broker:
        """The sides that are spoken to: the broker, and the national axis where it is joined."""
        broker = await reach_broker(self._services)
        self._health.broker = broker
        self._dispatches.append(broker.relay)
        self._ways.append(broker.way_in(self._entrance))
        if (national := self._ground.current.settings.national) is not None:
            uplink, ways = await join_national(national, self._services, self._entrance)
            self._dispatches.append(uplink)
            self._ways += ways
        return broker

    async def _come_up(self, broker: Broker) -> None:
        """READY only when a consumer is there and the publisher is connected; then that is kept on record."""
        await broker.wait_up()
        for part in ("commit", DEADLINES, *(d.name for d in self._dispatches)):
            self._ground.pulse.expect(part)
        allocator.set_aside()
        self._health.up = True
        broker.show()
        self._operations.say_ready()
        systems = len(self._ground.current.view.directory.systems)
        log.info("ready", extra={"systems": systems})
        await by_and_by("uptime", self._uptime.look, self._ground.telemetry, every=EVERY)

    async def _wind_down(
        self, taking: Sequence[asyncio.Task[None]], relaying: Sequence[asyncio.Task[None]]
    ) -> None:
        # First, so that a stop is not taken for trouble: from here on it is not ready.
        self._uptime.retire()
        self._health.up = False
        self._ground.notifier.stopping()
        stop = self._ground.current.settings.stop
        log.info("stopping")
        await self._stopping.within(stop.drain.total_seconds(), drain_all(self._ways))
        for task in taking:
            task.cancel()
        for dispatch in self._dispatches:
            dispatch.drain()
        await self._stopping.within(stop.relay.total_seconds(), asyncio.wait(relaying))
        if not self._stopping.hurried:  # a ledger that cannot be written now would be waited for
            await self._stopping.within(_UPTIME_SECONDS, self._uptime.stop())
