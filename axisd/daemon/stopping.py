"""How the daemon is told to stop, and how long it then waits: a second SIGTERM does not wait."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)


class Stopping:
    """`hurried` once it was told twice."""

    def __init__(self) -> None:
        self.hurried = False
        self._asked = asyncio.Event()
        self._patience: asyncio.Timeout | None = None

    def catch_signals(self, reload: Callable[[], None]) -> None:
        """SIGTERM and SIGINT stop, SIGHUP asks for a reload."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.ask)
        loop.add_signal_handler(signal.SIGINT, self.ask)
        loop.add_signal_handler(signal.SIGHUP, reload)

    def ask(self) -> None:
        """To stop; asked again, to stop now."""
        if not self._asked.is_set():
            self._asked.set()
            return
        self.hurried = True
        if self._patience is not None:
            self._patience.reschedule(asyncio.get_running_loop().time())

    async def wait(self) -> None:
        """Returns when it is to stop."""
        await self._asked.wait()

    async def within(self, seconds: float, work: Awaitable[object]) -> None:
        """Waits for `work`, at most `seconds`, and no longer once hurried."""
        try:
            async with asyncio.timeout(0 if self.hurried else seconds) as self._patience:
                await work
        except TimeoutError:
            log.warning("not everything ended in time; the rest is unacknowledged or in the outbox")
        finally:
            self._patience = None
