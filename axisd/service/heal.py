"""Heals what a reconciliation found, where that is safe; what is not safe is left to people.

Safe is what may be repeated any number of times and changes nothing the second time:
* `still-listed`: the axis is told again what stands on our disk, done or fail;
* `missing`: the item is fetched and handed to the one intake, which knows what it has seen;
* `refused-later`: the sender is told once that the recipient's system could not take it; the delivery stays.
Never healed: what only the axis or another party can know (lost, unknown, unmarked). Sending again what may have
arrived, or calling sent what may not have gone, would make one fault into two.

Going wrong: what cannot be healed for now stays open and says why; IntegrityError is raised.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from axisd.core.lifecycle import SubmissionState
from axisd.core.not_taken import not_taken
from axisd.core.reconciliation import Difference, Found
from axisd.core.records import Change, Known, Questions
from axisd.core.submission import Door, Submission
from axisd.core.view import View
from axisd.errors import TransientError
from axisd.ports import Clock, NationalItem, NationalLists, TransportStatus
from axisd.service.commit import GroupCommit
from axisd.service.compare import Comparison
from axisd.service.downlink import verdict
from axisd.service.intake import Settlement


class Healer:
    """`handle`: the one intake. `view` is asked when somebody is told."""

    def __init__(
        self,
        national: NationalLists,
        commits: GroupCommit,
        clock: Clock,
        handle: Callable[[Submission], Awaitable[Settlement]],
        view: Callable[[], View],
    ) -> None:
        self._national = national
        self._commits = commits
        self._clock = clock
        self._handle = handle
        self._view = view

    async def heal(self, made: Comparison) -> list[Found]:
        """What was found, each as it is afterwards, in the same order."""
        return [await self._one(found, made) for found in made.found]

    async def _one(self, found: Found, made: Comparison) -> Found:
        try:
            if found.kind is Difference.STILL_LISTED:
                item, status, why = made.items[found.of, found.number]
                await self._national.report(item, status, why)
                return replace(found, healed=True)
            if found.kind is Difference.MISSING:
                return replace(found, healed=await self._take(found, made))
            if found.kind is Difference.REFUSED_LATER:
                await self._tell(found)
                return replace(found, healed=True)
        except TransientError as error:
            return replace(found, sentence=f"{found.sentence}; it could not be healed now: {error}")
        return found

    async def _take(self, found: Found, made: Comparison) -> bool:
        item: NationalItem = made.items[found.of, found.number][0]
        body = await self._national.fetch(item)
        settlement = await self._handle(
            Submission(
                id=self._clock.new_id(),
                door=Door.NATIONAL,
                body=body,
                received_at=self._clock.now(),
                external_id=f"{found.of}/{item.doc_id}",
                addressed_to=(item.recipient,) if item.recipient else (),
            )
        )
        status, why = verdict(settlement)
        if status is TransportStatus.FAIL:
            await self._national.report(item, status, why)
        return settlement.state is not SubmissionState.QUARANTINED

    async def _tell(self, found: Found) -> None:
        def decision(known: Known) -> Change:
            return not_taken(
                known.deliveries.get(found.delivery_id),
                found.number,
                found.words,
                self._view(),
                mint=self._clock.new_id,
                now=self._clock.now(),
            )

        await self._commits.decide(Questions(deliveries=frozenset({found.delivery_id})), decision)
