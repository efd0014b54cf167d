"""The window, and a reader that hands out whole frames only while there is room."""

from __future__ import annotations

import asyncio
import struct
from datetime import timedelta

import pytest

from axisd.adapters.amqp.transport import FrameReader, Window
from axisd.adapters.clock import ManualClock


def frame(kind: int, payload: bytes) -> bytes:
    return struct.pack(">BHI", kind, 1, len(payload)) + payload + b"\xce"


def test_a_window_shuts_when_it_is_full_and_tells_since_when(clock: ManualClock) -> None:
    window = Window(100, clock.monotonic)
    window.take(99)
    clock.advance(timedelta(seconds=5))
    assert window.shut_for == 0
    window.take(50)
    clock.advance(timedelta(seconds=5))
    window.take(50)
    assert window.shut_for == 5
    window.give(99)
    clock.advance(timedelta(seconds=5))
    assert window.shut_for == 10
    window.give(1)
    assert window.shut_for == 0
    assert window.held == 99


def test_a_window_made_smaller_shuts_at_once_and_made_larger_opens(clock: ManualClock) -> None:
    window = Window(1000, clock.monotonic)
    window.take(500)
    window.resize(500)
    clock.advance(timedelta(seconds=3))
    assert window.shut_for == 3
    window.resize(501)
    assert window.shut_for == 0


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


async def test_frames_come_through_whole_and_headers_lean(clock: ManualClock) -> None:
    reader = FrameReader(Window(100, clock.monotonic), asyncio.get_running_loop())
    body = frame(3, b"\xff" * 300)
    fat = frame(2, struct.pack(">HHQH", 60, 0, 300, 0x0008) + b"\x02\xff\xff")
    lean = frame(2, struct.pack(">HHQH", 60, 0, 300, 0))
    reader.feed_data(fat + body)
    assert await take_frame(reader) == lean
    assert await take_frame(reader) == body


async def take_frame(reader: FrameReader) -> bytes:
    """In the steps of the library: type, channel and length, rest."""
    first = await reader.readexactly(1)
    head = first + await reader.readexactly(6)
    (length,) = struct.unpack(">I", head[3:])
    return head + await reader.readexactly(length + 1)


async def test_nothing_is_read_while_the_window_is_shut(clock: ManualClock) -> None:
    window = Window(100, clock.monotonic)
    reader = FrameReader(window, asyncio.get_running_loop())
    heartbeat = frame(8, b"")
    reader.feed_data(heartbeat * 2)
    assert await take_frame(reader) == heartbeat
    window.take(100)
    async with asyncio.TaskGroup() as group:
        taking = group.create_task(take_frame(reader))
        for _ in range(10):
            await asyncio.sleep(0)
        assert not taking.done()
        window.give(1)
    assert taking.result() == heartbeat


async def test_the_end_of_the_stream_inside_a_frame_is_an_incomplete_read(
    clock: ManualClock,
) -> None:
    reader = FrameReader(Window(100, clock.monotonic), asyncio.get_running_loop())
    reader.feed_data(frame(3, b"cut off")[:-3])
    reader.feed_eof()
    with pytest.raises(asyncio.IncompleteReadError):
        await take_frame(reader)
