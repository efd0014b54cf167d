"""Documents, receipts and statuses between agencies of one province, as the contract promises them."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aio_pika import DeliveryMode
from signxml.verifier import XMLVerifier

from axisd.simulator.demo.papers import Papers
from axisd.simulator.province import CENTRE, Province
from tests.support.acceptance import (
    CITY,
    COMMITTEE,
    COMMUNE,
    ENVIRONMENT,
    FINANCE,
    HEALTH,
    JUSTICE,
    OFFICE,
    WARD,
    axisd,
    child,
    delivered,
    desk,
    digest,
    outcomes,
    paper,
    raw,
    receipts,
    rejected,
    submit,
    verdict,
)
from tests.support.cli import axisd_beside

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_all_recipients_get_the_identical_bytes_and_the_ward_through_its_intake(
    served: Province, papers: Papers
) -> None:
    document_id, body = paper(papers, ENVIRONMENT, JUSTICE, WARD)
    async with desk(served, FINANCE, ENVIRONMENT, JUSTICE, CITY) as watched:
        await submit(served, FINANCE, body)
        for inbox, recipient in (
            (ENVIRONMENT, ENVIRONMENT),
            (JUSTICE, JUSTICE),
            (CITY, WARD),
        ):
            (came,) = await delivered(watched, inbox, document_id)
            assert came.body == body
            assert came.headers["axis-to"] == recipient
        *consignments, acceptance = await receipts(
            watched, FINANCE, document_id, *["ContentConsignment"] * 3, "SubmissionAcceptance"
        )
    assert outcomes(acceptance.body) == {
        ENVIRONMENT: ("accepted", ""),
        JUSTICE: ("accepted", ""),
        WARD: ("accepted", ""),
    }
    assert {organ for r in consignments for organ in outcomes(r.body)} == {
        ENVIRONMENT,
        JUSTICE,
        WARD,
    }


async def test_a_delivery_has_the_properties_and_headers_of_the_contract(
    served: Province, papers: Papers
) -> None:
    async with desk(served, ENVIRONMENT):
        pass  # what earlier tests left there is gone
    document_id, envelope = papers.document(FINANCE, [ENVIRONMENT], "V/v thuộc tính", priority=2)
    body = papers.signed(FINANCE, envelope)
    before = datetime.now(UTC)
    await submit(served, FINANCE, body)
    message = await raw(served, ENVIRONMENT, "inbox")
    again = await raw(served, ENVIRONMENT, "inbox")
    assert message.body == again.body == body
    assert (message.type, message.correlation_id) == ("document", document_id)
    assert message.delivery_mode is DeliveryMode.PERSISTENT
    assert message.priority == 2
    assert message.message_id
    assert again.message_id == message.message_id
    assert again.redelivered
    received_at = datetime.fromisoformat(str(message.headers.pop("axis-received-at")))
    assert before - timedelta(seconds=1) < received_at < datetime.now(UTC)
    assert received_at.utcoffset() == timedelta(hours=7)
    submission = message.headers.pop("axis-submission")
    assert message.headers == {
        "axis-from": FINANCE,
        "axis-to": ENVIRONMENT,
        "axis-digest": digest(body),
        "axis-legal-value": "original",
        "axis-signature": "verified",
    }
    async with desk(served) as watched:
        acceptance = (
            await receipts(
                watched, FINANCE, document_id, "ContentConsignment", "SubmissionAcceptance"
            )
        )[1]
    assert acceptance.headers == {"axis-submission": submission}


async def test_a_receipt_has_the_properties_of_the_contract(
    served: Province, papers: Papers
) -> None:
    async with desk(served, COMMUNE):
        pass
    document_id, body = paper(papers, "888.88.88.H53", sender=COMMUNE)
    await submit(served, COMMUNE, body)
    message = await raw(served, COMMUNE, "receipts")
    assert (message.type, message.correlation_id) == ("SubmissionRejection", document_id)
    assert message.delivery_mode is DeliveryMode.PERSISTENT
    assert message.headers.keys() == {"axis-submission"}
    assert message.message_id
    assert child(message.body, "EvidenceId").text == message.message_id
    assert child(message.body, "Submission").get("id") == message.headers["axis-submission"]


async def test_receipts_verify_with_three_programs_and_a_changed_one_with_none(
    served: Province, papers: Papers, tmp_path: Path
) -> None:
    document_id, body = paper(papers, ENVIRONMENT)
    async with desk(served) as watched:
        await submit(served, FINANCE, body)
        consignment, acceptance = await receipts(
            watched, FINANCE, document_id, "ContentConsignment", "SubmissionAcceptance"
        )
    authority = served.folder / "pki" / "ca.pem"
    for receipt in (consignment, acceptance):
        facts = verdict(served, receipt).facts
        assert facts is not None
        assert facts.of("Submission", "digest") == digest(body)
        assert facts.of("Document", "id") == document_id
        kept = tmp_path / f"{receipt.type}.xml"
        kept.write_bytes(receipt.body)
        proof = await axisd_beside("receipt", "verify", kept, "--trust", authority)
        assert proof.exit_code == 0, proof.output
        assert all(said in proof.output for said in (CENTRE, document_id, digest(body)))
        assert _xmlsec1(authority, kept)
        found = XMLVerifier().verify(receipt.body, ca_pem_file=str(authority))
        assert not isinstance(found, list)
        assert found.signed_xml is not None
        assert found.signed_xml.findtext("{*}EvidenceId") == receipt.message_id
    changed = tmp_path / "changed.xml"
    changed.write_bytes(acceptance.body.replace(FINANCE.encode(), HEALTH.encode(), 1))
    assert not _xmlsec1(authority, changed)


def _xmlsec1(authority: Path, receipt: Path) -> bool:
    command: list[str | Path] = [
        "/usr/bin/xmlsec1",
        "--verify",
        "--trusted-pem",
        authority,
        receipt,
    ]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


async def test_an_urgent_document_takes_the_urgent_lane_and_keeps_its_priority(
    served: Province, papers: Papers
) -> None:
    document_id, envelope = papers.document(OFFICE, [COMMUNE], "HỎA TỐC: bão", priority=3)
    async with desk(served, OFFICE, COMMUNE) as watched:
        await submit(served, OFFICE, papers.signed(OFFICE, envelope), lane="urgent")
        (came,) = await delivered(watched, COMMUNE, document_id)
        assert came.priority == 3
        for receipt in await receipts(
            watched, OFFICE, document_id, "ContentConsignment", "SubmissionAcceptance"
        ):
            assert child(receipt.body, "Submission").get("lane") == "urgent"


async def test_an_urgent_document_overtakes_a_backlog(site: Province, papers: Papers) -> None:
    backlog = [paper(papers) for _ in range(120)]
    urgent_id, envelope = papers.document(FINANCE, [ENVIRONMENT], "HỎA TỐC: đê", priority=3)
    async with desk(site) as watched:
        await submit(site, FINANCE, *(body for _, body in backlog))
        await submit(site, FINANCE, papers.signed(FINANCE, envelope), lane="urgent")
        await site.start_axisd()
        ids = {document_id for document_id, _ in backlog} | {urgent_id}
        came = await watched.expect(
            ENVIRONMENT, "inbox", lambda m: m.correlation_id in ids, count=len(ids), within=40
        )
    assert len(came) == len(ids)
    place = [message.correlation_id for message in came].index(urgent_id)
    assert place < len(backlog) // 2


async def test_two_codes_of_one_recipient_are_one_delivery(
    served: Province, papers: Papers
) -> None:
    document_id, body = paper(papers, ENVIRONMENT, "H53.12", HEALTH)
    async with desk(served, FINANCE, ENVIRONMENT, HEALTH) as watched:
        await submit(served, FINANCE, body)
        _, _, acceptance = await receipts(
            watched, FINANCE, document_id, *["ContentConsignment"] * 2, "SubmissionAcceptance"
        )
        await delivered(watched, HEALTH, document_id)
        await delivered(watched, ENVIRONMENT, document_id)
    assert outcomes(acceptance.body).keys() == {ENVIRONMENT, HEALTH}
    addressed = [element.text for element in child(acceptance.body, "Recipient")]
    assert addressed == [ENVIRONMENT, "H53.12"]


async def test_a_system_with_two_agencies_sends_and_receives_for_each(
    served: Province, papers: Papers
) -> None:
    async with desk(served, OFFICE, COMMITTEE) as watched:
        for sender, recipient in ((OFFICE, COMMITTEE), (COMMITTEE, OFFICE)):
            document_id, body = paper(papers, recipient, sender=sender)
            await submit(served, sender, body)
            await delivered(watched, recipient, document_id)
            await receipts(
                watched, sender, document_id, "ContentConsignment", "SubmissionAcceptance"
            )


async def test_statuses_reach_the_sender_and_move_the_delivery_on(
    served: Province, papers: Papers
) -> None:
    document_id, body = paper(papers, ENVIRONMENT, JUSTICE, WARD)
    async with desk(served, FINANCE, ENVIRONMENT, JUSTICE, CITY) as watched:
        await submit(served, FINANCE, body)
        for inbox in (ENVIRONMENT, JUSTICE, CITY):
            await delivered(watched, inbox, document_id)
        statuses = []
        for reporter, code, words in (
            (ENVIRONMENT, "01", "Đã đến"),
            (JUSTICE, "02", "Không thuộc thẩm quyền"),
            (CITY, "03", "Đã tiếp nhận thay cho phường"),
        ):
            status = papers.status(reporter, FINANCE, document_id, code, words)
            statuses.append(papers.signed(reporter, status))
            await submit(served, reporter, statuses[-1])
        came = await delivered(watched, FINANCE, document_id, count=3)
        assert {message.body for message in came} == set(statuses)
        assert {message.type for message in came} == {"status"}
        assert {m.headers["axis-from"] for m in came} == {ENVIRONMENT, JUSTICE, CITY}
        rejection, *_, first, second, _ = await receipts(
            watched,
            FINANCE,
            document_id,
            "ConsignmentRejection",
            *["ContentConsignment"] * 3,
            *["ContentHandover"] * 2,
            "SubmissionAcceptance",
        )
    assert outcomes(first.body) | outcomes(second.body) == {
        ENVIRONMENT: ("01", ""),
        WARD: ("03", ""),
    }
    assert outcomes(rejection.body).keys() == {JUSTICE}
    reason = child(rejection.body, "Reason")
    assert (reason.get("code"), reason.get("fault")) == ("recipient-refused", "recipient")
    assert all("Không thuộc thẩm quyền" in (text.text or "") for text in reason)
    trace = await axisd(served, "document", "trace", document_id)
    assert "ContentHandover" in trace
    assert "ConsignmentRejection" in trace


async def test_a_refusal_by_status_02_must_say_why(served: Province, papers: Papers) -> None:
    document_id, body = paper(papers, ENVIRONMENT)
    async with desk(served) as watched:
        await submit(served, FINANCE, body)
        await delivered(watched, ENVIRONMENT, document_id)
        silent = papers.signed(
            ENVIRONMENT, papers.status(ENVIRONMENT, FINANCE, document_id, "02", " – ")
        )
        await submit(served, ENVIRONMENT, silent)
        reason = await rejected(served, watched, ENVIRONMENT, silent)
        assert reason.get("code") == "status-reason-missing"
        await receipts(watched, FINANCE, document_id, "ContentConsignment", "SubmissionAcceptance")


async def test_a_status_for_a_document_that_nobody_knows_is_passed_on_and_proves_nothing(
    served: Province, papers: Papers
) -> None:
    document_id = f"{FINANCE},2019/01/01,1/CŨ"
    status = papers.status(ENVIRONMENT, FINANCE, document_id, "03", "Đã tiếp nhận")
    async with desk(served) as watched:
        await submit(served, ENVIRONMENT, papers.signed(ENVIRONMENT, status))
        (came,) = await delivered(watched, FINANCE, document_id)
        assert came.type == "status"
        await receipts(
            watched, ENVIRONMENT, document_id, "ContentConsignment", "SubmissionAcceptance"
        )
        assert not [m for m in watched.box(FINANCE, "receipts") if m.correlation_id == document_id]


async def test_a_status_by_somebody_who_did_not_receive_the_document_is_refused_and_moves_nothing(
    served: Province, papers: Papers
) -> None:
    document_id, body = paper(papers, ENVIRONMENT)
    async with desk(served, FINANCE, ENVIRONMENT, HEALTH) as watched:
        await submit(served, FINANCE, body)
        await delivered(watched, ENVIRONMENT, document_id)
        meddling = papers.signed(
            HEALTH, papers.status(HEALTH, FINANCE, document_id, "02", "Tôi không thích")
        )
        await submit(served, HEALTH, meddling)
        reason = await rejected(served, watched, HEALTH, meddling)
        assert reason.get("code") == "status-not-recipient"
        assert not [m for m in watched.box(FINANCE, "inbox") if m.correlation_id == document_id]
        await receipts(watched, FINANCE, document_id, "ContentConsignment", "SubmissionAcceptance")
