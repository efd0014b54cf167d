"""The server's side: who is not known gets no further, and every answer is of the documented shape."""

import asyncio
import hashlib
import json
import os
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from axisd.adapters.clock import SystemClock
from axisd.adapters.upload import Bounds as UploadBounds
from axisd.adapters.upload import Uploads
from axisd.adapters.vxp.client import VxpClient
from axisd.adapters.vxp.front import HEADER_LIMIT, Bounds, Pieces, Told, routes
from axisd.adapters.vxp.protocol import (
    OPERATIONS,
    Answer,
    Call,
    Credentials,
    Encoded,
    signed_headers,
    unpadded_hash,
)
from axisd.errors import TransientError
from axisd.ports import NationalItem
from axisd.simulator.loopback import free_ports

FILE = "<edXML>ngày</edXML>".encode()
LIMIT = 400_000


@dataclass
class Desk:
    """Knows one system, answers what it is told to, and remembers what it was asked."""

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    answers: Answer | bytes | Pieces | Exception = field(default_factory=Answer)
    troubles: list[tuple[str, Exception]] = field(default_factory=list)
    secrets: tuple[str, ...] = ("secret",)

    async def secret_of(self, system_id: str) -> tuple[str, ...] | None:
        return {"S": self.secrets}.get(system_id)

    async def answer(self, call: Call) -> Answer | bytes | Pieces:
        self.calls.append(call)
        if isinstance(self.answers, Exception):
            raise self.answers
        return self.answers

    def trouble(self, operation: str, error: Exception) -> None:
        self.troubles.append((operation, error))


@dataclass
class Reader(Desk):
    """Brings into memory what is handed in."""

    read: list[bytes] = field(default_factory=list)

    async def answer(self, call: Call) -> Answer:
        assert call.file is not None
        assert call.body == b""
        self.read.append(await call.file.read())
        return Answer(fields={"DocId": "1"})


def pieces(file: bytes, size: int) -> Pieces:
    async def arriving() -> AsyncGenerator[bytes, None]:
        for at in range(0, len(file), size):
            yield file[at : at + size]

    return Pieces(len(file), arriving())


def broken(file: bytes) -> Pieces:
    async def arriving() -> AsyncGenerator[bytes, None]:
        yield file[:4]
        raise TransientError("the disk is gone")

    return Pieces(len(file), arriving())


@asynccontextmanager
async def serving(
    desk: Desk, uploads: Uploads | None = None
) -> AsyncIterator[tuple[Desk, list[Told]]]:
    """`desk` behind a front, with all that the front tells."""
    told: list[Told] = []
    bounds = Bounds(file=LIMIT, deadline=0.5)
    app = web.Application()
    app.router.add_routes([routes(desk, bounds, prefix="/vxp", uploads=uploads, told=told.append)])
    runner = web.AppRunner(app, max_field_size=HEADER_LIMIT, shutdown_timeout=0.1)
    await runner.setup()
    (port,) = free_ports(1)
    await web.TCPSite(runner, "127.0.0.1", port).start()
    desk.url = f"http://127.0.0.1:{port}/vxp"
    yield desk, told
    await runner.cleanup()


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[Desk]:
    async with serving(Desk()) as (desk, _):
        yield desk


def signed(
    parameters: Mapping[str, str], content_type: str = "application/octet-stream"
) -> dict[str, str]:
    return signed_headers(
        Credentials("S", "secret"),
        parameters,
        moment=datetime.now(UTC),
        content_type=content_type,
    )


def sending(hash_file: str = "") -> dict[str, str]:
    return signed(
        {
            "servicetype": "eDoc",
            "messagetype": "edoc",
            "from": "H53.1",
            "hash-file": hash_file or unpadded_hash(FILE),
        }
    )


