"""Base64 of tens of megabytes, a slice at a time, so that other threads get their turn in between.

One call of the interpreter's encoder over 40 MB holds its lock for a tenth of a second and more, in
whatever thread it runs: long enough to stall an event loop.
"""

from __future__ import annotations

import binascii
from typing import Final

_SLICE: Final = 3 * 64 * 1024


def encoded(file: bytes) -> bytes:
    """The base64 of `file`, one line."""
    with memoryview(file) as view:
        return b"".join(
            binascii.b2a_base64(view[at : at + _SLICE], newline=False)
            for at in range(0, len(view), _SLICE)
        )


class Encoder:
    """The base64 of a file that comes in pieces, one line: `more` for each of them, `end` behind the last."""

    def __init__(self) -> None:
        self._rest = b""

    def more(self, piece: bytes) -> bytes:
        """As much as can be written of what has come."""
        came = self._rest + piece if self._rest else piece
        whole = len(came) - len(came) % 3
        self._rest = came[whole:]
        return encoded(came[:whole])

    def end(self) -> bytes:
        """What is left, padded."""
        return binascii.b2a_base64(self._rest, newline=False)


def encoded_size(size: int) -> int:
    """How long the base64 of `size` bytes is."""
    return (size + 2) // 3 * 4


def decoded(text: bytes | bytearray | memoryview) -> bytes:
    """What `text` stands for. Raises ValueError for anything outside the alphabet, white space too."""
    width = _SLICE // 3 * 4
    pieces = []
    with memoryview(text) as view:
        for at in range(0, len(view), width):
            piece = binascii.a2b_base64(view[at : at + width], strict_mode=True)
            # Padding is the end: a slice that ends with it would be taken for a whole text.
            if at + width < len(view) and len(piece) != _SLICE:
                raise ValueError("padding before the end")
            pieces.append(piece)
    return b"".join(pieces)
