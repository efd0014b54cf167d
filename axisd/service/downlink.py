"""What waits for this province on the national axis: fetched, settled, and only then called done.

Items come through the same intake as everything else. `done` is said after our own commit, for
duplicates too; `fail` with the reason for what was refused. A crash between commit and `done` means
that the item is listed again, and the ledger answers "same again". Polling is quick after traffic and
slow when it is quiet, or when nothing that is listed can be taken. What is settled and yet listed waits
longer and longer (`relisted`), and so does what cannot be taken, which operators see (`unfetched`).

Lists are believed as far as they go: they are counted first, and one that names less is told as short; what
it leaves out comes later. An item counts once, however often it is listed, for all its recipients together. A
large envelope is fetched only while no other is in memory.

Going wrong: what cannot be fetched or settled for now stays on the list. IntegrityError ends the run.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

from axisd.core.federation import Untaken
from axisd.core.lifecycle import SubmissionState
from axisd.core.records import INLINE_LIMIT
from axisd.core.submission import Door, Submission
from axisd.errors import AxisError, TransientError, UnavailableError
from axisd.ports import (
    Clock,
    LargeAnswerError,
    Ledger,
    NationalAxis,
    NationalItem,
    Telemetry,
    TransportStatus,
)
from axisd.service.intake import Settlement
from axisd.service.relisted import Relisted
from axisd.service.unfetched import REMEMBERED, Unfetched

_AT_A_TIME: Final = 5000
"""Items of a list gone through before other tasks have their turn."""
KINDS = ("document", "status")

MOST: Final = 1000
"""Items taken up in one look at most; the rest of an endless list waits for the next ones."""
ENOUGH: Final = 8
"""Items in a row that could not be taken, after which a look tries no more of them."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between two looks: `quick` after traffic, doubling up to `slow` when it is quiet."""

    quick: float = 1.0
    slow: float = 60.0
    at_once: int = 4

    def after(self, wait: float, *, busy: bool) -> float:
        return self.quick if busy else min(wait * 2, self.slow)


@dataclass(frozen=True, slots=True)
class _Work:
    """One item with everybody that the list names for it."""

    item: NationalItem
    recipients: tuple[str, ...]


