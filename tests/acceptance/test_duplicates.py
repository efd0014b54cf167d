"""The same again, the same id with something else, and mended after a refusal."""

import pytest

from axisd.simulator.demo.desk import Desk
from axisd.simulator.demo.papers import Papers
from axisd.simulator.province import Province
from tests.support.acceptance import (
    ENVIRONMENT,
    FINANCE,
    HEALTH,
    JUSTICE,
    answered,
    delivered,
    desk,
    digest,
    once,
    outcomes,
    paper,
    receipts,
    rejected,
    settled,
    submit,
)
from tests.support.operators import until_async

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def overtaken(province: Province, watched: Desk, papers: Papers, *inboxes: str) -> None:
    """A later document has arrived: nothing of the earlier ones is on its way any more."""
    marker, body = paper(papers, *inboxes)
    await submit(province, FINANCE, body)
    for inbox in inboxes:
        await delivered(watched, inbox, marker)
    await receipts(
        watched, FINANCE, marker, *["ContentConsignment"] * len(inboxes), "SubmissionAcceptance"
    )


async def test_the_same_bytes_again_get_the_same_receipt_and_are_delivered_once(
    served: Province, papers: Papers
) -> None:
    document_id, body = paper(papers, ENVIRONMENT)
    async with desk(served) as watched:
        await submit(served, FINANCE, body)
        _, acceptance = await receipts(
            watched, FINANCE, document_id, "ContentConsignment", "SubmissionAcceptance"
        )
        await submit(served, FINANCE, body)
        assert await watched.until(lambda: len(watched.copies(acceptance.message_id)) == 2, 20)
        first, second = watched.copies(acceptance.message_id)
        assert first.body == second.body
        assert (first.type, first.headers) == (second.type, second.headers)
        await overtaken(served, watched, papers, ENVIRONMENT)
        once(watched, ENVIRONMENT, [document_id])
        await receipts(watched, FINANCE, document_id, "ContentConsignment", "SubmissionAcceptance")
    earlier, later = await settled(served, document_id)
    assert (later.state, later.duplicate_of) == ("duplicate", earlier.facts.submission_id)


async def test_twenty_at_once_are_one_document_and_get_one_receipt(
    served: Province, papers: Papers
) -> None:
    document_id, body = paper(papers, ENVIRONMENT, JUSTICE)
    async with desk(served, FINANCE, ENVIRONMENT, JUSTICE) as watched:
        await submit(served, FINANCE, *[body] * 20)
        (acceptance,) = await answered(watched, FINANCE, body, "SubmissionAcceptance")

        async def all_settled() -> bool:
            return len(await settled(served, document_id)) == 20

        await until_async(all_settled)
        states = [record.state for record in await settled(served, document_id)]
        assert sorted(states) == ["accepted", *["duplicate"] * 19]
        await overtaken(served, watched, papers, ENVIRONMENT, JUSTICE)
        once(watched, ENVIRONMENT, [document_id])
        once(watched, JUSTICE, [document_id])
        # Repetitions that wait together are answered together; none is answered otherwise.
        assert {m.body for m in watched.copies(acceptance.message_id)} == {acceptance.body}


async def test_the_same_id_with_other_bytes_is_refused_and_names_the_earlier(
    served: Province, papers: Papers
) -> None:
    document_id, envelope = papers.document(FINANCE, [ENVIRONMENT], "V/v bản đầu")
    body = papers.signed(FINANCE, envelope)
    other = papers.signed(FINANCE, envelope.replace("bản đầu".encode(), "bản sau".encode()))
    async with desk(served) as watched:
        await submit(served, FINANCE, body)
        await delivered(watched, ENVIRONMENT, document_id)
        await submit(served, FINANCE, other)
        reason = await rejected(served, watched, FINANCE, other)
        await overtaken(served, watched, papers, ENVIRONMENT)
        once(watched, ENVIRONMENT, [document_id])
    assert reason.get("code") == "document-id-reused"
    assert (reason.get("at") or "").endswith("/DocumentId")
    assert reason.get("line")
    for text in reason:
        assert digest(body) in (text.text or "")


async def test_the_same_id_with_other_bytes_is_refused_only_where_it_was_used(
    served: Province, papers: Papers
) -> None:
    document_id, envelope = papers.document(FINANCE, [ENVIRONMENT], "V/v một nơi nhận")
    first = papers.signed(FINANCE, envelope)
    more = envelope.replace(
        b"<edXML:DocumentId>",
        f"<edXML:To><edXML:OrganId>{HEALTH}</edXML:OrganId></edXML:To><edXML:DocumentId>".encode(),
        1,
    )
    second = papers.signed(FINANCE, more)
    async with desk(served, FINANCE, ENVIRONMENT, HEALTH) as watched:
        await submit(served, FINANCE, first)
        await delivered(watched, ENVIRONMENT, document_id)
        await submit(served, FINANCE, second)
        (came,) = await delivered(watched, HEALTH, document_id)
        assert came.body == second
        (acceptance,) = await answered(watched, FINANCE, second, "SubmissionAcceptance")
        assert outcomes(acceptance.body) == {
            ENVIRONMENT: ("refused", "document-id-reused"),
            HEALTH: ("accepted", ""),
        }
        await overtaken(served, watched, papers, ENVIRONMENT)
        once(watched, ENVIRONMENT, [document_id])


