"""Probes in inboxes: each of the broker's answers, and never one behind another where nobody reads."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
import pytest_asyncio

from axisd.adapters.amqp.inbox_probe import Probed, probe_inboxes
from axisd.adapters.amqp.topology import DEAD, queues_of
from axisd.core.probe import TYPE, inbox_probe
from axisd.errors import UnavailableError
from axisd.ports import Message
from axisd.simulator.loopback import free_ports
from tests.support.amqp import COMMUNE, FINANCE, HEALTH, Axis, fresh_axis, until_async
from tests.support.broker import Vhost


@pytest_asyncio.fixture
async def axis(vhost: Vhost) -> AsyncIterator[Axis]:
    async with fresh_axis(vhost) as fresh:
        yield fresh


def probe(axis: Axis, agency: str) -> Message:
    at = axis.clock.now()
    return Message(
        queues_of(agency)[0], axis.clock.new_id(), inbox_probe(agency, at), TYPE, "check", at
    )


async def probed(axis: Axis, *agencies: str) -> dict[str, Probed]:
    """By agency, with the account and the rights of the daemon."""
    messages = [probe(axis, agency) for agency in agencies]
    found = await probe_inboxes(axis.endpoint(axis.daemon_user), messages)
    return {agency: found[queues_of(agency)[0]] for agency in agencies}


async def depth(axis: Axis, queue: str) -> int:
    async with axis.management() as management:
        return (await management.queues())[queue].messages


async def test_a_probe_is_a_message_of_its_own_type_that_the_agency_finds(axis: Axis) -> None:
    assert await probed(axis, FINANCE) == {FINANCE: Probed.TAKEN}
    async with axis.client() as client:
        came = await client.get("inbox", FINANCE)
        assert came is not None
        assert (came.type, came.headers.keys() & {"axis-submission"}) == (TYPE, set())
        assert b"urn:axisd:probe:1.0" in came.body
        await came.ack()
        assert await client.get("inbox", FINANCE) is None


async def test_where_nobody_reads_one_probe_lies_and_no_more(axis: Axis) -> None:
    assert await probed(axis, FINANCE) == {FINANCE: Probed.TAKEN}
    for _ in range(3):
        assert await probed(axis, FINANCE) == {FINANCE: Probed.UNREAD}
    async with axis.client() as client:
        first = await client.get("inbox", FINANCE)
        assert first is not None
        assert await client.get("inbox", FINANCE) is None
    assert await depth(axis, DEAD) == 0


async def test_an_inbox_that_is_read_takes_one_however_much_waits_there(axis: Axis) -> None:
    assert await probed(axis, FINANCE) == {FINANCE: Probed.TAKEN}
    async with axis.client() as client, aclosing(client.receive("inbox", FINANCE)) as stream:
        await anext(stream)
        assert await probed(axis, FINANCE) == {FINANCE: Probed.TAKEN}


async def test_an_inbox_that_is_missing_is_told_and_the_others_are_probed(
    axis: Axis, vhost: Vhost
) -> None:
    await vhost.node.api("DELETE", f"queues/{vhost.name}/{queues_of(HEALTH)[0]}")
    assert await probed(axis, FINANCE, HEALTH, COMMUNE) == {
        FINANCE: Probed.TAKEN,
        HEALTH: Probed.MISSING,
        COMMUNE: Probed.TAKEN,
    }


async def test_an_inbox_that_takes_no_more_is_told(axis: Axis, vhost: Vhost) -> None:
    policy = {
        "pattern": f"^{queues_of(HEALTH)[0]}$",
        "definition": {"max-length": 1, "overflow": "reject-publish"},
        "priority": 200,
        "apply-to": "queues",
    }
    await vhost.node.api("PUT", f"policies/{vhost.name}/full", policy)

    async def refused() -> bool:
        return (await probed(axis, HEALTH))[HEALTH] is Probed.REFUSED

    async with (
        axis.client("health") as client,
        aclosing(client.receive("inbox", HEALTH, prefetch=1)) as stream,
    ):
        await probed(axis, HEALTH)
        await anext(stream)  # read, but slowly: what comes after it stays in the queue
        await until_async(refused)


async def test_a_broker_that_is_away_is_an_error_of_ours(axis: Axis) -> None:
    (port,) = free_ports(1)
    endpoint = axis.endpoint(axis.daemon_user)
    away = type(endpoint)(endpoint.url.replace(f":{axis.node.amqp_port}/", f":{port}/"))
    with pytest.raises(UnavailableError, match="connecting to"):
        await probe_inboxes(away, [probe(axis, FINANCE)])
