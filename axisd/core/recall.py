"""Recall: a document of type 1, or status 13, by which a sender takes its document back (QC Điều 8.3).

Only the document's sender may ask. What still waits in our outbox, or unfetched in a mailbox, is withdrawn at
once, with evidence; what was placed is asked back, and its recipient answers 15 or 16 by a deadline. What is refused,
expired, withdrawn or recalled already cannot be recalled. The recall itself is delivered in every case: a copy
may be on its way at this very moment, or have left just before a crash, and only its recipient knows.

A recall that comes before its document, which a large body or a retry may hold up, waits for it as long as a
delivery is tried (`delivery.lifetime`), and takes it back when it comes.

When it turns out that a withdrawn copy did leave (the broker confirms it, the recipient reports it), truth
wins: the delivery is where it is, and the recall is open. From a recall on until it is refused by everybody,
the outgoing record is frozen (NĐ 30/2020 phụ lục VI); statuses go on being recorded.

Over the national axis only what came in over it can be recalled: nobody vouches there for who the sender is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from axisd.core import deadlines, dossier
from axisd.core.dossier import Ground
from axisd.core.effects import Effects
from axisd.core.history import Recall, RecallOutcome, StatusRecord, Watch
from axisd.core.lifecycle import OPEN, DeliveryEvent, DeliveryState, after
from axisd.core.reasons import Event, Refusal, refuse
from axisd.core.records import Delivery, KnownDelivery, RouteKind
from axisd.core.view import View
from axisd.core.zone import wire_time

_WORDS: Final = {
    DeliveryState.REJECTED: ("refused by its recipient", "đã bị nơi nhận từ chối"),
    DeliveryState.EXPIRED: ("given up as undeliverable", "đã hết hạn chuyển"),
    DeliveryState.WITHDRAWN: ("withdrawn already", "đã được rút về"),
    DeliveryState.RECALLED: ("recalled already", "đã được thu hồi"),
}
_UNGRANTED: Final = frozenset({RecallOutcome.ASKED, RecallOutcome.REFUSED})
_FAILURES: Final = {
    RouteKind.LOCAL: Event.CONTENT_CONSIGNMENT_FAILURE,
    RouteKind.MAILBOX: Event.CONTENT_HANDOVER_FAILURE,
    RouteKind.NATIONAL: Event.RELAY_FAILURE,
}
"""What a withdrawn copy did not come to."""


def asked_for(sender: str, document_id: str, organ: str, ground: Ground) -> list[KnownDelivery]:
    """The deliveries that a recall by `sender` from `organ` is about."""
    return ground.to_organ(ground.owned(ground.deliveries_of(sender, document_id)), organ)


def objection(sender: str, document_id: str, organ: str, ground: Ground) -> Refusal | None:
    """Why `sender` may not recall its document from `organ`; None if it may, or may have to wait for it."""
    items = asked_for(sender, document_id, organ, ground)
    if items:
        return None if any(map(_can_be_recalled, items)) else _closed(items[-1], organ)
    posed = ground.to_organ(ground.deliveries_of(sender, document_id), organ)
    if posed or ground.came_from_others(sender, organ, document_id):
        return refuse("recall-not-sender", agency=organ)
    return None


def early(document_id: str, organ: str, received_at: datetime, view: View) -> Refusal:
    """The remark on a recall of what `organ` was not sent yet, as far as is known."""
    until = wire_time(received_at + view.lifetime, unit="seconds")
    return refuse("recall-early", document=document_id, agency=organ, until=until)


def ask(effects: Effects, items: Iterable[KnownDelivery], by: str = "") -> None:
    """Takes back what can be taken back, and asks back the rest. `by`: the submission of the recall, if it
    is not the one that is decided on."""
    for item in map(effects.current, items):
        if dossier.waits(item):
            withdraw(effects, item)
            _note(effects, item, RecallOutcome.WITHDRAWN, by)
        elif dossier.was_placed(item):
            _note(effects, item, RecallOutcome.ASKED, by)
            _ask_back(effects, item)


def catch_up(effects: Effects, said: StatusRecord, ground: Ground) -> None:
    """The recall `said` waited for the document of which the decision makes new deliveries. `ground` is that of
    who asked it back."""
    if effects.facts.received_at > said.at + effects.view.lifetime:
        return
    items = ground.to_organ(ground.owned(effects.own), said.recipient)
    if items:
        effects.join(said, items[0])
        ask(effects, items, said.submission_id)


def _ask_back(effects: Effects, item: KnownDelivery) -> None:
    effects.put(item, watch=_asked_back(item.delivery, effects.now, effects.view))
    refusal = refuse("recall-asked", agency=item.delivery.identity.recipient)
    effects.tell(item, Event.CONSIGNMENT_NOTIFICATION, refusal, outcome="asked")


def withdraw(effects: Effects, item: KnownDelivery) -> None:
    """Its row leaves the outbox, or the mailbox no longer has it; its sender is told."""
    delivery = item.delivery
    if delivery.state in OPEN:
        effects.ends(delivery.id)
    item = effects.put(
        item,
        state=after(delivery.state, DeliveryEvent.WITHDRAWN),
        reason="withdrawn",
        watch=deadlines.ended(delivery.watch),
    )
    refusal = refuse("withdrawn", agency=delivery.identity.recipient)
    effects.tell(item, _FAILURES[delivery.route], refusal, to=item.facts.reply_to)


def answered(effects: Effects, item: KnownDelivery, *, agreed: bool) -> bool:
    """The recipient's answer, 15 or 16; False if it says nothing new. Agreed stays agreed, in whatever order
    the two come; a recipient may change its mind after refusing."""
    item = effects.current(item)
    delivery, recall = item.delivery, item.recall
    assert recall is not None, "only a recall is answered"
    if agreed and recall.outcome is not RecallOutcome.AGREED:
        effects.ends(delivery.id)
        effects.put(
            item,
            state=after(delivery.state, DeliveryEvent.RECALLED),
            reason="recall-agreed",
            watch=deadlines.ended(delivery.watch),
        )
        _answer(effects, item, RecallOutcome.AGREED)
        return True
    if not agreed and recall.outcome is RecallOutcome.ASKED:
        effects.put(item, watch=deadlines.answered(delivery.watch, effects.view, delivery.inbox))
        _answer(effects, item, RecallOutcome.REFUSED)
        return True
    return False


def returned(effects: Effects, item: KnownDelivery) -> None:
    """Its recipient refused the document itself, and has nothing left to give back, whatever it said before."""
    item = effects.current(item)
    if item.recall is not None and item.recall.outcome in _UNGRANTED:
        _answer(effects, item, RecallOutcome.RETURNED)


def reopen(effects: Effects, item: KnownDelivery) -> None:
    """Its recipient turned out to have what was thought withdrawn."""
    item = effects.current(item)
    recall, watch = left_after_all(item.recall, item.delivery, effects.now, effects.view)
    if recall is not None:
        effects.recalled(effects.put(item, watch=watch), recall)


def left_after_all(
    recall: Recall | None, delivery: Delivery, now: datetime, view: View
) -> tuple[Recall | None, Watch]:
    """The recall, and what is awaited, of a delivery that had been withdrawn and did leave. None: there was
    no recall, its recipient had been dropped by an update."""
    if recall is None:
        return None, delivery.watch
    watch = delivery.watch
    if delivery.state not in dossier.LIVE:
        return replace(recall, outcome=RecallOutcome.RETURNED, answered_at=now), watch
    if delivery.status == "16":
        return replace(recall, outcome=RecallOutcome.REFUSED, answered_at=now), watch
    return replace(recall, outcome=RecallOutcome.ASKED), _asked_back(delivery, now, view)


def _can_be_recalled(item: KnownDelivery) -> bool:
    return dossier.waits(item) or dossier.was_placed(item)


def _closed(item: KnownDelivery, organ: str) -> Refusal:
    state, state_vi = _WORDS[item.delivery.state]
    return refuse("recall-closed", agency=organ, state=state, state_vi=state_vi)


def _asked_back(delivery: Delivery, now: datetime, view: View) -> Watch:
    return deadlines.asked_back(delivery.watch, now, view, delivery.inbox)


def _note(effects: Effects, item: KnownDelivery, outcome: RecallOutcome, by: str) -> None:
    submission_id = by or effects.facts.submission_id
    effects.recalled(item, Recall(item.delivery.id, submission_id, effects.now, outcome))


def _answer(effects: Effects, item: KnownDelivery, outcome: RecallOutcome) -> None:
    recall = item.recall
    assert recall is not None, "only a recall is answered"
    effects.recalled(item, replace(recall, outcome=outcome, answered_at=effects.now))
