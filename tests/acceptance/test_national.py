"""Over the national axis and back: whatever it does, nothing is lost, delivered twice, or wrongly refused."""

import json
from typing import Any

import pytest
import pytest_asyncio

from axisd.simulator.demo.papers import Papers
from axisd.simulator.province import CENTRE, PEER_CENTRE, Province
from tests.support.acceptance import (
    ENVIRONMENT,
    FINANCE,
    HEALTH,
    axisd,
    child,
    delivered,
    desk,
    once,
    outcomes,
    paper,
    receipts,
    settled,
    submit,
)
from tests.support.ministry import MINISTRY, between, fate, ministry, nothing_waits
from tests.support.operators import log_lines, log_size, metric, until_async, until_logged
from tests.support.trouble import amended

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECRET = "ZXQUOCGIA"
LOCKED, UNKNOWN = "000.00.00.G15", "000.00.00.G99"


async def waiting(province: Province) -> dict[str, Any]:
    """What waits for the ministry; fails if nothing does."""
    listed = json.loads(await axisd(province, "outbox", "list", "--json"))
    return next(item for item in listed if item["destination"] == f"national:{MINISTRY}")


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def locked_agency(province: Province) -> None:
    """The national axis has an agency that is locked."""

    def with_locked(seed: str) -> str:
        known = json.loads(seed)
        known["agencies"].append({"code": LOCKED, "centre": PEER_CENTRE, "locked": True})
        return json.dumps(known)

    await province.stop_national()
    with amended(province, "national.json", with_locked):
        await province.start_national()


async def test_a_national_axis_that_is_down_defers_and_then_takes_everything(
    site: Province, papers: Papers
) -> None:
    await site.stop_national()
    await site.start_axisd()
    first, body = paper(papers, MINISTRY)
    since = log_size(site)
    async with desk(site) as watched, ministry(site, looks=False):
        await submit(site, FINANCE, body)
        await receipts(watched, FINANCE, first, "SubmissionAcceptance")
        await until_logged(site, lambda x: x.get("reason") == "national-failed", since)
        assert await metric(site, "axisd_national_up") == 0
        assert (await waiting(site))["reasons"] == {"national-failed": 1}
        here, local_body = paper(papers, ENVIRONMENT)
        await submit(site, FINANCE, local_body)
        await delivered(watched, ENVIRONMENT, here)
        assert "does not answer" in await axisd(site, "national", "status", code=69)

        await site.start_national()
        await receipts(watched, FINANCE, first, "RelayAcceptance", "SubmissionAcceptance")
        assert await metric(site, "axisd_national_up") == 1

        await site.stop_national()
        second, body = paper(papers, MINISTRY)
        since = log_size(site)
        await submit(site, FINANCE, body)
        await until_logged(site, lambda x: x.get("reason") == "national-failed", since)
        await site.start_national()
        await axisd(site, "outbox", "retry", "--destination", MINISTRY)
        (relayed, _) = await receipts(
            watched, FINANCE, second, "RelayAcceptance", "SubmissionAcceptance"
        )
        assert child(relayed.body, "Delivery").get("external")


async def test_what_the_national_axis_refuses_for_good_is_told_to_the_sender_at_once(
    served: Province, papers: Papers
) -> None:
    document_id, body = paper(papers, UNKNOWN, LOCKED, ENVIRONMENT)
    async with desk(served) as watched:
        await submit(served, FINANCE, body)
        await delivered(watched, ENVIRONMENT, document_id)
        _, *rejections, _ = await receipts(
            watched,
            FINANCE,
            document_id,
            "ContentConsignment",
            *["RelayRejection"] * 2,
            "SubmissionAcceptance",
        )
    said = {next(iter(outcomes(r.body))): child(r.body, "Reason") for r in rejections}
    assert {organ: reason.get("code") for organ, reason in said.items()} == {
        UNKNOWN: "national-unknown-recipient",
        LOCKED: "national-locked-recipient",
    }
    for reason in said.values():
        assert reason.get("retryable") == "false"
        assert len(list(reason)) == 2


