"""The simulated national axis as a real server, asked by the real client, in every operation."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from axisd.adapters.clock import ManualClock
from axisd.adapters.vxp.client import NationalError, VxpClient
from axisd.adapters.vxp.protocol import Answer, unpadded_hash
from axisd.errors import TransientError, UnavailableError
from axisd.ports import NationalItem, TransportStatus
from axisd.simulator.national import Behaviour, Seed, serve
from axisd.simulator.national.envelope import glance
from tests.support.axis_scene import (
    LISTING,
    Scene,
    close_scene,
    open_scene,
    refused,
    rows,
    send,
)
from tests.support.national import (
    FINANCE,
    HEALTH,
    LOCKED,
    MINISTRY,
    OFFICE,
    PROVINCE,
    SECRETS,
    SEED,
    document,
    status,
)


@pytest_asyncio.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    opened = await open_scene(tmp_path / "axis", SEED, ManualClock())
    yield opened
    await close_scene(opened)
    assert list(opened.axis.office._troubles) == []


async def test_a_document_goes_from_one_centre_to_the_other(scene: Scene) -> None:
    doc_id = await send(scene.province, document(OFFICE), OFFICE)
    assert await scene.ministry.count("document") == 1
    (item,) = await scene.ministry.waiting("document")
    at = "2026/01/05 08:00:00"
    assert item == NationalItem(item.doc_id, "edoc", FINANCE, OFFICE, at, "initial")
    assert item.doc_id != doc_id
    body = await scene.ministry.fetch(item)
    assert await scene.ministry.download(item.doc_id) == body
    seen = glance(body, 10_000)
    assert not isinstance(seen, str)
    assert seen.recipients == (OFFICE,)


async def test_an_item_is_listed_until_it_is_done_or_failed(scene: Scene) -> None:
    await send(scene.province, document(OFFICE, document_id="1"), OFFICE)
    await send(scene.province, document(OFFICE, document_id="2"), OFFICE)
    first, second = await scene.ministry.waiting("document")
    await scene.ministry.report(first, TransportStatus.PROCESSING)
    assert [item.doc_id for item in await scene.ministry.waiting("document")] == [
        first.doc_id,
        second.doc_id,
    ]
    await scene.ministry.report(first, TransportStatus.DONE)
    await scene.ministry.report(second, TransportStatus.FAIL, "gói tin hỏng")
    await scene.ministry.report(second, TransportStatus.PROCESSING)
    assert list(await scene.ministry.waiting("document")) == []
    assert await scene.ministry.count("document") == 0
    assert await scene.items(MINISTRY) == {"edoc": {"done": 1, "fail": 1}}
    assert await scene.ministry.fetch(first)


async def test_a_status_goes_to_whom_it_answers_or_to_whom_it_is_addressed(scene: Scene) -> None:
    await send(scene.ministry, status("01"), kind="status")
    await send(scene.ministry, status("03"), HEALTH, kind="status")
    items = await scene.province.waiting("status")
    assert [(item.message_type, item.recipient) for item in items] == [
        ("status", FINANCE),
        ("status", HEALTH),
    ]
    assert await scene.province.count("status") == 2
    assert await scene.province.count("document") == 0
    assert list(await scene.province.waiting("document")) == []
    assert b"<edXML:StatusCode>01</edXML:StatusCode>" in await scene.province.fetch(items[0])


async def test_an_organ_named_by_both_codes_gets_one_item_and_everyone_else_his_own(
    scene: Scene,
) -> None:
    body = document(FINANCE, "H53.11", HEALTH, sender=OFFICE)
    await scene.ministry.send(body, kind="document", sender="G14", recipients=[])
    items = await scene.province.waiting("document")
    assert [(item.sender, item.recipient) for item in items] == [("G14", FINANCE), ("G14", HEALTH)]


async def test_what_is_addressed_beside_the_envelope_overrides_its_recipients(scene: Scene) -> None:
    await send(scene.province, document(OFFICE, HEALTH), HEALTH)
    assert await scene.ministry.count("document") == 0
    assert [item.recipient for item in await scene.province.waiting("document")] == [HEALTH]


async def test_a_refused_message_reaches_nobody(scene: Scene) -> None:
    assert await refused(scene.province, document(OFFICE), OFFICE, "000.00.00.X99") == "18"
    assert await refused(scene.province, document()) == "18"
    assert await refused(scene.province, document(OFFICE, LOCKED)) == "23"
    assert await refused(scene.province, document(OFFICE), sender=OFFICE) == "19"
    assert await refused(scene.province, document(OFFICE), sender="nobody") == "19"
    assert await refused(scene.province, b"<edXML/>", OFFICE) == "22"
    assert await refused(scene.province, status(), OFFICE) == "22"
    assert await refused(scene.province, b"", OFFICE) == "21"
    assert (await scene.state())["centres"][PROVINCE]["sent"] == 0
    assert await scene.items(MINISTRY) == {}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"hash-file": "0" * 64}, "21"),
        ({"messagetype": "fax"}, "10"),
        ({"servicetype": "other"}, "10"),
        ({"to": "000.00.00.G14"}, "10"),
        ({"to": '{"code": "000.00.00.G14"}'}, "10"),
        ({"to": "[14]"}, "10"),
        ({"to": "[" * 2000}, "10"),
    ],
)
async def test_a_parameter_that_says_something_else_is_refused(
    scene: Scene, changes: dict[str, str], code: str
) -> None:
    body = document(OFFICE)
    parameters = {**LISTING, "from": FINANCE, "hash-file": unpadded_hash(body)} | changes
    answer = await scene.province.call("sendEdoc", parameters, body)
    assert (answer.accepted, answer.code) == (False, code)


async def test_a_wrong_secret_opens_nothing(scene: Scene) -> None:
    async with VxpClient(scene.axis.url, PROVINCE, "another secret", scene.clock) as wrong:
        assert await refused(wrong, document(OFFICE), OFFICE) == "15"
        with pytest.raises(NationalError) as caught:
            await wrong.waiting("document")
        assert caught.value.code == "15"
        with pytest.raises(TransientError, match="empty body"):
            await wrong.download("7")


async def test_another_centres_item_does_not_exist(scene: Scene) -> None:
    await send(scene.province, document(OFFICE), OFFICE)
    (item,) = await scene.ministry.waiting("document")
    with pytest.raises(NationalError, match="no such document"):
        await scene.province.fetch(item)
    with pytest.raises(NationalError, match="no such document"):
        await scene.province.report(item, TransportStatus.DONE)
    with pytest.raises(TransientError, match="empty body"):
        await scene.province.download(item.doc_id)
    assert await scene.ministry.count("document") == 1


async def test_a_status_word_that_is_none_is_refused(scene: Scene) -> None:
    await send(scene.province, document(OFFICE), OFFICE)
    (item,) = await scene.ministry.waiting("document")
    for word in ("initial", "finished", ""):
        parameters = {"docId": item.doc_id, "status": word}
        assert (await scene.ministry.call("updateStatus", parameters)).code == "10"


async def test_the_sent_list_tells_what_became_of_each_copy(scene: Scene) -> None:
    doc_id = await send(scene.province, document(OFFICE, HEALTH))
    scene.clock.advance(timedelta(minutes=10))
    (item,) = await scene.ministry.waiting("document")
    await scene.ministry.report(item, TransportStatus.FAIL, "khong doc duoc")
    there, here = rows(await scene.province.call("getSentEdocList", LISTING))
    assert there == {
        "senderDocId": doc_id,
        "receiverDocId": item.doc_id,
        "fromCode": FINANCE,
        "toCode": OFFICE,
        "serviceType": "eDoc",
        "messageType": "edoc",
        "title": "V/v dự toán",
        "notation": "7/STC-VP",
        "sentTime": "2026/01/05 08:00:00",
        "receivedTime": "2026/01/05 08:10:00",
        "sendStatus": "done",
        "sendStatusDesc": "",
        "receiveStatus": "fail",
        "receiveStatusDesc": "khong doc duoc",
    }
    assert (here["toCode"], here["receiveStatus"], here["receivedTime"]) == (HEALTH, "initial", "")
    assert rows(await scene.ministry.call("getSentEdocList", LISTING)) == []


async def test_the_sent_list_of_one_message_and_with_a_stale_docid(scene: Scene) -> None:
    first = await send(scene.province, document(OFFICE, document_id="1"), OFFICE)
    second = await send(scene.province, document(OFFICE, document_id="2"), OFFICE)
    of_one = await scene.province.call("getSentEdocList", LISTING | {"docId": second})
    assert [row["senderDocId"] for row in rows(of_one)] == [second]
    stale = await scene.province.call("getSentEdocList", LISTING | {"docId": "of an earlier call"})
    assert [row["senderDocId"] for row in rows(stale)] == [first, second]


async def test_a_stale_docid_on_the_received_list_is_ignored(scene: Scene) -> None:
    await send(scene.province, document(OFFICE), OFFICE)
    answer = await scene.ministry.call("getReceivedEdocList", LISTING | {"docId": "stale"})
    assert len(rows(answer)) == 1


@pytest.mark.parametrize(
    ("days", "listed"),
    [
        ({"fromDate": "2026/01/05", "toDate": "2026/01/05"}, 1),
        ({"fromDate": "06/01/2026"}, 0),
        ({"toDate": "2026-01-04"}, 0),
        ({"fromDate": "yesterday"}, 1),
    ],
)
async def test_the_received_list_keeps_to_the_days_asked_for(
    scene: Scene, days: dict[str, str], listed: int
) -> None:
    await send(scene.province, document(OFFICE), OFFICE)
    answer = await scene.ministry.call("getReceivedEdocList", LISTING | days)
    assert len(rows(answer)) == listed


async def test_a_repeat_is_delivered_again_and_counted(scene: Scene) -> None:
    body = document(OFFICE, HEALTH)
    await send(scene.province, body, OFFICE)
    await send(scene.province, body, HEALTH)
    assert (await scene.state())["repeats"] == 0
    await send(scene.province, body, OFFICE)
    assert await scene.ministry.count("document") == 2
    assert (await scene.state())["repeats"] == 1


async def test_the_directory_is_listed_in_both_styles(scene: Scene) -> None:
    agencies = rows(await scene.province.call("getAgenciesList"))
    finance = next(row for row in agencies if row["code"] == FINANCE)
    assert finance == {
        "id": finance["id"],
        "pid": next(row["id"] for row in agencies if row["code"] == "000.00.00.H53"),
        "code": FINANCE,
        "name": "Sở Tài chính",
        "mail": "",
        "mobile": "",
        "fax": "",
        "oldCode": "H53.11",
        "pcode": "000.00.00.H53",
    }
    everyone = rows(await scene.ministry.call("getAgenciesListQD20"))
    assert {(row["code"], row["code102"]) for row in everyone} == {
        ("H53", "000.00.00.H53"),
        ("H53.11", FINANCE),
        ("H53.13", HEALTH),
        ("H53.99", LOCKED),
        ("G14", OFFICE),
    }
    first = rows(await scene.ministry.call("getAgenciesListQD20", {"level": "1"}))
    assert {row["code"] for row in first} == {"H53", "G14"}


async def test_an_agency_is_registered_changed_and_deleted_by_its_own_centre(scene: Scene) -> None:
    asked = {"id": "5", "pcode": FINANCE, "code": "001.00.11.H53", "name": "Chi cục", "mail": "a@b"}

    async def register(client: VxpClient, **changes: Any) -> Answer:
        return await client.call("registerAgency", {}, json.dumps(asked | changes).encode())

    assert (await register(scene.province)).accepted
    assert (await register(scene.province, name="Chi cục Thuế", mobile=None)).accepted
    assert (await register(scene.ministry)).code == "10"
    await send(scene.province, document("001.00.11.H53"), "001.00.11.H53")
    delete = {"AgencyCode": "001.00.11.H53"}
    assert (await scene.ministry.call("deleteAgency", delete)).code == "10"
    assert (await scene.province.call("deleteAgency", delete)).accepted
    assert (await scene.province.call("deleteAgency", delete)).code == "10"
    assert await refused(scene.province, document("001.00.11.H53")) == "18"
    agencies = rows(await scene.province.call("getAgenciesList"))
    assert "001.00.11.H53" not in {row["code"] for row in agencies}
    units = rows(await scene.province.call("getSynchronizeUnit"))
    (unit,) = [row for row in units if row["code"] == "001.00.11.H53"]
    assert unit | {"id": "", "pid": ""} == {
        "id": "",
        "pid": "",
        "code": "001.00.11.H53",
        "name": "Chi cục Thuế",
        "mail": "a@b",
        "version": "3",
        "centerCode": PROVINCE,
        "deleted": "true",
        "modifyDate": "2026/01/05 08:00:00",
        "isAgency": "true",
    }
    assert (await register(scene.province)).accepted
    await send(scene.province, document("001.00.11.H53"), "001.00.11.H53")


async def test_registering_again_keeps_what_the_call_cannot_say(scene: Scene) -> None:
    body = json.dumps({"code": FINANCE, "name": "Sở Tài chính mới"}).encode()
    assert (await scene.province.call("registerAgency", {}, body)).accepted
    await send(scene.province, document("H53.11"), "H53.11")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"null",
        b'{"name":"x"}',
        b'{"code":"a b"}',
        b'{"code":7}',
        b'{"code":"H53.11"}',
        b'{"code":"000.00.00.G14"}',
        b"[" * 60_000,
    ],
)
async def test_a_registration_that_cannot_be_is_refused(scene: Scene, body: bytes) -> None:
    answer = await scene.province.call("registerAgency", {}, body)
    assert (answer.accepted, answer.code) == (False, "10")


async def test_everything_survives_a_restart(tmp_path: Path) -> None:
    clock = ManualClock()
    scene = await open_scene(tmp_path, SEED, clock)
    await send(scene.province, document(OFFICE, document_id="1"), OFFICE)
    await send(scene.province, document(OFFICE, document_id="2"), OFFICE)
    await scene.province.call("registerAgency", {}, b'{"code":"001.00.11.H53"}')
    before = await scene.ministry.waiting("document")
    await scene.ministry.report(before[0], TransportStatus.DONE)
    body = await scene.ministry.fetch(before[1])
    kept = await scene.state()
    await close_scene(scene)
    for seed in (SEED, Seed()):
        scene = await open_scene(tmp_path, seed, clock)
        assert list(await scene.ministry.waiting("document")) == list(before[1:])
        assert await scene.ministry.fetch(before[1]) == body
        assert (await scene.state())["centres"] == kept["centres"]
        await send(scene.province, document("001.00.11.H53"), "001.00.11.H53")
        kept["centres"] = (await scene.state())["centres"]
        await close_scene(scene)


async def test_a_new_secret_in_the_seed_counts_after_a_restart(tmp_path: Path) -> None:
    clock = ManualClock()
    await close_scene(await open_scene(tmp_path, SEED, clock))
    centres = tuple(centre.model_copy(update={"secret": "new"}) for centre in SEED.centres)
    scene = await open_scene(tmp_path, SEED.model_copy(update={"centres": centres}), clock)
    async with VxpClient(scene.axis.url, PROVINCE, "new", clock) as renewed:
        assert await renewed.count("document") == 0
    with pytest.raises(NationalError):
        await scene.province.count("document")
    await close_scene(scene)


@pytest.mark.parametrize(
    ("behaviour", "recipients", "organs"),
    [
        (Behaviour(), (OFFICE,), [PROVINCE]),
        (Behaviour(trace_organ="null"), (OFFICE,), ["null"]),
        (Behaviour(trace_organ=None), (OFFICE,), []),
        (Behaviour(trace=False, twin_recipients=True), (OFFICE, "G14"), []),
        (Behaviour(trace=False), (OFFICE,), []),
    ],
)
async def test_what_the_axis_does_to_a_document_is_chosen(
    tmp_path: Path, behaviour: Behaviour, recipients: tuple[str, ...], organs: list[str]
) -> None:
    seed = SEED.model_copy(update={"behaviour": behaviour})
    scene = await open_scene(tmp_path, seed, ManualClock())
    body = document(OFFICE)
    await send(scene.province, body, OFFICE)
    (item,) = await scene.ministry.waiting("document")
    delivered = await scene.ministry.fetch(item)
    seen = glance(delivered, 10_000)
    assert not isinstance(seen, str)
    assert delivered != body
    assert seen.recipients == recipients
    names = {"e": "http://www.mic.gov.vn/TBT/QCVN_102_2016"}
    traced = [found.text for found in seen.root.iterfind(".//e:TraceHeader/e:OrganId", names)]
    assert traced == organs
    await close_scene(scene)


async def test_an_axis_that_touches_nothing_delivers_the_bytes_that_were_sent(
    tmp_path: Path,
) -> None:
    seed = SEED.model_copy(update={"behaviour": Behaviour(reserialise=False, trace=False)})
    scene = await open_scene(tmp_path, seed, ManualClock())
    body = document(OFFICE)
    await send(scene.province, body, OFFICE)
    (item,) = await scene.ministry.waiting("document")
    assert await scene.ministry.fetch(item) == body
    await close_scene(scene)


async def test_a_large_document_passes_and_one_over_the_limit_does_not(scene: Scene) -> None:
    large = document(OFFICE, filling=3 * 1024 * 1024)
    await send(scene.province, large, OFFICE)
    (item,) = await scene.ministry.waiting("document")
    assert len(await scene.ministry.fetch(item)) > 3 * 1024 * 1024
    assert await refused(scene.province, document(OFFICE, filling=4 * 1024 * 1024)) == "21"


async def test_the_state_is_told_without_secrets_or_content(scene: Scene) -> None:
    await send(scene.province, document(OFFICE, subject="Chuyện riêng"), OFFICE)
    await scene.ministry.count("status")
    state = await scene.state()
    assert state["centres"][MINISTRY] == {
        "name": "Bộ Tài chính",
        "agencies": 1,
        "sent": 0,
        "items": {"edoc": {"initial": 1}},
    }
    assert state["calls"] == {"sendEdoc": 1, "countReceiveStatus": 1}
    told = json.dumps(state, ensure_ascii=False)
    for hidden in (*SECRETS.values(), "Chuyện riêng"):
        assert hidden not in told


async def test_a_port_that_is_taken_is_said(scene: Scene, tmp_path: Path) -> None:
    port = int(scene.axis.url.rpartition(":")[2])
    with pytest.raises(UnavailableError, match=f"cannot listen on 127.0.0.1:{port}"):
        await serve(tmp_path / "second", port=port)


async def test_both_ways_of_fetching_bring_the_same_bytes(scene: Scene) -> None:
    await send(scene.province, document(OFFICE), OFFICE)
    (item,) = await scene.ministry.waiting("document")
    answer = await scene.ministry.call("getEdoc", {"docId": item.doc_id, "filePath": "x"})
    raw = await scene.ministry.download(item.doc_id)
    assert answer.fields["data"] == raw
