"""axisd killed with -9 at each of the instants that matter: nothing is lost, nothing counts twice.

The instants are made to last from outside: a queue that is missing keeps a settled document from being
published, a lock on the ledger keeps a published one from being marked, a proxy that holds back what the
intake's connection sends keeps a settled one from being acknowledged.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from axisd.adapters.amqp import Received
from axisd.adapters.ledger import open_reader
from axisd.simulator.demo.desk import Desk
from axisd.simulator.demo.papers import Papers
from axisd.simulator.province import VHOST, Province
from tests.support.proxy import Proxy, proxy_to

pytestmark = pytest.mark.asyncio(loop_scope="session")

FINANCE, ENVIRONMENT, INBOX = "000.00.11.H53", "000.00.12.H53", "agency.000.00.12.H53.inbox"


@asynccontextmanager
async def desk(province: Province) -> AsyncIterator[Desk]:
    watched = Desk(province, [FINANCE, ENVIRONMENT])
    async with asyncio.TaskGroup() as group:
        task = group.create_task(watched.watch())
        yield watched
        task.cancel()


async def submit(province: Province, body: bytes) -> None:
    async with province.client(FINANCE) as client:
        await client.submit(body, FINANCE)


async def settled(province: Province, document_id: str) -> int:
    """How many submissions of this document the ledger has."""
    reader = await open_reader(province.folder / "ledger")
    try:
        return len((await reader.timeline(document_id)).submissions)
    finally:
        await reader.close()


async def until_settled(province: Province, document_id: str) -> None:
    async with asyncio.timeout(15):
        while not await settled(province, document_id):
            await asyncio.sleep(0.05)


@asynccontextmanager
async def without_inbox(province: Province) -> AsyncIterator[None]:
    """The recipient's inbox is gone from the broker for as long as the block lasts."""
    path = f"queues/{VHOST}/{INBOX}"
    await province.node.api("DELETE", path)
    try:
        yield
    finally:
        arguments = {"x-queue-type": "quorum"}
        await province.node.api("PUT", path, {"durable": True, "arguments": arguments})


@asynccontextmanager
async def locked_ledger(province: Province) -> AsyncIterator[None]:
    """Nobody can write to the ledger; everybody can read it."""
    connection = sqlite3.connect(province.folder / "ledger" / "ledger.db", isolation_level=None)
    connection.execute("PRAGMA wal_autocheckpoint=0")
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


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
    verified = await asyncio.to_thread(province.axisctl, "ledger", "verify")
    assert verified.returncode == 0, verified.stderr


async def test_killed_before_the_settlement_is_durable_the_broker_delivers_it_again(
    running: Province, papers: Papers
) -> None:
    document_id, envelope = papers.document(FINANCE, [ENVIRONMENT], "V/v chưa kịp ghi")
    body = papers.signed(FINANCE, envelope)
    async with locked_ledger(running):
        await submit(running, body)
        await running.kill_axisd()
    assert await settled(running, document_id) == 0
    await running.start_axisd()
    async with desk(running) as watched:
        await arrives_once(running, watched, document_id, body)
    assert await settled(running, document_id) == 1


async def test_killed_between_commit_and_publish_it_is_published_after_the_start(
    running: Province, papers: Papers
) -> None:
    document_id, envelope = papers.document(FINANCE, [ENVIRONMENT], "V/v chưa kịp chuyển")
    body = papers.signed(FINANCE, envelope)
    async with without_inbox(running):
        await submit(running, body)
        await until_settled(running, document_id)
        await running.kill_axisd()
    await running.start_axisd()
    async with desk(running) as watched:
        await arrives_once(running, watched, document_id, body)


async def test_killed_between_publish_and_mark_it_comes_again_under_the_same_message_id(
    running: Province, papers: Papers
) -> None:
    document_id, envelope = papers.document(FINANCE, [ENVIRONMENT], "V/v chưa kịp đánh dấu")
    body = papers.signed(FINANCE, envelope)
    async with without_inbox(running):
        await submit(running, body)
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
    province: Province, papers: Papers
) -> None:
    document_id, envelope = papers.document(FINANCE, [ENVIRONMENT], "V/v chưa kịp xác nhận")
    body = papers.signed(FINANCE, envelope)
    async with proxy_to(province.node.amqp_port) as proxy, through(province, proxy):
        await province.start_axisd()
        await proxy.hold("intake.normal")
        async with desk(province) as watched:
            await submit(province, body)
            await proxy.until_kept_back("intake.normal")
            await arrives_once(province, watched, document_id, body)
            await province.kill_axisd()
            await proxy.cut()
            await province.start_axisd()
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
        await province.stop_axisd()
    assert await settled(province, document_id) == 2  # the second one as a duplicate


@asynccontextmanager
async def through(province: Province, proxy: Proxy) -> AsyncIterator[None]:
    """The daemon reaches the broker through `proxy` for as long as the block lasts."""
    file = province.folder / "amqp.url"
    direct = file.read_text(encoding="utf-8")
    file.write_text(
        direct.replace(f":{province.node.amqp_port}", f":{proxy.port}"), encoding="utf-8"
    )
    try:
        yield
    finally:
        file.write_text(direct, encoding="utf-8")
