"""What the broker's management API answers now and then, played by a server of our own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

import pytest
from aiohttp import web

from axisd.adapters.amqp import Management
from axisd.errors import UnavailableError
from axisd.simulator.loopback import ADDRESS, free_ports


class Broker:
    """Lists one connection until it is told to close it; fails the first `failures` times it is told so."""

    def __init__(self, *, failures: int, ends_by_itself: bool) -> None:
        self.failures = failures
        self.ends_by_itself = ends_by_itself
        self.listed = ["127.0.0.1:5000 -> 127.0.0.1:5672"]
        self.told = 0

    async def get(self, _: web.Request) -> web.Response:
        return web.json_response([{"name": name} for name in self.listed])

    async def delete(self, _: web.Request) -> web.Response:
        self.told += 1
        failed = self.told <= self.failures
        if self.ends_by_itself or not failed:
            self.listed.clear()
        status = HTTPStatus.INTERNAL_SERVER_ERROR if failed else HTTPStatus.NO_CONTENT
        return web.Response(status=status)


@asynccontextmanager
async def management(broker: Broker) -> AsyncIterator[Management]:
    app = web.Application()
    app.router.add_get("/api/connections/username/finance", broker.get)
    app.router.add_delete("/api/connections/username/finance", broker.delete)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    (port,) = free_ports(1)
    try:
        await web.TCPSite(runner, ADDRESS, port).start()
        async with Management(f"http://admin:word@{ADDRESS}:{port}") as api:
            yield api
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(("ends_by_itself", "told"), [(True, 1), (False, 2)])
async def test_a_connection_that_ends_while_it_is_closed_is_closed_all_the_same(
    ends_by_itself: bool, told: int
) -> None:
    broker = Broker(failures=1, ends_by_itself=ends_by_itself)
    async with management(broker) as api:
        assert await api.close_connections("finance") == 1
    assert (broker.listed, broker.told) == ([], told)


async def test_a_broker_that_goes_on_failing_is_told_as_such() -> None:
    broker = Broker(failures=9, ends_by_itself=False)
    async with management(broker) as api:
        with pytest.raises(UnavailableError, match="500"):
            await api.close_connections("finance")
