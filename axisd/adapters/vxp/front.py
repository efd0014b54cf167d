"""The server's side of VXP over aiohttp: a verified `Call` in, an answer of the documented shape out.

Whoever serves the protocol implements `Office` and mounts `routes`; the simulated national axis does,
and the door for agencies' systems. The order is fixed: headers first (nothing of the body is taken for a
caller who is not known), then the body up to a limit and until a deadline, then the hash, then the
office. Whatever goes wrong, the answer is HTTP 200 and JSON, because the SDK takes anything else for
"success, empty"; only `downloadEdoc` answers bytes, and an empty body for a failure. A file that the office
gives in pieces travels so; when a piece fails, the connection ends, and nobody takes a part for the whole.

An office that raises is answered 20 (worth a retry) and told to `trouble`; the caller learns nothing
of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from typing import Final, Protocol

from aiohttp import web

from axisd.adapters import upload
from axisd.adapters.upload import Unreceived, Uploads
from axisd.adapters.vxp.protocol import (
    OPERATIONS,
    Answer,
    BodyKind,
    Call,
    Code,
    File,
    Operation,
    Refused,
    read_claim,
    select,
    sentence,
)
from axisd.adapters.vxp.protocol.base64text import Encoder, encoded_size
from axisd.adapters.vxp.protocol.files import EMPTY, MISMATCH

_JSON_LIMIT: Final = 64 * 1024
_LARGE: Final = 256 * 1024
HEADER_LIMIT: Final = 256 * 1024
"""Bytes of one header: a `to` of thousands of recipients stands in two of them. Pass it as aiohttp's
`max_field_size`, whose default would refuse 300 recipients."""


class Office(Protocol):
    """What stands behind the counter: it knows secrets and answers verified calls."""

    async def secret_of(self, system_id: str) -> str | tuple[str, ...] | None:
        """The secret's text, or all that hold now; None for a system that is not known or may not call."""

    async def answer(self, call: Call) -> Answer | bytes | Pieces:
        """Bytes or pieces only for an operation whose answer is the file itself."""

    def trouble(self, operation: str, error: Exception) -> None:
        """Something of ours failed while answering; the caller got code 20."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """A file that travels as it is read: `size` bytes in all. As an answer, or as its `data`."""

    size: int
    arriving: AsyncGenerator[bytes, None]


@dataclass(frozen=True, slots=True)
class Told:
    """One answered request: `operation` is "unknown" for one that there is not, `code` the answer's."""

    operation: str
    system_id: str
    code: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Bounds:
    """`file`: bytes of an edXML. Seconds: `deadline` for a whole body to arrive, `silence` between two
    pieces of it, `answer` for a file to be taken by its caller."""

    file: int = 128 * 1024 * 1024
    deadline: float = 120.0
    silence: float = 30.0
    answer: float = 600.0

    @property
    def upload(self) -> upload.Bounds:
        return upload.Bounds(self.file, self.deadline, self.silence)


def routes(
    office: Office,
    bounds: Bounds | None = None,
    *,
    prefix: str = "",
    uploads: Uploads | None = None,
    told: Callable[[Told], None] | None = None,
) -> web.RouteDef:
    """The route of all operations under `prefix`, unknown ones and the prefix itself included.

    With `uploads`, a call brings its file as `file`, which need not be in memory; without, as `body`.
    """
    front = _Front(office, bounds or Bounds(), uploads, told or _nobody)
    path = prefix + "{operation:(/.*)?}" if prefix else "/{operation:.*}"
    return web.route("*", path, front.respond, expect_handler=upload.expected)


@dataclass(slots=True)
class _Visit:
    """One request on its way through: what has to be told of it, and what it holds until it is answered."""

    operation: str = "unknown"
    system_id: str = ""
    held: AsyncExitStack = field(default_factory=AsyncExitStack)


