"""The server's side of VXP over aiohttp: a verified `Call` in, an answer of the documented shape out.

Whoever serves the protocol implements `Office` and mounts `routes`; the simulated national axis does,
and a door for agencies' systems can. The order is fixed: headers first (nothing of the body is read for
a caller who is not known), then the body up to a limit and until a deadline, then the hash, then the
office. Whatever goes wrong, the answer is HTTP 200 and JSON, because the SDK takes anything else for
"success, empty"; only `downloadEdoc` answers bytes, and an empty body for a failure.

An office that raises is answered 20 (worth a retry) and told to `trouble`; the caller learns nothing
of it. Bodies are held in memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, Protocol

from aiohttp import BodyPartReader, web

from axisd.adapters.vxp.protocol import (
    OPERATIONS,
    Answer,
    BodyKind,
    Call,
    Code,
    Operation,
    Refused,
    intact_file,
    read_claim,
    select,
)

_CHUNK: Final = 64 * 1024
_JSON_LIMIT: Final = 64 * 1024
_LARGE: Final = 256 * 1024
HEADER_LIMIT: Final = 256 * 1024
"""Bytes of one header: a `to` of thousands of recipients stands in two of them. Pass it as aiohttp's
`max_field_size`, whose default would refuse 300 recipients."""


class Office(Protocol):
    """What stands behind the counter: it knows secrets and answers verified calls."""

    async def secret_of(self, system_id: str) -> str | None:
        """The secret's text, None for a system that is not known or may not call."""

    async def answer(self, call: Call) -> Answer | bytes:
        """Bytes only for an operation whose answer is the file itself."""

    def trouble(self, operation: str, error: Exception) -> None:
        """Something of ours failed while answering; the caller got code 20."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bytes of an edXML, seconds for a whole body to arrive."""

    file: int = 128 * 1024 * 1024
    deadline: float = 120.0


def routes(office: Office, bounds: Bounds | None = None, *, prefix: str = "") -> web.RouteDef:
    """The route of all operations under `prefix`, unknown ones included."""
    front = _Front(office, bounds or Bounds())
    return web.route("*", prefix + "/{operation:.*}", front.respond)


class _Front:
    def __init__(self, office: Office, bounds: Bounds) -> None:
        self._office = office
        self._bounds = bounds

    async def respond(self, request: web.Request) -> web.Response:
        operation = OPERATIONS.get(request.match_info["operation"])
        if operation is None:
            name = request.match_info["operation"][:40]
            return await _json(Answer(Code.INVALID, f"There is no operation {name!a}."))
        try:
            answer = await self._answer(request, operation)
        except Exception as error:  # noqa: BLE001 - a caller must get an answer whatever we break
            self._office.trouble(operation.name, error)
            answer = Answer(Code.SYSTEM, "The axis failed; try again later.")
        if operation.raw:
            return web.Response(
                body=answer if isinstance(answer, bytes) else b"",
                content_type="application/octet-stream",
            )
        assert isinstance(answer, Answer), f"{operation.name} answers JSON"
        return await _json(answer)

    async def _answer(self, request: web.Request, operation: Operation) -> Answer | bytes:
        if request.method not in {"GET", "POST"}:
            return Answer(Code.INVALID, f"Send {operation.name} as {operation.method}.")
        call = await self._verified(request, operation)
        if isinstance(call, Refused):
            return Answer.of(call)
        return await self._office.answer(call)

    async def _verified(self, request: web.Request, operation: Operation) -> Call | Refused:
        claim = read_claim(request.headers.items())
        if isinstance(claim, Refused):
            return claim
        signed = claim.prove(await self._office.secret_of(claim.system_id))
        if isinstance(signed, Refused):
            return signed
        parameters = select(operation, signed)
        if isinstance(parameters, Refused):
            return parameters
        body = await self._body(request, operation)
        if isinstance(body, Refused):
            return body
        if operation.body is BodyKind.FILE:
            hash_file = parameters["hash-file"]
            if len(body) > _LARGE:
                body = await asyncio.to_thread(intact_file, body, hash_file)
            else:
                body = intact_file(body, hash_file)
            if isinstance(body, Refused):
                return body
        return Call(operation, signed.system_id, parameters, body)

    async def _body(self, request: web.Request, operation: Operation) -> bytes | Refused:
        if operation.body is BodyKind.NOTHING:
            return b""
        limit = self._bounds.file if operation.body is BodyKind.FILE else _JSON_LIMIT
        too_large = Refused(Code.FILE, f"The body is larger than the {limit} bytes allowed.")
        if (request.content_length or 0) > limit + _CHUNK:
            return too_large
        pieces: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._bounds.deadline):
                async with aclosing(_pieces(request, operation)) as arriving:
                    async for piece in arriving:
                        size += len(piece)
                        # The SDK's CR LF is not the file's.
                        if size > limit + 2:
                            return too_large
                        pieces.append(piece)
        except TimeoutError:
            return Refused(Code.FILE, "The body did not arrive completely in time.")
        except (ValueError, OSError, web.RequestPayloadError, web.HTTPException) as wrong:
            return Refused(Code.FILE, f"The body cannot be read: {str(wrong)[:100]!a}.")
        return b"".join(pieces)


async def _pieces(request: web.Request, operation: Operation) -> AsyncGenerator[bytes, None]:
    """The body as it arrives: raw, or the multipart part `file_doc`. ValueError when it is malformed."""
    if operation.body is not BodyKind.FILE or request.content_type != "multipart/form-data":
        async for piece in request.content.iter_chunked(_CHUNK):
            yield piece
        return
    reader = await request.multipart()
    while (part := await reader.next()) is not None:
        if isinstance(part, BodyPartReader) and part.name == "file_doc":
            if part.headers.get("Content-Transfer-Encoding", "binary") not in {"binary", "8bit"}:
                raise ValueError("file_doc must not be encoded for transfer")
            while piece := await part.read_chunk(_CHUNK):
                yield piece
            return
    raise ValueError("there is no part file_doc")


async def _json(answer: Answer) -> web.Response:
    large = isinstance(answer.fields.get("data"), bytes | list)
    body = await asyncio.to_thread(answer.encode) if large else answer.encode()
    return web.Response(body=body, content_type="application/json", charset="utf-8")
