"""One daemon per ledger: a lock that the operating system drops when its holder dies.

The file stays behind; only the lock on it means anything. What it contains is the holder's process id,
for the sentence that the second one ends with. Not for network file systems.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from axisd.errors import ConfigError, Problem, TransientError


class LedgerLock:
    """Held from `take` until `release`, or until the process ends in whatever way."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, file: Path) -> LedgerLock:
        """Raises ConfigError, naming the holder, when another instance has the ledger."""
        try:
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise TransientError(f"the ledger's lock cannot be opened: {error}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = _named(descriptor)
            os.close(descriptor)
            raise ConfigError((_taken(file, holder or "unknown"),)) from error
        except OSError as error:
            os.close(descriptor)
            raise TransientError(f"the ledger cannot be locked: {error}") from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        return cls(descriptor)

    @staticmethod
    def holder(file: Path) -> int | None:
        """The process that has the ledger now; None when nobody has it, or it cannot be told."""
        try:
            descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            named = _named(descriptor)
            return int(named) if named.isdecimal() else None
        finally:
            os.close(descriptor)
        return None

    def release(self) -> None:
        """Lets the next one in. Releasing twice does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _named(descriptor: int) -> str:
    return os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()


def _taken(file: Path, holder: str) -> Problem:
    return Problem(
        str(file),
        0,
        f"the ledger is in use by process {holder}; stop that one, or give this one a "
        "ledger.folder of its own",
    )
