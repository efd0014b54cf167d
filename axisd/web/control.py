"""Operators' commands to the running daemon: HTTP over a Unix socket that only its owner may open.

The daemon is the ledger's only writer, so whatever changes something is asked of it here. Answers are
JSON objects; a refusal is `{"error": "…"}` with a sentence. Nothing here is reachable from a network.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import aiohttp
from aiohttp import web

from axisd.errors import AxisError, ConfigError, Problem, TransientError, UnavailableError

Answer = dict[str, Any]

_DEADLINE = 60.0
"""Seconds that an answer may take."""


class Operations(Protocol):
    """What an operator can ask of the daemon."""

    async def reload(self) -> Answer:
        """Reads the configuration again. ConfigError when it is bad; the good one then stays."""

    async def retry(self, destination: str | None) -> Answer:
        """Makes waiting rows due now: of one destination, or all."""

    async def status(self) -> Answer:
        """What the daemon says about itself."""

    async def interrupted(self) -> Answer:
        """Where nothing leaves for now because the last try failed."""


class Checks(Protocol):
    """What the interconnection check asks of the daemon."""

    async def record(self, particulars: Mapping[str, object]) -> Answer:
        """Puts a check on record."""

    async def probe_national(self, document_id: str | None) -> Answer:
        """Sends a probe over the national axis, or tells what became of one."""

    async def reconcile(self, since: str | None) -> Answer:
        """Reconciles with the national axis, from the day `since` on; None for as many as the nights do."""


def control_app(operations: Operations, checks: Checks) -> web.Application:
    """The application to be served on the socket."""

    async def reload(_: Answer) -> Answer:
        return await operations.reload()

    async def retry(asked: Answer) -> Answer:
        return await operations.retry(asked.get("destination"))

    async def status(_: Answer) -> Answer:
        return await operations.status()

    async def interrupted(_: Answer) -> Answer:
        return await operations.interrupted()

    async def record_check(asked: Answer) -> Answer:
        particulars = asked.get("particulars")
        return await checks.record(particulars if isinstance(particulars, dict) else {})

    async def probe_national(asked: Answer) -> Answer:
        return await checks.probe_national(asked.get("document_id"))

    async def reconcile(asked: Answer) -> Answer:
        return await checks.reconcile(asked.get("since"))

    app = web.Application(client_max_size=64 * 1024)
    for name, operation in (
        ("reload", reload),
        ("retry", retry),
        ("status", status),
        ("interrupted", interrupted),
        ("record-check", record_check),
        ("probe-national", probe_national),
        ("reconcile", reconcile),
    ):
        app.router.add_post(f"/{name}", _answering(operation))
    return app


def _answering(
    operation: Callable[[Answer], Awaitable[Answer]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        try:
            asked = await request.json() if request.can_read_body else {}
            return web.json_response(await operation(asked))
        except ConfigError as error:
            problems = [[p.file, p.line, p.text] for p in error.problems]
            return web.json_response({"error": str(error), "problems": problems}, status=422)
        except (AxisError, json.JSONDecodeError) as error:
            return web.json_response({"error": str(error)}, status=503)

    return answer


class ControlClient:
    """The command line's side of the socket."""

    def __init__(self, socket: Path, deadline: float = _DEADLINE) -> None:
        self._socket = socket
        self._timeout = aiohttp.ClientTimeout(total=deadline)

    async def ask(self, operation: str, **asked: Any) -> Answer:
        """Raises UnavailableError when no daemon listens, ConfigError or TransientError as it answers."""
        try:
            connector = aiohttp.UnixConnector(path=str(self._socket))
            async with (
                aiohttp.ClientSession(connector=connector, timeout=self._timeout) as session,
                session.post(f"http://daemon/{operation}", json=asked) as response,
            ):
                answer: Answer = await response.json()
        except (aiohttp.ClientConnectorError, FileNotFoundError) as error:
            raise UnavailableError(
                f"no daemon listens on {self._socket}: start axisd run"
            ) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise TransientError(f"the daemon did not answer on {self._socket}: {error}") from error
        if "problems" in answer:
            raise ConfigError(tuple(Problem(*problem) for problem in answer["problems"]))
        if "error" in answer:
            raise TransientError(str(answer["error"]))
        return answer
