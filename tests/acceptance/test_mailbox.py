"""A document for an agency behind a door lies in its mailbox: seen by operators, kept over a kill, taken back in time."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from axisd.core.envelope import Business, BusinessInfo
from axisd.simulator.demo.papers import Papers
from axisd.simulator.province import Province
from tests.support.acceptance import (
    FINANCE,
    axisd,
    desk,
    outcomes,
    paper,
    receipts,
    submit,
    verdict,
)
from tests.support.operators import metric, until_async
from tests.support.trouble import amended

pytestmark = pytest.mark.asyncio(loop_scope="session")

BEHIND = "000.00.08.H53"
"""Its system comes through the VXP door, in these tests alone."""
RECALL = BusinessInfo(Business.RECALL, reason="Ban hành nhầm")


def _with_door(text: str) -> str:
    systems = json.loads(text)
    systems["systems"].append(
        {
            "account": "behind",
            "channel": "vxp",
            "agencies": [BEHIND],
            "secret_file": "behind.secret",
        }
    )
    return json.dumps(systems)


@pytest_asyncio.fixture(loop_scope="session")
async def behind(served: Province) -> AsyncIterator[Province]:
    """The province with an agency behind a door; what lies in its mailbox stays there afterwards."""
    (served.folder / "behind.secret").write_text("a secret that is long enough\n", encoding="utf-8")
    with amended(served, "systems.yaml", _with_door):
        await axisd(served, "config", "reload")
        yield served
    await axisd(served, "config", "reload")


async def items(province: Province, document_id: str) -> list[dict[str, Any]]:
    """What waits in the mailbox under this DocumentId."""
    listed = json.loads(await axisd(province, "mailbox", "list", BEHIND, "--json"))
    return [item for item in listed if item["document_id"] == document_id]


async def test_it_waits_there_over_a_kill_and_is_counted(behind: Province, papers: Papers) -> None:
    document_id, body = paper(papers, BEHIND)
    async with desk(behind) as watched:
        await submit(behind, FINANCE, body)
        consigned, accepted = await receipts(
            watched, FINANCE, document_id, "ContentConsignment", "SubmissionAcceptance"
        )
        assert outcomes(accepted.body)[BEHIND][0] == "accepted"
        for receipt in (accepted, consigned):
            verdict(behind, receipt)
    (item,) = await items(behind, document_id)
    assert (item["state"], item["fetched"], item["from"]) == ("initial", None, FINANCE)
    await behind.kill_axisd()
    await behind.start_axisd()
    assert await items(behind, document_id) == [item]
    assert json.loads(await axisd(behind, "mailbox", "show", item["id"], "--json")) == [item]

    async def counted() -> bool:
        labels = {"agency": BEHIND, "state": "initial"}
        return await metric(behind, "axisd_mailbox_items", **labels) >= 1

    await until_async(counted)
    assert await metric(behind, "axisd_mailbox_items", agency=BEHIND, state="fail") == 0


async def test_taken_back_before_it_was_fetched_it_is_in_the_mailbox_no_more(
    behind: Province, papers: Papers
) -> None:
    document_id, body = paper(papers, BEHIND)
    _, asked = papers.document(
        FINANCE, [BEHIND], "V/v thu hồi", document_id=document_id, business=RECALL
    )
    async with desk(behind) as watched:
        await submit(behind, FINANCE, body)
        await receipts(watched, FINANCE, document_id, "ContentConsignment", "SubmissionAcceptance")
        await submit(behind, FINANCE, papers.signed(FINANCE, asked))
        (withdrawn,) = await watched.expect(
            FINANCE, "receipts",
            lambda m: m.correlation_id == document_id and m.type == "ContentHandoverFailure",
        )  # fmt: skip
        verdict(behind, withdrawn)
    (left,) = await items(behind, document_id)
    assert left["business"] == "recall", "the recall is for its recipient all the same"
    traced = json.loads(await axisd(behind, "document", "trace", document_id, "--json"))
    (leg,) = traced["submissions"][0]["recipients"]
    assert (leg["state"], leg["mailbox"]["state"]) == ("withdrawn", "withdrawn")
    await axisd(behind, "ledger", "verify")
