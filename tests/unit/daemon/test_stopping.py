"""How long a stop waits: within its bound, and no longer once it was asked for twice."""

import asyncio

import pytest

from axisd.daemon.stopping import Stopping


async def never() -> None:
    await asyncio.Event().wait()


async def test_what_ends_in_time_is_waited_for() -> None:
    done = asyncio.Event()

    async def work() -> None:
        await asyncio.sleep(0)
        done.set()

    await Stopping().within(60, work())
    assert done.is_set()


async def test_asked_once_it_stops_and_waits_for_what_is_in_flight() -> None:
    stopping = Stopping()
    stopping.ask()
    async with asyncio.timeout(10):
        await stopping.wait()
    assert not stopping.hurried


async def test_asked_twice_it_waits_no_longer(caplog: pytest.LogCaptureFixture) -> None:
    stopping = Stopping()
    stopping.ask()
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        waiting = group.create_task(stopping.within(3600, never()))
        await asyncio.sleep(0)
        stopping.ask()
        await waiting
    assert stopping.hurried
    assert "not everything ended in time" in caplog.text


async def test_asked_twice_already_nothing_more_is_waited_for() -> None:
    stopping = Stopping()
    stopping.ask()
    stopping.ask()
    async with asyncio.timeout(10):
        await stopping.within(3600, never())
