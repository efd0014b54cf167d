"""Systems that speak the older axis's protocol, behind the door of the running daemon, byte for byte."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

import pytest
import pytest_asyncio

from axisd.simulator.demo.papers import Papers
from axisd.simulator.province import Province
from tests.support.acceptance import (
    ENVIRONMENT,
    FINANCE,
    axisd,
    delivered,
    desk,
    paper,
    settled,
    submit,
)
from tests.support.old_client import OldClient, old_client
from tests.support.operators import log_lines, log_size, metric, until_async
from tests.support.trouble import amended

pytestmark = pytest.mark.asyncio(loop_scope="session")

BUILDING = "000.00.16.H53"
HUB = "000.A53.000"
INSPECTORATE, CULTURE = "000.00.18.H53", "000.00.15.H53"
"""Members of the hub."""
TOKENS = {BUILDING: "a token of 28 characters, abc", HUB: "another one, for the hub, abc"}


def enrolled(text: str) -> str:
    systems = json.loads(text)
    for account, agencies in ((BUILDING, [BUILDING]), (HUB, [INSPECTORATE, CULTURE])):
        systems["systems"].append(
            {
                "account": account,
                "channel": "edoc",
                "agencies": agencies,
                "profile": "if-present",
                "secret_file": f"{account}.token",
            }
        )
    return json.dumps(systems, indent=2)


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def behind_the_door(province: Province) -> AsyncIterator[None]:
    """An agency and a hub of two, enrolled while the axis runs."""
    for account, token in TOKENS.items():
        (province.folder / f"{account}.token").write_text(token + "\n", encoding="utf-8")
    with amended(province, "systems.yaml", enrolled):
        if province.axisd is not None and province.axisd.alive():
            await axisd(province, "config", "reload")
        yield
    if province.axisd is not None and province.axisd.alive():
        await axisd(province, "config", "reload")


def client(
    province: Province, organ: str = BUILDING, token: str = ""
) -> AbstractAsyncContextManager[OldClient]:
    account = organ if organ in TOKENS else HUB
    return old_client(province.http, organ, token or TOKENS[account])


def sha(file: bytes) -> str:
    return hashlib.sha256(file).hexdigest()


async def sent(old: OldClient, file: bytes, kind: str = "EDOC") -> int:
    """Handed in as the SDK does: the file and CR LF, the hash without them."""
    answer = await old.call("POST", "/sendDocument", file + b"\r\n", type=kind, hash_edoc=sha(file))
    assert answer == {"docId": answer["docId"], "status": "Success", "code": "0", "errors": []}
    return int(answer["docId"])


async def listed(old: OldClient, number: int, kind: str = "EDOC") -> None:
    """Until the message is among what is pending."""

    async def there() -> bool:
        answer = await old.call("GET", "/getPendingDocIds", type=kind)
        return number in answer["docIDs"] if number else bool(answer["docIDs"])

    await until_async(there)


async def file_of(old: OldClient, number: int, kind: str = "EDOC") -> bytes:
    answer = await old.call("POST", "/getDocument", docid=str(number), type=kind)
    assert answer["status"] == "Success", answer
    return base64.b64decode(answer["data"], validate=True)


async def test_documents_and_statuses_go_both_ways_byte_for_byte(
    served: Province, papers: Papers
) -> None:
    document_id, to_building = paper(papers, BUILDING)
    async with desk(served, FINANCE, ENVIRONMENT) as watched, client(served) as old:
        await submit(served, FINANCE, to_building)
        await listed(old, 0)
        (number,) = (await old.call("POST", "/getPendingDocIds", type="EDOC"))["docIDs"]
        assert 1_000_000_000 < number < 2**31
        assert await file_of(old, number) == to_building
        status = papers.status(BUILDING, FINANCE, document_id, "03", "Đã tiếp nhận")
        reported = await sent(old, status, "STATUS")
        assert reported != number
        (told,) = await watched.expect(
            FINANCE, "inbox", lambda m: m.type == "status" and m.correlation_id == document_id
        )
        assert told.body == status
        assert (await old.call("POST", "/confirmReceived", docid=str(number)))["code"] == "0"
        assert (await old.call("GET", "/getPendingDocIds", type="EDOC"))["docIDs"] == []
        assert await watched.expect(
            FINANCE,
            "receipts",
            lambda m: m.type == "ContentHandover" and m.correlation_id == document_id,
        )
        own_id, own = papers.document(BUILDING, (ENVIRONMENT, INSPECTORATE), "V/v quy hoạch")
        own_number = await sent(old, own)
        (came,) = await delivered(watched, ENVIRONMENT, own_id)
        assert came.body == own, "without the SDK's line end"
        assert await sent(old, own) == own_number, "a repeat is answered like the first"
        async with client(served, CULTURE) as hub:
            await listed(hub, own_number)
            assert await file_of(hub, own_number) == own
    states = [str(submission.state) for submission in await settled(served, own_id)]
    assert states == ["accepted", "duplicate"]


async def test_stale_headers_do_no_harm_and_are_shown_to_the_operator(
    served: Province, papers: Papers
) -> None:
    since = log_size(served)
    async with client(served) as old, client(served, HUB) as hub:
        # The first call's headers come with all later ones of that process.
        _, file = papers.document(BUILDING, (INSPECTORATE,), "V/v thanh tra")
        number = await sent(old, file)
        for _ in range(25):  # the SDK hangs after twenty answers that are not 200
            answer = await old.call("GET", "/getOrganizations/")
            assert answer["status"] == "Success"
        await listed(hub, number)
        for _ in range(7):
            assert await file_of(hub, number, "STATUS") == file
        odd = {"account": HUB, "oddity": "same-docid"}
        assert await metric(served, "axisd_edoc_odd_calls_total", **odd) >= 1
        assert (await hub.call("POST", "//confirmReceived/", docid=str(number)))["code"] == "0"
    told = [line for line in log_lines(served, since) if line["event"] == "odd edoc call"]
    assert {(line["account"], line["oddity"]) for line in told} >= {
        (HUB, "same-docid"),
        (HUB, "other-type"),
    }


async def test_a_recall_withdraws_what_was_not_fetched_and_nobody_is_shown_it_any_more(
    served: Province, papers: Papers
) -> None:
    document_id, file = paper(papers, BUILDING)
    async with desk(served, FINANCE) as watched, client(served) as old:
        await submit(served, FINANCE, file)
        await listed(old, 0)
        (number,) = (await old.call("POST", "/getPendingDocIds", type="EDOC"))["docIDs"]
        word = papers.status(FINANCE, BUILDING, document_id, "13", "Lấy lại")
        await submit(served, FINANCE, papers.signed(FINANCE, word))
        assert await watched.expect(
            FINANCE,
            "receipts",
            lambda m: m.type == "ContentHandoverFailure" and m.correlation_id == document_id,
        )
        assert (await old.call("GET", "/getPendingDocIds", type="EDOC"))["docIDs"] == []
        answer = await old.call("POST", "/getDocument", docid=str(number))
        assert (answer["status"], answer["errors"][0]["code"]) == ("Fail", "DocID")


BAD: dict[str, tuple[dict[str, str], bytes | None, int, str]] = {
    "not-edxml": ({"type": "EDOC"}, b"1212<?xml", 200, "SendDocument"),
    "empty": ({"type": "EDOC"}, b"", 200, "SendDocument"),
    "only-a-line-end": ({"type": "EDOC"}, b"\r\n", 200, "SendDocument"),
    "wrong-hash": ({"type": "EDOC", "hash-edoc": "0" * 64}, b"<edXML/>", 200, "SendDocument"),
    "no-type": ({}, b"<edXML/>", 200, "BadRequest"),
    "unknown-type": ({"type": "FAX"}, b"<edXML/>", 200, "MessageType"),
    "too-large": ({"type": "EDOC"}, b"x" * (9 * 1024 * 1024), 200, "SendDocument"),
    "doctype": ({"type": "EDOC"}, b"<!DOCTYPE a []><edXML/>", 200, "SendDocument"),
}


@pytest.mark.parametrize(("headers", "body", "status", "code"), BAD.values(), ids=BAD.keys())
async def test_bad_input_is_answered_counted_and_leaves_no_traceback(
    served: Province, headers: dict[str, str], body: bytes, status: int, code: str
) -> None:
    since = log_size(served)
    counted = {"door": "edoc", "operation": "sendDocument", "outcome": "refused"}
    before = await metric(served, "axisd_door_calls_total", **counted)
    async with client(served) as old:
        told, answer = await old.ask("POST", "/sendDocument", headers, body)
    assert (told, answer["status"], answer["code"]) == (status, "Fail", "9999")
    assert (answer["docId"], answer["errors"][0]["code"]) == (0, code)
    assert await metric(served, "axisd_door_calls_total", **counted) == before + 1
    assert not [line for line in log_lines(served, since) if "exception" in line]


async def test_a_stranger_learns_nothing_and_takes_nothing(
    served: Province, papers: Papers
) -> None:
    _, file = papers.document(BUILDING, (INSPECTORATE,), "V/v riêng")
    async with client(served) as old, client(served, HUB) as hub:
        number = await sent(old, file)
        await listed(hub, number)
        assert await file_of(old, number) == file, "the sender may see its own"
    _, foreign = paper(papers, BUILDING)
    async with client(served, BUILDING, TOKENS[HUB]) as wrong:
        for path in ("/sendDocument", "/getPendingDocIds", "/nothing"):
            told, answer = await wrong.ask("POST", path, {"type": "EDOC"}, b"x" * 100_000)
            assert told == 401
            assert answer == {
                "status": "False",
                "code": "9999",
                "errors": [{"code": "Unauthorized", "description": "Unauthorized !"}],
            }
    async with client(served) as old:
        answer = await old.call("POST", "/sendDocument", foreign, type="EDOC")
        assert answer["errors"][0]["code"] == "M.MessageHeaderFromOrganId"
        answer = await old.call("POST", "/getDocument", docid=str(number + 1))
        assert answer["errors"][0]["code"] == "DocID"
        answer = await old.call("POST", "/nothing")
        assert answer["errors"][0]["code"] == "BadRequest"
        told, answer = await old.ask(
            "POST", "/sendDocument", {"type": "EDOC"}, b"<edXML", length=10 * 1024**3
        )
        assert (told, answer["status"]) == (200, "Fail")
    async with client(served, HUB) as hub:
        await hub.call("POST", "/confirmReceived", docid=str(number))


async def test_what_was_answered_survives_a_kill(running: Province, papers: Papers) -> None:
    _, file = papers.document(BUILDING, (INSPECTORATE,), "V/v trước khi mất điện")
    async with client(running) as old:
        number = await sent(old, file)
    await running.kill_axisd()
    await running.start_axisd()
    async with client(running) as old, client(running, INSPECTORATE) as hub:
        assert await sent(old, file) == number, "the lost answer is had again"
        pending = await hub.call("GET", "/getPendingDocIds", type="EDOC")
        assert {"docId": number, "organId": INSPECTORATE} in pending["data"]
        assert await file_of(hub, number) == file
        await hub.call("POST", "/confirmReceived", docid=str(number))
