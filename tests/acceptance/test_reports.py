"""What the running axis leaves for reports: what went through it, and when it served."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from axisd.adapters.ledger import open_reader
from axisd.core.availability import UptimeEnd
from axisd.simulator.demo.papers import Papers
from axisd.simulator.province import Province
from tests.support.acceptance import (
    ENVIRONMENT,
    FINANCE,
    delivered,
    desk,
    paper,
    receipts,
    submit,
)
from tests.support.cli import axisd_beside, facts

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def so_far(province: Province) -> dict[str, Any]:
    """Today's report."""
    words = ("report", "day", "today", "--json", "--config", province.config)
    found: dict[str, Any] = facts(await axisd_beside(*words))
    return found


def of_finance(report: dict[str, Any]) -> dict[str, int]:
    lines = [line for line in report["by_agency"] if line["code"] == FINANCE]
    counts: dict[str, int] = lines[0]["counts"] if lines else {}
    return counts


async def ends(province: Province) -> list[UptimeEnd]:
    """How each uptime on record ended, oldest first."""
    reader = await open_reader(province.folder / "ledger")
    try:
        always = datetime(2000, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)
        return [uptime.ended for uptime in await reader.uptimes(*always)]
    finally:
        await reader.close()


async def until_on_record(province: Province, wanted: list[UptimeEnd]) -> None:
    """READY is said first, and kept on record then."""
    async with asyncio.timeout(20):
        while await ends(province) != wanted:
            await asyncio.sleep(0.05)


async def test_a_document_is_in_todays_report_beside_the_running_daemon(
    served: Province, papers: Papers
) -> None:
    before = of_finance(await so_far(served))
    document_id, body = paper(papers, ENVIRONMENT)
    async with desk(served) as watched:
        await submit(served, FINANCE, body)
        await delivered(watched, ENVIRONMENT, document_id)
        await receipts(watched, FINANCE, document_id, "ContentConsignment", "SubmissionAcceptance")
    after = of_finance(await so_far(served))
    for measure in ("submissions", "documents", "originals", "sent", "sent-placed"):
        assert after[measure] == before.get(measure, 0) + 1, measure


async def test_a_stop_and_a_crash_are_told_apart_on_record(site: Province) -> None:
    before = await ends(site)
    await site.start_axisd()
    await until_on_record(site, [*before, UptimeEnd.OPEN])
    await site.stop_axisd()
    assert await ends(site) == [*before, UptimeEnd.STOPPED]
    await site.start_axisd()
    await until_on_record(site, [*before, UptimeEnd.STOPPED, UptimeEnd.OPEN])
    await site.kill_axisd()
    assert await ends(site) == [*before, UptimeEnd.STOPPED, UptimeEnd.OPEN]
