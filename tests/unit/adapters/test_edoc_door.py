"""The eDoc door over the real services: what old clients send, and what they are answered."""

import asyncio
import base64
import hashlib
import json
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from axisd.adapters.edoc.desk import Rules
from axisd.adapters.edoc.habits import PATIENCE
from axisd.adapters.upload import Bounds
from axisd.core.mailbox import ItemState
from axisd.core.submission import Door
from axisd.errors import IntegrityError, TransientError
from axisd.ports import OddCall
from tests.support.edoc import (
    BASE,
    BROKER,
    FINANCE,
    HUB,
    INFORMATION,
    MEMBERS,
    STRANGER,
    Client,
    EdocAxis,
    ask,
    letter,
    report,
    serving,
)
from tests.support.messages import swap


@pytest_asyncio.fixture
async def axis() -> AsyncIterator[EdocAxis]:
    async with serving() as (axis, _):
        yield axis


@pytest.fixture
def finance(axis: EdocAxis) -> Client:
    return axis.client(FINANCE)


@pytest.fixture
def information(axis: EdocAxis) -> Client:
    return axis.client(INFORMATION)


@pytest.fixture
def hub(axis: EdocAxis) -> Client:
    return axis.client(HUB)


def sha(file: bytes) -> str:
    return hashlib.sha256(file).hexdigest()


def fault(answer: dict[str, object]) -> str:
    errors = answer["errors"]
    assert isinstance(errors, list)
    return str(errors[0]["code"])


def calls(axis: EdocAxis) -> list[tuple[str, str, str, str]]:
    """Operation, outcome, code, account of each call that was told."""
    assert {call.door for call in axis.telemetry.calls} <= {Door.EDOC}
    return [
        (call.operation, call.outcome, call.code, call.account) for call in axis.telemetry.calls
    ]


# --- who calls


@pytest.mark.parametrize("operation", ["sendDocument", "getPendingDocIds", "nothing", ""])
async def test_nobody_gets_further_without_a_right_token(axis: EdocAxis, operation: str) -> None:
    url = f"{axis.url}/{operation}"
    status, kind, answer = await ask("POST", url, {"organid": FINANCE, "token": "x"}, letter())
    assert (status, kind) == (401, "application/json;charset=UTF-8")
    assert answer == {
        "status": "False",
        "code": "9999",
        "errors": [{"code": "Unauthorized", "description": "Unauthorized !"}],
    }
    status, _, answer = await ask("GET", url, {})
    assert status == 401
    assert calls(axis)[-1][1:] == ("refused", "9999", "")
    assert [each["code"] for each in answer["errors"]] == ["Invalid Credentials"] * 2
    assert (await axis.ledger.count())["submission"] == 0


@pytest.mark.parametrize(
    "path", ["//getPendingDocIds", "/getPendingDocIds/", "//getPendingDocIds//"]
)
async def test_slashes_too_many_do_no_harm(axis: EdocAxis, finance: Client, path: str) -> None:
    headers = finance.headers | {"type": "EDOC"}
    status, _, answer = await ask("GET", axis.url + path, headers)
    assert (status, answer["status"]) == (200, "Success")
    doubled = axis.url.replace("/EdocService", "//EdocService")
    status, _, answer = await ask("GET", doubled + path, headers)
    assert (status, answer["status"]) == (200, "Success")


async def test_an_unknown_operation_is_answered_and_counted(
    axis: EdocAxis, finance: Client
) -> None:
    answer = await finance.call("sendDocuments", letter(), type="EDOC")
    assert (answer["status"], answer["code"], fault(answer)) == ("Fail", "9999", "BadRequest")
    assert calls(axis)[-1] == ("unknown", "refused", "9999", "finance")


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ("sendDocument", "SendDocument"),
        ("getPendingDocIds", "GetPending"),
        ("getDocument", "GetDocument"),
        ("confirmReceived", "ConfirmReceived"),
    ],
)
async def test_a_suspended_system_is_told_so_and_what_is_for_it_waits(
    axis: EdocAxis, finance: Client, information: Client, operation: str, code: str
) -> None:
    number = (await finance.send(letter()))["docId"]
    free = axis.view
    systems = dict(free.directory.systems)
    systems["information"] = replace(systems["information"], suspended=True)
    axis.view = replace(free, directory=replace(free.directory, systems=systems))
    answer = await information.call(operation, letter(), type="EDOC", docid=str(number))
    assert (answer["status"], fault(answer)) == ("Fail", code)
    assert "[account-suspended]" in answer["errors"][0]["description"]
    axis.view = free
    assert await information.pending() == [number]


