"""Whatever arrives is answered or kept aside; it never stops the line, and its words go nowhere."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aio_pika.exceptions import DeliveryError

from axisd.adapters.amqp.client import DeniedError
from axisd.adapters.ledger import open_reader
from axisd.simulator.demo.desk import Desk
from axisd.simulator.demo.papers import Papers
from axisd.simulator.province import Province
from tests.support.acceptance import (
    ENVIRONMENT,
    FINANCE,
    HEALTH,
    axisd,
    child,
    delivered,
    desk,
    digest,
    outcomes,
    paper,
    queued,
    receipts,
    rejected,
    settled,
    submit,
    verdict,
)
from tests.support.bad_input import BAD, CLOSED_ROWS, MOVED, Bad, post, postman
from tests.support.operators import fetch, log_lines, metric, until_async
from tests.support.trouble import amended

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def closed_codes(province: Province) -> AsyncIterator[None]:
    """Two closed codes in the directory, and a postman whom no permission holds back."""
    async with postman(province):
        with amended(province, "agencies.csv", lambda text: text + CLOSED_ROWS):
            if province.axisd is not None and province.axisd.alive():
                await axisd(province, "config", "reload")
            yield
    await axisd(province, "config", "reload")


async def passes(province: Province, watched: Desk, papers: Papers) -> None:
    """A good document, handed in now, is delivered."""
    document_id, body = paper(papers, ENVIRONMENT)
    await submit(province, FINANCE, body)
    await delivered(watched, ENVIRONMENT, document_id)


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
async def test_it_is_refused_with_a_receipt_and_the_next_one_passes(
    served: Province, papers: Papers, bad: Bad
) -> None:
    body = bad.make(papers)
    async with desk(served, FINANCE, HEALTH, ENVIRONMENT) as watched:
        async with served.client(bad.agency) as client:
            await client.submit(body, bad.agency, content_type=bad.content_type)
        await passes(served, watched, papers)
        reason = await rejected(served, watched, bad.agency, body)
    assert reason.get("code") == bad.code
    assert reason.get("fault") == "sender"
    assert reason.get("retryable") == "false"
    assert (reason.get("at") or "").endswith(bad.at or "")
    assert (reason.get("at") is not None) >= (bad.at is not None)
    assert (reason.get("line") is not None) == bad.line, reason.attrib


async def test_a_closed_code_leads_to_its_successor_and_the_receipt_says_so(
    served: Province, papers: Papers
) -> None:
    document_id, body = paper(papers, MOVED)
    async with desk(served) as watched:
        await submit(served, FINANCE, body)
        (came,) = await delivered(watched, ENVIRONMENT, document_id)
        assert came.headers["axis-to"] == ENVIRONMENT
        _, acceptance = await receipts(
            watched, FINANCE, document_id, "ContentConsignment", "SubmissionAcceptance"
        )
    recipient = child(acceptance.body, "Recipient")
    note = recipient.find("{*}Note")
    assert note is not None
    assert note.get("code") == "recipient-closed"
    assert all(ENVIRONMENT in (text.text or "") for text in note)


async def test_one_bad_recipient_does_not_keep_the_document_from_the_others(
    served: Province, papers: Papers
) -> None:
    document_id, body = paper(papers, "888.88.88.H53", ENVIRONMENT, "000.00.\u200b12.H53")
    async with desk(served) as watched:
        await submit(served, FINANCE, body)
        await delivered(watched, ENVIRONMENT, document_id)
        _, acceptance = await receipts(
            watched, FINANCE, document_id, "ContentConsignment", "SubmissionAcceptance"
        )
    assert outcomes(acceptance.body) == {
        "888.88.88.H53": ("refused", "recipient-unknown"),
        ENVIRONMENT: ("accepted", ""),
        "000.00.\u200b12.H53": ("refused", "code-malformed"),
    }


@pytest.mark.parametrize("key", ["normal.#", "normal.*.12.H53", "urgent.", f"normal.{FINANCE}.x"])
async def test_the_broker_denies_an_account_a_routing_key_that_is_not_its_own(
    served: Province, papers: Papers, key: str
) -> None:
    lane, _, agency = key.partition(".")
    _, body = paper(papers)
    async with served.client(FINANCE) as client:
        with pytest.raises(DeniedError):
            await client.submit(body, agency, lane)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("normal", "routing-key"),
        ("urgent.", "routing-key"),
        ("normal.#", "account-not-for-agency"),
        (f"normal.{FINANCE}.x", "account-not-for-agency"),
        (f"normal.{HEALTH}", "account-not-for-agency"),
        ("normal.\u200b", "account-not-for-agency"),
    ],
)
async def test_a_wrong_routing_key_that_gets_past_the_broker_is_refused_by_the_axis(
    served: Province, papers: Papers, key: str, code: str
) -> None:
    _, body = paper(papers)
    async with desk(served) as watched:
        await post(served, body, key, "finance")
        await passes(served, watched, papers)
        reason = await rejected(served, watched, FINANCE, body)
    assert reason.get("code") == code


async def test_a_lane_that_does_not_exist_comes_back_from_the_broker(
    served: Province, papers: Papers
) -> None:
    with pytest.raises(DeliveryError):
        await post(served, paper(papers)[1], f"express.{FINANCE}", "finance")


async def test_who_forgets_the_user_id_is_told_by_the_routing_key(
    served: Province, papers: Papers
) -> None:
    _, body = paper(papers)
    async with desk(served) as watched:
        await post(served, body, f"normal.{FINANCE}", None)
        reason = await rejected(served, watched, FINANCE, body)
        assert reason.get("code") == "account-missing"
        await passes(served, watched, papers)


async def test_whom_nobody_can_name_is_refused_without_a_receipt_and_on_record(
    served: Province, papers: Papers
) -> None:
    code = "account-unknown"
    before = await metric(served, "axisd_refusals_total", reason=code)
    document_id, body = paper(papers)
    async with desk(served) as watched:
        await post(served, body, f"normal.{FINANCE}", "stranger")
        await passes(served, watched, papers)
        assert await metric(served, "axisd_refusals_total", reason=code) == before + 1
        assert not [m for m in watched.box(FINANCE, "receipts") if digest(body).encode() in m.body]
        assert not [m for m in watched.box(FINANCE, "receipts") if m.correlation_id == document_id]
    (line,) = [line for line in log_lines(served) if line.get("digest") == digest(body)]
    assert (line["state"], line["reason"]) == ("refused", code)
    (record,) = await settled(served, line["submission"])
    assert record.reason == code


async def test_everything_that_was_refused_was_acknowledged(served: Province) -> None:
    async def empty() -> bool:
        return not await queued(served, "axis.intake") and not await queued(served, "axis.dead")

    await until_async(empty)


TOKEN = "ZXMATTOKEN"
SUBJECT = f"TỐI MẬT: {TOKEN} kế hoạch"


async def test_nothing_of_a_secret_is_kept_wherever_it_is_refused(
    served: Province, papers: Papers
) -> None:
    """Neither in the ledger, nor in the log, nor in a receipt, nor in what is counted."""
    unsigned = papers.document(FINANCE, [ENVIRONMENT], SUBJECT)[1]
    signed = papers.signed(FINANCE, unsigned)
    bodies = [
        ("secrecy-mark", signed),
        ("signature-missing", unsigned),
        ("signature-invalid", signed.replace("kế hoạch".encode(), b"ke hoach")),
        ("secrecy-mark", unsigned.replace(b"Priority>0<", f"Priority>{TOKEN}<".encode())),
        ("not-well-formed", signed[:-20]),
        ("forbidden-markup", unsigned.replace(b"<edXML ", b"<!DOCTYPE edXML>\n<edXML ", 1)),
    ]
    strangers = {
        "account-missing": (unsigned + b"\n", f"normal.{FINANCE}", None),
        "account-unknown": (unsigned + b"\n\n", f"normal.{FINANCE}", "stranger"),
        "account-not-for-agency": (unsigned + b"\n\n\n", f"normal.{HEALTH}", "finance"),
    }
    async with desk(served, FINANCE, ENVIRONMENT, HEALTH) as watched:
        for body, key, user_id in strangers.values():
            await post(served, body, key, user_id)
        await submit(served, HEALTH, signed + b"\n")
        await submit(served, FINANCE, *(body for _, body in bodies))
        for code, body in bodies:
            reason = await rejected(served, watched, FINANCE, body)
            assert reason.get("code") == code
        reason = await rejected(served, watched, HEALTH, signed + b"\n")
        assert reason.get("code") == "secrecy-mark"
        await passes(served, watched, papers)
        told = b"".join(m.body for a in (FINANCE, HEALTH) for m in watched.box(a, "receipts"))
    places = {
        "receipts": told,
        "log": (served.folder / "axisd.log").read_bytes(),
        "metrics": (await fetch(served, "/metrics"))[1].encode(),
        **{str(file): file.read_bytes() for file in _files(served.folder / "ledger")},
    }
    words = (TOKEN.encode(), base64.b64encode(TOKEN.encode()))
    assert [name for name, content in places.items() if any(w in content for w in words)] == []


def _files(folder: Path) -> list[Path]:
    found = [file for file in folder.rglob("*") if file.is_file()]
    assert any(file.name == "ledger.db" for file in found)
    return found


@pytest.mark.parametrize(
    "inside",
    [
        '1/TEST&#10;{"event": "forged"}',
        "1/TEST\u2028forged",
        "1/TEST\u202egnorw\u200b",
        "1/\x7fTEST\x9b31m",
        '1/TEST", "event": "forged',
    ],
)
async def test_what_stands_in_a_document_id_cannot_forge_a_line_of_the_log(
    served: Province, papers: Papers, inside: str
) -> None:
    document_id, envelope = papers.document(FINANCE, [ENVIRONMENT], "V/v chèn dòng")
    number = document_id.rpartition(",")[2]
    body = papers.signed(FINANCE, envelope.replace(f",{number}<".encode(), f",{inside}<".encode()))
    async with desk(served) as watched:
        await submit(served, FINANCE, body)
        found = await watched.expect(
            FINANCE, "receipts", lambda m: f'digest="{digest(body)}"'.encode() in m.body
        )
        verdict(served, found[0])
        await passes(served, watched, papers)
    lines = (served.folder / "axisd.log").read_text(encoding="utf-8").split("\n")
    assert all(line.isprintable() for line in lines)
    events = [json.loads(line)["event"] for line in lines if line]
    assert "forged" not in events
    (line,) = [line for line in log_lines(served) if line.get("digest") == digest(body)]
    assert line["event"] == "submission"
    trace = await axisd(served, "document", "trace", line["submission"])
    assert all(text.isprintable() for text in trace.split("\n"))


async def test_a_submission_that_crashes_the_inspection_is_kept_answered_counted_and_passed_by(
    site: Province, papers: Papers
) -> None:
    await site.start_axisd(module="tests.support.poisoned")
    try:
        document_id, poison = paper(papers, subject="V/v POISON")
        async with desk(site) as watched:
            await submit(site, FINANCE, poison)
            await passes(site, watched, papers)
            reason = await rejected(site, watched, FINANCE, poison)
            assert (reason.get("code"), reason.get("fault")) == ("quarantined", "axis")
            assert reason.get("retryable") == "true"
            assert await metric(
                site, "axisd_submissions_settled_total", door="amqp", state="quarantined"
            )
            assert await metric(site, "axisd_trouble_total", part="inspection", family="unexpected")
            assert await payload(site, poison) == poison
            (line,) = [x for x in log_lines(site) if x.get("digest") == digest(poison)]
            assert (line["level"], line["state"]) == ("error", "quarantined")
            assert "POISON" not in (site.folder / "axisd.log").read_text(encoding="utf-8")

            # It used up nothing: an axis that is mended judges it afresh.
            await site.stop_axisd()
            await site.start_axisd()
            await submit(site, FINANCE, poison)
            await delivered(watched, ENVIRONMENT, document_id)
    finally:
        await site.stop_axisd()


async def payload(province: Province, body: bytes) -> bytes | None:
    """What the ledger keeps under the digest of `body`."""
    reader = await open_reader(province.folder / "ledger")
    try:
        return await reader.payload(digest(body))
    finally:
        await reader.close()


async def test_the_ledger_holds_after_all_that(served: Province) -> None:
    await axisd(served, "ledger", "verify")
