"""The trace of a document: all that the ledger remembers of it, put together by submission and recipient.

Reasons are put into words, deadlines are judged, receipts are proven. Where a receipt does not hold,
nothing is read from it. Neither the subject nor the content of a document is in any of this, nor the names
of its attachments, which often say the same (QC Điều 7.2, but 1.2 and 6.1a). What happened in order is told
in `story`. Pure; the cost is that of proving the receipts, which can be left out.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from axisd.core import inspection
from axisd.core.deadlines import due_of, is_awaited
from axisd.core.envelope import Kind
from axisd.core.evidence import Entry, Receipt
from axisd.core.history import Link, Recall, StatusRecord
from axisd.core.lifecycle import SubmissionState
from axisd.core.mailbox import MailboxMark
from axisd.core.policy import DeadlineKind
from axisd.core.reasons import REASONS, Refusal
from axisd.core.receiptproof import ReceiptFacts, ReceiptVerdict, told_by
from axisd.core.records import Delivery, SubmissionRecord
from axisd.core.timeline import Timeline
from axisd.core.wording import Phrase

Prove = Callable[[bytes], ReceiptVerdict]

_NAMING: Final = frozenset(code for code, reason in REASONS.items() if "{name}" in reason.en)
"""Reasons and warnings whose sentences name an attachment; the place says well enough which one is meant."""
_UNSAID: Final = dict.fromkeys(("name", "listed", "declared", "found"), "…")


@dataclass(frozen=True, slots=True)
class Told:
    """A reason or a warning in words. `text` is None for a code that this version no longer knows."""

    code: str
    at: str | None
    line: int | None
    text: Phrase | None


@dataclass(frozen=True, slots=True)
class Proof:
    """A receipt, and whether it holds: None where that was not looked at. `fault` says why it does not."""

    id: str
    to: str
    holds: bool | None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an event was for one recipient."""

    organ: str
    outcome: str
    reason: Told | None
    note: Told | None


@dataclass(frozen=True, slots=True)
class Happened:
    """One entry of the evidence. `legal_at`: ISO 8601, None in evidence from before axisd knew working time.
    `steps` of the inspection: name, outcome, detail, as far as there is a receipt to read them from."""

    position: int
    at: datetime
    legal_at: str | None
    event: str
    delivery_id: str | None
    reason: Told | None
    warnings: tuple[Told, ...]
    external: str | None
    outcomes: tuple[Outcome, ...]
    steps: tuple[tuple[str, str, str], ...]
    receipt: Proof | None


class Kept(StrEnum):
    """How it stands with a deadline. `suspended`: nobody is pressed while a recall is unanswered."""

    MET = "met"
    LATE = "late"
    RUNNING = "running"
    OVERDUE = "overdue"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class Deadline:
    """Something that a recipient owes, or owed. `done` is when it did, as far as that is remembered."""

    kind: DeadlineKind
    due: datetime
    done: datetime | None
    kept: Kept


@dataclass(frozen=True, slots=True)
class Leg:
    """One delivery, with everything about it. `statuses` are those of its recipient, in order of arrival;
    `mailbox`: how it stands there, None for what goes another way."""

    delivery: Delivery
    happened: tuple[Happened, ...]
    statuses: tuple[StatusRecord, ...]
    deadlines: tuple[Deadline, ...]
    recall: Recall | None
    mailbox: MailboxMark | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """What a document is to another one. `later`: the other one came later, and refers to this one.
    `record` is the other one's, None if it is not known here."""

    link: Link
    later: bool
    record: SubmissionRecord | None


