"""The file inside a `sendEdoc` body: exactly the bytes that `hash-file` was made of."""

from __future__ import annotations

from typing import Final

from axisd.adapters.vxp.protocol.answers import Code, Refused
from axisd.core.filehash import FileHash, hash_forms, unpadded_hash

__all__ = ["EMPTY", "MISMATCH", "hash_forms", "intact_file", "unpadded_hash"]

EMPTY: Final = Refused.of(Code.FILE, "The file is empty.", "Tệp rỗng.")
MISMATCH: Final = Refused.of(
    Code.FILE,
    "hash-file does not match the file: send SHA-256 of the file in hex.",
    "hash-file không khớp với tệp: hãy gửi SHA-256 của tệp (hex).",
)


def intact_file(body: bytes, hash_file: str) -> bytes | Refused:
    """The file that `hash_file` was made of, out of `body`; Refused (21) when it does not match."""
    if not body:
        return EMPTY
    hashed = FileHash()
    hashed.update(body)
    size = hashed.file_size(hash_file)
    return MISMATCH if size is None else body[:size]
