"""Attachments as they are carried: base64 of the file itself or of a zip with one entry.

What is declared is not believed: the type is sniffed from the first bytes and both are reported. Archives
are never expanded, so neither a zip bomb nor an edXML inside a zip is anybody's concern here. Content of
many megabytes is decoded slice by slice: nothing holds the decoded bytes whole but `decode`, which is for
those who want them.
"""

from __future__ import annotations

import binascii
import hashlib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_SLICE: Final = 3 << 16
"""Characters decoded at a time: few, as each slice is in memory in four forms."""
_HEAD: Final = 16
"""Bytes that suffice to sniff a type; a slice that is mostly white space has fewer."""
_WHITE: Final = b" \t\r\n"
_MAGIC: Final = (
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"PK\x07\x08", "application/zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"<?xml", "application/xml"),
    (b"\xef\xbb\xbf<?xml", "application/xml"),
    (b"{\\rtf", "application/rtf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"\x1f\x8b", "application/gzip"),
    (b"\x7fELF", "application/x-elf"),
    (b"MZ", "application/x-msdownload"),
)
_OVERRIDES: Final = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the direction of text, so that `gpj.exe` shows as `exe.jpg`."""


@dataclass(frozen=True, slots=True)
class Measure:
    """Of the decoded bytes: `size`, `digest` (`sha256:` + hex), and the type that the first bytes say, or ""."""

    size: int
    digest: str
    sniffed_type: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """Why a text is not base64 (RFC 4648 §4), as the end of a sentence in English and Vietnamese."""

    detail: str
    detail_vi: str


class _NotBase64Error(Exception):
    """Never leaves this module: it becomes a Malformed."""

    def __init__(self, detail: str, detail_vi: str) -> None:
        self.malformed = Malformed(detail, detail_vi)
        super().__init__(detail)


def measure(encoded: str | memoryview) -> Measure | Malformed:
    """Decodes `encoded`, a text or its octets in ASCII, without keeping it.

    White space is tolerated anywhere, as in xs:base64Binary. Everything else is strict, so that one
    content has one spelling: the alphabet, complete padding, nothing after it, unused bits zero.
    """
    hashed = hashlib.sha256()
    size, head = 0, b""
    try:
        for piece in _pieces(encoded):
            hashed.update(piece)
            size += len(piece)
            head += piece[: _HEAD - len(head)]
    except _NotBase64Error as fault:
        return fault.malformed
    return Measure(size, f"sha256:{hashed.hexdigest()}", sniff(head))


def decode(encoded: str) -> bytes | Malformed:
    """The decoded bytes, all of them in memory."""
    try:
        return b"".join(_pieces(encoded))
    except _NotBase64Error as fault:
        return fault.malformed


def sniff(head: bytes) -> str:
    """The media type that the first bytes (16 suffice) say; "" if they say nothing."""
    for magic, media_type in _MAGIC:
        if head.startswith(magic):
            return media_type
    return ""


def is_plain_name(name: str) -> bool:
    """Whether `name` can name a file anywhere: no path, no control characters, no turned direction."""
    if name in {".", ".."} or any(c in "/\\" for c in name):
        return False
    return not any(unicodedata.category(c) == "Cc" or c in _OVERRIDES for c in name)


def _pieces(encoded: str | memoryview) -> Iterator[bytes]:
    pending = b""
    padded = False
    for start in range(0, len(encoded), _SLICE):
        symbols = pending + _symbols(encoded[start : start + _SLICE])
        if padded and symbols:
            raise _NotBase64Error(
                "content follows the padding (=)", "có nội dung sau ký tự đệm (=)"
            )
        whole = len(symbols) - len(symbols) % 4
        pending = symbols[whole:]
        padded = symbols[:whole].endswith(b"=")
        yield _decoded(symbols[:whole])
    if pending:
        raise _NotBase64Error("it is not complete", "nội dung không đầy đủ")


def _symbols(text: str | memoryview) -> bytes:
    if isinstance(text, memoryview):
        return bytes(text).translate(None, _WHITE)
    try:
        return text.encode("ascii").translate(None, _WHITE)
    except UnicodeEncodeError as error:
        character = f"U+{ord(text[error.start]):04X}"
        raise _NotBase64Error(f"it contains {character}", f"có ký tự {character}") from error


def _decoded(symbols: bytes) -> bytes:
    try:
        piece = binascii.a2b_base64(symbols, strict_mode=True)
    except binascii.Error as error:
        raise _NotBase64Error(*_cause(symbols)) from error
    last = symbols[-4:]
    if (
        last.endswith(b"=")
        and binascii.b2a_base64(binascii.a2b_base64(last), newline=False) != last
    ):
        raise _NotBase64Error("its last unused bits are not zero", "các bit cuối không dùng khác 0")
    return piece


def _cause(symbols: bytes) -> tuple[str, str]:
    foreign = symbols.translate(None, _ALPHABET)
    if foreign:
        character = f"0x{foreign[0]:02X}"
        return f"it contains the byte {character}", f"có byte {character}"
    return "its padding (=) is in the wrong place", "ký tự đệm (=) đặt sai chỗ"


_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
