"""What the services tell, counted and logged: the port `Telemetry`, made of metrics and logs.

One submission is one line in the log, with everything that was found and how long it took; deliveries
that work are counted, those that do not are also logged. Never raises, never blocks, never sees a
payload. Labels come from the directory in use, so nobody outside can make series.
"""

from __future__ import annotations

import math
import traceback
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from axisd import __version__
from axisd.adapters.logs import journal
from axisd.adapters.metrics import DEADLINES, Metrics
from axisd.config.load import Configuration
from axisd.core.directory import Channel
from axisd.core.history import Awaited
from axisd.core.interconnection import ITEMS, CheckRun, Outcome
from axisd.core.lifecycle import SubmissionState
from axisd.core.mailbox import ItemState, MailboxSummary
from axisd.core.reconciliation import Difference, Reconciliation, Recorded
from axisd.core.records import OutboxRow, OutboxSummary
from axisd.core.submission import Submission
from axisd.errors import AxisError, ConfigError, IntegrityError, TransientError
from axisd.ports import Clock, DoorCall, OddCall, Settled, Unsound
from axisd.service.breaker import Interrupted
from axisd.service.heartbeat import Pulse

_LONGEST: Final = 300
"""Characters of an exception's own words in the log; they may quote a sender."""

_ANSWERED: Final = frozenset({"ok", "done", "fail", "short", "gone"})
"""Outcomes of a request to the national axis that show that it is there."""


_FOUND: Final = {
    Outcome.PASSED: 2,
    Outcome.WARNED: 1,
    Outcome.FAILED: 0,
    Outcome.SKIPPED: -1,
}


