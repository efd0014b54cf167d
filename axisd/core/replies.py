"""What a reply does to the document that it answers: nobody waits for it any more.

A document names in ResponseFor what it answers (QC Điều 9.2c). The wait of the answered document's sender
ends for the organ that replied, or that receives for whoever was asked; a reply that comes too late is
first told as overdue. Nobody else's wait ends, and a document that is not known here is none of ours. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime

from axisd.core.deadlines import replied
from axisd.core.envelope import Business, Document, Envelope, Kind
from axisd.core.lapses import lapse
from axisd.core.records import (
    Change,
    Delivery,
    DeliveryUpdate,
    Known,
    KnownDelivery,
    RouteKind,
    updated,
)
from axisd.core.routing import heirs_of, kin_of
from axisd.core.submission import Door
from axisd.core.view import View
from axisd.core.zone import day_of


def answers(envelope: Envelope, view: View, day: date) -> set[tuple[str, str]]:
    """(issuer, DocumentId) of what a document says that it answers, under any code of the issuer through
    time; nothing for a status."""
    if not isinstance(envelope, Document):
        return set()
    return {
        (issuer, of.document_id)
        for of in envelope.responses_for
        if of.organ_id and of.document_id
        for issuer in kin_of(of.organ_id, view.directory, day)
    }


def end_waits(
    change: Change,
    document: Document,
    known: Known,
    view: View,
    *,
    mint: Callable[[], str],
    now: datetime,
) -> Change:
    """`change`, the settlement of `document`, with what it ends."""
    assert change.submission is not None, "a settled document has its submission"
    for waiting in _waiting(change, document, known, view):
        change = _ended(change, waiting, view, mint, now)
    return change


def _waiting(change: Change, reply: Document, known: Known, view: View) -> Iterator[KnownDelivery]:
    assert change.submission is not None, "a settled document has its submission"
    facts = change.submission.facts
    if reply.business.business is Business.RECALL:
        return
    day = day_of(facts.received_at)
    for issuer, document_id in sorted(answers(reply, view, day)):
        for item in known.of_document(issuer, document_id):
            delivery = item.delivery
            # As with statuses: over the national axis only of what went out over it.
            foreign = facts.door is Door.NATIONAL and delivery.route is not RouteKind.NATIONAL
            theirs = facts.sender in _repliers(delivery, view, day)
            if item.facts.kind == Kind.DOCUMENT and theirs and not foreign:
                yield item


def _repliers(delivery: Delivery, view: View, day: date) -> set[str]:
    """The recipient, whoever received it for it, and on `day` those that took over from either."""
    codes = (delivery.identity.recipient, delivery.inbox)
    return {*codes, *(heir for code in codes for heir in heirs_of(code, view.directory, day))}


def _ended(
    change: Change, waiting: KnownDelivery, view: View, mint: Callable[[], str], now: datetime
) -> Change:
    due = waiting.delivery.watch.reply_due
    if due is None:
        return change
    late = lapse(waiting, view, now, mint=mint) if due < now else Change()
    delivery = waiting.delivery
    for update in late.updates:
        delivery = updated(delivery, update)
    watch = replied(delivery.watch, view, delivery.inbox)
    update = DeliveryUpdate(delivery.id, delivery.state, delivery.status, delivery.reason, watch)
    return replace(
        change,
        updates=(*change.updates, update),
        evidence=(*change.evidence, *late.evidence),
        outbox=(*change.outbox, *late.outbox),
    )
