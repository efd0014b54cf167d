"""What is known of one document: its deliveries, those to one organ, those of other senders, its recalls.

A document is known by its sender's organ and its DocumentId; a recall goes under the DocumentId of what it
recalls, and is not the document. Codes close, and organs take the place of others: who speaks for whom is asked
as of the day of the message. Pure questions; they see only what was asked of the ledger.

Over the national axis nobody vouches for who somebody is: from there only what went out over it can be spoken
of, and only what came in over it can be recalled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from axisd.core.envelope import Business, Kind
from axisd.core.history import RecallOutcome
from axisd.core.lifecycle import OPEN, DeliveryState
from axisd.core.mailbox import ItemState
from axisd.core.records import Delivery, Known, KnownDelivery, RouteKind
from axisd.core.routing import heirs_of, kin_of, organ_of
from axisd.core.submission import Door
from axisd.core.view import View

_FREEZES: Final = frozenset({RecallOutcome.ASKED, RecallOutcome.WITHDRAWN, RecallOutcome.AGREED})
_PLACED: Final = frozenset({DeliveryState.SENT, DeliveryState.HANDED_OVER})
LIVE: Final = OPEN | _PLACED
"""States of which something can still be awaited; the others are ends."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a message is judged on: what is known, the view, the door that it came in by, and its day."""

    known: Known
    view: View
    door: Door
    day: date
    _heirs: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False, compare=False)

    def organ(self, code: str) -> str:
        """The canonical code of the organ behind `code`."""
        return organ_of(code, self.view.directory)

    def kin(self, code: str) -> tuple[str, ...]:
        """The organs under which documents of the one behind `code` are known: itself first."""
        return kin_of(code, self.view.directory, self.day)

    def deliveries_of(self, sender: str, document_id: str) -> list[KnownDelivery]:
        """The deliveries of the document `document_id` of `sender`, whatever became of them. It may be known
        under any code of its sender through time; the sender's own comes first."""
        for organ in self.kin(sender):
            found = [i for i in self.known.of_document(organ, document_id) if is_document(i)]
            if found:
                return found
        return []

    def changing(self, issuer: str, document_id: str) -> list[KnownDelivery]:
        """The deliveries of what updates or replaces a document, known under any code of its issuer."""
        return [
            item
            for organ in self.kin(issuer)
            for item in self.known.changing(organ, document_id)
            if is_document(item)
        ]

    def known_under(self, sender: str, document_id: str) -> str:
        """The organ under which the document is known here; `sender` itself if it is not."""
        known = self.deliveries_of(sender, document_id)
        return known[0].delivery.identity.sender if known else sender

    def to_organ(self, items: Iterable[KnownDelivery], organ: str) -> list[KnownDelivery]:
        """Of `items` those addressed to `organ`, or to a code whose place it has taken, or that took its."""
        heirs = self.heirs(organ)
        return [
            item
            for item in items
            if item.delivery.identity.recipient in heirs
            or organ in self.heirs(item.delivery.identity.recipient)
        ]

    def heirs(self, code: str) -> tuple[str, ...]:
        """The organs that speak today for the one behind `code`: itself first, then its successors."""
        found = self._heirs.get(code)
        if found is None:
            found = self._heirs[code] = heirs_of(code, self.view.directory, self.day)
        return found

    def spoken_of(self, items: Iterable[KnownDelivery], reporter: str) -> list[KnownDelivery]:
        """Of `items` those that `reporter` can speak of: its own, else those that it got as intake office,
        else those of whom it has taken the place."""
        vouched = [
            item
            for item in items
            if self.door is not Door.NATIONAL or item.delivery.route is RouteKind.NATIONAL
        ]
        return (
            [item for item in vouched if item.delivery.identity.recipient == reporter]
            or [item for item in vouched if item.delivery.inbox == reporter]
            or [item for item in vouched if reporter in self._speaking(item.delivery)]
        )

    def _speaking(self, delivery: Delivery) -> Iterator[str]:
        """Who speaks today for whom `delivery` went to: its recipient by any code it was written with, and
        whoever took over from it or from the office that received it."""
        yield from (self.view.directory.canonical(code) for code in delivery.addressed)
        for code in (delivery.identity.recipient, delivery.inbox):
            yield from self.heirs(code)

    def owned(self, items: Iterable[KnownDelivery]) -> list[KnownDelivery]:
        """Of `items`, which name the sender of the message as theirs, those that it can take back."""
        return [
            item
            for item in items
            if self.door is not Door.NATIONAL or item.facts.door is Door.NATIONAL
        ]

    def came_from_others(self, sender: str, organ: str, document_id: str) -> bool:
        """Whether `organ` got a document with this DocumentId from anybody but `sender`."""
        return any(
            is_document(item)
            for item in self.known.deliveries.values()
            if item.delivery.identity.document_id == document_id
            if item.delivery.identity.recipient == organ
            if item.delivery.identity.sender != sender
        )


def is_document(item: KnownDelivery) -> bool:
    """Whether it is a delivery of a document, not of a status or of a recall."""
    return item.facts.kind == Kind.DOCUMENT and item.facts.business != Business.RECALL


def is_recalled(items: Iterable[KnownDelivery]) -> bool:
    """Whether the outgoing record is frozen: a recall of it is open, or was not refused (NĐ 30 PL VI)."""
    return any(item.recall is not None and item.recall.outcome in _FREEZES for item in items)


def waits(item: KnownDelivery) -> bool:
    """Whether its recipient cannot have it yet, as far as the ledger knows: it lies in the outbox, or in a
    mailbox from which nobody fetched it."""
    state = item.delivery.state
    if item.mailbox is not None:
        return state is DeliveryState.SENT and item.mailbox.state is ItemState.INITIAL
    return state in OPEN


def was_placed(item: KnownDelivery) -> bool:
    """Whether its recipient has it, or can have it."""
    return item.delivery.state in _PLACED and not waits(item)
