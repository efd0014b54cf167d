"""The SHA-256 that travels beside a file, in every form in which products write it.

VXP's `hash-file` is hex *without zero padding per byte*, as the SDK of the national axis writes it: a byte
below 0x10 gives one digit. The eDoc protocol's `hash-edoc` is ordinary hex. Both SDKs append one CR LF to
what they upload, and hash without it: exactly that CR LF is dropped, and only when the hash then matches.
Pure; nothing here keeps the bytes.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hashlib import _Hash

_LINE_END: Final = b"\r\n"


class FileHash:
    """Of a file that arrives in pieces. The last two bytes are kept apart, as they may not be the file's."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._tail = b""
        self._size = 0

    @property
    def size(self) -> int:
        """Bytes that have arrived."""
        return self._size

    def update(self, piece: bytes | bytearray | memoryview) -> None:
        """Takes in the next piece."""
        self._size += len(piece)
        if len(piece) < len(_LINE_END):
            piece = self._tail + bytes(piece)
        else:
            self._hash.update(self._tail)
        with memoryview(piece) as view:
            self._hash.update(view[: -len(_LINE_END)])
            self._tail = bytes(view[-len(_LINE_END) :])

    def file_size(self, claimed: str) -> int | None:
        """How many of the bytes are the file that `claimed` was made of; None when it is another's."""
        wanted = claimed.strip().lower()
        whole = self._hash.copy()
        whole.update(self._tail)
        if wanted in _forms(whole):
            return self._size
        if self._tail == _LINE_END and wanted in _forms(self._hash):
            return self._size - len(_LINE_END)
        return None


def unpadded_hash(file: bytes) -> str:
    """The `hash-file` that VXP's own SDK sends for `file`."""
    return _unpadded(hashlib.sha256(file).digest())


def hash_forms(file: bytes) -> frozenset[str]:
    """Every form that is right for `file`, in lower case."""
    return _forms(hashlib.sha256(file))


def _forms(digest: _Hash) -> frozenset[str]:
    return frozenset({digest.hexdigest(), _unpadded(digest.digest())})


def _unpadded(digest: bytes) -> str:
    return "".join(f"{byte:x}" for byte in digest)
