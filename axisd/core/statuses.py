"""What a status message does to the document it is about.

A status travels to its recipient like any submission; besides, where the document is known here, it
moves that delivery on and gives the document's sender the evidence: 01 and later words mean that the
recipient's system took it (ContentHandover), 02 that the recipient refused it (ConsignmentRejection).
What waits in our outbox stays there: a status says what its sender claims, not that our copy arrived.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime

from axisd.core.envelope import Business, Kind, Status
from axisd.core.evidence import Evidence, Facts, RecipientOutcome
from axisd.core.lifecycle import DeliveryEvent, DeliveryState, after, furthest
from axisd.core.reasons import Event, refuse
from axisd.core.records import (
    Change,
    Delivery,
    DeliveryUpdate,
    Known,
    KnownDelivery,
    OutboxKind,
    OutboxRow,
    RouteKind,
)
from axisd.core.routing import heirs_of, kin_of, organ_of
from axisd.core.submission import Door
from axisd.core.view import View
from axisd.core.zone import day_of

_TAKEN = frozenset({"01", "03", "04", "05", "06"})


def apply_status(
    change: Change,
    status: Status,
    known: Known,
    view: View,
    *,
    mint: Callable[[], str],
    now: datetime,
) -> Change:
    """`change` with what `status` does to the deliveries of the document it is about."""
    if status.code not in _TAKEN and status.code != "02":
        return change
    assert change.submission is not None, "a settled status has its submission"
    facts = change.submission.facts
    for about in matching(status, known, view, facts.door, day_of(facts.received_at)):
        change = _moved(change, status, about, mint=mint, now=now)
    return change


def matching(
    status: Status, known: Known, view: View, door: Door, day: date
) -> Iterable[KnownDelivery]:
    """The deliveries that the reporter can speak of: its own, those it received as intake office, and on
    `day` those of closed codes that it took over from. The document may be known under any code of its
    issuer through time.

    Over the national axis only of what went out over it: nobody vouches there for who the reporter is,
    and what lies in an inbox of ours is spoken of by whoever has that inbox.
    A recall goes under the DocumentId of what it recalls, and is answered by 15 or 16: these words are
    not about it.
    """
    reporter = organ_of(status.sender.organ_id, view.directory)
    candidates: list[KnownDelivery] = []
    for issuer in kin_of(status.about.organ_id, view.directory, day):
        candidates = candidates or [
            item
            for item in known.of_document(issuer, status.about.document_id)
            if item.facts.kind == Kind.DOCUMENT and item.facts.business != Business.RECALL
            if door is not Door.NATIONAL or item.delivery.route is RouteKind.NATIONAL
        ]
    return (
        [item for item in candidates if item.delivery.identity.recipient == reporter]
        or [item for item in candidates if item.delivery.inbox == reporter]
        or [item for item in candidates if reporter in _speaking(item.delivery, view, day)]
    )


def _speaking(delivery: Delivery, view: View, day: date) -> Iterator[str]:
    """The organs that speak on `day` for whom `delivery` went to: its recipient by any code it was written
    with, and whoever took over from it or from the office that received it."""
    yield from (view.directory.canonical(code) for code in delivery.addressed)
    for code in (delivery.identity.recipient, delivery.inbox):
        yield from heirs_of(code, view.directory, day)


def _moved(
    change: Change,
    status: Status,
    about: KnownDelivery,
    *,
    mint: Callable[[], str],
    now: datetime,
) -> Change:
    delivery = about.delivery
    refused = status.code == "02"
    event = DeliveryEvent.TURNED_DOWN if refused else DeliveryEvent.TAKEN
    state = after(delivery.state, event)
    furthest_status = furthest(delivery.status, status.code)
    if state is delivery.state and furthest_status == delivery.status:
        return change
    reason = delivery.reason
    if state is not delivery.state:
        reason = "recipient-refused" if refused else ""
    update = DeliveryUpdate(delivery.id, state, furthest_status, reason)
    change = replace(change, updates=(*change.updates, update))
    if state is delivery.state:
        return change
    moved = replace(delivery, state=state, status=furthest_status, reason=reason)
    return _witnessed(change, status, about.facts, moved, mint(), now)


def _witnessed(
    change: Change, status: Status, facts: Facts, delivery: Delivery, key: str, now: datetime
) -> Change:
    """Evidence of the move, told to the sender of the document where it is one of ours."""
    rejected = delivery.state is DeliveryState.REJECTED
    agency = delivery.identity.recipient
    evidence = Evidence(
        id=key,
        event=Event.CONSIGNMENT_REJECTION if rejected else Event.CONTENT_HANDOVER,
        at=now,
        facts=facts,
        delivery_id=delivery.id,
        recipient=RecipientOutcome(
            agency, delivery.addressed, status.code, delivery.inbox, delivery.route
        ),
        refusal=refuse("recipient-refused", agency=agency, detail=status.description)
        if rejected
        else None,
        receipt_to=facts.reply_to or None,
    )
    rows = (
        (OutboxRow(key, OutboxKind.RECEIPT, f"receipts:{facts.reply_to}", facts.lane, now),)
        if facts.reply_to
        else ()
    )
    return replace(change, evidence=(*change.evidence, evidence), outbox=(*change.outbox, *rows))
