"""Bodies of requests as they arrive at a door: small ones in memory, large ones in a file without a name.

A body is hashed while it comes, up to a limit and until two deadlines: one for the whole of it, one for each
silence. The file is unlinked as soon as it is there, so that nothing is left behind by whatever ends us.
What cannot be taken is an `Unreceived` value; what a client still sends of it is read and thrown away, within
bounds, because Java's HTTP clients see no answer before they have sent everything. Whoever announces far more
than is allowed is answered at once.

Going wrong: a disk that is full is ours, and a TransientError. Nothing here authenticates anybody, so call it
only for somebody who is known.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Final

from aiohttp import BodyPartReader, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from axisd.core.filehash import FileHash
from axisd.errors import TransientError

_CHUNK: Final = 64 * 1024
_PIECE: Final = 1024 * 1024
_GOES_ON: Final = web.RequestKey("told to go on", bool)
_GIVEN_UP: Final = web.RequestKey("waited for long enough", bool)
ANY_PART: Final = ""
"""Instead of a field's name: the first part of a multipart body, whatever it is called."""
_LINE_END: Final = 2
"""Bytes of the CR LF that clients append, and that is not the file's."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """`limit`: bytes of a file. `deadline`: seconds for the whole of it; `silence`: between two pieces.
    `memory`: bytes that are held in memory before a file is made. `at_once`: large ones that are taken at a time."""

    limit: int = 128 * 1024 * 1024
    deadline: float = 120.0
    silence: float = 30.0
    memory: int = 1024 * 1024
    at_once: int = 16


class Trouble(StrEnum):
    TOO_LARGE = "too-large"
    LATE = "late"
    UNREADABLE = "unreadable"


_VIETNAMESE: Final = {
    Trouble.TOO_LARGE: "Tệp lớn hơn mức cho phép.",
    Trouble.LATE: "Không nhận đủ nội dung trong thời gian cho phép.",
    Trouble.UNREADABLE: "Không đọc được nội dung gửi lên.",
}


@dataclass(frozen=True, slots=True)
class Unreceived:
    """Why there is no body: `text` is a sentence for the caller's operator, in ASCII; `vi` in Vietnamese."""

    trouble: Trouble
    text: str

    @property
    def vi(self) -> str:
        return _VIETNAMESE[self.trouble]


class Upload:
    """A body that has arrived; `file_hash` says which part of it is the file. Use it until it is closed."""

    def __init__(self, folder: Path | None, memory: int) -> None:
        self.file_hash = FileHash()
        self._folder = folder
        self._memory = memory
        self._held: BinaryIO = io.BytesIO()
        self._on_disk = False
        self._waiting: list[bytes] = []
        self._waits = 0

    @property
    def size(self) -> int:
        """Bytes that have arrived."""
        return self.file_hash.size

    async def take(self, piece: bytes) -> None:
        """The next piece. TransientError when it cannot be kept."""
        self._waiting.append(piece)
        self._waits += len(piece)
        if self._waits >= _PIECE or (self.size == 0 and self._waits > self._memory):
            await asyncio.to_thread(self._settle)

    async def settle(self) -> None:
        """Nothing more will come."""
        if self._waits > _CHUNK:
            await asyncio.to_thread(self._settle)
        else:
            self._settle()

    async def read(self, size: int) -> bytes:
        """The first `size` bytes, all of them in memory: ask for large ones one at a time."""
        if not self._on_disk:
            return self._read(size)
        return await asyncio.to_thread(self._read, size)

    def close(self) -> None:
        """The bytes are gone."""
        self._held.close()
        self._waiting.clear()

    def _settle(self) -> None:
        pieces, self._waiting, self._waits = self._waiting, [], 0
        try:
            if not self._on_disk and self.size + sum(map(len, pieces)) > self._memory:
                self._to_disk()
            for piece in pieces:
                self.file_hash.update(piece)
                self._held.write(piece)
        except OSError as error:
            raise TransientError(f"an upload cannot be kept: {error.strerror}") from error

    def _to_disk(self) -> None:
        if self._folder is None:
            return
        held = self._held
        self._held = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - `close` ends it
        self._on_disk = True
        held.seek(0)
        self._held.write(held.read())

    def _read(self, size: int) -> bytes:
        try:
            self._held.seek(0)
            return self._held.read(size)
        except OSError as error:
            raise TransientError(f"an upload cannot be read: {error.strerror}") from error


