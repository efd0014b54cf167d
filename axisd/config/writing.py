"""Files of ours, written so that nobody ever sees half of one: complete on disk, then in its place.

Going wrong: OSError, and the file is as it was; where only its folder could not be made safe, it is as it was to be.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def put(file: Path, content: bytes, mode: int) -> None:
    """Puts `content` into `file`, which then has `mode`. Raises OSError."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            os.fchmod(stream.fileno(), mode & 0o7777)
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
