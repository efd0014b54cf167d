"""`axisd simulate agency` and `axisd conformance`, as an integrator runs them: in one folder, as processes."""

from __future__ import annotations

import asyncio
import json
import signal
import stat
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from axisd.client import AxisClient, DeniedError, Message, load_url
from axisd.simulator.agency.sandbox import COUNTERPART
from axisd.simulator.agency.script import ScriptedAgency
from axisd.simulator.conformance.checks import CHECKS
from tests.support.amqp import until
from tests.support.cli import axisd_beside
from tests.support.examined import played, played_at_the_door

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Started:
    """The sandbox as a process, and what it printed when it was ready."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.facts: Any = None
        self.process: Process | None = None

    async def start(self, *options: str) -> None:
        self.process = await asyncio.create_subprocess_exec(
            "setpriv", "--pdeathsig", "TERM",  # whatever becomes of the tests, it ends
            sys.executable, "-m", "axisd", "simulate", "agency", "--folder", self.folder, "--json", *options,
            stdout=PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.facts = json.loads(await asyncio.wait_for(self.process.stdout.readline(), 120))

    async def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), 60)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sandbox(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Started]:
    started = Started(tmp_path_factory.mktemp("sandbox") / "new")
    await started.start()
    yield started
    if started.process is not None and started.process.returncode is None:
        await started.stop()


async def first(started: Started, kind: str) -> Message:
    """The next message of a kind for the integrator's own agency, handled."""
    own = started.facts["own"]
    async with (
        AxisClient(load_url(own["url_file"]), own["agency"]) as client,
        asyncio.timeout(30),
        aclosing(client.inbox()) as inbox,
    ):
        async for message in inbox:
            async with message:
                if message.kind == kind:
                    return message
    raise AssertionError("the inbox has no end")


async def test_the_sandbox_greets_with_a_document_and_its_counterparts_answer(
    sandbox: Started,
) -> None:
    greeting = await first(sandbox, "document")
    assert greeting.sender == COUNTERPART
    assert greeting.legal_value == "original"
    assert "thử liên thông" in greeting.envelope().subject  # type: ignore[union-attr] # a document
    taken: list[str] = []
    async with played(sandbox.facts, ScriptedAgency) as (system, client):
        system.observe = taken.append
        letter = system.letter(COUNTERPART, "V/v hỏi")
        answer = await client.submit(system.writer.document(letter), wait=30)
        assert answer.accepted
        assert answer.receipts[0].proven
        told = [
            f"took status {code} from {COUNTERPART} about {letter.document_id}"
            for code in ("01", "03")
        ]
        await until(lambda: set(told) <= set(taken))


async def test_secrets_are_their_owners_alone_and_one_folder_is_one_sandbox(
    sandbox: Started,
) -> None:
    for name in ("sandbox.json", "kept.json", "partner.url", "examiner.url"):
        assert stat.S_IMODE((sandbox.folder / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(sandbox.folder.stat().st_mode) == 0o700
    told = json.loads((sandbox.folder / "sandbox.json").read_text())
    assert told == sandbox.facts
    again = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "axisd", "simulate", "agency", "--folder", sandbox.folder,
        stdout=PIPE, stderr=PIPE,
    )  # fmt: skip
    said, complaint = await asyncio.wait_for(again.communicate(), 60)
    assert (again.returncode, said) == (69, b"")
    assert b"a sandbox runs in" in complaint


async def test_our_own_scripted_agency_passes_every_check(sandbox: Started, tmp_path: Path) -> None:
    report = tmp_path / "report.md"
    async with played(sandbox.facts, ScriptedAgency):
        result = await axisd_beside(
            "conformance", "run", "--sandbox", sandbox.folder, "--within", "60", "--clerk", "60",
            "--report", report, "--json",
        )  # fmt: skip
    told = json.loads(result.stdout)
    assert [one for one in told["checks"] if one["outcome"] != "passed"] == []
    assert [one["name"] for one in told["checks"]] == list(CHECKS)
    assert (result.exit_code, told["passed"]) == (0, True)
    text = report.read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in text for name in CHECKS)


async def test_a_system_that_says_nothing_fails_once_and_the_rest_is_not_tried(
    sandbox: Started,
) -> None:
    result = await axisd_beside(
        "conformance", "run", "--sandbox", sandbox.folder, "--within", "1", "--json"
    )
    told = json.loads(result.stdout)
    assert result.exit_code == 65
    outcomes = {one["name"]: one["outcome"] for one in told["checks"]}
    assert outcomes.pop("arrival") == "failed"
    assert set(outcomes.values()) == {"not-tried"}


async def test_a_system_of_the_sandbox_can_be_shut_out_while_it_runs(sandbox: Started) -> None:
    own, config = sandbox.facts["own"], sandbox.facts["config"]
    asked = (own["account"], "--yes", "--json", "--config", config)
    suspended = await axisd_beside("system", "suspend", *asked)
    assert (suspended.exit_code, json.loads(suspended.stdout)["reloaded"]) == (0, True)
    client = AxisClient(load_url(own["url_file"]), own["agency"])
    async with client:
        with pytest.raises(DeniedError):
            await client.submit(b"<a/>")
    resumed = await axisd_beside("system", "resume", *asked)
    assert (resumed.exit_code, json.loads(resumed.stdout)["reloaded"]) == (0, True)


async def test_started_again_for_the_vxp_door_it_keeps_what_it_had_and_our_own_agency_passes_there(
    sandbox: Started,
) -> None:
    before = sandbox.facts
    assert await sandbox.stop() == 0
    await sandbox.start("--channel", "vxp")
    for name in ("amqp", "http", "examiner", "counterparts", "trust", "national"):
        assert sandbox.facts[name] == before[name]
    own = sandbox.facts["own"]
    assert own["secret"] == before["own"]["password"]
    async with played_at_the_door(sandbox.facts, ScriptedAgency):
        result = await axisd_beside(
            "conformance",
            "run",
            "--sandbox",
            sandbox.folder,
            "--within",
            "60",
            "--clerk",
            "60",
            "--json",
        )
    told = json.loads(result.stdout)
    outcomes = {one["name"]: one["outcome"] for one in told["checks"] if one["outcome"] != "passed"}
    # A door hands out nothing twice, has no probes and no connections to cut.
    assert outcomes == dict.fromkeys(("duplicate", "probe", "reconnection"), "not-tried"), told
    assert result.exit_code == 0
    # The other way round: from the door, the department that the sandbox plays is examined.
    result = await axisd_beside(
        "conformance", "run", "--agency", COUNTERPART, "--as", own["agency"],
        "--vxp", own["url"], "--system-id", own["systemid"], "--secret-file", own["secret_file"],
        "--key", own["key"], "--certificate", own["certificate"], "--trust", sandbox.facts["trust"],
        "--within", "60", "--clerk", "60",
    )  # fmt: skip
    assert result.exit_code == 0, result.stdout
    assert result.stdout.endswith("15 passed, 0 failed, 3 not tried\n")
