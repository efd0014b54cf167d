"""Steps 4 and 5: what kind of message a document is, and what it says.

Read by namespace and local name only, so prefixes and order do not matter, and by exact path, so nothing
that hides in a signature or elsewhere is taken for a field. The text of an element is all of its text;
where a comment splits it, readers elsewhere see only the first part (`000.00.<!-- -->11.H53`), so that is
refused. Comments between elements are fine. The tree is only read; the bytes are never touched.

`read` takes what the schema has passed; `glimpse` takes anything, for naming things in a refusal.
"""

from __future__ import annotations

from typing import Final

from lxml import etree

from axisd.core.attachments import Malformed, is_plain_name, measure
from axisd.core.elision import NOTHING, Elided
from axisd.core.envelope import (
    BUSINESS_CODES,
    Attachment,
    Business,
    BusinessInfo,
    Document,
    Envelope,
    Kind,
    ManifestItem,
    Organization,
    OtherInfo,
    Receiver,
    Replacement,
    ResponseFor,
    Staff,
    Status,
    Trace,
)
from axisd.core.node import EDXML, MAX_DOCUMENT_ID, Node, Notes
from axisd.core.reasons import Refusal, refuse
from axisd.core.schemafault import CONTENT
from axisd.core.syntax import ATTACHMENTS, path_of, shown, too_much

__all__ = ["CONTENT", "EDXML", "MAX_DOCUMENT_ID", "find_header", "glimpse", "read", "recognise"]

MAX_ATTACHMENTS: Final = 256
"""Every receipt about a document lists them, and there are several for each of its recipients."""

_NS: Final = f"{{{EDXML}}}"


def recognise(root: etree._Element) -> Kind | Refusal:
    """The kind of message, or `kind-unknown` naming the root found."""
    if root.tag != f"{_NS}edXML":
        name = etree.QName(root)
        local, namespace = shown(name.localname), shown(name.namespace or "")
        return _unknown(
            root,
            f"its root element is {local} in namespace '{namespace}'",
            f"phần tử gốc là {local} thuộc không gian tên '{namespace}'",
        )
    if root.find(f"{_NS}edXMLEnvelope") is None:
        return _unknown(root, "edXML has no edXMLEnvelope", "edXML không có edXMLEnvelope")
    header = f"{_NS}edXMLEnvelope/{_NS}edXMLHeader"
    coded = root.find(f"{header}/{_NS}MessageHeader/{_NS}StatusCode") is not None
    if coded or root.find(f"{header}/{_NS}Status") is not None:
        return Kind.STATUS
    return Kind.DOCUMENT


def find_header(root: etree._Element) -> etree._Element | None:
    """The `edXMLHeader`, where the one signature that counts has its place."""
    return root.find(f"{_NS}edXMLEnvelope/{_NS}edXMLHeader")


def read(root: etree._Element, kind: Kind, elided: Elided = NOTHING) -> Envelope | Refusal:
    """What the message under `root` says; `kind` as `recognise` gave it, the schema passed. `elided`: what was
    taken out of it before it was parsed.

    Reasons: `forbidden-markup`, `schema-invalid`, `structure-limit`, `attachment-malformed`,
    `attachment-name`, `attachments-repeated`.
    """
    reading = _Reading(elided)
    envelope = reading.envelope(root, kind)
    return envelope if reading.fault is None else reading.fault


def glimpse(root: etree._Element, kind: Kind) -> Envelope | None:
    """Whatever can be read of a message that was refused, without its attachments; None if it has no header.

    What is missing is "". Nothing may be decided by it.
    """
    if find_header(root) is None:
        return None
    return _Reading(measuring=False).envelope(root, kind)


def _unknown(root: etree._Element, found: str, found_vi: str) -> Refusal:
    return refuse(
        "kind-unknown", at=path_of(root), line=root.sourceline, found=found, found_vi=found_vi
    )


