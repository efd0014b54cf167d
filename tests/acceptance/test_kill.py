"""axisd killed with -9 at each of the instants that matter: nothing is lost, nothing counts twice.

The instants are made to last from outside: a queue that is missing keeps a settled document from being
published, a lock on the ledger keeps a published one from being marked, a proxy that holds back what the
intake's connection sends keeps a settled one from being acknowledged.
"""

import asyncio

import pytest

from axisd.adapters.amqp import Received
from axisd.simulator.demo.desk import Desk
from axisd.simulator.demo.papers import Papers
from axisd.simulator.province import Province
from tests.support.acceptance import ENVIRONMENT, FINANCE, axisd, desk, paper, settled, submit
from tests.support.proxy import proxy_to
from tests.support.trouble import locked_ledger, through, without_inbox

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def until_settled(province: Province, document_id: str) -> None:
    async with asyncio.timeout(15):
        while not await settled(province, document_id):
            await asyncio.sleep(0.05)


def copies(watched: Desk, agency: str, document_id: str) -> list[Received]:
    return [
        copy
        for first in watched.box(agency, "inbox")
        if first.correlation_id == document_id
        for copy in watched.copies(first.message_id)
    ]


async def arrives_once(province: Province, watched: Desk, document_id: str, body: bytes) -> None:
    """The document is there under one message id, with one acceptance and one consignment."""
    came = await watched.expect(ENVIRONMENT, "inbox", lambda m: m.correlation_id == document_id)
    assert [message.body for message in came] == [body]
    receipts = await watched.expect(
        FINANCE, "receipts", lambda m: m.correlation_id == document_id, count=2
    )
    assert sorted(r.type for r in receipts) == ["ContentConsignment", "SubmissionAcceptance"]
    await axisd(province, "ledger", "verify")


async def test_killed_before_the_settlement_is_durable_the_broker_delivers_it_again(
    running: Province, papers: Papers
) -> None:
    document_id, body = paper(papers, ENVIRONMENT, subject="V/v chưa kịp ghi")
    async with locked_ledger(running):
        await submit(running, FINANCE, body)
        await running.kill_axisd()
    assert not await settled(running, document_id)
    await running.start_axisd()
    async with desk(running) as watched:
        await arrives_once(running, watched, document_id, body)
    assert len(await settled(running, document_id)) == 1


async def test_killed_between_commit_and_publish_it_is_published_after_the_start(
    running: Province, papers: Papers
) -> None:
    document_id, body = paper(papers, ENVIRONMENT, subject="V/v chưa kịp chuyển")
    async with without_inbox(running, ENVIRONMENT):
        await submit(running, FINANCE, body)
        await until_settled(running, document_id)
        await running.kill_axisd()
    await running.start_axisd()
    async with desk(running) as watched:
        await arrives_once(running, watched, document_id, body)


async def test_killed_between_publish_and_mark_it_comes_again_under_the_same_message_id(
    running: Province, papers: Papers
) -> None:
    document_id, body = paper(papers, ENVIRONMENT, subject="V/v chưa kịp đánh dấu")
    async with without_inbox(running, ENVIRONMENT):
        await submit(running, FINANCE, body)
        await until_settled(running, document_id)
    async with desk(running) as watched:
        async with locked_ledger(running):
            # The row is put off after the missing inbox; it goes when its time has come.
            await watched.expect(ENVIRONMENT, "inbox", lambda m: m.correlation_id == document_id)
            await running.kill_axisd()
        assert len(copies(watched, ENVIRONMENT, document_id)) == 1
        await running.start_axisd()
        assert await watched.until(
            lambda: len(copies(watched, ENVIRONMENT, document_id)) == 2, within=20
        )
        assert len({m.message_id for m in copies(watched, ENVIRONMENT, document_id)}) == 1
        await arrives_once(running, watched, document_id, body)


async def test_killed_between_commit_and_acknowledgement_it_is_recognised_as_the_same(
    site: Province, papers: Papers
) -> None:
    document_id, body = paper(papers, ENVIRONMENT, subject="V/v chưa kịp xác nhận")
    async with proxy_to(site.node.amqp_port) as proxy, through(site, proxy):
        await site.start_axisd()
        await proxy.hold("intake.normal")
        async with desk(site) as watched:
            await submit(site, FINANCE, body)
            await proxy.until_kept_back("intake.normal")
            await arrives_once(site, watched, document_id, body)
            await site.kill_axisd()
            await proxy.cut()
            await site.start_axisd()
            acceptance = next(
                m
                for m in watched.box(FINANCE, "receipts")
                if m.correlation_id == document_id and m.type == "SubmissionAcceptance"
            )
            # Delivered again by the broker, answered again with the stored receipt.
            assert await watched.until(
                lambda: len(watched.copies(acceptance.message_id)) == 2, within=20
            )
            first, second = watched.copies(acceptance.message_id)
            assert first.body == second.body
            assert len(copies(watched, ENVIRONMENT, document_id)) == 1
        await site.stop_axisd()
    assert len(await settled(site, document_id)) == 2  # the second one as a duplicate
