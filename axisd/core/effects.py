"""What one decision does to deliveries: collected step by step, and added to its change in the end.

A status moves the delivery it is about, a recall withdraws others, an update drops recipients. Each step
sees what the ones before it did. Every move that is told leaves evidence with the facts of the document,
not of the message that moved it, so that a document's trace has all of it. Pure: it collects values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from axisd.core import witness
from axisd.core.dossier import Ground
from axisd.core.evidence import Evidence, Facts
from axisd.core.history import Joined, Link, LinkKind, Recall, StatusRecord, Watch
from axisd.core.lifecycle import DeliveryState
from axisd.core.mailbox import WAITING, ItemState, MailboxMark
from axisd.core.reasons import Event, Refusal
from axisd.core.records import Change, DeliveryUpdate, KnownDelivery, updated

OUT: Final = frozenset({DeliveryState.WITHDRAWN, DeliveryState.RECALLED})
"""States of what its sender took back, or its recipient gave back: it is in no mailbox any more."""


class Effects:
    """The steps of the decision whose submission `facts` describe. `own`: its new deliveries."""

    def __init__(
        self,
        facts: Facts,
        ground: Ground,
        *,
        mint: Callable[[], str],
        now: datetime,
        own: Iterable[KnownDelivery] = (),
    ) -> None:
        self.facts = facts
        self.ground = ground
        self.view = ground.view
        self.now = now
        self.own = tuple(own)
        self._mint = mint
        self._before: dict[str, KnownDelivery] = {}
        self._after: dict[str, KnownDelivery] = {}
        self._evidence: list[Evidence] = []
        self._done: list[str] = []
        self._statuses: list[StatusRecord] = []
        self._joined: list[Joined] = []
        self._links: list[Link] = []
        self._recalls: dict[str, Recall] = {}

    def current(self, item: KnownDelivery) -> KnownDelivery:
        """`item` as the steps so far have left it."""
        return self._after.get(item.delivery.id, item)

    def put(
        self,
        item: KnownDelivery,
        *,
        state: DeliveryState | None = None,
        status: str | None = None,
        reason: str | None = None,
        watch: Watch | None = None,
    ) -> KnownDelivery:
        """From now on its delivery is so; what is None stays."""
        item = self.current(item)
        old = item.delivery
        new = replace(
            old,
            state=state or old.state,
            status=old.status if status is None else status,
            reason=old.reason if reason is None else reason,
            watch=watch or old.watch,
        )
        self._before.setdefault(old.id, item)
        self._after[old.id] = replace(item, delivery=new)
        return self._after[old.id]

    def recalled(self, item: KnownDelivery, recall: Recall) -> KnownDelivery:
        """The newest recall of its delivery is `recall`."""
        item = self.current(item)
        self._before.setdefault(item.delivery.id, item)
        self._recalls[item.delivery.id] = recall
        self._after[item.delivery.id] = replace(item, recall=recall)
        return self._after[item.delivery.id]

    def tell(
        self,
        item: KnownDelivery,
        event: Event,
        refusal: Refusal | None = None,
        *,
        outcome: str = "refused",
        to: str = "",
    ) -> None:
        """Evidence about its delivery; `to` is told by a receipt, nobody if ""."""
        self._evidence.append(
            witness.about(
                self.current(item).delivery,
                item.facts,
                event,
                key=self._mint(),
                at=self.now,
                outcome=outcome,
                refusal=refusal,
                to=to,
            )
        )

    def ends(self, row: str) -> None:
        """What waits in the outbox under this id, if anything does, never leaves."""
        self._done.append(row)

    def report(self, said: StatusRecord) -> None:
        """Another word of the history."""
        self._statuses.append(said)

    def join(self, said: StatusRecord, item: KnownDelivery) -> None:
        """A word of the history found the delivery that it is about."""
        self._joined.append(Joined(said.id, item.delivery.id))

    def link(self, kind: LinkKind, issuer: str, document_id: str, recipient: str = "") -> None:
        """What the submission is to an earlier document."""
        submission_id = self.facts.submission_id
        self._links.append(Link(self._mint(), submission_id, kind, issuer, document_id, recipient))

    def mint(self) -> str:
        """A new id."""
        return self._mint()

    def on(self, change: Change) -> Change:
        """`change` with all of it."""
        if not (self._after or self._evidence or self._done or self._statuses or self._links):
            return change
        rows = [
            row
            for item in self._evidence
            for row in witness.receipt_rows((item,), item.facts.lane, self.now, self.view)
        ]
        return replace(
            change,
            updates=(*change.updates, *self._updates()),
            evidence=(*change.evidence, *self._evidence),
            outbox=(*change.outbox, *rows),
            done=(*change.done, *self._done),
            statuses=tuple(self._statuses),
            joined=tuple(self._joined),
            links=tuple(self._links),
            recalls=tuple(self._recalls.values()),
            mailbox=tuple(self._taken_out()),
        )

    def _taken_out(self) -> Iterable[MailboxMark]:
        for item in self._after.values():
            mark = item.mailbox
            if item.delivery.state in OUT and mark is not None and mark.state in WAITING:
                yield replace(mark, state=ItemState.WITHDRAWN, at=self.now)

    def _updates(self) -> Iterable[DeliveryUpdate]:
        for key, item in self._after.items():
            old, new = self._before[key].delivery, item.delivery
            watch = new.watch if new.watch != old.watch else None
            update = DeliveryUpdate(key, new.state, new.status, new.reason, watch)
            if updated(old, update) != old:
                yield update
