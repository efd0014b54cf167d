"""The mailbox of an agency whose system comes through a door (VXP, eDoc): its items, and their order.

An item is one delivery, under the delivery's own id; it stays until its system says `done`. The words are
those of the transport (spec/vxp.md, Meaning). What fetching and marking an item does is decided in
`axisd.core.handover`; here are the values, and which of them a page shows. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from axisd.core.lifecycle import DeliveryState
from axisd.core.submission import NORMAL_SHARE, Lane

PAGE: Final = 500
"""Items of one page at most. There is no second page: what is done makes room for what comes next."""
LONGEST_CAUSE: Final = 500
"""Characters of a recipient's cause that are kept."""


class ItemState(StrEnum):
    """How far an item has come. `initial`: nobody fetched it. `processing`: fetched, or taken up; its system
    has not said what came of it. `fail`: it said that it cannot take it; `done` may still follow.
    `withdrawn`: taken out of the mailbox, because its sender took it back before it was fetched, or because
    its recipient gave it back; its system never sees this word."""

    INITIAL = "initial"
    PROCESSING = "processing"
    FAIL = "fail"
    DONE = "done"
    WITHDRAWN = "withdrawn"


WAITING: Final = (ItemState.INITIAL, ItemState.PROCESSING, ItemState.FAIL)
"""What a list names and a count counts, in the order of the list."""


@dataclass(frozen=True, slots=True)
class MailboxMark:
    """How the item of the delivery `id` stands. `at`: since when; `cause`: why its system could not take it;
    `fetched_at`: when its bytes were handed out first, None if never."""

    id: str
    state: ItemState
    at: datetime
    cause: str = ""
    fetched_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MailboxItem:
    """One item as doors and operators see it. `number`: the place of its submission's acceptance in the
    chain, the same for all recipients of a message. `kind`: document or status; `business` and `status` as
    in `Facts`. `sender`: the canonical code of the organ that sent it; `addressed`: its recipient by each code that
    the envelope writes; `inbox`: the agency whose mailbox it is (another one for an intake office)."""

    mark: MailboxMark
    number: int
    submission_id: str
    document_id: str
    kind: str
    business: str
    status: str
    sender: str
    addressed: tuple[str, ...]
    inbox: str
    lane: Lane
    size: int
    digest: str
    created_at: datetime

    @property
    def id(self) -> str:
        """The id of the delivery."""
        return self.mark.id

    @property
    def state(self) -> ItemState:
        return self.mark.state

    @property
    def cause(self) -> str:
        return self.mark.cause

    @property
    def updated_at(self) -> datetime:
        return self.mark.at

    @property
    def fetched_at(self) -> datetime | None:
        return self.mark.fetched_at

    @property
    def recipient(self) -> str:
        """The recipient as the envelope addresses it first."""
        return self.addressed[0]

    @property
    def waits(self) -> bool:
        """Whether the mailbox lists it."""
        return self.mark.state in WAITING


@dataclass(frozen=True, slots=True)
class SentItem:
    """One leg of what an account handed in itself. `title` is the document's subject, "" where there is none;
    `reason`: why the delivery is in its state, "" if there is nothing to say; `status`: the furthest business
    status that the recipient reported. `received_at`: when the recipient is known to have it."""

    submission_id: str
    delivery_id: str
    document_id: str
    sender: str
    recipient: str
    kind: str
    title: str
    notation: str
    sent_at: datetime
    received_at: datetime | None
    state: DeliveryState
    reason: str
    status: str


@dataclass(frozen=True, slots=True)
class MailboxSummary:
    """Items of one mailbox in one state, and since when the oldest of them is in the mailbox."""

    inbox: str
    state: ItemState
    items: int
    oldest: datetime


def words_of(business: str) -> tuple[str, str]:
    """The business of a document and the code of a status, as `Facts` have them, of what `core.records.Identity`
    makes of the two."""
    first, _, rest = business.partition("/")
    return ("", rest.partition("/")[0]) if first == "status" else (first, "")


def received_at(arrived_at: datetime | None, mark: MailboxMark | None) -> datetime | None:
    """When a recipient is known to have what was sent: a status or its mailbox said so; None if neither did."""
    if arrived_at is None and mark is not None and mark.state is ItemState.DONE:
        return mark.at
    return arrived_at


class Place(NamedTuple):
    """Where an item stands in the list; places compare as the list is ordered."""

    state: int
    lane: int
    id: str

    @property
    def urgent(self) -> bool:
        return self.lane == 0


def place_of(key: str, state: ItemState, lane: Lane) -> Place:
    """What nobody has fetched comes first, so that an agency that never says `done` still gets all that is
    for it, and what failed comes last; of these the urgent before the normal, each by age."""
    return Place(WAITING.index(state), int(lane is not Lane.URGENT), key)


def page(urgent: Iterable[Place], normal: Iterable[Place], limit: int) -> Sequence[Place]:
    """The first `limit` places of a list. `urgent`, `normal`: at least the first `limit` of each lane.

    Where not all fit, one in `NORMAL_SHARE` belongs to what is normal, so that a flood of urgent documents
    slows the rest down and does not stop it.
    """
    ordinary = sorted(normal)
    first = sorted([*urgent, *ordinary])[:limit]
    chosen = [place for place in first if place.urgent]
    share = min(len(ordinary), max(limit // NORMAL_SHARE, len(first) - len(chosen)))
    return sorted([*chosen[: limit - share], *ordinary[:share]])
