"""What the axis needs from the world, as protocols. Adapters implement them; services use them.

Each port promises one family of errors: `TransientError` when trying again later can help,
`IntegrityError` when storage contradicts itself. Nothing else leaves a port.
"""

from __future__ import annotations

from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol

from axisd.core.availability import Uptime
from axisd.core.checks import CheckRecord
from axisd.core.evidence import Entry, Facts, Head, Receipt
from axisd.core.federation import Attempted, Relayed, SettledItem, TurnedAway, Untaken
from axisd.core.history import Awaited
from axisd.core.interconnection import CheckRun
from axisd.core.mailbox import PAGE, ItemState, MailboxItem, MailboxSummary, SentItem
from axisd.core.reconciliation import Reconciliation, SentRow
from axisd.core.records import (
    Known,
    OutboxRow,
    OutboxSummary,
    Parcel,
    Questions,
    Records,
    SubmissionRecord,
)
from axisd.core.statistics import HandIn
from axisd.core.submission import Door, Submission
from axisd.core.timeline import Timeline
from axisd.errors import TransientError


class Clock(Protocol):
    """The only source of time and of new identifiers."""

    def now(self) -> datetime:
        """Wall time, aware, UTC."""

    def monotonic(self) -> float:
        """Seconds, for durations only."""

    def new_id(self) -> str:
        """A UUIDv7 (RFC 9562 §5.7) as text: later ids sort after earlier ones within this process."""


class Unsound(StrEnum):
    """Why a clock may not stand in receipts."""

    UNSYNCHRONISED = "unsynchronised"
    UNCERTAIN = "uncertain"
    TURNED = "turned"
    BEHIND = "behind"


class Soundness(Protocol):
    """Whether the clock may stand in receipts (QC Điều 10.3)."""

    def trouble(self) -> str:
        """Why nothing may be sealed now; "" while the clock is sound."""

    def sealed(self, at: datetime) -> None:
        """The ledger holds an entry of this time."""


class Transaction(Protocol):
    """One serialised write to the ledger. Leaving the context commits durably; an exception rolls back."""

    async def head(self) -> Head: ...

    async def known(self, questions: Questions) -> Known: ...

    async def write(self, records: Records) -> None: ...

    async def record_uptime(self, uptime: Uptime) -> None:
        """Keeps it under its id, in the place of what was kept there before."""

    async def record_untaken(self, untaken: Untaken) -> None:
        """Keeps it under its kind and number, in the place of what was kept there before."""

    async def forget_untaken(self, kind: str, doc_id: str) -> None:
        """It was taken after all."""


@dataclass(frozen=True, slots=True)
class Verification:
    """Result of checking the whole ledger: `faults` is empty when every link, receipt and payload holds."""

    entries: int
    receipts: int
    payloads: int
    head: Head
    faults: tuple[str, ...]


class Mailboxes(Protocol):
    """What the ledger holds for agencies behind doors, and what they handed in themselves. It knows no
    accounts: who may see what is decided by whoever asks (`axisd.service.mailbox`)."""

    async def page(
        self,
        inboxes: Collection[str],
        kind: str = "",
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = PAGE,
    ) -> Sequence[MailboxItem]:
        """What waits in these mailboxes, in the order of `core.mailbox.page`. `kind` "" for all; `since` and
        `until` (exclusive) bound when items came in."""

    async def count(self, inboxes: Collection[str], kind: str = "") -> int:
        """How many items wait there, however many a page shows."""

    async def items(self, ids: Collection[str]) -> Sequence[MailboxItem]:
        """By the ids of their deliveries, whatever their state; unknown ones are left out."""

    async def numbered(self, number: int) -> Sequence[MailboxItem]:
        """All items of the message whose acceptance has this place in the chain, whatever their state."""

    async def number_of(self, submission_id: str) -> int | None:
        """The place of a submission's acceptance in the chain; None if it was not accepted."""

    async def accepted(self, number: int) -> SubmissionRecord | None:
        """The submission whose acceptance has this place in the chain; None if that is no acceptance."""

    async def submission(self, submission_id: str) -> SubmissionRecord | None: ...

    async def sent(
        self,
        senders: Collection[str],
        kind: str = "",
        *,
        submission_id: str = "",
        limit: int = PAGE,
    ) -> Sequence[SentItem]:
        """What these organs handed in through doors and was accepted, one item for each delivery, newest
        submissions first; of one submission alone where one is named."""

    async def summary(self) -> Sequence[MailboxSummary]:
        """What waits, by mailbox and state."""

    async def pieces(self, digest: str) -> AsyncIterator[bytes] | None:
        """The payload with this digest, verified before the first piece is handed out, and never whole in
        memory; None if there is none. Raises IntegrityError when it is not what its digest says."""


