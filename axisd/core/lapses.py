"""When something that a recipient owes falls due: who is told, and the evidence of it.

A reminder before the deadline goes to the recipient, if it has a receipts queue here; a record after it to
the sender of the document. Each is told once, and what is told is in `Watch.told` in the same transaction.
What still waits in our own outbox is nobody's fault but ours: then the sender is told that, once, and the
recipient's time begins when it leaves (`deadlines.placed`). Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from axisd.core import witness
from axisd.core.deadlines import (
    due_of,
    ended,
    moment_of,
    next_due,
    record_of,
    reminder_of,
)
from axisd.core.directory import Channel
from axisd.core.evidence import Evidence, RecipientOutcome
from axisd.core.history import Watch
from axisd.core.lifecycle import OPEN, DeliveryState
from axisd.core.policy import DeadlineKind
from axisd.core.reasons import Event, refuse
from axisd.core.records import (
    Change,
    Delivery,
    DeliveryUpdate,
    KnownDelivery,
    RouteKind,
)
from axisd.core.view import View
from axisd.core.zone import wire_time

OWED: Final = "consignment-overdue"
"""The reason, and the mark in `Watch.told`, of what waits in our own outbox past its deadline."""

_OVER: Final = frozenset(
    {
        DeliveryState.REJECTED,
        DeliveryState.EXPIRED,
        DeliveryState.WITHDRAWN,
        DeliveryState.RECALLED,
    }
)


def lapse(
    known: KnownDelivery,
    view: View,
    now: datetime,
    *,
    mint: Callable[[], str],
    grace: timedelta = timedelta(),
) -> Change:
    """What is due until `now`, as evidence and receipts; empty where nothing is, or somebody was faster.

    `grace`: how long what came in just in time may take to be settled; until then nothing is said.
    """
    watch, until = known.delivery.watch, now - grace
    if watch.next_due is None or watch.next_due > until:
        return Change()
    if known.delivery.state in OPEN:
        return _owed(known, view, now, until, mint)
    if known.delivery.state in _OVER:
        watch = ended(watch)
    told = set(watch.told)
    evidence: list[Evidence] = []
    inbox = known.delivery.inbox
    for kind in DeadlineKind:
        moment, due = moment_of(watch, kind, view, inbox), due_of(watch, kind)
        if due is None or moment is None or moment > until:
            continue
        told.add(reminder_of(kind))
        if due <= until:
            told.add(record_of(kind))
            evidence.append(_record(known, record_of(kind), due, now, mint()))
        elif (to := _reminded(known.delivery, view)) is not None:
            evidence.append(_notice(known, reminder_of(kind), due, now, mint(), to))
    watch = replace(watch, told=frozenset(told))
    watch = replace(watch, next_due=next_due(watch, view, inbox))
    return _change(known, watch, evidence, view, now)


def _owed(
    known: KnownDelivery, view: View, now: datetime, until: datetime, mint: Callable[[], str]
) -> Change:
    """Nobody is reminded of what it cannot have; after the first deadline there is nothing more to say."""
    watch = known.delivery.watch
    dues = [
        due
        for kind in DeadlineKind
        if moment_of(watch, kind, view, known.delivery.inbox) is not None
        and (due := due_of(watch, kind)) is not None
    ]
    first = min(dues, default=None)
    if first is None or OWED in watch.told:
        return _change(known, replace(watch, next_due=None), [], view, now)
    if first > until:
        return _change(known, replace(watch, next_due=first), [], view, now)
    watch = replace(watch, told=watch.told | {OWED}, next_due=None)
    return _change(known, watch, [_record(known, OWED, first, now, mint())], view, now)


def _change(
    known: KnownDelivery, watch: Watch, evidence: list[Evidence], view: View, now: datetime
) -> Change:
    delivery = known.delivery
    return Change(
        updates=(
            DeliveryUpdate(delivery.id, delivery.state, delivery.status, delivery.reason, watch),
        ),
        evidence=tuple(evidence),
        outbox=witness.receipt_rows(evidence, known.facts.lane, now, view),
    )


def _record(known: KnownDelivery, code: str, due: datetime, now: datetime, key: str) -> Evidence:
    return _notice(known, code, due, now, key, known.facts.reply_to or None)


def _notice(
    known: KnownDelivery, code: str, due: datetime, now: datetime, key: str, to: str | None
) -> Evidence:
    delivery = known.delivery
    agency = delivery.identity.recipient
    return Evidence(
        id=key,
        event=Event.CONSIGNMENT_NOTIFICATION,
        at=now,
        facts=known.facts,
        delivery_id=delivery.id,
        recipient=RecipientOutcome(
            agency, delivery.addressed, delivery.state, delivery.inbox, delivery.route
        ),
        refusal=refuse(code, agency=agency, due=wire_time(due, unit="seconds")),
        receipt_to=to,
    )


def _reminded(delivery: Delivery, view: View) -> str | None:
    """Whose receipts queue the recipient reads; None if it has none here any more, or never had."""
    if delivery.route is not RouteKind.LOCAL:
        return None
    system = view.directory.system_of(delivery.inbox)
    return delivery.inbox if system is not None and system.channel is Channel.AMQP else None
