"""The file inside a `sendEdoc` body: its hash, and exactly its bytes.

`hash-file` is the SHA-256 in hex *without zero padding per byte*, as the SDK writes it: a byte below
0x10 gives one digit. The padded form is accepted too. The SDK's body is the file and one CR LF, while
the hash covers the file alone: exactly that CR LF is dropped, and only when the hash then matches.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from axisd.adapters.vxp.protocol.answers import Code, Refused

if TYPE_CHECKING:
    from hashlib import _Hash

_LINE_END = b"\r\n"


def unpadded_hash(file: bytes) -> str:
    """The `hash-file` to send for `file`."""
    return _unpadded(hashlib.sha256(file).digest())


def hash_forms(file: bytes) -> frozenset[str]:
    """Every `hash-file` that is right for `file`, in lower case."""
    return _forms(hashlib.sha256(file))


def intact_file(body: bytes, hash_file: str) -> bytes | Refused:
    """The file that `hash_file` was made of, out of `body`; Refused (21) when it does not match."""
    if not body:
        return Refused(Code.FILE, "The file is empty.")
    claimed = hash_file.strip().lower()
    if not body.endswith(_LINE_END):
        return body if claimed in hash_forms(body) else _MISMATCH
    with memoryview(body) as view:
        digest = hashlib.sha256(view[: -len(_LINE_END)])
    without_line_end = _forms(digest)
    digest.update(_LINE_END)
    if claimed in _forms(digest):
        return body
    return body[: -len(_LINE_END)] if claimed in without_line_end else _MISMATCH


_MISMATCH = Refused(
    Code.FILE, "hash-file does not match the file: send SHA-256 of the file in hex."
)


def _forms(digest: _Hash) -> frozenset[str]:
    return frozenset({digest.hexdigest(), _unpadded(digest.digest())})


def _unpadded(digest: bytes) -> str:
    return "".join(f"{byte:x}" for byte in digest)