class Ledger(Protocol):
    """Evidence, payloads, deliveries, outbox. One writer; reads never block it."""

    @property
    def mailboxes(self) -> Mailboxes: ...

    async def stage(self, digest: str, body: bytes) -> bool:
        """Makes a large payload durable outside the database before its transaction.

        Returns False when the payload is small enough to travel in the transaction itself.
        """

    def transaction(self) -> AbstractAsyncContextManager[Transaction]: ...

    async def outbox_ids(
        self, destination: str, after: str | None, limit: int
    ) -> Sequence[OutboxRow]:
        """Rows of one destination not held, ordered by id, from `after` (exclusive) on."""

    async def outbox_summary(self) -> Sequence[OutboxSummary]:
        """One item per destination that has rows."""

    async def parcels(self, ids: Sequence[str]) -> Sequence[Parcel]:
        """Rows with their bodies; ids that are gone or held are left out. One whose row in front still
        waits, held or not, is there and says so."""

    async def timeline(self, document_id: str) -> Timeline:
        """By DocumentId, submission id or delivery id; empty when nothing matches."""

    async def due(self, before: datetime, limit: int) -> Sequence[str]:
        """Ids of deliveries of which something is due until `before`, the longest due first."""

    async def next_due(self) -> datetime | None:
        """When something is due next, None if never; in the past if nobody has looked yet."""

    async def awaited(self, now: datetime) -> Sequence[Awaited]:
        """What is overdue and what is due next, by kind and inbox."""

    async def receipt(self, receipt_id: str) -> Receipt | None: ...

    async def payload(self, digest: str) -> bytes | None: ...

    def entries(self, after: int = 0) -> AsyncIterator[Entry]: ...

    async def about(self, subject: str, limit: int) -> Sequence[Entry]:
        """The newest entries about one submission, or one subject of the axis's own; newest first."""

    async def untaken(self, limit: int) -> Sequence[Untaken]:
        """Items of the national axis that could not be taken, the longest known first."""

    async def was_sent(
        self, number: str, notation: str, senders: Collection[str], recipients: Collection[str]
    ) -> bool:
        """Whether one of `senders` sent a document with this number and notation, which are compared as they
        are written, to one of `recipients`. Organs are canonical codes."""

    async def verify(self, *, payloads: bool = True) -> Verification: ...

    async def close(self) -> None: ...


class ReportSource(Protocol):
    """What reports are counted from. Bounds are half open: from `start`, before `end`."""

    def hand_ins(self, start: datetime, end: datetime) -> AsyncIterator[Sequence[HandIn]]:
        """What was received then, oldest first, in pieces."""

    async def checks(self, start: datetime, end: datetime) -> Sequence[CheckRecord]:
        """The interconnection checks on record, in order."""

    async def uptimes(self, start: datetime, end: datetime) -> Sequence[Uptime]:
        """Those that reach into that time, the last one before it, and the first of all, in order."""


class Delivered(StrEnum):
    """What the broker said about one publish."""

    CONFIRMED = "confirmed"
    RETURNED = "returned"
    NACKED = "nacked"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Message:
    """One AMQP message to publish on the default exchange, mandatory and persistent."""

    queue: str
    message_id: str
    body: bytes
    type: str
    correlation_id: str
    timestamp: datetime
    content_type: str = "application/xml"
    priority: int = 0
    headers: dict[str, str] = field(default_factory=dict)


class Publisher(Protocol):
    """Publishes with confirm and deadline. Raises TransientError while there is no connection."""

    async def publish(self, message: Message) -> Delivered: ...


Handle = Callable[[Submission], Awaitable[object]]
"""Takes one submission to its durable settlement; returning means that it may be acknowledged."""


class Intake(Protocol):
    """A stream of submissions. Each is acknowledged when `handle` returns, and not otherwise."""

    async def run(self, handle: Handle) -> None:
        """Until cancelled. Comes back by itself after the broker restarts or cancels the consumer."""

    async def drain(self) -> None:
        """Stops taking new submissions; those in flight go on."""


class TransportStatus(StrEnum):
    """What a receiver says of an item on the national axis (spec/vxp.md, Meaning)."""

    PROCESSING = "processing"
    DONE = "done"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class NationalItem:
    """One item waiting for us on the national axis."""

    doc_id: str
    message_type: str
    sender: str
    recipient: str
    created: str = ""
    status: str = ""
    """Its transport word there, "" where the list does not say."""


class LargeAnswerError(TransientError):
    """More bytes than the caller wants at this moment."""


@dataclass(frozen=True, slots=True)
class NationalAnswer:
    """`code` is "0" when the national axis took the message; `doc_id` is then its number."""

    code: str
    text: str = ""
    doc_id: str = ""

    @property
    def accepted(self) -> bool:
        return self.code == "0"


@dataclass(frozen=True, slots=True)
class ListedAgency:
    """One agency as a list of the national axis has it; "" where that list does not say. `other`: its code
    in the other style. `parent`: the code above it. `modified`: when its row changed last, as written."""

    code: str
    name: str
    other: str = ""
    parent: str = ""
    deleted: bool = False
    modified: str = ""


