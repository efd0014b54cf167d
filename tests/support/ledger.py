"""Values for the ledger: small submissions with their deliveries, evidence and outbox rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from axisd.adapters.clock import SystemClock
from axisd.core import chain
from axisd.core.audit import digest_of
from axisd.core.envelope import Attachment
from axisd.core.evidence import Entry, Evidence, Facts, Head, Receipt, RecipientOutcome
from axisd.core.inspection import LegalValue, SignatureFinding, SignatureState
from axisd.core.lifecycle import DeliveryState, SubmissionState
from axisd.core.reasons import Event
from axisd.core.records import (
    Change,
    Delivery,
    Identity,
    OutboxKind,
    OutboxRow,
    Payload,
    Records,
    RouteKind,
    SubmissionRecord,
)
from axisd.core.submission import Door, Lane
from axisd.ports import Ledger

NOW = datetime(2026, 5, 4, 2, 30, 15, 123456, tzinfo=UTC)
SENDER = "000.00.11.H53"
RECIPIENTS = ("000.00.13.H53", "000.00.18.H53", "000.05.20.H53")

CLOCK = SystemClock()
"""Makes the ids: each later than the one before, in every process others."""


def facts(
    key: str,
    *,
    document_id: str = "D1",
    body: bytes = b"<edXML/>",
    at: datetime = NOW,
    sender: str = SENDER,
) -> Facts:
    """With something in every field, so that a lost one shows."""
    return Facts(
        submission_id=key,
        door=Door.AMQP,
        account="stc",
        sender=sender if document_id else "",
        reply_to=SENDER,
        kind="document",
        business="new",
        status="",
        document_id=document_id,
        digest=digest_of(body),
        size=len(body),
        received_at=at,
        lane=Lane.URGENT,
        priority=3,
        legal_value=LegalValue.ORIGINAL,
        signature=SignatureFinding(SignatureState.VERIFIED, "CN=Sở Tài chính", "ab" * 32, "urn:x"),
        attachments=(
            Attachment("c1", "quyết định.pdf", "application/pdf", "application/pdf", 7, "sha256:0"),
        ),
    )


@dataclass(frozen=True)
class Case:
    """One accepted submission: the change that settles it, and the parts that tests look for."""

    record: SubmissionRecord
    deliveries: tuple[Delivery, ...]
    acceptance: Evidence
    change: Change
    body: bytes

    @property
    def delivery(self) -> Delivery:
        return self.deliveries[0]


def case(
    document_id: str = "D1",
    *,
    recipients: Sequence[str] = RECIPIENTS[:1],
    body: bytes | None = None,
    external_id: str | None = None,
    staged: bool = False,
    at: datetime = NOW,
    sender: str = SENDER,
    route: RouteKind = RouteKind.LOCAL,
    door: Door = Door.AMQP,
    kind: str = "document",
    lane: Lane = Lane.URGENT,
) -> Case:
    key = CLOCK.new_id()
    body = f"<edXML>{key}</edXML>".encode() if body is None else body
    about = facts(key, document_id=document_id, body=body, at=at, sender=sender)
    about = replace(about, door=door, kind=kind, lane=lane)
    record = SubmissionRecord(
        about,
        SubmissionState.ACCEPTED,
        number="12",
        notation="QĐ-STC",
        promulgation_date="2026-05-04",
        subject="Về việc quyết toán",
        external_id=external_id,
    )
    deliveries = tuple(delivery(about, recipient, route) for recipient in recipients)
    acceptance = evidence(about, Event.SUBMISSION_ACCEPTANCE, deliveries, at=at)
    change = Change(
        submission=record,
        payload=Payload(about.digest, about.size, None if staged else body),
        deliveries=deliveries,
        evidence=(acceptance,),
        outbox=(
            receipt_row(acceptance),
            *(delivery_row(one, about.size) for one in deliveries if one.first_mark is None),
        ),
    )
    return Case(record, deliveries, acceptance, change, body)


def delivery(about: Facts, recipient: str, route: RouteKind = RouteKind.LOCAL) -> Delivery:
    return Delivery(
        id=CLOCK.new_id(),
        submission_id=about.submission_id,
        identity=Identity(about.sender, about.business, recipient, about.document_id),
        addressed=(recipient, "H53.13"),
        inbox=recipient,
        route=route,
        lane=about.lane,
        priority=about.priority,
        digest=about.digest,
        proof=about.digest,
        state=DeliveryState.SENT if route is RouteKind.MAILBOX else DeliveryState.QUEUED,
        created_at=about.received_at,
        expires_at=about.received_at + timedelta(days=5),
    )


def evidence(
    about: Facts,
    event: Event,
    deliveries: Sequence[Delivery] = (),
    *,
    of: Delivery | None = None,
    receipt_to: str | None = SENDER,
    at: datetime = NOW,
) -> Evidence:
    outcomes = tuple(
        RecipientOutcome(
            one.identity.recipient, one.addressed, "accepted", one.inbox, one.route.value
        )
        for one in deliveries
    )
    return Evidence(
        id=CLOCK.new_id(),
        event=event,
        at=at,
        facts=about,
        delivery_id=of.id if of else None,
        recipients=outcomes,
        receipt_to=receipt_to,
    )


def delivery_row(one: Delivery, size: int = 0, at: datetime = NOW) -> OutboxRow:
    return OutboxRow(
        one.id,
        OutboxKind.DELIVERY,
        one.destination,
        one.lane,
        at,
        size,
        about=one.identity.document_id,
    )


def receipt_row(item: Evidence, at: datetime = NOW) -> OutboxRow:
    return OutboxRow(
        item.id, OutboxKind.RECEIPT, f"receipts:{item.receipt_to}", item.facts.lane, at, 9
    )


def seal(items: Sequence[Evidence], head: Head) -> tuple[tuple[Entry, ...], tuple[Receipt, ...]]:
    """Entries and receipts as the axis makes them, but for the receipts' signatures."""
    entries: list[Entry] = []
    receipts: list[Receipt] = []
    for position, item in enumerate(items, head.position + 1):
        receipt = None if item.receipt_to is None else _receipt(item, position)
        digest = digest_of(receipt.body) if receipt else None
        content = chain.canonical(item, position, digest, item.at)
        head = Head(position, chain.link(head.hash, content))
        entries.append(
            Entry(
                position,
                item.id,
                item.event,
                item.at,
                item.facts.submission_id,
                item.delivery_id,
                content,
                head.hash,
            )
        )
        receipts += [receipt] if receipt else []
    return tuple(entries), tuple(receipts)


def _receipt(item: Evidence, position: int) -> Receipt:
    return Receipt(
        item.id,
        position,
        item.event,
        item.facts.submission_id,
        item.facts.document_id,
        item.receipt_to or "",
        f"<receipt>{item.id}</receipt>".encode(),
    )


async def commit(ledger: Ledger, *changes: Change) -> Records:
    """Seals and writes one group in one transaction."""
    async with ledger.transaction() as transaction:
        items = [item for change in changes for item in change.evidence]
        records = Records(changes, *seal(items, await transaction.head()))
        await transaction.write(records)
    return records


def as_kept(entry: Entry) -> Entry:
    """An entry as it comes back: its time is that of the content, to the millisecond."""
    return replace(entry, at=entry.at.replace(microsecond=entry.at.microsecond // 1000 * 1000))
