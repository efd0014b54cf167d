"""Reconciles with the national axis: each night by itself, and whenever an operator asks. One run at a time.

A run compares, heals what is safe, and is put on record as evidence about the axis itself, clean or not. A night that
was missed, because the axis was down or the national axis was away, is made good as soon as both are there: whether
one is owed is asked of the ledger. A run of which nothing at all could be compared is not recorded, and tried again.

Going wrong: TransientError ends the run, is told as trouble, and the run is tried again after a while.
IntegrityError, which is of the ledger, likewise: what it means for intake is found where things are written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final, NoReturn

from axisd.core.interconnection import Trigger
from axisd.core.reconciliation import (
    SUBJECT,
    Reconciliation,
    Recorded,
    evidence_of,
    recorded,
)
from axisd.core.records import Change, Known, Questions
from axisd.core.view import View
from axisd.core.zone import VIETNAM, day_of, wire_time
from axisd.errors import IntegrityError, TransientError
from axisd.ports import Clock, FederationLedger, NationalLists, Telemetry
from axisd.service.check_book import About
from axisd.service.commit import GroupCommit
from axisd.service.compare import KINDS, Comparison, compare
from axisd.service.heal import Healer

PART: Final = "reconcile"
AGAIN: Final = 900.0
"""Seconds until a run that could not be held is tried again."""
LOOK: Final = 60.0
"""Seconds between two looks at the clock at most: it may be turned."""
_LISTS: Final = 2 * len(KINDS)
_FIRST: Final = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Nights:
    """When, in Vietnam's time, and over how many days back."""

    at: time = time(2)
    days: int = 3

    def last(self, now: datetime) -> datetime:
        """The last moment not after `now` at which a run was due."""
        local = now.astimezone(VIETNAM)
        due = datetime.combine(local.date(), self.at, VIETNAM)
        return due if due <= local else due - timedelta(days=1)

    def since(self, now: datetime) -> datetime:
        """From when on a run looks: the beginning of a day."""
        return start_of(now, self.days)


def start_of(now: datetime, days: int) -> datetime:
    """The beginning of Vietnam's day, `days` days before that of `now`."""
    return datetime.combine(day_of(now) - timedelta(days=days), time(), VIETNAM)


def start_on(day: str, now: datetime, days: int) -> datetime:
    """From when on a run looks that an operator wants to begin on Vietnam's `day`, as `2026-11-26`: never later than
    the nights do, whose place it takes. Raises ValueError where it is no day from 2000 until today."""
    wanted = date.fromisoformat(day)
    if not _FIRST <= wanted <= day_of(now):
        raise ValueError(day)
    return min(datetime.combine(wanted, time(), VIETNAM), start_of(now, days))


async def last_runs(ledger: About, limit: int) -> list[Recorded]:
    """The newest runs on record, newest first. Raises IntegrityError where one cannot be read."""
    try:
        return [recorded(entry) for entry in await ledger.about(SUBJECT, limit)]
    except ValueError as error:
        raise IntegrityError(f"a record of a reconciliation cannot be read: {error}") from error


class Reconciler:
    """`ledger` is also what tells of earlier runs."""

    def __init__(
        self,
        national: NationalLists,
        ledger: Any,
        commits: GroupCommit,
        clock: Clock,
        telemetry: Telemetry,
        healer: Healer,
        view: Callable[[], View],
        nights: Nights,
    ) -> None:
        self._national = national
        self._ledger: FederationLedger = ledger
        self._told: About = ledger
        self._commits = commits
        self._clock = clock
        self._telemetry = telemetry
        self._healer = healer
        self._view = view
        self._nights = nights
        self._turn = asyncio.Lock()
        # A ledger without a run owes none of a night before we began.
        self._began = clock.now()

    async def run(self) -> NoReturn:
        """Holds one run each night, until cancelled."""
        while True:
            self._telemetry.beat(PART)
            wait = LOOK
            try:
                if await self._owed():
                    await self.reconcile(Trigger.TIMER, self._nights.since(self._clock.now()))
            except (TransientError, IntegrityError) as error:
                self._telemetry.trouble(PART, error)
                wait = AGAIN
            await self._rest(wait)

    async def _rest(self, seconds: float) -> None:
        while seconds > 0:
            self._telemetry.beat(PART)
            await asyncio.sleep(min(seconds, LOOK))
            seconds -= LOOK

    async def _owed(self) -> bool:
        last = await last_runs(self._told, 1)
        done = last[0].at if last else self._began
        return done < self._nights.last(self._clock.now())

    async def asked(self, since: str | None) -> dict[str, Any]:
        """One run for an operator, from the day `since` on (`2026-11-26`), and at least over what the nights look
        at."""
        now = self._clock.now()
        try:
            start = self._nights.since(now)
            if since is not None:
                start = start_on(since, now, self._nights.days)
        except ValueError as wrong:
            said = f"{since!a:.40} is no day until today: write it as 2026-11-26"
            raise TransientError(said) from wrong
        return told(await self.reconcile(Trigger.OPERATOR, start))

    async def reconcile(self, trigger: Trigger, since: datetime) -> Reconciliation:
        """One run, from `since` on, healed and on record. Raises TransientError when one is under way, or when
        nothing could be compared."""
        if self._turn.locked():
            raise TransientError("a reconciliation is under way: ask again when it is over")
        async with self._turn:
            began = self._clock.now()
            view = self._view()
            made = await compare(self._national, self._ledger, view, since=since, began=began)
            if len(made.incomplete) == _LISTS and not made.compared:
                raise TransientError(next(iter(made.incomplete.values())))
            made.found = await self._healer.heal(made)
            run = run_of(made, trigger, began, since)
            await self._record(run)
            return run

    async def _record(self, run: Reconciliation) -> None:
        at = self._clock.now()
        evidence = evidence_of(run, self._clock.new_id(), at)

        def decide(_: Known) -> Change:
            return Change(evidence=(evidence,))

        await self._commits.decide(Questions(), decide)
        self._telemetry.reconciled(at, run)


def run_of(made: Comparison, trigger: Trigger, began: datetime, since: datetime) -> Reconciliation:
    """What was seen, as one run."""
    return Reconciliation(
        trigger=trigger,
        began=began,
        since=since,
        compared=made.compared,
        found=tuple(made.found),
        incomplete=made.incomplete,
    )


def told(run: Reconciliation) -> dict[str, Any]:
    """A run as the command line is told it, and prints it with --json."""
    return {
        "outcome": run.outcome,
        "began": wire_time(run.began),
        "since": wire_time(run.since),
        "compared": {
            name: {"here": one.here, "there": one.there} for name, one in run.compared.items()
        },
        "incomplete": dict(run.incomplete),
        "open": {str(kind): count for kind, count in run.counts(healed=False).items()},
        "healed": {str(kind): count for kind, count in run.counts(healed=True).items()},
        "differences": [
            {
                "kind": str(found.kind),
                "healed": found.healed,
                "number": found.number,
                "message": found.of or None,
                "document_id": found.document_id or None,
                "delivery_id": found.delivery_id or None,
                "what": found.sentence,
            }
            for found in run.found
        ],
    }