# --- handing in


async def test_a_document_goes_from_one_system_to_the_other(
    axis: EdocAxis, finance: Client, information: Client
) -> None:
    file = letter()
    sent = await finance.send(file, hash_edoc=sha(file))
    assert sent == {"docId": sent["docId"], "status": "Success", "code": "0", "errors": []}
    assert BASE < sent["docId"] < 2**31
    answer = await information.call("getPendingDocIds", method="GET", type="EDOC")
    assert answer == {
        "docIDs": [sent["docId"]],
        "data": [{"docId": sent["docId"], "organId": INFORMATION}],
        "status": "Success",
        "code": "0",
        "errors": [],
    }
    assert await information.fetch(sent["docId"]) == file
    assert await information.pending() == [sent["docId"]], "reading changes nothing"
    assert await information.confirm(sent["docId"]) == {
        "status": "Success",
        "code": "0",
        "errors": [],
    }
    assert await information.pending() == []
    assert await information.fetch(sent["docId"]) == file, "after confirming too"
    assert calls(axis)[0] == ("sendDocument", "ok", "0", "finance")


async def test_the_sdk_s_line_end_is_not_the_file_s(finance: Client, information: Client) -> None:
    file = letter()
    sent = await finance.send(file + b"\r\n", hash_edoc=sha(file).upper())
    assert await information.fetch(sent["docId"]) == file


async def test_a_line_end_that_the_hash_covers_is_kept(
    finance: Client, information: Client
) -> None:
    file = letter() + b"\r\n"
    sent = await finance.send(file, hash_edoc=sha(file))
    assert await information.fetch(sent["docId"]) == file


async def test_the_hash_may_be_unpadded_or_absent(finance: Client) -> None:
    file = letter()
    unpadded = "".join(f"{byte:x}" for byte in hashlib.sha256(file).digest())
    first = await finance.send(file + b"\r\n", hash_edoc=unpadded)
    assert (await finance.send(file))["docId"] == first["docId"]


async def test_a_hash_of_something_else_is_refused_and_nothing_is_kept(
    axis: EdocAxis, finance: Client
) -> None:
    answer = await finance.send(letter(), hash_edoc=sha(b"else"))
    assert (answer["status"], answer["docId"], fault(answer)) == ("Fail", 0, "SendDocument")
    assert (await axis.ledger.count())["submission"] == 0


@pytest.mark.parametrize(
    "content_type", ["application/octet-stream", "text/xml", "application/x-www-form-urlencoded"]
)
async def test_the_file_may_be_called_anything(finance: Client, content_type: str) -> None:
    sent = await finance.call("sendDocument", letter(), type="EDOC", Content_Type=content_type)
    assert sent["status"] == "Success"


async def test_the_file_may_be_a_part_of_any_name(finance: Client, information: Client) -> None:
    file = letter()
    form = aiohttp.FormData()
    form.add_field("whatever", file, filename="a.edxml")
    sent = await finance.call("sendDocument", form, type="EDOC", hash_edoc=sha(file))
    assert await information.fetch(sent["docId"]) == file


async def test_the_same_document_again_is_a_success_with_its_first_number(
    finance: Client, information: Client
) -> None:
    first = await finance.send(letter())
    await information.confirm(first["docId"])
    assert await finance.send(letter()) == first
    assert await information.pending() == []


async def test_other_bytes_under_a_known_id_exist_already_but_only_for_their_sender(
    axis: EdocAxis, finance: Client
) -> None:
    await finance.send(letter())
    other = letter(changes=(("lập dự toán năm 2027", "điều chỉnh dự toán năm 2027"),))
    answer = await finance.send(other)
    assert (answer["status"], answer["docId"], fault(answer)) == ("Fail", 0, "ExistDoc")
    borrowed = swap(
        letter(sender=STRANGER).decode(),
        (f"{STRANGER},2026/11/20,15/STC-VP", f"{FINANCE},2026/11/20,15/STC-VP"),
    )
    sent = await axis.client(STRANGER).send(borrowed.encode())
    assert sent["status"] == "Success", "judged per sender"


async def test_a_sender_that_the_account_does_not_serve_is_refused(
    axis: EdocAxis, information: Client
) -> None:
    answer = await information.send(letter())
    assert (answer["status"], fault(answer)) == ("Fail", "M.MessageHeaderFromOrganId")
    assert "sender-not-account" in answer["errors"][0]["description"]
    assert await axis.client(FINANCE).pending() == []


