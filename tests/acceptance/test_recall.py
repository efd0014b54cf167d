"""Documents are taken back and changed, over a real broker and the national axis, and everybody is told."""

import json

import pytest

from axisd.adapters.amqp import Received
from axisd.core.envelope import Business, BusinessInfo, Receiver
from axisd.simulator.demo.desk import Desk
from axisd.simulator.demo.papers import Papers
from axisd.simulator.province import Province
from tests.support.acceptance import (
    ENVIRONMENT,
    FINANCE,
    HEALTH,
    JUSTICE,
    answered,
    axisd,
    child,
    delivered,
    desk,
    outcomes,
    paper,
    receipts,
    rejected,
    submit,
    verdict,
)
from tests.support.ministry import MINISTRY, fate, ministry, nothing_waits
from tests.support.operators import metric, until_async
from tests.support.trouble import without_inbox

pytestmark = pytest.mark.asyncio(loop_scope="session")

STRANGER = "000.00.00.G16"
"""Another ministry."""
RECALL = BusinessInfo(Business.RECALL, reason="Ban hành nhầm")


def recall(papers: Papers, document_id: str, *recipients: str, sender: str = FINANCE) -> bytes:
    """The signed recall of a document."""
    made = papers.document(
        sender, recipients, "V/v thu hồi", document_id=document_id, business=RECALL
    )
    return papers.signed(sender, made[1])


def answer(papers: Papers, document_id: str, code: str, words: str, by: str = ENVIRONMENT) -> bytes:
    return papers.signed(by, papers.status(by, FINANCE, document_id, code, words))


async def told(watched: Desk, document_id: str, reason: str, to: str = FINANCE) -> Received:
    """The one receipt about a document with this reason."""
    found = await watched.expect(
        to,
        "receipts",
        lambda m: m.correlation_id == document_id and f'code="{reason}"'.encode() in m.body,
    )
    (receipt,) = [m for m in found if child(m.body, "Event").text != "SubmissionRejection"]
    return receipt


async def stand(province: Province, document_id: str, *wanted: tuple[str, str]) -> None:
    """Business and state of every delivery under one DocumentId, but those of statuses; soon."""
    found: list[tuple[str, str]] = []

    async def so() -> bool:
        traced = json.loads(await axisd(province, "document", "trace", document_id, "--json"))
        found[:] = [
            (one["business"], leg["state"])
            for one in traced["submissions"]
            if one["kind"] == "document"
            for leg in one["recipients"]
        ]
        return sorted(found) == sorted(wanted)

    try:
        await until_async(so)
    except TimeoutError:
        assert sorted(found) == sorted(wanted)


async def test_what_waits_for_an_inbox_that_is_not_there_is_withdrawn_and_never_comes(
    served: Province, papers: Papers
) -> None:
    document_id, body = paper(papers, HEALTH)
    async with desk(served, HEALTH):
        pass  # what earlier tests left there is gone
    async with desk(served) as watched:
        async with without_inbox(served, HEALTH):
            await submit(served, FINANCE, body)
            await receipts(watched, FINANCE, document_id, "SubmissionAcceptance")
            await submit(served, FINANCE, recall(papers, document_id, HEALTH))
            withdrawn = await told(watched, document_id, "withdrawn")
            assert withdrawn.type == "ContentConsignmentFailure"
            verdict(served, withdrawn)
        await axisd(served, "outbox", "retry", "--destination", f"local:{HEALTH}")
        async with desk(served, HEALTH) as theirs:
            (came,) = await delivered(theirs, HEALTH, document_id)
            assert b"BussinessDocType>1<" in came.body, "the recall alone"
    await stand(served, document_id, ("new", "withdrawn"), ("recall", "sent"))


