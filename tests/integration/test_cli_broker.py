"""`axisd broker`: RabbitMQ is looked at, made what the directory asks for, and found to be so."""

from __future__ import annotations

import json
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from axisd.adapters.amqp import AgencyClient, Endpoint
from axisd.errors import UnavailableError
from tests.support.broker import Vhost
from tests.support.broker_site import PASSWORD, daemon_of, site_on
from tests.support.cli import axisd_beside, facts
from tests.support.settings import Site


@pytest_asyncio.fixture
async def site(vhost: Vhost, tmp_path: Path) -> AsyncIterator[Site]:
    async with site_on(vhost, tmp_path) as site:
        yield site


async def logs_in(vhost: Vhost, account: str, password: str) -> bool:
    try:
        async with AgencyClient(Endpoint(vhost.amqp_url_of(account, password))):
            return True
    except UnavailableError:
        return False


async def test_what_is_missing_is_told_then_made_and_then_nothing_differs(
    site: Site, vhost: Vhost
) -> None:
    before = await axisd_beside("broker", "check", "--config", site.config, "--json")
    assert before.exit_code == 65
    told = facts(before)["differences"]
    assert "queue agency.000.00.11.H53.inbox is missing" in told
    assert f"account {vhost.name}-finance is missing" in told

    applied = await axisd_beside("broker", "apply", "--yes", "--config", site.config, "--json")
    assert applied.exit_code == 0, applied.stderr
    made = facts(applied)
    assert (made["applied"], made["found"], made["left"]) == (True, told, [])
    passwords = made["passwords"]
    assert passwords.keys() == {f"{vhost.name}-finance", f"{vhost.name}-office"}
    for account, password in passwords.items():
        assert await logs_in(vhost, account, password)
    assert await logs_in(vhost, daemon_of(vhost), PASSWORD), "the one of its URL"

    after = await axisd_beside("broker", "check", "--config", site.config)
    assert (after.exit_code, after.stdout) == (0, "")


async def test_applying_again_keeps_passwords_and_shows_none(site: Site, vhost: Vhost) -> None:
    first = facts(await axisd_beside("broker", "apply", "--yes", "--config", site.config, "--json"))
    again = await axisd_beside("broker", "apply", "--yes", "--config", site.config)
    assert (again.exit_code, again.stdout) == (0, "")
    for account, password in first["passwords"].items():
        assert password not in again.output
        assert await logs_in(vhost, account, password)


async def test_passwords_go_into_a_new_file_that_only_its_owner_reads(
    site: Site, vhost: Vhost
) -> None:
    file = site.folder / "passwords.json"
    apply = ("broker", "apply", "--yes", "--passwords", file, "--config", site.config)
    result = await axisd_beside(*apply)
    assert result.exit_code == 0, result.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    passwords = json.loads(file.read_text())
    assert await logs_in(vhost, f"{vhost.name}-office", passwords[f"{vhost.name}-office"])
    assert not any(password in result.output for password in passwords.values())

    account = f"{vhost.name}-finance"
    refused = await axisd_beside(*apply, "--reset-password", account)
    assert refused.exit_code == 65
    assert await logs_in(vhost, account, passwords[account]), "nothing was changed"


async def test_a_system_is_given_a_new_password(site: Site, vhost: Vhost) -> None:
    apply = ("broker", "apply", "--yes", "--config", site.config, "--json")
    account = f"{vhost.name}-finance"
    old = facts(await axisd_beside(*apply))["passwords"][account]
    new = facts(await axisd_beside(*apply, "--reset-password", account))["passwords"]
    assert new.keys() == {account}
    assert await logs_in(vhost, account, new[account])
    assert not await logs_in(vhost, account, old)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("apply",), 64, "--yes"),
        (("apply", "--yes", "--reset-password", "nobody"), 65, "nobody is no account"),
        (("check", "--management-url-file", "nowhere"), 65, "cannot be read"),
    ],
)
async def test_nothing_is_changed_without_a_word_or_by_mistake(
    site: Site, words: tuple[str, ...], code: int, said: str
) -> None:
    result = await axisd_beside("broker", *words, "--config", site.config)
    assert result.exit_code == code
    assert said in result.stderr
    check = await axisd_beside("broker", "check", "--config", site.config, "--json")
    assert "account" in "".join(facts(check)["differences"]), "still missing"


async def test_a_dry_run_changes_nothing(site: Site) -> None:
    dry = await axisd_beside("broker", "apply", "--dry-run", "--config", site.config, "--json")
    found = facts(dry)
    assert (dry.exit_code, found["applied"], found["passwords"]) == (0, False, {})
    assert found["left"] == found["found"]
    check = await axisd_beside("broker", "check", "--config", site.config)
    assert check.exit_code == 65


async def test_a_broker_that_cannot_be_asked_ends_as_unavailable(site: Site) -> None:
    site.write("management.url", "http://admin:hush@127.0.0.1:1")
    result = await axisd_beside("broker", "check", "--config", site.config)
    assert result.exit_code == 69
    assert "hush" not in result.output


async def test_render_asks_no_broker_and_has_no_passwords(site: Site) -> None:
    site.write("management.url", "http://127.0.0.1:1")
    result = await axisd_beside("broker", "render", "--config", site.config)
    found = facts(result)
    assert result.exit_code == 0
    assert "agency.000.00.11.H53.inbox" in {row["name"] for row in found["queues"]}
    assert PASSWORD not in result.output
    assert all("password_hash" not in row for row in found["users"])
