"""What fetching an item of a mailbox, and what its system says of it, make durable.

Fetching comes before the bytes leave: from then on the recipient may have the document, and a recall asks for it
back instead of withdrawing it. `done` means that the recipient's system took it (ContentHandover, told to
the sender), `fail` that it could not (ContentHandoverFailure, with its cause): the item stays in the mailbox, and
`done` may still follow. Whatever is said again changes nothing, a finished item is not opened again by a late
`processing`, and `done` is the last word. What was withdrawn is in no mailbox: nothing is done to it.

The first `fail` is told; of later ones only the cause is noted, so that a system which fails for ever does not fill the
ledger. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from axisd.core import deadlines, witness
from axisd.core.evidence import Evidence
from axisd.core.history import UNWATCHED
from axisd.core.lifecycle import DeliveryEvent, after
from axisd.core.mailbox import LONGEST_CAUSE, ItemState, MailboxMark
from axisd.core.reasons import Event, refuse
from axisd.core.records import Change, DeliveryUpdate, KnownDelivery
from axisd.core.view import View

_FAILED: Final = "handover-failed"
_FINISHED: Final = frozenset({ItemState.DONE, ItemState.WITHDRAWN})


def fetched(items: Iterable[KnownDelivery], now: datetime) -> Change:
    """The bytes of `items` are about to be handed out; nothing where they were before."""
    return Change(mailbox=tuple(mark for item in items for mark in _fetched(item.mailbox, now)))


def _fetched(mark: MailboxMark | None, now: datetime) -> Iterable[MailboxMark]:
    if mark is None or mark.state is ItemState.WITHDRAWN or mark.fetched_at is not None:
        return
    if mark.state is ItemState.INITIAL:
        mark = replace(mark, state=ItemState.PROCESSING, at=now)
    yield replace(mark, fetched_at=now)


def said_cause(text: str) -> str:
    """A recipient's cause as it is kept: one line, bounded, of characters that can be shown."""
    line = " ".join(text.split())
    return "".join(c if c.isprintable() else "\ufffd" for c in line)[:LONGEST_CAUSE]


@dataclass(slots=True)
class _Steps:
    """What the marks of one call come to, collected."""

    view: View
    mint: Callable[[], str]
    now: datetime
    marks: list[MailboxMark] = field(default_factory=list)
    updates: list[DeliveryUpdate] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)

    def take(self, item: KnownDelivery, state: ItemState, cause: str) -> None:
        mark = item.mailbox
        if mark is None or mark.state in _FINISHED:
            return
        if state is ItemState.DONE:
            self._done(item)
        elif state is ItemState.FAIL:
            self._fail(item, mark, cause)
            if mark.state is ItemState.FAIL and mark.cause == cause:
                return
        elif mark.state is not ItemState.INITIAL:
            return
        kept = cause if state is ItemState.FAIL else ""
        self.marks.append(replace(mark, state=state, at=self.now, cause=kept))

    def _done(self, item: KnownDelivery) -> None:
        delivery = item.delivery
        state = after(delivery.state, DeliveryEvent.TAKEN)
        if state is delivery.state:  # a status said so before, or refused it
            self._reason(item, "")
            return
        watch = delivery.watch
        if watch != UNWATCHED:
            watch = deadlines.reported(watch, "01", self.now, self.view, delivery.inbox)
        self.updates.append(DeliveryUpdate(delivery.id, state, delivery.status, "", watch))
        self._tell(item, Event.CONTENT_HANDOVER, ItemState.DONE)

    def _fail(self, item: KnownDelivery, mark: MailboxMark, cause: str) -> None:
        if mark.state is ItemState.FAIL:
            return
        self._reason(item, _FAILED)
        self._tell(item, Event.CONTENT_HANDOVER_FAILURE, ItemState.FAIL, cause)

    def _reason(self, item: KnownDelivery, reason: str) -> None:
        """Why the delivery is where it is, unless its recipient spoke of it by a status."""
        delivery = item.delivery
        if delivery.reason in {"", _FAILED} and delivery.reason != reason:
            self.updates.append(
                DeliveryUpdate(delivery.id, delivery.state, delivery.status, reason)
            )

    def _tell(self, item: KnownDelivery, event: Event, said: ItemState, cause: str = "") -> None:
        delivery = item.delivery
        refusal = refuse(
            _FAILED,
            agency=delivery.identity.recipient,
            detail=cause or "no cause given",
            detail_vi=cause or "không nêu nguyên nhân",
        )
        self.evidence.append(
            witness.about(
                delivery,
                item.facts,
                event,
                key=self.mint(),
                at=self.now,
                outcome=said,
                refusal=refusal if said is ItemState.FAIL else None,
                to=item.facts.reply_to,
            )
        )

    def change(self) -> Change:
        rows = [
            row
            for told in self.evidence
            for row in witness.receipt_rows((told,), told.facts.lane, self.now, self.view)
        ]
        return Change(
            updates=tuple(self.updates),
            evidence=tuple(self.evidence),
            outbox=tuple(rows),
            mailbox=tuple(self.marks),
        )


def marked(
    items: Iterable[KnownDelivery],
    state: ItemState,
    cause: str,
    *,
    view: View,
    mint: Callable[[], str],
    now: datetime,
) -> Change:
    """Their system says `state` of `items`: `processing`, `done`, or `fail` with its `cause` (`said_cause`)."""
    assert state in {ItemState.PROCESSING, ItemState.DONE, ItemState.FAIL}, "words of the transport"
    steps = _Steps(view, mint, now)
    for item in items:
        steps.take(item, state, cause)
    return steps.change()
