"""What an edXML message says: immutable values for documents and statuses (QCVN 102:2016/BTTTT).

Text is kept as the producer wrote it, stripped of surrounding white space; an absent and an empty
element both read as "". Nothing here is ever serialised again: the bytes received are what is stored
and forwarded. Dates stay text, because real producers write impossible ones that must be reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    DOCUMENT = "document"
    STATUS = "status"


class Business(StrEnum):
    """What a document message does (`BussinessDocType` 0 to 3)."""

    NEW = "new"
    RECALL = "recall"
    UPDATE = "update"
    REPLACE = "replace"


BUSINESS_CODES: Final[Mapping[str, Business]] = {
    "0": Business.NEW,
    "1": Business.RECALL,
    "2": Business.UPDATE,
    "3": Business.REPLACE,
}

STATUS_CODES: Final = ("01", "02", "03", "04", "05", "06", "13", "15", "16")
"""Business statuses on the wire; 02 needs a reason, 13 comes from the original sender."""


@dataclass(frozen=True, slots=True)
class Organization:
    """A sender or recipient; only `organ_id` is reliably there."""

    organ_id: str
    in_charge: str = ""
    name: str = ""
    address: str = ""
    email: str = ""
    telephone: str = ""
    fax: str = ""
    website: str = ""
    line: int = 0
    name_line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Staff:
    department: str = ""
    department_id: str = ""
    name: str = ""
    staff_id: str = ""
    email: str = ""
    mobile: str = ""


@dataclass(frozen=True, slots=True)
class ResponseFor:
    """The earlier document that this one answers, or that a status is about."""

    organ_id: str
    code: str
    document_id: str
    promulgation_date: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Receiver:
    """One recipient that an update drops (`kind` "0") or adds ("1")."""

    organ_id: str
    kind: str


@dataclass(frozen=True, slots=True)
class Replacement:
    """A document that this one replaces, for the organs named."""

    document_id: str
    organ_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BusinessInfo:
    """The `Bussiness` element: what the document does to earlier ones."""

    business: Business = Business.NEW
    document_id: str = ""
    reason: str = ""
    paper: str = ""
    content_changed: bool = False
    recipients_changed: bool = False
    receivers: tuple[Receiver, ...] = ()
    replacements: tuple[Replacement, ...] = ()
    staff: Staff | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    organ_id: str
    timestamp: str
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class ManifestItem:
    """One Reference of the manifest; `content_id` without `cid:`."""

    content_id: str
    content_type: str
    name: str
    description: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Attachment:
    """One attachment as carried: `size` and `digest` (`sha256:` + hex) are of the decoded bytes.

    `sniffed_type` is what the magic bytes say (zip, PDF, OLE, …), "" if unknown. Archives are never
    expanded: what lies inside is not this axis's business.
    """

    content_id: str
    name: str
    declared_type: str
    sniffed_type: str
    size: int
    digest: str
    description: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class OtherInfo:
    """`priority`: 0 thường, 1 khẩn, 2 thượng khẩn, 3 hỏa tốc, 4 hỏa tốc hẹn giờ; "" if not given."""

    priority: str = ""
    sphere: str = ""
    typer_notation: str = ""
    promulgation_amount: str = ""
    page_amount: str = ""
    reply_fors: str = ""
    direction: str = ""
    reference_codes: tuple[str, ...] = ()
    appendixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A document message: what `MessageHeader`, traces, business, manifest and attachments say."""

    sender: Organization
    recipients: tuple[Organization, ...]
    document_id: str
    number: str
    notation: str
    place: str
    promulgation_date: str
    document_type: str
    type_detail: str
    type_name: str
    subject: str
    content: str = ""
    signer_competence: str = ""
    signer_position: str = ""
    signer_name: str = ""
    due_date: str = ""
    other: OtherInfo = OtherInfo()
    responses_for: tuple[ResponseFor, ...] = ()
    steering_type: str = ""
    task_codes: tuple[str, ...] = ()
    application_type: str = ""
    to_places: tuple[str, ...] = ()
    traces: tuple[Trace, ...] = ()
    business: BusinessInfo = BusinessInfo()
    manifest: tuple[ManifestItem, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    lines: Mapping[str, int] | None = None
    """Source line by field name, for refusals (`promulgation_date` → 31)."""

    @property
    def kind(self) -> Kind:
        return Kind.DOCUMENT


@dataclass(frozen=True, slots=True)
class Status:
    """A status message. It has no To: it goes to `about.organ_id`."""

    sender: Organization
    about: ResponseFor
    code: str
    description: str = ""
    timestamp: str = ""
    staff: Staff | None = None
    lines: Mapping[str, int] | None = None

    @property
    def kind(self) -> Kind:
        return Kind.STATUS

    @property
    def document_id(self) -> str:
        return self.about.document_id


Envelope = Document | Status
