"""What waits for this province on the national axis: fetched, settled, and only then called done.

Items come through the same intake as everything else. `done` is said after our own commit, for
duplicates too; `fail` with the reason for what was refused. A crash between commit and `done` means
that the item is listed again, and the ledger answers "same again". Polling is quick after traffic and
slow when it is quiet, or when nothing that is listed can be taken. What is settled and yet listed waits
longer and longer (`relisted`).

Going wrong: what cannot be fetched or settled for now stays on the list. IntegrityError ends the run.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from axisd.core.lifecycle import SubmissionState
from axisd.core.submission import Door, Submission
from axisd.errors import AxisError, TransientError
from axisd.ports import Clock, NationalAxis, NationalItem, Telemetry, TransportStatus
from axisd.service.intake import Settlement
from axisd.service.relisted import Relisted

KINDS = ("document", "status")

MOST: Final = 1000
"""Items taken up in one look at most; the rest of an endless list waits for the next ones."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between two looks: `quick` after traffic, doubling up to `slow` when it is quiet."""

    quick: float = 1.0
    slow: float = 60.0
    at_once: int = 4

    def after(self, wait: float, *, busy: bool) -> float:
        return self.quick if busy else min(wait * 2, self.slow)


class Downlink:
    """Looks for items of both kinds until cancelled. `returned`: whether an item is a probe of our own,
    which is done with, and no submission."""

    def __init__(
        self,
        national: NationalAxis,
        handle: Callable[[Submission], Awaitable[Settlement]],
        clock: Clock,
        telemetry: Telemetry,
        pace: Pace,
        returned: Callable[[NationalItem, bytes], bool] | None = None,
    ) -> None:
        self._national = national
        self._returned = returned or _nothing_returns
        self._handle = handle
        self._clock = clock
        self._telemetry = telemetry
        self._pace = pace
        self._relisted = Relisted(pace.quick)

    async def run(self) -> None:
        wait = self._pace.quick
        while True:
            self._telemetry.beat("downlink")
            busy = await self.look()
            wait = self._pace.after(wait, busy=busy)
            await asyncio.sleep(wait * random.uniform(0.8, 1.2))

    async def look(self) -> bool:
        """One look at both lists; True if anything that was there could be taken."""
        taken = [False]
        for kind in KINDS:
            started = self._clock.monotonic()
            try:
                items = await self._national.waiting(kind)
            except TransientError as error:
                self._report("list", "failed", started, str(error))
                break
            self._report("list", "ok", started)
            slots = asyncio.Semaphore(self._pace.at_once)
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._take(item, kind, slots))
                    for item in self._due(items, kind)
                ]
            taken += [task.result() for task in tasks]
        return any(taken)

    def _due(self, items: Sequence[NationalItem], kind: str) -> list[NationalItem]:
        """Of what is listed, what to take up now: each item once, however often it is listed."""
        now = self._clock.monotonic()
        due = (item for item in dict.fromkeys(items) if self._relisted.due(kind, item, now))
        return list(islice(due, MOST))

    async def _take(self, item: NationalItem, kind: str, slots: asyncio.Semaphore) -> bool:
        """True if `item` was settled. If not, it stays on the list, and a later look takes it up again."""
        async with slots:
            self._telemetry.beat("downlink")
            started = self._clock.monotonic()
            try:
                body = await self._national.fetch(item)
                if self._returned(item, body):
                    status, why = TransportStatus.DONE, ""
                else:
                    settlement = await self._handle(self._submission(item, kind, body))
                    status, why = verdict(settlement)
                self._relisted.settled(kind, item, self._clock.monotonic())
                await self._national.report(item, status, why)
            except TransientError as error:
                self._report("fetch", "failed", started, str(error))
                return False
            except AxisError:
                raise
            except Exception as error:  # noqa: BLE001 - one item must not keep the others out
                self._telemetry.trouble("downlink", error)
                return False
            self._report("fetch", status, started, why)
            return True

    def _submission(self, item: NationalItem, kind: str, body: bytes) -> Submission:
        return Submission(
            id=self._clock.new_id(),
            door=Door.NATIONAL,
            body=body,
            received_at=self._clock.now(),
            external_id=f"{kind}/{item.doc_id}",
            addressed_to=(item.recipient,) if item.recipient else (),
        )

    def _report(self, operation: str, outcome: str, started: float, reason: str = "") -> None:
        self._telemetry.national(operation, outcome, self._clock.monotonic() - started, reason)


def _nothing_returns(_item: NationalItem, _body: bytes) -> bool:
    return False


def verdict(settlement: Settlement) -> tuple[TransportStatus, str]:
    """What the national axis is told: a duplicate is done, never a failure (spec/vxp.md)."""
    if settlement.state in {SubmissionState.ACCEPTED, SubmissionState.DUPLICATE}:
        return TransportStatus.DONE, ""
    refusal = settlement.refusal
    return TransportStatus.FAIL, f"{refusal.code}: {refusal.text('en')}" if refusal else "refused"
