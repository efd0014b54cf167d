"""`axisd doctor` with a broker: what it finds there before anything runs, and when something is wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiormq
import pytest_asyncio

from axisd.adapters.amqp.topology import DEAD
from tests.support.amqp import until_async
from tests.support.broker import Vhost
from tests.support.broker_site import daemon_of, site_on
from tests.support.cli import axisd_beside, facts
from tests.support.settings import Site


@pytest_asyncio.fixture
async def site(vhost: Vhost, tmp_path: Path) -> AsyncIterator[Site]:
    """A site whose topology is applied."""
    async with site_on(vhost, tmp_path) as site:
        applied = await axisd_beside("broker", "apply", "--yes", "--config", site.config, "--json")
        assert applied.exit_code == 0, applied.stderr
        yield site


async def checks(site: Site) -> dict[str, dict[str, Any]]:
    result = await axisd_beside("doctor", "--config", site.config, "--json")
    assert result.exit_code != 0, "no daemon runs here"
    return {check["name"]: check for check in facts(result)["checks"]}


async def test_a_broker_as_it_should_be_is_good_and_idle_queues_are_named(site: Site) -> None:
    found = await checks(site)
    assert [found[name]["outcome"] for name in ("broker", "topology", "dead letters")] == [
        "good"
    ] * 3
    assert found["intake"]["outcome"] == "failed"
    assert "start the daemon" in found["intake"]["mend"]
    assert found["inboxes"]["outcome"] == "good"
    assert "000.00.11.H53 (0 wait)" in found["inboxes"]["detail"]


async def test_a_wrong_password_fails_without_being_told(site: Site, vhost: Vhost) -> None:
    site.write("amqp.url", vhost.amqp_url_of(daemon_of(vhost), "hush-hush").rsplit("/", 1)[0])
    result = await axisd_beside("doctor", "--config", site.config)
    assert result.exit_code != 0
    assert "ACCESS_REFUSED" in result.stdout
    assert "hush-hush" not in result.output


async def test_what_differs_from_the_directory_fails(site: Site, vhost: Vhost) -> None:
    await vhost.node.api("DELETE", f"queues/{vhost.name}/agency.000.00.11.H53.inbox")
    found = await checks(site)
    assert found["topology"]["outcome"] == "failed"
    assert "queue agency.000.00.11.H53.inbox is missing" in found["topology"]["detail"]


async def test_a_dead_letter_fails(site: Site, vhost: Vhost) -> None:
    connection = await aiormq.connect(vhost.amqp_url)
    try:
        channel = await connection.channel()
        await channel.basic_publish(b"what crashed us", routing_key=DEAD)
    finally:
        await connection.close()

    async def told() -> bool:
        found = await checks(site)
        return bool(found["dead letters"]["outcome"] == "failed")

    await until_async(told)
