"""What operators ask of the running daemon: `axisd.web.control.Operations`, and SIGHUP; what systems register.

A reload replaces the configuration whole, or not at all; a change of the directory is on record before
it holds.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Final, NoReturn

from axisd.config.load import Configuration, read
from axisd.config.reload import waits_for_restart
from axisd.core.registration import Decide, Denial
from axisd.core.view import View
from axisd.core.zone import day_of
from axisd.daemon.entrance import Entrance
from axisd.daemon.health import Health
from axisd.daemon.registering import RegisteredAgencies
from axisd.daemon.services import Services, clock_bounds
from axisd.errors import AxisError, ConfigError, IntegrityError, TransientError
from axisd.service.dispatch import Dispatch
from axisd.web.control import Answer

log = logging.getLogger(__name__)

_AGAIN_SECONDS: Final = 5.0


class DaemonOperations:
    """`dispatches` is looked at when it is asked, and may still grow."""

    def __init__(self, services: Services, health: Health, dispatches: Sequence[Dispatch]) -> None:
        self._services = services
        self._ground = services.ground
        self._health = health
        self._dispatches = dispatches
        self._wanted = asyncio.Event()
        self._turn = asyncio.Lock()
        self._registered = RegisteredAgencies(self._ground.clock, self._take)

    def want_reload(self) -> None:
        """Asks for a reload, as SIGHUP does, and does not wait for it."""
        self._wanted.set()

    async def reload_when_wanted(self) -> NoReturn:
        """Until cancelled."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            # told and counted where it is raised
            with contextlib.suppress(AxisError):
                await self.reload()

    async def reload(self) -> Answer:
        """Reads the configuration again; the view is replaced whole, or not at all.

        Raises ConfigError when it is bad, and what the ledger raises when a change of the directory cannot
        be evidenced.
        """
        notifier = self._ground.notifier
        async with self._turn:
            if not self._health.up:  # nothing is to be told of it before READY, or after STOPPING
                return await self._reload()
            notifier.reloading()
            try:
                return await self._reload()
            finally:
                if self._health.up:  # it may have been told to stop meanwhile
                    self.say_ready()

    async def change_registered(
        self, decide: Decide, confirm: Callable[[View], Denial | None]
    ) -> Denial | None:
        """Changes the file of registered agencies, and the view with it: `axisd.service.registration.Change`."""
        async with self._turn:
            return await self._registered.change(
                self._ground.current.configuration, decide, confirm
            )

    async def retry(self, destination: str | None) -> Answer:
        """Makes what waits for `destination`, or for everybody, due now."""
        for dispatch in self._dispatches:
            dispatch.release(destination)
        waiting = [
            item
            for item in await self._services.ledger.outbox_summary()
            if destination is None or item.destination == destination
        ]
        return {"rows": sum(item.waiting for item in waiting), "destinations": len(waiting)}

    async def status(self) -> Answer:
        """The same checks as `/-/ready`, for the command line."""
        return {
            "version": self._ground.current.view.version,
            "checks": [check.as_json() for check in self._health.checks()],
        }

    async def interrupted(self) -> Answer:
        """Where nothing leaves for now because the last try failed."""
        return {"interrupted": [one.as_json() for one in self._health.interrupted()]}

    def say_ready(self) -> None:
        """Tells systemd, with how many systems are served."""
        systems = len(self._ground.current.view.directory.systems)
        self._ground.notifier.ready(f"serving {systems} systems")

    async def open(self, entrance: Entrance) -> None:
        """Opens the entrance once the directory that it started with is on record."""
        while not entrance.opened:
            try:
                async with self._turn:
                    await self._note_directory(self._ground.current.view)
            except TransientError as error:
                self._ground.telemetry.trouble("directory", error)
                await asyncio.sleep(_AGAIN_SECONDS)
            except IntegrityError as error:
                entrance.open(error)
                raise
            else:
                entrance.open()

    async def _note_directory(self, view: View) -> None:
        if await self._services.directory_evidence.note(view.directory):
            log.info("directory changed", extra={"version": view.version})

    async def _reload(self) -> Answer:
        current, telemetry = self._ground.current, self._ground.telemetry
        try:
            fresh = read(
                current.configuration.file,
                day=day_of(self._ground.clock.now()),
                version=current.view.version + 1,
            )
        except ConfigError as error:
            telemetry.reloaded(False)
            log.error("reload refused, the old configuration stays", extra={"why": str(error)})  # noqa: TRY400
            raise
        try:
            return await self._take(fresh)
        except AxisError as error:
            telemetry.reloaded(False)
            telemetry.trouble("reload", error)
            raise

    async def _take(self, fresh: Configuration) -> Answer:
        """Into use, once a change of the directory is on record. Raises AxisError; then the old one stays."""
        current, telemetry = self._ground.current, self._ground.telemetry
        # What stays as it is must not wait for the ledger, nor for a clock that the reload may mend.
        if fresh.view.directory != current.view.directory:
            await self._note_directory(fresh.view)
        current.configuration = fresh
        self._services.soundness.bounds = clock_bounds(fresh.settings.clock)
        telemetry.reloaded(True)
        telemetry.configured(fresh)
        self._ground.configure_logs()
        waiting = waits_for_restart(current.started_with, fresh.settings)
        log.info("reloaded", extra={"version": fresh.view.version, "waits_for_restart": waiting})
        return {
            "version": fresh.view.version,
            "agencies": len(fresh.view.directory.agencies),
            "waits_for_restart": list(waiting),
        }