class _Reading(Notes):
    """One pass over a message."""

    def __init__(self, elided: Elided = NOTHING, *, measuring: bool = True) -> None:
        super().__init__()
        self._elided = elided
        self._measuring = measuring

    def envelope(self, root: etree._Element, kind: Kind) -> Envelope:
        envelope = Node(root, self).node("edXMLEnvelope")
        header = envelope.node("edXMLHeader")
        if kind is Kind.STATUS:
            form = "Status" if "Status" in header else "MessageHeader"
            return _status(header.node(form))
        manifest = envelope.node("edXMLBody").node("edXMLManifest")
        encoded = Node(root, self).node("AttachmentEncoded")
        return _document(
            header,
            tuple(self._reference(node) for node in manifest.nodes("Reference")),
            self._attachments(encoded.nodes("Attachment")),
        )

    def _reference(self, node: Node) -> ManifestItem:
        return ManifestItem(
            _content_id(node),
            node.text("ContentType"),
            self._name(node),
            node.text("Description"),
            node.line(),
        )

    def _attachments(self, nodes: list[Node]) -> tuple[Attachment, ...]:
        if not self._measuring:
            return ()
        if len(nodes) > MAX_ATTACHMENTS:
            at, line = nodes[MAX_ATTACHMENTS].place("")
            self.note(too_much(line, *ATTACHMENTS, MAX_ATTACHMENTS, at))
        attachments: dict[str, Attachment] = {}
        for node in nodes[:MAX_ATTACHMENTS]:
            attachment = self._attachment(node)
            if attachment.content_id in attachments:
                at, line = node.place("ContentId")
                name = shown(attachment.content_id)
                self.note(refuse("attachments-repeated", at=at, line=line, name=name))
            attachments.setdefault(attachment.content_id, attachment)
        return tuple(attachments.values())

    def _attachment(self, node: Node) -> Attachment:
        name = self._name(node)
        size, digest, sniffed = 0, "", ""
        text = node.long_text(CONTENT)
        match measure(self._elided.run(text) or text):
            case Malformed(detail, detail_vi):
                at, line = node.place(CONTENT)
                self.note(
                    refuse(
                        "attachment-malformed",
                        at=at,
                        line=line,
                        name=shown(name),
                        detail=detail,
                        detail_vi=detail_vi,
                    )
                )
            case measured:
                size, digest, sniffed = measured.size, measured.digest, measured.sniffed_type
        return Attachment(
            _content_id(node),
            name,
            node.text("ContentType"),
            sniffed,
            size,
            digest,
            node.text("Description"),
            node.line(),
        )

    def _name(self, node: Node) -> str:
        name = node.text("AttachmentName")
        if not is_plain_name(name):
            at, line = node.place("AttachmentName")
            self.note(refuse("attachment-name", at=at, line=line, name=shown(name)))
        return name


def _content_id(node: Node) -> str:
    text = node.text("ContentId")
    return text[4:] if text[:4].lower() == "cid:" else text


def _document(
    header: Node, manifest: tuple[ManifestItem, ...], attachments: tuple[Attachment, ...]
) -> Document:
    message = header.node("MessageHeader")
    traces = header.node("TraceHeaderList")
    code, issued = message.node("Code"), message.node("PromulgationInfo")
    document_type, signer = message.node("DocumentType"), message.node("SignerInfo")
    other, business = message.node("OtherInfo"), traces.node("Bussiness")
    message.refuse_long_id("DocumentId")
    return Document(
        sender=_organization(message.node("From")),
        recipients=tuple(_organization(node) for node in message.nodes("To")),
        document_id=message.text("DocumentId"),
        number=code.text("CodeNumber"),
        notation=code.text("CodeNotation"),
        place=issued.text("Place"),
        promulgation_date=issued.text("PromulgationDate"),
        document_type=document_type.text("Type"),
        type_detail=document_type.text("TypeDetail"),
        type_name=document_type.text("TypeName"),
        subject=message.text("Subject"),
        content=message.text("Content"),
        signer_competence=signer.text("Competence"),
        signer_position=signer.text("Position"),
        signer_name=signer.text("FullName"),
        due_date=message.text("DueDate"),
        other=_other(other),
        responses_for=tuple(_response_for(node) for node in message.nodes("ResponseFor")),
        steering_type=message.text("SteeringType"),
        task_codes=message.node("ResponseForTask").texts("TaskCode"),
        application_type=message.text("ApplicationType"),
        to_places=message.node("ToPlaces").texts("Place"),
        traces=tuple(
            Trace(node.text("OrganId"), node.text("Timestamp"), node.line("Timestamp"))
            for node in traces.nodes("TraceHeader")
        ),
        business=_business(business),
        manifest=manifest,
        attachments=attachments,
        lines={
            **message.lines(
                sender="From",
                document_id="DocumentId",
                subject="Subject",
                content="Content",
                due_date="DueDate",
                steering_type="SteeringType",
                to_places="ToPlaces",
            ),
            **code.lines(number="CodeNumber", notation="CodeNotation"),
            **issued.lines(place="Place", promulgation_date="PromulgationDate"),
            **document_type.lines(document_type="Type", type_name="TypeName"),
            **signer.lines(signer_position="Position", signer_name="FullName"),
            **other.lines(
                priority="Priority", sphere="SphereOfPromulgation", page_amount="PageAmount"
            ),
            **business.lines(business="BussinessDocType", business_document_id="DocumentId"),
        },
    )


