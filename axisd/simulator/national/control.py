"""The control of a simulated axis, over HTTP and from its own machine only: not part of the protocol, not signed.

    GET  /-/state       what is kept, what was asked, which faults struck
    GET  /-/behaviour   the conduct in force (`behaviour.Conduct`)
    PUT  /-/behaviour   another conduct; every count of faults starts anew
    GET  /-/clock       the axis's time
    POST /-/clock       {"advance": "15m"}: lets time pass
    POST /-/reset       forgets every message and all that was counted

Answers are JSON. A mistake is answered 422 with the list of all that is wrong, and changes nothing; somebody
on another machine 403.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any

from aiohttp import web

from axisd.config.units import parse_duration
from axisd.core.zone import VIETNAM
from axisd.errors import ConfigError
from axisd.simulator.national.axisclock import AxisClock
from axisd.simulator.national.behaviour import Conduct
from axisd.simulator.national.faults import Faults
from axisd.simulator.national.office import NationalOffice

Kept = Callable[[datetime], Awaitable[None]]
Turn = Callable[[web.Request], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Wrong:
    """What was asked for cannot be: each sentence says why."""

    sentences: tuple[str, ...]


class Control:
    """The operations above. `keep` makes the time of a clock that stands still survive a restart."""

    def __init__(
        self, office: NationalOffice, faults: Faults, clock: AxisClock, keep: Kept
    ) -> None:
        self._office = office
        self._faults = faults
        self._clock = clock
        self._keep = keep

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/-/state", _answered(self._state)),
            web.get("/-/behaviour", _answered(self._behaviour)),
            web.put("/-/behaviour", _answered(self._behave)),
            web.get("/-/clock", _answered(self._time)),
            web.post("/-/clock", _answered(self._advance)),
            web.post("/-/reset", _answered(self._reset)),
        ]

    async def _state(self, _request: web.Request) -> Any:
        return await self._office.state()

    async def _behaviour(self, _request: web.Request) -> Any:
        return self._faults.conduct.plain()

    async def _behave(self, request: web.Request) -> Any:
        asked = await _json(request)
        if isinstance(asked, Wrong):
            return asked
        try:
            conduct = Conduct.read(asked, "the body").among(self._faults.centres, "the body")
        except ConfigError as wrong:
            return Wrong(tuple(problem.text for problem in wrong.problems))
        self._faults.replace(conduct)
        return conduct.plain()

    async def _time(self, _request: web.Request) -> Any:
        now = self._clock.now().astimezone(VIETNAM)
        return {"now": now.isoformat(), "virtual": self._clock.virtual}

    async def _advance(self, request: web.Request) -> Any:
        asked = await _json(request)
        if isinstance(asked, Wrong):
            return asked
        if not isinstance(asked, dict) or set(asked) != {"advance"}:
            return Wrong(('Send {"advance": "15m"}.',))
        try:
            now = self._clock.advance(parse_duration(asked["advance"]))
        except (ValueError, OverflowError) as wrong:
            return Wrong((f"advance: {wrong}",))
        if self._clock.virtual:
            await self._keep(now)
        return await self._time(request)

    async def _reset(self, _request: web.Request) -> Any:
        await self._office.reset()
        return await self._office.state()


def _answered(turn: Turn) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(request: web.Request) -> web.StreamResponse:
        if not _from_here(request.remote):
            wrong = "The control answers only on the machine that the simulated axis runs on."
            return web.json_response({"wrong": [wrong]}, status=HTTPStatus.FORBIDDEN)
        said = await turn(request)
        if isinstance(said, Wrong):
            wrongs = {"wrong": list(said.sentences)}
            return web.json_response(wrongs, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        return web.json_response(said)

    return answer


def _from_here(address: str | None) -> bool:
    try:
        return address is not None and ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False


async def _json(request: web.Request) -> Any:
    # A browser sends this type to another site only after asking, and gets no answer to that.
    if request.content_type != "application/json":
        return Wrong(("Send JSON, with Content-Type: application/json.",))
    try:
        return json.loads(await request.text())
    except (ValueError, RecursionError) as wrong:
        return Wrong((f"The body is not JSON: {wrong}.",))
