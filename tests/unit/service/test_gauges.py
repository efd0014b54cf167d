"""Gauges look again and again, whatever they meet, and tell only of agencies of the directory."""

import asyncio

import pytest

from axisd.adapters.recording import RecordingTelemetry
from axisd.errors import IntegrityError, TransientError, UnavailableError
from axisd.service.gauges import by_and_by, inbox_consumers
from tests.support.values import FINANCE, HEALTH, OFFICE, view


@pytest.mark.parametrize(
    "error", [TransientError("locked"), UnavailableError("away"), IntegrityError("malformed")]
)
async def test_trouble_is_told_and_the_next_look_comes_all_the_same(error: Exception) -> None:
    telemetry, seen, enough = RecordingTelemetry(), list[int](), asyncio.Event()

    async def look() -> None:
        seen.append(len(seen))
        if len(seen) == 3:
            enough.set()
        elif len(seen) == 1:
            raise error

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        looking = group.create_task(by_and_by("backlog", look, telemetry, every=0.001))
        await enough.wait()
        looking.cancel()
    assert telemetry.troubles == [("backlog", error)]


async def test_a_mistake_of_ours_is_not_hidden() -> None:
    async def look() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await by_and_by("backlog", look, RecordingTelemetry(), every=0.001)


def test_inboxes_are_counted_for_agencies_of_the_directory_that_receive_over_amqp() -> None:
    by_queue = {
        f"agency.{FINANCE}.inbox": 2,
        f"agency.{FINANCE}.receipts": 7,
        "agency.999.inbox": 5,
        "axis.intake": 1,
    }
    assert inbox_consumers(by_queue, view()) == {FINANCE: 2, HEALTH: 0, OFFICE: 0}
