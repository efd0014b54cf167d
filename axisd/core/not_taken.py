"""What it makes durable that a recipient's system called `fail` what the national axis had brought it.

The delivery stays as it is: that it was sent is true, and a status may still come. Its sender is told once, with
evidence; the reason that the delivery carries from then on says that this was done. Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from axisd.core import witness
from axisd.core.lifecycle import DeliveryState
from axisd.core.reasons import Event, refuse
from axisd.core.reconciliation import NOT_TAKEN
from axisd.core.records import Change, DeliveryUpdate, KnownDelivery
from axisd.core.view import View


def not_taken(
    known: KnownDelivery | None,
    number: str,
    words: str,
    view: View,
    *,
    mint: Callable[[], str],
    now: datetime,
) -> Change:
    """`number`: the axis's; `words`: what the recipient's system said. Nothing where it was told before, or where
    the recipient has spoken meanwhile."""
    if known is None or known.delivery.state is not DeliveryState.SENT:
        return Change()
    delivery, facts = known.delivery, known.facts
    if delivery.reason == NOT_TAKEN:
        return Change()
    agency = delivery.identity.recipient
    refusal = refuse(NOT_TAKEN, agency=agency, detail=words.rstrip(" .") or "no reason given")
    evidence = witness.about(
        delivery,
        facts,
        Event.CONTENT_HANDOVER_FAILURE,
        key=mint(),
        at=now,
        outcome="refused",
        refusal=refusal,
        external_id=number,
        to=facts.reply_to,
    )
    return Change(
        updates=(DeliveryUpdate(delivery.id, delivery.state, delivery.status, NOT_TAKEN),),
        evidence=(evidence,),
        outbox=witness.receipt_rows((evidence,), facts.lane, now, view),
    )