async def test_a_hub_sends_for_its_members(hub: Client, information: Client) -> None:
    sent = await hub.send(letter(sender=MEMBERS[1]))
    assert await information.pending() == [sent["docId"]]


async def test_recipients_that_do_not_get_it_are_named_beside_a_success(finance: Client) -> None:
    answer = await finance.send(letter(15, INFORMATION, "000.00.99.H53"))
    assert (answer["status"], answer["errors"]) == ("Success", [])
    (warning,) = answer["warnings"]
    assert "[recipient-unknown]" in warning["description"]


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (b"", "SendDocument"),
        (b"\r\n", "SendDocument"),
        (b"not XML", "SendDocument"),
        (b"<a/>", "SendDocument"),
    ],
)
async def test_what_is_no_edxml_is_refused_and_kept_as_evidence(
    axis: EdocAxis, finance: Client, file: bytes, code: str
) -> None:
    answer = await finance.send(file)
    assert (answer["status"], answer["code"], fault(answer)) == ("Fail", "9999", code)
    assert (await axis.ledger.count())["submission"] == 1


async def test_a_document_without_a_sender_has_the_old_code(finance: Client) -> None:
    broken = letter(changes=((f"<edXML:OrganId>{FINANCE}</edXML:OrganId>", ""),))
    answer = await finance.send(broken)
    assert fault(answer) == "N.MessageHeaderFromOrganId"
    assert answer["errors"][0]["description"].startswith("OrganId is required.")


async def test_a_missing_kind_is_a_bad_request_and_an_unknown_one_is_unsupported(
    axis: EdocAxis, finance: Client
) -> None:
    for operation in ("sendDocument", "getPendingDocIds"):
        assert fault(await finance.call(operation, letter())) == "BadRequest"
        assert fault(await finance.call(operation, letter(), type="FAX")) == "MessageType"
    assert axis.telemetry.odd_calls == [("finance", OddCall.NO_KIND)] * 2
    assert (await axis.ledger.count())["submission"] == 0


async def test_an_older_client_names_its_headers_otherwise(axis: EdocAxis) -> None:
    headers = {"OrganId": FINANCE, "TOKEN": " token-of-finance ", "messageType": "edoc"}
    status, _, answer = await ask("POST", f"{axis.url}/sendDocument", headers, letter())
    assert (status, answer["status"]) == (200, "Success")


async def test_a_stale_kind_does_not_make_a_status_of_a_document(
    axis: EdocAxis, finance: Client, information: Client
) -> None:
    sent = await finance.send(letter(), kind="STATUS")
    assert await information.pending("EDOC") == [sent["docId"]]
    assert axis.telemetry.odd_calls == [("finance", OddCall.OTHER_KIND)]


# --- bodies that do not come


async def test_too_large_a_file_is_read_whole_and_then_refused(finance: Client) -> None:
    answer = await finance.send(b"x" * 500_000)
    assert (answer["status"], fault(answer)) == ("Fail", "SendDocument")


async def test_ten_gigabytes_announced_are_answered_at_once(
    axis: EdocAxis, finance: Client
) -> None:
    answer = await by_hand(axis, finance, length=10 * 1024**3, body=b"<edXML")
    assert answer["status"] == "Fail"


async def test_half_a_body_and_then_silence_is_answered(finance: Client) -> None:
    bounds = Bounds(limit=400_000, deadline=5.0, silence=0.2)
    async with serving(bounds=bounds) as (axis, _):
        client = axis.client(FINANCE)
        answer = await by_hand(axis, client, length=1000, body=b"<edXML>")
        assert (answer["status"], fault(answer)) == ("Fail", "SendDocument")


async def by_hand(axis: EdocAxis, client: Client, *, length: int, body: bytes) -> dict[str, object]:
    """The answer to a request whose body does not all come."""
    host, _, port = axis.url.removeprefix("http://").removesuffix("/EdocService").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = [
        "POST /EdocService/sendDocument HTTP/1.1",
        f"Host: {host}",
        f"organid: {client.organ}",
        f"authorization: {client.token}",
        "type: EDOC",
        f"Content-Length: {length}",
        "",
        "",
    ]
    writer.write("\r\n".join(lines).encode() + body)
    async with asyncio.timeout(10):
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(head.lower().partition(b"content-length:")[2].split()[0])
        answer = json.loads(await reader.readexactly(size))
    assert b"connection: close" in head.lower(), "whatever comes later is no request"
    assert isinstance(answer, dict)
    writer.close()
    return answer


