"""`axisd.ports.Mailboxes` over the ledger in memory: as strict as the one on SQL, and as slow as its size."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from datetime import datetime
from itertools import groupby

from axisd.adapters.memory.contents import ACCEPTANCES, Contents
from axisd.core.audit import digest_of
from axisd.core.lifecycle import SubmissionState
from axisd.core.mailbox import (
    PAGE,
    MailboxItem,
    MailboxSummary,
    SentItem,
    page,
    place_of,
    received_at,
    words_of,
)
from axisd.core.records import Delivery, SubmissionRecord
from axisd.core.submission import BEHIND_DOORS
from axisd.errors import IntegrityError

_PIECE = 64 * 1024


class MemoryMailboxes:
    """`contents`: asked anew each time."""

    def __init__(self, contents: Callable[[], Contents]) -> None:
        self._contents = contents

    async def page(
        self,
        inboxes: Collection[str],
        kind: str = "",
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = PAGE,
    ) -> Sequence[MailboxItem]:
        """What waits in these mailboxes, in the order of `core.mailbox.page`."""
        items = {
            item.id: item
            for item in self._waiting(inboxes, kind)
            if since is None or item.created_at >= since
            if until is None or item.created_at < until
        }
        places = [place_of(item.id, item.state, item.lane) for item in items.values()]
        urgent = [place for place in places if place.urgent]
        normal = [place for place in places if not place.urgent]
        return [items[place.id] for place in page(urgent, normal, limit)]

    async def count(self, inboxes: Collection[str], kind: str = "") -> int:
        """How many items wait there."""
        return sum(1 for _ in self._waiting(inboxes, kind))

    async def items(self, ids: Collection[str]) -> Sequence[MailboxItem]:
        """By the ids of their deliveries, in order of id; unknown ones are left out."""
        contents = self._contents()
        return [_item(contents, key) for key in sorted(set(ids)) if key in contents.mailbox]

    async def numbered(self, number: int) -> Sequence[MailboxItem]:
        """All items of the message with this number, in order of id."""
        record = await self.accepted(number)
        if record is None:
            return []
        submission_id = record.facts.submission_id
        return [item for item in self._all() if item.submission_id == submission_id]

    async def number_of(self, submission_id: str) -> int | None:
        """The place of a submission's acceptance in the chain."""
        return self._contents().number(submission_id)

    async def accepted(self, number: int) -> SubmissionRecord | None:
        """The submission whose acceptance has this place in the chain."""
        contents = self._contents()
        if not 0 < number <= len(contents.entries):
            return None
        entry = contents.entries[number - 1]
        return contents.submissions.get(entry.submission_id) if entry.event in ACCEPTANCES else None

    async def submission(self, submission_id: str) -> SubmissionRecord | None:
        """One submission by its id, or None."""
        return self._contents().submissions.get(submission_id)

    async def sent(
        self,
        senders: Collection[str],
        kind: str = "",
        *,
        submission_id: str = "",
        limit: int = PAGE,
    ) -> Sequence[SentItem]:
        """What these organs handed in through doors and was accepted, newest submissions first."""
        contents = self._contents()
        found = sorted(
            (
                delivery
                for delivery in contents.deliveries.values()
                if submission_id in {"", delivery.submission_id}
                if _is_sent(contents.submissions[delivery.submission_id], senders, kind)
            ),
            key=lambda delivery: delivery.id,
        )
        found.sort(key=lambda delivery: delivery.submission_id, reverse=True)
        return [_sent(contents, delivery) for delivery in found[:limit]]

    async def summary(self) -> Sequence[MailboxSummary]:
        """What waits, by mailbox and state."""
        items = sorted(
            (item for item in self._all() if item.waits), key=lambda i: (i.inbox, i.state)
        )
        grouped = groupby(items, key=lambda item: (item.inbox, item.state))
        return [
            MailboxSummary(inbox, state, len(found), min(item.created_at for item in found))
            for (inbox, state), found in ((key, list(group)) for key, group in grouped)
        ]

    async def pieces(self, digest: str) -> AsyncIterator[bytes] | None:
        """The payload with this digest, verified first; None if there is none."""
        body = self._contents().payloads.get(digest)
        if body is None:
            return None
        if digest_of(body) != digest:
            raise IntegrityError(f"payload {digest} has changed: its content is {digest_of(body)}")
        return _cut(body)

    def _all(self) -> Iterator[MailboxItem]:
        contents = self._contents()
        return (_item(contents, key) for key in sorted(contents.mailbox))

    def _waiting(self, inboxes: Collection[str], kind: str) -> Iterator[MailboxItem]:
        for item in self._all():
            if item.waits and item.inbox in inboxes and kind in {"", item.kind}:
                yield item


async def _cut(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), _PIECE):
        yield body[start : start + _PIECE]


def _item(contents: Contents, key: str) -> MailboxItem:
    delivery = contents.deliveries[key]
    identity = delivery.identity
    number = contents.number(delivery.submission_id)
    assert number is not None, "an item's submission was accepted"
    business, status = words_of(identity.business)
    return MailboxItem(
        mark=contents.mailbox[key],
        number=number,
        submission_id=delivery.submission_id,
        document_id=identity.document_id,
        kind=contents.submissions[delivery.submission_id].facts.kind,
        business=business,
        status=status,
        sender=identity.sender,
        addressed=delivery.addressed,
        inbox=delivery.inbox,
        lane=delivery.lane,
        size=len(contents.payloads[delivery.digest]),
        digest=delivery.digest,
        created_at=delivery.created_at,
    )


def _is_sent(record: SubmissionRecord, senders: Collection[str], kind: str) -> bool:
    facts = record.facts
    accepted = record.state is SubmissionState.ACCEPTED and facts.door in BEHIND_DOORS
    return accepted and facts.sender in senders and kind in {"", facts.kind}


def _sent(contents: Contents, delivery: Delivery) -> SentItem:
    record = contents.submissions[delivery.submission_id]
    mark = contents.mailbox.get(delivery.id)
    return SentItem(
        submission_id=delivery.submission_id,
        delivery_id=delivery.id,
        document_id=delivery.identity.document_id,
        sender=delivery.identity.sender,
        recipient=delivery.addressed[0],
        kind=record.facts.kind,
        title=record.subject or "",
        notation=record.notation,
        sent_at=record.facts.received_at,
        received_at=received_at(delivery.watch.arrived_at, mark),
        state=delivery.state,
        reason=delivery.reason,
        status=delivery.status,
    )
