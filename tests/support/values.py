"""Values to test with: a small province, envelopes, inspections, deliveries, rows, all made by hand.

Everything has a default, and every default can be replaced; nothing here parses, signs or stores.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from axisd.core.chain import canonical, link
from axisd.core.directory import Agency, Channel, Directory, System
from axisd.core.envelope import (
    Attachment,
    Business,
    BusinessInfo,
    Document,
    Envelope,
    Organization,
    OtherInfo,
    ResponseFor,
    Status,
)
from axisd.core.evidence import Entry, Evidence, Facts, Head, Receipt
from axisd.core.inspection import (
    ABSENT,
    STEPS,
    Inspection,
    LegalValue,
    Outcome,
    SignatureFinding,
    SignatureState,
    Step,
    Verdict,
    Verified,
)
from axisd.core.lifecycle import DeliveryState
from axisd.core.reasons import Event, Refusal
from axisd.core.records import (
    Delivery,
    Identity,
    OutboxKind,
    OutboxRow,
    Parcel,
    RouteKind,
)
from axisd.core.submission import Door, Lane, Submission
from axisd.core.trust import TrustStore
from axisd.core.view import Axis, View

NOW = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)

FINANCE = "000.00.11.H53"
HEALTH = "000.00.12.H53"
OFFICE = "000.00.01.H53"
COMMUNE = "001.02.01.H53"
"""Has no system; the office receives for it."""
WARD = "002.02.01.H53"
"""Has no system, and nobody receives for it."""
CLOSED = "000.00.20.H53"
"""Closed on 2025-07-01; FINANCE takes its place."""
GONE = "000.00.21.H53"
"""Closed on 2025-07-01, without a successor."""
DOOR = "000.00.13.H53"
"""Behind the VXP door."""
MINISTRY = "000.00.00.G14"
MINISTRY_TWIN = "G14"
UNKNOWN = "000.00.99.H53"

VERIFIED = SignatureFinding(
    SignatureState.VERIFIED, "CN=Sở Tài chính", "ab" * 32, "urn:test:algorithm"
)


def agency(code: str, **changes: Any) -> Agency:
    return replace(Agency(code, f"Agency {code}"), **changes)


def system(account: str, *agencies: str, channel: Channel = Channel.AMQP, **changes: Any) -> System:
    return replace(System(account, channel, agencies), **changes)


def directory(
    agencies: Iterable[Agency] | None = None, systems: Iterable[System] | None = None
) -> Directory:
    closed = date(2025, 7, 1)
    agencies = agencies or (
        agency(FINANCE, twin="H53.11"),
        agency(HEALTH),
        agency(OFFICE),
        agency(COMMUNE, intake=OFFICE),
        agency(WARD),
        agency(CLOSED, valid_to=closed, successor=FINANCE),
        agency(GONE, valid_to=closed),
        agency(DOOR),
    )
    systems = systems or (
        system("finance", FINANCE),
        system("health", HEALTH),
        system("office", OFFICE),
        system("door", DOOR, channel=Channel.VXP),
    )
    return Directory({a.code: a for a in agencies}, {s.account: s for s in systems})


def view(**changes: Any) -> View:
    """National axis connected; agencies of H53 and of the merged H39 are ours."""
    axis = Axis("00.53.W00", "Trục liên thông", frozenset({"H53", "H39"}))
    return replace(View(axis, directory(), TrustStore(()), national=True), **changes)


_ids = count(1)


def an_id(number: int | None = None) -> str:
    """A text that sorts by number, in the form of a UUIDv7."""
    number = next(_ids) if number is None else number
    return f"01900000-0000-7000-8000-{number:012d}"


def minter(start: int = 1) -> Callable[[], str]:
    """Ids in order, from `start` on."""
    numbers = count(start)
    return lambda: an_id(next(numbers))


def digest_of(body: bytes) -> str:
    return "sha256:" + hashlib.sha256(body).hexdigest()


def submission(body: bytes = b"<edXML/>", **changes: Any) -> Submission:
    made = Submission(
        an_id(),
        Door.AMQP,
        body,
        NOW,
        account="finance",
        routing_key=f"normal.{FINANCE}",
        content_type="application/xml",
    )
    return replace(made, **changes)


def document(
    *to: str,
    sender: str = FINANCE,
    document_id: str = "000.00.11.H53,2026/01/05,1/STC",
    business: Business = Business.NEW,
    priority: str = "",
    **changes: Any,
) -> Document:
    made = Document(
        sender=Organization(sender),
        recipients=tuple(Organization(code) for code in to or (HEALTH,)),
        document_id=document_id,
        number="1",
        notation="STC-NS",
        place="Tây Ninh",
        promulgation_date="2026/01/05",
        document_type="1",
        type_detail="",
        type_name="Công văn",
        subject="Về việc lập dự toán ngân sách",
        other=OtherInfo(priority=priority),
        business=BusinessInfo(business),
    )
    return replace(made, **changes)


def status(
    code: str = "03",
    *,
    sender: str = HEALTH,
    about: str = FINANCE,
    document_id: str = "000.00.11.H53,2026/01/05,1/STC",
    description: str = "",
    timestamp: str = "2026/01/05 08:30:00",
) -> Status:
    return Status(
        sender=Organization(sender),
        about=ResponseFor(about, "1/STC-NS", document_id, "2026/01/05"),
        code=code,
        description=description,
        timestamp=timestamp,
    )


def attachment(content: bytes = b"%PDF-1.7", name: str = "congvan.pdf") -> Attachment:
    return Attachment(
        "1", name, "application/pdf", "application/pdf", len(content), digest_of(content)
    )


def inspected(
    envelope: Envelope, body: bytes | None = None, *, signed: bool = True, **changes: Any
) -> Inspection:
    """An accepted inspection of `envelope`; `changes` are the submission's."""
    body = repr(envelope).encode() if body is None else body
    handed = submission(body, **changes)
    finding = VERIFIED if signed else ABSENT
    value = LegalValue.ORIGINAL if signed else LegalValue.REFERENCE
    return Inspection(
        submission=handed,
        digest=digest_of(body),
        verdict=Verdict.ACCEPTED,
        steps=tuple(Step(name, Outcome.PASSED) for name in STEPS),
        verified=Verified(envelope, finding, value),
        envelope=envelope,
        signature=finding,
        attachments=envelope.attachments if isinstance(envelope, Document) else (),
        sender=None if handed.account is None else envelope.sender.organ_id,
    )


