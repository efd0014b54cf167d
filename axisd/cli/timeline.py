"""What the ledger knows of one document, as plain values: submissions, their recipients, their events.

The values are those that `--json` prints. Times are in Vietnam time: wire times, and for events the legal
time beside them (None in evidence that was sealed before axisd knew working time). Every receipt is verified
as somebody outside would verify it; the evidence itself is verified by `axisd ledger verify`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cryptography import x509

from axisd.core.evidence import Entry, Receipt
from axisd.core.reasons import REASONS, Refusal
from axisd.core.receiptproof import verify_receipt
from axisd.core.records import Delivery, SubmissionRecord
from axisd.core.zone import wire_time
from axisd.core.timeline import Timeline

Values = dict[str, Any]


def values_of(timeline: Timeline, trust: Sequence[x509.Certificate]) -> list[Values]:
    """One value for each submission, in the order in which they came in."""
    receipts = {receipt.id: receipt for receipt in timeline.receipts}
    events = [(entry, _event(entry, receipts.get(entry.id), trust)) for entry in timeline.entries]
    return [_submission(record, timeline.deliveries, events) for record in timeline.submissions]


def _submission(
    record: SubmissionRecord,
    deliveries: Iterable[Delivery],
    events: Iterable[tuple[Entry, Values]],
) -> Values:
    facts = record.facts
    own = [(entry, event) for entry, event in events if entry.submission_id == facts.submission_id]
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
        "from": facts.sender or None,
        "account": facts.account or None,
        "door": facts.door,
        "lane": facts.lane,
        "received": wire_time(facts.received_at),
        "bytes": facts.size,
        "digest": facts.digest,
        "legal_value": facts.legal_value,
        "signature": facts.signature.state,
        "external": record.external_id,
        "duplicate_of": record.duplicate_of,
        "events": [event for entry, event in own if entry.delivery_id is None],
        "recipients": [
            _delivery(delivery, [event for entry, event in own if entry.delivery_id == delivery.id])
            for delivery in deliveries
            if delivery.submission_id == facts.submission_id
        ],
    }


def _delivery(delivery: Delivery, events: list[Values]) -> Values:
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
        "events": events,
    }


def _event(entry: Entry, receipt: Receipt | None, trust: Sequence[x509.Certificate]) -> Values:
    content = json.loads(entry.content)
    return {
        "time": wire_time(entry.at),
        "legal_time": content.get("legal_at"),
        "event": entry.event,
        "position": entry.position,
        "reason": _reason(content.get("reason")),
        "warnings": content["warnings"],
        "external": content.get("external"),
        "recipients": [
            {
                "organ": outcome["organ"],
                "outcome": outcome["outcome"],
                "reason": _reason(outcome["reason"]),
            }
            for outcome in content["recipients"]
        ],
        "receipt": _receipt(receipt, trust) if receipt else None,
    }


def _receipt(receipt: Receipt, trust: Sequence[x509.Certificate]) -> Values:
    verdict = verify_receipt(receipt.body, trust)
    return {
        "id": receipt.id,
        "to": receipt.to,
        "holds": verdict.valid,
        "fault": verdict.fault or None,
    }


def _reason(told: Mapping[str, Any] | None) -> Values | None:
    """The reason with its sentences; a code that this version no longer knows keeps its name."""
    if told is None:
        return None
    reason = REASONS.get(told["code"])
    texts = None
    if reason is not None:
        refusal = Refusal(reason, told["at"], told["line"], told["particulars"])
        texts = {"en": refusal.text("en"), "vi": refusal.text("vi")}
    return {"code": told["code"], "at": told["at"], "line": told["line"], "text": texts}
