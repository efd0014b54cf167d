"""Writes edXML messages in the layout that readers in the country expect, to the byte.

The literal prefixes matter (spec/edxml.md §1): the default namespace on `edXML`; the prefix `edXML:`
declared on `edXMLEnvelope` and used from there on; `AttachmentEncoded` and `Attachment` without prefix;
`edXML:ContentTransferEncoded` with a declaration of its own. Elements stand in the SDK's order, two spaces
a level, LF. For messages of our own making only: what somebody sent is never serialised anew.

Values are trusted to be valid; what the schema says is not checked here. Optional elements without a value
are left out, so that reading a composed message gives the value that it was composed from.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import uuid
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Final
from xml.sax.saxutils import escape

from axisd.core.edxml import EDXML
from axisd.core.envelope import (
    BUSINESS_CODES,
    BusinessInfo,
    Document,
    ManifestItem,
    Organization,
    OtherInfo,
    ResponseFor,
    Staff,
    Status,
)

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BUSINESS: Final = {business: code for code, business in BUSINESS_CODES.items()}
_PREFIX: Final = "edXML:"
_DECLARED: Final = f' xmlns:edXML="{EDXML}"'
_ZIP_TIME: Final = (1980, 1, 1, 0, 0, 0)


def compose_document(
    document: Document,
    files: Sequence[tuple[ManifestItem, bytes]] = (),
    *,
    zipped: bool = False,
) -> bytes:
    """The octets of a document message.

    `files` become the attachments; `document.attachments` is not looked at. The manifest is
    `document.manifest`, or, where that is empty, one Reference for each file. `zipped` wraps each file in
    a zip with one entry, as most products do.

    Raises:
        ValueError: a text contains a character that XML 1.0 cannot carry.
    """
    writer = _Writer()
    with writer.group("edXMLEnvelope", _DECLARED):
        with writer.group("edXMLHeader"):
            with writer.group("MessageHeader"):
                _message_header(writer, document)
            _trace_header_list(writer, document)
        with (
            writer.group("edXMLBody"),
            writer.group("edXMLManifest", ' version="1.0"'),
        ):
            for item in document.manifest or tuple(item for item, _ in files):
                _reference(writer, item)
    writer.prefix = ""
    if files:
        with writer.group("AttachmentEncoded"):
            for item, content in files:
                _attachment(writer, item, _zip(item, content) if zipped else content)
    return writer.octets()


def compose_status(status: Status) -> bytes:
    """The octets of a status message, in the form with `MessageHeader`.

    Raises:
        ValueError: a text contains a character that XML 1.0 cannot carry.
    """
    writer = _Writer()
    with (
        writer.group("edXMLEnvelope", _DECLARED),
        writer.group("edXMLHeader"),
        writer.group("MessageHeader"),
    ):
        _organization(writer, "From", status.sender)
        _response_for(writer, status.about)
        _staff(writer, status.staff)
        writer.leaf("StatusCode", status.code)
        writer.optional("Description", status.description)
        writer.optional("Timestamp", status.timestamp)
    return writer.octets()


class _Writer:
    """Collects the lines of one message. `prefix` is what element names begin with."""

    def __init__(self) -> None:
        self.prefix = _PREFIX
        self._pieces = [
            b'<?xml version="1.0" encoding="UTF-8"?>\n',
            f'<edXML xmlns="{EDXML}">\n'.encode(),
        ]
        self._indent = "  "

    @contextmanager
    def group(self, name: str, declared: str = "") -> Iterator[None]:
        """An element with children; `declared` are its attributes, a space before each."""
        name = self.prefix + name
        self._line(f"<{name}{declared}>")
        self._indent += "  "
        yield
        self._indent = self._indent[2:]
        self._line(f"</{name}>")

    def leaf(self, name: str, text: str) -> None:
        if found := _FORBIDDEN.search(text):
            raise ValueError(f"{name} contains U+{ord(found[0]):04X}, which XML cannot carry")
        name, escaped = self.prefix + name, escape(text, {"\r": "&#13;"})
        self._line(f"<{name}>{escaped}</{name}>")

    def optional(self, name: str, text: str) -> None:
        if text:
            self.leaf(name, text)

    def content(self, encoded: bytes) -> None:
        """Base64 on one line; not copied into text on the way."""
        name = f"{_PREFIX}ContentTransferEncoded"
        self._pieces += [
            f"{self._indent}<{name}{_DECLARED}>".encode(),
            encoded,
            f"</{name}>\n".encode(),
        ]

    def octets(self) -> bytes:
        return b"".join([*self._pieces, b"</edXML>\n"])

    def _line(self, text: str) -> None:
        self._pieces.append(f"{self._indent}{text}\n".encode())


def _message_header(writer: _Writer, document: Document) -> None:
    _organization(writer, "From", document.sender)
    for recipient in document.recipients:
        _organization(writer, "To", recipient)
    writer.leaf("DocumentId", document.document_id)
    with writer.group("Code"):
        writer.leaf("CodeNumber", document.number)
        writer.leaf("CodeNotation", document.notation)
    with writer.group("PromulgationInfo"):
        writer.leaf("Place", document.place)
        writer.leaf("PromulgationDate", document.promulgation_date)
    with writer.group("DocumentType"):
        writer.leaf("Type", document.document_type)
        writer.optional("TypeDetail", document.type_detail)
        writer.leaf("TypeName", document.type_name)
    writer.leaf("Subject", document.subject)
    writer.optional("Content", document.content)
    _signer(writer, document)
    writer.optional("DueDate", document.due_date)
    _other_info(writer, document.other)
    for earlier in document.responses_for:
        _response_for(writer, earlier)
    writer.optional("SteeringType", document.steering_type)
    _list(writer, "ResponseForTask", "TaskCode", document.task_codes)
    writer.optional("ApplicationType", document.application_type)
    _list(writer, "ToPlaces", "Place", document.to_places)


def _organization(writer: _Writer, name: str, organization: Organization) -> None:
    with writer.group(name):
        writer.leaf("OrganId", organization.organ_id)
        writer.optional("OrganizationInCharge", organization.in_charge)
        writer.optional("OrganName", organization.name)
        writer.optional("OrganAdd", organization.address)
        writer.optional("Email", organization.email)
        writer.optional("Telephone", organization.telephone)
        writer.optional("Fax", organization.fax)
        writer.optional("Website", organization.website)


def _signer(writer: _Writer, document: Document) -> None:
    if not (document.signer_competence or document.signer_position or document.signer_name):
        return
    with writer.group("SignerInfo"):
        writer.optional("Competence", document.signer_competence)
        writer.optional("Position", document.signer_position)
        writer.optional("FullName", document.signer_name)


def _other_info(writer: _Writer, other: OtherInfo) -> None:
    if other == OtherInfo():
        return
    with writer.group("OtherInfo"):
        writer.optional("Priority", other.priority)
        writer.optional("SphereOfPromulgation", other.sphere)
        writer.optional("TyperNotation", other.typer_notation)
        writer.optional("PromulgationAmount", other.promulgation_amount)
        writer.optional("PageAmount", other.page_amount)
        writer.optional("ReplyFors", other.reply_fors)
        writer.optional("Direction", other.direction)
        writer.optional("ReferenceCodes", "; ".join(other.reference_codes))
        _list(writer, "Appendixes", "Appendix", other.appendixes)


def _response_for(writer: _Writer, earlier: ResponseFor) -> None:
    with writer.group("ResponseFor"):
        writer.leaf("OrganId", earlier.organ_id)
        writer.leaf("Code", earlier.code)
        writer.leaf("DocumentId", earlier.document_id)
        writer.leaf("PromulgationDate", earlier.promulgation_date)


def _trace_header_list(writer: _Writer, document: Document) -> None:
    if not document.traces and document.business == BusinessInfo():
        return
    with writer.group("TraceHeaderList"):
        for trace in document.traces:
            with writer.group("TraceHeader"):
                writer.leaf("OrganId", trace.organ_id)
                writer.leaf("Timestamp", trace.timestamp)
        if document.business != BusinessInfo():
            with writer.group("Bussiness"):
                _business(writer, document.business)


def _business(writer: _Writer, business: BusinessInfo) -> None:
    writer.optional("DocumentId", business.document_id)
    writer.leaf("BussinessDocType", _BUSINESS[business.business])
    writer.optional("BussinessDocReason", business.reason)
    writer.optional("Paper", business.paper)
    if business.content_changed or business.recipients_changed or business.receivers:
        with writer.group("BussinessDocumentInfo"):
            writer.leaf("DocumentInfo", "1" if business.content_changed else "0")
            writer.leaf("DocumentReceiver", "1" if business.recipients_changed else "0")
            with writer.group("ReceiverList"):
                for receiver in business.receivers:
                    with writer.group("Receiver"):
                        writer.leaf("OrganId", receiver.organ_id)
                        writer.leaf("ReceiverType", receiver.kind)
    if business.replacements:
        with writer.group("ReplacementInfoList"):
            for replacement in business.replacements:
                with writer.group("ReplacementInfo"):
                    writer.leaf("DocumentId", replacement.document_id)
                    _list(writer, "OrganIdList", "OrganId", replacement.organ_ids)
    _staff(writer, business.staff)


def _staff(writer: _Writer, staff: Staff | None) -> None:
    if staff is None:
        return
    with writer.group("StaffInfo"):
        writer.optional("Department", staff.department)
        writer.optional("DepartmentId", staff.department_id)
        writer.optional("Staff", staff.name)
        writer.optional("StaffId", staff.staff_id)
        writer.optional("Email", staff.email)
        writer.optional("Mobile", staff.mobile)


def _list(writer: _Writer, name: str, each: str, texts: Iterable[str]) -> None:
    texts = tuple(texts)
    if not texts:
        return
    with writer.group(name):
        for text in texts:
            writer.leaf(each, text)


def _reference(writer: _Writer, item: ManifestItem) -> None:
    with writer.group("Reference"):
        writer.leaf("ContentId", f"cid:{item.content_id}")
        writer.optional("ContentType", item.content_type)
        writer.optional("Description", item.description)
        writer.leaf("AttachmentName", item.name)


def _attachment(writer: _Writer, item: ManifestItem, content: bytes) -> None:
    with writer.group("Attachment"):
        writer.leaf("ContentId", f"cid:{item.content_id}")
        writer.leaf("AttachmentName", item.name)
        writer.optional("Description", item.description)
        writer.optional("ContentType", item.content_type)
        writer.content(base64.b64encode(content))


def _zip(item: ManifestItem, content: bytes) -> bytes:
    """A zip with one entry `<uuid>.<ext>`; the same content always gives the same zip."""
    digest = hashlib.sha256(content).hexdigest()
    entry = f"{uuid.uuid5(uuid.NAMESPACE_OID, digest)}{PurePosixPath(item.name).suffix}"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(entry, _ZIP_TIME), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()
