"""Whether systems stay within what they may hand in: asked once per submission, before its inspection.

Nothing is refused here: what is found goes in with the submission, and the inspection refuses it after the
account was judged, so that the answer goes the way of every other one. How fast a system hands in is judged
by when its submissions come. What lay in a queue while the axis was away comes all at once and says nothing
about that; what was tried before may be durable already and is never refused for it.

What is outstanding is counted from the ledger by and by, not per submission: a system may exceed that limit
by what it hands in between two looks. The bucket of a system that has a rate is all that is kept in memory.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from axisd.core.allowance import Bucket
from axisd.core.directory import Directory, System
from axisd.core.reasons import Refusal, refuse
from axisd.core.submission import Submission
from axisd.core.view import View
from axisd.ports import Clock, Telemetry


class Allowances:
    """`exceeded` is for the intake; `look` is to be called every few seconds. `waiting`: how many deliveries
    still have to leave, by the organ that sent them."""

    def __init__(
        self,
        view: Callable[[], View],
        waiting: Callable[[], Awaitable[Mapping[str, int]]],
        clock: Clock,
        telemetry: Telemetry,
    ) -> None:
        self._view = view
        self._waiting = waiting
        self._clock = clock
        self._telemetry = telemetry
        self._buckets: dict[str, Bucket] = {}
        self._outstanding: Mapping[str, int] = MappingProxyType({})

    def exceeded(self, submission: Submission) -> Refusal | None:
        """Which limit of its system `submission` goes beyond; None if it goes beyond none."""
        if submission.tried_before or not submission.account:
            return None
        system = self._view().directory.systems.get(submission.account)
        if system is None or system.suspended:
            return None
        return self._too_many_outstanding(system) or (
            None if submission.waited else self._too_fast(system)
        )

    async def look(self) -> None:
        """Counts what is outstanding. Raises what the ledger raises; the last count then stays."""
        directory = self._view().directory
        limited = {s.account for s in directory.systems.values() if _limits_outstanding(s)}
        counted = dict.fromkeys(sorted(limited), 0)
        if limited:
            for sender, count in (await self._waiting()).items():
                account = _account_of(sender, directory)
                if account in limited:
                    counted[account] += count
        self._outstanding = counted
        self._telemetry.outstanding(counted)
        rated = {s.account for s in directory.systems.values() if s.allowance.rate is not None}
        self._buckets = {name: bucket for name, bucket in self._buckets.items() if name in rated}

    def _too_many_outstanding(self, system: System) -> Refusal | None:
        most, now = system.allowance.outstanding, self._outstanding.get(system.account, 0)
        if most is None or now < most:
            return None
        return refuse(
            "allowance-outstanding", account=system.account, count=str(now), limit=str(most)
        )

    def _too_fast(self, system: System) -> Refusal | None:
        allowance = system.allowance
        if allowance.rate is None:
            return None
        now = self._clock.monotonic()
        before = self._buckets.get(system.account) or Bucket.full(allowance, now)
        after = before.take(allowance, now)
        if after is None:
            rate = f"{allowance.rate:g}"
            return refuse("allowance-rate", account=system.account, limit=rate)
        self._buckets[system.account] = after
        return None


def _limits_outstanding(system: System) -> bool:
    return system.allowance.outstanding is not None


def _account_of(sender: str, directory: Directory) -> str:
    system = directory.system_of(sender)
    return system.account if system is not None else ""
