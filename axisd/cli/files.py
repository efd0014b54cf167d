"""Files that commands read and write: `-` is stdin or stdout, and no file is left half written."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_IMODE
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


def rewrite_file(path: Path, content: bytes) -> None:
    """Puts `content` in the place of the file at `path`, which keeps its mode and, where we may, its owner.

    A link stays one. Raises BadInput when it cannot be done; then nothing has changed.
    """
    target = path.resolve()
    try:
        _replace(target, content, like=target.stat())
    except OSError as error:
        raise BadInput(f"it cannot be written: {error.strerror}", where=str(path)) from error


def keep_secret(path: Path, text: str, *, owner: Path | None = None) -> None:
    """Writes what is secret into a new file that only its owner may read, safe on the disk.

    `owner`: it shall belong to whoever has this, where we may give it away. Raises BadInput when there is
    such a file already, or it cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            if owner is not None and owner.exists():
                _give(out.fileno(), owner.stat())
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        raise BadInput(
            f"it cannot be written: {error.strerror}",
            where=str(path),
            mend="name a file that is not there yet; nothing was changed",
        ) from error


@contextmanager
def handed_in() -> Iterator[None]:
    """Problems of files that the command line names are bad input, not problems of the configuration."""
    try:
        yield
    except ConfigError as error:
        problem = error.problems[0]
        raise BadInput(problem.text, where=problem.file) from error


def _replace(
    path: Path, content: bytes, mode: int = 0o644, *, like: os.stat_result | None = None
) -> None:
    mask = os.umask(0)
    os.umask(mask)
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        fresh = Path(file.name)
        try:
            if like is not None:
                _give(file.fileno(), like)
            os.fchmod(file.fileno(), mode & ~mask if like is None else S_IMODE(like.st_mode))
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            fresh.replace(path)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise


def _give(descriptor: int, to: os.stat_result) -> None:
    """Only root may give a file away; whoever else writes here owns it already."""
    if os.geteuid() == 0:
        os.fchown(descriptor, to.st_uid, to.st_gid)