@dataclass(frozen=True, slots=True)
class Part:
    """One submission. `reports`: what its status, if it is one, was taken for; `matched` says whether any
    document is known that it is about (None if it is no status, or one from before that was remembered)."""

    record: SubmissionRecord
    happened: tuple[Happened, ...]
    legs: tuple[Leg, ...]
    references: tuple[Reference, ...]
    reports: tuple[StatusRecord, ...]

    @property
    def is_status(self) -> bool:
        return self.record.facts.kind == Kind.STATUS

    @property
    def is_signature_known(self) -> bool:
        """Whether anybody looked for a signature: what is refused at an earlier step may have one or not."""
        if self.record.facts.signature.state is not inspection.SignatureState.ABSENT:
            return True
        if self.record.state in {SubmissionState.ACCEPTED, SubmissionState.DUPLICATE}:
            return True
        steps = self.happened[0].steps if self.happened else ()
        skipped = inspection.Outcome.SKIPPED
        return any(name == "signature" and found != skipped for name, found, _ in steps)

    @property
    def matched(self) -> bool | None:
        if not self.reports or not self.is_status:
            return None
        return any(said.delivery_id is not None for said in self.reports)


@dataclass(frozen=True, slots=True)
class Trace:
    """`parts`: the submissions in the order in which they came in. `referred`: later documents that refer to
    this one."""

    parts: tuple[Part, ...]
    referred: tuple[Reference, ...]
    at: datetime

    @property
    def documents(self) -> tuple[Part, ...]:
        """The submissions that are no statuses."""
        return tuple(part for part in self.parts if not part.is_status)


def traced(timeline: Timeline, now: datetime, prove: Prove | None) -> Trace:
    """What `timeline` tells as of `now`. `prove` judges a receipt; None leaves all of them unproven."""
    return _Tracing(timeline, now, prove).run()


def told_of(content: Mapping[str, Any] | None) -> Told | None:
    """The reason as an entry keeps it, in words."""
    if content is None:
        return None
    code, at, line = content["code"], content["at"], content["line"]
    reason = REASONS.get(code)
    if reason is None:
        return Told(code, at, line, None)
    particulars = content["particulars"]
    if code in _NAMING:
        particulars = {key: _UNSAID.get(key, said) for key, said in particulars.items()}
    refusal = Refusal(reason, at, line, particulars)
    return Told(code, at, line, _sentence(refusal))


def _sentence(refusal: Refusal) -> Phrase:
    return Phrase(refusal.text("en"), refusal.text("vi"))


class _Tracing:
    def __init__(self, timeline: Timeline, now: datetime, prove: Prove | None) -> None:
        self._timeline = timeline
        self._now = now
        self._prove = prove
        self._receipts = {receipt.id: receipt for receipt in timeline.receipts}
        self._recalls = {recall.delivery_id: recall for recall in timeline.recalls}
        self._mailbox = {mark.id: mark for mark in timeline.mailbox}
        self._related = {record.facts.submission_id: record for record in timeline.related}
        self._by_document = _by_document((*timeline.submissions, *timeline.related))
        self._entries: dict[tuple[str, str | None], list[Entry]] = defaultdict(list)
        for entry in timeline.entries:
            self._entries[entry.submission_id, entry.delivery_id].append(entry)
        self._deliveries: dict[str, list[Delivery]] = defaultdict(list)
        for delivery in timeline.deliveries:
            self._deliveries[delivery.submission_id].append(delivery)
        self._reports: dict[str, list[StatusRecord]] = defaultdict(list)
        self._statuses: dict[str, list[StatusRecord]] = defaultdict(list)
        for status in timeline.statuses:
            self._reports[status.submission_id].append(status)
            if status.delivery_id is not None:
                self._statuses[status.delivery_id].append(status)
        self._links: dict[str, list[Link]] = defaultdict(list)
        for link in timeline.links:
            self._links[link.submission_id].append(link)

    def run(self) -> Trace:
        return Trace(
            tuple(map(self._part, self._timeline.submissions)),
            tuple(self._referred()),
            self._now,
        )

    def _part(self, record: SubmissionRecord) -> Part:
        key = record.facts.submission_id
        is_status = record.facts.kind == Kind.STATUS
        return Part(
            record,
            tuple(self._happened(e, steps=not is_status) for e in self._entries[key, None]),
            tuple(map(self._leg, self._deliveries[key])),
            tuple(
                Reference(link, False, self._by_document.get((link.issuer, link.document_id)))
                for link in self._links[key]
            ),
            tuple(self._reports[key]),
        )

    def _leg(self, delivery: Delivery) -> Leg:
        entries = self._entries[delivery.submission_id, delivery.id]
        return Leg(
            delivery,
            tuple(self._happened(entry, steps=False) for entry in entries),
            tuple(self._statuses[delivery.id]),
            tuple(_deadlines(delivery, self._now)),
            self._recalls.get(delivery.id),
            self._mailbox.get(delivery.id),
        )

    def _referred(self) -> Iterable[Reference]:
        """What others say of a document of one of its senders; a DocumentId alone may be another's too."""
        own = {record.facts.submission_id for record in self._timeline.submissions}
        issuers = {
            record.facts.sender
            for record in self._timeline.submissions
            if record.facts.kind != Kind.STATUS
        }
        for link in self._timeline.links:
            if link.submission_id not in own and (link.issuer in issuers or not issuers):
                yield Reference(link, True, self._related.get(link.submission_id))

    def _happened(self, entry: Entry, *, steps: bool) -> Happened:
        content = json.loads(entry.content)
        receipt, codes = self._receipts.get(entry.id), content["warnings"]
        proof, facts = self._proven(receipt, read=steps or bool(codes))
        return Happened(
            position=entry.position,
            at=entry.at,
            legal_at=content.get("legal_at"),
            event=entry.event,
            delivery_id=entry.delivery_id,
            reason=told_of(content["reason"]),
            warnings=_warnings(codes, facts),
            external=content.get("external"),
            outcomes=tuple(map(_outcome, content["recipients"])),
            steps=facts.steps if facts else (),
            receipt=proof,
        )

    def _proven(
        self, receipt: Receipt | None, *, read: bool
    ) -> tuple[Proof | None, ReceiptFacts | None]:
        if receipt is None:
            return None, None
        if self._prove is None:
            facts = told_by(receipt.body) if read else None
            return Proof(receipt.id, receipt.to, None), facts
        verdict = self._prove(receipt.body)
        return Proof(receipt.id, receipt.to, verdict.valid, verdict.fault), verdict.facts


