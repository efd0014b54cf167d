"""Evidence about one delivery, and the outbox rows of the receipts that tell of evidence. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from axisd.core.evidence import Evidence, Facts, RecipientOutcome
from axisd.core.reasons import Event, Refusal
from axisd.core.records import Delivery, OutboxKind, OutboxRow
from axisd.core.submission import Lane


def about(
    delivery: Delivery,
    facts: Facts,
    event: Event,
    *,
    key: str,
    at: datetime,
    outcome: str,
    refusal: Refusal | None = None,
    external_id: str | None = None,
    to: str | None = None,
) -> Evidence:
    """What happened to `delivery` of the submission that `facts` describe. `outcome`: accepted, refused, or
    the status that was reported; `to`: whose receipts queue is told, None if nobody's."""
    recipient = RecipientOutcome(
        delivery.identity.recipient,
        delivery.addressed,
        outcome,
        delivery.inbox,
        delivery.route,
        refusal if outcome == "refused" else None,
    )
    return Evidence(
        id=key,
        event=event,
        at=at,
        facts=facts,
        delivery_id=delivery.id,
        recipient=recipient,
        refusal=refusal,
        external_id=external_id,
        receipt_to=to or None,
    )


def receipt_rows(evidence: Iterable[Evidence], lane: Lane, now: datetime) -> tuple[OutboxRow, ...]:
    """One row for each piece of evidence that somebody is told of."""
    return tuple(
        OutboxRow(item.id, OutboxKind.RECEIPT, f"receipts:{item.receipt_to}", lane, now)
        for item in evidence
        if item.receipt_to is not None
    )
