"""A trace as plain values, for machines: what `axisd document trace --json` prints (docs/reference/trace.md).

Keys are only ever added. What a clerk wrote with a status is here alone; on the terminal and on the page it is
told only where it is the reason of a refusal, or the answer to a recall or a change. Times are in Vietnam time,
ISO 8601, with milliseconds; None is what is not known or does not apply.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from axisd.core.history import StatusRecord
from axisd.core.mailbox import MailboxMark
from axisd.core.records import SubmissionRecord
from axisd.core.story import Moment, story_of
from axisd.core.trace import Happened, Leg, Outcome, Part, Proof, Reference, Told, Trace
from axisd.core.tracewords import STATUSES
from axisd.core.wording import Phrase
from axisd.core.zone import wire_time

Values = dict[str, Any]


def values_of(trace: Trace, key: str) -> Values:
    """All of `trace`, which was asked for by `key`."""
    return {
        "id": key,
        "at": wire_time(trace.at),
        "submissions": [_part(part) for part in trace.parts],
        "referred_to_by": [_reference(reference) for reference in trace.referred],
        "story": [_moment(moment) for moment in story_of(trace)],
    }


def matched_values(records: Iterable[SubmissionRecord]) -> list[Values]:
    """What tells documents with one number apart."""
    return [
        {
            "id": record.facts.submission_id,
            "document_id": record.facts.document_id,
            "from": record.facts.sender,
            "number": record.number,
            "notation": record.notation,
            "date": record.promulgation_date,
            "received": wire_time(record.facts.received_at),
            "state": record.state,
        }
        for record in records
    ]


def _part(part: Part) -> Values:
    record, facts = part.record, part.record.facts
    return {
        "id": facts.submission_id,
        "state": record.state,
        "reason": record.reason or None,
        "at": record.at,
        "line": record.line,
        "kind": facts.kind or None,
        "business": facts.business or None,
        "status": facts.status or None,
        "document_id": facts.document_id or None,
        "number": record.number,
        "notation": record.notation,
        "date": record.promulgation_date,
        "due_date": record.due_date or None,
        "type": record.type_name or None,
        "signed_by": record.signer or None,
        "position": record.position or None,
        "place": record.place or None,
        "pages": record.pages or None,
        "from": facts.sender or None,
        "account": facts.account or None,
        "door": facts.door,
        "lane": facts.lane,
        "priority": facts.priority,
        "received": wire_time(facts.received_at),
        "bytes": facts.size,
        "digest": facts.digest,
        "legal_value": facts.legal_value if part.is_signature_known else None,
        "signature": facts.signature.state if part.is_signature_known else None,
        "signer": facts.signature.signer or None,
        "certificate": facts.signature.certificate or None,
        "algorithm": facts.signature.algorithm or None,
        "attachments": [
            {
                "content_id": one.content_id,
                "declared_type": one.declared_type,
                "sniffed_type": one.sniffed_type,
                "bytes": one.size,
                "digest": one.digest,
            }
            for one in facts.attachments
        ],
        "external": record.external_id,
        "duplicate_of": record.duplicate_of,
        "matched": part.matched,
        "refers_to": [_reference(reference) for reference in part.references],
        "events": [_happened(happened) for happened in part.happened],
        "recipients": [_leg(leg) for leg in part.legs],
    }


def _leg(leg: Leg) -> Values:
    delivery, recall = leg.delivery, leg.recall
    return {
        "delivery": delivery.id,
        "organ": delivery.identity.recipient,
        "addressed": list(delivery.addressed),
        "inbox": delivery.inbox,
        "route": delivery.route,
        "state": delivery.state,
        "status": delivery.status or None,
        "reason": delivery.reason or None,
        "created": wire_time(delivery.created_at),
        "expires": wire_time(delivery.expires_at),
        "arrived": _time(delivery.watch.arrived_at),
        "registered": _time(delivery.watch.registered_at),
        "deadlines": [
            {
                "kind": one.kind,
                "due": wire_time(one.due),
                "done": _time(one.done),
                "kept": one.kept,
            }
            for one in leg.deadlines
        ],
        "told": sorted(delivery.watch.told),
        "statuses": [_status(status) for status in leg.statuses],
        "recall": {
            "submission": recall.submission_id,
            "asked": wire_time(recall.asked_at),
            "outcome": recall.outcome,
            "answered": _time(recall.answered_at),
        }
        if recall
        else None,
        "mailbox": _item(leg.mailbox) if leg.mailbox else None,
        "events": [_happened(happened) for happened in leg.happened],
    }


def _item(mark: MailboxMark) -> Values:
    return {
        "state": mark.state,
        "since": wire_time(mark.at),
        "fetched": _time(mark.fetched_at),
        "cause": mark.cause or None,
    }


def _status(status: StatusRecord) -> Values:
    return {
        "code": status.code,
        "text": _text(STATUSES.get(status.code)),
        "from": status.reporter,
        "time": wire_time(status.at),
        "submission": status.submission_id,
        "words": status.words or None,
    }


def _reference(reference: Reference) -> Values:
    link, record = reference.link, reference.record
    return {
        "kind": link.kind,
        "from": link.issuer,
        "document_id": link.document_id,
        "recipient": link.recipient or None,
        "by": link.submission_id,
        "other": matched_values([record])[0] if record else None,
    }


def _happened(happened: Happened) -> Values:
    return {
        "time": wire_time(happened.at),
        "legal_time": happened.legal_at,
        "event": happened.event,
        "position": happened.position,
        "reason": _told(happened.reason),
        "warnings": [one.code for one in happened.warnings],
        "warned": [_told(one) for one in happened.warnings],
        "external": happened.external,
        "steps": [
            {"name": name, "outcome": outcome, "detail": detail}
            for name, outcome, detail in happened.steps
        ],
        "recipients": [_outcome(outcome) for outcome in happened.outcomes],
        "receipt": _proof(happened.receipt) if happened.receipt else None,
    }


def _outcome(outcome: Outcome) -> Values:
    return {
        "organ": outcome.organ,
        "outcome": outcome.outcome,
        "reason": _told(outcome.reason),
        "note": _told(outcome.note),
    }


def _proof(proof: Proof) -> Values:
    return {"id": proof.id, "to": proof.to, "holds": proof.holds, "fault": proof.fault or None}


def _moment(moment: Moment) -> Values:
    happened = moment.happened
    return {
        "time": wire_time(moment.at),
        "legal_time": happened.legal_at if happened else None,
        "what": moment.what.name.lower(),
        "code": moment.code or None,
        "organ": moment.organ or None,
        "text": _text(moment.words),
        "notes": [_text(note) for note in moment.notes],
        "submission": moment.submission_id,
        "delivery": moment.delivery_id,
        "position": happened.position if happened else None,
    }


def _told(told: Told | None) -> Values | None:
    if told is None:
        return None
    return {"code": told.code, "at": told.at, "line": told.line, "text": _text(told.text)}


def _text(phrase: Phrase | None) -> Values | None:
    return phrase._asdict() if phrase else None


def _time(at: datetime | None) -> str | None:
    return wire_time(at) if at else None
