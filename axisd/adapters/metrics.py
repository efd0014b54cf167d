"""Every metric of the axis, in one file, in one registry of its own.

Names begin with `axisd_`, units are base units, times are timestamps and not ages. Labels are bounded:
a value that nobody foresaw is counted as `other`, an agency that the directory does not know as
`unknown`, so that a stranger cannot make series. Every value that is known is there at 0 from the start.
Histograms have the service objective (150 ms from submission to inbox) as an edge.

Children of labelled metrics are looked up once and kept: on the hot path a count is one addition.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final, Generic, TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from axisd.core.envelope import Kind
from axisd.core.history import CONSIGNMENT
from axisd.core.interconnection import ITEMS, Outcome, Trigger
from axisd.core.lifecycle import SubmissionState
from axisd.core.mailbox import WAITING, ItemState, MailboxSummary
from axisd.core.policy import DeadlineKind
from axisd.core.reasons import REASONS
from axisd.core.reconciliation import Difference
from axisd.core.records import OutboxSummary
from axisd.core.submission import DOORS, Door, Lane
from axisd.ports import OddCall, Unsound
from axisd.service.breaker import Circuit, Interrupted

OBJECTIVE: Final = 0.15
"""Seconds from submission to inbox, p99 at 50 submissions a second: the service objective."""

SECONDS: Final = (
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, OBJECTIVE, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
)  # fmt: skip
BYTES: Final = tuple(float(1024 * 4**power) for power in range(10))
GROUP: Final = (1, 2, 4, 8, 16, 32, 64, 128)

STAGES: Final = ("intake", "inspect", "commit", "ledger", "relay", "uplink", "downlink")
"""Stations on the way of a submission. `intake` contains `inspect` and `commit` (waiting for the group
included); `ledger` is one transaction for a whole group."""

ROUTES: Final = ("local", "receipts", "national", "mailbox")
"""First words of outbox destinations."""

EXITS: Final = ("relay", "uplink")
_CIRCUITS: Final = {Circuit.CLOSED: 0.0, Circuit.TRYING: 1.0, Circuit.OPEN: 2.0}
RELAY_OUTCOMES: Final = ("sent", "failed")
OPERATIONS: Final = ("send", "count", "list", "fetch", "report", "reconcile")
NATIONAL_OUTCOMES: Final = (
    "ok", "done", "fail", "refused", "account", "failed", "short", "gone",
)  # fmt: skip
FAMILIES: Final = ("transient", "integrity", "config", "unexpected")
LEVELS: Final = ("debug", "info", "warning", "error", "critical")
PARTS: Final = (
    "commit", "relay", "deadlines", "uplink", "downlink", "reconcile", "publisher", "intake.urgent", "intake.normal",
)  # fmt: skip
DEADLINES: Final = (*DeadlineKind, CONSIGNMENT)
"""What is overdue, by whom: four kinds that recipients owe, one that the axis owes."""
NOTICES: Final = tuple(code for code in REASONS if code.endswith(("-due", "-overdue")))
CONNECTIONS: Final = ("consume", "publish")

CALLED_DOORS: Final = (Door.VXP, Door.EDOC)
"""Doors that are called over HTTP."""
CALLS: Final = (
    "sendEdoc", "getReceivedEdocList", "getSentEdocList", "getEdoc", "downloadEdoc", "updateStatus",
    "getAgenciesList", "getAgenciesListQD20", "getSynchronizeUnit", "registerAgency", "deleteAgency",
    "countReceiveEdoc", "countReceiveStatus",
    "sendDocument", "getPendingDocIds", "getDocument", "confirmReceived", "getOrganizations",
    "checkExistDocument", "unknown",
)  # fmt: skip
"""Operations of the doors' protocols, and what none of them has."""
CALL_OUTCOMES: Final = ("ok", "refused", "failed")
CALL_CODES: Final = ("10", "15", "18", "19", "20", "21", "22", "23", "9999")
"""What a door answers whoever it refuses."""
MARKS: Final = (ItemState.PROCESSING, ItemState.DONE, ItemState.FAIL)

