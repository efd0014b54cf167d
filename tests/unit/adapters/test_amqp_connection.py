"""Addresses, and how failures are put into words."""

from __future__ import annotations

import asyncio

import aiormq
import pytest

from axisd.adapters.amqp.connection import Endpoint, broker_errors, described
from axisd.errors import TransientError


def test_an_endpoint_never_shows_its_password() -> None:
    endpoint = Endpoint("amqps://s%E1%BB%9F:hunt%65r2@rabbit.example:5671/axis")
    assert str(endpoint) == "rabbit.example:5671/axis"
    assert "hunt" not in repr(endpoint)
    assert endpoint.account == "sở"


@pytest.mark.parametrize(
    ("url", "shown"),
    [("amqp://h/axis", "h:5672/axis"), ("amqps://h/axis", "h:5671/axis"), ("amqp://h:1/", "h:1/")],
)
def test_an_endpoint_names_the_port_that_is_meant(url: str, shown: str) -> None:
    assert str(Endpoint(url)) == shown


def test_our_heartbeat_goes_into_the_address_unless_it_names_one() -> None:
    assert Endpoint("amqp://h/axis", heartbeat=7).address() == "amqp://h/axis?heartbeat=7"
    named = Endpoint("amqp://h/axis?heartbeat=60&cafile=%2Fca.pem", heartbeat=7).address()
    assert named == "amqp://h/axis?heartbeat=60&cafile=%2Fca.pem"


def test_what_the_library_raises_becomes_a_sentence_with_its_cause() -> None:
    cause = aiormq.ChannelAccessRefused("ACCESS_REFUSED - no")
    with pytest.raises(TransientError) as raised, broker_errors("publishing"):
        raise cause
    assert str(raised.value) == "publishing: ACCESS_REFUSED - no"
    assert raised.value.__cause__ is cause
    assert described(ConnectionResetError()) == "ConnectionResetError"


async def test_a_cancellation_that_nobody_asked_for_is_a_lost_connection() -> None:
    with pytest.raises(TransientError, match="lost"), broker_errors("publishing"):
        raise asyncio.CancelledError


async def test_a_cancellation_that_was_asked_for_stays_one_even_if_the_library_forgot_it() -> None:
    reached: list[str] = []

    async def forgetful() -> None:
        with broker_errors("consuming"):
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                reached.append("forgotten")  # as asyncio.wait_for does before Python 3.12
        reached.append("went on")

    async with asyncio.TaskGroup() as group:
        task = group.create_task(forgetful())
        await asyncio.sleep(0)
        task.cancel()
    assert task.cancelled()
    assert reached == ["forgotten"]


def test_errors_of_our_own_are_not_touched() -> None:
    with pytest.raises(ZeroDivisionError), broker_errors("publishing"):
        raise ZeroDivisionError
