"""Metrics and health over HTTP; sockets that only their owner may open."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry, Counter

from axisd.config.units import Address
from axisd.errors import UnavailableError
from axisd.web.server import Check, Manners, serve, serve_socket, status_app


def free_port() -> int:
    for port in range(23000, 24000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")


@pytest.fixture
def checks() -> list[Check]:
    return [Check("broker", True), Check("ledger", True)]


@pytest.fixture
async def base(checks: list[Check]) -> AsyncIterator[str]:
    registry = CollectorRegistry()
    Counter("axisd_things", "Things.", registry=registry).inc(exemplar={"submission": "s-1"})
    address = Address("127.0.0.1", free_port())
    async with serve(status_app(registry, lambda: checks), address):
        yield f"http://{address}"


async def get(url: str, **headers: str) -> tuple[int, str, str]:
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
        assert response.headers["Server"] == "axisd"
        return response.status, response.headers["Content-Type"], await response.text()


async def answers(path: Path) -> int:
    connector = aiohttp.UnixConnector(path=str(path))
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.get("http://daemon/-/healthy") as response,
    ):
        return response.status


async def test_metrics_are_prometheus_text(base: str) -> None:
    status, kind, text = await get(f"{base}/metrics")
    assert (status, kind.startswith("text/plain; version=")) == (200, True)
    assert "axisd_things_total 1.0" in text
    assert "s-1" not in text


async def test_a_door_answers_beside_metrics_and_health() -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=request.match_info["operation"])

    door = web.route("*", "/vxp/{operation:.*}", answer)
    address = Address("127.0.0.1", free_port())
    app = status_app(CollectorRegistry(), list, [door])
    async with serve(app, address):
        assert (await get(f"http://{address}/vxp/sendEdoc"))[2] == "sendEdoc"
        assert (await get(f"http://{address}/-/healthy"))[0] == 200


async def test_openmetrics_with_exemplars_is_given_to_who_asks_for_it(base: str) -> None:
    _, kind, text = await get(
        f"{base}/metrics", Accept="application/openmetrics-text; version=1.0.0"
    )
    assert kind.startswith("application/openmetrics-text")
    assert 'submission="s-1"' in text
    assert text.endswith("# EOF\n")


async def test_healthy_as_long_as_the_loop_turns(base: str) -> None:
    assert (await get(f"{base}/-/healthy"))[0] == 200


async def test_ready_lists_named_checks_and_fails_with_any_of_them(
    base: str, checks: list[Check]
) -> None:
    assert await get(f"{base}/-/ready") == (
        200,
        "application/json; charset=utf-8",
        '[{"name": "broker", "ok": true, "detail": ""}, {"name": "ledger", "ok": true, "detail": ""}]',
    )
    checks[0] = Check("broker", False, "not connected")
    status, _, text = await get(f"{base}/-/ready")
    assert status == 503
    assert '{"name": "broker", "ok": false, "detail": "not connected"}' in text


async def test_nothing_else_is_there(base: str) -> None:
    assert (await get(f"{base}/"))[0] == 404


async def test_an_address_in_use_is_said_with_the_way_out() -> None:
    address = Address("127.0.0.1", free_port())
    with socket.socket() as other:
        other.bind((address.host, address.port))
        other.listen()
        with pytest.raises(UnavailableError, match=r"set http\.listen"):
            async with serve(web.Application(), address):
                raise AssertionError("it must not listen")


async def test_a_socket_is_for_its_owner_and_gone_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    async with serve_socket(status_app(CollectorRegistry(), list), path):
        assert path.stat().st_mode & 0o777 == 0o600
        assert await answers(path) == 200
    assert not path.exists()


async def test_a_socket_left_behind_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    async with serve_socket(web.Application(), path):
        assert path.is_socket()


async def test_a_second_daemon_does_not_take_the_socket_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    async with serve_socket(status_app(CollectorRegistry(), list), path):
        with pytest.raises(UnavailableError, match="another axisd answers"):
            async with serve_socket(web.Application(), path):
                raise AssertionError("it must not listen")
        assert await answers(path) == 200


async def test_a_folder_that_is_not_there_is_said_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match=r"control\.socket"):
        async with serve_socket(web.Application(), tmp_path / "none" / "control.sock"):
            raise AssertionError("it must not listen")


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
        b"NONSENSE\r\n\r\n",
        b"POST /vxp/sendEdoc HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
        b"POST /vxp/sendEdoc HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
async def test_what_is_no_request_is_answered_as_the_doors_do_and_is_no_error(
    sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []

    def unreadable() -> bytes:
        told.append("unreadable")
        return b'{"status":"FAIL"}'

    address = Address("127.0.0.1", free_port())
    async with serve(web.Application(), address, Manners(10_000, unreadable)):
        reader, writer = await asyncio.open_connection(address.host, address.port)
        writer.write(sent)
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 "))
    assert b"application/json" in head
    assert b"Server: axisd\r\n" in head + b"\r\n"
    assert body == b'{"status":"FAIL"}'
    assert told == ["unreadable"]
    assert caplog.records == []


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
async def test_a_body_is_taken_as_it_is_whatever_it_is_said_to_be_compressed_with(
    encoding: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def read(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    app, address = web.Application(), Address("127.0.0.1", free_port())
    app.router.add_post("/", read)
    async with serve(app, address):
        reader, writer = await asyncio.open_connection(address.host, address.port)
        writer.write(
            f"POST / HTTP/1.1\r\nHost: x\r\nContent-Encoding: {encoding}\r\n"
            "Content-Length: 10\r\nConnection: close\r\n\r\nno archive".encode()
        )
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"\r\n\r\nno archive")
    assert caplog.records == []
