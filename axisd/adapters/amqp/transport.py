"""The wire under a consumer: whole frames, made lean, and only while there is room.

`Window` counts the bytes of bodies that were received and are not yet settled. While it is shut
nothing is read from the socket, so the broker keeps the rest: prefetch counts messages, and
sixty-four times 30 MB are not to be held. The broker breaks off a connection that does not read
for 30 seconds (measured with 3.10; the send time-out of its listener), so a window must not stay
shut for long; `shut_for` tells its owner.

A consumer's connection is never one that publishes: confirms would wait with the rest.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from typing import Any, Final

import aiormq
from yarl import URL

from axisd.adapters.amqp.frames import lean_header, plain_delivery

_HEAD: Final = struct.Struct(">BHI")
_METHOD: Final = 1
_HEADER: Final = 2
_LIMIT: Final = 256 * 1024
"""Bytes that asyncio buffers before it stops reading the socket (twice this at most)."""


class Window:
    """Room for `limit` bytes. What makes it full is still taken in, so one message always fits."""

    def __init__(self, limit: int, monotonic: Callable[[], float]) -> None:
        self._limit = limit
        self._monotonic = monotonic
        self._held = 0
        self._shut_at: float | None = None
        self._room = asyncio.Event()
        self._room.set()

    @property
    def held(self) -> int:
        return self._held

    def take(self, size: int) -> None:
        self._held += size
        if self._held >= self._limit and self._room.is_set():
            self._room.clear()
            self._shut_at = self._monotonic()

    def give(self, size: int) -> None:
        self._held -= size
        if self._held < self._limit:
            self._room.set()
            self._shut_at = None

    def resize(self, limit: int) -> None:
        self._limit = limit
        self.take(0)
        self.give(0)

    @property
    def shut_for(self) -> float:
        """Seconds since it became full, 0 while there is room."""
        return 0.0 if self._shut_at is None else self._monotonic() - self._shut_at

    async def room(self) -> None:
        """Returns when something may come in."""
        await self._room.wait()


class FrameReader(asyncio.StreamReader):
    """Reads a whole frame when its first byte is asked for, and serves the rest from memory."""

    def __init__(self, window: Window, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(limit=_LIMIT, loop=loop)
        self._window = window
        self._frame = b""
        self._at = 0

    async def readexactly(self, n: int) -> bytes:
        if self._at >= len(self._frame):
            await self._window.room()
            self._frame = await self._next()
            self._at = 0
        start, self._at = self._at, self._at + n
        return self._frame[start : self._at]

    async def _next(self) -> bytes:
        head = await super().readexactly(_HEAD.size)
        kind, channel, size = _HEAD.unpack(head)
        rest = await super().readexactly(size + 1)
        if kind == _HEADER:
            payload = lean_header(rest[:-1])
        elif kind == _METHOD:
            payload = plain_delivery(rest[:-1])
        else:
            return head + rest
        return b"".join((_HEAD.pack(kind, channel, len(payload)), payload, rest[-1:]))


class FrameTransport(aiormq.TransportFactory):
    """Makes one connection whose reader is a `FrameReader` over `window`."""

    def __init__(self, window: Window) -> None:
        self._window = window

    async def create(
        self, url: URL, **kwargs: Any
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        loop = asyncio.get_running_loop()
        provider: aiormq.SSLContextProvider = kwargs["ssl_context_provider"]
        context = await provider.get_context() if url.scheme == "amqps" else None
        reader = FrameReader(self._window, loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        wire, _ = await loop.create_connection(
            lambda: protocol, url.host or "", url.port or 0, ssl=context
        )
        return reader, asyncio.StreamWriter(wire, protocol, reader, loop)
