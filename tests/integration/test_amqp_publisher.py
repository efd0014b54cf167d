"""Publishing for agencies: each of the broker's answers, and what stands in an inbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from axisd.adapters.amqp import AmqpPublisher, Endpoint
from axisd.adapters.amqp.publisher import LARGE
from axisd.adapters.clock import SystemClock
from axisd.errors import TransientError
from axisd.ports import Delivered, Message
from axisd.simulator.loopback import free_ports
from tests.support.amqp import FINANCE, HEALTH, Axis, BrokerTelemetry, fresh_axis, until
from tests.support.broker import Vhost

INBOX = f"agency.{HEALTH}.inbox"


@pytest_asyncio.fixture
async def axis(vhost: Vhost) -> AsyncIterator[Axis]:
    async with fresh_axis(vhost) as fresh:
        yield fresh


@pytest_asyncio.fixture
async def publisher(axis: Axis) -> AsyncIterator[AmqpPublisher]:
    async with axis.publisher() as publisher:
        async with asyncio.timeout(20):
            await publisher.connected.wait()
        yield publisher


def letter(number: int = 1, *, queue: str = INBOX, body: bytes = b"<edXML/>") -> Message:
    return Message(
        queue=queue,
        message_id=f"delivery-{number}",
        body=body,
        type="document",
        correlation_id="000.00.11.H53,2026/11/22,1/STC",
        timestamp=datetime(2026, 11, 22, 9, tzinfo=UTC),
        priority=7,
        headers={"axis-from": FINANCE, "axis-subject": "Sở Tài chính"},
    )


async def test_a_confirmed_message_is_in_the_inbox_with_its_properties(
    axis: Axis, publisher: AmqpPublisher
) -> None:
    assert await publisher.publish(letter(body=b"exactly\x00these")) is Delivered.CONFIRMED
    async with axis.client("health") as client:
        received = await client.get("inbox", HEALTH)
        assert received is not None
        await received.ack()
        assert await client.get("inbox", HEALTH) is None
    assert received.body == b"exactly\x00these"
    assert received.message_id == "delivery-1"
    assert received.type == "document"
    assert received.correlation_id == "000.00.11.H53,2026/11/22,1/STC"
    ours = {name: value for name, value in received.headers.items() if name.startswith("axis-")}
    assert ours == {"axis-from": FINANCE, "axis-subject": "Sở Tài chính"}
    assert received.priority == 7  # a quorum queue keeps it, though it does not sort by it


async def test_what_is_not_acknowledged_comes_again_with_the_same_id(
    axis: Axis, publisher: AmqpPublisher
) -> None:
    await publisher.publish(letter())
    async with axis.client("health") as client:
        async for received in client.receive("inbox", HEALTH):
            assert not received.redelivered
            break
    async with axis.client("health") as client:
        async for received in client.receive("inbox", HEALTH):
            assert (received.message_id, received.redelivered) == ("delivery-1", True)
            await received.ack()
            break


async def test_a_missing_queue_returns_the_message(publisher: AmqpPublisher) -> None:
    message = letter(queue="agency.000.00.77.H53.inbox")
    assert await publisher.publish(message) is Delivered.RETURNED
    assert await publisher.publish(letter(2)) is Delivered.CONFIRMED


async def test_a_full_queue_refuses_and_others_still_take(
    axis: Axis, publisher: AmqpPublisher
) -> None:
    await axis.node.api(
        "PUT",
        f"policies/{axis.vhost}/full",
        {
            "pattern": f"^{INBOX}$".replace(".", r"\."),
            "apply-to": "queues",
            "priority": 1000,
            "definition": {"max-length": 1, "overflow": "reject-publish"},
        },
    )
    answers: list[Delivered] = []
    async with asyncio.timeout(20):
        while Delivered.NACKED not in answers:
            answers.append(await publisher.publish(letter(len(answers))))
    assert set(answers) <= {Delivered.CONFIRMED, Delivered.NACKED}
    other = letter(queue=f"agency.{FINANCE}.inbox")
    assert await publisher.publish(other) is Delivered.CONFIRMED


async def test_each_of_many_at_once_gets_its_own_answer(publisher: AmqpPublisher) -> None:
    queues = [INBOX if number % 3 else "agency.nobody.inbox" for number in range(300)]
    answers = await asyncio.gather(
        *(publisher.publish(letter(number, queue=queue)) for number, queue in enumerate(queues))
    )
    assert answers == [
        Delivered.CONFIRMED if queue == INBOX else Delivered.RETURNED for queue in queues
    ]


@pytest.mark.parametrize("size", [LARGE, LARGE + 1, 5 * LARGE])
async def test_large_bodies_arrive_whole(axis: Axis, publisher: AmqpPublisher, size: int) -> None:
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    assert await publisher.publish(letter(body=body)) is Delivered.CONFIRMED
    async with axis.client("health") as client:
        received = await client.get("inbox", HEALTH)
    assert received is not None
    assert received.body == body


async def test_closing_the_connection_while_publishing_is_a_transient_error(
    axis: Axis, publisher: AmqpPublisher
) -> None:
    """An operator closes it; whoever publishes hears so, and the next connection works."""

    async def publish_until_it_fails() -> TransientError:
        number = 0
        while True:
            number += 1
            try:
                await publisher.publish(letter(number))
            except TransientError as error:
                return error

    async with asyncio.timeout(40), axis.management() as management:
        async with asyncio.TaskGroup() as group:
            publishing = [group.create_task(publish_until_it_fails()) for _ in range(5)]
            closed = 0
            while not closed:  # the list of connections is a moment old
                closed = await management.close_connections(axis.daemon_user)
        assert all("publishing" in str(task.result()) for task in publishing)
        await publisher.connected.wait()
        assert await publisher.publish(letter(0)) is Delivered.CONFIRMED
    assert [state.connected for state in axis.telemetry.states] == [True, False, True]


async def test_without_a_broker_publishing_fails_at_once_and_says_why() -> None:
    (port,) = free_ports(1)
    telemetry = BrokerTelemetry()
    endpoint = Endpoint(f"amqp://somebody:secret@127.0.0.1:{port}/axis")
    async with AmqpPublisher(endpoint, clock=SystemClock(), telemetry=telemetry) as publisher:
        await until(lambda: len(telemetry.troubles) >= 2)  # it goes on trying
        with pytest.raises(TransientError, match=f"127.0.0.1:{port}/axis") as raised:
            await publisher.publish(letter())
    assert "secret" not in str(raised.value) + telemetry.words()
    assert "publisher" in telemetry.beats