async def test_what_was_delivered_is_asked_back_and_given_back_or_not_and_the_sender_is_told(
    served: Province, papers: Papers
) -> None:
    document_id, body = paper(papers, ENVIRONMENT, JUSTICE)
    async with desk(served, FINANCE, ENVIRONMENT, JUSTICE) as watched:
        await submit(served, FINANCE, body)
        for inbox in (ENVIRONMENT, JUSTICE):
            await delivered(watched, inbox, document_id)
        asked = recall(papers, document_id, ENVIRONMENT, JUSTICE)
        await submit(served, FINANCE, asked)
        for inbox in (ENVIRONMENT, JUSTICE):
            await delivered(watched, inbox, document_id, count=2)
        (acceptance,) = await answered(watched, FINANCE, asked, "SubmissionAcceptance")
        assert outcomes(acceptance.body) == {
            ENVIRONMENT: ("accepted", ""),
            JUSTICE: ("accepted", ""),
        }

        await submit(served, ENVIRONMENT, answer(papers, document_id, "15", "Đã hủy bản điện tử"))
        agreed = await told(watched, document_id, "recall-agreed")
        kept = answer(papers, document_id, "16", "Đã xử lý xong", JUSTICE)
        await submit(served, JUSTICE, kept)
        refused = await told(watched, document_id, "recall-refused")
        for receipt, words in ((agreed, "Đã hủy bản điện tử"), (refused, "Đã xử lý xong")):
            assert receipt.type == "ConsignmentNotification"
            verdict(served, receipt)
            assert words in (child(receipt.body, "Reason")[1].text or "")
        came = await delivered(watched, FINANCE, document_id, count=2)
        assert {message.type for message in came} == {"status"}, "15 and 16 travel besides"

        further, again = paper(papers, HEALTH)
        frozen = papers.document(FINANCE, [HEALTH], "V/v gửi thêm", document_id=document_id)
        reason = await rejected_after(served, watched, papers.signed(FINANCE, frozen[1]))
        assert reason == "document-recalled"
        await submit(served, FINANCE, again)
        await receipts(watched, FINANCE, further, "ContentConsignment", "SubmissionAcceptance")
    await stand(
        served,
        document_id,
        ("new", "recalled"),
        ("new", "sent"),
        ("recall", "sent"),
        ("recall", "sent"),
    )


async def test_a_recall_that_comes_before_its_document_takes_it_back_when_it_comes(
    served: Province, papers: Papers
) -> None:
    document_id, body = paper(papers, HEALTH, ENVIRONMENT)
    early = recall(papers, document_id, HEALTH)
    async with desk(served, FINANCE, HEALTH, ENVIRONMENT) as watched:
        await submit(served, FINANCE, early)
        (acceptance,) = await answered(watched, FINANCE, early, "SubmissionAcceptance")
        assert b'code="recall-early"' in acceptance.body
        verdict(served, acceptance)
        await submit(served, FINANCE, body)
        withdrawn = await told(watched, document_id, "withdrawn")
        verdict(served, withdrawn)
        await delivered(watched, ENVIRONMENT, document_id)
        (came,) = await delivered(watched, HEALTH, document_id)
        assert b"BussinessDocType>1<" in came.body, "the recall alone"
    await stand(served, document_id, ("recall", "sent"), ("new", "withdrawn"), ("new", "sent"))
    traced = json.loads(await axisd(served, "document", "trace", document_id, "--json"))
    (copy,) = [
        leg
        for one in traced["submissions"]
        for leg in one["recipients"]
        if leg["state"] == "withdrawn"
    ]
    assert copy["recall"]["outcome"] == "withdrawn"


async def rejected_after(
    province: Province, watched: Desk, body: bytes, agency: str = FINANCE
) -> str:
    await submit(province, agency, body)
    return (await rejected(province, watched, agency, body)).get("code", "")


async def test_strangers_recall_report_and_answer_nothing(served: Province, papers: Papers) -> None:
    document_id, body = paper(papers, ENVIRONMENT)
    async with desk(served, FINANCE, ENVIRONMENT, JUSTICE) as watched:
        await submit(served, FINANCE, body)
        await delivered(watched, ENVIRONMENT, document_id)
        bad = {
            "recall-not-sender": recall(papers, document_id, ENVIRONMENT, sender=JUSTICE),
            "status-not-recipient": answer(papers, document_id, "03", "x", JUSTICE),
            "recall-not-asked": answer(papers, document_id, "15", "x", JUSTICE),
        }
        for code, attempt in bad.items():
            assert await rejected_after(served, watched, attempt, JUSTICE) == code
    await stand(served, document_id, ("new", "sent"))


