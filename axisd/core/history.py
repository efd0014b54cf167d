"""What is remembered about a document beside its deliveries: statuses, links to other documents, recalls,
deadlines.

Values only. What they mean is decided in `statuses`, `recall`, `amendment` and `deadlines`; keeping them is the
ledger's work. Organs are canonical codes, instants are aware.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from axisd.core.submission import Door


@dataclass(frozen=True, slots=True)
class Watch:
    """What the axis awaits of one recipient: the instants by which, None where nothing is awaited.

    `arrived_at` and `registered_at` are the wire times at which statuses said so (02, which refuses, answers
    both); their deadlines stay beside them. `next_due`: when somebody has to look at this delivery next, for
    a reminder or because a deadline passed; None when there is nothing to look for. `told`: what was already
    said about it, such as `arrival-overdue`, or need not be said any more: each is said once.
    """

    arrival_due: datetime | None = None
    registration_due: datetime | None = None
    reply_due: datetime | None = None
    recall_due: datetime | None = None
    arrived_at: datetime | None = None
    registered_at: datetime | None = None
    next_due: datetime | None = None
    told: frozenset[str] = frozenset()


UNWATCHED = Watch()


CONSIGNMENT = "consignment"
"""The kind of what the axis itself owes: deliveries in our own outbox, by their first deadline."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """What one inbox owes of one kind (a `DeadlineKind`, or `CONSIGNMENT`, of which the others count the
    same deliveries). `overdue`: how many deadlines passed, the first of them at `since`; `waiting`: how many
    still run, the next until `next_due`. What was done, however late, is in neither."""

    kind: str
    inbox: str
    overdue: int
    since: datetime | None
    waiting: int
    next_due: datetime | None


@dataclass(frozen=True, slots=True)
class StatusRecord:
    """One business status as it came in, about one delivery; `delivery_id` is None while it is unmatched:
    no document is known that it could be about. `submission_id` is the status's own; `issuer` and
    `document_id` name the document it is about, `reporter` the organ that speaks; `at` is its wire time,
    `words` what its clerk wrote. `recipient`: of a word that asks a document back, the organ that it asks.
    `door`: which one it came in by, None where that was not kept yet.

    A recall (a document of type 1) that comes before what it recalls waits here too, under the code
    `recall`, once for each organ that it asks."""

    id: str
    submission_id: str
    delivery_id: str | None
    issuer: str
    document_id: str
    reporter: str
    code: str
    at: datetime
    words: str = ""
    recipient: str = ""
    door: Door | None = None


@dataclass(frozen=True, slots=True)
class Joined:
    """An unmatched status whose document turned up."""

    id: str
    delivery_id: str


class LinkKind(StrEnum):
    """What a document is to an earlier one."""

    REPLY = "reply"
    RECALL = "recall"
    UPDATE = "update"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class Link:
    """The submission `submission_id` answers, recalls, updates or replaces the document `document_id` of
    `issuer`, whether or not that one is known here. `recipient`: for which organ alone, "" for all."""

    id: str
    submission_id: str
    kind: LinkKind
    issuer: str
    document_id: str
    recipient: str = ""

    def changes(self, recipient: str) -> bool:
        """Whether it updates or replaces that document for `recipient`."""
        return self.kind in _CHANGES and self.recipient in {"", recipient}


_CHANGES: Final = frozenset({LinkKind.UPDATE, LinkKind.REPLACE})


class RecallOutcome(StrEnum):
    """`asked`: no answer yet. `withdrawn`: it had not been handed over, and never will be. `returned`: its
    recipient refused the document itself (02), so that there is nothing left to give back."""

    ASKED = "asked"
    WITHDRAWN = "withdrawn"
    AGREED = "agreed"
    REFUSED = "refused"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class Recall:
    """The newest recall of one delivery. `submission_id`: of the recall, or of the status 13."""

    delivery_id: str
    submission_id: str
    asked_at: datetime
    outcome: RecallOutcome
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True, order=True)
class NumberKey:
    """Number + notation + issuing organ within the year of promulgation (NĐ 30/2020 Điều 15: numbers restart
    each year). `year` is "" where the date does not begin with one."""

    sender: str
    number: str
    notation: str
    year: str


@dataclass(frozen=True, slots=True)
class Numbered:
    """The first accepted document with some number: what a later one with the same number repeats."""

    submission_id: str
    document_id: str
    received_at: datetime
