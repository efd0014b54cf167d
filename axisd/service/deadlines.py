"""Looks for what has fallen due, and has somebody told: reminders, and deadlines that passed.

What is due is the ledger's answer, from an index of what nobody was told; what follows is `lapse`'s
decision, written by the same group commit as everything else and marked in the same transaction, so that a
crash repeats nothing. A few deliveries are decided at a time, and after a full page the sweep rests as long
as it took: after a long downtime intake has at least half of the ledger to itself.

Going wrong: a ledger that cannot be read or written for now is tried again at the next look. A delivery
whose decision fails in any other way is told as trouble and left alone for a while; the others go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import NoReturn

from axisd.core.lapses import lapse
from axisd.core.records import Change, Known, Questions
from axisd.core.view import View
from axisd.errors import IntegrityError, TransientError
from axisd.ports import Clock, Ledger, Telemetry
from axisd.service.commit import GroupCommit

PART = "deadlines"


@dataclass(frozen=True, slots=True)
class SweepPace:
    """`every`: seconds between two looks at most. `grace`: how long after its moment something is told: a
    status that came in just in time is settled by then. `page`: deliveries decided at a time. `again`:
    seconds until one that failed is tried again; `set_aside`: how many of these are remembered."""

    every: float = 5.0
    grace: timedelta = timedelta(seconds=30)
    page: int = 16
    again: float = 600.0
    set_aside: int = 256


class Sweep:
    """Runs until cancelled. `page` is one step of it."""

    def __init__(
        self,
        view: Callable[[], View],
        ledger: Ledger,
        commits: GroupCommit,
        clock: Clock,
        telemetry: Telemetry,
        pace: SweepPace = SweepPace(),
    ) -> None:
        self._view = view
        self._ledger = ledger
        self._commits = commits
        self._clock = clock
        self._telemetry = telemetry
        self._pace = pace
        self._aside: dict[str, float] = {}
        """Deliveries that failed, with the time (monotonic) from which they may be tried again."""

    async def run(self) -> NoReturn:
        while True:
            self._telemetry.beat(PART)
            started = self._clock.monotonic()
            try:
                full = await self.page()
                wait = self._clock.monotonic() - started if full else await self._until_due()
            except (TransientError, IntegrityError) as error:
                self._telemetry.trouble(PART, error)
                wait = self._pace.every
            await asyncio.sleep(wait)

    async def page(self) -> bool:
        """Decides the deliveries of which something is due longest; True if there may be more.

        Raises TransientError or IntegrityError when the ledger cannot say what is due, TransientError when
        some of it could not be written for now.
        """
        now = self._clock.monotonic()
        self._aside = {key: again for key, again in self._aside.items() if again > now}
        most = self._pace.page + len(self._aside)
        ids = await self._ledger.due(self._clock.now() - self._pace.grace, most)
        due = [key for key in ids if key not in self._aside][: self._pace.page]
        async with asyncio.TaskGroup() as group:
            decisions = [group.create_task(self._decide(key)) for key in due]
        put_off = [error for decision in decisions if (error := decision.result()) is not None]
        if put_off:
            raise put_off[0]
        return len(due) == self._pace.page

    async def _decide(self, key: str) -> TransientError | None:
        questions = Questions(deliveries=frozenset({key}))
        try:
            change = await self._commits.decide(questions, partial(self._lapse, key))
        except TransientError as error:
            return error
        except Exception as error:  # noqa: BLE001 - one delivery must not keep the others untold
            self._telemetry.trouble(PART, error)
            self._set_aside(key)
            return None
        for evidence in change.evidence:
            if evidence.refusal is not None:
                self._telemetry.noticed(evidence.refusal.code)
        return None

    def _lapse(self, key: str, known: Known) -> Change:
        of = known.deliveries.get(key)
        if of is None:
            return Change()
        now, grace = self._clock.now(), self._pace.grace
        return lapse(of, self._view(), now, mint=self._clock.new_id, grace=grace)

    def _set_aside(self, key: str) -> None:
        self._aside[key] = self._clock.monotonic() + self._pace.again
        if len(self._aside) > self._pace.set_aside:
            del self._aside[min(self._aside, key=self._aside.__getitem__)]

    async def _until_due(self) -> float:
        """Seconds until the next moment at which something is due, bounded: new documents may be sooner."""
        moment = await self._ledger.next_due()
        if moment is None:
            return self._pace.every
        seconds = (moment + self._pace.grace - self._clock.now()).total_seconds()
        # What is due and yet still there was set aside.
        return min(seconds, self._pace.every) if seconds > 0 else self._pace.every
