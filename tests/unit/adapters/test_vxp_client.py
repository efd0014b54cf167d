"""The client against servers that lie, hang, break and flood: a TransientError that says what was seen."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from axisd.adapters.clock import SystemClock
from axisd.adapters.vxp.client import Bounds, NationalError, VxpClient
from axisd.adapters.vxp.protocol import Claim, Signed, read_claim, unpadded_hash
from axisd.errors import TransientError, UnavailableError
from axisd.ports import (
    LargeAnswerError,
    ListedAgency,
    NationalAnswer,
    NationalItem,
    TransportStatus,
)
from axisd.simulator.loopback import free_ports

SECRET = "a secret that must not be told"
ITEM = NationalItem("7", "edoc", "000.00.00.G14", "000.00.11.H53")
OK = {"status": "OK", "ErrorCode": "0", "ErrorDesc": ""}
FAIL = {"status": "FAIL", "ErrorCode": "20", "ErrorDesc": "hệ thống bận"}

Reply = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


def http(body: bytes, status: str = "200 OK", *extra: str) -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *extra]
    return "\r\n".join([*head, "", ""]).encode() + body


def answer(**fields: object) -> bytes:
    return http(json.dumps({**OK, **fields}).encode())


def saying(*replies: bytes) -> Reply:
    """A server that gives these bytes to the first, second … request, and the last ever after."""
    left = list(replies)

    async def reply(_request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(left.pop(0) if len(left) > 1 else left[0])
        await writer.drain()

    return reply


@asynccontextmanager
async def server(reply: Reply) -> AsyncIterator[str]:
    """A server on loopback that takes whole requests and answers whatever `reply` writes, then hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.decode().lower().split("\r\n")
            length = next(
                (int(line[15:]) for line in lines if line.startswith("content-length")), 0
            )
            await reply(head + await reader.readexactly(length), writer)
        except (ConnectionError, asyncio.CancelledError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    (port,) = free_ports(1)
    listening = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        listening.close()


def client(url: str, *, deadline: float = 20.0, answer: int = 1024 * 1024) -> VxpClient:
    bounds = Bounds(deadline=deadline, answer=answer)
    return VxpClient(url, "00.53.W00", SECRET, SystemClock(), bounds)


async def send(vxp: VxpClient) -> object:
    return await vxp.send(
        b"<edXML/>", kind="document", sender="000.00.11.H53", recipients=["000.00.00.G14"]
    )


async def test_a_send_carries_raw_bytes_their_unpadded_hash_and_one_recipient() -> None:
    seen: list[bytes] = []

    async def reply(request: bytes, writer: asyncio.StreamWriter) -> None:
        seen.append(request)
        await saying(answer(DocId="42"))(request, writer)

    async with server(reply) as url, client(url) as vxp:
        taken = await vxp.send(
            b"<edXML/>", kind="status", sender="000.00.11.H53", recipients=["000.00.00.G14"]
        )
    assert (taken.accepted, taken.code, taken.doc_id) == (True, "0", "42")
    head, _, body = seen[0].partition(b"\r\n\r\n")
    first, *lines = head.decode("ascii").split("\r\n")
    headers = [(line.partition(": ")[0], line.partition(": ")[2]) for line in lines]
    assert first == "POST /sendEdoc HTTP/1.1"
    assert body == b"<edXML/>"
    assert dict(headers)["Content-Type"] == "application/octet-stream"
    assert dict(headers)["User-Agent"] == "JAVASDKAgent/1.0.0 XRoad/VPCP"
    claim = read_claim(headers)
    assert isinstance(claim, Claim)
    signed = claim.prove(SECRET)
    assert isinstance(signed, Signed)
    assert {
        "servicetype": "eDoc",
        "messagetype": "status",
        "from": "000.00.11.H53",
        "to": '["000.00.00.G14"]',
        "hash-file": unpadded_hash(b"<edXML/>"),
    }.items() <= signed.values.items()


@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request", "500 Internal Server Error"])
async def test_a_well_formed_refusal_counts_whatever_the_http_status(status: str) -> None:
    refusal = http(json.dumps({**FAIL, "ErrorCode": "18"}).encode(), status)
    async with server(saying(refusal)) as url, client(url) as vxp:
        refused = await vxp.send(b"<a/>", kind="document", sender="a", recipients=[])
    assert (refused.accepted, refused.code, refused.text) == (False, "18", "hệ thống bận")


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (http(b"<html>Bad Gateway</html>", "502 Bad Gateway"), "HTTP 502"),
        (http(b"<html>Bad Gateway</html>", "502 Bad Gateway"), "<html>Bad Gateway"),
        (http(b""), "answer of 0 bytes is not JSON"),
        (http(b"\x00\xff" * 500), "is not JSON"),
        (http(json.dumps(OK).encode()), "says OK without DocId"),
        (http(b"", "302 Found", "Location: http://127.0.0.1:1/"), "HTTP 302"),
        (http(b"xyz", "200 OK", "Content-Encoding: gzip"), "the exchange broke"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "the exchange broke"),
        (b"", "the exchange broke"),
        (http(b"{}")[:-1], "the exchange broke"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", "the exchange broke"),
        (http(b" " * 2_000_000), "an answer of more than 1048576 bytes"),
    ],
)
async def test_garbage_is_transient_and_named(reply: bytes, said: str) -> None:
    async with server(saying(reply)) as url, client(url, deadline=5) as vxp:
        with pytest.raises(TransientError) as caught:
            await send(vxp)
    assert said in str(caught.value)
    assert str(caught.value).startswith("national axis, sendEdoc: ")
    assert SECRET not in str(caught.value)
    assert len(str(caught.value)) < 600


