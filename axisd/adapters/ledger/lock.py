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
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise ConfigError((_taken(file, holder),)) from error
        except OSError as error:
            os.close(descriptor)
            raise TransientError(f"the ledger cannot be locked: {error}") from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        return cls(descriptor)

    def release(self) -> None:
        """Lets the next one in. Releasing twice does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _taken(file: Path, holder: str) -> Problem:
    return Problem(
        str(file),
        0,
        f"the ledger is in use by process {holder}; two instances need a ledger each, "
        "or one on PostgreSQL",
    )
