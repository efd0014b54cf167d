"""`axisd system` with a real broker: enrolled, its password changed, shut out at once, let in, taken out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiormq
import pytest
import pytest_asyncio

from axisd.adapters.amqp import AgencyClient, DeniedError, Endpoint
from tests.support.amqp import logs_in, until_async
from tests.support.broker import Vhost
from tests.support.broker_site import site_on
from tests.support.cli import axisd_beside, facts
from tests.support.settings import Site

WARD = "000.20.30.H53"
BOXES = [f"agency.{WARD}.inbox", f"agency.{WARD}.receipts"]


@pytest_asyncio.fixture
async def site(vhost: Vhost, tmp_path: Path) -> AsyncIterator[Site]:
    async with site_on(vhost, tmp_path) as site:
        made = await axisd_beside("broker", "apply", "--yes", "--config", site.config, "--json")
        assert made.exit_code == 0, made.stderr
        yield site


async def system(site: Site, *words: str | Path, code: int = 0) -> Any:
    result = await axisd_beside("system", *words, "--yes", "--config", site.config, "--json")
    assert result.exit_code == code, result.output
    return facts(result) if code == 0 else result.stderr


async def enrolled(site: Site, account: str) -> str:
    """Enrols a system for the ward; its password."""
    found = await system(site, "add", account, "--channel", "amqp", "--agency", WARD, "--apply")
    assert (found["applied"], found["definitions"]) == (True, None)
    return str(found["handout"]["password"])


def endpoint(vhost: Vhost, account: str, password: str) -> Endpoint:
    return Endpoint(vhost.amqp_url_of(account, password))


def client(vhost: Vhost, account: str, password: str) -> AgencyClient:
    return AgencyClient(endpoint(vhost, account, password))


async def differences(site: Site) -> list[str]:
    found = facts(await axisd_beside("broker", "check", "--config", site.config, "--json"))
    return list(found["differences"])


async def test_an_enrolled_system_submits_and_reads_and_the_broker_is_as_the_directory_asks(
    site: Site, vhost: Vhost
) -> None:
    account = f"{vhost.name}-ward"
    password = await enrolled(site, account)
    async with client(vhost, account, password) as ward:
        await ward.submit(b"<edXML/>", WARD)
        assert await ward.get("inbox", WARD) is None
        with pytest.raises(DeniedError):
            await ward.get("inbox", "000.00.11.H53")

    async def as_asked() -> bool:
        """The broker works out policies of new queues in its own time."""
        return await differences(site) == []

    await until_async(as_asked)
    shown = facts(await axisd_beside("system", "show", account, "--config", site.config, "--json"))
    assert set(shown["queues"]) == set(BOXES)


async def test_what_add_prints_without_apply_is_what_the_broker_takes(
    site: Site, vhost: Vhost
) -> None:
    account = f"{vhost.name}-ward"
    found = await system(site, "add", account, "--channel", "amqp", "--agency", WARD)
    assert f"account {account} is missing" in await differences(site)
    await vhost.node.api("POST", "definitions", found["definitions"])
    assert await logs_in(endpoint(vhost, account, found["handout"]["password"]))


async def test_a_system_that_cannot_be_made_on_the_broker_is_not_enrolled(
    site: Site, vhost: Vhost
) -> None:
    before = (site.folder / "systems.yaml").read_text()
    site.write("management.url", "http://admin:hush@127.0.0.1:1")
    handout = site.folder / "handout.txt"
    words = ("add", f"{vhost.name}-ward", "--channel", "amqp", "--agency", WARD, "--apply")
    told = await system(site, *words, "--handout", handout, code=69)
    assert "hush" not in told
    assert ((site.folder / "systems.yaml").read_text(), handout.exists()) == (before, False)


async def test_an_account_that_the_broker_has_for_something_else_is_not_taken(
    site: Site, vhost: Vhost
) -> None:
    account, words = f"{vhost.name}-ward", ("--channel", "amqp", "--agency", WARD, "--apply")
    await vhost.node.api("PUT", f"users/{account}", {"password": "x", "tags": "monitoring"})
    told = await system(site, "add", account, *words, code=65)
    assert "for something else: it has the tags monitoring" in told
    await vhost.node.api("PUT", f"users/{account}", {"password": "x", "tags": ""})
    nothing = {"configure": "^$", "write": "^$", "read": "^$"}
    await vhost.node.api("PUT", f"permissions/%2F/{account}", nothing)
    assert "it may use the vhost /" in await system(site, "add", account, *words, code=65)
    assert await logs_in(Endpoint(vhost.node.amqp_url("/", account, "x"))), "it is as it was"
    assert account not in (site.folder / "systems.yaml").read_text()


async def test_a_removed_system_s_account_that_has_another_use_keeps_that(
    site: Site, vhost: Vhost
) -> None:
    account = f"{vhost.name}-ward"
    password = await enrolled(site, account)
    nothing = {"configure": "^$", "write": "^$", "read": "^$"}
    await vhost.node.api("PUT", f"permissions/%2F/{account}", nothing)
    await system(site, "remove", account)
    assert not await logs_in(endpoint(vhost, account, password))
    assert await logs_in(Endpoint(vhost.node.amqp_url("/", account, password)))


async def test_a_new_password_disconnects_whoever_has_the_old_one(site: Site, vhost: Vhost) -> None:
    account = f"{vhost.name}-ward"
    old = await enrolled(site, account)
    connection = await aiormq.connect(vhost.amqp_url_of(account, old))
    try:
        found = await system(site, "rotate", account, "--apply")
        async with asyncio.timeout(20):
            await asyncio.wait({connection.closing})
    finally:
        await connection.close()
    assert await logs_in(endpoint(vhost, account, found["handout"]["password"]))
    assert not await logs_in(endpoint(vhost, account, old))


async def test_a_suspended_system_is_disconnected_and_may_do_nothing_until_it_is_let_in_again(
    site: Site, vhost: Vhost
) -> None:
    account = f"{vhost.name}-ward"
    password = await enrolled(site, account)
    connection = await aiormq.connect(vhost.amqp_url_of(account, password))
    try:
        found = await system(site, "suspend", account)
        async with asyncio.timeout(20):
            await asyncio.wait({connection.closing})
    finally:
        await connection.close()
    assert found["connections_closed"] == 1
    async with client(vhost, account, password) as ward:
        with pytest.raises(DeniedError):
            await ward.submit(b"<edXML/>", WARD)
    async with client(vhost, account, password) as ward:
        with pytest.raises(DeniedError):
            await ward.get("inbox", WARD)
    assert not [line for line in await differences(site) if account in line]

    await system(site, "resume", account)
    async with client(vhost, account, password) as ward:
        await ward.submit(b"<edXML/>", WARD)
        assert await ward.get("inbox", WARD) is None


async def test_a_broker_that_is_away_leaves_a_suspended_system_suspended_and_says_what_is_left(
    site: Site, vhost: Vhost
) -> None:
    url = (site.folder / "management.url").read_text()
    account = f"{vhost.name}-finance"
    site.write("management.url", "http://admin:hush@127.0.0.1:1")
    assert "run the same again" in await system(site, "rotate", account, "--apply", code=69)
    told = await system(site, "suspend", account, code=69)
    assert "RabbitMQ has not done its part: run the same again" in told
    assert "suspended: true" in (site.folder / "systems.yaml").read_text()
    site.write("management.url", url)
    assert (await system(site, "suspend", account))["connections_closed"] == 0
    assert not [line for line in await differences(site) if account in line]


async def test_a_removed_system_loses_account_and_empty_queues_and_what_lies_in_another_stays(
    site: Site, vhost: Vhost
) -> None:
    account = f"{vhost.name}-ward"
    password = await enrolled(site, account)
    inbox, receipts = BOXES
    message = {"properties": {"delivery_mode": 2}, "routing_key": inbox, "payload": "for the ward"}
    exchange = f"exchanges/{vhost.name}/amq.default/publish"
    await vhost.node.api("POST", exchange, {**message, "payload_encoding": "string"})
    connection = await aiormq.connect(vhost.amqp_url_of(account, password))
    try:
        found = await system(site, "remove", account)
        async with asyncio.timeout(20):
            await asyncio.wait({connection.closing})
    finally:
        await connection.close()
    assert (found["queues_deleted"], found["queues_kept"]) == ([receipts], [inbox])
    assert not await logs_in(endpoint(vhost, account, password))
    assert account not in (site.folder / "systems.yaml").read_text()
    queues = await vhost.node.api("GET", f"queues/{vhost.name}?columns=name")
    assert {row["name"] for row in queues} & set(BOXES) == {inbox}
    assert password not in json.dumps(found)
