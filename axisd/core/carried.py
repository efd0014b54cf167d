"""The files that a document carries, decoded: for whoever receives one. The axis itself never needs them.

Products carry a file as it is, or in a zip with one entry whose name says nothing (spec/edxml.md §5). Both
come out as the file; a zip with several entries, or one that is itself what was sent, stays a zip. An entry
is taken out only up to a size that the caller names, so that a small zip cannot fill the memory.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final

from lxml import etree

from axisd.core import edxml, xmlsafe
from axisd.core.attachments import Malformed, decode
from axisd.core.envelope import Envelope
from axisd.core.node import Node, Notes
from axisd.core.reasons import Refusal, refuse
from axisd.core.view import Limits

MOST: Final = 512 * 1024 * 1024
"""Bytes of one entry that are taken out of a zip at most."""

_BROKEN: Final = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError)
"""What zipfile raises for what is none, is encrypted, or is packed in a way that it does not know."""
_WRAPPED: Final = re.compile(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class CarriedFile:
    """One attachment: `content` is the file itself. `name`: what its sender calls it."""

    content_id: str
    name: str
    content_type: str
    content: bytes = field(repr=False)
    description: str = ""


def read_envelope(body: bytes, limits: Limits | None = None) -> Envelope | Refusal:
    """What the envelope in `body` says; it has passed an axis, so the schema is not asked again."""
    root = _root(body, limits)
    if isinstance(root, Refusal):
        return root
    kind = edxml.recognise(root)
    return kind if isinstance(kind, Refusal) else edxml.read(root, kind)


def carried_files(
    body: bytes, limits: Limits | None = None, *, most: int = MOST
) -> tuple[CarriedFile, ...] | Refusal:
    """The files in the envelope `body`, in its order; `attachment-malformed` if one is not base64."""
    root = _root(body, limits)
    if isinstance(root, Refusal):
        return root
    files: list[CarriedFile] = []
    for node in Node(root, Notes()).node("AttachmentEncoded").nodes("Attachment"):
        file = _file(node, most)
        if isinstance(file, Refusal):
            return file
        files.append(file)
    return tuple(files)


def unwrapped(name: str, content: bytes, most: int = MOST) -> bytes:
    """`content`, or the one entry of the zip that products wrap a file `name` in."""
    if not content.startswith(b"PK\x03\x04"):
        return content
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if len(entries) != 1 or not _wraps(entries[0], name) or entries[0].file_size > most:
                return content
            with archive.open(entries[0]) as entry:
                inside = entry.read(most + 1)
    except _BROKEN:
        return content  # called a zip, and none: what it is, its reader has to see
    return content if len(inside) > most else inside


def _wraps(entry: zipfile.ZipInfo, name: str) -> bool:
    """Whether this is a wrapping: the entry has the ending of the file, or is called by a UUID."""
    inside, outside = PurePosixPath(entry.filename), PurePosixPath(name)
    if entry.is_dir():
        return False
    if outside.suffix.lower() != ".zip" and inside.suffix.lower() == outside.suffix.lower():
        return True
    return _WRAPPED.fullmatch(inside.stem) is not None


def _root(body: bytes, limits: Limits | None) -> etree._Element | Refusal:
    parsed = xmlsafe.parse(body, limits or Limits())
    return parsed if isinstance(parsed, Refusal) else parsed.root


def _file(node: Node, most: int) -> CarriedFile | Refusal:
    name = node.text("AttachmentName")
    content = decode(node.long_text(edxml.CONTENT))
    if isinstance(content, Malformed):
        at, line = node.place(edxml.CONTENT)
        return refuse(
            "attachment-malformed",
            at=at,
            line=line,
            name=ascii(name),
            detail=content.detail,
            detail_vi=content.detail_vi,
        )
    content_id = node.text("ContentId")
    return CarriedFile(
        content_id=content_id[4:] if content_id[:4].lower() == "cid:" else content_id,
        name=name,
        content_type=node.text("ContentType"),
        content=unwrapped(name, content, most),
        description=node.text("Description"),
    )
