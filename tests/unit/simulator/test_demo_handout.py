"""What a demo left running is ended, however it came to be left, and nothing else is."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from axisd.simulator.demo.handout import stop_kept
from axisd.simulator.process import Process, note, noted, spawn
from axisd.simulator.province import Province, processes_file

SLEEP = "import signal; signal.pause()"
HOLD = (
    "import sys, signal; from pathlib import Path\n"
    "from axisd.adapters.ledger.lock import LedgerLock\n"
    "held = LedgerLock.take(Path(sys.argv[1])); print('held', flush=True); signal.pause()"
)


def _started(folder: Path, *code: str) -> tuple[subprocess.Popen[bytes], Process]:
    with (folder / "output").open("ab") as output:
        child = spawn(
            [sys.executable, "-c", *code],
            environment={},
            folder=Path.cwd(),
            output=output,
            outlives=False,
        )
    return child, Process.of(child.pid)


async def test_what_was_noted_is_ended_and_a_process_that_was_not_is_left_alone(
    tmp_path: Path,
) -> None:
    ours, process = _started(tmp_path, SLEEP)
    strangers, stranger = _started(tmp_path, SLEEP)
    note(processes_file(tmp_path), process)
    note(processes_file(tmp_path), Process(stranger.pid, stranger.started - 1))  # its pid, reused
    assert await stop_kept(tmp_path)
    assert not process.alive()
    assert stranger.alive()
    assert noted(processes_file(tmp_path)) == []
    await stranger.end(10)
    ours.wait()
    strangers.wait()


async def test_an_axisd_that_was_started_again_by_hand_is_ended_too(tmp_path: Path) -> None:
    lock = tmp_path / "ledger" / "ledger.lock"
    lock.parent.mkdir()
    child, process = _started(tmp_path, HOLD, str(lock))
    async with asyncio.timeout(30):
        while b"held" not in (tmp_path / "output").read_bytes():
            await asyncio.sleep(0.02)
    assert await stop_kept(tmp_path)
    assert not process.alive()
    child.wait()


async def test_a_ledger_that_nobody_holds_any_more_leads_to_no_process(tmp_path: Path) -> None:
    bystander, process = _started(tmp_path, SLEEP)
    lock = tmp_path / "ledger" / "ledger.lock"
    lock.parent.mkdir()
    lock.write_text(f"{process.pid}\n", encoding="ascii")  # as a daemon that has ended leaves it
    assert not await stop_kept(tmp_path)
    assert process.alive()
    await process.end(10)
    bystander.wait()


async def test_a_checkout_too_deep_for_a_socket_leaves_no_folder_elsewhere(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["rất-sâu"] * 12)
    deep.mkdir(parents=True)
    province = Province(deep)
    socket = Path(province.socket())
    assert len(str(socket).encode()) < 100
    assert socket.parent.is_dir()
    await stop_kept(deep)
    assert not socket.parent.exists()


async def test_where_nothing_was_ever_started_nothing_is_stopped(tmp_path: Path) -> None:
    assert not await stop_kept(tmp_path / "absent")