async def test_a_suspended_system_neither_sends_nor_fetches_and_what_is_for_it_waits(
    axis: EdocAxis, finance: Client, information: Client
) -> None:
    sent = await finance.send(letter())
    known = axis.view.directory
    resting = {
        **known.systems,
        "information": replace(known.systems["information"], suspended=True),
    }
    axis.view = replace(axis.view, directory=replace(known, systems=resting))
    before = len(axis.telemetry.settlements)
    for answer in (
        await information.send(letter(16, FINANCE, sender=INFORMATION)),
        await information.call("getPendingDocIds", type="EDOC"),
        await information.call("getDocument", docid=str(sent["docId"]), type="EDOC"),
        await information.confirm(sent["docId"]),
    ):
        assert (answer["status"], answer["code"]) == ("Fail", "9999")
        assert "[account-suspended]" in answer["errors"][0]["description"]
        assert len(axis.telemetry.settlements) == before + 1, (
            "what it handed in is on record, refused"
        )
    axis.view = replace(axis.view, directory=known)
    assert await information.pending() == [sent["docId"]]


# --- fetching and confirming


async def test_one_number_is_the_same_for_all_recipients_and_for_the_sender(
    axis: EdocAxis, finance: Client, information: Client
) -> None:
    file = letter(15, INFORMATION, STRANGER)
    number = (await finance.send(file))["docId"]
    for client in (information, axis.client(STRANGER)):
        assert await client.pending() == [number]
    assert await finance.fetch(number) == file


async def test_an_item_is_nobody_else_s(
    axis: EdocAxis, finance: Client, information: Client
) -> None:
    number = (await finance.send(letter()))["docId"]
    stranger = axis.client(STRANGER)
    answer = await stranger.call("getDocument", docid=str(number), type="EDOC")
    unknown = await stranger.call("getDocument", docid=str(BASE + 999), type="EDOC")
    assert (answer["status"], fault(answer)) == ("Fail", "DocID")
    assert answer == unknown, "nobody learns that it exists"
    await stranger.confirm(number)
    assert await information.pending() == [number]


async def test_a_hub_has_one_entry_per_member_and_confirms_for_all(
    finance: Client, hub: Client
) -> None:
    number = (await finance.send(letter(15, *MEMBERS, INFORMATION)))["docId"]
    answer = await hub.call("getPendingDocIds", type="EDOC")
    assert answer["docIDs"] == [number]
    assert answer["data"] == [{"docId": number, "organId": organ} for organ in MEMBERS]
    await hub.confirm(number)
    assert await hub.pending() == []


async def test_urgent_ones_come_first_then_the_oldest(finance: Client, information: Client) -> None:
    plain = [(await finance.send(letter(n)))["docId"] for n in (1, 2)]
    urgent = (await finance.send(letter(3, changes=(("Priority>0<", "Priority>2<"),))))["docId"]
    assert await information.pending() == [urgent, *plain]
    await information.fetch(plain[0])
    assert await information.pending() == [urgent, *plain]


async def test_confirming_one_item_loses_no_other(finance: Client, information: Client) -> None:
    first, second = [(await finance.send(letter(n)))["docId"] for n in (1, 2)]
    await information.send(report("01", number=1), kind="STATUS")
    await information.send(report("01", number=2), kind="STATUS")
    await information.confirm(first)
    assert await information.pending() == [second]
    assert len(await finance.pending("STATUS")) == 2


async def test_statuses_that_were_fetched_go_with_any_confirmation(
    finance: Client, information: Client
) -> None:
    await finance.send(letter(1))
    for code in ("01", "03"):
        await information.send(report(code, number=1), kind="STATUS")
    read, unread = await finance.pending("STATUS")
    assert b">01<" in await finance.fetch(read, "STATUS")
    answered = (await information.send(letter(7, FINANCE, sender=INFORMATION)))["docId"]
    await finance.confirm(answered)
    assert await finance.pending("STATUS") == [unread]


async def test_confirming_is_a_success_whatever_is_confirmed(
    axis: EdocAxis, finance: Client, information: Client
) -> None:
    number = (await finance.send(letter()))["docId"]
    success = {"status": "Success", "code": "0", "errors": []}
    for _ in range(2):
        assert await information.confirm(number) == success
    for unknown in (BASE + 999, 16_621_371):
        assert await information.confirm(unknown) == success
    assert axis.telemetry.odd_calls == [("information", OddCall.UNKNOWN_NUMBER)] * 2


