"""`axisd national status`, against the simulated national axis."""

from __future__ import annotations

from pathlib import Path

from axisd.adapters.clock import SystemClock
from axisd.adapters.vxp.client import VxpClient
from axisd.simulator.national import serve
from tests.support.cli import axisd, axisd_beside, facts
from tests.support.national import FINANCE, MINISTRY, OFFICE, SECRETS, SEED, document
from tests.support.settings import joined, small_site


async def test_what_waits_for_us_is_counted_by_kind(tmp_path: Path) -> None:
    async with await serve(tmp_path / "national", seed=SEED) as axis:
        site = joined(tmp_path, axis.url)
        async with VxpClient(axis.url, MINISTRY, SECRETS[MINISTRY], SystemClock()) as ministry:
            body = document(FINANCE, sender=OFFICE)
            await ministry.send(body, kind="document", sender=OFFICE, recipients=[FINANCE])
        result = await axisd_beside("national", "status", "--config", site.config, "--json")
    found = facts(result)
    assert result.exit_code == 0
    assert (found["reachable"], found["trouble"]) == (True, None)
    assert found["waiting_for_us"] == {"document": 1, "status": 0}
    assert found["backlog"] == {"rows": 0, "held": 0, "oldest": None, "destinations": {}}


async def test_a_wrong_secret_is_told_and_ends_as_temporary(tmp_path: Path) -> None:
    async with await serve(tmp_path / "national", seed=SEED) as axis:
        site = joined(tmp_path, axis.url, "wrong")
        result = await axisd_beside("national", "status", "--config", site.config)
    assert result.exit_code == 75
    assert "does not answer" in result.stdout
    assert "refused with code" in result.stderr
    assert "wrong" not in result.output


def test_one_that_is_not_there_ends_as_unavailable(tmp_path: Path) -> None:
    site = joined(tmp_path, "http://somebody:hush@127.0.0.1:1/vxp")
    result = axisd("national", "status", "--config", site.config, "--json")
    assert result.exit_code == 69
    assert facts(result)["reachable"] is False
    assert "hush" not in result.output


def test_an_axis_that_is_not_joined_ends_as_a_problem_of_the_configuration(tmp_path: Path) -> None:
    result = axisd("national", "status", "--config", small_site(tmp_path).config)
    assert (result.exit_code, result.stdout) == (78, "")
    assert "not joined" in result.stderr
