"""The eDoc API over aiohttp: a request in, an answer of the documented shape out.

The order is fixed: headers say who calls and what is wanted; then the whole body is read, whatever it is worth,
because Java's clients see no answer before they have sent everything; then the desk answers, within the time
that these clients wait. Whatever goes wrong the answer is JSON and HTTP 200, or 401 for who is not known.

Going wrong: what fails behind the desk is answered `Error` with 9999 and told as trouble; the caller learns
nothing of it. A call that takes too long is given up: nothing of it is lost, and the same call again is
answered by what has become of it. A client that stops reading a file is cut off.
"""

from __future__ import annotations

import asyncio
import binascii
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from contextlib import aclosing
from typing import Final, TypeVar

from aiohttp import hdrs, web

from axisd.adapters.edoc.desk import Desk
from axisd.adapters.edoc.protocol.answers import (
    CONTENT_TYPE,
    GOOD,
    Answer,
    Status,
    around_file,
    failure,
)
from axisd.adapters.edoc.protocol.faults import Fault, outage
from axisd.adapters.edoc.protocol.operations import (
    BASE,
    CONFIRM,
    EXISTS,
    FETCH,
    NONE,
    PENDING,
    SEND,
    Operation,
    operation_of,
    read_question,
)
from axisd.adapters.edoc.protocol.parameters import Parameters, read_parameters
from axisd.adapters.upload import ANY_PART, Unreceived, Uploads, expected, small_body, unread
from axisd.core.directory import System
from axisd.core.submission import Door
from axisd.errors import TransientError
from axisd.ports import CallOutcome, Clock, DoorCall, Telemetry
from axisd.service.mailbox import Fetched

T = TypeVar("T")

PATIENCE: Final = 14.0
"""Seconds until an answer: clients wait 15."""
_STALLED: Final = 60.0
"""Seconds that a client may take for one piece of a file."""
_SMALL: Final = 64 * 1024
"""Bytes of a question at most."""
_SLICE: Final = 192 * 1024
"""Bytes that are encoded at once: a whole number of base64's groups of three."""


class EdocDoor:
    """Serves `desk`. `drain` takes nothing new, and returns when what was taken is answered."""

    def __init__(
        self,
        desk: Desk,
        uploads: Uploads,
        clock: Clock,
        telemetry: Telemetry,
        *,
        patience: float = PATIENCE,
    ) -> None:
        self._desk = desk
        self._uploads = uploads
        self._clock = clock
        self._telemetry = telemetry
        self._patience = patience
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._draining = False

    def route(self) -> web.RouteDef:
        """The route of all operations, unknown ones included, whatever slashes their paths have too many."""
        path = f"/{{before:/*}}{BASE}{{path:(?:/.*)?}}"
        return web.route("*", path, self.respond, expect_handler=expected)

    async def drain(self) -> None:
        """From now on every call is told to come again later."""
        self._draining = True
        await self._idle.wait()

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """One request, whatever it is."""
        self._under_way += 1
        self._idle.clear()
        started = self._clock.monotonic()
        try:
            operation, account, answer = await self._answer(request)
            left = await unread(request, self._uploads.bounds)
            took = self._clock.monotonic() - started
            self._telemetry.called(_told(operation, account, answer, took))
            if isinstance(answer, Fetched):
                return await self._handed_out(request, answer)
            return _said(answer, close=left)
        finally:
            self._under_way -= 1
            if self._under_way == 0:
                self._idle.set()

    async def _answer(self, request: web.Request) -> tuple[Operation, str, Answer | Fetched]:
        """With the operation and the account that it is an answer to."""
        found = operation_of(request.match_info["path"], request.method)
        operation = NONE if isinstance(found, Fault) else found
        account = ""
        try:
            asked = read_parameters(request.headers.items())
            system = self._desk.caller(asked)
            if isinstance(system, Answer):
                return operation, account, system
            account = system.account
            if isinstance(found, Fault):
                return operation, account, failure((found,), operation.empty)
            if self._draining:
                return operation, account, _outage(operation)
            barred = self._desk.barred(system, operation)
            answer = barred or await self._done(request, operation, system, asked)
        except Exception as error:  # noqa: BLE001 - a caller must get an answer whatever we break
            self._telemetry.trouble("door.edoc", error)
            answer = _outage(operation)
        return operation, account, answer

    async def _done(
        self, request: web.Request, operation: Operation, system: System, asked: Parameters
    ) -> Answer | Fetched:
        desk = self._desk
        if operation is SEND:
            async with self._uploads.receive(request, part=ANY_PART) as upload:
                return await self._in_time(desk.send(system, asked, upload))
        if operation is EXISTS:
            body = await small_body(request, _SMALL, self._uploads.bounds)
            question = read_question(b"" if isinstance(body, Unreceived) else body)
            return await self._in_time(desk.exists(system, question))
        if operation is PENDING:
            return await self._in_time(desk.pending(system, asked))
        if operation is FETCH:
            return await self._in_time(desk.fetch(system, asked))
        if operation is CONFIRM:
            return await self._in_time(desk.confirm(system, asked))
        wanted = request.query.get("organId") or request.query.get("domain") or ""
        return await self._in_time(desk.organizations(wanted.strip()))

    async def _handed_out(self, request: web.Request, fetched: Fetched) -> web.StreamResponse:
        """The file as base64 on one line, a piece at a time."""
        head, tail = around_file()
        response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: CONTENT_TYPE})
        response.content_length = len(head) + (fetched.size + 2) // 3 * 4 + len(tail)
        try:
            await response.prepare(request)
            await response.write(head)
            async with aclosing(_base64(fetched.pieces)) as lines:
                async for line in lines:
                    async with asyncio.timeout(_STALLED):
                        await response.write(line)
            await response.write(tail)
            await response.write_eof()
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller must see that it broke
            if not isinstance(
                error, TimeoutError | ConnectionError
            ):  # it went away or stopped reading
                self._telemetry.trouble("door.edoc", error)
            # Whatever it has is cut short, and its end must not look like the end.
            response.force_close()
            if request.transport is not None:
                request.transport.abort()
        return response

    async def _in_time(self, answer: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._patience):
                return await answer
        except TimeoutError as error:
            raise TransientError("a call took too long and was given up") from error


def _outage(operation: Operation) -> Answer:
    return failure((outage(operation.code),), operation.empty, ours=True)


def _told(operation: Operation, account: str, answer: Answer | Fetched, seconds: float) -> DoorCall:
    outcome: CallOutcome = "ok"
    if isinstance(answer, Answer) and answer.status is not Status.SUCCESS:
        # The old answer about a status is an Error too, and no failure of ours.
        ours = answer.status is Status.ERROR and answer.code != GOOD
        outcome = "failed" if ours else "refused"
    code = answer.code if isinstance(answer, Answer) else GOOD
    return DoorCall(Door.EDOC, operation.name, outcome, code, account, seconds)


def _said(answer: Answer, *, close: bool) -> web.Response:
    response = web.Response(
        status=answer.http_status,
        body=answer.encode(),
        headers={hdrs.CONTENT_TYPE: CONTENT_TYPE},
    )
    if close:
        response.force_close()
    return response


async def _base64(pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    rest = b""
    async for piece in pieces:
        rest += piece
        for at in range(0, len(rest) - _SLICE + 1, _SLICE):
            yield binascii.b2a_base64(rest[at : at + _SLICE], newline=False)
        rest = rest[len(rest) - len(rest) % _SLICE :]
    yield binascii.b2a_base64(rest, newline=False)
