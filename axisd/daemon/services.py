"""The ledger, and the services that are built on it: put together here, started by `life`.

A ledger that cannot be opened, or whose tail does not verify, keeps the daemon from starting.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from axisd.adapters import keyring
from axisd.adapters.clock import clock_error
from axisd.adapters.clock_watch import Bounds as ClockBounds
from axisd.adapters.clock_watch import ClockWatch
from axisd.adapters.ledger import SqlLedger, open_ledger
from axisd.config.model import ClockSettings
from axisd.core.evidence import Entry, Evidence, Head, Receipt
from axisd.core.receipts import Sealer
from axisd.core.retry import Backoff
from axisd.core.schema import Schemas
from axisd.daemon.ground import Ground
from axisd.errors import IntegrityError
from axisd.service.allowances import Allowances
from axisd.service.check_book import CheckBook, last_checks
from axisd.service.commit import GroupCommit
from axisd.service.deadlines import Sweep
from axisd.service.directory_evidence import DirectoryEvidence
from axisd.service.dispatch import Bounds, Dispatch
from axisd.service.intake import Intake
from axisd.service.mailbox import Mailbox
from axisd.service.relay import Relay
from axisd.service.uplink import Uplink


@dataclass(frozen=True, slots=True)
class Services:
    """What every way in and out shares."""

    ground: Ground
    ledger: SqlLedger
    soundness: ClockWatch
    commits: GroupCommit
    checks: CheckBook
    allowances: Allowances
    intake: Intake
    mailbox: Mailbox
    directory_evidence: DirectoryEvidence
    sweep: Sweep
    backoff: Backoff

    def dispatch(
        self,
        name: str,
        prefixes: tuple[str, ...],
        exit_: Relay | Uplink,
        bounds: Bounds,
        one_large: asyncio.Lock | None = None,
    ) -> Dispatch:
        """What carries the outbox's rows of `prefixes` out by one exit."""
        ground = self.ground
        return Dispatch(
            name,
            prefixes,
            exit_.send,
            self.ledger,
            self.commits,
            ground.clock,
            ground.telemetry,
            view=ground.current.look,
            backoff=self.backoff,
            bounds=bounds,
            one_large=one_large,
        )


async def open_services(ground: Ground) -> Services:
    """Raises ConfigError, TransientError or IntegrityError as what it opens does."""
    settings = ground.current.settings
    view, clock, telemetry, stack = (
        ground.current.look,
        ground.clock,
        ground.telemetry,
        ground.stack,
    )
    key = keyring.load(settings.receipts.key, settings.receipts.certificate)
    ground.configure_logs()
    telemetry.configured(ground.current.configuration)
    inspecting = ThreadPoolExecutor(settings.inspection.workers, thread_name_prefix="inspect")
    sealing = ThreadPoolExecutor(1, thread_name_prefix="seal")
    stack.callback(inspecting.shutdown, cancel_futures=True)
    stack.callback(sealing.shutdown, cancel_futures=True)
    ledger = await open_ledger(settings.ledger.folder)
    stack.push_async_callback(ledger.close)
    telemetry.verified(True)  # the tail of its chain; else it would not have opened
    soundness = ClockWatch(clock, clock_error, clock_bounds(settings.clock), telemetry.clock)
    newest = await ledger.newest()
    if newest is not None:
        soundness.sealed(newest.at)

    def seal(evidence: Sequence[Evidence], head: Head) -> tuple[Sequence[Entry], Sequence[Receipt]]:
        """Under the name and the calendar of now: a reload may change them, the key stays."""
        return Sealer(view().axis, key, view().calendar).seal_group(evidence, head)

    commits = GroupCommit(ledger, seal, clock, telemetry, sealing, soundness=soundness)
    checks = CheckBook(commits, clock, telemetry)
    await _tell_last_check(ground, ledger)
    allowances = Allowances(view, ledger.outstanding, clock, telemetry)
    intake = Intake(
        view,
        Schemas(),
        ledger,
        commits,
        clock,
        telemetry,
        inspecting,
        one_large=ground.one_large,
        allowances=allowances,
    )
    return Services(
        ground,
        ledger,
        soundness,
        commits,
        checks,
        allowances,
        intake,
        Mailbox(view, ledger.mailboxes, commits, clock, telemetry),
        DirectoryEvidence(ledger, commits, clock),
        Sweep(view, ledger, commits, clock, telemetry),
        Backoff(settings.delivery.retry.first, settings.delivery.retry.most),
    )


async def _tell_last_check(ground: Ground, ledger: SqlLedger) -> None:
    """What the last check found stays to be seen after a restart; a ledger that contradicts itself does
    not keep the axis from starting here: its tail was verified."""
    try:
        for last in await last_checks(ledger, 1):
            ground.telemetry.last_check(last.at, last.run)
    except IntegrityError as error:
        ground.telemetry.trouble("check", error)


def clock_bounds(settings: ClockSettings) -> ClockBounds:
    """The same, as the adapter takes them."""
    return ClockBounds(
        require_synchronised=settings.require_synchronised,
        max_error=settings.max_error,
        tolerance=settings.tolerance,
        settle=settings.settle,
        require_after_ledger=settings.require_after_ledger,
    )
