"""A system behind the eDoc door, as the benchmarks need one: it hands in, and fetches what waits for it."""

from __future__ import annotations

import base64
import hashlib
from typing import Any, Self

import aiohttp


class EdocClient:
    """Calls as `organ` with its `token`, at most `connections` at a time; use it as a context manager."""

    def __init__(self, url: str, organ: str, token: str, connections: int) -> None:
        self._url = url
        self._headers = {"organid": organ, "authorization": token}
        self._connections = connections

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(limit=self._connections)
        self._session = aiohttp.ClientSession(connector=connector, headers=self._headers)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def send(self, body: bytes) -> None:
        """Hands `body` in."""
        digest = hashlib.sha256(body).hexdigest()
        await self._call("sendDocument", body, **{"type": "EDOC", "hash-edoc": digest})

    async def pending(self) -> list[str]:
        """The docIds of what waits."""
        answer = await self._call("getPendingDocIds", type="EDOC")
        return [str(found) for found in answer["docIDs"]]

    async def fetch(self, doc_id: str) -> bytes:
        """One envelope."""
        answer = await self._call("getDocument", docid=doc_id, type="EDOC")
        return base64.b64decode(answer["data"])

    async def confirm(self, doc_id: str) -> None:
        """Is done with it."""
        await self._call("confirmReceived", docid=doc_id)

    async def _call(self, operation: str, body: bytes = b"", **headers: str) -> Any:
        url = f"{self._url}/EdocService/{operation}"
        async with self._session.post(url, data=body, headers=headers) as response:
            answer = await response.json()
        if answer["status"] != "Success":
            raise RuntimeError(f"{operation} answered {answer}")
        return answer
