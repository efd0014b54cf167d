"""Requests as the older axis's Java SDK puts them on the wire, made by hand on a connection that stays open."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass
class OldClient:
    """One account on one connection. The headers of its first call go with every later one, unless that sets
    them anew: they are stale then, as the SDK's are."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    host: str
    organ: str
    token: str
    first: dict[str, str] | None = None

    async def call(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> dict[str, Any]:
        """The answer, which must be HTTP 200. `headers` with underscores for hyphens."""
        status, answer = await self.ask(method, path, headers, body)
        assert status == 200, answer
        return answer

    async def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        length: int = -1,
    ) -> tuple[int, dict[str, Any]]:
        """Status and answer. `length`: announced instead of the body's own."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.first is None:
            self.first = named
        self.writer.write(
            self._head(method, path, body, self.first | named, length) + (body or b"")
        )
        async with asyncio.timeout(15):  # as long as the SDK waits
            return await self._answer()

    def _head(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str], length: int
    ) -> bytes:
        lines = [f"{method} /EdocService{path} HTTP/1.1"]
        lines += [f"organid: {self.organ}", f"authorization: {self.token}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if body is not None:
            size = len(body) if length < 0 else length
            lines += [f"Content-Length: {size}", "Content-Type: application/octet-stream"]
        lines += [
            f"Host: {self.host}",
            "Connection: Keep-Alive",
            "User-Agent: Apache-HttpClient/4.5.2 (Java/1.8.0_201)",
            "Accept-Encoding: gzip,deflate",
        ]
        return "\r\n".join([*lines, "", ""]).encode()

    async def _answer(self) -> tuple[int, dict[str, Any]]:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("ascii").split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        assert fields["content-type"] == "application/json;charset=utf-8"
        assert "content-encoding" not in fields
        body = await self.reader.readexactly(int(fields["content-length"]))
        assert body.isascii()
        answer = json.loads(body)
        assert isinstance(answer, dict)
        return int(head[0].split()[1]), answer


@asynccontextmanager
async def old_client(url: str, organ: str, token: str) -> AsyncIterator[OldClient]:
    """`url`: where axisd listens."""
    place = urlsplit(url)
    assert place.hostname is not None
    reader, writer = await asyncio.open_connection(place.hostname, place.port, limit=64 * 1024**2)
    try:
        yield OldClient(reader, writer, place.netloc, organ, token)
    finally:
        writer.close()
