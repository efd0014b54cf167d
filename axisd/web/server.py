"""Metrics and health over HTTP, and how applications are served.

`/metrics` is Prometheus text, or OpenMetrics with exemplars when the client asks for it. `/-/healthy`
answers 200 as long as the event loop turns. `/-/ready` is a JSON list of named checks, 200 when all of
them hold and 503 when one does not. Nothing here shows secrets, and nothing here changes anything.
"""

from __future__ import annotations

import asyncio
import os
import socket as sockets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from axisd.config.units import Address
from axisd.errors import UnavailableError

_NAME: Final = "axisd"
_GOODBYE: Final = 2.0
"""Seconds that open requests get when a server closes."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that has to work: its name, whether it does, and what to know if it does not."""

    name: str
    passed: bool
    detail: str = ""

    def as_json(self) -> dict[str, Any]:
        """As `/-/ready` lists it."""
        return {"name": self.name, "ok": self.passed, "detail": self.detail}


Route = web.AbstractRouteDef
"""Where a door answers: a path and who answers there."""


def status_app(
    registry: CollectorRegistry,
    checks: Callable[[], Sequence[Check]],
    doors: Sequence[Route] = (),
) -> web.Application:
    """Metrics and health, and the `doors` beside them."""

    async def metrics(request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(registry), headers={"Content-Type": content_type})

    async def healthy(_: web.Request) -> web.Response:
        return web.json_response({"healthy": True})

    async def ready(_: web.Request) -> web.Response:
        found = checks()
        status = 200 if all(check.passed for check in found) else 503
        return web.json_response([check.as_json() for check in found], status=status)

    app = web.Application()
    app.router.add_get("/metrics", metrics)
    app.router.add_get("/-/healthy", healthy)
    app.router.add_get("/-/ready", ready)
    app.router.add_routes(doors)
    app.on_response_prepare.append(_anonymous)
    return app


@dataclass(frozen=True, slots=True)
class Manners:
    """`header`: bytes of one header line at most. `unreadable` is told of a request that is no HTTP, or too
    long, and gives the body that answers it: nobody can say which door it was meant for."""

    header: int = 8190
    unreadable: Callable[[], bytes] | None = None


@asynccontextmanager
async def serve(
    app: web.Application, address: Address, manners: Manners = Manners()
) -> AsyncIterator[None]:
    """Serves `app` on a port. Raises UnavailableError when the address cannot be had."""
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=_GOODBYE)
    await runner.setup()
    server, loop = runner.server, asyncio.get_running_loop()
    assert server is not None, "set up above"

    def connection() -> web.RequestHandler:
        return _Connection(server, manners, loop=loop)

    try:
        listening = await _listening(loop, connection, address)
        try:
            yield
        finally:
            listening.close()
    finally:
        await runner.cleanup()


async def _listening(
    loop: asyncio.AbstractEventLoop,
    connection: Callable[[], asyncio.BaseProtocol],
    address: Address,
) -> asyncio.Server:
    try:
        return await loop.create_server(connection, address.host, address.port, reuse_address=True)
    except OSError as error:
        raise UnavailableError(
            f"cannot listen on {address}: {error.strerror}; set http.listen to another address"
        ) from error


class _Connection(web.RequestHandler):
    """One connection. What aiohttp itself refuses is answered in the manner of the doors, and is no error of
    ours: strangers send all kinds of things, and no traceback of it belongs in the log."""

    __slots__ = ("_manners",)

    def __init__(
        self,
        server: web.Server,
        manners: Manners,
        *,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__(
            server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]
            max_field_size=manners.header,
            # Nobody who calls here compresses; whoever does it makes much of little, before he is known.
            auto_decompress=False,
        )
        self._manners = manners

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        unreadable = self._manners.unreadable
        if status >= 500 or unreadable is None or request.writer.output_size > 0:
            return super().handle_error(request, status, exc, message)
        response = web.Response(
            status=status, body=unreadable(), content_type="application/json", charset="utf-8"
        )
        response.headers["Server"] = _NAME
        response.force_close()
        return response


@asynccontextmanager
async def serve_socket(app: web.Application, path: Path) -> AsyncIterator[None]:
    """Serves `app` on a Unix socket that only its owner may open.

    A socket that a dead process left behind is replaced. Raises UnavailableError when a living one
    answers on it, or when it cannot be made.
    """
    bound = await asyncio.to_thread(_bound, path)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=_GOODBYE)
    try:
        await runner.setup()
        await web.SockSite(runner, bound).start()
        yield
    finally:
        await runner.cleanup()
        bound.close()
        await asyncio.to_thread(path.unlink, missing_ok=True)


def _bound(path: Path) -> sockets.socket:
    """A socket bound to `path`, in the place of one that nobody answers on."""
    if path.is_socket():
        if _answered(path):
            raise UnavailableError(f"another axisd answers on {path}: stop it first")
        path.unlink(missing_ok=True)
    bound = sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM | sockets.SOCK_NONBLOCK)
    # Made under the mask, so that there is no moment in which others may open it.
    mask = os.umask(0o177)
    try:
        bound.bind(str(path))
    except OSError as error:
        bound.close()
        raise UnavailableError(
            f"cannot listen on {path}: {error.strerror}; set control.socket to a folder that axisd "
            "may write to"
        ) from error
    finally:
        os.umask(mask)
    return bound


def _answered(path: Path) -> bool:
    with sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex(str(path)) == 0


async def _anonymous(_: web.Request, response: web.StreamResponse) -> None:
    """Versions of our libraries are nobody's business."""
    response.headers["Server"] = _NAME