OTHER: Final = "other"
UNKNOWN: Final = "unknown"

M = TypeVar("M", Counter, Gauge, Histogram)


def _with_other(values: Sequence[str]) -> tuple[str, ...]:
    return (*values, OTHER)


class Bounded(Generic[M]):
    """The children of a labelled metric, made at once for all known values; others count as `other`."""

    def __init__(self, metric: M, *values: Sequence[str]) -> None:
        columns = list(map(_with_other, values))
        self._known = list(map(frozenset, columns))
        self._children: dict[tuple[str, ...], M] = {}
        for row in product(*columns):
            self._children[row] = metric.labels(*row)

    def of(self, *values: str) -> M:
        """The child for `values`, one for each label in order."""
        child = self._children.get(values)
        if child is not None:
            return child
        pairs = zip(values, self._known, strict=True)
        return self._children[tuple(value if value in known else OTHER for value, known in pairs)]


@dataclass(frozen=True, slots=True)
class Described:
    """One metric as the reference shows it."""

    name: str
    kind: str
    labels: tuple[str, ...]
    meaning: str


OUTBOX: Final = tuple(
    Described(f"axisd_outbox_{name}", "gauge", ("destination",), meaning)
    for name, meaning in (
        ("waiting", "Rows that wait to leave."),
        ("held", "Rows that an operator holds."),
        ("oldest_timestamp_seconds", "When the oldest waiting row was made; 0 if none waits."),
        (
            "circuit",
            "Whether rows leave: 0 they do, 1 one at a time is tried, 2 none for now; also of a whole exit.",
        ),
    )
)


class Outbox(Collector):
    """What waits, by destination, as of the last look: no series outlives its destination."""

    def __init__(self) -> None:
        self._summary: Sequence[OutboxSummary] = ()
        self._interrupted: Sequence[Interrupted] = ()
        self._expected: frozenset[str] = frozenset()
        self._agencies: frozenset[str] = frozenset()

    def know(self, agencies: Iterable[str], served: Iterable[str]) -> None:
        """`agencies` may be named in labels; destinations of those `served` are there even at 0."""
        self._agencies = frozenset(agencies)
        self._expected = frozenset(
            f"{route}:{agency}" for agency in served for route in ("local", "receipts")
        )

    def show(self, summary: Sequence[OutboxSummary]) -> None:
        """Replaces what is shown."""
        self._summary = summary

    def show_circuits(self, interrupted: Sequence[Interrupted]) -> None:
        """Replaces what is shown of destinations, and whole exits, to which nothing leaves for now."""
        self._interrupted = interrupted

    def collect(self) -> Iterator[Metric]:
        """Called for each scrape."""
        waiting: dict[str, float] = dict.fromkeys(self._expected, 0.0)
        held = dict(waiting)
        oldest = dict(waiting)
        for item in self._summary:
            name = self._name(item.destination)
            waiting[name] = waiting.get(name, 0) + item.waiting
            held[name] = held.get(name, 0) + item.held
            since = item.oldest.timestamp() if item.oldest else 0.0
            oldest[name] = min(filter(None, (oldest.get(name), since)), default=0.0)
        circuits = dict.fromkeys((*waiting, *EXITS), 0.0)
        for broken in self._interrupted:
            name = self._name(broken.destination)
            circuits[name] = max(circuits.get(name, 0.0), _CIRCUITS[broken.circuit])
        for described, values in zip(OUTBOX, (waiting, held, oldest, circuits), strict=True):
            family = GaugeMetricFamily(described.name, described.meaning, labels=described.labels)
            for destination in sorted(values):
                family.add_metric([destination], values[destination])
            yield family

    def _name(self, destination: str) -> str:
        route, _, agency = destination.partition(":")
        if not agency:
            return route  # a whole exit
        return destination if agency in self._agencies else f"{route}:{UNKNOWN}"


MAILBOX: Final = tuple(
    Described(f"axisd_mailbox_{name}", "gauge", ("agency", "state"), meaning)
    for name, meaning in (
        ("items", "Items that wait in the mailbox of an agency behind a door, by state."),
        (
            "oldest_timestamp_seconds",
            "When the oldest of these items came in; 0 if there is none.",
        ),
    )
)