class _Front:
    def __init__(
        self,
        office: Office,
        bounds: Bounds,
        uploads: Uploads | None,
        told: Callable[[Told], None],
    ) -> None:
        self._office = office
        self._bounds = bounds
        self._spools = uploads is not None
        self._uploads = uploads or Uploads(None, bounds.upload)
        self._told = told

    async def respond(self, request: web.Request) -> web.StreamResponse:
        clock, visit = asyncio.get_running_loop().time, _Visit()
        began = clock()
        async with visit.held:
            answer = await self._answered(request, visit)
        # From here on nothing is held but what the answer itself brings.
        code = answer.code if isinstance(answer, Answer) else Code.OK
        self._told(Told(visit.operation, visit.system_id, code, clock() - began))
        left = await upload.unread(request, self._uploads.bounds)
        return await self._send(request, OPERATIONS.get(visit.operation), answer, close=left)

    async def _answered(self, request: web.Request, visit: _Visit) -> Answer | bytes | Pieces:
        name = request.match_info["operation"].lstrip("/")
        operation = OPERATIONS.get(name)
        if operation is None:
            shown = ascii(name[:40])
            return Answer(
                Code.INVALID,
                sentence(f"There is no operation {shown}.", f"Không có chức năng {shown}."),
            )
        visit.operation = name
        try:
            if request.method not in {"GET", "POST"}:
                return Answer(
                    Code.INVALID,
                    sentence(
                        f"Send {name} as {operation.method}.",
                        f"Hãy gọi {name} bằng phương thức {operation.method}.",
                    ),
                )
            call = await self._verified(request, operation, visit)
            if isinstance(call, Refused):
                return Answer.of(call)
            return await self._office.answer(call)
        except Exception as error:  # noqa: BLE001 - a caller must get an answer whatever we break
            self._office.trouble(name, error)
            return Answer(Code.SYSTEM, _FAILED)

    async def _verified(
        self, request: web.Request, operation: Operation, visit: _Visit
    ) -> Call | Refused:
        claim = read_claim(request.headers.items())
        if isinstance(claim, Refused):
            return claim
        signed = claim.prove(await self._office.secret_of(claim.system_id))
        if isinstance(signed, Refused):
            return signed
        visit.system_id = signed.system_id
        parameters = select(operation, signed)
        if isinstance(parameters, Refused):
            return parameters
        call = Call(operation, signed.system_id, parameters)
        if operation.body is BodyKind.FILE:
            return await self._with_file(request, call, visit)
        if operation.body is BodyKind.JSON:
            body = await upload.small_body(request, _JSON_LIMIT, self._uploads.bounds)
            if isinstance(body, Unreceived):
                return Refused.of(Code.FILE, body.text, body.vi)
            return Call(operation, signed.system_id, parameters, body)
        return call

    async def _with_file(self, request: web.Request, call: Call, visit: _Visit) -> Call | Refused:
        receiving = self._uploads.receive(request, part="file_doc")
        received = await visit.held.enter_async_context(receiving)
        if isinstance(received, Unreceived):
            return Refused.of(Code.FILE, received.text, received.vi)
        if not received.size:
            return EMPTY
        size = received.file_hash.file_size(call.parameters["hash-file"])
        if size is None:
            return MISMATCH
        if self._spools:
            file = File(size, lambda: received.read(size))
            return Call(call.operation, call.system_id, call.parameters, file=file)
        body = await received.read(size)
        return Call(call.operation, call.system_id, call.parameters, body)

    async def _send(
        self,
        request: web.Request,
        operation: Operation | None,
        answer: Answer | bytes | Pieces,
        *,
        close: bool,
    ) -> web.StreamResponse:
        if operation is not None and operation.raw:
            if isinstance(answer, Pieces):
                return await self._stream(request, operation, b"", answer, b"", close=close)
            response = web.Response(
                body=answer if isinstance(answer, bytes) else b"", content_type=_OCTETS
            )
        else:
            assert isinstance(answer, Answer), "every other operation answers JSON"
            file = answer.fields.get("data")
            if operation is not None and isinstance(file, Pieces):
                head, tail = answer.around_file()
                return await self._stream(request, operation, head, file, tail, close=close)
            large = isinstance(file, bytes | list)
            body = await asyncio.to_thread(answer.encode) if large else answer.encode()
            response = web.Response(body=body, content_type=_JSON, charset="utf-8")
        if close:
            response.force_close()
        return response

    async def _stream(
        self,
        request: web.Request,
        operation: Operation,
        head: bytes,
        file: Pieces,
        tail: bytes,
        *,
        close: bool,
    ) -> web.StreamResponse:
        """Sends `file` as it is read: base64 between `head` and `tail`, or itself where there are none."""
        encoder = Encoder() if head else None
        size = encoded_size(file.size) if encoder else file.size
        response = web.StreamResponse(
            headers={"Content-Type": f"{_JSON}; charset=utf-8" if encoder else _OCTETS}
        )
        response.content_length = len(head) + size + len(tail)
        if close:
            response.force_close()
        try:
            async with asyncio.timeout(self._bounds.answer):
                await response.prepare(request)
                await response.write(head)
                async with aclosing(file.arriving) as arriving:
                    async for piece in arriving:
                        await response.write(encoder.more(piece) if encoder else piece)
                await response.write((encoder.end() if encoder else b"") + tail)
                await response.write_eof()
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller must see that it broke
            if not isinstance(error, ConnectionError):
                self._office.trouble(operation.name, error)
            # Half an answer cannot be mended: its end must not look like the end.
            if request.transport is not None:
                request.transport.abort()
        return response


_FAILED: Final = sentence(
    "The axis failed; try again later.", "Trục đang gặp sự cố, hãy gửi lại sau."
)
_JSON: Final = "application/json"
_OCTETS: Final = "application/octet-stream"


def _nobody(_: Told) -> None:
    return
