"""The one way into the intake: closed until the directory is on record, stopped by a ledger that lies."""

import asyncio
from typing import cast

import pytest

from axisd.adapters.recording import RecordingTelemetry
from axisd.core.submission import Submission
from axisd.daemon.entrance import Entrance, WayIn, drain_all
from axisd.errors import IntegrityError, TransientError
from axisd.service.intake import Intake, Settlement

A_SUBMISSION = cast("Submission", object())
A_SETTLEMENT = cast("Settlement", object())


class Taking:
    """An intake that settles at once."""

    def __init__(self) -> None:
        self.taken: list[Submission] = []

    async def handle(self, submission: Submission) -> Settlement:
        self.taken.append(submission)
        return A_SETTLEMENT


@pytest.fixture
def intake() -> Taking:
    return Taking()


@pytest.fixture
def told() -> RecordingTelemetry:
    return RecordingTelemetry()


@pytest.fixture
def entrance(intake: Taking, told: RecordingTelemetry) -> Entrance:
    return Entrance(cast("Intake", intake), told)


async def test_nothing_is_taken_before_the_directory_is_on_record(
    entrance: Entrance, intake: Taking
) -> None:
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(entrance.handle(A_SUBMISSION))
        await asyncio.sleep(0)
        assert (entrance.opened, intake.taken) == (False, [])
        entrance.open()
        assert await waiting is A_SETTLEMENT
    assert intake.taken == [A_SUBMISSION]


async def test_a_directory_that_can_never_be_on_record_is_raised_to_who_waits(
    entrance: Entrance, intake: Taking
) -> None:
    fault = IntegrityError("the chain is broken")
    entrance.open(fault)
    with pytest.raises(IntegrityError) as raised:
        await entrance.handle(A_SUBMISSION)
    assert raised.value is fault
    assert not intake.taken


async def test_a_ledger_that_contradicts_itself_stops_what_comes_in_and_is_told_once(
    entrance: Entrance, told: RecordingTelemetry
) -> None:
    async def broken() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())

    async def fail() -> None:
        raise IntegrityError("the chain is broken")

    await entrance.guarded(broken())
    await entrance.guarded(fail())
    assert entrance.stopped == "the chain is broken"
    assert [what for what, *_ in told.troubles] == ["intake"]


async def test_other_trouble_ends_the_work_and_goes_up(entrance: Entrance) -> None:
    async def fail() -> None:
        raise TransientError("busy")

    with pytest.raises(TransientError):
        await entrance.guarded(fail())
    assert entrance.stopped is None


async def test_all_ways_in_are_drained_together() -> None:
    drained: list[str] = []
    both = asyncio.Barrier(2)

    def way(name: str) -> WayIn:
        async def drain() -> None:
            await both.wait()  # one after the other would wait for ever
            drained.append(name)

        return WayIn(name, drain=drain)

    async with asyncio.timeout(10):
        await drain_all([way("intake"), WayIn("downlink"), way("vxp")])
    assert sorted(drained) == ["intake", "vxp"]