@pytest.mark.parametrize("operation", ["getDocument", "confirmReceived"])
async def test_a_call_without_a_number_is_refused_and_noticed(
    axis: EdocAxis, finance: Client, operation: str
) -> None:
    assert fault(await finance.call(operation)) == "DocID"
    assert fault(await finance.call(operation, docid="12x")) == "DocID"
    assert axis.telemetry.odd_calls == [("finance", OddCall.NO_NUMBER)] * 2


async def test_the_number_decides_where_the_kind_is_missing_or_stale(
    axis: EdocAxis, finance: Client, information: Client
) -> None:
    file = letter()
    number = (await finance.send(file))["docId"]
    assert await information.fetch(number, "STATUS") == file
    answer = await information.call("getDocument", docid=str(number))
    assert base64.b64decode(answer["data"]) == file
    assert axis.telemetry.odd_calls == [("information", OddCall.OTHER_KIND)]


async def test_a_client_that_asks_for_one_number_for_ever_is_noticed(
    axis: EdocAxis, finance: Client, information: Client
) -> None:
    number = (await finance.send(letter()))["docId"]
    for _ in range(PATIENCE):
        await information.fetch(number)
    assert axis.telemetry.odd_calls == [("information", OddCall.SAME_NUMBER)]


async def test_a_large_file_comes_back_whole_on_one_line(tmp_path: Path) -> None:
    large = b"QUJD" * 700_000
    file = letter(changes=(("JVBERi0xLjUKJSVFT0YK", large.decode()),))
    bounds = Bounds(limit=4_000_000, memory=100_000)
    async with serving(tmp_path, bounds=bounds) as (axis, _):
        sent = await axis.client(FINANCE).send(file + b"\r\n", hash_edoc=sha(file))
        assert await axis.client(INFORMATION).fetch(sent["docId"]) == file
    assert not os.listdir(tmp_path)


async def test_at_most_five_hundred_are_listed_and_the_rest_follows(
    axis: EdocAxis, finance: Client, information: Client
) -> None:
    await asyncio.gather(*(finance.send(letter(number)) for number in range(1, 504)))
    first = await information.pending()
    assert len(first) == 500
    for number in first[:10]:
        await information.confirm(number)
    later = await information.pending()
    assert len(later) == 493
    assert set(first[10:]) < set(later)
    waiting = await axis.mailbox.waiting("information")
    assert {item.state for item in waiting} == {ItemState.INITIAL}, "listing changes nothing"


# --- statuses


async def test_a_status_goes_back_to_the_sender(finance: Client, information: Client) -> None:
    await finance.send(letter())
    file = report("03")
    sent = await information.send(file, kind="STATUS")
    assert sent["status"] == "Success"
    assert await finance.pending("STATUS") == [sent["docId"]]
    assert await finance.pending("EDOC") == []
    assert await finance.fetch(sent["docId"], "STATUS") == file


async def test_a_status_may_have_its_fields_in_an_element_of_its_own(
    finance: Client, information: Client
) -> None:
    await finance.send(letter())
    file = report("03").replace(b"edXML:MessageHeader>", b"edXML:Status>")
    assert (await information.send(file, kind="STATUS"))["status"] == "Success"
    assert len(await finance.pending("STATUS")) == 1


async def test_a_status_about_an_unknown_document_is_kept_for_it(
    axis: EdocAxis, finance: Client, information: Client
) -> None:
    told = await information.send(report("03"), kind="STATUS")
    assert told["status"] == "Success"
    assert "[unmatched]" in told["warnings"][0]["description"]
    axis.rules = Rules(BASE, frozenset({"information"}))
    answer = await information.send(report("04"), kind="STATUS")
    assert (answer["status"], answer["code"], answer["docId"]) == ("Error", "0", 0)
    assert fault(answer) == "M.UpdateStatusDoc"
    assert len(await finance.pending("STATUS")) == 2
    await finance.send(letter())
    async with axis.ledger.transaction():
        assert await axis.ledger.unmatched_count() == 0, "both were joined"


async def test_a_stranger_s_status_is_not_allowed(axis: EdocAxis, finance: Client) -> None:
    await finance.send(letter())
    answer = await axis.client(STRANGER).send(report("03", sender=STRANGER), kind="STATUS")
    assert (answer["status"], fault(answer)) == ("Fail", "M.UpdateStatusDoc")


# --- the directory, and what exists