async def post(url: str, headers: Mapping[str, str], data: Any = b"") -> dict[str, Any]:
    """One request as any client might make it; the answer, which must be HTTP 200 and JSON, and a refusal in
    both languages."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, headers=headers, data=data) as response,
    ):
        assert response.status == 200
        assert response.content_type == "application/json"
        answer = await response.json()
    assert answer.keys() >= {"status", "ErrorCode", "ErrorDesc"}
    assert isinstance(answer, dict)
    if answer["status"] == "FAIL":
        vietnamese, _, english = answer["ErrorDesc"].partition(" / ")
        assert (vietnamese.isascii(), english != "") == (False, True)
    return answer


async def test_a_verified_call_reaches_the_office(desk: Desk) -> None:
    desk.answers = Answer(fields={"DocId": "1"})
    assert (await post(f"{desk.url}/sendEdoc", sending(), FILE))["DocId"] == "1"
    (call,) = desk.calls
    assert (call.operation, call.system_id, call.body) == (OPERATIONS["sendEdoc"], "S", FILE)
    assert call.parameters["from"] == "H53.1"


@pytest.mark.parametrize("hash_file", [unpadded_hash(FILE), hashlib.sha256(FILE).hexdigest()])
@pytest.mark.parametrize("end", [b"", b"\r\n"])
async def test_the_office_gets_the_files_own_bytes(desk: Desk, hash_file: str, end: bytes) -> None:
    await post(f"{desk.url}/sendEdoc", sending(hash_file), FILE + end)
    assert desk.calls[0].body == FILE


async def test_a_file_may_come_as_a_part_of_a_form(desk: Desk) -> None:
    form = aiohttp.FormData()
    form.add_field("other", b"not this", filename="o", content_type="text/plain")
    form.add_field("file_doc", FILE + b"\r\n", filename="van ban.edxml")
    headers = sending()
    del headers["Content-Type"]
    await post(f"{desk.url}/sendEdoc", headers, form)
    assert desk.calls[0].body == FILE


NESTED = b"".join(
    b"--%d\r\nContent-Type: multipart/mixed; boundary=%d\r\n\r\n" % (level, level + 1)
    for level in range(1500)
)
"""A form in a form in a form."""


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data; boundary=b", b"--b\r\n\r\n" + FILE + b"\r\n--b--\r\n"),
        ("multipart/form-data; boundary=b", b"no boundary at all"),
        ("multipart/form-data", FILE),
        (
            "multipart/form-data; boundary=b",
            (
                b'--b\r\nContent-Disposition: form-data; name="file_doc"\r\nContent-Transfer-Encoding'
                b": base64\r\n\r\nPGEvPg==\r\n--b--\r\n"
            ),
        ),
        ("multipart/form-data; boundary=b", b"--b\r\nno header\r\n\r\n" + FILE + b"\r\n--b--\r\n"),
        ("multipart/form-data; boundary=b", b"--b\r\nA: " + b"a" * 9000 + b"\r\n\r\n\r\n--b--\r\n"),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\nContent-Type: a/b\r\nContent-Type: a/c\r\n\r\n\r\n--b--\r\n",
        ),
        ("multipart/form-data; boundary=0", NESTED),
    ],
)
async def test_a_form_that_holds_no_file_is_refused(
    desk: Desk, content_type: str, body: bytes
) -> None:
    refused = await post(f"{desk.url}/sendEdoc", sending() | {"Content-Type": content_type}, body)
    assert (refused["status"], refused["ErrorCode"]) == ("FAIL", "21")
    assert desk.calls == []
    assert desk.troubles == []


@pytest.mark.parametrize("body", [b"", b"<other/>", FILE + b"\n"])
async def test_a_body_that_is_not_the_hashed_file_is_refused(desk: Desk, body: bytes) -> None:
    assert (await post(f"{desk.url}/sendEdoc", sending(), body))["ErrorCode"] == "21"
    assert desk.calls == []


async def test_a_file_over_the_limit_is_refused_and_one_at_the_limit_is_not(desk: Desk) -> None:
    largest = b"x" * LIMIT
    assert (await post(f"{desk.url}/sendEdoc", sending(unpadded_hash(largest)), largest + b"\r\n"))[
        "status"
    ] == "OK"
    larger = largest + b"xyz"
    refused = await post(f"{desk.url}/sendEdoc", sending(unpadded_hash(larger)), larger)
    assert refused["ErrorCode"] == "21"
    assert str(LIMIT) in refused["ErrorDesc"]


async def exchange(url: str, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """A request whose headers are sent as they are; what came back within ten seconds."""
    host, _, port = url.removeprefix("http://").partition("/")[0].partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = [f"POST /vxp/{path} HTTP/1.1", "Host: x"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode() + body)
    try:
        async with asyncio.timeout(10):
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line[15:]) for line in head.decode().split("\r\n") if "Content-Length" in line
            )
            return head + await reader.readexactly(length)
    finally:
        writer.close()


async def test_ten_gigabytes_announced_are_refused_before_they_come(desk: Desk) -> None:
    headers = sending() | {"Content-Length": str(10 * 2**30)}
    answer = await exchange(desk.url, "sendEdoc", headers, b"<edXML")
    assert b'"ErrorCode":"21"' in answer


async def test_half_a_body_and_then_silence_is_refused_at_the_deadline(desk: Desk) -> None:
    headers = sending() | {"Content-Length": str(len(FILE))}
    answer = await exchange(desk.url, "sendEdoc", headers, FILE[:5])
    assert b'"ErrorCode":"21"' in answer
    assert b"in time" in answer


async def test_a_caller_that_hangs_up_in_the_middle_is_no_trouble_of_ours(desk: Desk) -> None:
    host, port = desk.url.removeprefix("http://").removesuffix("/vxp").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    lines = [f"{name}: {value}" for name, value in sending().items()]
    head = ["POST /vxp/sendEdoc HTTP/1.1", "Host: x", "Content-Length: 1000", *lines, "", ""]
    writer.write("\r\n".join(head).encode() + b"<edXML")
    await writer.drain()
    writer.close()
    await post(f"{desk.url}/sendEdoc", sending(), FILE)
    assert [call.body for call in desk.calls] == [FILE]
    assert desk.troubles == []


async def test_an_unknown_system_and_a_wrong_secret_are_told_the_same(desk: Desk) -> None:
    moment = datetime.now(UTC)
    answers = [
        await post(
            f"{desk.url}/getAgenciesList",
            signed_headers(
                Credentials(system, secret), {}, moment=moment, content_type="application/json"
            ),
        )
        for system, secret in (("S", "wrong"), ("T", "secret"))
    ]
    assert answers[0] == answers[1]
    assert answers[0]["ErrorCode"] == "15"
    assert desk.calls == []


async def test_a_header_that_is_not_the_signed_one_is_refused(desk: Desk) -> None:
    headers = sending() | {"XroadVnpt-from": "H53.2"}
    assert (await post(f"{desk.url}/sendEdoc", headers, FILE))["ErrorCode"] == "15"
    assert desk.calls == []


async def test_a_request_without_any_of_our_headers_is_refused(desk: Desk) -> None:
    assert (await post(f"{desk.url}/sendEdoc", {}, FILE))["ErrorCode"] == "15"


@pytest.mark.parametrize("path", ["", "nothing", "sendEdoc/", "a/b", "..%2f..%2fetc", "%F0%9F"])
async def test_an_unknown_operation_is_refused_in_the_protocols_words(
    desk: Desk, path: str
) -> None:
    refused = await post(f"{desk.url}/{path}", signed({}))
    assert (refused["status"], refused["ErrorCode"]) == ("FAIL", "10")


async def test_another_method_is_refused(desk: Desk) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.put(f"{desk.url}/sendEdoc", headers=sending(), data=FILE) as response,
    ):
        assert (await response.json(content_type="application/json"))["ErrorCode"] == "10"


async def test_an_office_that_fails_is_told_and_its_caller_learns_nothing(desk: Desk) -> None:
    desk.answers = RuntimeError("the ledger's path and more")
    refused = await post(f"{desk.url}/getAgenciesList", signed({}))
    assert (refused["status"], refused["ErrorCode"]) == ("FAIL", "20")
    assert "ledger" not in refused["ErrorDesc"]
    assert desk.troubles == [("getAgenciesList", desk.answers)]


async def test_expect_100_continue_is_honoured(desk: Desk) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{desk.url}/registerAgency", headers=signed({}), data=b'{"code":"x"}', expect100=True
        ) as response,
    ):
        assert (await response.json())["status"] == "OK"
    assert desk.calls[0].body == b'{"code":"x"}'


async def test_a_download_answers_bytes_and_an_empty_body_for_a_failure(desk: Desk) -> None:
    async with VxpClient(desk.url, "S", "secret", SystemClock()) as vxp:
        desk.answers = FILE
        assert await vxp.download("7") == FILE
    async with aiohttp.ClientSession() as session:
        desk.answers = Answer("10", "There is no such document.")
        for headers in (signed({"docId": "7"}), signed({}), {}):
            async with session.get(f"{desk.url}/downloadEdoc", headers=headers) as response:
                assert (response.status, await response.read()) == (200, b"")


async def test_a_thousand_recipients_fit_into_the_headers(desk: Desk) -> None:
    recipients = [f"000.{number:02}.{number // 100:02}.H53" for number in range(1000)]
    desk.answers = Answer(fields={"DocId": "1"})
    async with VxpClient(desk.url, "S", "secret", SystemClock()) as vxp:
        await vxp.send(FILE, kind="document", sender="H53.1", recipients=recipients)
    assert json.loads(desk.calls[0].parameters["to"]) == recipients


@pytest.mark.parametrize("kept", ["on disk", "in memory"])
async def test_a_file_on_its_way_in_need_not_be_in_memory(tmp_path: Path, kept: str) -> None:
    file = bytes(range(256)) * 1200
    uploads = Uploads(tmp_path, UploadBounds(LIMIT, memory=1000 if kept == "on disk" else LIMIT))
    async with serving(Reader(), uploads) as (desk, _):
        assert isinstance(desk, Reader)
        await post(f"{desk.url}/sendEdoc", sending(unpadded_hash(file)), file + b"\r\n")
        assert desk.read == [file]
        assert os.listdir(tmp_path) == []


async def test_a_file_on_its_way_out_is_sent_as_it_is_read(desk: Desk) -> None:
    file = bytes(range(256)) * 1200
    async with VxpClient(desk.url, "S", "secret", SystemClock()) as vxp:
        for size in (1, 2, 3, 100_000, len(file)):
            desk.answers = Answer(
                fields={"data": pieces(file, size if size > 3 else 50_000 + size)}
            )
            assert await vxp.fetch(NationalItem("1", "edoc", "", "")) == file
            desk.answers = pieces(file, 1000 + size)
            assert await vxp.download("1") == file


async def test_a_file_that_breaks_off_is_never_taken_for_the_whole(desk: Desk) -> None:
    async with VxpClient(desk.url, "S", "secret", SystemClock()) as vxp:
        desk.answers = Answer(fields={"data": broken(FILE)})
        with pytest.raises(TransientError, match="broke"):
            await vxp.fetch(NationalItem("1", "edoc", "", ""))
        desk.answers = broken(FILE)
        with pytest.raises(TransientError, match="broke"):
            await vxp.download("1")
    assert [where for where, _ in desk.troubles] == ["getEdoc", "downloadEdoc"]


async def test_every_request_is_told_with_its_operation_and_its_code() -> None:
    async with serving(Desk()) as (desk, told):
        await post(f"{desk.url}/getAgenciesList", signed({}))
        await post(f"{desk.url}/getAgenciesList", {})
        await post(f"{desk.url}/no-such", signed({}))
        await post(desk.url, signed({}))
    assert [(each.operation, each.system_id, each.code) for each in told] == [
        ("getAgenciesList", "S", "0"),
        ("getAgenciesList", "", "15"),
        ("unknown", "", "10"),
        ("unknown", "", "10"),
    ]


async def test_a_list_that_is_written_already_travels_as_it_is(desk: Desk) -> None:
    rows = [{"code": "H53", "name": "Tây Ninh"}, {"code": "H53.1", "name": "<Sở>"}]
    desk.answers = Answer(fields={"data": Encoded.of(rows)})
    assert (await post(f"{desk.url}/getAgenciesList", signed({})))["data"] == rows
    desk.answers = Answer(fields={"data": Encoded.of([])})
    assert (await post(f"{desk.url}/getAgenciesList", signed({})))["data"] == []


async def test_either_secret_counts_while_one_takes_the_place_of_the_other() -> None:
    async with serving(Desk(secrets=("new", "secret"))) as (desk, _):
        assert (await post(f"{desk.url}/getAgenciesList", signed({})))["status"] == "OK"
    async with serving(Desk(secrets=("new", ""))) as (desk, _):
        assert (await post(f"{desk.url}/getAgenciesList", signed({})))["ErrorCode"] == "15"


async def test_a_large_file_travels_both_ways(desk: Desk) -> None:
    file = bytes(range(256)) * 1200
    desk.answers = Answer(fields={"DocId": "1"})
    async with VxpClient(desk.url, "S", "secret", SystemClock()) as vxp:
        await vxp.send(file, kind="document", sender="H53.1", recipients=[])
        assert desk.calls[0].body == file
        desk.answers = Answer(fields={"data": file})
        item = NationalItem("1", "edoc", "", "")
        assert await vxp.fetch(item) == file
