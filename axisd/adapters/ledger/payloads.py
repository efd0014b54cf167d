"""Large payloads: files named by the digest of what is in them.

A file appears under its name only when all of it is on disk: it is written beside, synced, renamed, and
the folders are synced too. So a name that exists holds the whole content, and writing it again is never
needed. Everything here blocks: call it in a thread. Raises TransientError for what the operating system
cannot do now, IntegrityError for content that does not match its name.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from io import BufferedReader
from pathlib import Path
from typing import Final
from uuid import uuid4

from axisd.adapters.ledger.faults import translated
from axisd.core.audit import digest_of
from axisd.core.records import Payload
from axisd.errors import IntegrityError

_PREFIX: Final = "sha256:"
_HEX: Final = 64


class PayloadFiles:
    """The folder: `ab/cdef…` for `sha256:abcdef…`, and `new/` for what is being written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._new = folder / "new"

    def prepare(self) -> None:
        """Makes the folders, and drops what an earlier process did not finish writing."""
        with translated("preparing the payload folder"):
            self._new.mkdir(parents=True, exist_ok=True)
            for leftover in self._new.iterdir():
                leftover.unlink()

    def store(self, digest: str, body: bytes) -> None:
        """Returns when `body` is durable under its name."""
        with translated("storing a payload"):
            target = self._path(digest)
            target.parent.mkdir(exist_ok=True)
            if not target.exists():
                self._put(target, body)
            # Also when it was there: whoever put it there may not have come as far as this.
            sync_folder(target.parent)
            sync_folder(self._folder)

    def _put(self, target: Path, body: bytes) -> None:
        written = self._new / uuid4().hex
        try:
            _write_synced(written, body)
            written.replace(target)
        except BaseException:
            with suppress(OSError):
                written.unlink(missing_ok=True)
            raise

    def has(self, digest: str, size: int) -> bool:
        """Whether `digest` was stored, with `size` bytes."""
        with translated("looking for a payload"):
            try:
                return self._path(digest).stat().st_size == size
            except FileNotFoundError:
                return False

    def require(self, payloads: Iterable[Payload]) -> None:
        """Raises IntegrityError unless all of `payloads` were stored."""
        for payload in payloads:
            if not self.has(payload.digest, payload.size):
                raise IntegrityError(f"payload {payload.digest} is neither staged nor handed in")

    def whole(self, digest: str, body: bytes | None) -> bytes:
        """`body`, or what is on disk if it is None, checked against its digest as `load` does."""
        return self.load(digest) if body is None else _checked(digest, body)

    def load(self, digest: str) -> bytes:
        """The content, checked against its name. Raises IntegrityError when it is gone or changed."""
        with translated("reading a payload"):
            try:
                return _checked(digest, self._path(digest).read_bytes())
            except FileNotFoundError as error:
                raise IntegrityError(f"payload {digest} is not on disk") from error

    def prove(self, digest: str) -> None:
        """Reads the content in pieces and checks it against its name, as `load` does, without keeping it."""
        with translated("reading a payload"), self._opened(digest) as stream:
            found = f"{_PREFIX}{hashlib.file_digest(stream, 'sha256').hexdigest()}"
        if found != digest:
            raise IntegrityError(f"payload {digest} has changed: its content is {found}")

    def piece(self, digest: str, at: int, size: int) -> bytes:
        """At most `size` bytes from `at` on, not checked; none behind the end."""
        with translated("reading a payload"), self._opened(digest) as stream:
            stream.seek(at)
            return stream.read(size)

    def _opened(self, digest: str) -> BufferedReader:
        try:
            return self._path(digest).open("rb")
        except FileNotFoundError as error:
            raise IntegrityError(f"payload {digest} is not on disk") from error

    def _path(self, digest: str) -> Path:
        name = digest.removeprefix(_PREFIX)
        if len(name) != _HEX or not set(name) <= set("0123456789abcdef"):
            raise IntegrityError(f"{digest!r} is not a digest")
        return self._folder / name[:2] / name[2:]


def _checked(digest: str, body: bytes) -> bytes:
    """`body`, if it is what `digest` says; else raises IntegrityError."""
    found = digest_of(body)
    if found != digest:
        raise IntegrityError(f"payload {digest} has changed: its content is {found}")
    return body


def _write_synced(path: Path, body: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(body)
        stream.flush()
        os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Makes the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