def _by_document(records: Iterable[SubmissionRecord]) -> dict[tuple[str, str], SubmissionRecord]:
    """The first submission of each document, an accepted one before all others."""
    found: dict[tuple[str, str], SubmissionRecord] = {}
    for record in sorted(records, key=lambda one: one.state is not SubmissionState.ACCEPTED):
        if record.facts.kind == Kind.DOCUMENT:
            found.setdefault((record.facts.sender, record.facts.document_id), record)
    return found


def _outcome(content: Mapping[str, Any]) -> Outcome:
    return Outcome(
        content["organ"],
        content["outcome"],
        told_of(content["reason"]),
        told_of(content.get("note")),
    )


def _warnings(codes: Iterable[str], facts: ReceiptFacts | None) -> tuple[Told, ...]:
    """In the words of the receipt, which has their particulars; the entry has only their codes. Where those
    words name an attachment, in the same words without them."""
    if facts is None:
        return tuple(Told(code, None, None, None) for code in codes)
    return tuple(
        Told(
            code,
            at or None,
            int(line) if line else None,
            _sentence(Refusal(REASONS[code], particulars=_UNSAID))
            if code in _NAMING
            else Phrase(*words),
        )
        for code, at, line, words in facts.warnings
    )


def _deadlines(delivery: Delivery, now: datetime) -> Iterable[Deadline]:
    watch = delivery.watch
    done = {
        DeadlineKind.ARRIVAL: watch.arrived_at,
        DeadlineKind.REGISTRATION: watch.registered_at,
    }
    for kind in DeadlineKind:
        due = due_of(watch, kind)
        if due is not None:
            at = done.get(kind)
            yield Deadline(kind, due, at, _kept(delivery, kind, due, at, now))


def _kept(
    delivery: Delivery, kind: DeadlineKind, due: datetime, done: datetime | None, now: datetime
) -> Kept:
    if done is not None:
        return Kept.MET if done <= due else Kept.LATE
    if not is_awaited(delivery.watch, kind):
        return Kept.SUSPENDED
    return Kept.RUNNING if now <= due else Kept.OVERDUE
