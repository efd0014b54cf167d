"""The one way from all doors into the intake.

Nothing is decided by a directory before that is on record. A ledger that contradicts itself stops what
comes in, and nothing else.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from axisd.core.records import INLINE_LIMIT
from axisd.core.submission import Submission
from axisd.errors import IntegrityError, TransientError
from axisd.ports import Telemetry
from axisd.service.intake import Intake, Settlement
from axisd.web.server import Route

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WayIn:
    """A way by which submissions come in. At a stop all ways are drained together, within one bound, and
    then what they run is cancelled.

    `run`, until cancelled; a door on the HTTP port has `routes` instead. `drain` takes nothing new and
    returns when what it took is settled and answered; without it, being cancelled loses nothing.
    """

    name: str
    run: Callable[[], Awaitable[None]] | None = None
    drain: Callable[[], Awaitable[object]] | None = None
    routes: Sequence[Route] = ()


async def drain_all(ways: Sequence[WayIn]) -> None:
    """Returns when none of them takes anything, and all that they took is settled."""
    await asyncio.gather(*(way.drain() for way in ways if way.drain is not None))


class Entrance:
    """`stopped` says why nothing is taken any more, None while all is well."""

    def __init__(self, intake: Intake, telemetry: Telemetry) -> None:
        self.stopped: str | None = None
        self._intake = intake
        self._telemetry = telemetry
        self._opened = asyncio.Event()
        self._fault: IntegrityError | None = None

    @property
    def opened(self) -> bool:
        """Whether the directory is on record, or can never be."""
        return self._opened.is_set()

    def open(self, fault: IntegrityError | None = None) -> None:
        """The directory is on record. With `fault` it never can be: whoever waits for it must not wait
        for ever, nor hold up a stop."""
        self._fault = fault
        self._opened.set()

    async def handle(self, submission: Submission) -> Settlement:
        """Raises what the intake raises."""
        await self._opened.wait()
        if self._fault is not None:
            raise self._fault
        return await self._intake.handle(submission)

    async def hand_in(self, size: int, load: Callable[[], Awaitable[Submission]]) -> Settlement:
        """For doors that keep what arrives elsewhere: `load` brings its `size` bytes into memory, large ones
        when their turn has come. Raises what the intake raises, TransientError once it was stopped."""
        await self._opened.wait()
        if self.stopped is not None:
            raise TransientError("nothing is taken: the ledger contradicts itself")
        if self._fault is not None:
            raise self._fault
        try:
            if size > INLINE_LIMIT:
                return await self._intake.handle_large(load)
            return await self._intake.handle(await load())
        except IntegrityError as error:
            self.stop(error)
            raise

    async def guarded(self, work: Awaitable[None]) -> None:
        """Does `work` until it ends or the ledger contradicts itself."""
        try:
            await work
        except* IntegrityError as group:
            cause: BaseException = group
            while isinstance(cause, BaseExceptionGroup):
                cause = cause.exceptions[0]
            self.stop(cause)

    def stop(self, cause: BaseException) -> None:
        """The ledger contradicts itself: told once, whichever way in meets it first."""
        if self.stopped is None:
            self.stopped = str(cause)
            self._telemetry.trouble("intake", cause)
            log.critical("intake stopped: the ledger contradicts itself; run axisd ledger verify")
