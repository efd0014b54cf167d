"""What the simulated national axis keeps: agencies, messages as sent, and items as received."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

WAITING: Final = ("initial", "processing")
FINAL: Final = ("done", "fail")


@dataclass(frozen=True, slots=True)
class Member:
    """One agency of the directory. `id` is the directory's own number; `pid` its parent's, or ""."""

    id: int
    code: str
    twin: str
    name: str
    mail: str
    mobile: str
    fax: str
    parent: str
    centre: str
    locked: bool
    deleted: bool
    version: int
    modified: str
    pid: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """One message that was handed in. `kind`: `edoc` or `status`. `digest`: hex SHA-256 of the file as it
    was sent; `body`: what is delivered."""

    doc_id: str
    centre: str
    sender: str
    kind: str
    document_id: str
    title: str
    notation: str
    digest: str
    body: bytes
    at: str


@dataclass(frozen=True, slots=True)
class Received:
    """One message in one recipient's mailbox: `status` is one of the transport words. `repeats`: the
    doc_id of the first item that brought the same bytes from the same centre to the same recipient, ""
    if this is the first. `due`: Unix time from which on it is in the mailbox. `copy_of`: the doc_id of the
    item that the axis delivered twice, ""."""

    doc_id: str
    message: str
    sender: str
    recipient: str
    kind: str
    status: str
    description: str
    created: str
    updated: str
    repeats: str = ""
    due: float = 0.0
    copy_of: str = ""
