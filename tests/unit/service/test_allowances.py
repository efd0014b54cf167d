"""Systems are held to their limits, and nothing that is no fault of theirs counts against them."""

from collections.abc import Mapping
from typing import Any

import pytest

from axisd.adapters.recording import RecordingTelemetry
from axisd.core.allowance import Allowance
from axisd.core.view import View
from axisd.errors import TransientError
from axisd.service.allowances import Allowances
from tests.support.values import FINANCE, HEALTH, directory, submission, system, view
from tests.support.virtual import LoopClock, virtually

ONE_A_SECOND = Allowance(rate=1, burst=1)


class Desk:
    """A system `finance` with limits, and what its submissions are told."""

    def __init__(self, allowance: Allowance, *, waiting: Mapping[str, int] | None = None) -> None:
        self.view = self.of(allowance)
        self.waiting = waiting or {}
        self.trouble: Exception | None = None
        self.telemetry = RecordingTelemetry()
        self.allowances = Allowances(lambda: self.view, self._counted, LoopClock(), self.telemetry)

    @staticmethod
    def of(allowance: Allowance, **changes: Any) -> View:
        limited = system("finance", FINANCE, allowance=allowance, **changes)
        return view(directory=directory(systems=[limited, system("health", HEALTH)]))

    async def _counted(self) -> Mapping[str, int]:
        if self.trouble:
            raise self.trouble
        return self.waiting

    def told(self, **changes: Any) -> str | None:
        refusal = self.allowances.exceeded(submission(**changes))
        return refusal.code if refusal else None


def test_what_comes_faster_than_the_rate_is_told_so() -> None:
    async def work() -> list[str | None]:
        desk = Desk(ONE_A_SECOND)
        return [desk.told(), desk.told(), desk.told(account="health"), desk.told(account="health")]

    assert virtually(work()) == [None, "allowance-rate", None, None]


@pytest.mark.parametrize("how", ["redelivered", "retried", "waited"])
def test_what_comes_late_through_no_fault_of_its_system_neither_counts_nor_is_refused(
    how: str,
) -> None:
    async def work() -> list[str | None]:
        desk = Desk(ONE_A_SECOND)
        held_up = [desk.told(**{how: True}) for _ in range(3)]
        return [*held_up, desk.told(), desk.told(**{how: True})]

    assert virtually(work()) == [None] * 5


def test_the_rate_of_nobody_and_of_who_is_turned_away_anyway_is_not_counted() -> None:
    async def work() -> list[str | None]:
        desk = Desk(ONE_A_SECOND)
        told = [desk.told(account=account) for account in (None, "nobody", None, "nobody")]
        desk.view = desk.of(ONE_A_SECOND, suspended=True)
        return [*told, desk.told(), desk.told()]

    assert virtually(work()) == [None] * 6


def test_as_many_outstanding_as_allowed_stop_the_next_one_until_they_have_left() -> None:
    async def work() -> list[str | None]:
        desk = Desk(Allowance(outstanding=2), waiting={FINANCE: 1, HEALTH: 9})
        told = [desk.told()]
        for count in (1, 2, 3, 1):
            desk.waiting = {FINANCE: count, "000.00.00.G14": 50}
            await desk.allowances.look()
            told.append(desk.told(waited=True))
        return told

    assert virtually(work()) == [None, None, "allowance-outstanding", "allowance-outstanding", None]


def test_what_may_be_settled_already_is_not_refused_for_what_is_outstanding() -> None:
    async def work() -> list[str | None]:
        desk = Desk(Allowance(outstanding=1), waiting={FINANCE: 1})
        await desk.allowances.look()
        return [desk.told(redelivered=True), desk.told(retried=True), desk.told()]

    assert virtually(work()) == [None, None, "allowance-outstanding"]


def test_a_count_that_fails_leaves_the_last_one() -> None:
    async def work() -> str | None:
        desk = Desk(Allowance(outstanding=1), waiting={FINANCE: 1})
        await desk.allowances.look()
        desk.trouble = TransientError("away")
        with pytest.raises(TransientError):
            await desk.allowances.look()
        return desk.told()

    assert virtually(work()) == "allowance-outstanding"


def test_only_limited_systems_are_shown_and_without_any_nothing_is_counted() -> None:
    async def work() -> list[dict[str, int]]:
        desk = Desk(Allowance(outstanding=5), waiting={HEALTH: 4})
        await desk.allowances.look()
        desk.view = desk.of(ONE_A_SECOND)
        desk.trouble = TransientError("nobody is to ask")
        await desk.allowances.look()
        return desk.telemetry.outstandings

    assert virtually(work()) == [{"finance": 0}, {}]


def test_a_reload_that_lifts_a_rate_forgets_what_was_used_of_it() -> None:
    async def work() -> list[str | None]:
        desk = Desk(ONE_A_SECOND)
        told = [desk.told(), desk.told()]
        for allowance in (Allowance(), ONE_A_SECOND):
            desk.view = desk.of(allowance)
            await desk.allowances.look()
        return [*told, desk.told()]

    assert virtually(work()) == [None, "allowance-rate", None]
