"""The broker and the national axis in memory do what real ones do, as far as the ports show it."""

import asyncio
from itertools import count

import pytest

from axisd.adapters.memory_broker import MemoryBroker, MemoryIntake
from axisd.adapters.memory_national import MemoryNational
from axisd.adapters.recording import RecordingTelemetry
from axisd.core.submission import Submission
from axisd.errors import IntegrityError, TransientError
from axisd.ports import (
    Delivered,
    Intake,
    Message,
    NationalAnswer,
    NationalAxis,
    Publisher,
    Telemetry,
    TransportStatus,
)
from tests.support.values import NOW, submission
from tests.support.virtual import virtually


def test_they_are_what_the_ports_ask_for() -> None:
    publisher: Publisher = MemoryBroker()
    intake: Intake = MemoryIntake(lambda: "1")
    national: NationalAxis = MemoryNational()
    telemetry: Telemetry = RecordingTelemetry()
    assert all((publisher, intake, national, telemetry))


def message(queue: str) -> Message:
    return Message(queue, "1", b"x", "document", "d", NOW)


async def test_a_publish_is_confirmed_returned_refused_or_cannot_be_tried() -> None:
    broker = MemoryBroker(["a", "b"])
    broker.refusing["b"] = Delivered.NACKED
    answers = [await broker.publish(message(queue)) for queue in ("a", "b", "c")]
    assert answers == [Delivered.CONFIRMED, Delivered.NACKED, Delivered.RETURNED]
    broker.declare("a", "c")
    assert await broker.publish(message("c")) is Delivered.CONFIRMED
    assert broker.waiting() == {"a": 1, "c": 1}
    broker.reachable = False
    with pytest.raises(TransientError):
        await broker.publish(message("a"))


def numbered() -> MemoryIntake:
    numbers = count(1)
    return MemoryIntake(lambda: f"s-{next(numbers)}", prefetch=2)


def test_a_submission_comes_again_until_it_is_acknowledged() -> None:
    seen: list[tuple[str, bool]] = []

    async def handle(handed: Submission) -> None:
        seen.append((handed.id, handed.redelivered))
        if len(seen) < 3:
            raise TransientError("locked")

    async def work() -> None:
        intake = numbered()
        intake.submit(submission())
        running = asyncio.create_task(intake.run(handle))
        await asyncio.sleep(10)
        assert intake.unacknowledged == 0
        await intake.drain()
        await running
        assert len(intake.failures) == 2

    virtually(work())
    assert seen == [("s-1", False), ("s-2", True), ("s-3", True)]


def test_no_more_than_the_prefetch_is_in_flight_and_draining_lets_it_end() -> None:
    async def work() -> None:
        intake, in_flight = numbered(), [0, 0]

        async def handle(_: Submission) -> None:
            in_flight[0] += 1
            in_flight[1] = max(in_flight)
            await asyncio.sleep(1)
            in_flight[0] -= 1

        intake.submit(*(submission() for _ in range(6)))
        running = asyncio.create_task(intake.run(handle))
        await asyncio.sleep(1.5)
        await intake.drain()
        await running
        assert (in_flight, intake.unacknowledged) == ([0, 2], 2)

    virtually(work())


def test_a_contradiction_ends_the_run_and_the_submission_stays() -> None:
    async def work() -> None:
        intake = numbered()
        intake.submit(submission())

        async def handle(_: Submission) -> None:
            raise IntegrityError("broken")

        with pytest.raises(ExceptionGroup):
            await intake.run(handle)
        assert intake.unacknowledged == 1

    virtually(work())


async def test_an_item_is_listed_until_it_is_done_or_failed() -> None:
    national = MemoryNational()
    one = national.offer(b"one", recipient="H53")
    two = national.offer(b"two", recipient="H53", kind="status")
    assert (await national.count("document"), await national.count("status")) == (1, 1)
    assert await national.fetch(one) == b"one"
    national.replace(one, b"serialised anew")
    assert await national.fetch(one) == b"serialised anew"
    await national.report(one, TransportStatus.PROCESSING)
    assert list(await national.waiting("document")) == [one]
    await national.report(one, TransportStatus.DONE)
    await national.report(two, TransportStatus.FAIL, "why")
    assert [*await national.waiting("document"), *await national.waiting("status")] == []
    with pytest.raises(TransientError):
        await national.fetch(one)


async def test_a_send_is_taken_or_answered_as_told() -> None:
    national = MemoryNational()
    national.answers["G14"] = NationalAnswer("23", "locked")
    taken = await national.send(b"x", kind="document", sender="H53", recipients=["H18"])
    assert taken.accepted
    refused = await national.send(b"x", kind="document", sender="H53", recipients=["G14"])
    assert (refused.accepted, refused.code) == (False, "23")
    assert [item.recipients for item in national.sent] == [("H18",)]
    national.reachable = False
    with pytest.raises(TransientError):
        await national.waiting("document")
