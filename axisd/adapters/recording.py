"""Telemetry that keeps what it was told, for tests and rehearsals. It counts nothing and logs nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from axisd.core.history import Awaited
from axisd.core.interconnection import CheckRun
from axisd.core.mailbox import ItemState, MailboxSummary
from axisd.core.reconciliation import Reconciliation
from axisd.core.records import OutboxRow, OutboxSummary
from axisd.core.submission import Submission
from axisd.ports import DoorCall, OddCall, Settled


@dataclass(slots=True)
class RecordingTelemetry:
    """`axisd.ports.Telemetry`. Lists are in order of happening."""

    submissions: list[str] = field(default_factory=list)
    settlements: list[Settled] = field(default_factory=list)
    handed_back: list[str] = field(default_factory=list)
    commits: list[tuple[int, int]] = field(default_factory=list)
    """Changes and entries of each commit."""
    attempts: list[tuple[str, str, str]] = field(default_factory=list)
    """Row id, outcome, reason."""
    exchanges: list[tuple[str, str, str]] = field(default_factory=list)
    """Operation, outcome, reason."""
    backlogs: list[tuple[OutboxSummary, ...]] = field(default_factory=list)
    marks: list[tuple[ItemState, str, int]] = field(default_factory=list)
    """State, kind, number of items."""
    boxes: list[tuple[MailboxSummary, ...]] = field(default_factory=list)
    left_untaken: list[int] = field(default_factory=list)
    calls: list[DoorCall] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    awaiting: list[tuple[Awaited, ...]] = field(default_factory=list)
    checks: list[CheckRun] = field(default_factory=list)
    outstandings: list[dict[str, int]] = field(default_factory=list)
    reconciliations: list[Reconciliation] = field(default_factory=list)
    odd_calls: list[tuple[str, str]] = field(default_factory=list)
    """Account, what was odd."""
    troubles: list[tuple[str, BaseException]] = field(default_factory=list)
    beats: dict[str, int] = field(default_factory=dict)

    def taken(self, submission: Submission) -> None:
        self.submissions.append(submission.id)

    def settled(self, settled: Settled) -> None:
        self.settlements.append(settled)

    def unsettled(self, submission: Submission) -> None:
        self.handed_back.append(submission.id)

    def committed(self, changes: int, entries: int, seconds: float) -> None:  # noqa: ARG002
        self.commits.append((changes, entries))

    def relayed(self, row: OutboxRow, outcome: str, seconds: float, reason: str = "") -> None:  # noqa: ARG002
        self.attempts.append((row.id, outcome, reason))

    def national(self, operation: str, outcome: str, seconds: float, reason: str = "") -> None:  # noqa: ARG002
        self.exchanges.append((operation, outcome, reason))

    def untaken(self, count: int) -> None:
        self.left_untaken.append(count)

    def backlog(self, summary: Sequence[OutboxSummary]) -> None:
        self.backlogs.append(tuple(summary))

    def marked(self, state: ItemState, kind: str, items: int) -> None:
        self.marks.append((state, kind, items))

    def mailboxes(self, summary: Sequence[MailboxSummary]) -> None:
        self.boxes.append(tuple(summary))

    def called(self, call: DoorCall) -> None:
        self.calls.append(call)

    def noticed(self, reason: str) -> None:
        self.notices.append(reason)

    def awaited(self, awaited: Sequence[Awaited]) -> None:
        self.awaiting.append(tuple(awaited))

    def checked(self, at: datetime, run: CheckRun) -> None:  # noqa: ARG002
        self.checks.append(run)

    def outstanding(self, by_account: Mapping[str, int]) -> None:
        self.outstandings.append(dict(by_account))

    def reconciled(self, at: datetime, run: Reconciliation) -> None:  # noqa: ARG002
        self.reconciliations.append(run)

    def odd_call(self, account: str, what: OddCall) -> None:
        self.odd_calls.append((account, what))

    def trouble(self, where: str, error: BaseException) -> None:
        self.troubles.append((where, error))

    def beat(self, part: str) -> None:
        self.beats[part] = self.beats.get(part, 0) + 1