class NationalAxis(Protocol):
    """The national axis. TransientError when it cannot be reached or answers garbage."""

    async def send(
        self, body: bytes, *, kind: str, sender: str, recipients: Iterable[str]
    ) -> NationalAnswer: ...

    async def count(self, kind: str) -> int:
        """How many items of `kind` (`document` or `status`) wait for us."""

    async def waiting(self, kind: str) -> Sequence[NationalItem]: ...

    async def fetch(self, item: NationalItem, most: int | None = None) -> bytes:
        """The envelope of `item`. LargeAnswerError, without reading on, when it has more than `most` bytes."""

    async def report(
        self, item: NationalItem, status: TransportStatus, description: str = ""
    ) -> None: ...


class NationalLists(NationalAxis, Protocol):
    """The national axis with its list of what we sent."""

    async def sent_list(self, kind: str, number: str = "") -> Sequence[SentRow]:
        """What we sent of `kind`, one row for each recipient; asked about one `number`, that one alone, if it is
        there. TransientError when there is no list, or one that cannot be read."""


class FederationLedger(Protocol):
    """What the ledger knows of the traffic with the national axis."""

    def relayed(self, start: datetime) -> AsyncIterator[Sequence[Relayed]]:
        """What the national axis took from `start` on, in order, in pieces."""

    async def turned_away(self, since: datetime, limit: int) -> Sequence[TurnedAway]:
        """Items that were refused since then, newest first."""

    async def settled_items(self, external_ids: Sequence[str]) -> Sequence[SettledItem]:
        """Which of these items (`KIND/NUMBER`) were accepted here."""

    async def attempted(self, number: str, notation: str) -> Sequence[Attempted]:
        """Deliveries over the national axis of documents with this number and notation, newest first."""

    async def untaken(self, limit: int) -> Sequence[Untaken]:
        """Items that could not be taken, the longest known first."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What telemetry is told about one submission; never payload, subject, key or password."""

    facts: Facts
    state: str
    reason: str
    deliveries: int
    seconds: float
    timings: dict[str, float]
    redelivered: bool
    detail: str = ""


CallOutcome = Literal["ok", "refused", "failed"]


@dataclass(frozen=True, slots=True)
class DoorCall:
    """What telemetry is told about one call at a door over HTTP; never what it carried. `operation` is
    "unknown" for one that there is not. `code`: what the door's protocol answers. `account` "" for whoever did
    not prove to be one."""

    door: Door
    operation: str
    outcome: CallOutcome
    code: str
    account: str
    seconds: float


class OddCall(StrEnum):
    """What an eDoc client sent and hardly meant: its SDK keeps the headers of its first call. `same-docid`: one
    operation again and again about one message. `no-docid`, `no-type`: the header is not there, or says nothing.
    `other-type`: it says otherwise than the message. `unknown-docid`: it confirms what it was never sent."""

    SAME_NUMBER = "same-docid"
    NO_NUMBER = "no-docid"
    NO_KIND = "no-type"
    OTHER_KIND = "other-type"
    UNKNOWN_NUMBER = "unknown-docid"


class Telemetry(Protocol):
    """Counts and logs what happens. Never raises, never blocks."""

    def taken(self, submission: Submission) -> None: ...

    def settled(self, settled: Settled) -> None: ...

    def unsettled(self, submission: Submission) -> None:
        """A submission that was taken could not be settled now; its door will hand it in again."""

    def committed(self, changes: int, entries: int, seconds: float) -> None: ...

    def relayed(self, row: OutboxRow, outcome: str, seconds: float, reason: str = "") -> None: ...

    def national(self, operation: str, outcome: str, seconds: float, reason: str = "") -> None: ...

    def untaken(self, count: int) -> None:
        """So many items listed on the national axis could not be taken, again and again."""

    def backlog(self, summary: Sequence[OutboxSummary]) -> None: ...

    def marked(self, state: ItemState, kind: str, items: int) -> None:
        """So many items of mailboxes were fetched (`processing`), or marked by their system."""

    def mailboxes(self, summary: Sequence[MailboxSummary]) -> None:
        """What waits in mailboxes, as of now."""

    def noticed(self, reason: str) -> None:
        """Somebody is told that something is due, or overdue."""

    def awaited(self, awaited: Sequence[Awaited]) -> None:
        """What recipients owe, and what we owe them, as of now."""

    def checked(self, at: datetime, run: CheckRun) -> None:
        """An interconnection check is on record since `at`."""

    def outstanding(self, by_account: Mapping[str, int]) -> None:
        """What has not left yet of the systems for which that is limited."""

    def reconciled(self, at: datetime, run: Reconciliation) -> None:
        """A reconciliation with the national axis is on record since `at`."""

    def called(self, call: DoorCall) -> None:
        """A door over HTTP answered a call."""

    def odd_call(self, account: str, what: OddCall) -> None:
        """A known system called in a way that its software hardly meant."""

    def trouble(self, where: str, error: BaseException) -> None:
        """Something of ours failed; it is counted and logged with its cause."""

    def beat(self, part: str) -> None:
        """A sign of life of one part of the daemon; the watchdog looks at their age."""