async def test_an_update_reaches_whom_it_adds_and_whom_it_drops_is_told(
    served: Province, papers: Papers
) -> None:
    document_id, body = paper(papers, ENVIRONMENT, JUSTICE)
    async with desk(served, FINANCE, ENVIRONMENT, JUSTICE, HEALTH) as watched:
        await submit(served, FINANCE, body)
        for inbox in (ENVIRONMENT, JUSTICE):
            await delivered(watched, inbox, document_id)
        changed = BusinessInfo(
            Business.UPDATE,
            document_id=document_id,
            reason="Đính chính",
            content_changed=True,
            recipients_changed=True,
            receivers=(Receiver(JUSTICE, "0"), Receiver(HEALTH, "1")),
        )
        update_id, update = papers.document(
            FINANCE, [ENVIRONMENT], "V/v đính chính", business=changed
        )
        await submit(served, FINANCE, papers.signed(FINANCE, update))
        for inbox in (ENVIRONMENT, HEALTH):
            await delivered(watched, inbox, update_id)
        dropped = await told(watched, document_id, "recipient-dropped", to=JUSTICE)
        assert dropped.type == "ConsignmentNotification"
        verdict(served, dropped)
        assert not [m for m in watched.box(JUSTICE, "inbox") if m.correlation_id == update_id]


async def test_a_document_is_taken_back_over_the_national_axis_and_given_back(
    served: Province, papers: Papers
) -> None:
    document_id, body = paper(papers, MINISTRY)
    async with desk(served) as watched:
        async with ministry(served, "01"):
            await submit(served, FINANCE, body)
            await delivered(watched, FINANCE, document_id)
        async with ministry(served, "15") as (peer, _):
            await submit(served, FINANCE, recall(papers, document_id, MINISTRY))
            agreed = await told(watched, document_id, "recall-agreed")
            assert outcomes(agreed.body)[MINISTRY][0] == "15"
            assert not peer.troubles
    await stand(served, document_id, ("new", "recalled"), ("recall", "sent"))


async def test_a_ministry_takes_its_document_back_and_is_answered(
    served: Province, papers: Papers
) -> None:
    async with desk(served) as watched, ministry(served) as (peer, client):
        document_id, envelope = papers.document(MINISTRY, [ENVIRONMENT], "V/v ban hành nhầm")
        assert (await peer.send(envelope)).accepted
        await delivered(watched, ENVIRONMENT, document_id)
        _, taken_back = papers.document(
            MINISTRY, [ENVIRONMENT], "V/v thu hồi", document_id=document_id, business=RECALL
        )
        assert (await peer.send(taken_back)).accepted
        await delivered(watched, ENVIRONMENT, document_id, count=2)
        agrees = papers.status(ENVIRONMENT, MINISTRY, document_id, "15", "Đã hủy")
        await submit(served, ENVIRONMENT, papers.signed(ENVIRONMENT, agrees))
        (heard,) = await peer.until(1, "status", 20)
        assert b">15<" in heard.body
        await stand(served, document_id, ("new", "recalled"), ("recall", "sent"))

        # A stranger's recall of the same document comes off the list, and changes nothing.
        _, strange = papers.document(
            STRANGER, [ENVIRONMENT], "V/v", document_id=document_id, business=RECALL
        )
        sent = await client.send(
            strange, kind="document", sender=MINISTRY, recipients=[ENVIRONMENT]
        )
        assert sent.accepted
        await nothing_waits(served)
        ((_, status, words),) = await fate(client, sent.doc_id)
        assert (status, words.partition(":")[0]) == ("fail", "recall-not-sender")
        await stand(served, document_id, ("new", "recalled"), ("recall", "sent"))


async def test_a_status_for_an_unknown_document_is_listed_counted_and_joined_later(
    served: Province, papers: Papers
) -> None:
    document_id, body = paper(papers, ENVIRONMENT)
    before = json.loads(await axisd(served, "document", "unmatched", "--json"))["count"]
    early = answer(papers, document_id, "03", "Đã tiếp nhận")
    async with desk(served) as watched:
        await submit(served, ENVIRONMENT, early)
        (acceptance,) = await answered(watched, ENVIRONMENT, early, "SubmissionAcceptance")
        assert child(acceptance.body, "Warning").get("code") == "unmatched"
        await delivered(watched, FINANCE, document_id)
        listed = json.loads(await axisd(served, "document", "unmatched", "--json"))
        assert listed["count"] == before + 1
        assert listed["statuses"][0]["document_id"] == document_id

        async def counted() -> bool:
            return bool(await metric(served, "axisd_statuses_unmatched") == before + 1)

        await until_async(counted)
        await submit(served, FINANCE, body)
        await delivered(watched, ENVIRONMENT, document_id)
        await receipts(
            watched,
            FINANCE,
            document_id,
            "ContentConsignment",
            "ContentHandover",
            "SubmissionAcceptance",
        )
    assert json.loads(await axisd(served, "document", "unmatched", "--json"))["count"] == before
    await stand(served, document_id, ("new", "handed-over"))
