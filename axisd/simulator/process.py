"""Processes that we started, told apart from strangers that inherited their number.

A pid alone is reused by the kernel; a pid with its start time is not. Whoever stops a private
server later, from another process, reads both back and signals only what is still the same.
Linux only: it reads ``/proc``.
"""

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from axisd.errors import ConfigError, Problem

_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Process:
    """One process: its pid and its start time in clock ticks since boot."""

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> "Process":
        """Name the process that has ``pid`` now.

        Raises:
            ProcessLookupError: there is none.
        """
        fields = _stat(pid)
        if fields is None:
            raise ProcessLookupError(pid)
        return cls(pid=pid, started=int(fields[_STARTED]))

    def alive(self) -> bool:
        """Whether it still runs; one that ended and waits to be reaped does not.

        One whose first thread has ended and others have not still holds its files and locks.
        """
        fields = _stat(self.pid)
        if fields is None or int(fields[_STARTED]) != self.started:
            return False
        return fields[0] not in {"Z", "X"} or int(fields[_THREADS]) > 1

    def send(self, number: signal.Signals) -> None:
        """Signal it; one that is gone is left alone, and so is whoever has its pid now."""
        if self.alive():
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return  # it ended between the look and the signal: what was wanted

    async def gone(self, within: float) -> bool:
        """Wait until it ended, for at most ``within`` seconds; whether it did."""
        try:
            async with asyncio.timeout(within):
                while self.alive():
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            return not self.alive()
        return True

    async def end(self, grace: float) -> None:
        """Ask it to end, wait ``grace`` seconds, then kill it."""
        self.send(signal.SIGTERM)
        if not await self.gone(grace):
            self.send(signal.SIGKILL)
            await self.gone(grace)


def spawn(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str],
    folder: Path,
    output: IO[bytes],
    outlives: bool,
) -> subprocess.Popen[bytes]:
    """Start ``command`` in ``folder``, away from our terminal, with exactly this environment.

    Unless it ``outlives`` us, the kernel kills it the moment that the thread which called this
    ends, however that comes about (PR_SET_PDEATHSIG, through util-linux's ``setpriv``). Call it
    from the main thread.

    Raises:
        ConfigError: ``setpriv`` is not installed.
    """
    words = [str(word) for word in command]
    if not outlives:
        words = [*_mortal(), *words]
    return subprocess.Popen(
        words,
        env=dict(environment),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C on our terminal is for us; we stop it in our order
    )


def _mortal() -> list[str]:
    """What to put before a command so that it dies with us.

    We may be gone before the kernel was told to watch us, hence the look at the parent after it.
    """
    setpriv = str(program("setpriv", package="util-linux"))
    only_ours = '[ "$PPID" = "$0" ] && exec "$@"'
    return [setpriv, "--pdeathsig", "KILL", "/bin/sh", "-c", only_ours, str(os.getpid())]


def note(file: Path, process: Process) -> None:
    """Add a process to the list in ``file``, for whoever has to end it when we no longer can."""
    with file.open("a", encoding="ascii") as noted_there:
        noted_there.write(f"{process.pid} {process.started}\n")


def noted(file: Path) -> list[Process]:
    """Every process in the list, the first one first; those that have ended too."""
    if not file.exists():
        return []
    return [
        Process(int(pid), int(started))
        for pid, started in map(str.split, file.read_text(encoding="ascii").splitlines())
    ]


def program(name: str, *, package: str) -> Path:
    """Where ``name`` is installed; ``package`` is Debian's name for what brings it.

    Raises:
        ConfigError: it is not installed.
    """
    found = shutil.which(name)
    if found is None:
        raise ConfigError(
            (Problem(name, 0, f"is not installed; `apt-get install {package}` brings it"),)
        )
    return Path(found)


_THREADS = 17  # proc(5): num_threads is field 20, and the first two are cut off below
_STARTED = 19  # starttime is field 22


def _stat(pid: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text.rpartition(")")[2].split()  # the name before it may hold blanks and brackets