class AxisTelemetry:
    """Counts, logs and beats. `registry` is what `/metrics` shows."""

    def __init__(self, clock: Clock, pulse: Pulse) -> None:
        self._clock = clock
        self._pulse = pulse
        self._metrics = Metrics()
        self.registry = self._metrics.registry
        self._log = journal()
        self._odd_calls: dict[tuple[str, OddCall], int] = {}
        self._metrics.build.info({"version": __version__})
        for name in ITEMS:
            self._metrics.check_outcome.of(name).set(_FOUND[Outcome.SKIPPED])
        self._metrics.reconciled_whole.set(1)
        self._metrics.clock_sound.set(1)  # until `clock` says otherwise

    # the port

    def taken(self, submission: Submission) -> None:
        """A submission came in; `settled` will follow, or `trouble`."""
        self._metrics.taken.of(submission.door, submission.lane).inc()
        self._metrics.in_progress.inc()
        self._metrics.bytes.observe(len(submission.body))
        if submission.redelivered:
            self._metrics.redelivered.inc()

    def unsettled(self, submission: Submission) -> None:
        """It goes back to its door, unacknowledged."""
        self._metrics.in_progress.dec()
        self._metrics.unsettled.of(submission.door).inc()

    def settled(self, settled: Settled) -> None:
        """One wide event: all there is to say about one submission, but nothing of what it carries."""
        facts, metrics = settled.facts, self._metrics
        metrics.in_progress.dec()
        metrics.settled.of(facts.door, settled.state).inc()
        if settled.reason:
            metrics.refusals.of(settled.reason).inc()
        now = self._clock.now().timestamp()
        exemplar = {"submission": facts.submission_id}
        metrics.seconds.of("intake").observe(settled.seconds, exemplar)
        metrics.last.of("intake").set(now)
        for stage, seconds in settled.timings.items():
            metrics.seconds.of(stage).observe(seconds)
            metrics.last.of(stage).set(now)
        quarantined = settled.state == SubmissionState.QUARANTINED
        (self._log.error if quarantined else self._log.info)(
            "submission",
            submission=facts.submission_id,
            door=facts.door,
            lane=facts.lane,
            account=facts.account,
            sender=facts.sender,
            kind=facts.kind,
            business=facts.business or facts.status,
            document_id=facts.document_id,
            state=settled.state,
            reason=settled.reason,
            at=settled.detail,
            deliveries=settled.deliveries,
            seconds=round(settled.seconds, 6),
            **{f"{stage}_seconds": round(spent, 6) for stage, spent in settled.timings.items()},
            bytes=facts.size,
            digest=facts.digest,
            signature=facts.signature.state,
            legal_value=facts.legal_value,
            redelivered=settled.redelivered,
        )

    def committed(self, changes: int, entries: int, seconds: float) -> None:
        """One transaction of the ledger is on disk."""
        metrics = self._metrics
        metrics.groups.observe(changes)
        metrics.entries.inc(entries)
        metrics.seconds.of("ledger").observe(seconds)
        metrics.last.of("ledger").set(self._clock.now().timestamp())

    def relayed(self, row: OutboxRow, outcome: str, seconds: float, reason: str = "") -> None:
        """One attempt to send one row of the outbox came to its end."""
        metrics = self._metrics
        route = row.destination.partition(":")[0]
        now = self._clock.now().timestamp()
        metrics.relayed.of(route, outcome).inc()
        stage = "uplink" if route == "national" else "relay"
        metrics.seconds.of(stage).observe(seconds, {"message": row.id})
        metrics.last.of(stage).set(now)
        if reason:
            metrics.relay_failures.of(reason).inc()
            self._log.warning(
                "relay failed",
                message=row.id,
                kind=row.kind,
                destination=row.destination,
                reason=reason,
                attempts=row.attempts + 1,
                seconds=round(seconds, 6),
            )
        else:
            metrics.waited.of(route).observe(max(now - _made(row.id), 0.0))

    def national(self, operation: str, outcome: str, seconds: float, reason: str = "") -> None:
        """One request to the national axis was answered, or not."""
        metrics = self._metrics
        known = "refused" if outcome.startswith("code ") else outcome
        metrics.national.of(operation, known).inc()
        if operation == "fetch":
            metrics.seconds.of("downlink").observe(seconds)
        if known in _ANSWERED or known == "refused":
            now = self._clock.now().timestamp()
            metrics.national_up.set(1)
            metrics.national_success.set(now)
            if operation == "fetch":
                metrics.last.of("downlink").set(now)
        else:
            metrics.national_up.set(0)
        if known in {"failed", "refused", "fail", "account", "short", "gone"}:
            # A wrong account heals by nobody's waiting: somebody has to look.
            log = self._log.error if known == "account" else self._log.warning
            log(
                "national axis",
                operation=operation,
                outcome=outcome,
                reason=reason,
                seconds=round(seconds, 6),
            )

    def backlog(self, summary: Sequence[OutboxSummary]) -> None:
        """What waits in the outbox now."""
        self._metrics.outbox.show(summary)

    def marked(self, state: ItemState, kind: str, items: int) -> None:
        """So many items of mailboxes were fetched, or marked by their system."""
        self._metrics.marks.of(state, kind).inc(items)

    def mailboxes(self, summary: Sequence[MailboxSummary]) -> None:
        """What waits in mailboxes now."""
        self._metrics.mailboxes.show(summary)

    def called(self, call: DoorCall) -> None:
        """One call at a door over HTTP; what was refused or failed is logged, without what it carried."""
        metrics = self._metrics
        metrics.calls.of(call.door, call.operation, call.outcome).inc()
        metrics.call_seconds.of(call.door).observe(call.seconds)
        if call.outcome == "ok":
            return
        metrics.call_refusals.of(call.door, call.code).inc()
        self._log.info(
            "door",
            door=call.door,
            operation=call.operation,
            outcome=call.outcome,
            code=call.code,
            account=call.account,
            seconds=round(call.seconds, 6),
        )

    def odd_call(self, account: str, what: OddCall) -> None:
        """Counted each time, and logged now and then: it comes again with every call of that client."""
        self._metrics.odd_calls.labels(account, what).inc()
        times = self._odd_calls.get((account, what), 0) + 1
        self._odd_calls[account, what] = times
        if str(times).rstrip("0") == "1":
            self._log.warning("odd edoc call", account=account, oddity=what, times=times)

    def noticed(self, reason: str) -> None:
        """Somebody is told that something is due, or overdue."""
        self._metrics.notices.of(reason).inc()

    def awaited(self, awaited: Sequence[Awaited]) -> None:
        """What recipients owe, and what we owe them, as of now."""
        for kind in DEADLINES:
            mine = [item for item in awaited if item.kind == kind]
            since = min((item.since for item in mine if item.since), default=None)
            self._metrics.overdue.of(kind).set(sum(item.overdue for item in mine))
            self._metrics.overdue_since.of(kind).set(since.timestamp() if since else 0.0)
            self._metrics.awaited.of(kind).set(sum(item.waiting for item in mine))

    def checked(self, at: datetime, run: CheckRun) -> None:
        """An interconnection check is on record."""
        self._metrics.checks.of(run.trigger, run.outcome).inc()
        self.last_check(at, run)
        failed = [item.name for item in run.failures]
        log = self._log.error if failed else self._log.info
        log("interconnection check", trigger=run.trigger, outcome=run.outcome, failed=failed)

    def outstanding(self, by_account: Mapping[str, int]) -> None:
        """What has not left yet of the systems for which that is limited."""
        self._metrics.outstanding.clear()
        for account, count in by_account.items():
            self._metrics.outstanding.labels(account).set(count)

    def trouble(self, where: str, error: BaseException) -> None:
        """Something of ours failed: what heals is a warning, what does not an error with its traceback."""
        family = _family(error)
        self._metrics.trouble.of(where, family).inc()
        said = str(error)[:_LONGEST]
        if isinstance(error, TransientError):
            self._log.warning("trouble", part=where, family=family, error=said)
            return
        # Frames without the values in them, and the words only of errors of our own: what a library says may
        # quote what a sender wrote, which has no place in our log.
        frames = "".join(traceback.format_tb(error.__traceback__)).rstrip()
        name = type(error).__name__
        self._log.error(
            "trouble",
            part=where,
            family=family,
            error=f"{name}: {said}" if isinstance(error, AxisError) else name,
            **({"exception": frames} if frames else {}),
        )

    def beat(self, part: str) -> None:
        """A sign of life."""
        self._pulse.beat(part)
        self._metrics.beats.of(part).set(self._clock.now().timestamp())

    # what the daemon tells beside the port

    def counted(self, level: str) -> None:
        """One line was logged."""
        self._metrics.log_events.of(level).inc()

    def configured(self, configuration: Configuration) -> None:
        """A configuration came into use, at the start or by a reload."""
        metrics, view = self._metrics, configuration.view
        directory = view.directory
        served = {directory.canonical(c) for s in directory.systems.values() for c in s.agencies}
        metrics.outbox.know(directory.agencies, served)
        behind_doors = (s for s in directory.systems.values() if s.channel is not Channel.AMQP)
        metrics.mailboxes.know(
            directory.agencies, {directory.canonical(c) for s in behind_doors for c in s.agencies}
        )
        metrics.know_edoc(
            s.account for s in directory.systems.values() if s.channel is Channel.EDOC
        )
        metrics.view_version.set(view.version)
        metrics.directory_size.of("agency").set(len(directory.agencies))
        metrics.directory_size.of("system").set(len(directory.systems))
        metrics.reload_good.set(1)
        metrics.reload_time.set(self._clock.now().timestamp())
        metrics.expiry.clear()
        settings = configuration.settings
        certificates = {"receipts": settings.receipts.certificate}
        certificates |= {f"authority:{file.path.name}": file for file in settings.trust.authorities}
        for name, file in certificates.items():
            ends = min(certificate.not_valid_after_utc for certificate in file.certificates)
            metrics.expiry.labels(name).set(ends.timestamp())

    def reloaded(self, good: bool) -> None:
        """A reload was tried; after a bad one the old configuration stays."""
        self._metrics.reloads.of("good" if good else "bad").inc()
        self._metrics.reload_good.set(good)

    def broker(self, *, consuming: bool, publishing: bool, blocked: bool = False) -> None:
        """How the connections to RabbitMQ stand."""
        self._metrics.connected.of("consume").set(consuming)
        self._metrics.connected.of("publish").set(publishing)
        self._metrics.blocked.set(blocked)

    def consumers(self, by_agency: Mapping[str, int]) -> None:
        """Consumers of the inboxes of agencies in the directory, as the broker counts them."""
        self._metrics.consumers.clear()
        for agency, count in by_agency.items():
            self._metrics.consumers.labels(agency).set(count)

    def reconciled(self, at: datetime, run: Reconciliation) -> None:
        """A reconciliation with the national axis is on record."""
        self._last_reconciliation(at, run.counts(healed=False), complete=not run.incomplete)
        for kind, count in run.counts(healed=True).items():
            self._metrics.healed.of(kind).inc(count)
        log = self._log.warning if run.open or run.incomplete else self._log.info
        log(
            "national reconciliation",
            trigger=run.trigger,
            outcome=run.outcome,
            open={str(kind): n for kind, n in run.counts(healed=False).items() if n},
            healed={str(kind): n for kind, n in run.counts(healed=True).items() if n},
            incomplete=sorted(run.incomplete),
        )

    def last_reconciliation(self, run: Recorded) -> None:
        """What the last one found, also one from before this process."""
        self._last_reconciliation(run.at, run.open, complete=not run.incomplete)

    def _last_reconciliation(
        self, at: datetime, found: Mapping[Difference, int], *, complete: bool
    ) -> None:
        self._metrics.reconciled.set(at.timestamp())
        self._metrics.reconciled_whole.set(complete)
        for kind, count in found.items():
            self._metrics.differences.of(kind).set(count)

    def untaken(self, count: int) -> None:
        """So many items of the national axis could not be taken, again and again."""
        self._metrics.untaken.set(count)

    def circuits(self, interrupted: Sequence[Interrupted]) -> None:
        """To which destinations, and through which whole exits, nothing leaves for now."""
        self._metrics.outbox.show_circuits(interrupted)

    def clock(self, cause: Unsound | None, why: str) -> None:
        """The clock became unsound, or unsound for another cause, or (None) sound again."""
        self._metrics.clock_sound.set(cause is None)
        if cause is None:
            self._log.info("clock sound")
            return
        self._metrics.clock_unsound.of(cause).inc()
        self._log.error("clock unsound", cause=cause, why=why)

    def clock_error(self, seconds: float | None) -> None:
        """How far off the kernel believes its clock to be, as it was just asked."""
        self._metrics.clock_error.set(math.nan if seconds is None else seconds)

    def unmatched(self, count: int) -> None:
        """So many statuses wait for the document that they are about."""
        self._metrics.unmatched.set(count)

    def last_check(self, at: datetime, run: CheckRun) -> None:
        """What the last interconnection check found, also one from before this process."""
        self._metrics.check_time.set(at.timestamp())
        found = {item.name: item.outcome for item in run.items}
        for name in ITEMS:
            value = _FOUND[found.get(name, Outcome.SKIPPED)]
            self._metrics.check_outcome.of(name).set(value)

    def verified(self, holds: bool) -> None:
        """The chain of the ledger was verified."""
        self._metrics.verified.set(holds)
        self._metrics.verified_time.set(self._clock.now().timestamp())


def _family(error: BaseException) -> str:
    if isinstance(error, TransientError):
        return "transient"
    if isinstance(error, IntegrityError):
        return "integrity"
    if isinstance(error, ConfigError):
        return "config"
    return "unexpected"


def _made(identifier: str) -> float:
    """When a UUIDv7 was made, in seconds: its first 48 bits are milliseconds (RFC 9562 §5.7)."""
    return int(identifier[:8] + identifier[9:13], 16) / 1000
