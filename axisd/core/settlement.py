"""From one inspection to one settlement: what becomes durable, judged per recipient.

A submission is judged per recipient by its identity (sender's organ, DocumentId, business type,
recipient's organ); the proof is the digest. Same identity and proof: a duplicate, answered with the
stored receipt, byte for byte. Same identity, other proof: refused for that recipient, the others go on.
A refused submission uses up nothing. Pure: what was seen before is an argument, and only read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from axisd.core.codes import is_code
from axisd.core.edxml import MAX_DOCUMENT_ID
from axisd.core.envelope import Document, Envelope, Status
from axisd.core.evidence import Evidence, Facts, RecipientOutcome
from axisd.core.inspection import Inspection, Verdict
from axisd.core.lifecycle import DeliveryState, SubmissionState
from axisd.core.reasons import Event, Refusal, refuse
from axisd.core.records import (
    INLINE_LIMIT,
    Change,
    Delivery,
    Identity,
    Known,
    KnownDelivery,
    OutboxKind,
    OutboxRow,
    Payload,
    Questions,
    RouteKind,
    SubmissionRecord,
)
from axisd.core.routing import Leg, organ_of, plan
from axisd.core.rules import document_id_of, place_of, recipient_codes
from axisd.core.statuses import apply_status
from axisd.core.submission import Door, Lane
from axisd.core.view import View
from axisd.core.zone import day_of, wire_time


@dataclass(frozen=True, slots=True)
class Case:
    """An inspection with everything about it that does not depend on what is already known."""

    inspection: Inspection
    facts: Facts
    legs: tuple[Leg, ...]
    proof: str

    def identity(self, leg: Leg) -> Identity:
        return Identity(self.facts.sender, self.business, leg.organ, self.facts.document_id)

    @property
    def business(self) -> str:
        # Statuses repeat legitimately; only the same content makes two of them the same.
        if self.facts.status:
            return f"status/{self.facts.status}/{self.proof[-16:]}"
        return self.facts.business


def prepare(inspection: Inspection, view: View) -> Case:
    """Everything that can be decided before the ledger is asked: facts, legs, proof."""
    facts = _facts(inspection, view)
    legs: tuple[Leg, ...] = ()
    if inspection.verified is not None:
        day = day_of(inspection.submission.received_at)
        envelope = inspection.verified.envelope
        legs = tuple(_placed(leg, envelope) for leg in plan(recipient_codes(envelope), view, day))
        if inspection.submission.door is Door.NATIONAL:
            legs = _ours(legs, plan(inspection.submission.addressed_to, view, day))
    return Case(inspection, facts, legs, _proof(inspection))


def _placed(leg: Leg, envelope: Envelope) -> Leg:
    """A leg that goes nowhere says where in the envelope it was asked for."""
    if leg.refusal is None:
        return leg
    at, line = place_of(envelope, leg.addressed[0])
    return replace(leg, refusal=replace(leg.refusal, at=at, line=line))


def questions(case: Case, view: View) -> Questions:
    """What has to be known to settle `case`."""
    submission = case.inspection.submission
    externals: set[tuple[Door, str]] = set()
    if submission.external_id is not None:
        externals.add((submission.door, submission.external_id))
    about: set[tuple[str, str]] = set()
    if case.inspection.verified and isinstance(case.inspection.verified.envelope, Status):
        status = case.inspection.verified.envelope
        about = {(_issuer(status, view), status.about.document_id)}
    return Questions(
        identities=frozenset(case.identity(leg) for leg in case.legs if leg.route),
        documents=frozenset(about),
        externals=frozenset(externals),
    )


def settle(
    case: Case, known: Known, view: View, *, mint: Callable[[], str], now: datetime
) -> Change:
    """The settlement of `case`, given what is `known`. `mint` gives new time-ordered ids."""
    judged = [_judge(case, leg, known) for leg in case.legs]
    outcomes = tuple(outcome for outcome, _ in judged)
    if any(outcome.outcome == "accepted" for outcome in outcomes):
        return _accepted(case, outcomes, known, view, mint, now)
    repeats = [earlier for _, earlier in judged if earlier is not None]
    if repeats:
        return _duplicate(case, repeats, now)
    # Only what is new to nobody can be an item seen before: its number alone must not swallow a
    # document, in case the national axis uses a number twice.
    submission = case.inspection.submission
    if submission.external_id is not None:
        earlier = known.externals.get((submission.door, submission.external_id))
        if earlier is not None:
            return Change(_record(case, SubmissionState.DUPLICATE, duplicate_of=earlier))
    return _turned_away(case, outcomes, _refusal(case, outcomes), mint, now)


def _refusal(case: Case, outcomes: Sequence[RecipientOutcome]) -> Refusal:
    """Why nobody gets it: what the inspection says, else what is wrong with the first recipient."""
    inspection = case.inspection
    if inspection.verdict is Verdict.QUARANTINED:
        return refuse("quarantined")
    refusals = (inspection.refusal, *(outcome.refusal for outcome in outcomes))
    named = ", ".join(inspection.submission.addressed_to) or "–"
    first = next((refusal for refusal in refusals if refusal is not None), None)
    return first or refuse("recipient-unknown", agency=ascii(named)[1:-1])


def _judge(case: Case, leg: Leg, known: Known) -> tuple[RecipientOutcome, KnownDelivery | None]:
    outcome = RecipientOutcome(
        leg.organ, leg.addressed, "refused", leg.inbox, leg.route or "", leg.refusal, leg.note
    )
    if leg.route is None:
        return outcome, None
    earlier = known.of(case.identity(leg))
    if earlier is None:
        return replace(outcome, outcome="accepted"), None
    if earlier.delivery.proof == case.proof:
        return replace(outcome, outcome="duplicate"), earlier
    assert case.inspection.verified is not None, "only what passed has legs"
    at, line = document_id_of(case.inspection.verified.envelope)
    reused = refuse(
        "document-id-reused",
        at=at,
        line=line,
        time=wire_time(earlier.facts.received_at),
        digest=earlier.delivery.digest,
    )
    return replace(outcome, refusal=reused), None


def _accepted(
    case: Case,
    outcomes: tuple[RecipientOutcome, ...],
    known: Known,
    view: View,
    mint: Callable[[], str],
    now: datetime,
) -> Change:
    facts = case.facts
    national = facts.door is Door.NATIONAL
    acceptance = Evidence(
        id=mint(),
        event=Event.RECEIVED_FROM_NON_ERDS if national else Event.SUBMISSION_ACCEPTANCE,
        at=now,
        facts=facts,
        recipients=outcomes,
        steps=case.inspection.steps,
        warnings=case.inspection.warnings,
        external_id=case.inspection.submission.external_id,
        receipt_to=facts.reply_to or None,
    )
    legs = dict(zip((leg.organ for leg in case.legs), outcomes, strict=True))
    deliveries = tuple(
        _delivery(case, leg, view, mint(), now)
        for leg in case.legs
        if legs[leg.organ].outcome == "accepted"
    )
    consigned = tuple(
        Evidence(
            id=mint(),
            event=Event.CONTENT_CONSIGNMENT,
            at=now,
            facts=facts,
            delivery_id=delivery.id,
            recipient=legs[delivery.identity.recipient],
            receipt_to=facts.reply_to or None,
        )
        for delivery in deliveries
        if delivery.route is RouteKind.MAILBOX
    )
    change = Change(
        submission=_record(case, SubmissionState.ACCEPTED),
        payload=_payload(case),
        deliveries=deliveries,
        evidence=(acceptance, *consigned),
        outbox=(
            *_receipt_rows((acceptance, *consigned), facts.lane, now),
            *(_delivery_row(d, facts.size, now) for d in deliveries if _leaves(d)),
        ),
    )
    envelope = _envelope(case)
    if isinstance(envelope, Status):
        return apply_status(change, envelope, known, view, mint=mint, now=now)
    return change


def _duplicate(case: Case, repeats: list[KnownDelivery], now: datetime) -> Change:
    latest = max(repeats, key=lambda repeat: repeat.facts.submission_id)
    to = latest.facts.reply_to
    resend: tuple[OutboxRow, ...] = ()
    if latest.acceptance is not None and to:
        resend = (
            OutboxRow(
                latest.acceptance, OutboxKind.RECEIPT, f"receipts:{to}", case.facts.lane, now
            ),
        )
    return Change(
        _record(case, SubmissionState.DUPLICATE, duplicate_of=latest.facts.submission_id),
        resend=resend,
    )


def _turned_away(
    case: Case,
    outcomes: tuple[RecipientOutcome, ...],
    refusal: Refusal,
    mint: Callable[[], str],
    now: datetime,
) -> Change:
    facts = case.facts
    evidence = Evidence(
        id=mint(),
        event=Event.SUBMISSION_REJECTION,
        at=now,
        facts=facts,
        recipients=outcomes,
        refusal=refusal,
        steps=case.inspection.steps,
        external_id=case.inspection.submission.external_id,
        receipt_to=facts.reply_to or None,
    )
    quarantined = case.inspection.verdict is Verdict.QUARANTINED
    state = SubmissionState.QUARANTINED if quarantined else SubmissionState.REFUSED
    return Change(
        submission=_record(case, state, refusal),
        payload=_payload(case) if case.inspection.keep_payload else None,
        evidence=(evidence,),
        outbox=_receipt_rows((evidence,), facts.lane, now),
    )


def _delivery(case: Case, leg: Leg, view: View, key: str, now: datetime) -> Delivery:
    assert leg.route is not None, "only legs with a route become deliveries"
    facts = case.facts
    mailbox = leg.route is RouteKind.MAILBOX
    return Delivery(
        id=key,
        submission_id=facts.submission_id,
        identity=case.identity(leg),
        addressed=leg.addressed,
        inbox=leg.inbox,
        route=leg.route,
        lane=facts.lane,
        priority=facts.priority,
        digest=facts.digest,
        proof=case.proof,
        # A mailbox is the ledger itself: what is durable there has been placed.
        state=DeliveryState.SENT if mailbox else DeliveryState.QUEUED,
        created_at=now,
        expires_at=now + view.lifetime,
    )


def _leaves(delivery: Delivery) -> bool:
    return delivery.route is not RouteKind.MAILBOX


def _delivery_row(delivery: Delivery, size: int, now: datetime) -> OutboxRow:
    return OutboxRow(
        delivery.id, OutboxKind.DELIVERY, delivery.destination, delivery.lane, now, size
    )


def _receipt_rows(evidence: Iterable[Evidence], lane: Lane, now: datetime) -> tuple[OutboxRow, ...]:
    return tuple(
        OutboxRow(item.id, OutboxKind.RECEIPT, f"receipts:{item.receipt_to}", lane, now)
        for item in evidence
        if item.receipt_to is not None
    )


def _record(
    case: Case,
    state: SubmissionState,
    refusal: Refusal | None = None,
    duplicate_of: str | None = None,
) -> SubmissionRecord:
    envelope, inspection = _envelope(case), case.inspection
    # Of a document marked secret nothing is kept but the refusal (QC Điều 1.2, 6.1a).
    document = envelope if isinstance(envelope, Document) and inspection.keep_payload else None
    return SubmissionRecord(
        facts=case.facts,
        state=state,
        reason=refusal.code if refusal else "",
        at=refusal.at if refusal else None,
        line=refusal.line if refusal else None,
        number=_cut(document.number) if document else "",
        notation=_cut(document.notation) if document else "",
        promulgation_date=_cut(document.promulgation_date) if document else "",
        subject=_cut(document.subject) if document else None,
        # Only what was settled counts as seen: a refused item may be fetched and judged again.
        external_id=inspection.submission.external_id
        if state is SubmissionState.ACCEPTED
        else None,
        duplicate_of=duplicate_of,
    )


def _payload(case: Case) -> Payload:
    body = case.inspection.submission.body
    return Payload(case.facts.digest, len(body), body if len(body) <= INLINE_LIMIT else None)


def _envelope(case: Case) -> Envelope | None:
    return case.inspection.envelope


def _facts(inspection: Inspection, view: View) -> Facts:
    submission, envelope = inspection.submission, inspection.envelope
    document = envelope if isinstance(envelope, Document) else None
    status = envelope if isinstance(envelope, Status) else None
    priority = _priority(document)
    urgent = submission.lane is Lane.URGENT or priority > 0
    return Facts(
        submission_id=submission.id,
        door=submission.door,
        account=submission.account or "",
        sender=_sender(envelope, view),
        reply_to=inspection.sender or "",
        kind=envelope.kind if envelope else "",
        business=document.business.business if document else "",
        status=_cut(status.code, 2) if status else "",
        document_id=_cut(envelope.document_id, MAX_DOCUMENT_ID) if envelope else "",
        digest=inspection.digest,
        size=len(submission.body),
        received_at=submission.received_at,
        lane=Lane.URGENT if urgent else Lane.NORMAL,
        priority=priority,
        legal_value=inspection.legal_value,
        signature=inspection.signature,
        attachments=inspection.attachments if inspection.keep_payload else (),
    )


def _sender(envelope: Envelope | None, view: View) -> str:
    code = envelope.sender.organ_id if envelope else ""
    return organ_of(code, view.directory) if is_code(code) else ""


def _cut(text: str, most: int = 1000) -> str:
    """What an envelope says, where it is repeated: one that the schema refused may say anything."""
    return text[:most]


def _priority(document: Document | None) -> int:
    text = document.other.priority if document else ""
    return int(text) if text in {"1", "2", "3", "4"} else 0


def _ours(named: Iterable[Leg], items: Iterable[Leg]) -> tuple[Leg, ...]:
    """Of a message from the national axis: the legs that end here and that the item was sent for.

    The national axis hands over one item per recipient; the envelope names all of them, or none where
    the recipient was given beside it (VXP's `to`).
    """
    here = [leg for leg in named if _ends_here(leg)]
    wanted = {leg.organ: leg for leg in items}
    if not wanted:
        return tuple(here)
    ours = tuple(leg for leg in here if leg.organ in wanted)
    return ours or tuple(leg for leg in wanted.values() if _ends_here(leg))


def _ends_here(leg: Leg) -> bool:
    if leg.refusal is not None:
        return leg.refusal.code != "national-closed"
    return leg.route is not RouteKind.NATIONAL


def _proof(inspection: Inspection) -> str:
    """What a repeat is compared with.

    The national axis serialises anew, adds twins and traces: from there, the content that names the
    document and the attachments' digests are compared, not the bytes.
    """
    envelope = inspection.envelope
    if inspection.submission.door is not Door.NATIONAL or envelope is None:
        return inspection.digest
    if isinstance(envelope, Document):
        parts = [
            envelope.sender.organ_id,
            envelope.document_id,
            envelope.business.business,
            envelope.number,
            envelope.notation,
            envelope.promulgation_date,
            envelope.subject,
            *(attachment.digest for attachment in envelope.attachments),
        ]
    else:
        parts = [
            envelope.sender.organ_id,
            envelope.about.organ_id,
            envelope.about.document_id,
            envelope.code,
            envelope.description,
            envelope.timestamp,
        ]
    return "content:" + hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _issuer(status: Status, view: View) -> str:
    """The organ that issued the document a status is about: for 13 the reporter itself."""
    issuer = status.sender.organ_id if status.code == "13" else status.about.organ_id
    return organ_of(issuer, view.directory)
