"""A system that carries the national axis's SDK, behind the door of the running daemon."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import aiohttp
import pytest

from axisd.adapters.clock import SystemClock
from axisd.adapters.vxp.protocol import Credentials, signed_headers, unpadded_hash
from axisd.errors import TransientError
from axisd.ports import NationalItem, TransportStatus
from axisd.simulator.demo.papers import Papers
from axisd.simulator.province import Province
from tests.support.acceptance import (
    ENVIRONMENT,
    FINANCE,
    HEALTH,
    INFORMATION,
    delivered,
    desk,
    paper,
    submit,
)
from tests.support.operators import log_size

pytestmark = pytest.mark.asyncio(loop_scope="session")


def sending(province: Province, body: bytes, secret: str = "", **changes: str) -> dict[str, str]:
    """The headers of a `sendEdoc` as the SDK makes them."""
    parameters = {
        "servicetype": "eDoc",
        "messagetype": "edoc",
        "from": INFORMATION,
        "hash-file": unpadded_hash(body),
        **changes,
    }
    return signed_headers(
        Credentials(province.vxp.account, secret or province.vxp.password),
        parameters,
        moment=SystemClock().now(),
        content_type="application/octet-stream",
    )


async def post(
    province: Province, operation: str, headers: Mapping[str, str], body: bytes = b""
) -> dict[str, Any]:
    """One request made by hand; its answer, which is of the documented shape whatever was sent."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{province.vxp_url}{operation}", headers=headers, data=body) as response,
    ):
        text = await response.read()
    assert text.isascii()
    answer = json.loads(text)
    assert answer.keys() >= {"status", "ErrorCode", "ErrorDesc"}
    assert isinstance(answer, dict)
    return answer


async def item_of(province: Province, document_id: str, kind: str = "document") -> NationalItem:
    """The item under which the door lists what came last."""
    async with province.vxp_client() as vxp, asyncio.timeout(20):
        while True:
            # What comes in between the list and the count makes the client doubt an empty list.
            with suppress(TransientError):
                for item in await vxp.waiting(kind):
                    if document_id.encode() in await vxp.fetch(item):
                        return item
            await asyncio.sleep(0.05)


async def test_documents_and_statuses_go_both_ways_byte_for_byte(
    served: Province, papers: Papers
) -> None:
    document_id, body = paper(papers, INFORMATION)
    async with desk(served, FINANCE, ENVIRONMENT) as watched, served.vxp_client() as vxp:
        await submit(served, FINANCE, body)
        item = await item_of(served, document_id)
        assert await vxp.fetch(item) == body
        assert await vxp.download(item.doc_id) == body
        await vxp.report(item, TransportStatus.DONE)
        assert item.doc_id not in {waiting.doc_id for waiting in await vxp.waiting("document")}
        assert await watched.expect(
            FINANCE,
            "receipts",
            lambda m: m.correlation_id == document_id and m.type == "ContentHandover",
        )
        word = papers.signed(
            INFORMATION, papers.status(INFORMATION, FINANCE, document_id, "03", "Đã tiếp nhận")
        )
        assert (await vxp.send(word, kind="status", sender=INFORMATION, recipients=[])).accepted
        (status,) = await watched.expect(
            FINANCE, "inbox", lambda m: m.type == "status" and m.correlation_id == document_id
        )
        assert status.body == word

        sent_id, sent = paper(papers, ENVIRONMENT, sender=INFORMATION)
        answer = await vxp.send(sent, kind="document", sender=INFORMATION, recipients=[])
        assert answer.accepted
        (came,) = await delivered(watched, ENVIRONMENT, sent_id)
        assert came.body == sent
        assert came.headers["axis-submission"] == answer.doc_id
        word = papers.signed(
            ENVIRONMENT, papers.status(ENVIRONMENT, INFORMATION, sent_id, "06", "Hoàn thành")
        )
        await submit(served, ENVIRONMENT, word)
        item = await item_of(served, sent_id, "status")
        assert await vxp.fetch(item) == word
        await vxp.report(item, TransportStatus.DONE)
        listed = await vxp.call(
            "getSentEdocList",
            {"servicetype": "eDoc", "messagetype": "edoc", "docId": answer.doc_id},
        )
    (row,) = listed.fields["data"]
    assert (row["toCode"], row["sendStatus"], row["receiveStatus"]) == (ENVIRONMENT, "done", "06")


async def test_a_system_that_repeats_a_call_learns_of_the_first_one_after_a_kill_too(
    running: Province, papers: Papers
) -> None:
    document_id, body = paper(papers, ENVIRONMENT, sender=INFORMATION)
    async with running.vxp_client() as vxp:
        first = await vxp.send(body, kind="document", sender=INFORMATION, recipients=[])
    await running.kill_axisd()
    await running.start_axisd()
    async with desk(running, ENVIRONMENT) as watched, running.vxp_client() as vxp:
        again = await vxp.send(body, kind="document", sender=INFORMATION, recipients=[])
        assert (again.accepted, again.doc_id) == (True, first.doc_id)
        await delivered(watched, ENVIRONMENT, document_id)