async def test_what_an_answer_says_is_cut_before_it_reaches_any_evidence() -> None:
    much = "x" * 100_000
    lie = http(json.dumps({"status": "FAIL", "ErrorCode": much, "ErrorDesc": much}).encode())
    async with server(saying(answer(DocId=much), lie)) as url, client(url) as vxp:
        taken, refused = await send(vxp), await send(vxp)
    assert taken == NationalAnswer("0", "", "x" * 200)
    assert refused == NationalAnswer("x" * 200, "x" * 500, "")


async def test_nobody_there_is_unavailable() -> None:
    (port,) = free_ports(1)
    async with client(f"http://127.0.0.1:{port}") as vxp:
        with pytest.raises(UnavailableError, match="cannot connect"):
            await send(vxp)


async def silent(_request: bytes, _writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def half(_request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(http(b'{"status":"OK"}')[:-5])
    await writer.drain()
    await asyncio.Event().wait()


async def trickle(_request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"1\r\n \r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("reply", [silent, half, trickle])
async def test_the_deadline_holds_against_a_server_that_does_not_end(reply: Reply) -> None:
    started = time.monotonic()
    async with server(reply) as url, client(url, deadline=0.3) as vxp:
        with pytest.raises(TransientError, match=r"no complete answer within 0\.3 s"):
            await send(vxp)
    assert time.monotonic() - started < 5


async def test_an_endless_answer_is_cut_at_the_limit() -> None:
    async def flood(_request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
            await writer.drain()

    async with server(flood) as url, client(url, deadline=20) as vxp:
        with pytest.raises(TransientError, match="more than 1048576 bytes"):
            await send(vxp)


async def test_a_closed_client_opens_again_when_it_is_used() -> None:
    async with server(saying(answer(count=3))) as url, client(url) as vxp:
        assert await vxp.count("document") == 3
        await vxp.close()
        assert await vxp.count("status") == 3


async def test_closing_under_a_call_makes_it_fail_transiently() -> None:
    asked = asyncio.Event()

    async def reply(request: bytes, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await silent(request, writer)

    async with server(reply) as url, client(url) as vxp:

        async def close() -> None:
            await asked.wait()
            await vxp.close()

        outcome, _ = await asyncio.gather(vxp.count("document"), close(), return_exceptions=True)
    assert isinstance(outcome, TransientError)


async def test_items_are_read_and_unusable_ones_left_out() -> None:
    rows = [
        {"docId": 7, "messageType": "edoc", "from": "G14", "to": "H53.1", "created_time": "t"},
        {"messageType": "edoc", "from": "G14"},
        {"docId": "8"},
    ]
    async with server(saying(answer(data=rows))) as url, client(url) as vxp:
        assert list(await vxp.waiting("document")) == [
            NationalItem("7", "edoc", "G14", "H53.1", "t"),
            NationalItem("8", "", "", "", ""),
        ]


async def test_an_empty_list_is_believed_only_when_the_count_agrees() -> None:
    empty, two = answer(data=[]), answer(count=2)
    async with server(saying(empty, two, empty, two)) as url, client(url) as vxp:
        with pytest.raises(TransientError, match="an empty list, but 2 of kind document wait"):
            await vxp.waiting("document")
    async with server(saying(empty, answer(count="0"))) as url, client(url) as vxp:
        assert list(await vxp.waiting("status")) == []
    async with server(saying(empty, http(b"oops"))) as url, client(url) as vxp:
        with pytest.raises(TransientError, match="countReceiveStatus"):
            await vxp.waiting("status")


async def test_what_comes_between_list_and_count_is_listed() -> None:
    empty, one, late = answer(data=[]), answer(count=1), answer(data=[{"docId": "7"}])
    async with server(saying(empty, one, late)) as url, client(url) as vxp:
        assert [item.doc_id for item in await vxp.waiting("document")] == ["7"]
    # And is gone again before the second list: then nothing waits, and nothing is wrong.
    async with server(saying(empty, one, empty, answer(count=0))) as url, client(url) as vxp:
        assert list(await vxp.waiting("document")) == []


@pytest.mark.parametrize("data", [None, "", {}, [1], "[]"])
async def test_a_list_of_another_shape_is_transient(data: object) -> None:
    async with server(saying(answer(data=data))) as url, client(url) as vxp:
        with pytest.raises(TransientError, match="getReceivedEdocList"):
            await vxp.waiting("document")


@pytest.mark.parametrize("count", [None, -1, True, 1.5, "many", "", [], "٣"])
async def test_a_count_that_is_none_is_transient(count: object) -> None:
    async with server(saying(answer(count=count))) as url, client(url) as vxp:
        with pytest.raises(TransientError, match="countReceiveEdoc"):
            await vxp.count("document")


async def test_a_fetch_that_fails_carries_the_code() -> None:
    async with server(saying(http(json.dumps(FAIL).encode()))) as url, client(url) as vxp:
        with pytest.raises(NationalError, match="getEdoc: refused with code 20") as caught:
            await vxp.fetch(ITEM)
    assert caught.value.code == "20"


@pytest.mark.parametrize("data", ["", "<edXML/>", "PGE", 7, None, ["PGEvPg=="]])
async def test_a_document_that_is_not_base64_is_transient(data: object) -> None:
    async with server(saying(answer(data=data))) as url, client(url) as vxp:
        with pytest.raises(TransientError, match="getEdoc"):
            await vxp.fetch(ITEM)


async def test_a_large_document_is_fetched_whole() -> None:
    body = bytes(range(256)) * 4096 * 4
    reply = answer(data=base64.b64encode(body).decode())
    async with server(saying(reply)) as url, client(url, answer=8 * 1024 * 1024) as vxp:
        assert await vxp.fetch(ITEM) == body


async def test_an_item_whose_id_no_header_can_carry_fails_alone_and_sends_nothing() -> None:
    asked: list[bytes] = []

    async def reply(request: bytes, writer: asyncio.StreamWriter) -> None:
        asked.append(request)
        await saying(answer())(request, writer)

    item = NationalItem("7\r\nXroadVnpt-from: x", "edoc", "", "")
    async with server(reply) as url, client(url) as vxp:
        with pytest.raises(TransientError, match="docId cannot stand in a header"):
            await vxp.fetch(item)
        with pytest.raises(TransientError, match="docId cannot stand in a header"):
            await vxp.report(item, TransportStatus.DONE)
    assert asked == []


async def test_a_report_says_its_description_in_ascii() -> None:
    asked: list[bytes] = []

    async def reply(request: bytes, writer: asyncio.StreamWriter) -> None:
        asked.append(request)
        await saying(answer())(request, writer)

    async with server(reply) as url, client(url) as vxp:
        await vxp.report(ITEM, TransportStatus.FAIL, "Gói tin hỏng\n" + "x" * 600)
    assert b"XroadVnpt-status: fail\r\n" in asked[0]
    assert b"XroadVnpt-description: Goi tin hong " + b"x" * 487 + b"\r\n" in asked[0]
    assert asked[0].endswith(b"\r\n\r\n{}")


async def test_a_download_without_a_body_is_transient() -> None:
    async with server(saying(http(b""))) as url, client(url) as vxp:
        with pytest.raises(TransientError, match="downloadEdoc: an empty body"):
            await vxp.download("7")


async def listed(vxp_answer: bytes, operation: str) -> list[ListedAgency]:
    async with server(saying(vxp_answer)) as url, client(url) as vxp:
        return list(await vxp.listed(operation))


async def test_the_three_lists_of_agencies_are_read_alike() -> None:
    qd20 = [{"id": 1, "code": "H53.11", "name": "Sở Tài chính", "code102": "000.00.11.H53"}]
    assert await listed(answer(data=qd20), "getAgenciesListQD20") == [
        ListedAgency("H53.11", "Sở Tài chính", other="000.00.11.H53")
    ]
    old = [
        {
            "id": 7,
            "code": "000.00.00.H53",
            "name": "Tỉnh",
            "oldCode": "H53",
            "pid": None,
            "pcode": "",
        },
        {"id": 8, "code": "000.00.11.H53", "name": "Sở", "pid": 7, "pcode": None},
    ]
    assert await listed(answer(data=old), "getAgenciesList") == [
        ListedAgency("000.00.00.H53", "Tỉnh", other="H53"),
        ListedAgency("000.00.11.H53", "Sở", parent="000.00.00.H53"),
    ]
    units = [
        {"code": "H39", "name": "Long An", "deleted": True, "modifyDate": "2025/07/01 00:00:00"},
        {"code": "H40", "name": "Nam Định", "deleted": "false", "isAgency": "true"},
        {"code": "P1", "name": "Phòng một cửa", "isAgency": "false"},
    ]
    assert await listed(answer(data=units), "getSynchronizeUnit") == [
        ListedAgency("H39", "Long An", deleted=True, modified="2025/07/01 00:00:00"),
        ListedAgency("H40", "Nam Định"),
    ]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (answer(data=[]), "without an agency"),
        (answer(data=[{"code": "P", "name": "x", "isAgency": "false"}]), "without an agency"),
        (answer(data="x"), "not a list"),
        (http(json.dumps(FAIL).encode()), "refused with code 20"),
    ],
)
async def test_a_list_of_agencies_that_is_none_is_not_believed(said: bytes, why: str) -> None:
    with pytest.raises(TransientError, match=why):
        await listed(said, "getSynchronizeUnit")


async def test_the_whole_countrys_list_may_be_larger_than_other_lists() -> None:
    many = [{"code": f"H{n}", "name": "x" * 1000} for n in range(40_000)]
    assert len(answer(data=many)) > 32 * 1024 * 1024
    wide = 64 * 1024 * 1024
    async with server(saying(answer(data=many))) as url, client(url, answer=wide) as vxp:
        assert len(await vxp.listed("getAgenciesListQD20")) == 40_000
        with pytest.raises(TransientError, match="more than"):
            await vxp.waiting("document")


async def test_an_envelope_larger_than_wanted_now_is_not_read_on() -> None:
    file = b"x" * 200_000
    whole = answer(data=base64.b64encode(file).decode())
    item = NationalItem("1", "edoc", "G14", "H53")
    async with server(saying(whole)) as url, client(url) as vxp:
        with pytest.raises(LargeAnswerError, match="more than"):
            await vxp.fetch(item, 100_000)
        assert await vxp.fetch(item, 200_000) == file
        assert await vxp.fetch(item) == file


async def test_an_envelope_whose_length_is_not_announced_is_read_up_to_what_is_wanted() -> None:
    body = answer(data=base64.b64encode(b"x" * 200_000).decode()).partition(b"\r\n\r\n")[2]
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
    async with server(saying(head + body)) as url, client(url) as vxp:
        with pytest.raises(LargeAnswerError):
            await vxp.fetch(NationalItem("1", "edoc", "G14", "H53"), 100_000)


async def test_a_list_of_a_hundred_thousand_items_is_read() -> None:
    row = {"docId": "", "serviceType": "eDoc", "messageType": "edoc", "from": "000.00.00.G14"}
    row |= {"created_time": "2026/11/29 10:00:00", "updated_time": "2026/11/29 10:00:00"}
    row |= {"to": "000.00.11.H53", "status": "initial", "status_desc": ""}
    many = [row | {"docId": f"019b8bab-0680-7000-8000-{n:012}"} for n in range(100_000)]
    async with server(saying(answer(data=many))) as url, client(url, answer=64 << 20) as vxp:
        items = await vxp.waiting("document")
    assert len({item.doc_id for item in items}) == 100_000
