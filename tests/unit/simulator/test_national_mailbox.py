"""What the axis does wrong with mailboxes and lists, as our own client meets it; delays on virtual time."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from axisd.adapters.vxp.client import NationalError
from axisd.errors import TransientError
from axisd.ports import TransportStatus
from tests.support.axis_scene import LISTING, Scene, behaving, rows, send
from tests.support.national import FINANCE, MINISTRY, OFFICE, PROVINCE, document


async def listed(scene: Scene) -> list[str]:
    return [item.doc_id for item in await scene.ministry.waiting("document")]


async def test_a_delayed_item_is_nowhere_until_its_time_has_come(tmp_path: Path) -> None:
    async with behaving(tmp_path, "delay=10m..15m", virtual=True) as scene:
        sent = await send(scene.province, document(OFFICE), OFFICE)
        (row,) = rows(await scene.province.call("getSentEdocList", LISTING))
        scene.axis.clock.advance(timedelta(minutes=10))
        assert await listed(scene) == []
        assert await scene.ministry.count("document") == 0
        parameters = {"docId": row["receiverDocId"], "filePath": "x"}
        assert (await scene.ministry.call("getEdoc", parameters)).code == "10"
        done = {"docId": row["receiverDocId"], "status": "done"}
        assert (await scene.ministry.call("updateStatus", done)).code == "10"
        assert (row["senderDocId"], row["receiveStatus"]) == (sent, "initial")
        scene.axis.clock.advance(timedelta(minutes=5))
        assert await listed(scene) == [row["receiverDocId"]]
        assert await scene.ministry.count("document") == 1


async def test_a_delay_is_the_recipients_centres(tmp_path: Path) -> None:
    async with behaving(tmp_path, f"{MINISTRY}/delay=10m", virtual=True) as scene:
        await send(scene.province, document(OFFICE, FINANCE))
        assert await scene.province.count("document") == 1
        assert await scene.ministry.count("document") == 0


async def test_a_duplicate_is_a_second_item_with_the_same_bytes(tmp_path: Path) -> None:
    async with behaving(tmp_path, "duplicates=1") as scene:
        await send(scene.province, document(OFFICE), OFFICE)
        await send(scene.province, document(OFFICE, document_id="2"), OFFICE)
        first, second, _ = await scene.ministry.waiting("document")
        assert first.doc_id != second.doc_id
        assert await scene.ministry.fetch(first) == await scene.ministry.fetch(second)
        await scene.ministry.report(first, TransportStatus.DONE)
        assert len(await listed(scene)) == 2
        state = await scene.state()
        assert (state["repeats"], state["copies"]) == (0, 1)


async def test_each_item_can_be_fetched_only_after_it_has_failed(tmp_path: Path) -> None:
    async with behaving(tmp_path, "failing-fetches=2") as scene:
        for number in range(2):
            await send(scene.province, document(OFFICE, document_id=str(number)), OFFICE)
        for item in await scene.ministry.waiting("document"):
            with pytest.raises(NationalError, match="code 20"):
                await scene.ministry.fetch(item)
            with pytest.raises(NationalError, match="code 20"):
                await scene.ministry.fetch(item)
            assert await scene.ministry.fetch(item)
            with pytest.raises(TransientError, match="an empty body"):
                await scene.ministry.download(item.doc_id)


async def test_a_short_list_names_the_beginning_and_an_empty_one_is_not_believed(
    tmp_path: Path,
) -> None:
    async with behaving(tmp_path, "short-lists=200 of getReceivedEdocList") as scene:
        for number in range(4):
            await send(scene.province, document(OFFICE, document_id=str(number)), OFFICE)
        all_of_them = [
            row["receiverDocId"]
            for row in rows(await scene.province.call("getSentEdocList", LISTING))
        ]
        seen = set()
        for _ in range(200):
            answer = await scene.ministry.call("getReceivedEdocList", LISTING)
            found = [row["docId"] for row in rows(answer)]
            assert found == all_of_them[: len(found)]
            seen.add(len(found))
        assert seen == {0, 1, 2, 3}
        assert await listed(scene) == all_of_them
    async with behaving(tmp_path, "short-lists=200") as scene:
        lists = await asyncio.gather(*(listed(scene) for _ in range(40)), return_exceptions=True)
        assert [] not in lists, "what is empty is not believed"
        wrong = [found for found in lists if isinstance(found, BaseException)]
        assert wrong
        assert "an empty list, but 4 of kind document wait" in str(wrong[0])


async def test_a_stale_list_names_what_is_done(tmp_path: Path) -> None:
    async with behaving(tmp_path, "stale-lists=3 of getReceivedEdocList") as scene:
        await send(scene.province, document(OFFICE), OFFICE)
        (item,) = await scene.ministry.waiting("document")
        await scene.ministry.report(item, TransportStatus.DONE)
        assert await scene.ministry.waiting("status") == []
        assert await listed(scene) == [item.doc_id]
        assert await listed(scene) == []


async def test_a_count_is_off_by_one_to_three_and_never_negative(tmp_path: Path) -> None:
    async with behaving(tmp_path, "wrong-counts=60") as scene:
        assert {await scene.province.count("document") for _ in range(30)} == {1, 2, 3}
        for number in range(2):
            await send(scene.province, document(OFFICE, document_id=str(number)), OFFICE)
        counts = {await scene.ministry.count("document") for _ in range(60)}
        assert counts == {0, 1, 3, 4, 5}
        assert await scene.ministry.count("document") == 2


async def test_a_skewed_axis_writes_times_that_are_off(tmp_path: Path) -> None:
    async with behaving(tmp_path, f"{PROVINCE}/skew=-2h") as scene:
        await send(scene.province, document(OFFICE), OFFICE)
        (item,) = await scene.ministry.waiting("document")
        assert item.created == "2026/01/05 06:00:00"
        assert b"<edXML:Timestamp>2026/01/05 06:00:00<" in await scene.ministry.fetch(item)
        await scene.ministry.report(item, TransportStatus.DONE)
        (row,) = rows(await scene.province.call("getSentEdocList", LISTING))
        assert (row["sentTime"], row["receivedTime"]) == (
            "2026/01/05 06:00:00",
            "2026/01/05 08:00:00",
        )


@pytest.mark.parametrize(
    ("days", "found"),
    [
        ({}, ["1", "2", "3"]),
        ({"fromDate": "2026/01/06"}, ["2", "3"]),
        ({"toDate": "06/01/2026"}, ["1", "2"]),
        ({"fromDate": "2026-01-06", "toDate": "2026-01-06"}, ["2"]),
        ({"fromDate": "2026/01/08"}, []),
        ({"fromDate": "today"}, ["1", "2", "3"]),
    ],
)
async def test_the_sent_list_keeps_to_the_days_asked_for(
    tmp_path: Path, days: dict[str, str], found: list[str]
) -> None:
    async with behaving(tmp_path, virtual=True) as scene:
        ids = {}
        sent = ""
        for number in ("1", "2", "3"):
            sent = await send(scene.province, document(OFFICE, document_id=number), OFFICE)
            ids[sent] = number
            scene.axis.clock.advance(timedelta(days=1))
        answer = await scene.province.call("getSentEdocList", LISTING | days)
        assert [ids[row["senderDocId"]] for row in rows(answer)] == found
        of_one = await scene.province.call("getSentEdocList", LISTING | days | {"docId": sent})
        assert [ids[row["senderDocId"]] for row in rows(of_one)] == [n for n in found if n == "3"]


async def test_a_rejected_item_stands_in_the_senders_list_with_its_cause(tmp_path: Path) -> None:
    async with behaving(tmp_path) as scene:
        await send(scene.province, document(OFFICE), OFFICE)
        (item,) = await scene.ministry.waiting("document")
        await scene.ministry.report(item, TransportStatus.PROCESSING)
        (row,) = rows(await scene.province.call("getSentEdocList", LISTING))
        assert (row["receiveStatus"], row["receiveStatusDesc"]) == ("processing", "")
        await scene.ministry.report(item, TransportStatus.FAIL, "schema-invalid: no Subject")
        (row,) = rows(await scene.province.call("getSentEdocList", LISTING))
        assert row["receiveStatus"] == "fail"
        assert row["receiveStatusDesc"] == "schema-invalid: no Subject"
