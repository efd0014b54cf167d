"""Faults of the network and of whatever stands before the axis: they strike a call as it comes and goes.

In this order, at most one of each kind: what strikes before anything is done (`mute`, `server_errors`,
`wrong_secret`), then the call itself, then what strikes its answer (`lost_answers`, `endless_bodies`,
`slow_bodies`, `garbage`). Whoever is kept waiting is let go when he hangs up, when the conduct changes, and when
the axis stops.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from axisd.adapters.vxp.protocol import OPERATIONS, Answer, Code
from axisd.simulator.national.faults import Faults

_SYSTEM: Final = "XroadVnpt-systemid"
_LOOK: Final = 0.25
_PIECES: Final = 20
_PAGES: Final = (500, 502, 503)
_PAGE: Final = "<html><body><h1>Hệ thống đang bảo trì</h1></body></html>"
_BEGINNING: Final = b'{"status":"OK","ErrorCode":"0","ErrorDesc":"","data":"'
_PIECE: Final = b"A" * (64 * 1024)
_ACCOUNT: Final = Answer(Code.ACCOUNT, "The system or its secret is wrong.")


def edge(faults: Faults) -> Middleware:
    """The middleware through which every call of the protocol comes and goes."""

    @web.middleware
    async def strike(request: web.Request, handler: Handler) -> web.StreamResponse:
        operation = request.path.rpartition("/")[2]
        if operation not in OPERATIONS or request.path.startswith("/-/"):
            return await handler(request)
        call = _Stricken(faults, request, operation)
        instead = await call.before()
        return instead if instead is not None else await call.after(await handler(request))

    return strike


class _Stricken:
    """One call on its way in and out."""

    def __init__(self, faults: Faults, request: web.Request, operation: str) -> None:
        self._faults = faults
        self._request = request
        self._operation = operation
        self._centre = request.headers.get(_SYSTEM, "").strip()

    async def before(self) -> web.StreamResponse | None:
        """The answer of an axis that does nothing; None to go on."""
        if self._strikes("mute"):
            await self._until_let_go()
            return self._cut_off()
        if self._strikes("server_errors"):
            status = _PAGES[int(self._draw("server_errors") * len(_PAGES))]
            return web.Response(status=status, text=_PAGE, content_type="text/html")
        if self._strikes("wrong_secret"):
            return web.Response(body=_ACCOUNT.encode(), content_type="application/json")
        return None

    async def after(self, answer: web.StreamResponse) -> web.StreamResponse:
        """What becomes of the answer."""
        if self._strikes("lost_answers"):
            return self._cut_off()
        if self._strikes("endless_bodies"):
            return await self._endless()
        if not isinstance(answer, web.Response) or not isinstance(answer.body, bytes):
            return answer
        if self._strikes("slow_bodies"):
            return await self._slow(answer.body)
        if self._strikes("garbage"):
            return self._garbage(answer.body)
        return answer

    def _garbage(self, body: bytes) -> web.Response:
        garbage = (_PAGE.encode(), body[: len(body) // 2], b"", b"[]", b"\xff\xfe\x00")
        spoilt = garbage[int(self._draw("garbage") * len(garbage))]
        return web.Response(body=spoilt, content_type="application/json")

    async def _endless(self) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        # What the other side hangs up on ends it.
        with suppress(ConnectionError):
            await response.prepare(self._request)
            await response.write(_BEGINNING)
            while not self._faults.changed.is_set():
                await response.write(_PIECE)
                await asyncio.sleep(0)
        self._cut_off()
        return response

    async def _slow(self, body: bytes) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        response.content_length = len(body)
        pause = self._faults.of(self._centre).slow_for.total_seconds() / _PIECES
        size = len(body) // _PIECES + 1
        changed = self._faults.changed
        with suppress(ConnectionError):
            await response.prepare(self._request)
            for at in range(0, len(body), size):
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await changed.wait()
                await response.write(body[at : at + size])
        return response

    async def _until_let_go(self) -> None:
        changed = self._faults.changed
        while (transport := self._request.transport) and not transport.is_closing():
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK):
                    await changed.wait()
                    return

    def _cut_off(self) -> web.Response:
        """Breaks the connection; the response that is returned goes nowhere."""
        if transport := self._request.transport:
            transport.abort()
        return web.Response()

    def _strikes(self, fault: str) -> bool:
        return self._faults.strikes(fault, self._centre, self._operation)

    def _draw(self, fault: str) -> float:
        return self._faults.draw(fault, self._centre, self._operation)
