"""A body is taken whole or refused with a sentence, and nothing of it is left on the disk."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from axisd.adapters import upload
from axisd.adapters.upload import Bounds, Unreceived, Uploads
from axisd.errors import TransientError
from axisd.simulator.loopback import free_ports

LIMIT = 300_000
BOUNDS = Bounds(limit=LIMIT, deadline=1.0, silence=0.2, memory=10_000)


@dataclass
class Counter:
    """Takes what comes and says what it was; `rest`: bounds for what is thrown away."""

    uploads: Uploads
    folder: Path
    rest: Bounds
    port: int = 0
    received: list[bytes | Unreceived] = field(default_factory=list)
    troubles: list[Exception] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        try:
            async with self.uploads.receive(request, part="file_doc") as found:
                if isinstance(found, Unreceived):
                    self.received.append(found)
                else:
                    assert os.listdir(self.folder) == [], "it has no name"
                    self.received.append(await found.read(found.size))
        except TransientError as error:
            self.troubles.append(error)
        close = await upload.unread(request, self.rest)
        response = web.Response(text="answer")
        if close:
            response.force_close()
        return response


@asynccontextmanager
async def counter(
    folder: Path, bounds: Bounds = BOUNDS, rest: Bounds | None = None
) -> AsyncIterator[Counter]:
    counter = Counter(Uploads(folder, bounds), folder, rest or bounds)
    app = web.Application()
    app.router.add_routes([web.route("*", "/", counter.take, expect_handler=upload.expected)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    (counter.port,) = free_ports(1)
    await web.TCPSite(runner, "127.0.0.1", counter.port).start()
    yield counter
    await runner.cleanup()


@asynccontextmanager
async def connected(
    counter: Counter, *headers: str
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection on which the head of a POST has been sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", counter.port)
    writer.write("\r\n".join(["POST / HTTP/1.1", "Host: x", *headers, "", ""]).encode())
    async with asyncio.timeout(20):
        yield reader, writer
    writer.close()


async def answer_to(counter: Counter, body: bytes, *headers: str) -> bytes:
    """The head of what is answered after all of `body` was sent, as Java's clients do."""
    async with connected(counter, *(headers or (f"Content-Length: {len(body)}",))) as (
        reader,
        writer,
    ):
        writer.write(body)
        await writer.drain()
        return await reader.readuntil(b"answer")


@pytest.mark.parametrize("size", [0, 1, 9_999, 10_000, 10_001, 70_000, LIMIT])
async def test_a_body_of_any_size_is_taken_as_it_is(tmp_path: Path, size: int) -> None:
    body = (bytes(range(256)) * (size // 256 + 1))[:size]
    async with counter(tmp_path) as desk:
        await answer_to(desk, body)
    assert desk.received == [body]
    assert os.listdir(tmp_path) == []


async def test_a_body_without_a_length_is_taken_too(tmp_path: Path) -> None:
    piece = b"x" * 20_000
    chunk = f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
    async with counter(tmp_path) as desk:
        await answer_to(desk, chunk * 3 + b"0\r\n\r\n", "Transfer-Encoding: chunked")
    assert desk.received == [piece * 3]


@pytest.mark.parametrize("announced", [True, False])
async def test_what_is_too_large_is_refused_and_its_sender_sees_the_answer(
    tmp_path: Path, announced: bool
) -> None:
    body = b"x" * (LIMIT + 70_000)
    chunked = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
    async with counter(tmp_path) as desk:
        if announced:
            answered = await answer_to(desk, body)
        else:
            answered = await answer_to(desk, chunked, "Transfer-Encoding: chunked")
    assert answered.startswith(b"HTTP/1.1 200")
    assert b"close" not in answered.lower()  # all of it was read: the connection goes on
    (refused,) = desk.received
    assert isinstance(refused, Unreceived)
    assert (refused.trouble, str(LIMIT) in refused.text) == ("too-large", True)


async def test_ten_gigabytes_are_answered_before_they_come(tmp_path: Path) -> None:
    async with (
        counter(tmp_path) as desk,
        connected(desk, f"Content-Length: {10 * 2**30}") as (reader, _),
    ):
        answered = await reader.readuntil(b"answer")
    assert b"connection: close" in answered.lower()
    assert isinstance(desk.received[0], Unreceived)


@pytest.mark.parametrize("sent", [b"", b"x" * 50, b"x" * 20_000])
async def test_silence_in_the_middle_is_refused(tmp_path: Path, sent: bytes) -> None:
    async with (
        counter(tmp_path) as desk,
        connected(desk, "Content-Length: 30000") as (reader, writer),
    ):
        writer.write(sent)
        answered = await reader.readuntil(b"answer")
    assert b"connection: close" in answered.lower()
    (refused,) = desk.received
    assert isinstance(refused, Unreceived)
    assert refused.trouble == "late"
    assert os.listdir(tmp_path) == []


async def test_who_fell_silent_is_not_waited_for_a_second_time(tmp_path: Path) -> None:
    patient = Bounds(LIMIT, deadline=3600.0, silence=3600.0)
    async with (
        counter(tmp_path, rest=patient) as desk,
        connected(desk, "Content-Length: 30000") as (reader, writer),
    ):
        writer.write(b"half")
        await reader.readuntil(b"answer")
    assert [found.trouble for found in desk.received if isinstance(found, Unreceived)] == ["late"]


async def test_who_asks_before_sending_is_told_to_go_on(tmp_path: Path) -> None:
    async with (
        counter(tmp_path) as desk,
        connected(desk, "Content-Length: 3", "Expect: 100-Continue") as (reader, writer),
    ):
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
        writer.write(b"abc")
        await reader.readuntil(b"answer")
    assert desk.received == [b"abc"]


async def test_who_asks_before_sending_too_much_is_answered_instead(tmp_path: Path) -> None:
    async with (
        counter(tmp_path) as desk,
        connected(desk, f"Content-Length: {2 * LIMIT}", "Expect: 100-continue") as (reader, _),
    ):
        answered = await reader.readuntil(b"answer")
    assert answered.startswith(b"HTTP/1.1 200")
    assert b"connection: close" in answered.lower()  # what comes next must not be read as a request


async def test_an_expectation_that_nobody_knows_is_no_trouble(tmp_path: Path) -> None:
    async with counter(tmp_path) as desk:
        await answer_to(desk, b"abc", "Content-Length: 3", "Expect: a-miracle")
    assert desk.received == [b"abc"]


async def test_a_disk_that_is_full_is_our_trouble(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    async with counter(gone) as desk:
        gone.rmdir()
        await answer_to(desk, b"x" * 20_000)
    assert desk.received == []
    assert len(desk.troubles) == 1


async def test_a_small_body_does_not_wait_for_large_ones(tmp_path: Path) -> None:
    one = Bounds(LIMIT, deadline=10.0, silence=10.0, memory=100, at_once=1)
    async with (
        counter(tmp_path, one) as desk,
        connected(desk, "Content-Length: 1000") as (reader, writer),
    ):
        writer.write(b"x" * 500)
        await answer_to(desk, b"small")
        assert desk.received == [b"small"]
        writer.write(b"x" * 500)
        await reader.readuntil(b"answer")
    assert desk.received == [b"small", b"x" * 1000]