class Mailboxes(Collector):
    """What waits in mailboxes as of the last look, by agency and state."""

    def __init__(self) -> None:
        self._summary: Sequence[MailboxSummary] = ()
        self._expected: frozenset[str] = frozenset()
        self._agencies: frozenset[str] = frozenset()

    def know(self, agencies: Iterable[str], behind_doors: Iterable[str]) -> None:
        """`agencies` may be named in labels; mailboxes of those `behind_doors` are there even at 0."""
        self._agencies = frozenset(agencies)
        self._expected = frozenset(behind_doors)

    def show(self, summary: Sequence[MailboxSummary]) -> None:
        """Replaces what is shown."""
        self._summary = summary

    def collect(self) -> Iterator[Metric]:
        """Called for each scrape."""
        items: dict[tuple[str, str], float] = dict.fromkeys(product(self._expected, WAITING), 0.0)
        oldest = dict(items)
        for one in self._summary:
            key = (one.inbox if one.inbox in self._agencies else UNKNOWN, one.state)
            items[key] = items.get(key, 0.0) + one.items
            since = one.oldest.timestamp()
            oldest[key] = min(filter(None, (oldest.get(key), since)))
        for described, values in zip(MAILBOX, (items, oldest), strict=True):
            family = GaugeMetricFamily(described.name, described.meaning, labels=described.labels)
            for agency, state in sorted(values):
                family.add_metric((agency, state), values[agency, state])
            yield family


