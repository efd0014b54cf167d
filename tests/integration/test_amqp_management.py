"""Applying the topology to a real broker, and finding what differs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import aiormq
import pytest
import pytest_asyncio

from axisd.adapters.amqp import DeniedError, Management
from axisd.errors import UnavailableError
from axisd.simulator.loopback import free_ports
from tests.support.amqp import FINANCE, HEALTH, PASSWORD, Axis, fresh_axis, until_async
from tests.support.broker import Vhost


@pytest_asyncio.fixture
async def axis(vhost: Vhost) -> AsyncIterator[Axis]:
    async with fresh_axis(vhost) as fresh:
        yield fresh


@pytest_asyncio.fixture
async def management(axis: Axis) -> AsyncIterator[Management]:
    async with axis.management() as management:
        yield management


async def test_after_apply_nothing_differs_and_applying_again_changes_nothing(
    axis: Axis, management: Management
) -> None:
    await until_async(lambda: _same(axis, management))
    before = await axis.node.api("GET", "definitions")
    await management.apply(axis.definitions)
    assert await axis.node.api("GET", "definitions") == before


async def _same(axis: Axis, management: Management) -> bool:
    """The broker works out policies of new queues in its own time."""
    return await management.check(axis.definitions) == []


async def test_what_differs_is_named_and_apply_mends_what_can_be_mended(
    axis: Axis, management: Management
) -> None:
    inbox = f"agency.{HEALTH}.inbox"
    await axis.node.api("DELETE", f"queues/{axis.vhost}/{inbox}")
    await axis.node.api("DELETE", f"queues/{axis.vhost}/axis.dead")
    await axis.node.api("PUT", f"queues/{axis.vhost}/axis.dead", {"durable": True, "arguments": {}})
    await axis.node.api("DELETE", f"policies/{axis.vhost}/axis-intake")
    user = axis.account("health")
    wide = {"configure": ".*", "write": ".*", "read": ".*"}
    await axis.node.api("PUT", f"permissions/{axis.vhost}/{user}", wide)
    await axis.node.api("DELETE", f"topic-permissions/{axis.vhost}/{user}")

    sentences = await management.check(axis.definitions)
    assert f"queue {inbox} is missing" in sentences
    assert any("queue axis.dead: arguments is" in sentence for sentence in sentences)
    assert "policy axis-intake is missing" in sentences
    assert f"permission of {user}: read is '.*', must be" in str(sentences)
    assert f"topic permission of {user} is missing" in sentences

    await management.apply(axis.definitions)

    async def only_the_wrong_type_is_left() -> bool:
        """RabbitMQ puts no policy for quorum queues on a classic one."""
        left = await management.check(axis.definitions)
        return len(left) == 2 and all(one.startswith("queue axis.dead") for one in left)

    await until_async(only_the_wrong_type_is_left)


async def test_apply_without_a_hash_keeps_the_password_that_an_account_has(
    axis: Axis, management: Management
) -> None:
    bare = axis.definitions.copy()
    bare["users"] = [{"name": row["name"], "tags": []} for row in bare["users"]]
    bare["users"].append({"name": axis.account("newcomer"), "tags": []})
    await management.apply(bare)
    async with axis.client("finance") as client:
        assert await client.get("inbox", FINANCE) is None
    with pytest.raises(UnavailableError, match="ACCESS_REFUSED"):
        async with axis.client("newcomer"):
            pass
    await axis.node.api("DELETE", f"users/{axis.account('newcomer')}")


async def test_apply_disconnects_an_account_whose_permissions_changed(
    axis: Axis, management: Management
) -> None:
    """The broker asks for permissions once per connection and remembers the answer."""
    connection = await aiormq.connect(axis.endpoint(axis.account("finance")).url)
    other = await aiormq.connect(axis.endpoint(axis.account("health")).url)
    try:
        narrowed = axis.definitions.copy()
        # A password that is given, even the same, would disconnect its account too.
        narrowed["users"] = [{"name": row["name"], "tags": []} for row in narrowed["users"]]
        narrowed["permissions"] = [
            {**row, "read": "^$"} if row["user"] == axis.account("finance") else row
            for row in narrowed["permissions"]
        ]
        await management.apply(narrowed)
        async with asyncio.timeout(20):
            await asyncio.wait({connection.closing})
        assert not other.is_closed
    finally:
        await connection.close()
        await other.close()
    async with axis.client("finance") as client:
        with pytest.raises(DeniedError):
            await client.get("inbox", FINANCE)


async def test_strangers_lose_the_vhost_only_when_that_is_asked_for(
    axis: Axis, management: Management
) -> None:
    stranger = axis.account("stranger")
    await axis.node.api("PUT", f"users/{stranger}", {"password": "x", "tags": ""})
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    await axis.node.api("PUT", f"permissions/{axis.vhost}/{stranger}", everything)
    try:
        await management.apply(axis.definitions)
        expected = f"account {stranger} may use the vhost, but no system in the directory has it"
        assert expected in await management.check(axis.definitions)
        await management.apply(axis.definitions, revoke_others=True)
        assert expected not in await management.check(axis.definitions)
    finally:
        await axis.node.api("DELETE", f"users/{stranger}")


async def test_guest_goes_only_when_that_is_asked_for(axis: Axis, management: Management) -> None:
    await axis.node.api("PUT", "users/guest", {"password": "guest", "tags": "administrator"})
    await management.apply(axis.definitions)
    assert "account guest is there; it is known to everybody" in await management.check(
        axis.definitions
    )
    await management.apply(axis.definitions, remove_guest=True)
    users = await axis.node.api("GET", "users")
    assert "guest" not in {row["name"] for row in users}


async def test_consumers_are_counted_per_queue(axis: Axis, management: Management) -> None:
    inbox = f"agency.{FINANCE}.inbox"

    async def read() -> None:
        async for _ in messages:
            pass

    async def one_reads() -> bool:
        return (await management.consumers())[inbox] == 1

    async with (
        axis.client() as client,
        aclosing(client.receive("inbox", FINANCE)) as messages,
        asyncio.TaskGroup() as group,
    ):
        reading = group.create_task(read())
        await until_async(one_reads)
        reading.cancel()
    assert set(await management.consumers()) == {row["name"] for row in axis.definitions["queues"]}


async def test_closing_connections_says_how_many_there_were(
    axis: Axis, management: Management
) -> None:
    account = axis.account("finance")

    async def both_listed() -> bool:
        return await management.connections(account) == 2

    assert await management.close_connections(account) == 0
    async with axis.client(), axis.client():
        await until_async(both_listed)
        assert await management.close_connections(account) == 2


async def test_revoking_closes_what_is_open_and_what_the_broker_lists_late(
    axis: Axis, management: Management
) -> None:
    connections = [
        await aiormq.connect(axis.endpoint(axis.account("finance")).url) for _ in range(2)
    ]
    other = await aiormq.connect(axis.endpoint(axis.account("health")).url)
    try:
        assert await management.revoke(axis.account("finance"), "suspended") == 2
        async with asyncio.timeout(20):
            await asyncio.wait({connection.closing for connection in connections})
        assert not other.is_closed
    finally:
        for connection in (*connections, other):
            await connection.close()


async def test_revoking_ends_although_a_client_connects_again_and_again(
    axis: Axis, management: Management
) -> None:
    account = axis.account("finance")
    url = axis.endpoint(account).url
    first = await aiormq.connect(url)

    async def insist() -> None:
        while True:
            connection = await aiormq.connect(url)
            await asyncio.wait({connection.closing})

    async with asyncio.TaskGroup() as group:
        insisting = group.create_task(insist())
        assert await management.revoke(account, "suspended") >= 2
        assert first.is_closed
        insisting.cancel()


async def test_an_account_that_is_deleted_cannot_log_in_and_deleting_it_again_is_no_trouble(
    axis: Axis, management: Management
) -> None:
    account = axis.account("newcomer")
    await axis.node.api("PUT", f"users/{account}", {"password": PASSWORD, "tags": ""})
    assert account in await management.accounts()
    for _ in range(2):
        await management.delete_account(account)
    assert account not in await management.accounts()
    with pytest.raises(UnavailableError, match="ACCESS_REFUSED"):
        async with axis.client("newcomer"):
            pass


async def test_only_an_empty_queue_is_deleted_and_what_lies_in_another_stays(
    axis: Axis, management: Management
) -> None:
    full, empty = f"agency.{FINANCE}.receipts", f"agency.{HEALTH}.receipts"
    message = {"properties": {"delivery_mode": 2}, "routing_key": full, "payload": "kept"}
    published = await axis.node.api(
        "POST",
        f"exchanges/{axis.vhost}/amq.default/publish",
        {**message, "payload_encoding": "string"},
    )
    assert published == {"routed": True}
    assert await management.delete_empty_queue(empty)
    assert await management.delete_empty_queue(empty), "it is gone already"
    assert not await management.delete_empty_queue(full)
    assert not await management.delete_empty_queue(full), "looking took nothing"
    assert {full, empty} & set(await management.queues()) == {full}


async def test_an_api_that_is_away_or_refuses_says_so_without_the_password(vhost: Vhost) -> None:
    (port,) = free_ports(1)
    host = vhost.node.management_url.removeprefix("http://")
    for url, words in (
        (f"http://admin:hunter2@127.0.0.1:{port}", "GET queues.*: Cannot connect to host"),
        (f"http://admin:hunter2@{host}", "401 Not_Authorized|401 "),
    ):
        async with Management(url, vhost=vhost.name) as management:
            with pytest.raises(UnavailableError, match=words) as raised:
                await management.consumers()
        assert "hunter2" not in str(raised.value)
