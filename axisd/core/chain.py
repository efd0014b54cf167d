"""The hash chain over the evidence: what is hashed, how, and how a break is found.

An entry's content is canonical JSON (sorted keys, no white space, UTF-8): the same evidence always gives
the same text. Its hash covers the previous entry's hash and that text, so that nothing before the head
can be changed, removed or put in without every later hash being wrong. Cutting off the end is seen only
by whoever kept the head. Times are Vietnam time with milliseconds (QC Điều 10.3).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from axisd.core.envelope import Attachment
from axisd.core.evidence import Entry, Evidence, Facts, Head, RecipientOutcome
from axisd.core.reasons import Refusal
from axisd.core.zone import wire_time

VERSION: Final = 2
"""Of the form of the content; version 1 had no legal time."""

_json: Final = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False
)


def canonical(
    evidence: Evidence, position: int, receipt_digest: str | None, legal_at: datetime
) -> str:
    """The content of the entry at `position`: all that an auditor needs to judge the event alone.

    `receipt_digest`: `sha256:` + hex of the receipt sent about it, None when nobody is told.
    `legal_at`: what `evidence.at` counts for in law (QC Điều 10.2).
    """
    content: dict[str, Any] = {
        "version": VERSION,
        "position": position,
        "id": evidence.id,
        "event": evidence.event,
        "at": wire_time(evidence.at),
        "legal_at": wire_time(legal_at),
        "delivery": evidence.delivery_id,
        "external": evidence.external_id,
        "reason": _reason(evidence.refusal),
        "receipt": receipt_digest,
        "receipt_to": evidence.receipt_to,
        "recipients": [_recipient(outcome) for outcome in recipients_of(evidence)],
        "warnings": [warning.code for warning in evidence.warnings],
        "submission": _submission(evidence.facts),
    }
    if evidence.particulars:
        content["particulars"] = dict(evidence.particulars)
    text = _json.encode(content)
    # Half a surrogate pair, as JSON from outside can smuggle it in, has no UTF-8; it becomes "?".
    return text.encode("utf-8", "replace").decode()


def link(previous_hash: str, content: str) -> str:
    """The hash of an entry: hex SHA-256 over the previous entry's hash, a line feed and the content."""
    return hashlib.sha256(f"{previous_hash}\n{content}".encode()).hexdigest()


def verify(entries: Iterable[Entry], head: Head | None = None) -> Iterator[str]:
    """Every fault in `entries`, which follow `head` (the start of the chain if None), in order.

    After a fault the chain is taken up again from what the entry itself says, so that one broken entry
    is told as one, or as two where its neighbour no longer fits to it.
    """
    position, previous = (head.position, head.hash) if head else (0, Head().hash)
    for entry in entries:
        if entry.position != position + 1:
            yield f"entry {entry.position}: {position + 1} was expected here"
        if link(previous, entry.content) != entry.hash:
            yield f"entry {entry.position}: its hash does not follow from its content and the entry before"
        wrong = _contradicted(entry)
        if wrong:
            yield f"entry {entry.position}: its columns contradict its content: {', '.join(wrong)}"
        position, previous = entry.position, entry.hash


def recipients_of(evidence: Evidence) -> tuple[RecipientOutcome, ...]:
    """The recipients that the event is about: one for a delivery's, all for a submission's."""
    return (evidence.recipient,) if evidence.recipient is not None else evidence.recipients


def _contradicted(entry: Entry) -> list[str]:
    try:
        content = json.loads(entry.content)
        said = {
            "position": content["position"],
            "id": content["id"],
            "event": content["event"],
            "at": content["at"],
            "submission_id": content["submission"]["id"],
            "delivery_id": content["delivery"],
        }
    except (ValueError, KeyError, TypeError):
        return ["content is not readable"]
    kept = {
        "position": entry.position,
        "id": entry.id,
        "event": entry.event,
        "at": wire_time(entry.at),
        "submission_id": entry.submission_id,
        "delivery_id": entry.delivery_id,
    }
    return [name for name, value in kept.items() if said[name] != value]


def _submission(facts: Facts) -> dict[str, Any]:
    return {
        "id": facts.submission_id,
        "door": facts.door,
        "account": facts.account,
        "sender": facts.sender,
        "kind": facts.kind,
        "business": facts.business,
        "status": facts.status,
        "document": facts.document_id,
        "digest": facts.digest,
        "size": facts.size,
        "received_at": wire_time(facts.received_at),
        "lane": facts.lane,
        "priority": facts.priority,
        "legal_value": facts.legal_value,
        "signature": {
            "state": facts.signature.state,
            "signer": facts.signature.signer,
            "certificate": facts.signature.certificate,
            "algorithm": facts.signature.algorithm,
        },
        "attachments": [_attachment(attachment) for attachment in facts.attachments],
    }


def _attachment(attachment: Attachment) -> dict[str, Any]:
    return {
        "id": attachment.content_id,
        "name": attachment.name,
        "size": attachment.size,
        "digest": attachment.digest,
    }


def _recipient(outcome: RecipientOutcome) -> dict[str, Any]:
    return {
        "organ": outcome.organ,
        "addressed": outcome.addressed,
        "outcome": outcome.outcome,
        "inbox": outcome.inbox,
        "route": outcome.route,
        "reason": _reason(outcome.refusal),
        "note": _reason(outcome.note),
    }


def _reason(refusal: Refusal | None) -> dict[str, Any] | None:
    if refusal is None:
        return None
    return {
        "code": refusal.code,
        "at": refusal.at,
        "line": refusal.line,
        "particulars": dict(refusal.particulars),
    }
