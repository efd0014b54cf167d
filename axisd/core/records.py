"""What a decision reads from the ledger and what it writes there: questions, known things, changes.

A `Change` is everything that one decision makes durable, in one transaction: the submission record,
the payload, the deliveries, the evidence, the outbox rows. It is a value; writing it is the ledger's work.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from axisd.core.evidence import Entry, Evidence, Facts, Receipt
from axisd.core.history import (
    UNWATCHED,
    Joined,
    Link,
    Numbered,
    NumberKey,
    Recall,
    StatusRecord,
    Watch,
)
from axisd.core.lifecycle import DeliveryState, SubmissionState
from axisd.core.mailbox import ItemState, MailboxMark
from axisd.core.submission import Door, Lane


@dataclass(frozen=True, slots=True, order=True)
class Identity:
    """The key by which a submission is judged, per recipient; the proof is the digest.

    `business` is the document's business type, or `status/<code>/<digest>`, or `recall/<digest>`: statuses
    and recalls repeat legitimately, so two of them are the same only if their bytes are. Organs are canonical
    codes.
    """

    sender: str
    business: str
    recipient: str
    document_id: str

    @property
    def of_document(self) -> bool:
        """Whether it is the document itself, not a status about it or a recall of it."""
        return "/" not in self.business

    def __str__(self) -> str:
        return f"{self.sender} {self.business} {self.recipient} {self.document_id}"


class RouteKind(StrEnum):
    LOCAL = "local"
    MAILBOX = "mailbox"
    NATIONAL = "national"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One leg to one recipient. `inbox`: the agency whose queue or mailbox it goes to (the intake
    office where the recipient has no system); for a national leg the recipient's code. `status`: the
    furthest business status reported, "" if none. `id` is also the AMQP `message_id`. `digest` names
    the payload; `proof` is what a repeat is compared with: the same digest, or a digest of the content
    for what came over the national axis, which serialises anew."""

    id: str
    submission_id: str
    identity: Identity
    addressed: tuple[str, ...]
    inbox: str
    route: RouteKind
    lane: Lane
    priority: int
    digest: str
    proof: str
    state: DeliveryState
    created_at: datetime
    expires_at: datetime
    status: str = ""
    reason: str = ""
    watch: Watch = UNWATCHED

    @property
    def destination(self) -> str:
        return f"{self.route}:{self.inbox}"

    @property
    def first_mark(self) -> MailboxMark | None:
        """How it stands in its mailbox when it is new; None for what goes another way."""
        if self.route is not RouteKind.MAILBOX:
            return None
        return MailboxMark(self.id, ItemState.INITIAL, self.created_at)


@dataclass(frozen=True, slots=True)
class KnownDelivery:
    """A delivery already in the ledger, with what its submission's acceptance said."""

    delivery: Delivery
    facts: Facts
    acceptance: str | None
    """Id of the SubmissionAcceptance receipt; None when nobody could be told."""
    recall: Recall | None = None
    mailbox: MailboxMark | None = None
    """How it stands in its recipient's mailbox; None for what goes another way."""
    failure: str | None = None
    """Id of the newest receipt that says why it failed; None for one that did not, or of which nobody was
    told."""


@dataclass(frozen=True, slots=True)
class SubmissionRecord:
    """One row for one hand-in. `subject` is None where it must not be kept (marks of secrecy). From
    `type_name` on: what a document says of itself (QC Điều 7.2), its kind, who signed it in what position, where
    it was promulgated, how many pages it has; "" for what it does not say."""

    facts: Facts
    state: SubmissionState
    reason: str = ""
    at: str | None = None
    line: int | None = None
    number: str = ""
    notation: str = ""
    promulgation_date: str = ""
    due_date: str = ""
    subject: str | None = None
    external_id: str | None = None
    duplicate_of: str | None = None
    type_name: str = ""
    signer: str = ""
    position: str = ""
    place: str = ""
    pages: str = ""

    @property
    def number_key(self) -> NumberKey | None:
        """By what a repeated number is found; None for what has no number, such as a status."""
        if not self.number:
            return None
        return number_key(self.facts.sender, self.number, self.notation, self.promulgation_date)


def number_key(sender: str, number: str, notation: str, promulgation_date: str) -> NumberKey:
    """The key of a document's number; the year is the first four digits of its date (yyyy/MM/dd)."""
    year = promulgation_date[:4]
    return NumberKey(sender, number, notation, year if year.isascii() and year.isdigit() else "")


INLINE_LIMIT: Final = 1024 * 1024
"""Bytes of a payload that travel in the ledger's own transaction at most; larger ones are staged."""


