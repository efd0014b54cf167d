"""The daemon: the one place that knows everyone.

`Daemon` is put together from a configuration, starts its parts in order (view, keys, ledger, commits,
web, broker, relay, intake, deadlines, national axis), says READY only when all of them work, and stops in the
reverse order: no new submissions, what is in flight settles and is acknowledged within a bound, the
relay gets its grace, then everything closes. A second SIGTERM does not wait. What is unfinished is
unacknowledged at the broker or still in the outbox.

Going wrong: TransientError heals where it happens. IntegrityError stops intake and keeps everything
else up, so that an operator can look. Anything else ends the process with a traceback, and systemd
starts it again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Awaitable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NoReturn, Self

from axisd.adapters import allocator, keyring, logs
from axisd.adapters.amqp import AmqpIntake, AmqpPublisher, Endpoint, LinkState, Management
from axisd.adapters.amqp import Bounds as IntakeBounds
from axisd.adapters.clock import SystemClock, clock_error
from axisd.adapters.clock_watch import Bounds as ClockBounds
from axisd.adapters.clock_watch import ClockWatch
from axisd.adapters.ledger import SqlLedger, open_ledger
from axisd.adapters.systemd import Notifier
from axisd.adapters.telemetry import AxisTelemetry
from axisd.adapters.vxp.client import Bounds as NationalBounds
from axisd.adapters.vxp.client import VxpClient
from axisd.config.load import Configuration, read
from axisd.config.model import ClockSettings
from axisd.config.reload import waits_for_restart
from axisd.core.evidence import Entry, Evidence, Head, Receipt
from axisd.core.receipts import Sealer
from axisd.core.retry import Backoff
from axisd.core.schema import Schemas
from axisd.core.submission import Submission
from axisd.core.view import View
from axisd.core.zone import day_of
from axisd.errors import AxisError, ConfigError, IntegrityError, TransientError
from axisd.service.check_book import CheckBook, last_checks
from axisd.service.commit import GroupCommit
from axisd.service.deadlines import PART as DEADLINES
from axisd.service.deadlines import Sweep
from axisd.service.directory_evidence import DirectoryEvidence
from axisd.service.dispatch import Bounds, Dispatch
from axisd.service.downlink import Downlink, Pace
from axisd.service.gauges import by_and_by, inbox_consumers
from axisd.service.heartbeat import Pulse
from axisd.service.intake import Intake, Settlement
from axisd.service.national_probe import NationalProbe
from axisd.service.relay import Relay
from axisd.service.uplink import Uplink
from axisd.service.uptime import EVERY, UptimeLog
from axisd.web.control import Answer, control_app
from axisd.web.server import Check, serve, serve_socket, status_app

log = logging.getLogger(__name__)

_GAUGE_SECONDS = 5.0
_CONSUMERS_SECONDS = 30.0
_AWAITED_SECONDS = 30.0
_UPTIME_SECONDS = 2.0
"""How long a stop may take to be kept on record."""
_WINDOW = 16 * 1024 * 1024
"""Bytes of submissions that a lane holds before it stops reading."""
_NATIONAL_BOUNDS = Bounds(window=8, per_destination=1)


async def run(file: Path) -> None:
    """Runs the daemon until SIGTERM or SIGINT. Raises ConfigError before it says READY, if at all."""
    allocator.settle()
    clock = SystemClock()
    configuration = read(file, day=day_of(clock.now()))
    async with Daemon(configuration, clock) as daemon:
        await daemon.serve()


class Daemon:
    """All parts, wired. Use as a context manager, then `serve`."""

    def __init__(self, configuration: Configuration, clock: SystemClock) -> None:
        self._configuration = configuration
        self._started_with = configuration.settings
        self._clock = clock
        self._view = configuration.view
        self._pulse = Pulse(clock)
        self._telemetry = AxisTelemetry(clock, self._pulse)
        self._notifier = Notifier()
        # One large body in memory at a time, whichever way it goes.
        self._one_large = asyncio.Lock()
        self._stop = asyncio.Event()
        self._reload_wanted = asyncio.Event()
        self._reloading = asyncio.Lock()
        self._directory_noted = asyncio.Event()
        self._directory_fault: IntegrityError | None = None
        self._patience: asyncio.Timeout | None = None
        self._hurried = False
        self._management: Management | None = None
        self._downlink: Downlink | None = None
        self._dispatches: list[Dispatch] = []
        self._intake_stopped: str | None = None
        self._ready = False
        self._stack = contextlib.AsyncExitStack()

    @property
    def view(self) -> View:
        return self._view

    async def __aenter__(self) -> Self:
        settings = self._configuration.settings
        self._key = keyring.load(settings.receipts.key, settings.receipts.certificate)
        self._configure_logs()
        self._telemetry.configured(self._configuration)
        workers = settings.inspection.workers
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="inspect")
        self._sealing = ThreadPoolExecutor(1, thread_name_prefix="seal")
        self._stack.callback(self._pool.shutdown, cancel_futures=True)
        self._stack.callback(self._sealing.shutdown, cancel_futures=True)
        self._ledger: SqlLedger = await open_ledger(settings.ledger.folder)
        self._stack.push_async_callback(self._ledger.close)
        self._telemetry.verified(True)  # the tail of its chain; else it would not have opened
        self._soundness = ClockWatch(
            self._clock, clock_error, _clock_bounds(settings.clock), self._telemetry.clock
        )
        newest = await self._ledger.newest()
        if newest is not None:
            self._soundness.sealed(newest.at)
        self._commits = GroupCommit(
            self._ledger,
            self._seal,
            self._clock,
            self._telemetry,
            self._sealing,
            soundness=self._soundness,
        )
        self._uptime = UptimeLog(self._ledger, self._clock, self._telemetry, self._serving)
        self._checks_kept = CheckBook(self._commits, self._clock, self._telemetry)
        await self._tell_last_check()
        self._intake = Intake(
            lambda: self._view,
            Schemas(),
            self._ledger,
            self._commits,
            self._clock,
            self._telemetry,
            self._pool,
            one_large=self._one_large,
        )
        self._directory_evidence = DirectoryEvidence(self._ledger, self._commits, self._clock)
        self._sweep = Sweep(
            lambda: self._view, self._ledger, self._commits, self._clock, self._telemetry
        )
        self._backoff = Backoff(settings.delivery.retry.first, settings.delivery.retry.most)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()
        self._notifier.stopping()
        log.info("stopped")

    async def serve(self) -> None:
        """From start to stop. Returns when the daemon was told to stop and has done so."""
        self._catch_signals()
        await self._serve_web()
        await self._reach_broker()
        await self._join_national()
        async with asyncio.TaskGroup() as group:
            committing = group.create_task(self._commits.run(), name="commit")
            relaying = [group.create_task(d.run(), name=d.name) for d in self._dispatches]
            taking = [group.create_task(self._take(self._run_door()), name="intake")]
            if self._downlink is not None:
                taking.append(group.create_task(self._take(self._downlink.run()), name="downlink"))
            taking.append(group.create_task(self._sweep.run(), name=DEADLINES))
            around = [
                group.create_task(self._watch(), name="watch"),
                *(group.create_task(gauge, name="gauge") for gauge in self._gauges()),
                group.create_task(self._reload_when_asked(), name="reload"),
                group.create_task(self._take(self._note_first_directory()), name="directory"),
                # Not awaited here: whoever waits for a broker that is away must still stop when told.
                group.create_task(self._come_up(), name="start"),
            ]
            await self._stop.wait()
            await self._wind_down(taking, relaying)
            for task in (*taking, *relaying, *around, committing):
                task.cancel()

    # starting

    def _configure_logs(self) -> None:
        log_settings = self._configuration.settings.log
        logs.configure(
            log_settings.level,
            log_settings.format,
            now=self._clock.now,
            count=self._telemetry.counted,
        )

    async def _reach_broker(self) -> None:
        settings = self._configuration.settings.amqp
        endpoint = Endpoint(settings.connection_url())
        self._publisher = await self._stack.enter_async_context(
            AmqpPublisher(
                endpoint,
                clock=self._clock,
                telemetry=self._telemetry,
                deadline=settings.publish_deadline.total_seconds(),
                observe=self._observed,
            )
        )
        self._door = AmqpIntake(
            endpoint,
            clock=self._clock,
            telemetry=self._telemetry,
            bounds=IntakeBounds(prefetch=settings.prefetch, window=_WINDOW),
            observe=self._observed,
        )
        if url := settings.management():
            self._management = await self._stack.enter_async_context(
                Management(url, vhost=settings.vhost)
            )
        relay = Relay(self._publisher)
        self._dispatches.append(
            self._dispatch("relay", ("local", "receipts"), relay, Bounds(), self._one_large)
        )

    async def _join_national(self) -> None:
        settings = self._configuration.settings.national
        if settings is None:
            return
        client = await self._stack.enter_async_context(
            VxpClient(
                settings.url.get_secret_value(),
                settings.system_id,
                settings.secret_file.value.get_secret_value(),
                self._clock,
                NationalBounds(deadline=settings.timeout.total_seconds()),
            )
        )
        uplink = Uplink(client, self._clock, self._telemetry)
        self._dispatches.append(self._dispatch("uplink", ("national",), uplink, _NATIONAL_BOUNDS))
        pace = Pace(settings.poll.quick.total_seconds(), settings.poll.slow.total_seconds())
        probe = NationalProbe(client, lambda: self._view, self._clock, self._telemetry)
        self._checks_kept.national = probe
        self._downlink = Downlink(
            client, self._handle, self._clock, self._telemetry, pace, probe.returned
        )

    async def _tell_last_check(self) -> None:
        """What the last check found stays to be seen after a restart; a ledger that contradicts itself does
        not keep the axis from starting here: its tail was verified."""
        try:
            for last in await last_checks(self._ledger, 1):
                self._telemetry.last_check(last.at, last.run)
        except IntegrityError as error:
            self._telemetry.trouble("check", error)

    def _observed(self, _: LinkState) -> None:
        """A connection to the broker changed."""
        self._show_broker()

    def _show_broker(self) -> None:
        self._telemetry.broker(
            consuming=self._door.consuming,
            publishing=self._publisher.connected.is_set(),
            blocked=self._publisher.blocked,
        )

    def _dispatch(
        self,
        name: str,
        prefixes: tuple[str, ...],
        exit_: Relay | Uplink,
        bounds: Bounds,
        one_large: asyncio.Lock | None = None,
    ) -> Dispatch:
        return Dispatch(
            name,
            prefixes,
            exit_.send,
            self._ledger,
            self._commits,
            self._clock,
            self._telemetry,
            view=lambda: self._view,
            backoff=self._backoff,
            bounds=bounds,
            one_large=one_large,
        )

    async def _serve_web(self) -> None:
        settings = self._configuration.settings
        app = status_app(self._telemetry.registry, self._checks)
        await self._stack.enter_async_context(serve(app, settings.http.listen))
        control = control_app(self, self._checks_kept)
        await self._stack.enter_async_context(serve_socket(control, settings.control.socket))

    async def _come_up(self) -> None:
        """READY only when a consumer is there and the publisher is connected; then that is kept on record."""
        await self._door.wait_consuming()
        await self._publisher.connected.wait()
        for part in ("commit", DEADLINES, *(d.name for d in self._dispatches)):
            self._pulse.expect(part)
        allocator.set_aside()
        self._ready = True
        self._show_broker()
        self._say_ready()
        log.info("ready", extra={"systems": len(self._view.directory.systems)})
        await by_and_by("uptime", self._uptime.look, self._telemetry, every=EVERY)

    def _say_ready(self) -> None:
        self._notifier.ready(f"serving {len(self._view.directory.systems)} systems")

    async def _run_door(self) -> None:
        await self._door.run(self._handle)

    async def _handle(self, submission: Submission) -> Settlement:
        """Nothing is decided by a directory before it is evidenced."""
        await self._directory_noted.wait()
        if self._directory_fault is not None:
            raise self._directory_fault
        return await self._intake.handle(submission)

    async def _note_first_directory(self) -> None:
        while not self._directory_noted.is_set():
            try:
                async with self._reloading:
                    await self._note_directory(self._view)
            except TransientError as error:
                self._telemetry.trouble("directory", error)
                await asyncio.sleep(_GAUGE_SECONDS)
            except IntegrityError as error:
                # Whoever waits for it must not wait for ever, nor hold up a stop.
                self._directory_fault = error
                self._directory_noted.set()
                raise
            else:
                self._directory_noted.set()

    async def _take(self, work: Awaitable[None]) -> None:
        """A ledger that contradicts itself stops what comes in, and nothing else."""
        try:
            await work
        except* IntegrityError as group:
            cause: BaseException = group
            while isinstance(cause, BaseExceptionGroup):
                cause = cause.exceptions[0]
            if self._intake_stopped is None:  # told once, whichever way in meets it first
                self._intake_stopped = str(cause)
                self._telemetry.trouble("intake", cause)
                log.critical(
                    "intake stopped: the ledger contradicts itself; run axisd ledger verify"
                )

    def _seal(
        self, evidence: Sequence[Evidence], head: Head
    ) -> tuple[Sequence[Entry], Sequence[Receipt]]:
        """Under the name and the calendar that the axis has now: a reload may change them, the key stays."""
        return Sealer(self._view.axis, self._key, self._view.calendar).seal_group(evidence, head)

    # while it runs

    def _checks(self) -> list[Check]:
        """What `/-/ready` answers: one line for each thing that has to work."""
        silent = self._pulse.silent()
        unsound = self._soundness.trouble()
        checks = [
            Check("started", self._ready, "" if self._ready else "still starting"),
            Check("intake", self._intake_stopped is None, self._intake_stopped or ""),
            Check("ledger", not self._commits.trouble, self._commits.trouble),
            Check("clock", not unsound, unsound),
            Check("parts", not silent, f"silent: {', '.join(silent)}" if silent else ""),
        ]
        if self._ready:
            link = self._publisher.state
            trouble = "blocked by an alarm of the broker" if link.blocked else link.trouble
            checks.append(Check("broker", link.connected and not link.blocked, trouble))
            consuming = self._door.consuming
            lacking = "" if consuming else "not all lanes are consumed"
            checks.append(Check("consumers", consuming, lacking))
        return checks

    def _serving(self) -> bool:
        return all(check.passed for check in self._checks())

    async def _watch(self) -> None:
        """Pings the watchdog as long as every part shows signs of life."""
        interval = self._notifier.watchdog_interval() or _GAUGE_SECONDS
        while True:
            await asyncio.sleep(min(interval / 2, _GAUGE_SECONDS))
            silent = self._pulse.silent()
            if silent:
                log.error("silent parts", extra={"parts": silent})
            else:
                self._notifier.watchdog()

    def _gauges(self) -> Iterator[Coroutine[None, None, NoReturn]]:
        yield by_and_by("clock", self._show_clock, self._telemetry, every=_GAUGE_SECONDS)
        yield by_and_by("backlog", self._show_backlog, self._telemetry, every=_GAUGE_SECONDS)
        yield by_and_by("awaited", self._show_awaited, self._telemetry, every=_AWAITED_SECONDS)
        if self._management is not None:
            look = partial(self._show_consumers, self._management)
            yield by_and_by("consumers", look, self._telemetry, every=_CONSUMERS_SECONDS)

    async def _show_clock(self) -> None:
        self._soundness.trouble()
        self._telemetry.clock_error(clock_error())

    async def _show_backlog(self) -> None:
        # Links tell of a change before their owners have acted on it: look again by and by.
        self._show_broker()
        self._telemetry.backlog(await self._ledger.outbox_summary())
        self._telemetry.unmatched(await self._ledger.unmatched_count())

    async def _show_awaited(self) -> None:
        self._telemetry.awaited(await self._ledger.awaited(self._clock.now()))

    async def _show_consumers(self, management: Management) -> None:
        by_queue = await management.consumers()
        self._telemetry.consumers(inbox_consumers(by_queue, self._view))

    async def _reload_when_asked(self) -> None:
        while True:
            await self._reload_wanted.wait()
            self._reload_wanted.clear()
            # told and counted where it is raised
            with contextlib.suppress(AxisError):
                await self.reload()

    # what operators ask

    async def reload(self) -> Answer:
        """Reads the configuration again; the view is replaced whole, or not at all.

        Raises ConfigError when it is bad, and what the ledger raises when a change of the directory cannot
        be evidenced.
        """
        async with self._reloading:
            if not self._ready:  # nothing is to be told of a reload before READY, or after STOPPING
                return await self._reload()
            self._notifier.reloading()
            try:
                return await self._reload()
            finally:
                if self._ready:  # it may have been told to stop meanwhile
                    self._say_ready()

    async def _note_directory(self, view: View) -> None:
        if await self._directory_evidence.note(view.directory):
            log.info("directory changed", extra={"version": view.version})

    async def _reload(self) -> Answer:
        try:
            fresh = read(
                self._configuration.file,
                day=day_of(self._clock.now()),
                version=self._view.version + 1,
            )
        except ConfigError as error:
            self._telemetry.reloaded(False)
            log.error("reload refused, the old configuration stays", extra={"why": str(error)})  # noqa: TRY400
            raise
        try:
            # What stays as it is must not wait for the ledger, nor for a clock that the reload may mend.
            if fresh.view.directory != self._view.directory:
                await self._note_directory(fresh.view)
        except AxisError as error:
            self._telemetry.reloaded(False)
            self._telemetry.trouble("reload", error)
            raise
        self._configuration = fresh
        self._view = fresh.view
        self._soundness.bounds = _clock_bounds(fresh.settings.clock)
        self._telemetry.reloaded(True)
        self._telemetry.configured(fresh)
        self._configure_logs()
        waiting = waits_for_restart(self._started_with, fresh.settings)
        log.info("reloaded", extra={"version": self._view.version, "waits_for_restart": waiting})
        return {
            "version": self._view.version,
            "agencies": len(self._view.directory.agencies),
            "waits_for_restart": list(waiting),
        }

    async def retry(self, destination: str | None) -> Answer:
        """Makes what waits for `destination`, or for everybody, due now."""
        for dispatch in self._dispatches:
            dispatch.release(destination)
        waiting = [
            item
            for item in await self._ledger.outbox_summary()
            if destination is None or item.destination == destination
        ]
        return {"rows": sum(item.waiting for item in waiting), "destinations": len(waiting)}

    async def status(self) -> Answer:
        """The same checks as `/-/ready`, for the command line."""
        return {
            "version": self._view.version,
            "checks": [check.as_json() for check in self._checks()],
        }

    # stopping

    def _catch_signals(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._asked_to_stop)
        loop.add_signal_handler(signal.SIGINT, self._asked_to_stop)
        loop.add_signal_handler(signal.SIGHUP, self._asked_to_reload)

    def _asked_to_stop(self) -> None:
        if not self._stop.is_set():
            self._stop.set()
            return
        self._hurried = True
        if self._patience is not None:
            self._patience.reschedule(asyncio.get_running_loop().time())

    def _asked_to_reload(self) -> None:
        self._reload_wanted.set()

    async def _wind_down(
        self, taking: list[asyncio.Task[None]], relaying: list[asyncio.Task[None]]
    ) -> None:
        # First, so that a stop is not taken for trouble: from here on it is not ready.
        self._uptime.retire()
        self._ready = False
        self._notifier.stopping()
        stop = self._configuration.settings.stop
        log.info("stopping")
        await self._within(stop.drain.total_seconds(), self._door.drain())
        for task in taking:
            task.cancel()
        for dispatch in self._dispatches:
            dispatch.drain()
        await self._within(stop.relay.total_seconds(), asyncio.wait(relaying))
        if not self._hurried:  # a ledger that cannot be written now would be waited for
            await self._within(_UPTIME_SECONDS, self._uptime.stop())

    async def _within(self, seconds: float, work: Awaitable[object]) -> None:
        """Waits for `work`, at most `seconds`, and no longer after a second SIGTERM."""
        try:
            async with asyncio.timeout(0 if self._hurried else seconds) as self._patience:
                await work
        except TimeoutError:
            log.warning("not everything ended in time; the rest is unacknowledged or in the outbox")
        finally:
            self._patience = None


def _clock_bounds(settings: ClockSettings) -> ClockBounds:
    return ClockBounds(
        require_synchronised=settings.require_synchronised,
        max_error=settings.max_error,
        tolerance=settings.tolerance,
        settle=settings.settle,
        require_after_ledger=settings.require_after_ledger,
    )