async def test_a_wrong_secret_pauses_the_uplink_with_an_alert_and_refuses_nothing(
    site: Province, papers: Papers
) -> None:
    since = log_size(site)
    documents = [paper(papers, MINISTRY) for _ in range(3)]
    async with desk(site) as watched:
        with amended(site, "national.secret", lambda text: "not " + text):
            await site.start_axisd()
            await submit(site, FINANCE, *(body for _, body in documents))
            alert = await until_logged(
                site, lambda x: x["level"] == "error" and x.get("outcome") == "account", since
            )
            assert alert["operation"] == "send"
            for document_id, _ in documents:
                await receipts(watched, FINANCE, document_id, "SubmissionAcceptance")

            async def marked() -> bool:  # the alert comes before the mark in the ledger
                return "national-account" in (await waiting(site))["reasons"]

            await until_async(marked)
            assert (await waiting(site))["waiting"] == 3
            sent = [line for line in log_lines(site, since) if line.get("operation") == "send"]
            assert len(sent) < 12, "the whole exit pauses, not each document"
            await site.stop_axisd()
        await site.start_axisd()
        for document_id, _ in documents:
            await receipts(watched, FINANCE, document_id, "RelayAcceptance", "SubmissionAcceptance")


async def test_statuses_travel_both_ways_over_the_national_axis(
    served: Province, papers: Papers
) -> None:
    up, body = paper(papers, MINISTRY)
    refused, unwanted = paper(papers, MINISTRY)
    async with desk(served) as watched:
        async with ministry(served, "01", "03") as (peer, _):
            await submit(served, FINANCE, body)
            came = await delivered(watched, FINANCE, up, count=2)
            assert {message.type for message in came} == {"status"}
            assert {message.headers["axis-from"] for message in came} == {MINISTRY}
            handover, *_ = await receipts(
                watched, FINANCE, up, "ContentHandover", "RelayAcceptance", "SubmissionAcceptance"
            )
            # Both may come in one look, and are then taken in no particular order.
            assert outcomes(handover.body)[MINISTRY][0] in {"01", "03"}
            assert [heard for heard in peer.heard if up.encode() in heard.body]
        async with ministry(served, "02"):
            await submit(served, FINANCE, unwanted)
            rejection, *_ = await receipts(
                watched,
                FINANCE,
                refused,
                "ConsignmentRejection",
                "RelayAcceptance",
                "SubmissionAcceptance",
            )
            assert "không thuộc thẩm quyền" in (child(rejection.body, "Reason")[1].text or "")
        async with ministry(served) as (peer, _):
            down, envelope = papers.document(MINISTRY, [ENVIRONMENT], "V/v triển khai")
            assert (await peer.send(envelope)).accepted
            await delivered(watched, ENVIRONMENT, down)
            status = papers.status(ENVIRONMENT, MINISTRY, down, "03", "Đã tiếp nhận")
            await submit(served, ENVIRONMENT, papers.signed(ENVIRONMENT, status))
            (heard,) = await peer.until(1, "status", 20)
            assert heard.item.sender == ENVIRONMENT
            assert down.encode() in heard.body
            assert b">03<" in heard.body
            assert not peer.troubles


async def test_a_document_for_two_agencies_one_by_both_its_codes_is_delivered_once_to_each(
    served: Province, papers: Papers
) -> None:
    codes = [ENVIRONMENT, HEALTH, "H53.17"]
    document_id, envelope = papers.document(MINISTRY, codes, "V/v hai cơ quan")
    async with desk(served, ENVIRONMENT, HEALTH) as watched, ministry(served) as (peer, client):
        answers = [await peer.send(envelope), await peer.send(envelope)]  # and once more
        assert all(answer.accepted for answer in answers)
        for inbox in (ENVIRONMENT, HEALTH):
            (came,) = await delivered(watched, inbox, document_id)
            assert came.headers["axis-legal-value"] == "reference"
            assert came.headers["axis-signature"] == "absent"
            assert came.headers["axis-from"] == MINISTRY
        await nothing_waits(served)
        for answer in answers:
            assert {status for _, status, _ in await fate(client, answer.doc_id)} == {"done"}
        once(watched, ENVIRONMENT, [document_id])
        once(watched, HEALTH, [document_id])
    states = sorted(record.state for record in await settled(served, document_id))
    assert states == ["accepted", "accepted", "duplicate", "duplicate"]