@dataclass(frozen=True, slots=True)
class Payload:
    """Bytes by digest. `body` is None when they were staged outside the ledger before the transaction."""

    digest: str
    size: int
    body: bytes | None


class OutboxKind(StrEnum):
    DELIVERY = "delivery"
    RECEIPT = "receipt"


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """Something that still has to leave. `id` is the message id: the delivery's or the receipt's.

    `destination` is `local:<agency>`, `national:<agency>` or `receipts:<agency>`. Ids are time-ordered
    (UUIDv7), so ordering by id is ordering by age. `size`: bytes of the body, so that whoever sends can
    bound what it loads. `behind`: the rows that have to leave before this one. `about`: the DocumentId that a
    delivery is about; "" for receipts.
    """

    id: str
    kind: OutboxKind
    destination: str
    lane: Lane
    due_at: datetime
    size: int = 0
    attempts: int = 0
    held: bool = False
    reason: str = ""
    behind: tuple[str, ...] = ()
    about: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryUpdate:
    """What a delivery is from now on. `watch` None: what is awaited of its recipient stays as it is."""

    id: str
    state: DeliveryState
    status: str
    reason: str
    watch: Watch | None = None


@dataclass(frozen=True, slots=True)
class Deferral:
    """A row that stays in the outbox: not before `due_at`."""

    id: str
    due_at: datetime
    attempts: int
    reason: str
    held: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """Everything one decision makes durable. `resend`: receipts that go out again, byte for byte. `mailbox`:
    how items stand from now on; a new delivery brings its own along (`Delivery.first_mark`)."""

    submission: SubmissionRecord | None = None
    payload: Payload | None = None
    deliveries: tuple[Delivery, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    outbox: tuple[OutboxRow, ...] = ()
    resend: tuple[OutboxRow, ...] = ()
    updates: tuple[DeliveryUpdate, ...] = ()
    done: tuple[str, ...] = ()
    deferrals: tuple[Deferral, ...] = ()
    statuses: tuple[StatusRecord, ...] = ()
    joined: tuple[Joined, ...] = ()
    links: tuple[Link, ...] = ()
    recalls: tuple[Recall, ...] = ()
    mailbox: tuple[MailboxMark, ...] = ()


@dataclass(frozen=True, slots=True)
class Questions:
    """What a decision needs to know. `documents`: (sender organ, DocumentId) pairs, all deliveries of each
    but those of statuses about it and of its recalls; `recalled`: such pairs, those of these deliveries alone
    that were ever recalled; `addressed`: (recipient organ, DocumentId), such deliveries of whatever sender;
    `changing`: (issuer, DocumentId) pairs, the deliveries of what updates or replaces that document;
    `unmatched`: such pairs, the statuses and recalls that wait for that document; `numbers`: which document had
    the number first; `rows`: outbox rows, of which it asks whether they still wait.
    """

    identities: frozenset[Identity] = frozenset()
    documents: frozenset[tuple[str, str]] = frozenset()
    recalled: frozenset[tuple[str, str]] = frozenset()
    addressed: frozenset[tuple[str, str]] = frozenset()
    changing: frozenset[tuple[str, str]] = frozenset()
    unmatched: frozenset[tuple[str, str]] = frozenset()
    numbers: frozenset[NumberKey] = frozenset()
    deliveries: frozenset[str] = frozenset()
    externals: frozenset[tuple[Door, str]] = frozenset()
    rows: frozenset[str] = frozenset()

    def __or__(self, other: Questions) -> Questions:
        return Questions(
            self.identities | other.identities,
            self.documents | other.documents,
            self.recalled | other.recalled,
            self.addressed | other.addressed,
            self.changing | other.changing,
            self.unmatched | other.unmatched,
            self.numbers | other.numbers,
            self.deliveries | other.deliveries,
            self.externals | other.externals,
            self.rows | other.rows,
        )


@dataclass(slots=True)
class Known:
    """The answers. A decision only reads them. `learn` adds what an earlier decision of the same
    transaction is about to write, so that two copies of one submission in one group still see each other.
    """

    deliveries: dict[str, KnownDelivery] = field(default_factory=dict)
    by_identity: dict[Identity, str] = field(default_factory=dict)
    externals: dict[tuple[Door, str], str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    """Rows that were asked about and no longer wait in the outbox."""
    unmatched: dict[str, StatusRecord] = field(default_factory=dict)
    """Statuses and recalls that wait for a document that was asked about, by their ids."""
    numbers: dict[NumberKey, Numbered] = field(default_factory=dict)
    _by_document: dict[tuple[str, str], dict[str, None]] = field(
        default_factory=dict, repr=False, compare=False
    )
    _changing: dict[tuple[str, str], dict[str, None]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def of(self, identity: Identity) -> KnownDelivery | None:
        key = self.by_identity.get(identity)
        return self.deliveries[key] if key is not None else None

    def of_document(self, sender: str, document_id: str) -> Iterable[KnownDelivery]:
        ids = self._by_document.get((sender, document_id), {})
        return [self.deliveries[key] for key in ids]

    def changing(self, issuer: str, document_id: str) -> Iterable[KnownDelivery]:
        """The deliveries of what updates or replaces that document."""
        return [self.deliveries[key] for key in self._changing.get((issuer, document_id), {})]

    def changes(self, known: KnownDelivery, issuer: str, document_id: str) -> None:
        """`known` is a delivery of something that updates or replaces that document."""
        self.add(known)
        self._changing.setdefault((issuer, document_id), {})[known.delivery.id] = None

    def add(self, known: KnownDelivery) -> None:
        identity = known.delivery.identity
        self.deliveries[known.delivery.id] = known
        self.by_identity[identity] = known.delivery.id
        document = identity.sender, identity.document_id
        self._by_document.setdefault(document, {})[known.delivery.id] = None

    def learn(self, change: Change) -> None:
        """Takes in what `change` is about to write."""
        record = change.submission
        if record is not None:
            self._learn_submission(record, change)
        self._learn_deliveries(change)
        self.unmatched.update((s.id, s) for s in change.statuses if s.delivery_id is None)
        for joined in change.joined:
            self.unmatched.pop(joined.id, None)
        for link in change.links:
            for delivery in change.deliveries:
                if link.changes(delivery.identity.recipient):
                    self.changes(self.deliveries[delivery.id], link.issuer, link.document_id)
        # A copy may be withdrawn by the very decision that makes it.
        self.gone.difference_update(row.id for row in (*change.outbox, *change.resend))
        self.gone.update(change.done)

    def _learn_deliveries(self, change: Change) -> None:
        for update in change.updates:
            known = self.deliveries.get(update.id)
            if known is not None:
                self.add(replace(known, delivery=updated(known.delivery, update)))
        for recall in change.recalls:
            known = self.deliveries.get(recall.delivery_id)
            if known is not None:
                self.add(replace(known, recall=recall))
        for mark in change.mailbox:
            known = self.deliveries.get(mark.id)
            if known is not None:
                self.add(replace(known, mailbox=mark))

    def _learn_submission(self, record: SubmissionRecord, change: Change) -> None:
        facts = record.facts
        acceptance = next((e.id for e in change.evidence if e.receipt_to is not None), None)
        for delivery in change.deliveries:
            self.add(KnownDelivery(delivery, facts, acceptance, mailbox=delivery.first_mark))
        if record.external_id is not None:
            self.externals.setdefault((facts.door, record.external_id), facts.submission_id)
        if record.number_key not in self.numbers:
            self.learn_number(record)

    def learn_number(self, record: SubmissionRecord) -> None:
        """Takes `record` for the first document with its number, if it has one and was accepted."""
        facts, key = record.facts, record.number_key
        if key is not None and record.state is SubmissionState.ACCEPTED:
            self.numbers[key] = Numbered(facts.submission_id, facts.document_id, facts.received_at)


def updated(delivery: Delivery, update: DeliveryUpdate) -> Delivery:
    """`delivery` as it is after `update`."""
    return replace(
        delivery,
        state=update.state,
        status=update.status,
        reason=update.reason,
        watch=delivery.watch if update.watch is None else update.watch,
    )


@dataclass(frozen=True, slots=True)
class Records:
    """A group of changes with their sealed evidence, ready to be written in one transaction."""

    changes: tuple[Change, ...]
    entries: tuple[Entry, ...]
    receipts: tuple[Receipt, ...]


@dataclass(frozen=True, slots=True)
class Parcel:
    """An outbox row with all that is needed to send it: `body` is the payload or the receipt's XML.

    `delivery` is set for deliveries, `receipt` for receipts. `must_wait`: a row that it comes behind has not
    left yet.
    """

    row: OutboxRow
    body: bytes
    facts: Facts
    delivery: Delivery | None = None
    receipt: Receipt | None = None
    must_wait: bool = False


@dataclass(frozen=True, slots=True)
class OutboxSummary:
    """One destination's backlog, for operators and metrics."""

    destination: str
    waiting: int
    held: int
    oldest: datetime | None
    reasons: Mapping[str, int]
