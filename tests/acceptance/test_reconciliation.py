"""What the national axis and the ledger each know is compared, mended where that is safe, and told."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from axisd.ports import TransportStatus
from axisd.simulator.demo.papers import Papers
from axisd.simulator.province import CENTRE, Province
from tests.support.acceptance import (
    ENVIRONMENT,
    FINANCE,
    axisd,
    child,
    delivered,
    desk,
    once,
    paper,
    receipts,
    submit,
)
from tests.support.ministry import MINISTRY, behave, ministry, nothing_waits
from tests.support.operators import metric, until_async

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def behaving(served: Province) -> AsyncIterator[Province]:
    """The national axis behaves again afterwards."""
    yield served
    await behave(served, {})


async def reconciled(province: Province, *words: str, code: int = 0) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(
        await axisd(province, "national", "reconcile", "--json", *words, code=code)
    )
    return said


def own(run: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """Its differences but those that the axis keeps because an answer of its was lost once (other tests)."""
    return [
        (one["kind"], one["number"], one["healed"])
        for one in run["differences"]
        if one["kind"] != "twice"
    ]


async def test_a_sender_is_told_that_the_recipients_system_failed_once_and_then_all_is_clean(
    served: Province, papers: Papers
) -> None:
    document_id, body = paper(papers, MINISTRY)
    before = await metric(served, "axisd_national_healed_total", kind="refused-later")
    async with desk(served) as watched, ministry(served, looks=False) as (_, client):
        await submit(served, FINANCE, body)
        (relayed, _) = await receipts(
            watched, FINANCE, document_id, "RelayAcceptance", "SubmissionAcceptance"
        )
        number = child(relayed.body, "Delivery").get("external")
        assert number
        (item,) = [
            one
            for one in await client.waiting("document")
            if document_id.encode() in await client.fetch(one)
        ]
        await client.report(item, TransportStatus.FAIL, "loi doc tep")

        dry = await reconciled(served, "--dry-run", code=65)
        assert own(dry) == [("refused-later", number, False)]
        run = await reconciled(served)
        assert own(run) == [("refused-later", number, True)]
        (told, *_) = await receipts(
            watched,
            FINANCE,
            document_id,
            "ContentHandoverFailure",
            "RelayAcceptance",
            "SubmissionAcceptance",
        )
        reason = child(told.body, "Reason")
        assert reason.get("code") == "national-not-taken"
        assert "loi doc tep" in (reason[1].text or "")
        again = await reconciled(served)
        assert (again["outcome"], own(again)) == ("clean", [])
    after = await metric(served, "axisd_national_healed_total", kind="refused-later")
    assert after - before == 1
    assert await metric(served, "axisd_national_differences", kind="refused-later") == 0
    assert await metric(served, "axisd_national_reconciled_timestamp_seconds") > 0
    verified = json.loads(await axisd(served, "ledger", "verify", "--json"))
    assert not verified["faults"]


async def test_what_was_refused_and_what_is_never_given_is_seen_by_operators_with_its_cause(
    behaving: Province, papers: Papers
) -> None:
    async with desk(behaving) as watched, ministry(behaving, looks=False) as (_, client):

        async def sent(body: bytes) -> str:
            answer = await client.send(body, kind="document", sender=MINISTRY, recipients=[])
            assert answer.accepted
            return answer.doc_id

        bad = papers.document(MINISTRY, [ENVIRONMENT], "V/v sai trường")[1].replace(
            b"Priority>0<", "Priority>khẩn<".encode()
        )
        await sent(bad)
        await nothing_waits(behaving)
        failed = json.loads(await axisd(behaving, "national", "failed", "--json"))
        newest = failed["refused"][0]
        assert (newest["reason"], newest["kind"]) == ("schema-invalid", "document")
        assert newest["number"]

        await behave(behaving, {"centres": {CENTRE: {"failing_fetches": "100%"}}})
        late, body = papers.document(MINISTRY, [ENVIRONMENT], "V/v đến muộn")
        await sent(body)

        async def stuck() -> bool:
            said = json.loads(await axisd(behaving, "national", "failed", "--json"))
            return any("code 20" in one["cause"] and one["listed"] for one in said["untaken"])

        await until_async(stuck)
        assert await metric(behaving, "axisd_national_untaken") == 1
        run = await reconciled(behaving, code=65)
        assert run["open"]["untaken"] == 1
        assert await metric(behaving, "axisd_national_differences", kind="untaken") == 1

        await behave(behaving, {})
        await delivered(watched, ENVIRONMENT, late)
        await nothing_waits(behaving)
        once(watched, ENVIRONMENT, [late])
        said = json.loads(await axisd(behaving, "national", "failed", "--json"))
        assert said["untaken"] == []
        assert (await reconciled(behaving))["outcome"] == "clean"


async def test_a_status_that_comes_over_the_national_axis_before_its_document_is_joined_to_it(
    served: Province, papers: Papers
) -> None:
    document_id, body = paper(papers, MINISTRY)
    early = papers.status(MINISTRY, FINANCE, document_id, "03", "Đã tiếp nhận")
    async with desk(served) as watched, ministry(served, looks=False) as (_, client):
        answer = await client.send(early, kind="status", sender=MINISTRY, recipients=[FINANCE])
        assert answer.accepted
        await delivered(watched, FINANCE, document_id)
        unmatched = await axisd(served, "document", "unmatched")
        assert document_id in unmatched
        await submit(served, FINANCE, body)
        await receipts(
            watched,
            FINANCE,
            document_id,
            "ContentHandover",
            "RelayAcceptance",
            "SubmissionAcceptance",
        )
        assert document_id not in await axisd(served, "document", "unmatched")