async def test_refused_then_mended_under_the_same_id_it_is_accepted(
    served: Province, papers: Papers
) -> None:
    document_id, envelope = papers.document(FINANCE, [ENVIRONMENT], "V/v sửa rồi gửi lại")
    mended = papers.signed(FINANCE, envelope)
    spoilt = mended.replace("sửa rồi".encode(), "hỏng rồi".encode())
    async with desk(served) as watched:
        for bad, code in ((envelope, "signature-missing"), (spoilt, "signature-invalid")):
            await submit(served, FINANCE, bad)
            reason = await rejected(served, watched, FINANCE, bad)
            assert reason.get("code") == code
        await submit(served, FINANCE, mended)
        (came,) = await delivered(watched, ENVIRONMENT, document_id)
        assert came.body == mended


async def test_a_refused_one_that_comes_again_unchanged_is_refused_again(
    served: Province, papers: Papers
) -> None:
    _, unsigned = papers.document(FINANCE, [ENVIRONMENT], "V/v cố chấp")
    async with desk(served) as watched:
        for _ in range(2):
            await submit(served, FINANCE, unsigned)
        rejections = await answered(watched, FINANCE, unsigned, "SubmissionRejection", count=2)
    assert len({receipt.message_id for receipt in rejections}) == 2


async def test_one_envelope_for_each_recipient_under_one_id_is_right(
    served: Province, papers: Papers
) -> None:
    recipients = (ENVIRONMENT, JUSTICE, HEALTH)
    document_id, envelope = papers.document(FINANCE, [ENVIRONMENT], "V/v mỗi nơi một gói")
    bodies = {
        to: papers.signed(
            FINANCE, envelope.replace(f">{ENVIRONMENT}<".encode(), f">{to}<".encode(), 1)
        )
        for to in recipients
    }
    async with desk(served, FINANCE, *recipients) as watched:
        await submit(served, FINANCE, *bodies.values())
        for inbox, body in bodies.items():
            (came,) = await delivered(watched, inbox, document_id)
            assert came.body == body
        await receipts(
            watched,
            FINANCE,
            document_id,
            *["ContentConsignment"] * 3,
            *["SubmissionAcceptance"] * 3,
        )


async def test_a_repetition_under_the_twin_of_a_recipient_is_other_bytes_for_the_same_one(
    served: Province, papers: Papers
) -> None:
    document_id, envelope = papers.document(FINANCE, [ENVIRONMENT], "V/v mã cũ, mã mới")
    twin = papers.signed(FINANCE, envelope.replace(ENVIRONMENT.encode(), b"H53.12"))
    async with desk(served) as watched:
        await submit(served, FINANCE, papers.signed(FINANCE, envelope))
        await delivered(watched, ENVIRONMENT, document_id)
        await submit(served, FINANCE, twin)
        reason = await rejected(served, watched, FINANCE, twin)
        assert reason.get("code") == "document-id-reused"


async def test_the_same_id_of_another_sender_is_another_document(
    served: Province, papers: Papers
) -> None:
    document_id, envelope = papers.document(FINANCE, [ENVIRONMENT], "V/v trùng số")
    mine = papers.signed(FINANCE, envelope)
    theirs = papers.signed(
        HEALTH, envelope.replace(f"OrganId>{FINANCE}<".encode(), f"OrganId>{HEALTH}<".encode(), 1)
    )
    async with desk(served, FINANCE, HEALTH, ENVIRONMENT) as watched:
        await submit(served, FINANCE, mine)
        await submit(served, HEALTH, theirs)
        came = await delivered(watched, ENVIRONMENT, document_id, count=2)
    assert {message.body for message in came} == {mine, theirs}


async def test_the_same_status_again_is_a_duplicate_and_another_word_is_not(
    served: Province, papers: Papers
) -> None:
    document_id, body = paper(papers, ENVIRONMENT)
    first, second = (
        papers.signed(ENVIRONMENT, papers.status(ENVIRONMENT, FINANCE, document_id, "03", words))
        for words in ("Đã tiếp nhận", "Đã tiếp nhận, chuyển phòng")
    )
    async with desk(served) as watched:
        await submit(served, FINANCE, body)
        await delivered(watched, ENVIRONMENT, document_id)
        for status in (first, first, second):
            await submit(served, ENVIRONMENT, status)
        came = await delivered(watched, FINANCE, document_id, count=2)
    assert {message.body for message in came} == {first, second}
