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
