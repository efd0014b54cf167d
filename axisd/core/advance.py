"""One step of one outbox row: what an attempt to send it makes durable.

Pure. A row that left is removed, in the same transaction as the evidence that it left; one that
did not is put off with backoff until its delivery's time is up, and then ends with evidence of that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from axisd.core.deadlines import ended, placed
from axisd.core.evidence import Evidence, RecipientOutcome
from axisd.core.history import Watch
from axisd.core.lifecycle import OPEN, DeliveryEvent, DeliveryState, after
from axisd.core.reasons import Event, Refusal, refuse
from axisd.core.records import (
    Change,
    Deferral,
    Delivery,
    DeliveryUpdate,
    Known,
    OutboxKind,
    OutboxRow,
    Parcel,
    RouteKind,
)
from axisd.core.retry import Backoff
from axisd.core.view import View
from axisd.core.zone import wire_time


@dataclass(frozen=True, slots=True)
class Sent:
    """It left: confirmed by the broker, or taken by the national axis under `external_id`."""

    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not leave. `final`: trying again cannot help. `everywhere`: whatever it was tried
    through is out of order, so nothing else need be tried there for a while."""

    refusal: Refusal
    final: bool = False
    everywhere: bool = False


Attempt = Sent | Failed


@dataclass(frozen=True, slots=True)
class Means:
    """What advancing needs from outside: policy, chance in [0, 1), ids, the time, the view."""

    backoff: Backoff
    chance: float
    mint: Callable[[], str]
    now: datetime
    view: View


def advance(parcel: Parcel, attempt: Attempt, known: Known, means: Means) -> Change:
    """What `attempt` to send `parcel` makes durable.

    A row that no longer waits was ended meanwhile, by an operator or by the same mark, whose commit
    succeeded although its outcome was lost: nothing is added to that. A delivery that its recipient already
    spoke of is not failed any more: its row goes on, or just ends.
    """
    if parcel.row.id in known.gone:
        return Change()
    if parcel.row.kind is OutboxKind.RECEIPT or parcel.delivery is None:
        return _receipt(parcel, attempt, means)
    current = known.deliveries.get(parcel.delivery.id)
    delivery = current.delivery if current else parcel.delivery
    if isinstance(attempt, Sent):
        return _ended(parcel, delivery, DeliveryEvent.CONFIRMED, None, attempt, means)
    refusal, event = attempt.refusal, DeliveryEvent.REFUSED
    if not attempt.final:
        if means.now < delivery.expires_at:
            return _deferred(parcel, delivery, refusal, means)
        refusal, event = _expiry(delivery), DeliveryEvent.OUTLIVED
    if delivery.state not in OPEN:
        return Change(done=(parcel.row.id,))
    return _ended(parcel, delivery, event, refusal, attempt, means)


def _receipt(parcel: Parcel, attempt: Attempt, means: Means) -> Change:
    """A receipt stays in the ledger whatever happens, so nothing is lost when sending it ends."""
    if isinstance(attempt, Sent) or attempt.final:
        return Change(done=(parcel.row.id,))
    return Change(deferrals=(_deferral(parcel, attempt.refusal, means),))


def _deferral(parcel: Parcel, refusal: Refusal, means: Means, *, held: bool = False) -> Deferral:
    attempts = parcel.row.attempts + 1
    due = means.now + means.backoff.after(attempts, means.chance)
    return Deferral(parcel.row.id, due, attempts, refusal.code, held)


def _deferred(parcel: Parcel, delivery: Delivery, refusal: Refusal, means: Means) -> Change:
    # An operator may have held it while it was under way.
    held = delivery.state is DeliveryState.HELD
    deferral = _deferral(parcel, refusal, means, held=held)
    if delivery.state not in OPEN:
        return Change(deferrals=(deferral,))
    state = after(delivery.state, DeliveryEvent.FAILED)
    update = DeliveryUpdate(delivery.id, state, delivery.status, refusal.code)
    return Change(updates=(update,), deferrals=(deferral,))


def _ended(
    parcel: Parcel,
    delivery: Delivery,
    event: DeliveryEvent,
    refusal: Refusal | None,
    attempt: Attempt,
    means: Means,
) -> Change:
    state = after(delivery.state, event)
    # What the recipient said meanwhile stays said.
    reason = refusal.code if refusal else "" if delivery.state in OPEN else delivery.reason
    facts = parcel.facts
    evidence = Evidence(
        id=means.mint(),
        event=_witness(delivery.route, event, refusal),
        at=means.now,
        facts=facts,
        delivery_id=delivery.id,
        recipient=RecipientOutcome(
            delivery.identity.recipient,
            delivery.addressed,
            "accepted" if refusal is None else "refused",
            delivery.inbox,
            delivery.route,
            refusal,
        ),
        refusal=refusal,
        external_id=attempt.external_id if isinstance(attempt, Sent) else None,
        receipt_to=facts.reply_to or None,
    )
    receipt = (
        (
            OutboxRow(
                evidence.id,
                OutboxKind.RECEIPT,
                f"receipts:{facts.reply_to}",
                facts.lane,
                means.now,
            ),
        )
        if facts.reply_to
        else ()
    )
    return Change(
        updates=(
            DeliveryUpdate(
                delivery.id, state, delivery.status, reason, _watch(delivery, refusal, means)
            ),
        ),
        evidence=(evidence,),
        outbox=receipt,
        done=(parcel.row.id,),
    )


def _watch(delivery: Delivery, refusal: Refusal | None, means: Means) -> Watch | None:
    """None where it stays as it is, which is what it does if it left at once."""
    watch = delivery.watch
    if refusal is None:
        moved = placed(watch, means.now, means.view, delivery.inbox)
    else:
        moved = ended(watch)
    return None if moved == watch else moved


def _witness(route: RouteKind, event: DeliveryEvent, refusal: Refusal | None) -> Event:
    if route is RouteKind.NATIONAL:
        if refusal is None:
            return Event.RELAY_ACCEPTANCE
        return Event.RELAY_FAILURE if event is DeliveryEvent.OUTLIVED else Event.RELAY_REJECTION
    return Event.CONTENT_CONSIGNMENT if refusal is None else Event.CONTENT_CONSIGNMENT_FAILURE


def _expiry(delivery: Delivery) -> Refusal:
    code = "national-expired" if delivery.route is RouteKind.NATIONAL else "expired"
    return refuse(
        code,
        agency=delivery.identity.recipient,
        date=wire_time(delivery.expires_at, unit="seconds"),
    )
