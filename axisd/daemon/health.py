"""What the daemon says about itself: `/-/ready`, the watchdog, and gauges of what no event tells of."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterator, Sequence
from functools import partial
from typing import Final, NoReturn

from axisd.adapters.amqp import Management
from axisd.adapters.clock import clock_error
from axisd.daemon.broker import Broker
from axisd.daemon.entrance import Entrance
from axisd.daemon.services import Services
from axisd.service.breaker import Interrupted
from axisd.service.dispatch import Dispatch
from axisd.service.gauges import by_and_by, inbox_consumers
from axisd.web.server import Check

log = logging.getLogger(__name__)

_GAUGE_SECONDS: Final = 5.0
_CONSUMERS_SECONDS: Final = 30.0
_AWAITED_SECONDS: Final = 30.0
_MAILBOXES_SECONDS: Final = 15.0


class Health:
    """`dispatches` is looked at when it is asked, and may still grow. `broker` is known once the daemon is `up`, and so from the time it was to be reached on."""

    def __init__(
        self, services: Services, entrance: Entrance, dispatches: Sequence[Dispatch]
    ) -> None:
        self.up = False
        self.broker: Broker | None = None
        self._services = services
        self._ground = services.ground
        self._entrance = entrance
        self._dispatches = dispatches

    def checks(self) -> list[Check]:
        """What `/-/ready` answers: one line for each thing that has to work."""
        silent = self._ground.pulse.silent()
        unsound = self._services.soundness.trouble()
        stopped = self._entrance.stopped
        trouble = self._services.commits.trouble
        checks = [
            Check("started", self.up, "" if self.up else "still starting"),
            Check("intake", stopped is None, stopped or ""),
            Check("ledger", not trouble, trouble),
            Check("clock", not unsound, unsound),
            Check("parts", not silent, f"silent: {', '.join(silent)}" if silent else ""),
        ]
        if self.up and self.broker is not None:
            link = self.broker.publisher.state
            trouble = "blocked by an alarm of the broker" if link.blocked else link.trouble
            checks.append(Check("broker", link.connected and not link.blocked, trouble))
            consuming = self.broker.intake.consuming
            lacking = "" if consuming else "not all lanes are consumed"
            checks.append(Check("consumers", consuming, lacking))
        return checks

    def serving(self) -> bool:
        """Whether everything that has to work does, right now."""
        return all(check.passed for check in self.checks())

    def interrupted(self) -> list[Interrupted]:
        """Where nothing leaves for now because the last try failed."""
        return [one for dispatch in self._dispatches for one in dispatch.interrupted()]

    async def watch(self) -> NoReturn:
        """Pings the watchdog as long as every part shows signs of life."""
        interval = self._ground.notifier.watchdog_interval() or _GAUGE_SECONDS
        while True:
            await asyncio.sleep(min(interval / 2, _GAUGE_SECONDS))
            silent = self._ground.pulse.silent()
            if silent:
                log.error("silent parts", extra={"parts": silent})
            else:
                self._ground.notifier.watchdog()

    def gauges(self, broker: Broker) -> Iterator[Coroutine[None, None, NoReturn]]:
        """Each is to be run until it is cancelled."""
        telemetry = self._ground.telemetry
        backlog = partial(self._show_backlog, broker)
        yield by_and_by("clock", self._show_clock, telemetry, every=_GAUGE_SECONDS)
        yield by_and_by("backlog", backlog, telemetry, every=_GAUGE_SECONDS)
        yield by_and_by("mailboxes", self._show_mailboxes, telemetry, every=_MAILBOXES_SECONDS)
        allowances = self._services.allowances.look
        yield by_and_by("allowances", allowances, telemetry, every=_GAUGE_SECONDS)
        yield by_and_by("awaited", self._show_awaited, telemetry, every=_AWAITED_SECONDS)
        if broker.management is not None:
            look = partial(self._show_consumers, broker.management)
            yield by_and_by("consumers", look, telemetry, every=_CONSUMERS_SECONDS)

    async def _show_clock(self) -> None:
        self._services.soundness.trouble()
        self._ground.telemetry.clock_error(clock_error())

    async def _show_backlog(self, broker: Broker) -> None:
        # Links tell of a change before their owners have acted on it: look again by and by.
        broker.show()
        self._ground.telemetry.backlog(await self._services.ledger.outbox_summary())
        self._ground.telemetry.circuits(self.interrupted())
        self._ground.telemetry.unmatched(await self._services.ledger.unmatched_count())

    async def _show_mailboxes(self) -> None:
        self._ground.telemetry.mailboxes(await self._services.ledger.mailboxes.summary())

    async def _show_awaited(self) -> None:
        awaited = await self._services.ledger.awaited(self._ground.clock.now())
        self._ground.telemetry.awaited(awaited)

    async def _show_consumers(self, management: Management) -> None:
        by_queue = await management.consumers()
        self._ground.telemetry.consumers(inbox_consumers(by_queue, self._ground.current.view))