class Downlink:
    """Looks for items of both kinds until cancelled. `returned`: whether an item is a probe of our own,
    which is done with, and no submission."""

    def __init__(
        self,
        national: NationalAxis,
        handle: Callable[[Submission], Awaitable[Settlement]],
        ledger: Ledger,
        clock: Clock,
        telemetry: Telemetry,
        pace: Pace,
        returned: Callable[[NationalItem, bytes], bool] | None = None,
    ) -> None:
        self._national = national
        self._returned = returned or _nothing_returns
        self._handle = handle
        self._ledger = ledger
        self._clock = clock
        self._telemetry = telemetry
        self._pace = pace
        self._relisted = Relisted(pace.quick)
        self._unfetched = Unfetched(pace.quick)
        self._one_large = asyncio.Lock()
        self._failures = 0

    async def run(self) -> None:
        wait = self._pace.quick
        recalled = False
        while True:
            self._telemetry.beat("downlink")
            recalled = recalled or await self._recall()
            busy = await self.look()
            wait = self._pace.after(wait, busy=busy)
            await asyncio.sleep(wait * random.uniform(0.8, 1.2))

    async def _recall(self) -> bool:
        """What the last run could not take; True if the ledger could be read."""
        try:
            self._unfetched.recall(await self._ledger.untaken(REMEMBERED))
        except TransientError as error:
            self._telemetry.trouble("downlink", error)
            return False
        return True

    async def look(self) -> bool:
        """One look at both lists; True if anything that was there could be taken."""
        taken = [False]
        for kind in KINDS:
            started = self._clock.monotonic()
            try:
                items = await self._listed(kind, started)
            except TransientError as error:
                self._report("list", "failed", started, str(error))
                if isinstance(error, UnavailableError):
                    break
                continue
            taken += await self._take_all(kind, items)
        self._telemetry.untaken(len(self._unfetched))
        return any(taken)

    async def _listed(self, kind: str, started: float) -> Sequence[NationalItem]:
        """What is listed. Counted before: what comes in between makes no list look short."""
        counted: int | None = None
        try:
            counted = await self._national.count(kind)
        except UnavailableError:
            raise
        except TransientError as error:
            self._report("count", "failed", started, str(error))
        items = await self._national.waiting(kind)
        if counted is not None and len(items) < counted:
            said = f"{len(items)} of kind {kind} are listed, and {counted} are counted"
            self._report("list", "short", started, said)
        else:
            self._report("list", "ok", started)
            await self._note_gone(kind, items)
        return items

    async def _note_gone(self, kind: str, items: Iterable[NationalItem]) -> None:
        if len(self._unfetched):
            for untaken in self._unfetched.gone(kind, {item.doc_id for item in items}):
                said = f"item {untaken.doc_id} is no longer listed, and never came"
                self._report("fetch", "gone", self._clock.monotonic(), said)
                await self._record(untaken)

    async def _take_all(self, kind: str, items: Sequence[NationalItem]) -> list[bool]:
        listed = await _once(items)
        slots = asyncio.Semaphore(self._pace.at_once)
        self._failures = 0
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._take(work, kind, slots)) for work in self._due(listed, kind)
            ]
        return [task.result() for task in tasks]

    def _due(self, listed: Iterable[_Work], kind: str) -> list[_Work]:
        """Of what is listed, what to take up now: what has not failed yet first, so that it gets its turn."""
        now = self._clock.monotonic()
        fresh: list[_Work] = []
        failing: list[_Work] = []
        for work in listed:
            item = work.item
            if self._relisted.due(kind, item, now) and self._unfetched.due(kind, item, now):
                (failing if self._unfetched.tries(kind, item) else fresh).append(work)
        failing.sort(key=lambda work: self._unfetched.tries(kind, work.item))
        return [*fresh, *failing][:MOST]

    async def _take(self, work: _Work, kind: str, slots: asyncio.Semaphore) -> bool:
        """True if the item was settled. If not, it stays on the list, and a later look takes it up again."""
        async with slots, AsyncExitStack() as held:
            # An axis that gives nothing would hold one look for hours, and the other list with it.
            if self._failures >= ENOUGH:
                return False
            self._telemetry.beat("downlink")
            started = self._clock.monotonic()
            item = work.item
            try:
                body = await self._fetch(item, kind, held)
                status, why = await self._settle(work, kind, body)
                self._failures = 0
                self._relisted.settled(kind, item, self._clock.monotonic())
                if self._unfetched.taken(kind, item) is not None:
                    await self._forget(kind, item)
                await self._national.report(item, status, why)
            except TransientError as error:
                self._failures += 1
                self._report("fetch", "failed", started, str(error))
                return False
            except AxisError:
                raise
            except Exception as error:  # noqa: BLE001 - one item must not keep the others out
                self._telemetry.trouble("downlink", error)
                await self._keep(kind, item, f"it crashes the axis: {type(error).__name__}")
                return False
            self._report("fetch", status, started, why)
            return True

    async def _fetch(self, item: NationalItem, kind: str, held: AsyncExitStack) -> bytes:
        """The envelope. A large one is fetched when no other is in memory, until `held` is left."""
        try:
            try:
                return await self._national.fetch(item, INLINE_LIMIT)
            except LargeAnswerError:
                await held.enter_async_context(self._one_large)
            return await self._national.fetch(item)
        except UnavailableError:
            raise
        except TransientError as error:
            await self._keep(kind, item, str(error))
            raise

    async def _settle(self, work: _Work, kind: str, body: bytes) -> tuple[TransportStatus, str]:
        if self._returned(work.item, body):
            return TransportStatus.DONE, ""
        return verdict(await self._handle(self._submission(work, kind, body)))

    def _submission(self, work: _Work, kind: str, body: bytes) -> Submission:
        return Submission(
            id=self._clock.new_id(),
            door=Door.NATIONAL,
            body=body,
            received_at=self._clock.now(),
            external_id=f"{kind}/{work.item.doc_id}",
            addressed_to=work.recipients,
        )

    async def _keep(self, kind: str, item: NationalItem, cause: str) -> None:
        """It could not be taken: tried again later, and told to operators if it has come to that."""
        at, now = self._clock.now(), self._clock.monotonic()
        untaken = self._unfetched.failed(kind, item, cause, at=at, now=now)
        if untaken is not None:
            await self._record(untaken)

    async def _record(self, untaken: Untaken) -> None:
        try:
            async with self._ledger.transaction() as transaction:
                await transaction.record_untaken(untaken)
        except TransientError as error:
            self._telemetry.trouble("downlink", error)

    async def _forget(self, kind: str, item: NationalItem) -> None:
        try:
            async with self._ledger.transaction() as transaction:
                await transaction.forget_untaken(kind, item.doc_id)
        except TransientError as error:
            self._telemetry.trouble("downlink", error)

    def _report(self, operation: str, outcome: str, started: float, reason: str = "") -> None:
        self._telemetry.national(operation, outcome, self._clock.monotonic() - started, reason)


async def _once(items: Iterable[NationalItem]) -> list[_Work]:
    """Each number once, in the order of the list, with all its recipients; others have their turn meanwhile."""
    first: dict[str, NationalItem] = {}
    recipients: dict[str, dict[str, None]] = {}
    for place, item in enumerate(items):
        if place % _AT_A_TIME == 0:
            await asyncio.sleep(0)
        first.setdefault(item.doc_id, item)
        named = recipients.setdefault(item.doc_id, {})
        if item.recipient:
            named[item.recipient] = None
    return [_Work(item, tuple(recipients[doc_id])) for doc_id, item in first.items()]


def _nothing_returns(_item: NationalItem, _body: bytes) -> bool:
    return False


def verdict(settlement: Settlement) -> tuple[TransportStatus, str]:
    """What the national axis is told: a duplicate is done, never a failure (spec/vxp.md)."""
    if settlement.state in {SubmissionState.ACCEPTED, SubmissionState.DUPLICATE}:
        return TransportStatus.DONE, ""
    refusal = settlement.refusal
    return TransportStatus.FAIL, f"{refusal.code}: {refusal.text('en')}" if refusal else "refused"
