"""The door over the real intake and mailbox, asked over HTTP: what comes in, what goes out, and whose it is."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from axisd.adapters.vxp.protocol import OPERATIONS, Answer
from axisd.core.lifecycle import SubmissionState
from axisd.core.reasons import REASONS
from axisd.ports import NationalItem, TransportStatus
from tests.support.values import DOOR, FINANCE, HEALTH, document, status
from tests.support.vxp_door import STRANGER, Site, bytes_of, post, sending
from tests.support.vxp_door import site as serving

BODY = bytes_of(document(HEALTH, sender=DOOR))
TO_DOOR = bytes_of(document(DOOR, sender=HEALTH))


@pytest_asyncio.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with serving(tmp_path) as made:
        yield made


async def listed(site: Site, kind: str = "edoc", account: str = "door") -> list[dict[str, str]]:
    answer = await site.call("getReceivedEdocList", account, servicetype="eDoc", messagetype=kind)
    assert answer.accepted
    rows = answer.fields["data"]
    assert isinstance(rows, list)
    return rows


# in


async def test_what_is_sent_is_settled_under_the_id_that_is_answered(site: Site) -> None:
    answer = await post(f"{site.url}/sendEdoc", sending(BODY), BODY)
    assert (answer["status"], answer["ErrorCode"], answer["ErrorDesc"]) == ("OK", "0", "")
    record = await site.ledger.submission(answer["DocId"])
    assert record is not None
    assert (record.state, record.facts.door, record.facts.account) == ("accepted", "vxp", "door")
    assert await site.ledger.payload(record.facts.digest) == BODY


async def test_the_line_end_that_the_sdk_appends_is_not_the_documents(site: Site) -> None:
    answer = await post(f"{site.url}/sendEdoc", sending(BODY), BODY + b"\r\n")
    record = await site.ledger.submission(answer["DocId"])
    assert record is not None
    assert await site.ledger.payload(record.facts.digest) == BODY


async def test_a_repeat_answers_the_first_ones_id(site: Site) -> None:
    first = await post(f"{site.url}/sendEdoc", sending(BODY), BODY)
    again = await post(f"{site.url}/sendEdoc", sending(BODY), BODY)
    assert again == first
    states = [settled.state for settled in site.telemetry.settlements]
    assert states == [SubmissionState.ACCEPTED, SubmissionState.DUPLICATE]


async def test_a_refusal_is_answered_with_its_reasons_code_in_two_languages(site: Site) -> None:
    unknown = bytes_of(document("000.00.99.H53", sender=DOOR))
    answer = await post(f"{site.url}/sendEdoc", sending(unknown), unknown)
    reason = REASONS["recipient-unknown"]
    assert (answer["status"], answer["ErrorCode"]) == ("FAIL", reason.vxp)
    for text in ("[recipient-unknown", "is not in the directory", "không có trong danh mục"):
        assert text in answer["ErrorDesc"]


async def test_who_is_not_reached_is_told_and_the_others_get_it(site: Site) -> None:
    body = bytes_of(document(HEALTH, *(f"000.00.{n}.H53" for n in range(60, 67)), sender=DOOR))
    answer = await post(f"{site.url}/sendEdoc", sending(body), body)
    assert answer["status"] == "OK"
    assert answer["DocId"]
    assert answer["ErrorDesc"].count("[recipient-unknown") == 5
    assert "and 2 more" in answer["ErrorDesc"]


async def test_a_warning_is_told_with_the_answer_because_no_receipt_would_reach_the_system(
    site: Site,
) -> None:
    body = bytes_of(status("03", sender=DOOR, about=HEALTH))
    answer = await post(f"{site.url}/sendEdoc", sending(body, kind="status"), body)
    assert answer["status"] == "OK"
    for text in ("[unmatched", "Trục chưa biết văn bản", "is not known here"):
        assert text in answer["ErrorDesc"]


async def test_to_names_for_which_recipients_it_is_sent(site: Site) -> None:
    body = bytes_of(document(HEALTH, STRANGER, sender=DOOR))
    answer = await post(
        f"{site.url}/sendEdoc", sending(body, to=json.dumps([STRANGER, FINANCE])), body
    )
    assert answer["status"] == "OK"
    assert "[recipient-not-named]" in answer["ErrorDesc"]
    assert [row["to"] for row in await listed(site, account="stranger")] == [STRANGER]
    assert site.telemetry.settlements[0].deliveries == 1


@pytest.mark.parametrize("to", ["H53.11", "{}", "[1]", "[[]]", '["a"', "null", "[" * 5000])
async def test_a_to_that_is_no_list_of_codes_is_refused(site: Site, to: str) -> None:
    answer = await post(f"{site.url}/sendEdoc", sending(BODY, to=to), BODY)
    assert answer["ErrorCode"] == "10"
    assert site.telemetry.settlements == []


@pytest.mark.parametrize("sender", [HEALTH, STRANGER, "nobody", "x" * 200])
async def test_a_system_sends_in_no_other_name_than_its_agencies(site: Site, sender: str) -> None:
    answer = await post(f"{site.url}/sendEdoc", sending(BODY, sender=sender), BODY)
    assert answer["ErrorCode"] == REASONS["sender-not-account"].vxp
    assert "[sender-not-account]" in answer["ErrorDesc"]
    assert site.telemetry.settlements == []


async def test_the_envelope_may_name_no_other_sender_either(site: Site) -> None:
    forged = bytes_of(document(HEALTH, sender=STRANGER))
    answer = await post(f"{site.url}/sendEdoc", sending(forged), forged)
    assert "[sender-not-account" in answer["ErrorDesc"]
    assert site.telemetry.settlements[0].state is SubmissionState.REFUSED


@pytest.mark.parametrize("body", [b"not edXML", b"<edXML/>", b"\x00\x01"])
async def test_what_is_no_edxml_is_refused_by_the_intake(site: Site, body: bytes) -> None:
    answer = await post(f"{site.url}/sendEdoc", sending(body), body)
    assert answer["status"] == "FAIL"
    assert answer["ErrorCode"] in {"10", "22"}
    assert len(site.telemetry.settlements) == 1


async def test_an_empty_file_is_refused(site: Site) -> None:
    assert (await post(f"{site.url}/sendEdoc", sending(b"")))["ErrorCode"] == "21"


async def test_a_large_document_waits_its_turn_on_disk(site: Site) -> None:
    large = bytes_of(document(STRANGER, sender=DOOR), bytes(2_000_000))
    answer = await post(f"{site.url}/sendEdoc", sending(large), large)
    assert answer["status"] == "OK"
    async with site.client("stranger") as vxp:
        (item,) = await vxp.waiting("document")
        assert await vxp.fetch(item) == large
        assert await vxp.download(item.doc_id) == large


async def test_what_cannot_be_settled_now_is_answered_20_so_that_the_sdk_repeats(
    site: Site,
) -> None:
    site.down = True
    answer = await post(f"{site.url}/sendEdoc", sending(BODY), BODY)
    assert (answer["status"], answer["ErrorCode"]) == ("FAIL", "20")
    assert "disk" not in answer["ErrorDesc"]
    site.down = False
    assert (await post(f"{site.url}/sendEdoc", sending(BODY), BODY))["status"] == "OK"


# out


async def test_a_document_is_listed_counted_fetched_and_done_with(site: Site) -> None:
    await site.came(TO_DOOR)
    async with site.client() as vxp:
        assert await vxp.count("document") == 1
        assert await vxp.count("status") == 0
        (item,) = await vxp.waiting("document")
        assert (item.sender, item.recipient, item.message_type) == (HEALTH, DOOR, "edoc")
        assert await vxp.fetch(item) == TO_DOOR
        (row,) = await listed(site)
        assert (row["docId"], row["status"]) == (item.doc_id, "processing")
        await vxp.report(item, TransportStatus.DONE)
        assert await vxp.waiting("document") == []
        assert await vxp.count("document") == 0
        assert await vxp.fetch(item) == TO_DOOR, "any number of times"


async def test_an_item_that_failed_stays_with_its_cause(site: Site) -> None:
    await site.came(TO_DOOR)
    (row,) = await listed(site)
    answer = await site.call(
        "updateStatus", docId=row["docId"], status="fail", description="het dung luong"
    )
    assert answer == Answer()
    (row,) = await listed(site)
    assert (row["status"], row["status_desc"]) == ("fail", "het dung luong")
    assert (await site.call("countReceiveEdoc")).fields["count"] == 1


async def test_statuses_are_listed_by_themselves(site: Site) -> None:
    await post(f"{site.url}/sendEdoc", sending(BODY), BODY)
    await site.came(bytes_of(status("03", sender=HEALTH, about=DOOR)))
    assert [row["messageType"] for row in await listed(site, "status")] == ["status"]
    assert await listed(site, "edoc") == []
    assert (await site.call("countReceiveStatus")).fields["count"] == 1


async def test_a_status_is_sent_as_a_message_of_its_own(site: Site) -> None:
    await site.came(TO_DOOR)
    word = bytes_of(status("01", sender=DOOR, about=HEALTH))
    answer = await post(f"{site.url}/sendEdoc", sending(word, kind="status"), word)
    assert (answer["status"], answer["ErrorDesc"]) == ("OK", "")


async def test_what_was_sent_is_listed_with_what_became_of_it(site: Site) -> None:
    body = bytes_of(document(HEALTH, STRANGER, sender=DOOR))
    sent = await post(f"{site.url}/sendEdoc", sending(body), body)
    await site.came(bytes_of(status("03", sender=HEALTH, about=DOOR)))
    answer = await site.call("getSentEdocList", servicetype="eDoc", messagetype="edoc")
    rows = {row["toCode"]: row for row in answer.fields["data"]}
    assert set(rows) == {HEALTH, STRANGER}
    assert {row["senderDocId"] for row in rows.values()} == {sent["DocId"]}
    assert rows[HEALTH]["receiveStatus"] == "03"
    assert "đã tiếp nhận" in rows[HEALTH]["receiveStatusDesc"]
    assert (rows[STRANGER]["sendStatus"], rows[STRANGER]["receiveStatus"]) == ("done", "initial")
    assert rows[STRANGER]["title"] == document().subject
    for fields in rows.values():
        assert set(fields) == set(OPERATIONS["getSentEdocList"].item)


async def test_a_stale_docid_on_a_list_is_ignored_and_one_of_ones_own_is_not(site: Site) -> None:
    other = bytes_of(document(HEALTH, sender=DOOR, document_id="another"))
    first = await post(f"{site.url}/sendEdoc", sending(BODY), BODY)
    await post(f"{site.url}/sendEdoc", sending(other), other)
    question = {"servicetype": "eDoc", "messagetype": "edoc"}
    own = await site.call("getSentEdocList", docId=first["DocId"], **question)
    assert [row["senderDocId"] for row in own.fields["data"]] == [first["DocId"]]
    stale = await site.call("getSentEdocList", docId="0190-of-another-call", **question)
    assert len(stale.fields["data"]) == 2
    await site.came(TO_DOOR)
    received = await site.call("getReceivedEdocList", docId="stale", **question)
    assert len(received.fields["data"]) == 1


async def test_a_list_is_bounded_by_days(site: Site) -> None:
    await site.came(TO_DOOR)
    day = (await listed(site))[0]["created_time"][:10]
    question = {"servicetype": "eDoc", "messagetype": "edoc"}
    for bounds, count in (
        ({"fromDate": day, "toDate": day}, 1),
        ({"fromDate": day.replace("/", "-")}, 1),
        ({"fromDate": "/".join(reversed(day.split("/")))}, 1),
        ({"toDate": f"{day} 23:59:59"}, 1),
        ({"fromDate": "2999/01/01"}, 0),
        ({"toDate": "2001/01/01"}, 0),
        ({"fromDate": "0001/01/01", "toDate": "9999/12/31"}, 1),
        ({"toDate": "0000/12/31"}, None),
        ({"fromDate": "yesterday"}, None),
    ):
        answer = await site.call("getReceivedEdocList", **question, **bounds)
        if count is None:
            assert answer.code == "10"
        else:
            assert len(answer.fields["data"]) == count


@pytest.mark.parametrize(
    ("operation", "wrong"),
    [
        ("getReceivedEdocList", {"servicetype": "eDoc", "messagetype": "letters"}),
        ("getReceivedEdocList", {"servicetype": "other", "messagetype": "edoc"}),
        ("getSentEdocList", {"servicetype": "eDoc", "messagetype": ""}),
        ("updateStatus", {"docId": "1", "status": "initial"}),
        ("updateStatus", {"docId": "1", "status": "done"}),
        ("getEdoc", {"docId": "1"}),
        ("getEdoc", {"docId": ""}),
        ("getAgenciesListQD20", {"level": "seven"}),
    ],
)
async def test_what_is_asked_wrongly_is_refused_in_words(
    site: Site, operation: str, wrong: dict[str, str]
) -> None:
    answer = await site.call(operation, **wrong)
    assert answer.code == "10"
    assert answer.text


# whose it is


async def test_another_systems_item_is_answered_like_one_that_does_not_exist(site: Site) -> None:
    await site.came(TO_DOOR)
    (row,) = await listed(site)
    key = row["docId"]
    for operation, more in (
        ("getEdoc", {}),
        ("updateStatus", {"status": "done"}),
    ):
        theirs = await site.call(operation, "stranger", docId=key, **more)
        nobodys = await site.call(operation, "stranger", docId="01900000", **more)
        assert theirs == nobodys
        assert not theirs.accepted
    async with site.client("stranger") as vxp:
        with pytest.raises(Exception, match="empty body"):
            await vxp.download(key)
    assert await listed(site, account="stranger") == []
    assert [row["status"] for row in await listed(site)] == ["initial"]


async def test_who_sent_a_document_may_fetch_it_and_a_third_may_not(site: Site) -> None:
    body = bytes_of(document(HEALTH, sender=DOOR))
    sent = await post(f"{site.url}/sendEdoc", sending(body), body)
    async with site.client() as vxp:
        assert await vxp.fetch(NationalItem(sent["DocId"], "edoc", "", "")) == body
    assert not (await site.call("getEdoc", "stranger", docId=sent["DocId"])).accepted


async def test_a_system_of_another_channel_is_not_known_here(site: Site) -> None:
    headers = sending(BODY, account="health", secret="")
    assert (await post(f"{site.url}/sendEdoc", headers, BODY))["ErrorCode"] == "15"
    assert await site.door.secret_of("health") is None
    assert await site.door.secret_of("nobody") is None


async def test_the_old_secret_and_the_new_one_hold_together(site: Site) -> None:
    for secret in ("old secret", "secret"):
        async with site.client(secret=secret) as vxp:
            assert await vxp.count("document") == 0


async def test_a_suspended_system_is_told_so_and_neither_sends_nor_fetches(site: Site) -> None:
    await site.came(TO_DOOR)
    (row,) = await listed(site)
    systems = dict(site.view.directory.systems)
    systems["door"] = replace(systems["door"], suspended=True)
    site.view = replace(site.view, directory=replace(site.view.directory, systems=systems))
    sent = await post(f"{site.url}/sendEdoc", sending(BODY), BODY)
    assert "[account-suspended]" in sent["ErrorDesc"]
    for operation, asked in (("getEdoc", {"docId": row["docId"]}), ("countReceiveEdoc", {})):
        answer = await site.call(operation, "door", **asked)
        assert (answer.code, "[account-suspended]" in answer.text) == (sent["ErrorCode"], True)
    assert len(site.telemetry.settlements) == 1, "what came over the broker"


# the directory


async def test_the_lists_have_every_open_agency_and_the_documented_fields(site: Site) -> None:
    for operation, codes in (
        ("getAgenciesList", {FINANCE, HEALTH, DOOR, STRANGER}),
        ("getAgenciesListQD20", {"H53.11", "H53.12", "H53.13", "H53.43"}),
        ("getSynchronizeUnit", {FINANCE, HEALTH, DOOR, STRANGER, "000.00.20.H53"}),
    ):
        rows = (await site.call(operation)).fields["data"]
        assert {row["code"] for row in rows} == codes
        for row in rows:
            assert set(row) == set(OPERATIONS[operation].item)
        assert len({row["id"] for row in rows}) == len(rows)


async def test_what_closed_is_marked_as_deleted_where_units_are_synchronised(site: Site) -> None:
    rows = {row["code"]: row for row in (await site.call("getSynchronizeUnit")).fields["data"]}
    closed = rows["000.00.20.H53"]
    assert (closed["deleted"], closed["modifyDate"]) == ("true", "2025/07/01")
    assert (rows[HEALTH]["deleted"], rows[HEALTH]["pid"]) == ("false", rows[FINANCE]["id"])
    assert {row["centerCode"] for row in rows.values()} == {site.view.axis.centre}


async def test_level_chooses_among_the_codes_of_qd20(site: Site) -> None:
    for level, count in (("2", 4), ("1", 0), ("", 4), ("0", 4)):
        answer = await site.call("getAgenciesListQD20", level=level)
        assert len(answer.fields["data"]) == count


async def test_a_new_directory_is_listed_at_once(site: Site) -> None:
    before = (await site.call("getAgenciesList")).fields["data"]
    again = await site.call("getAgenciesList")
    assert again.fields["data"] == before
    fewer = {
        code: found for code, found in site.view.directory.agencies.items() if code != STRANGER
    }
    site.view = replace(site.view, directory=replace(site.view.directory, agencies=fewer))
    after = (await site.call("getAgenciesList")).fields["data"]
    assert len(after) == len(before) - 1


UNDER_DOOR = "000.05.13.H53"


async def test_an_agency_that_a_system_registers_takes_part_at_once(site: Site) -> None:
    assert (
        await site.register(code=UNDER_DOOR, name="Trung tâm Công nghệ", mail="a@b.vn") == Answer()
    )
    rows = {row["code"]: row for row in (await site.call("getAgenciesList")).fields["data"]}
    assert (rows[UNDER_DOOR]["name"], rows[UNDER_DOOR]["pcode"]) == ("Trung tâm Công nghệ", DOOR)
    assert rows[UNDER_DOOR]["mail"] == ""
    body = bytes_of(document(HEALTH, sender=UNDER_DOOR))
    answer = await post(f"{site.url}/sendEdoc", sending(body, sender=UNDER_DOOR), body)
    assert answer["status"] == "OK"
    await site.came(bytes_of(document(UNDER_DOOR, sender=HEALTH)))
    assert [row["to"] for row in await listed(site)] == [UNDER_DOOR]


async def test_what_is_deleted_is_closed_and_what_waits_for_it_stays(site: Site) -> None:
    await site.register(code=UNDER_DOOR, name="Trung tâm", pcode=DOOR)
    await site.came(bytes_of(document(UNDER_DOOR, sender=HEALTH)))
    for _ in range(2):
        assert await site.call("deleteAgency", AgencyCode=UNDER_DOOR) == Answer()
    rows = {row["code"]: row for row in (await site.call("getSynchronizeUnit")).fields["data"]}
    assert rows[UNDER_DOOR]["deleted"] == "true"
    open_ones = (await site.call("getAgenciesList")).fields["data"]
    assert UNDER_DOOR not in {row["code"] for row in open_ones}
    (item,) = await listed(site)
    fetched = await site.call("getEdoc", docId=item["docId"])
    assert fetched.accepted
    assert (await site.call("updateStatus", docId=item["docId"], status="done")).accepted
    assert await listed(site) == []


async def test_systems_that_may_not_register_are_told_whom_to_ask(site: Site) -> None:
    for answer in (
        await site.register("stranger", code="000.05.43.H53", name="Trung tâm"),
        await site.call("deleteAgency", "stranger", AgencyCode=STRANGER),
    ):
        assert answer.code == "10"
        for text in ("Sở Thông tin và Truyền thông", "không tự đăng ký", "not by this system"):
            assert text in answer.text
    assert site.registered == ()


async def test_what_another_has_is_not_registered_nor_deleted(site: Site) -> None:
    answer = await site.register(code=STRANGER, name="Của tôi", pcode=DOOR)
    assert (answer.code, "another agency" in answer.text) == ("10", True)
    assert (await site.call("deleteAgency", AgencyCode=STRANGER)).code == "10"
    assert (await site.call("deleteAgency", AgencyCode=DOOR)).code == "10"
    assert site.registered == ()


@pytest.mark.parametrize("body", [b"", b"x", b"[]", b"null", b'"H53"', b"{}", b"[" * 5000, b"\xff"])
async def test_a_form_that_is_none_is_refused(site: Site, body: bytes) -> None:
    async with site.client() as vxp:
        answer = await vxp.call("registerAgency", {}, body)
    assert (answer.code, "JSON" in answer.text) == ("10", True)


async def test_what_cannot_be_registered_now_is_answered_20(site: Site) -> None:
    site.down = True
    answer = await site.register(code=UNDER_DOOR, name="Trung tâm")
    assert (answer.code, "disk" in answer.text) == ("20", False)
    site.down = False
    assert (await site.register(code=UNDER_DOOR, name="Trung tâm")).accepted


# what is told of it


async def test_every_call_is_counted_with_its_account_and_nothing_of_its_content(
    site: Site,
) -> None:
    await post(f"{site.url}/sendEdoc", sending(BODY), BODY)
    await post(f"{site.url}/sendEdoc", sending(BODY, secret="guessed"), BODY)
    await post(f"{site.url}/sendEdoc", sending(BODY, sender=HEALTH), BODY)
    site.down = True
    await post(f"{site.url}/sendEdoc", sending(BODY), BODY)
    await post(f"{site.url}/doSomething", {}, b"")
    told = [
        (call.operation, call.outcome, call.code, call.account) for call in site.telemetry.calls
    ]
    assert told == [
        ("sendEdoc", "ok", "0", "door"),
        ("sendEdoc", "refused", "15", ""),
        ("sendEdoc", "refused", REASONS["sender-not-account"].vxp, "door"),
        ("sendEdoc", "failed", "20", "door"),
        ("unknown", "refused", "10", ""),
    ]


async def test_at_a_stop_who_is_inside_is_answered_and_who_comes_then_is_sent_away(
    site: Site,
) -> None:
    held = asyncio.Event()
    go_on = asyncio.Event()
    settle = site.intake.handle

    async def slowly(*args: object) -> object:
        held.set()
        await go_on.wait()
        return await settle(*args)  # type: ignore[arg-type]

    site.intake.handle = slowly  # type: ignore[method-assign,assignment]
    inside = asyncio.create_task(post(f"{site.url}/sendEdoc", sending(BODY), BODY))
    await held.wait()
    draining = asyncio.create_task(site.door.drain())
    await asyncio.sleep(0)
    late = await site.call("countReceiveEdoc")
    assert (late.accepted, late.code) == (False, "20")
    assert not draining.done()
    go_on.set()
    assert (await inside)["status"] == "OK"
    await draining
