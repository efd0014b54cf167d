"""One step of one outbox row: what an attempt to send it makes durable.

Pure. A row that left is removed, in the same transaction as the evidence that it left; one that
did not is put off with backoff until its delivery's time is up, and then ends with evidence of that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from axisd.core import deadlines, dossier, recall, witness
from axisd.core.history import Watch
from axisd.core.lifecycle import OPEN, DeliveryEvent, DeliveryState, after
from axisd.core.reasons import Event, Refusal, refuse
from axisd.core.records import (
    Change,
    Deferral,
    Delivery,
    DeliveryUpdate,
    Known,
    KnownDelivery,
    OutboxKind,
    Parcel,
    RouteKind,
    updated,
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

_UNSPOKEN: Final = OPEN | {DeliveryState.WITHDRAWN}
"""States that no word of the recipient led to."""


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
    succeeded although its outcome was lost: nothing is added to that. But a copy that left while its delivery
    was withdrawn did leave. A delivery that its recipient already spoke of is not failed any more: its row goes
    on, or just ends.
    """
    if parcel.row.id in known.gone:
        return _left_after_all(parcel, attempt, known.deliveries.get(parcel.row.id), means)
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


def _left_after_all(
    parcel: Parcel, attempt: Attempt, current: KnownDelivery | None, means: Means
) -> Change:
    """Truth wins: what was withdrawn at the very moment is where it is, and its recall is open."""
    if not isinstance(attempt, Sent) or current is None:
        return Change()
    if current.delivery.state is not DeliveryState.WITHDRAWN:
        return Change()
    change = _ended(parcel, current.delivery, DeliveryEvent.CONFIRMED, None, attempt, means)
    (moved,) = change.updates
    delivery = updated(current.delivery, moved)
    asked, watch = recall.left_after_all(current.recall, delivery, means.now, means.view)
    recalls = () if asked is None else (asked,)
    return replace(change, updates=(replace(moved, watch=watch),), recalls=recalls)


def _receipt(parcel: Parcel, attempt: Attempt, means: Means) -> Change:
    """A receipt stays in the ledger whatever happens, so nothing is lost when sending it ends. One that does not
    leave for an agency which has gone behind a door since will never leave."""
    agency = parcel.row.destination.partition(":")[2]
    if isinstance(attempt, Sent) or attempt.final:
        return Change(done=(parcel.row.id,))
    if not witness.takes_receipts(agency, means.view):
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
    kept = "" if delivery.state in _UNSPOKEN else delivery.reason
    facts = parcel.facts
    evidence = witness.about(
        delivery,
        facts,
        _witness(delivery.route, event, refusal),
        key=means.mint(),
        at=means.now,
        outcome="accepted" if refusal is None else "refused",
        refusal=refusal,
        external_id=attempt.external_id if isinstance(attempt, Sent) else None,
        to=facts.reply_to,
    )
    reason = refusal.code if refusal else kept
    watch = _awaited(delivery, state, means)
    return Change(
        updates=(DeliveryUpdate(delivery.id, state, delivery.status, reason, watch),),
        evidence=(evidence,),
        outbox=witness.receipt_rows((evidence,), facts.lane, means.now, means.view),
        done=(parcel.row.id,),
    )


def _awaited(delivery: Delivery, state: DeliveryState, means: Means) -> Watch | None:
    """What is awaited of the recipient from now on; None where that stays as it is."""
    if state in dossier.LIVE:
        watch = deadlines.placed(delivery.watch, means.now, means.view, delivery.inbox)
    else:
        watch = deadlines.ended(delivery.watch)
    return None if watch == delivery.watch else watch


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
