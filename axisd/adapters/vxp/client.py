"""The national axis over HTTP: a client of VXP that believes nothing but a well-formed answer.

It implements `ports.NationalLists` and, for tests and tools, gives every other operation as `call`.
Whatever goes wrong on the way, and whatever comes back that is not the protocol, becomes a
TransientError whose sentence names the operation, the HTTP status and the first bytes. An answer is
read up to a limit and until a deadline, so that neither a slow nor an endless server holds us.
It never retries (the uplink decides that), never follows a redirect, never logs, and never keeps a
cookie. Large bodies are hashed and decoded in a thread.
"""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, ParamSpec, Self, TypeVar

import aiohttp

from axisd.adapters.vxp.protocol import (
    MESSAGE_TYPES,
    OPERATIONS,
    SERVICE_TYPE,
    Answer,
    BodyKind,
    Credentials,
    Operation,
    header_text,
    read_answer,
    read_file,
    signed_headers,
    text_of,
    unpadded_hash,
)
from axisd.adapters.vxp.rows import (
    DESCRIPTION,
    NUMBER,
    read_agencies,
    read_items,
    read_sent,
)
from axisd.core.reconciliation import SentRow
from axisd.errors import TransientError, UnavailableError
from axisd.ports import (
    Clock,
    LargeAnswerError,
    ListedAgency,
    NationalAnswer,
    NationalItem,
    TransportStatus,
)

_LARGE: Final = 256 * 1024
_CHUNK: Final = 64 * 1024
_LIST: Final = 32 * 1024 * 1024
"""Bytes of an answer without a file at most, more than 100,000 items: read as JSON it takes many times that."""
_MANY: Final = 500
"""Items of a list that are put together on the event loop at most."""
_AROUND: Final = 4096
"""Bytes of an answer beside the file in it."""
DIRECTORY_OPERATIONS: Final = ("getAgenciesListQD20", "getAgenciesList", "getSynchronizeUnit")
"""What the national axis answers about agencies, the fullest in codes first."""
_P = ParamSpec("_P")
_T = TypeVar("_T")


class NationalError(TransientError):
    """The national axis answered FAIL where only OK helps. `code`: its ErrorCode."""

    def __init__(self, operation: str, answer: Answer) -> None:
        self.code = answer.code
        said = ascii(answer.text[:200])
        super().__init__(f"national axis, {operation}: refused with code {self.code}: {said}")


@dataclass(frozen=True, slots=True)
class Bounds:
    """Seconds for one operation from start to last byte, seconds to connect, bytes of an answer,
    connections at once."""

    deadline: float = 60.0
    connect: float = 10.0
    answer: int = 128 * 1024 * 1024
    connections: int = 48


