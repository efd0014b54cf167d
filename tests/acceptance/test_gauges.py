"""What the daemon finds out by itself, by and by, shows among its metrics."""

import pytest

from axisd.simulator.province import VHOST, Province
from tests.support.acceptance import ENVIRONMENT, HEALTH, desk
from tests.support.operators import metric, until_async

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_ledger_that_was_opened_is_shown_as_verified(served: Province) -> None:
    assert await metric(served, "axisd_ledger_verified") == 1
    assert await metric(served, "axisd_ledger_verified_timestamp_seconds") > 0


async def test_who_reads_an_inbox_is_counted_and_who_does_not_is_shown_at_zero(
    site: Province,
) -> None:
    async def readers(agency: str) -> int:
        queue = await site.node.api("GET", f"queues/{VHOST}/agency.{agency}.inbox")
        return int(queue.get("consumers", 0))

    async def counted_by_the_broker() -> bool:
        return (await readers(ENVIRONMENT), await readers(HEALTH)) == (1, 0)

    async def seen() -> bool:
        return await metric(site, "axisd_inbox_consumers", agency=ENVIRONMENT) == 1

    async with desk(site, ENVIRONMENT):
        await until_async(counted_by_the_broker)
        await site.start_axisd()  # its first look is at the start, the next one half a minute later
        await until_async(seen, within=60)
        assert await metric(site, "axisd_inbox_consumers", agency=HEALTH) == 0
