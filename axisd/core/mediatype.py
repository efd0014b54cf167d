"""Whether what an attachment is declared as and what its first bytes say contradict each other.

Producers put every file into a zip and declare what lies inside, or declare a zip and send the file as it
is wrapped by nobody (spec/edxml.md §5). So a zip contradicts nothing: what is in it is not looked at. Nor
does a declaration that says nothing. Everything else that does not fit makes a reader open the wrong thing.
"""

from __future__ import annotations

from typing import Final

_NOTHING_SAID: Final = frozenset(
    {
        "application/octet-stream",
        "application/x-octet-stream",
        "binary/octet-stream",
        "application/download",
        "application/x-download",
        "application/force-download",
    }
)
_WORD: Final = ("application/msword", "application/vnd.ms-")
_FITS: Final = {
    "application/pdf": ("application/pdf", "application/x-pdf", "application/acrobat", "text/pdf"),
    # A file of Office with a password is an OLE container, whatever it was before.
    "application/x-ole-storage": (
        *_WORD,
        "application/vnd.openxmlformats",
        "application/vnd.visio",
        "application/excel",
        "application/x-excel",
        "application/x-msexcel",
        "application/powerpoint",
        "application/mspowerpoint",
        "application/x-ole-storage",
        "application/cdfv2",
    ),
    "application/rtf": (*_WORD, "application/rtf", "text/"),
    "application/xml": (*_WORD, "application/xml", "application/edxml", "image/svg", "text/"),
    "image/png": ("image/png", "image/x-png"),
    "image/jpeg": ("image/jpeg", "image/jpg", "image/pjpeg"),
    "image/gif": ("image/gif",),
    "image/tiff": ("image/tif", "image/x-tif"),
    "application/x-7z-compressed": ("application/x-7z", "application/7z"),
    "application/vnd.rar": ("application/vnd.rar", "application/x-rar", "application/rar"),
    "application/gzip": ("application/gzip", "application/x-gzip"),
    "application/x-elf": ("application/x-elf", "application/x-executable"),
    "application/x-msdownload": (
        "application/x-msdownload",
        "application/x-dosexec",
        "application/vnd.microsoft.portable-executable",
    ),
}
"""By what the bytes say: how declarations begin that fit to it."""

_TOLD_BY_BYTES: Final = (
    *_FITS["application/pdf"],
    *_FITS["image/png"],
    *_FITS["image/jpeg"],
    *_FITS["image/gif"],
    "application/zip",
    "application/x-zip",
)
"""Declarations of types that are always recognised: bytes that say nothing are of another one."""


def contradicts(declared: str, sniffed: str) -> bool:
    """Whether content declared as `declared` cannot be what `attachments.sniff` found ("" for nothing)."""
    declared = declared.partition(";")[0].strip().lower()
    if "/" not in declared or declared in _NOTHING_SAID or sniffed == "application/zip":
        return False
    if not sniffed:
        return declared.startswith(_TOLD_BY_BYTES)
    if sniffed == "application/xml" and declared.endswith("+xml"):
        return False
    return not declared.startswith(_FITS[sniffed])
