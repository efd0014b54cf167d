"""What waits for this province on the national axis: fetched, settled, and only then called done.

Items come through the same intake as everything else. `done` is said after our own commit, for
duplicates too; `fail` with the reason for what was refused. A crash between commit and `done` means
that the item is listed again, and the ledger answers "same again". Polling is quick after traffic and
slow when it is quiet.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from axisd.core.lifecycle import SubmissionState
from axisd.core.submission import Door, Submission
from axisd.errors import TransientError
from axisd.ports import Clock, NationalAxis, NationalItem, Telemetry, TransportStatus
from axisd.service.intake import Settlement

KINDS = ("document", "status")


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between two looks: `quick` after traffic, doubling up to `slow` when it is quiet."""

    quick: float = 1.0
    slow: float = 60.0
    at_once: int = 4

    def after(self, wait: float, *, busy: bool) -> float:
        return self.quick if busy else min(wait * 2, self.slow)


class Downlink:
    """Looks for items of both kinds until cancelled."""

    def __init__(
        self,
        national: NationalAxis,
        handle: Callable[[Submission], Awaitable[Settlement]],
        clock: Clock,
        telemetry: Telemetry,
        pace: Pace,
    ) -> None:
        self._national = national
        self._handle = handle
        self._clock = clock
        self._telemetry = telemetry
        self._pace = pace
        self._slots = asyncio.Semaphore(pace.at_once)

    async def run(self) -> None:
        wait = self._pace.quick
        while True:
            self._telemetry.beat("downlink")
            busy = await self.look()
            wait = self._pace.after(wait, busy=busy)
            await asyncio.sleep(wait * random.uniform(0.8, 1.2))

    async def look(self) -> bool:
        """One look at both lists; True if anything was there."""
        found = False
        for kind in KINDS:
            started = self._clock.monotonic()
            try:
                items = await self._national.waiting(kind)
            except TransientError as error:
                self._report("list", "failed", started, str(error))
                return found
            self._report("list", "ok", started)
            async with asyncio.TaskGroup() as group:
                for item in items:
                    await self._slots.acquire()
                    group.create_task(self._take(item, kind))
            found = found or bool(items)
        return found

    async def _take(self, item: NationalItem, kind: str) -> None:
        started = self._clock.monotonic()
        try:
            body = await self._national.fetch(item)
            settlement = await self._handle(
                Submission(
                    id=self._clock.new_id(),
                    door=Door.NATIONAL,
                    body=body,
                    received_at=self._clock.now(),
                    external_id=f"{kind}/{item.doc_id}",
                    addressed_to=(item.recipient,) if item.recipient else (),
                )
            )
            status, why = verdict(settlement)
            await self._national.report(item, status, why)
        except TransientError as error:
            # The item stays on the list, so the next look takes it up again.
            self._report("fetch", "failed", started, str(error))
        else:
            self._report("fetch", status, started, why)
        finally:
            self._slots.release()

    def _report(self, operation: str, outcome: str, started: float, reason: str = "") -> None:
        self._telemetry.national(operation, outcome, self._clock.monotonic() - started, reason)


def verdict(settlement: Settlement) -> tuple[TransportStatus, str]:
    """What the national axis is told: a duplicate is done, never a failure (spec/vxp.md)."""
    if settlement.state in {SubmissionState.ACCEPTED, SubmissionState.DUPLICATE}:
        return TransportStatus.DONE, ""
    refusal = settlement.refusal
    return TransportStatus.FAIL, f"{refusal.code}: {refusal.text('en')}" if refusal else "refused"
