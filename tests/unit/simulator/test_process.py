"""Only the very process that was started is signalled, and it dies with who started it."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from axisd.errors import ConfigError
from axisd.simulator.process import Process, program, spawn

SLEEP = "import signal; signal.pause()"
DEAF = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print('deaf', flush=True); signal.pause()"
)

LINGERING = (
    "import ctypes, threading, time; threading.Thread(target=time.sleep, args=(60,)).start()\n"
    "ctypes.CDLL(None).pthread_exit(None)"
)


def _sleeper(folder: Path, code: str = SLEEP) -> subprocess.Popen[bytes]:
    with (folder / "output").open("ab") as output:
        return spawn(
            [sys.executable, "-c", code],
            environment={},
            folder=folder,
            output=output,
            outlives=False,
        )


def _is_zombie(pid: int) -> bool:
    return ") Z " in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")


async def test_a_process_ends_within_its_grace(tmp_path: Path) -> None:
    child = _sleeper(tmp_path)
    process = Process.of(child.pid)
    assert process.alive()
    await process.end(grace=10)
    assert not process.alive()
    assert child.wait() == -signal.SIGTERM


async def test_a_process_whose_other_threads_go_on_has_not_ended(tmp_path: Path) -> None:
    """It looks like one that waits to be reaped, and still holds its files and locks."""
    child = _sleeper(tmp_path, LINGERING)
    process = Process.of(child.pid)
    async with asyncio.timeout(10):
        while not _is_zombie(child.pid):
            await asyncio.sleep(0.01)
    assert process.alive()
    process.send(signal.SIGKILL)
    assert await process.gone(10)
    assert child.wait() == -signal.SIGKILL


async def test_a_process_that_does_not_end_is_killed(tmp_path: Path) -> None:
    child = _sleeper(tmp_path, DEAF)
    process = Process.of(child.pid)
    async with asyncio.timeout(10):
        while b"deaf" not in (tmp_path / "output").read_bytes():
            await asyncio.sleep(0.01)
    await process.end(grace=0.1)
    assert not process.alive()
    assert child.wait() == -signal.SIGKILL


async def test_one_that_waits_to_be_reaped_is_not_alive(tmp_path: Path) -> None:
    child = _sleeper(tmp_path)
    process = Process.of(child.pid)
    process.send(signal.SIGKILL)
    assert await process.gone(within=10)
    assert child.poll() == -signal.SIGKILL


async def test_a_stranger_with_the_same_pid_is_left_alone(tmp_path: Path) -> None:
    child = _sleeper(tmp_path)
    process = Process.of(child.pid)
    earlier = Process(pid=process.pid, started=process.started - 1)
    assert not earlier.alive()
    earlier.send(signal.SIGKILL)
    await earlier.end(grace=0.1)
    assert process.alive()
    await process.end(grace=10)
    child.wait()


async def test_gone_says_no_when_the_time_is_up(tmp_path: Path) -> None:
    child = _sleeper(tmp_path)
    process = Process.of(child.pid)
    assert not await process.gone(within=0.05)
    await process.end(grace=10)
    child.wait()


def test_a_pid_that_nobody_has_names_no_process() -> None:
    with pytest.raises(ProcessLookupError):
        Process.of(0x7FFFFFFF)


@pytest.mark.parametrize("outlives", [False, True])
async def test_a_child_lives_on_after_a_killed_starter_only_if_told_to(
    tmp_path: Path, *, outlives: bool
) -> None:
    starter = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import sys, signal, pathlib\n"
        "from axisd.simulator.process import spawn\n"
        "child = spawn([sys.executable, '-c', 'import signal; signal.pause()'], environment={},\n"
        "    folder=pathlib.Path('/'), output=sys.stderr.buffer, outlives=sys.argv[1] == 'True')\n"
        "print(child.pid, flush=True)\n"
        "signal.pause()\n",
        str(outlives),
        stdout=subprocess.PIPE,
    )
    assert starter.stdout is not None
    process = Process.of(int(await starter.stdout.readline()))
    starter.kill()
    await starter.wait()
    assert await process.gone(within=0.2 if outlives else 10) is not outlives
    await process.end(grace=10)
    assert not process.alive()


def test_a_program_that_is_not_installed_is_refused_naming_its_package() -> None:
    with pytest.raises(ConfigError, match="apt-get install hen"):
        program("no-such-egg", package="hen")