async def test_whatever_is_killed_while_systems_send_is_there_once_they_have_repeated(
    running: Province, papers: Papers
) -> None:
    documents = [paper(papers, ENVIRONMENT, sender=INFORMATION) for _ in range(40)]

    async def until_taken(body: bytes) -> str:
        """As the SDK's owner does: again and again until it is taken."""
        async with running.vxp_client() as vxp:
            while True:
                try:
                    answer = await vxp.send(
                        body, kind="document", sender=INFORMATION, recipients=[]
                    )
                except TransientError:
                    await asyncio.sleep(0.1)
                    continue
                if answer.accepted:
                    return answer.doc_id

    async with desk(running, ENVIRONMENT) as watched, asyncio.TaskGroup() as group:
        tasks = [group.create_task(until_taken(body)) for _, body in documents]
        assert await watched.until(lambda: len(watched.box(ENVIRONMENT, "inbox")) >= 5, 20)
        await running.kill_axisd()
        await running.start_axisd()
        ids = await asyncio.gather(*tasks)
        wanted = {document_id for document_id, _ in documents}
        await watched.expect(
            ENVIRONMENT, "inbox", lambda m: m.correlation_id in wanted, count=len(wanted)
        )
        came = [m for m in watched.box(ENVIRONMENT, "inbox") if m.correlation_id in wanted]
    assert len(came) == len(wanted), "under one message id each"
    assert {m.headers["axis-submission"] for m in came} == set(ids)


async def test_bad_calls_are_answered_in_the_protocols_form_and_leak_nothing(
    served: Province, papers: Papers
) -> None:
    since = log_size(served)
    _, body = paper(papers, ENVIRONMENT, sender=INFORMATION)
    signed = sending(served, body)
    unsigned = {name: value for name, value in signed.items() if not name.endswith("hash-header")}
    other = paper(papers, ENVIRONMENT, sender=HEALTH)[1]
    for what, operation, headers, sent, code in (
        ("wrong secret", "/sendEdoc", sending(served, body, "guessed"), body, "15"),
        ("no signature", "/sendEdoc", unsigned, body, "15"),
        ("unsigned header", "/sendEdoc", signed | {"XroadVnpt-to": '["x"]'}, body, "15"),
        ("another header", "/sendEdoc", signed | {"XroadVnpt-from": HEALTH}, body, "15"),
        ("another's from", "/sendEdoc", sending(served, body, **{"from": HEALTH}), body, "19"),
        ("another's envelope", "/sendEdoc", sending(served, other), other, "19"),
        ("not edXML", "/sendEdoc", sending(served, b"%PDF-"), b"%PDF-", "22"),
        ("an empty body", "/sendEdoc", sending(served, b""), b"", "21"),
        ("a wrong hash", "/sendEdoc", sending(served, b"x"), body, "21"),
        ("an unknown operation", "/giveMeEverything", signed, body, "10"),
        ("no operation", "", signed, b"", "10"),
        ("nothing at all", "/sendEdoc", {}, b"", "15"),
    ):
        answer = await post(served, operation, headers, sent)
        assert (what, answer["status"], answer["ErrorCode"]) == (what, "FAIL", code)
    log = (served.folder / "axisd.log").read_bytes()[since:].decode()
    for secret in (served.vxp.password, "guessed", "%PDF-"):
        assert secret not in log
    assert "Traceback" not in log


async def raw(province: Province, head: list[str], body: bytes = b"") -> bytes:
    """What is answered to these lines and bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", province.http_port)
    writer.write("\r\n".join([*head, "", ""]).encode() + body)
    try:
        async with asyncio.timeout(60):
            answer = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line[15:]) for line in answer.decode().split("\r\n") if "Content-Length" in line
            )
            return answer + await reader.readexactly(length)
    finally:
        writer.close()


async def test_what_is_no_proper_request_is_answered_in_the_protocols_form_too(
    served: Province,
) -> None:
    since = log_size(served)
    signed = [f"{name}: {value}" for name, value in sending(served, b"x").items()]
    start = ["POST /vxp/sendEdoc HTTP/1.1", "Host: x"]
    announced = await raw(served, [*start, *signed, f"Content-Length: {10 * 2**30}"], b"<edXML")
    assert b'"ErrorCode":"21"' in announced
    for head in (
        ["PUT /vxp/sendEdoc HTTP/1.1", "Host: x", "Content-Length: 0"],
        [*start, f"X: {'x' * 300_000}"],
        [*start, "Content-Length: much"],
        ["NONSENSE"],
    ):
        answer = await raw(served, head)
        assert b"application/json" in answer
        assert b'"status":"FAIL","ErrorCode":"1' in answer
    log = (served.folder / "axisd.log").read_bytes()[since:].decode()
    assert "Traceback" not in log


async def test_half_a_body_and_then_silence_holds_nobody_up(
    served: Province, papers: Papers
) -> None:
    signed = [f"{name}: {value}" for name, value in sending(served, b"x" * 5_000_000).items()]
    start = ["POST /vxp/sendEdoc HTTP/1.1", "Host: x", *signed, "Content-Length: 5000000", "", ""]
    writers = []
    for _ in range(20):
        _, writer = await asyncio.open_connection("127.0.0.1", served.http_port)
        writer.write("\r\n".join(start).encode() + b"x" * 100_000)
        writers.append(writer)
    _, body = paper(papers, ENVIRONMENT, sender=INFORMATION)
    try:
        async with served.vxp_client() as vxp, asyncio.timeout(10):
            assert (
                await vxp.send(body, kind="document", sender=INFORMATION, recipients=[])
            ).accepted
    finally:
        for writer in writers:
            writer.close()


async def test_calls_are_counted_by_operation_and_outcome(served: Province) -> None:
    async with served.vxp_client() as vxp:
        await vxp.count("status")
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{served.http}/metrics") as answer,
    ):
        text = await answer.text()
    counted = 'axisd_door_calls_total{door="vxp",operation="countReceiveStatus",outcome="ok"}'
    line = next(line for line in text.splitlines() if line.startswith(counted))
    assert float(line.rpartition(" ")[2]) >= 1
