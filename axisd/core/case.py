"""A case: one inspection with everything about it that does not depend on what the ledger knows.

Its facts, the legs to its recipients, and the proof by which a repeat is told from something new. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from axisd.core.codes import is_code
from axisd.core.edxml import MAX_DOCUMENT_ID
from axisd.core.envelope import Business, Document, Envelope, Status
from axisd.core.evidence import Facts
from axisd.core.history import NumberKey
from axisd.core.inspection import Inspection
from axisd.core.records import Identity, RouteKind, number_key
from axisd.core.routing import Leg, organ_of, plan
from axisd.core.rules import legs_of
from axisd.core.submission import Door, Lane
from axisd.core.view import View
from axisd.core.zone import day_of


@dataclass(frozen=True, slots=True)
class Case:
    """An inspection with everything about it that does not depend on what is already known."""

    inspection: Inspection
    facts: Facts
    legs: tuple[Leg, ...]
    proof: str

    def identity(self, leg: Leg) -> Identity:
        return Identity(self.facts.sender, self.business, leg.organ, self.facts.document_id)

    def identities(self, leg: Leg) -> tuple[Identity, ...]:
        """Under which it may have been seen before: its own, and those of the closed codes that lead to it."""
        own = self.identity(leg)
        return (own, *(replace(own, recipient=organ) for organ in leg.former))

    @property
    def business(self) -> str:
        # Statuses repeat legitimately, and so do recalls; only the same content makes two of them the same.
        if self.facts.status:
            return f"status/{self.facts.status}/{self.proof[-16:]}"
        if self.facts.business == Business.RECALL:
            return f"{Business.RECALL}/{self.proof[-16:]}"
        return self.facts.business

    @property
    def envelope(self) -> Envelope | None:
        """What passed the inspection; None if nothing did."""
        verified = self.inspection.verified
        return verified.envelope if verified is not None else None


def prepare(inspection: Inspection, view: View) -> Case:
    """Everything that can be decided before the ledger is asked: facts, legs, proof."""
    facts = _facts(inspection, view)
    legs: tuple[Leg, ...] = ()
    if inspection.verified is not None:
        submission, envelope = inspection.submission, inspection.verified.envelope
        legs = legs_of(envelope, submission, view)
        if submission.door is Door.NATIONAL:
            day, late = day_of(submission.received_at), isinstance(envelope, Status)
            legs = _ours(legs, plan(submission.addressed_to, view, day, late=late), view)
    return Case(inspection, facts, legs, _proof(inspection))


def number_of(case: Case) -> NumberKey | None:
    """By what a repeated number is found; None for what has no number."""
    document = case.envelope
    if not isinstance(document, Document) or not document.number:
        return None
    number, notation = cut(document.number), cut(document.notation)
    return number_key(case.facts.sender, number, notation, cut(document.promulgation_date))


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
        status=cut(status.code, 2) if status else "",
        document_id=cut(envelope.document_id, MAX_DOCUMENT_ID) if envelope else "",
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


def cut(text: str, most: int = 1000) -> str:
    """What an envelope says, where it is repeated: one that the schema refused may say anything."""
    return text[:most]


def _priority(document: Document | None) -> int:
    text = document.other.priority if document else ""
    return int(text) if text in {"1", "2", "3", "4"} else 0


def _ours(named: Iterable[Leg], items: Iterable[Leg], view: View) -> tuple[Leg, ...]:
    """Of a message from the national axis: the legs that end here and that the item was sent for.

    The national axis hands over one item per recipient; the envelope names all of them, or none where
    the recipient was given beside it (VXP's `to`).
    """
    here = [leg for leg in named if _ends_here(leg)]
    wanted = {leg.organ: leg for leg in items}
    if not wanted:
        # What closed elsewhere is told its sender by whoever it was sent to.
        return tuple(leg for leg in here if not _closed_elsewhere(leg, view)) or tuple(here)
    ours = tuple(leg for leg in here if leg.organ in wanted)
    return ours or tuple(leg for leg in wanted.values() if _ends_here(leg))


def _ends_here(leg: Leg) -> bool:
    if leg.refusal is not None:
        return leg.refusal.code != "national-closed"
    return leg.route is not RouteKind.NATIONAL


def _closed_elsewhere(leg: Leg, view: View) -> bool:
    closed = leg.refusal is not None and leg.refusal.code == "recipient-closed"
    return closed and not any(map(view.axis.is_local, leg.addressed))


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