async def test_the_directory_is_listed_and_asked_by_either_name(finance: Client) -> None:
    answer = await finance.call("getOrganizations", method="GET")
    assert (answer["status"], answer["code"], answer["errors"]) == ("Success", "0", [])
    assert BROKER in [each["organId"] for each in answer["organizations"]]
    for name in ("organId", "domain"):
        found = await finance.call(f"getOrganizations?{name}={INFORMATION}")
        assert [each["organId"] for each in found["organizations"]] == [INFORMATION]


async def test_a_document_exists_for_those_who_took_part_in_it(
    axis: EdocAxis, finance: Client, information: Client
) -> None:
    await finance.send(letter(15, INFORMATION, BROKER))
    asked = {"fromOrgan": FINANCE, "toOrgan": INFORMATION, "docCode": "15/STC-VP"}

    async def exists(client: Client, **changes: str) -> dict[str, object]:
        return await client.call("checkExistDocument", json.dumps(asked | changes).encode())

    found = {"status": "Success", "code": "200", "errors": [], "isExist": True}
    assert await exists(finance) == found
    assert await exists(information) == found
    assert await exists(finance, toOrgan=BROKER) == found, "any of several recipients"
    assert await exists(finance, fromOrgan="H53.11") == found
    assert not (await exists(finance, docCode="16/STC-VP"))["isExist"]
    assert not (await exists(finance, docCode="15/UBND"))["isExist"]
    assert not (await exists(finance, toOrgan=STRANGER))["isExist"]
    stranger = await exists(axis.client(STRANGER))
    assert (stranger["status"], stranger["isExist"]) == ("Fail", False)


async def test_a_question_that_is_none_is_refused(finance: Client) -> None:
    for body in (b"", b"{", b"x" * 100_000):
        answer = await finance.call("checkExistDocument", body)
        assert (answer["status"], fault(answer), answer["isExist"]) == ("Fail", "BadRequest", False)


# --- when we are broken


@pytest.mark.parametrize("error", [TransientError("disk full"), IntegrityError("x"), KeyError("x")])
async def test_an_outage_of_ours_is_an_error_in_the_documented_shape(error: Exception) -> None:
    async def fail() -> None:
        raise error

    async with serving(before=fail) as (axis, _):
        answer = await axis.client(FINANCE).send(letter())
        assert (answer["status"], answer["code"], answer["docId"]) == ("Error", "9999", 0)
        assert "disk full" not in str(answer)
        assert axis.telemetry.troubles == [("door.edoc", error)]
        assert calls(axis) == [("sendDocument", "failed", "9999", "finance")]


async def test_a_list_that_cannot_be_read_is_an_error_with_http_200(
    axis: EdocAxis, finance: Client
) -> None:
    await axis.ledger.close()
    answer = await finance.call("getPendingDocIds", method="GET", type="EDOC")
    assert (answer["status"], answer["code"], answer["docIDs"]) == ("Error", "9999", [])


async def test_a_file_that_breaks_off_is_never_taken_for_the_whole(
    axis: EdocAxis, finance: Client, information: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = (await finance.send(letter()))["docId"]
    broken = IntegrityError("the payload changed")

    async def half(_: str) -> AsyncIterator[bytes]:
        async def pieces() -> AsyncIterator[bytes]:
            yield letter()[:300]
            raise broken

        return pieces()

    monkeypatch.setattr(axis.ledger.mailboxes, "pieces", half)
    with pytest.raises(aiohttp.ClientError):
        await information.fetch(number)
    assert axis.telemetry.troubles == [("door.edoc", broken)]


async def test_a_call_that_takes_too_long_is_given_up() -> None:
    async def wait() -> None:
        await asyncio.Event().wait()

    async with serving(before=wait, patience=0.05) as (axis, _):
        answer = await axis.client(FINANCE).send(letter())
        assert (answer["status"], answer["code"]) == ("Error", "9999")
        ((where, error),) = axis.telemetry.troubles
        assert where == "door.edoc"
        assert isinstance(error, TransientError)


async def test_what_was_taken_is_answered_before_a_stop_and_nothing_new_is_taken() -> None:
    taken, going_on = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        taken.set()
        await going_on.wait()

    async with serving(before=wait) as (axis, door):
        sending = asyncio.create_task(axis.client(FINANCE).send(letter()))
        await taken.wait()
        draining = asyncio.create_task(door.drain())
        await asyncio.sleep(0)
        assert (await axis.client(FINANCE).send(letter(2)))["status"] == "Error"
        assert not draining.done()
        going_on.set()
        assert (await sending)["status"] == "Success"
        await draining