async def test_what_we_refuse_from_the_national_axis_is_called_fail_with_the_reason(
    served: Province, papers: Papers
) -> None:
    def of(sender: str, to: str, subject: str) -> bytes:
        return papers.document(sender, [to], subject)[1]

    bad = {
        "secrecy-mark": of(MINISTRY, ENVIRONMENT, f"TUYỆT MẬT: {SECRET}"),
        "sender-not-account": of(FINANCE, ENVIRONMENT, "V/v giả danh Sở"),
        "schema-invalid": of(MINISTRY, ENVIRONMENT, "V/v sai trường").replace(
            b"Priority>0<", "Priority>khẩn<".encode()
        ),
    }
    since = log_size(served)
    async with desk(served) as watched, ministry(served) as (_, client):
        sent = {
            code: await client.send(body, kind="document", sender=MINISTRY, recipients=[])
            for code, body in bad.items()
        }
        assert all(answer.accepted for answer in sent.values())
        await nothing_waits(served)
        for code, answer in sent.items():
            ((_, status, words),) = await fate(client, answer.doc_id)
            assert (status, words.partition(":")[0]) == ("fail", code)
        good, envelope = papers.document(MINISTRY, [ENVIRONMENT], "V/v tiếp theo")
        assert (
            await client.send(envelope, kind="document", sender=MINISTRY, recipients=[])
        ).accepted
        await delivered(watched, ENVIRONMENT, good)
    failed = [x for x in log_lines(served, since) if x.get("outcome") == "fail"]
    assert len(failed) == len(bad)
    kept = [file for file in (served.folder / "ledger").rglob("*") if file.is_file()]
    assert kept
    for file in (*kept, served.folder / "axisd.log"):
        assert SECRET.encode() not in file.read_bytes(), file


async def test_a_lying_axis_and_a_kill_between_commit_and_done_deliver_nothing_twice(
    site: Province, papers: Papers
) -> None:
    async with between(site) as (url, proxy), ministry(site, looks=False) as (peer, client):
        with amended(site, "axisd.yaml", lambda text: text.replace(site.national_url, url)):
            await site.start_axisd()
        async with desk(site) as watched:
            # Every item is listed twice in one answer.
            proxy.doubled = True
            twice, envelope = papers.document(MINISTRY, [ENVIRONMENT], "V/v liệt kê hai lần")
            assert (await peer.send(envelope)).accepted
            await delivered(watched, ENVIRONMENT, twice)
            await nothing_waits(site)
            once(watched, ENVIRONMENT, [twice])
            proxy.doubled = False

            # A page for people instead of an answer is no empty list.
            since = log_size(site)
            proxy.garbled = {"getReceivedEdocList", "sendEdoc"}
            up, body = paper(papers, MINISTRY)
            await submit(site, FINANCE, body)
            await until_logged(site, lambda x: x.get("reason") == "national-failed", since)
            await until_logged(
                site,
                lambda x: x.get("operation") == "list" and x.get("outcome") == "failed",
                since,
            )
            proxy.garbled = set()
            await axisd(site, "outbox", "retry", "--all")
            await receipts(watched, FINANCE, up, "RelayAcceptance", "SubmissionAcceptance")

            # Killed when everything is done here and `done` has not been said there.
            proxy.held = {"updateStatus"}
            proxy.asked.clear()
            late, envelope = papers.document(MINISTRY, [ENVIRONMENT], "V/v chưa kịp báo")
            answer = await peer.send(envelope)
            await delivered(watched, ENVIRONMENT, late)

            async def reporting() -> bool:
                return "updateStatus" in proxy.asked

            async def marked() -> bool:
                listed = json.loads(await axisd(site, "outbox", "list", "--json"))
                return not [x for x in listed if x["destination"] == f"local:{ENVIRONMENT}"]

            await until_async(reporting)
            await until_async(marked)
            await site.kill_axisd()
            ((_, status, _),) = await fate(client, answer.doc_id)
            assert status == "initial"
            proxy.held.clear()
            await site.start_axisd()
            await nothing_waits(site)
            ((_, status, _),) = await fate(client, answer.doc_id)
            assert status == "done"
            once(watched, ENVIRONMENT, [late])
    states = [record.state for record in await settled(site, late)]
    assert states == ["accepted", "duplicate"]


async def test_national_status_says_how_it_stands(served: Province) -> None:
    said = await axisd(served, "national", "status")
    assert CENTRE in said
    assert "answers in" in said
    assert served.national_secret not in said
