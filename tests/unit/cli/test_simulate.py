"""`axisd simulate national`: a sandbox of one's own, as a process."""

from __future__ import annotations

import asyncio
import json
import signal
import stat
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from axisd.adapters.clock import SystemClock
from axisd.adapters.vxp.client import VxpClient
from axisd.errors import TransientError, UnavailableError
from axisd.simulator.agency.sandbox import Sandbox
from tests.support.amqp import until_async
from tests.support.cli import axisd, axisd_beside
from tests.support.national import FINANCE, OFFICE, document

PROVINCE, MINISTRY = "00.53.W00", "00.14.W00"


@asynccontextmanager
async def running(
    folder: Path, *options: str, end: signal.Signals = signal.SIGTERM
) -> AsyncIterator[Any]:
    """What it printed once it answered; it is ended by a signal, and has to end well."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "axisd", "simulate", "national", "--folder", folder, "--json", *options,
        stdout=PIPE, stderr=PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        told = json.loads(await asyncio.wait_for(process.stdout.readline(), 30))
        assert told["pid"] == process.pid
        yield told
        process.send_signal(end)
        assert await asyncio.wait_for(process.wait(), 30) == 0
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def client(told: Any, centre: str) -> VxpClient:
    [secret] = [one["secret"] for one in told["centres"] if one["system_id"] == centre]
    return VxpClient(told["url"], centre, secret, SystemClock())


async def test_a_sandbox_has_the_province_and_a_ministry_with_their_credentials(
    tmp_path: Path,
) -> None:
    async with running(tmp_path / "sandbox") as told:
        agencies = {one["system_id"]: one["agencies"] for one in told["centres"]}
        assert agencies[PROVINCE] > 300
        assert agencies[MINISTRY] > 30
        assert len(agencies) == 12
        assert sum(agencies.values()) > 2000
        async with client(told, PROVINCE) as province:
            body = document(OFFICE)
            answer = await province.send(body, kind="document", sender=FINANCE, recipients=[OFFICE])
            assert answer.accepted
        async with client(told, MINISTRY) as ministry:
            assert await ministry.count("document") == 1


async def test_credentials_hold_as_long_as_the_folder_and_only_its_owner_reads_them(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "sandbox"
    async with running(folder) as first:
        pass
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "seed.json").stat().st_mode) == 0o600
    async with running(folder, end=signal.SIGINT) as second:
        assert second["centres"] == first["centres"]


async def test_the_ministry_answers_with_statuses_when_asked_to(tmp_path: Path) -> None:
    async with (
        running(tmp_path / "sandbox", "--answer") as told,
        client(told, PROVINCE) as province,
    ):
        body = document(OFFICE)
        await province.send(body, kind="document", sender=FINANCE, recipients=[OFFICE])

        async def both() -> bool:
            return await province.count("status") == 2

        await until_async(both)


async def test_a_sandbox_has_as_many_centres_as_asked_for_and_keeps_them(tmp_path: Path) -> None:
    folder = tmp_path / "sandbox"
    async with running(folder, "--centres", "4", "--dice", "3") as told:
        assert len(told["centres"]) == 4
    async with running(folder) as again:
        assert again["centres"] == told["centres"]


async def test_one_folder_is_one_sandbox(tmp_path: Path) -> None:
    folder = tmp_path / "sandbox"
    async with running(folder) as told:
        again = await axisd_beside("simulate", "national", "--folder", folder, "--json")
        assert (again.exit_code, again.stdout) == (69, "")
        assert f"a sandbox runs in {folder} already" in again.stderr
        async with client(told, PROVINCE) as province:
            assert await province.count("document") == 0


async def test_faults_and_time_are_chosen_on_the_command_line(tmp_path: Path) -> None:
    behaviour = tmp_path / "behaviour.json"
    behaviour.write_text('{"dice": 5, "everywhere": {"delay": "10m"}}')
    options = (
        *("--behaviour", str(behaviour), "--fault", f"{PROVINCE}/server-errors=1 of sendEdoc"),
        *("--virtual", "--centres", "2"),
    )
    async with running(tmp_path / "sandbox", *options) as told, aiohttp.ClientSession() as http:
        assert told["virtual"]
        assert told["behaviour"] == {
            "dice": 5,
            "everywhere": {"delay": "10m"},
            "centres": {PROVINCE: {"server_errors": "1 of sendEdoc"}},
        }
        body = document(OFFICE)
        async with client(told, PROVINCE) as province, client(told, MINISTRY) as ministry:
            with pytest.raises(TransientError, match="not JSON"):
                await province.send(body, kind="document", sender=FINANCE, recipients=[OFFICE])
            sent = await province.send(body, kind="document", sender=FINANCE, recipients=[OFFICE])
            assert sent.accepted
            assert await ministry.count("document") == 0
            async with http.post(f"{told['url']}/-/clock", json={"advance": "10m"}) as answer:
                assert answer.status == 200
            assert await ministry.count("document") == 1


async def test_scripted_centres_answer_and_still_owe_their_answers_after_a_restart(
    tmp_path: Path,
) -> None:
    scripts = tmp_path / "scripts.json"
    scripts.write_text(
        json.dumps({"centres": {MINISTRY: {"statuses": ["01", "06 after 1h"]}, "00.24.W00": {}}})
    )
    folder = tmp_path / "sandbox"
    options = ("--script", str(scripts), "--virtual")
    async with running(folder, *options) as told, client(told, PROVINCE) as province:
        for recipient in (OFFICE, "000.00.00.H24"):
            body = document(recipient)
            await province.send(body, kind="document", sender=FINANCE, recipients=[recipient])

        async def answered() -> bool:
            return await province.count("status") == 3

        await until_async(answered)
    async with (
        running(folder, *options) as told,
        client(told, PROVINCE) as province,
        aiohttp.ClientSession() as http,
    ):
        async with http.post(f"{told['url']}/-/clock", json={"advance": "1h"}) as answer:
            assert answer.status == 200

        async def finished() -> bool:
            return await province.count("status") == 4

        await until_async(finished)


def test_a_behaviour_or_a_script_that_cannot_be_says_all_that_is_wrong(tmp_path: Path) -> None:
    command = ("simulate", "national", "--folder", tmp_path / "sandbox")
    result = axisd(*command, "--fault", "chaos", "--fault", "mute=often")
    assert (result.exit_code, result.stdout) == (78, "")
    assert "everywhere.chaos" in result.stderr
    assert "everywhere.mute" in result.stderr
    result = axisd(*command, "--fault", "00.99.W00/mute")
    assert (result.exit_code, result.stdout) == (78, "")
    assert "centres.00.99.W00: no such centre" in result.stderr
    scripts = tmp_path / "scripts.json"
    scripts.write_text('{"centres": {"00.99.W00": {}}}')
    result = axisd(*command, "--script", scripts)
    assert (result.exit_code, result.stdout) == (78, "")
    assert "centres.00.99.W00: no such centre" in result.stderr


def test_a_seed_that_cannot_be_used_says_all_that_is_wrong(tmp_path: Path) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text('{"centres": [{"system_id": "00.53.W00"}], "agency": []}')
    result = axisd("simulate", "national", "--folder", tmp_path, "--seed", seed)
    assert (result.exit_code, result.stdout) == (78, "")
    assert "centres.0.secret" in result.stderr
    assert "agency" in result.stderr
    seed.write_text("{}")
    result = axisd("simulate", "national", "--folder", tmp_path, "--seed", seed, "--answer")
    assert result.exit_code == 64


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--answers", "01,99"), "'99'"),
        (("--agency", "000.00.11.H53"), "played by the sandbox"),
        (("--agency", "000.99.99.H53"), "not in the directory"),
        (("--channel", "smtp"), "smtp"),
    ],
)
def test_a_sandbox_that_cannot_be_is_said_before_anything_is_started(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    result = axisd("simulate", "agency", "--folder", tmp_path / "new", *words)
    assert (result.exit_code, result.stdout) == (64, "")
    assert said in result.stderr
    assert not (tmp_path / "new").exists()


async def test_without_rabbitmq_the_sandbox_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("axisd.simulator.broker._SERVER", tmp_path / "none")
    with pytest.raises(UnavailableError, match="apt-get install rabbitmq-server"):
        async with Sandbox.opened(tmp_path / "new"):
            raise AssertionError("nothing can be started")
    assert not (tmp_path / "new").exists()