def refused(refusal: Refusal, envelope: Envelope | None = None, **changes: Any) -> Inspection:
    """An inspection that ended in a refusal."""
    handed = submission(**changes)
    return Inspection(
        submission=handed,
        digest=digest_of(handed.body),
        verdict=Verdict.REFUSED,
        steps=(Step(STEPS[0], Outcome.REFUSED, refusal.code),),
        refusal=refusal,
        envelope=envelope,
        attachments=envelope.attachments if isinstance(envelope, Document) else (),
        sender=FINANCE if handed.account else None,
    )


def facts(**changes: Any) -> Facts:
    made = Facts(
        submission_id=an_id(),
        door=Door.AMQP,
        account="finance",
        sender=FINANCE,
        reply_to=FINANCE,
        kind="document",
        business="new",
        status="",
        document_id="000.00.11.H53,2026/01/05,1/STC",
        digest=digest_of(b"<edXML/>"),
        size=8,
        received_at=NOW,
        legal_value=LegalValue.ORIGINAL,
        signature=VERIFIED,
    )
    return replace(made, **changes)


def delivery(of: Facts | None = None, *, recipient: str = HEALTH, **changes: Any) -> Delivery:
    of = of or facts()
    made = Delivery(
        id=an_id(),
        submission_id=of.submission_id,
        identity=Identity(of.sender, of.business, recipient, of.document_id),
        addressed=(recipient,),
        inbox=recipient,
        route=RouteKind.LOCAL,
        lane=of.lane,
        priority=of.priority,
        digest=of.digest,
        proof=of.digest,
        state=DeliveryState.QUEUED,
        created_at=NOW,
        expires_at=NOW + timedelta(days=5),
    )
    return replace(made, **changes)


def row(number: int | None = None, destination: str = "local:a", **changes: Any) -> OutboxRow:
    made = OutboxRow(an_id(number), OutboxKind.DELIVERY, destination, Lane.NORMAL, NOW)
    return replace(made, **changes)


def parcel(of: Delivery | None = None, body: bytes = b"<edXML/>", **changes: Any) -> Parcel:
    """The parcel of a delivery."""
    told = changes.pop("facts", None) or facts()
    of = of or delivery(told)
    waiting = row(destination=of.destination, id=of.id, lane=of.lane, size=len(body))
    return replace(Parcel(waiting, body, told, delivery=of), **changes)


def receipt(of: Facts | None = None, **changes: Any) -> Receipt:

    of = of or facts()
    made = Receipt(
        an_id(),
        1,
        Event.SUBMISSION_ACCEPTANCE,
        of.submission_id,
        of.document_id,
        of.reply_to,
        b"<Receipt/>",
    )
    return replace(made, **changes)


def receipt_parcel(of: Receipt | None = None, **changes: Any) -> Parcel:
    """The parcel of a receipt."""
    told = changes.pop("facts", None) or facts()
    of = of or receipt(told)
    waiting = row(destination=f"receipts:{of.to}", id=of.id, kind=OutboxKind.RECEIPT)
    return replace(Parcel(waiting, of.body, told, receipt=of), **changes)


def seal(evidence: Sequence[Evidence], head: Head) -> tuple[Sequence[Entry], Sequence[Receipt]]:
    """Seals without signing: as fast as can be, in the right places of a real chain."""
    entries: list[Entry] = []
    receipts: list[Receipt] = []
    for item in evidence:
        position, body = head.position + 1, f"<Receipt>{item.id}</Receipt>".encode()
        told = item.receipt_to is not None
        content = canonical(item, position, digest_of(body) if told else None, item.at)
        entry = Entry(
            position,
            item.id,
            item.event,
            item.at,
            item.facts.submission_id,
            item.delivery_id,
            content,
            link(head.hash, content),
        )
        entries.append(entry)
        if item.receipt_to is not None:
            receipts.append(
                Receipt(
                    item.id,
                    position,
                    item.event,
                    item.facts.submission_id,
                    item.facts.document_id,
                    item.receipt_to,
                    body,
                )
            )
        head = Head(position, entry.hash)
    return entries, receipts
