"""One sandbox in one folder: whoever runs one holds a file in it for as long as he lives."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from axisd.errors import UnavailableError

# Not the folder itself: `axisd system` holds that one while it changes what lies in it.
_LOCK: Final = "sandbox.lock"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Holds `folder`, which is made if it is not there. Raises UnavailableError when somebody has it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UnavailableError(f"{folder} cannot be used: {error.strerror}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UnavailableError(f"a sandbox runs in {folder} already; choose another") from error
        yield
    finally:
        os.close(descriptor)
