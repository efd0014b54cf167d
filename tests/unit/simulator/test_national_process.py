"""The simulated axis as a process of its own: it tells where it is, and outlives being killed."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from axisd.adapters.clock import SystemClock
from axisd.adapters.vxp.client import VxpClient
from tests.support.national import FINANCE, MINISTRY, OFFICE, PROVINCE, SECRETS, SEED, document


async def command(*words: str | Path) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "axisd.simulator.national", *words, stdout=PIPE, stderr=PIPE
    )


@asynccontextmanager
async def running(folder: Path, end: signal.Signals) -> AsyncIterator[str]:
    """Its URL; at the end it gets the signal. SIGTERM must end it well."""
    seed = folder / "seed.json"
    seed.write_text(SEED.model_dump_json())
    process = await command(folder / "axis", "--seed", seed)
    assert process.stdout is not None
    try:
        facts = json.loads(await asyncio.wait_for(process.stdout.readline(), 30))
        assert facts["pid"] == process.pid
        yield facts["url"]
        process.send_signal(end)
        code = await asyncio.wait_for(process.wait(), 30)
        assert code == (0 if end is signal.SIGTERM else -end)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_what_was_answered_is_there_after_a_kill(tmp_path: Path) -> None:
    clock = SystemClock()
    async with (
        running(tmp_path, signal.SIGKILL) as url,
        VxpClient(url, PROVINCE, SECRETS[PROVINCE], clock) as province,
    ):
        for number in range(20):
            body = document(OFFICE, document_id=str(number))
            answer = await province.send(body, kind="document", sender=FINANCE, recipients=[OFFICE])
            assert answer.accepted
    async with (
        running(tmp_path, signal.SIGTERM) as url,
        VxpClient(url, MINISTRY, SECRETS[MINISTRY], clock) as ministry,
    ):
        assert await ministry.count("document") == 20
        items = await ministry.waiting("document")
        bodies = [await ministry.fetch(item) for item in items]
    for number, body in enumerate(bodies):
        assert f"<edXML:DocumentId>{number}</edXML:DocumentId>".encode() in body


async def test_a_wrong_seed_ends_it_with_the_exit_code_for_configuration(tmp_path: Path) -> None:
    process = await command(tmp_path / "axis", "--seed", tmp_path / "nowhere.json")
    _, said = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 78
    assert b"nowhere.json" in said
