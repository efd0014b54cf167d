"""Files that commands read and write: `-` is stdin or stdout, and no file is left half written."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

import click

from axisd.cli.exits import BadInput
from axisd.errors import ConfigError

DASH: Final = "-"

INPUT: Final = click.Path(path_type=Path, allow_dash=True)
"""The type of an argument that names a file to read, or `-`."""

OUTPUT: Final = click.Path(path_type=Path, allow_dash=True)
"""The type of an option that names a file to write, or `-`."""


def read_file(path: Path) -> bytes:
    """The bytes of `path`, or of stdin. Raises BadInput when it cannot be read."""
    if str(path) == DASH:
        return sys.stdin.buffer.read()
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"it cannot be read: {error.strerror}", where=str(path)) from error


def write_file(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Puts `content` in the place of `path` when it is on the disk whole; or on stdout.

    `mode`: who may read it, less the umask. Raises BadInput when it cannot be written.
    """
    if str(path) == DASH:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(content)  # a device or a pipe is not replaced
        else:
            _replace(path, content, mode)
    except OSError as error:
        raise BadInput(f"it cannot be written: {error.strerror}", where=str(path)) from error


@contextmanager
def handed_in() -> Iterator[None]:
    """Problems of files that the command line names are bad input, not problems of the configuration."""
    try:
        yield
    except ConfigError as error:
        problem = error.problems[0]
        raise BadInput(problem.text, where=problem.file) from error


def _replace(path: Path, content: bytes, mode: int) -> None:
    mask = os.umask(0)
    os.umask(mask)
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        fresh = Path(file.name)
        try:
            os.fchmod(file.fileno(), mode & ~mask)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            fresh.replace(path)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise
