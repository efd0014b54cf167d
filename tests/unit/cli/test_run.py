"""`axisd run`, as a process, without a broker: how it starts and stops."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest

from axisd.simulator.loopback import free_ports
from tests.support.cli import axisd
from tests.support.settings import Site, small_site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site whose broker is away."""
    site = small_site(tmp_path)
    http, nobody = free_ports(2)
    site.edit("axisd.yaml", "127.0.0.1:5672", f"127.0.0.1:{nobody}")
    site.write("axisd.yaml", f"{site.config.read_text()}http: {{listen: '127.0.0.1:{http}'}}\n")
    return site


async def start(site: Site) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "axisd", "run", "--config", site.config, stdout=PIPE, stderr=PIPE
    )


async def started(site: Site) -> Process:
    """A daemon that tried to reach its broker at least once."""
    process = await start(site)
    assert process.stderr is not None
    async with asyncio.timeout(30):
        while line := await process.stderr.readline():
            if b"Connection refused" in line:
                return process
    raise AssertionError("it ended by itself")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_one_that_waits_for_its_broker_stops_when_told(
    site: Site, number: signal.Signals
) -> None:
    process = await started(site)
    try:
        process.send_signal(number)
        _, errors = await asyncio.wait_for(process.communicate(), 30)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0
    assert b'"event": "stopped"' in errors


async def test_a_second_one_on_the_same_ledger_ends_with_78_and_a_sentence(site: Site) -> None:
    process = await started(site)
    try:
        [other] = free_ports(1)
        http = site.config.read_text().rsplit(":", 1)[1].split("'")[0]
        site.edit("axisd.yaml", f":{http}'", f":{other}'")
        site.edit("axisd.yaml", "control.sock", "other.sock")
        second = await start(site)
        _, errors = await asyncio.wait_for(second.communicate(), 30)
    finally:
        process.kill()
        await process.communicate()
    assert second.returncode == 78
    assert f"the ledger is in use by process {process.pid}" in errors.decode()


def test_a_bad_configuration_ends_with_78_and_every_problem(site: Site) -> None:
    site.edit("axisd.yaml", "{folder: ledger}", "{foldr: ledger}")
    site.edit("systems.yaml", "000.00.11.H53", "000.00.77.H53")
    result = axisd("run", "--config", site.config)
    assert (result.exit_code, result.stdout) == (78, "")
    assert "ledger.foldr is not a setting" in result.stderr
    assert "000.00.77.H53" in result.stderr