class Metrics:
    """All of them. Attributes are families or `Bounded` families; only telemetry writes to them."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self.described = [*OUTBOX, *MAILBOX]
        self._submissions()
        self._exits()
        self._surroundings()
        ProcessCollector(registry=self.registry)

    def _submissions(self) -> None:
        self.taken = Bounded(
            self._counter(
                "submissions_taken", "Submissions taken in, by door and lane.", "door", "lane"
            ),
            list(DOORS),
            list(Lane),
        )
        self.in_progress = self._gauge(
            "submissions_in_progress", "Submissions taken in and not yet settled."
        )
        self.settled = Bounded(
            self._counter(
                "submissions_settled",
                "Submissions durably settled, by door and state.",
                "door",
                "state",
            ),
            list(DOORS),
            list(SubmissionState),
        )
        self.unsettled = Bounded(
            self._counter(
                "submissions_unsettled", "Submissions handed back because settling failed.", "door"
            ),
            list(DOORS),
        )
        self.redelivered = self._counter(
            "submissions_redelivered", "Submissions that the broker delivered more than once."
        )
        self.calls = Bounded(
            self._counter(
                "door_calls",
                "Calls at a door over HTTP, by operation and outcome.",
                "door",
                "operation",
                "outcome",
            ),
            CALLED_DOORS,
            CALLS,
            CALL_OUTCOMES,
        )
        self.call_refusals = Bounded(
            self._counter(
                "door_refusals",
                "Calls that were refused or failed, by the code that the door's protocol answers.",
                "door",
                "code",
            ),
            CALLED_DOORS,
            CALL_CODES,
        )
        self.call_seconds = Bounded(
            self._seconds("door_call_seconds", "Time from a call to its answer, by door.", "door"),
            CALLED_DOORS,
        )
        self.odd_calls = self._counter(
            "edoc_odd_calls",
            "Calls that an eDoc client hardly meant, by account and what was odd; restart that client.",
            "account",
            "oddity",
        )
        self.refusals = Bounded(
            self._counter("refusals", "Submissions refused, by reason.", "reason"),
            [code for code, reason in REASONS.items() if not reason.is_warning],
        )
        self.bytes = self._histogram("submission_bytes", "Size of submissions.", BYTES)
        self.seconds = Bounded(
            self._seconds(
                "stage_seconds", "Time that a stage took; the count is what came out.", "stage"
            ),
            STAGES,
        )
        self.last = Bounded(
            self._gauge(
                "stage_last_timestamp_seconds", "When something last came out of a stage.", "stage"
            ),
            STAGES,
        )
        self.groups = self._histogram(
            "ledger_group_changes", "Changes written in one transaction.", GROUP
        )
        self.entries = self._counter("ledger_entries", "Evidence entries sealed.")

    def know_edoc(self, accounts: Iterable[str]) -> None:
        """Those of whom odd calls are counted are there at 0."""
        for account, oddity in product(accounts, OddCall):
            self.odd_calls.labels(account, oddity)

    def _exits(self) -> None:
        self.relayed = Bounded(
            self._counter(
                "relayed",
                "Attempts to send a row of the outbox, by route and outcome.",
                "route",
                "outcome",
            ),
            ROUTES,
            RELAY_OUTCOMES,
        )
        self.relay_failures = Bounded(
            self._counter("relay_failures", "Attempts that failed, by reason.", "reason"),
            list(REASONS),
        )
        self.waited = Bounded(
            self._seconds(
                "outbox_seconds", "Time from durable in the outbox to sent, by route.", "route"
            ),
            ROUTES,
        )
        self.notices = Bounded(
            self._counter(
                "deadline_notices",
                "Reminders and passed deadlines that were told, by reason.",
                "reason",
            ),
            NOTICES,
        )
        self.overdue = Bounded(
            self._gauge(
                "deadlines_overdue",
                "Deliveries of which something is overdue, by kind; consignment: they lie in our outbox.",
                "kind",
            ),
            DEADLINES,
        )
        self.overdue_since = Bounded(
            self._gauge(
                "deadlines_overdue_since_timestamp_seconds",
                "The longest passed of these deadlines; 0 if none is.",
                "kind",
            ),
            DEADLINES,
        )
        self.awaited = Bounded(
            self._gauge("deadlines_waiting", "Deadlines that still run, by kind.", "kind"),
            DEADLINES,
        )
        self.unmatched = self._gauge(
            "statuses_unmatched", "Statuses about documents that are not known here, or not yet."
        )
        self.outstanding = self._gauge(
            "system_outstanding",
            "Deliveries of a system's submissions that have not left yet, where that is limited.",
            "account",
        )
        self.outbox = Outbox()
        self.registry.register(self.outbox)
        self.mailboxes = Mailboxes()
        self.registry.register(self.mailboxes)
        self.marks = Bounded(
            self._counter(
                "mailbox_marks",
                "Items of mailboxes that were fetched first (processing) or marked, by state and kind.",
                "state",
                "kind",
            ),
            MARKS,
            list(Kind),
        )
        self.national = Bounded(
            self._counter(
                "national_operations",
                "Requests to the national axis, by operation and outcome.",
                "operation",
                "outcome",
            ),
            OPERATIONS,
            NATIONAL_OUTCOMES,
        )
        self.differences = Bounded(
            self._gauge(
                "national_differences",
                "What the last reconciliation with the national axis found and did not heal, by kind.",
                "kind",
            ),
            list(Difference),
        )
        self.healed = Bounded(
            self._counter(
                "national_healed", "Differences with the national axis that were healed.", "kind"
            ),
            list(Difference),
        )
        self.reconciled = self._gauge(
            "national_reconciled_timestamp_seconds",
            "When the last reconciliation was put on record; 0 if there is none.",
        )
        self.reconciled_whole = self._gauge(
            "national_reconciliation_complete",
            "Whether the last reconciliation could compare everything; 1 as long as there is none.",
        )
        self.untaken = self._gauge(
            "national_untaken",
            "Items listed on the national axis that could not be taken, again and again.",
        )
        self.national_up = self._gauge(
            "national_up", "Whether the national axis answered the last request."
        )
        self.national_success = self._gauge(
            "national_last_success_timestamp_seconds", "When the national axis last answered."
        )

    def _surroundings(self) -> None:
        self.connected = Bounded(
            self._gauge(
                "broker_connected", "Whether a connection to RabbitMQ stands.", "connection"
            ),
            CONNECTIONS,
        )
        self.blocked = self._gauge(
            "broker_blocked",
            "Whether RabbitMQ holds our publishing back for lack of memory or disk.",
        )
        self.consumers = self._gauge(
            "inbox_consumers",
            "Consumers of an agency's inbox, as the broker counts them.",
            "agency",
        )
        self.expiry = self._gauge(
            "certificate_expiry_timestamp_seconds",
            "When a certificate that we rely on ends.",
            "certificate",
        )
        self.reloads = Bounded(
            self._counter("config_reloads", "Reloads of the configuration, by outcome.", "outcome"),
            ("good", "bad"),
        )
        self.reload_good = self._gauge(
            "config_last_reload_successful", "Whether the last load of the configuration was good."
        )
        self.reload_time = self._gauge(
            "config_last_reload_success_timestamp_seconds",
            "When the configuration in use was loaded.",
        )
        self.view_version = self._gauge("view_version", "Version of the view in use.")
        self.directory_size = Bounded(
            self._gauge("directory_entries", "Entries of the directory, by kind.", "kind"),
            ("agency", "system"),
        )
        self.clock_sound = self._gauge(
            "clock_sound", "Whether the clock may stand in receipts; at 0 nothing is sealed."
        )
        self.clock_error = self._gauge(
            "clock_error_seconds",
            "How far off the kernel believes its clock to be at most; NaN where it does not say.",
        )
        self.clock_unsound = Bounded(
            self._counter(
                "clock_unsound", "Times that the clock became unsound, by cause.", "cause"
            ),
            list(Unsound),
        )
        self.verified = self._gauge(
            "ledger_verified", "Whether the chain of the ledger held when it was last verified."
        )
        self.verified_time = self._gauge(
            "ledger_verified_timestamp_seconds", "When the chain was last verified."
        )
        self.checks = Bounded(
            self._counter("checks", "Interconnection checks put on record.", "trigger", "outcome"),
            list(Trigger),
            (Outcome.PASSED, Outcome.FAILED),
        )
        self.check_time = self._gauge(
            "check_last_timestamp_seconds",
            "When the last interconnection check was put on record; 0 if there is none.",
        )
        self.check_outcome = Bounded(
            self._gauge(
                "check_outcome",
                "What the last interconnection check found: 2 passed, 1 passed with a warning, 0 failed,"
                " -1 not looked at.",
                "item",
            ),
            list(ITEMS),
        )
        self.trouble = Bounded(
            self._counter("trouble", "Failures of our own, by part and family.", "part", "family"),
            (
                *PARTS,
                "inspection",
                "settlement",
                "ledger",
                "intake",
                "backlog",
                "mailboxes",
                "door.vxp",
                "door.edoc",
                "consumers",
                "awaited",
                "allowances",
                "check",
            ),
            FAMILIES,
        )
        self.beats = Bounded(
            self._gauge("part_beat_timestamp_seconds", "Last sign of life of a part.", "part"),
            PARTS,
        )
        self.log_events = Bounded(
            self._counter("log_events", "Lines logged, by level.", "level"), LEVELS
        )
        self.build = Info(
            self._describe("build", "info", "What runs here."),
            "What runs here.",
            registry=self.registry,
        )

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        name = self._describe(name, "counter", meaning, labels)
        return Counter(name, meaning, labels, registry=self.registry)

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        name = self._describe(name, "gauge", meaning, labels)
        return Gauge(name, meaning, labels, registry=self.registry)

    def _seconds(self, name: str, meaning: str, *labels: str) -> Histogram:
        return self._histogram(name, meaning, SECONDS, *labels)

    def _histogram(
        self, name: str, meaning: str, buckets: Sequence[float], *labels: str
    ) -> Histogram:
        name = self._describe(name, "histogram", meaning, labels)
        return Histogram(name, meaning, labels, buckets=buckets, registry=self.registry)

    def _describe(self, name: str, kind: str, meaning: str, labels: Sequence[str] = ()) -> str:
        full = f"axisd_{name}"
        ending = {"counter": "_total", "info": "_info"}.get(kind, "")
        self.described.append(Described(full + ending, kind, tuple(labels), meaning))
        return full
