"""From one inspection to one settlement: what becomes durable, judged per recipient.

A submission is judged per recipient by its identity (sender's organ, DocumentId, business type,
recipient's organ); the proof is the digest. Same identity and proof: a duplicate, answered with the
stored receipt, byte for byte. Same identity, other proof: refused for that recipient, the others go on.
A refused submission uses up nothing. What a recipient may not get for another reason, a stranger's recall, an
update of an unknown document, is refused for that recipient (`business`). Pure: what was seen before is an
argument, and only read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from axisd.core import amendment, business, deadlines, witness
from axisd.core.case import Case, cut
from axisd.core.dossier import Ground
from axisd.core.effects import Effects
from axisd.core.envelope import Business, Document, Envelope
from axisd.core.evidence import Evidence, RecipientOutcome
from axisd.core.history import UNWATCHED, Watch
from axisd.core.inspection import Verdict
from axisd.core.lifecycle import DeliveryState, SubmissionState
from axisd.core.reasons import Event, Refusal, refuse
from axisd.core.records import (
    INLINE_LIMIT,
    Change,
    Delivery,
    Known,
    KnownDelivery,
    OutboxKind,
    OutboxRow,
    Payload,
    Questions,
    RouteKind,
    SubmissionRecord,
)
from axisd.core.replies import end_waits
from axisd.core.routing import Leg
from axisd.core.rules import document_id_of
from axisd.core.submission import Door
from axisd.core.view import View
from axisd.core.zone import wire_time


def questions(case: Case, view: View) -> Questions:
    """What has to be known to settle `case`."""
    submission = case.inspection.submission
    externals: set[tuple[Door, str]] = set()
    if submission.external_id is not None:
        externals.add((submission.door, submission.external_id))
    return replace(
        business.asked(case, view),
        identities=frozenset(
            identity for leg in case.legs if leg.route for identity in case.identities(leg)
        ),
        externals=frozenset(externals),
    )


def settle(
    case: Case, known: Known, view: View, *, mint: Callable[[], str], now: datetime
) -> Change:
    """The settlement of `case`, given what is `known`. `mint` gives new time-ordered ids."""
    ground = business.ground_of(case, known, view)
    objects = business.objections(case, ground)
    judged = [_judge(case, leg, known, objects) for leg in case.legs]
    outcomes = tuple(outcome for outcome, _ in judged)
    if any(outcome.outcome == "accepted" for outcome in outcomes):
        return _accepted(case, outcomes, ground, mint, now)
    repeats = [earlier for _, earlier in judged if earlier is not None]
    if repeats:
        return _duplicate(case, repeats, view, now)
    # Only what is new to nobody can be an item seen before: its number alone must not swallow a
    # document, in case the national axis uses a number twice.
    submission = case.inspection.submission
    if submission.external_id is not None:
        earlier = known.externals.get((submission.door, submission.external_id))
        if earlier is not None:
            return Change(_record(case, SubmissionState.DUPLICATE, duplicate_of=earlier))
    return _turned_away(case, outcomes, _refusal(case, outcomes), view, mint, now)


def _refusal(case: Case, outcomes: Sequence[RecipientOutcome]) -> Refusal:
    """Why nobody gets it: what the inspection says, else what is wrong with the first recipient."""
    inspection = case.inspection
    if inspection.verdict is Verdict.QUARANTINED:
        return refuse("quarantined")
    refusals = (inspection.refusal, *(outcome.refusal for outcome in outcomes))
    named = ", ".join(inspection.submission.addressed_to) or "–"
    first = next((refusal for refusal in refusals if refusal is not None), None)
    return first or refuse("recipient-unknown", agency=ascii(named)[1:-1])


def _judge(
    case: Case, leg: Leg, known: Known, objects: business.Objection
) -> tuple[RecipientOutcome, KnownDelivery | None]:
    outcome = RecipientOutcome(
        leg.organ, leg.addressed, "refused", leg.inbox, leg.route or "", leg.refusal, leg.note
    )
    if leg.route is None:
        return outcome, None
    seen = (known.of(identity) for identity in case.identities(leg))
    earlier = next((found for found in seen if found is not None), None)
    if earlier is None:
        refusal = objects(leg)
        if refusal is not None:
            return replace(outcome, refusal=refusal), None
        return replace(outcome, outcome="accepted"), None
    if earlier.delivery.proof == case.proof:
        return replace(outcome, outcome="duplicate"), earlier
    assert case.inspection.verified is not None, "only what passed has legs"
    at, line = document_id_of(case.inspection.verified.envelope)
    time = wire_time(earlier.facts.received_at)
    if case.facts.business in amendment.KINDS:
        return replace(
            outcome, refusal=refuse("update-id-reused", at=at, line=line, time=time)
        ), None
    digest = earlier.delivery.digest
    reused = refuse("document-id-reused", at=at, line=line, time=time, digest=digest)
    return replace(outcome, refusal=reused), None


def _accepted(
    case: Case,
    outcomes: tuple[RecipientOutcome, ...],
    ground: Ground,
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
        warnings=(*case.inspection.warnings, *business.remarks(case, ground)),
        external_id=case.inspection.submission.external_id,
        receipt_to=facts.reply_to or None,
    )
    legs = dict(zip((leg.organ for leg in case.legs), outcomes, strict=True))
    deliveries = tuple(
        _delivery(case, leg, ground.view, mint(), now)
        for leg in case.legs
        if legs[leg.organ].outcome == "accepted"
    )
    consigned = tuple(
        witness.about(
            delivery,
            facts,
            Event.CONTENT_CONSIGNMENT,
            key=mint(),
            at=now,
            outcome="accepted",
            to=facts.reply_to,
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
            *witness.receipt_rows((acceptance, *consigned), facts.lane, now, ground.view),
            *(_delivery_row(case, d, ground, now) for d in deliveries if _leaves(d)),
        ),
    )
    own = [KnownDelivery(one, facts, acceptance.id, mailbox=one.first_mark) for one in deliveries]
    effects = Effects(facts, ground, mint=mint, now=now, own=own)
    business.follow(effects, case)
    change = effects.on(change)
    if isinstance(case.envelope, Document):
        return end_waits(change, case.envelope, ground.known, ground.view, mint=mint, now=now)
    return change


def _duplicate(case: Case, repeats: list[KnownDelivery], view: View, now: datetime) -> Change:
    """What was told of it is told again: the acceptance, and where a copy failed, that it did."""
    latest = max(repeats, key=lambda repeat: repeat.facts.submission_id)
    told = [(latest.acceptance, latest.facts.reply_to)]
    told += [(repeat.failure, repeat.facts.reply_to) for repeat in repeats]
    resend = tuple(
        OutboxRow(receipt, OutboxKind.RECEIPT, f"receipts:{to}", case.facts.lane, now)
        for receipt, to in dict.fromkeys(told)
        if receipt is not None and to and witness.takes_receipts(to, view)
    )
    return Change(
        _record(case, SubmissionState.DUPLICATE, duplicate_of=latest.facts.submission_id),
        resend=resend,
    )


def _turned_away(
    case: Case,
    outcomes: tuple[RecipientOutcome, ...],
    refusal: Refusal,
    view: View,
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
        outbox=witness.receipt_rows((evidence,), facts.lane, now, view),
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
        watch=_watch(case, leg, view, now),
    )


def _watch(case: Case, leg: Leg, view: View, now: datetime) -> Watch:
    """What is awaited of the recipient; of a recall only its answer, which is awaited of the document."""
    facts, envelope = case.facts, case.envelope
    if facts.business == Business.RECALL:
        return UNWATCHED
    due = envelope.due_date if isinstance(envelope, Document) else ""
    return deadlines.begin(view, created_at=now, inbox=leg.inbox, due_date=due, kind=facts.kind)


def _leaves(delivery: Delivery) -> bool:
    return delivery.route is not RouteKind.MAILBOX


def _delivery_row(case: Case, delivery: Delivery, ground: Ground, now: datetime) -> OutboxRow:
    return OutboxRow(
        delivery.id,
        OutboxKind.DELIVERY,
        delivery.destination,
        delivery.lane,
        now,
        case.facts.size,
        behind=business.in_front(case, delivery.identity.recipient, ground),
        about=case.facts.document_id,
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
        number=cut(document.number) if document else "",
        notation=cut(document.notation) if document else "",
        promulgation_date=cut(document.promulgation_date) if document else "",
        due_date=cut(document.due_date) if document else "",
        subject=cut(document.subject) if document else None,
        # Only what was settled counts as seen: a refused item may be fetched and judged again.
        external_id=inspection.submission.external_id
        if state is SubmissionState.ACCEPTED
        else None,
        duplicate_of=duplicate_of,
        type_name=cut(document.type_name) if document else "",
        signer=cut(document.signer_name) if document else "",
        position=cut(document.signer_position) if document else "",
        place=cut(document.place) if document else "",
        pages=cut(document.other.page_amount) if document else "",
    )


def _payload(case: Case) -> Payload:
    body = case.inspection.submission.body
    return Payload(case.facts.digest, len(body), body if len(body) <= INLINE_LIMIT else None)


def _envelope(case: Case) -> Envelope | None:
    return case.inspection.envelope
