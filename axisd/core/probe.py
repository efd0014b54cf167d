"""Probes: what the interconnection check sends to see whether documents get through.

A probe document is an ordinary one from the probe agency to itself, so that nothing on its way treats it
otherwise. A probe for an inbox is no document: a message of its own type, a few bytes that every system
can ignore (docs/reference/amqp.md). Pure; signing is the caller's.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple
from xml.sax.saxutils import quoteattr

from axisd.core import edxml, xmlsafe
from axisd.core.compose import compose_document
from axisd.core.envelope import Document, ManifestItem, Organization, OtherInfo
from axisd.core.reasons import Refusal
from axisd.core.submission import Lane
from axisd.core.view import Limits
from axisd.core.zone import VIETNAM, wire_time

NAMESPACE: Final = "urn:axisd:probe:1.0"
TYPE: Final = "probe"
"""The property `type` of a message that is a probe and no document."""

NATIONAL: Final = "KTLT-TQ"
NOTATIONS: Final = {Lane.NORMAL: "KTLT-THUONG", Lane.URGENT: "KTLT-KHAN"}
"""Notations of probe documents (kiểm tra liên thông), by the way that they go."""

_PDF: Final = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)


class ProbeDocument(NamedTuple):
    """A probe document, unsigned."""

    document_id: str
    body: bytes


def probe_document(
    agency: str, notation: str, at: datetime, *, urgent: bool = False
) -> ProbeDocument:
    """A document of `agency` to itself. Its number is the millisecond of the year: no two are the same."""
    local = at.astimezone(VIETNAM)
    year = local.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    number = str((local - year) // timedelta(milliseconds=1))
    day = f"{local:%Y/%m/%d}"
    itself = Organization(agency, name="Cơ quan kiểm tra liên thông")
    document = Document(
        sender=itself,
        recipients=(itself,),
        document_id=f"{agency},{day},{number}/{notation}",
        number=number,
        notation=notation,
        place="Trục liên thông",
        promulgation_date=day,
        document_type="1",
        type_detail="0",
        type_name="Công văn",
        subject="Kiểm tra liên thông",
        other=OtherInfo(priority="1" if urgent else "0", page_amount="1"),
    )
    item = ManifestItem("cid:1", "application/pdf", "kiem-tra.pdf")
    return ProbeDocument(document.document_id, compose_document(document, [(item, _PDF)]))


def document_id_in(body: bytes, limits: Limits) -> str:
    """The DocumentId in an envelope that may have been serialised anew; "" if none can be read."""
    parsed = xmlsafe.parse(body, limits)
    if isinstance(parsed, Refusal):
        return ""
    kind = edxml.recognise(parsed.root)
    envelope = None if isinstance(kind, Refusal) else edxml.glimpse(parsed.root, kind)
    return envelope.document_id if envelope else ""


def inbox_probe(agency: str, at: datetime) -> bytes:
    """What is placed in the inbox of `agency`."""
    declared = f'xmlns="{NAMESPACE}" agency={quoteattr(agency)} at="{wire_time(at)}"'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<probe {declared}/>\n'.encode()