def _status(message: Node) -> Status:
    about = message.node("ResponseFor")
    about.refuse_long_id("DocumentId")
    return Status(
        sender=_organization(message.node("From")),
        about=_response_for(about),
        code=message.text("StatusCode"),
        description=message.text("Description"),
        timestamp=message.text("Timestamp"),
        staff=_staff(message),
        lines=message.lines(
            sender="From",
            about="ResponseFor",
            code="StatusCode",
            description="Description",
            timestamp="Timestamp",
        ),
    )


def _organization(node: Node) -> Organization:
    return Organization(
        node.text("OrganId"),
        node.text("OrganizationInCharge"),
        node.text("OrganName"),
        node.text("OrganAdd"),
        node.text("Email"),
        node.text("Telephone"),
        node.text("Fax"),
        node.text("Website"),
        node.line("OrganId"),
        node.line("OrganName"),
    )


def _response_for(node: Node) -> ResponseFor:
    return ResponseFor(
        node.text("OrganId"),
        node.text("Code"),
        node.text("DocumentId"),
        node.text("PromulgationDate"),
        node.line(),
    )


def _other(node: Node) -> OtherInfo:
    codes = node.text("ReferenceCodes")
    return OtherInfo(
        node.text("Priority"),
        node.text("SphereOfPromulgation"),
        node.text("TyperNotation"),
        node.text("PromulgationAmount"),
        node.text("PageAmount"),
        node.text("ReplyFors"),
        node.text("Direction"),
        (codes,) if codes else (),
        node.node("Appendixes").texts("Appendix"),
    )


def _business(node: Node) -> BusinessInfo:
    changes = node.node("BussinessDocumentInfo")
    receivers = changes.node("ReceiverList").nodes("Receiver")
    replaced = node.node("ReplacementInfoList").nodes("ReplacementInfo")
    return BusinessInfo(
        business=BUSINESS_CODES.get(node.text("BussinessDocType"), Business.NEW),
        document_id=node.text("DocumentId"),
        reason=node.text("BussinessDocReason"),
        paper=node.text("Paper"),
        content_changed=changes.text("DocumentInfo") == "1",
        recipients_changed=changes.text("DocumentReceiver") == "1",
        receivers=tuple(Receiver(n.text("OrganId"), n.text("ReceiverType")) for n in receivers),
        replacements=tuple(
            Replacement(n.text("DocumentId"), n.node("OrganIdList").texts("OrganId"))
            for n in replaced
        ),
        staff=_staff(node),
    )


def _staff(parent: Node) -> Staff | None:
    if "StaffInfo" not in parent:
        return None
    node = parent.node("StaffInfo")
    return Staff(
        node.text("Department"),
        node.text("DepartmentId"),
        node.text("Staff"),
        node.text("StaffId"),
        node.text("Email"),
        node.text("Mobile"),
    )
