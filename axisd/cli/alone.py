"""One at a time on a machine: two checks would take each other's probes out of the probe agency's boxes, two
changes of a file would undo each other.

A lock on the folder itself (the ledger's, the file's): nothing is written for it, whoever may read the folder
can take it, and the operating system drops it when its holder ends, however it ends.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from axisd.adapters.clock import SystemClock
from axisd.errors import TransientError

_PAUSE = 0.2


@asynccontextmanager
async def alone(folder: Path, within: float, *, what: str = "another check") -> AsyncIterator[None]:
    """Holds `folder` for the block; waits `within` seconds for who has it, `what` as a rule. A folder that is
    not there is free.

    Raises TransientError when it is not free in time, or cannot be opened.
    """
    descriptor = _opened(folder)
    if descriptor is None:
        yield
        return
    try:
        await _lock(descriptor, folder, within, what)
        yield
    finally:
        os.close(descriptor)


def _opened(folder: Path) -> int | None:
    try:
        return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise TransientError(f"{folder} cannot be opened: {error.strerror}") from error


async def _lock(descriptor: int, folder: Path, within: float, what: str) -> None:
    clock = SystemClock()
    began = clock.monotonic()
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if clock.monotonic() - began >= within:
                raise TransientError(
                    f"{what} of {folder} has not ended within {within:g} s"
                ) from error
            await asyncio.sleep(_PAUSE)
        else:
            return