class VxpClient:
    """One centre's or system's client. Use it as an async context manager, or `close` it.

    Connections are opened on the first call and kept; any number of calls may run at once.
    """

    def __init__(
        self, base_url: str, system_id: str, secret: str, clock: Clock, bounds: Bounds | None = None
    ) -> None:
        self._base = base_url.rstrip("/")
        self._credentials = Credentials(system_id, secret)
        self._clock = clock
        self._bounds = bounds or Bounds()
        self._opened: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes all connections; calls under way fail with TransientError."""
        if self._opened is not None:
            await self._opened.close()
            self._opened = None

    async def send(
        self, body: bytes, *, kind: str, sender: str, recipients: Iterable[str]
    ) -> NationalAnswer:
        """Hands in one envelope, for `recipients` only, or for those it names when there are none."""
        parameters = {
            "servicetype": SERVICE_TYPE,
            "messagetype": MESSAGE_TYPES[kind],
            "from": sender,
        }
        if to := list(recipients):
            parameters["to"] = json.dumps(to, separators=(",", ":"))
        parameters["hash-file"] = await _aside(len(body), unpadded_hash, body)
        answer = await self.call("sendEdoc", parameters, body)
        doc_id = answer.fields.get("DocId", "") if answer.accepted else ""
        # What is said here goes into evidence and receipts, whoever says it and at whatever length.
        return NationalAnswer(
            answer.code[:NUMBER], answer.text[:DESCRIPTION], text_of(doc_id)[:NUMBER]
        )

    async def count(self, kind: str) -> int:
        """How many items of `kind` wait for us."""
        operation = "countReceiveEdoc" if MESSAGE_TYPES[kind] == "edoc" else "countReceiveStatus"
        count = (await self._accepted(operation, _listing(kind))).fields.get("count")
        if isinstance(count, str) and count.isascii() and count.isdecimal():
            count = int(count[:18])
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            raise TransientError(f"national axis, {operation}: not a count: {count!r:.80}")
        return count

    async def waiting(self, kind: str) -> Sequence[NationalItem]:
        """The items of `kind` that wait for us. An empty list is believed only when `count` agrees."""
        operation = "getReceivedEdocList"
        items = await self._items(operation, await self._accepted(operation, _listing(kind)))
        if items or not await self.count(kind):
            return items
        # Something may have come between the two questions.
        items = await self._items(operation, await self._accepted(operation, _listing(kind)))
        if not items and (missing := await self.count(kind)):
            raise TransientError(
                f"national axis, {operation}: an empty list, but {missing} of kind {kind} wait"
            )
        return items

    async def _items(self, operation: str, answer: Answer) -> list[NationalItem]:
        data = answer.fields.get("data")
        size = _LARGE + 1 if isinstance(data, list) and len(data) > _MANY else 0
        try:
            return await _aside(size, read_items, answer)
        except TransientError as wrong:
            raise TransientError(f"national axis, {operation}: {wrong}") from wrong

    async def sent_list(self, kind: str, number: str = "") -> Sequence[SentRow]:
        """What we sent of `kind`, one row for each recipient; with a `number`, that message alone."""
        operation = "getSentEdocList"
        # Who is asked about a number that he does not know may answer with everything.
        parameters = _listing(kind) | ({"docId": number} if number else {})
        answer = await self._accepted(operation, parameters)
        try:
            rows = await _aside(_LARGE + 1, read_sent, answer, kind)
        except TransientError as wrong:
            raise TransientError(f"national axis, {operation}: {wrong}") from wrong
        return [row for row in rows if row.number == number] if number else rows

    async def fetch(self, item: NationalItem, most: int | None = None) -> bytes:
        """The envelope of `item`. NationalError when the national axis refuses for now, LargeAnswerError, without
        reading on, when it has more than `most` bytes."""
        limit = None if most is None else most * 4 // 3 + _AROUND
        answer = await self._accepted("getEdoc", _document(item.doc_id), limit)
        body: bytes = answer.fields["data"]
        return body

    async def report(
        self, item: NationalItem, status: TransportStatus, description: str = ""
    ) -> None:
        """Sets the transport status of `item`. Marks of Vietnamese in `description` are lost."""
        parameters = {"docId": item.doc_id, "status": status.value}
        if said := header_text(description)[:DESCRIPTION].strip():
            parameters["description"] = said
        await self._accepted("updateStatus", parameters)

    async def download(self, doc_id: str) -> bytes:
        """The bytes of a document, not wrapped in JSON. TransientError when there are none."""
        operation = OPERATIONS["downloadEdoc"]
        _, body = await self._exchange(operation, _document(doc_id), b"")
        if not body:
            raise TransientError("national axis, downloadEdoc: an empty body")
        return bytes(body)

    async def listed(self, operation: str) -> Sequence[ListedAgency]:
        """The agencies that one of `DIRECTORY_OPERATIONS` names. An empty list is never believed."""
        answer = await self._accepted(operation, {})
        try:
            agencies = await _aside(_LARGE + 1, read_agencies, answer)
        except TransientError as wrong:
            raise TransientError(f"national axis, {operation}: {wrong}") from wrong
        if not agencies:
            raise TransientError(f"national axis, {operation}: a list without an agency")
        return agencies

    async def call(
        self,
        operation: str,
        parameters: Mapping[str, str] | None = None,
        body: bytes = b"",
        limit: int | None = None,
    ) -> Answer:
        """Any operation that answers JSON, signed. The answer is well-formed, OK or FAIL.

        Of getEdoc, `data` is the file's bytes. LargeAnswerError when the answer has more than `limit` bytes.
        """
        described = OPERATIONS[operation]
        status, came = await self._exchange(described, parameters or {}, body, limit)
        try:
            return await _aside(len(came), _read, described, came)
        except TransientError as wrong:
            raise TransientError(f"national axis, {operation}: HTTP {status}, {wrong}") from wrong

    async def _accepted(
        self, operation: str, parameters: Mapping[str, str], limit: int | None = None
    ) -> Answer:
        answer = await self.call(operation, parameters, limit=limit)
        if not answer.accepted:
            raise NationalError(operation, answer)
        return answer

    async def _exchange(
        self,
        operation: Operation,
        parameters: Mapping[str, str],
        body: bytes,
        limit: int | None = None,
    ) -> tuple[int, bytearray]:
        """One request and the whole of its answer: HTTP status and body."""
        where = f"national axis, {operation.name}"
        try:
            headers = signed_headers(
                self._credentials,
                parameters,
                moment=self._clock.now(),
                content_type=_CONTENT_TYPES[operation.body],
            )
        except ValueError as wrong:
            raise TransientError(f"{where}: {wrong}") from wrong
        try:
            async with self._session().request(
                operation.method,
                f"{self._base}/{operation.name}",
                headers=headers,
                data=_content(operation, body),
                allow_redirects=False,
            ) as response:
                brings = (
                    operation.brings_file or operation.raw or operation.country or operation.all
                )
                most = self._bounds.answer if brings else min(self._bounds.answer, _LIST)
                if limit is not None and (response.content_length or 0) > limit:
                    response.close()
                    raise _larger(where, limit)
                return response.status, await self._read_all(response, where, most, limit)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as wrong:
            raise UnavailableError(f"{where}: cannot connect: {wrong}") from wrong
        except TimeoutError as wrong:
            seconds = self._bounds.deadline
            raise TransientError(f"{where}: no complete answer within {seconds:g} s") from wrong
        except (aiohttp.ClientError, OSError, RuntimeError) as wrong:
            # RuntimeError: the session was closed under a call.
            what = f"{type(wrong).__name__}: {wrong}"
            raise TransientError(f"{where}: the exchange broke: {what:.200}") from wrong

    async def _read_all(
        self, response: aiohttp.ClientResponse, where: str, most: int, limit: int | None
    ) -> bytearray:
        came = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK):
            if limit is not None and len(came) + len(chunk) > limit:
                response.close()
                raise _larger(where, limit)
            if len(came) + len(chunk) > most:
                response.close()
                raise TransientError(
                    f"{where}: HTTP {response.status}, an answer of more than {most} bytes"
                )
            came += chunk
        return came

    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            bounds = self._bounds
            self._opened = aiohttp.ClientSession(
                # Given up before any usual server does: a POST on a connection that the other side is
                # just closing fails, and cannot be repeated blindly.
                connector=aiohttp.TCPConnector(limit=bounds.connections, keepalive_timeout=5.0),
                timeout=aiohttp.ClientTimeout(total=bounds.deadline, sock_connect=bounds.connect),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={
                    "User-Agent": "JAVASDKAgent/1.0.0 XRoad/VPCP",
                    # Nothing compressed: what the limit counts is then what travelled.
                    "Accept-Encoding": "identity",
                },
            )
        return self._opened


_CONTENT_TYPES: Final = {
    BodyKind.FILE: "application/octet-stream",
    BodyKind.JSON: "application/json",
    BodyKind.NOTHING: "application/json",
}


def _content(operation: Operation, body: bytes) -> bytes | io.BytesIO:
    if operation.body is BodyKind.JSON and not body:
        return b"{}"
    # aiohttp writes a stream piece by piece, and bytes at one go.
    return io.BytesIO(body) if len(body) > _LARGE else body


def _listing(kind: str) -> dict[str, str]:
    return {"servicetype": SERVICE_TYPE, "messagetype": MESSAGE_TYPES[kind]}


def _document(doc_id: str) -> dict[str, str]:
    # The SDK names here where it will put the file; a server has no use for it, but may ask for it.
    return {"docId": doc_id, "filePath": f"{doc_id}.edxml"}


def _larger(where: str, limit: int) -> LargeAnswerError:
    return LargeAnswerError(f"{where}: an answer of more than {limit} bytes")


def _read(operation: Operation, came: bytearray) -> Answer:
    return read_file(came) if operation.brings_file else read_answer(came, needs=operation.answers)


async def _aside(size: int, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Small work here, large work in a thread."""
    if size <= _LARGE:
        return work(*args, **kwargs)
    return await asyncio.to_thread(work, *args, **kwargs)