class Uploads:
    """Where bodies are taken. `folder` None: all of them in memory. `limit`: bytes of a file, where that may
    change while we run."""

    def __init__(
        self,
        folder: Path | None = None,
        bounds: Bounds | None = None,
        limit: Callable[[], int] | None = None,
    ) -> None:
        self._bounds = bounds or Bounds()
        self._limit = limit
        self._folder = folder
        self._places = asyncio.Semaphore(self._bounds.at_once)

    @property
    def bounds(self) -> Bounds:
        """Those of now."""
        return replace(self._bounds, limit=self._limit()) if self._limit else self._bounds

    @asynccontextmanager
    async def receive(
        self, request: web.Request, *, part: str | None = None
    ) -> AsyncIterator[Upload | Unreceived]:
        """The body of `request`, raw or as the multipart field `part`; gone when the context is left.

        TransientError when it cannot be kept. An answer to what was not received must close its connection,
        which is `unread`'s business.
        """
        upload = Upload(self._folder, self.bounds.memory)
        announced = request.content_length
        small = announced is not None and announced <= self.bounds.memory
        try:
            # Who sends a little must not wait for those who send much, slowly.
            async with contextlib.nullcontext() if small else self._places:
                yield await self._received(request, part, upload) or upload
        finally:
            upload.close()

    async def _received(
        self, request: web.Request, part: str | None, upload: Upload
    ) -> Unreceived | None:
        limit = self.bounds.limit
        too_large = Unreceived(
            Trouble.TOO_LARGE, f"The body is larger than the {limit} bytes allowed."
        )
        if (request.content_length or 0) > limit + _CHUNK:
            return too_large
        try:
            await go_on(request)
            async with (
                asyncio.timeout(self.bounds.deadline),
                aclosing(_pieces(request, part)) as arriving,
            ):
                came = 0
                while piece := await self._next(arriving):
                    came += len(piece)
                    if came > limit + _LINE_END:
                        return too_large
                    await upload.take(piece)
        except TimeoutError:
            request[_GIVEN_UP] = True
            return Unreceived(Trouble.LATE, "The body did not arrive completely in time.")
        except (ValueError, OSError, web.RequestPayloadError, web.HTTPException) as wrong:
            said = str(wrong)[:100]
            return Unreceived(Trouble.UNREADABLE, f"The body cannot be read: {said!a}.")
        await upload.settle()
        return None

    async def _next(self, arriving: AsyncGenerator[bytes, None]) -> bytes:
        async with asyncio.timeout(self.bounds.silence):
            return await anext(arriving, b"")


async def small_body(request: web.Request, limit: int, bounds: Bounds) -> bytes | Unreceived:
    """A raw body of at most `limit` bytes, in memory."""
    small = Bounds(limit, bounds.deadline, bounds.silence, memory=limit + _LINE_END)
    async with Uploads(None, small).receive(request) as received:
        return received if isinstance(received, Unreceived) else await received.read(received.size)


async def go_on(request: web.Request) -> None:
    """Tells a client that asked for it (`Expect: 100-continue`) to send its body."""
    if _asks_first(request):
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # the answer itself has not begun
        request[_GOES_ON] = True


async def unread(request: web.Request, bounds: Bounds) -> bool:
    """Reads and throws away what is left of the body, so that its sender sees the answer.

    Not what is announced to be far too much, nor what has not begun, nor what was waited for in vain. True when something is left all the
    same: the connection must then end with the answer.
    """
    if not request.can_read_body:
        return False
    if _GIVEN_UP in request:
        return True
    announced = request.content_length
    if _asks_first(request) and _GOES_ON not in request:
        return announced != 0
    if announced is not None and announced > 2 * bounds.limit:
        return True
    try:
        async with asyncio.timeout(bounds.deadline):
            left = 2 * bounds.limit
            while left > 0 and not request.content.at_eof():
                async with asyncio.timeout(bounds.silence):
                    left -= len(await request.content.readany())
    except (TimeoutError, OSError, web.RequestPayloadError):
        return True
    return not request.content.at_eof()


async def expected(request: web.Request) -> None:
    """What a route does about `Expect` before its handler: nothing. `go_on` is called for those who may send,
    and an expectation that nobody can meet is nobody's trouble."""
    del request


def _asks_first(request: web.Request) -> bool:
    return request.headers.get(hdrs.EXPECT, "").strip().lower() == "100-continue"


async def _pieces(request: web.Request, part: str | None) -> AsyncGenerator[bytes, None]:
    """The body as it arrives. ValueError when it is malformed."""
    if part is None or request.content_type != "multipart/form-data":
        async for piece in request.content.iter_chunked(_CHUNK):
            yield piece
        return
    try:
        reader = await request.multipart()
        while (found := await reader.next()) is not None:
            if isinstance(found, BodyPartReader) and part in {found.name, ANY_PART}:
                if found.headers.get("Content-Transfer-Encoding", "binary") not in {
                    "binary",
                    "8bit",
                }:
                    raise ValueError(f"{part or 'the file'} must not be encoded for transfer")
                while piece := await found.read_chunk(_CHUNK):
                    yield piece
                return
    except (HttpProcessingError, RecursionError) as wrong:  # forms may stand in forms
        raise ValueError("a part of the form is malformed") from wrong
    raise ValueError(f"there is no part {part}".rstrip())
