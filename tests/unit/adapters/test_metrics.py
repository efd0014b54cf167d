"""Metrics: bounded, present from the start, and right."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.exposition import generate_latest

from axisd.adapters.clock import ManualClock
from axisd.adapters.metrics import OBJECTIVE, SECONDS, Metrics
from axisd.adapters.telemetry import AxisTelemetry
from axisd.config.load import read
from axisd.core.evidence import Facts
from axisd.core.history import Awaited
from axisd.core.interconnection import ITEMS, CheckRun, Item, Trigger
from axisd.core.interconnection import Outcome as Found
from axisd.core.mailbox import ItemState, MailboxSummary
from axisd.core.reasons import REASONS
from axisd.core.reconciliation import Difference, Reconciliation
from axisd.core.reconciliation import Found as Differs
from axisd.core.records import OutboxKind, OutboxRow, OutboxSummary
from axisd.core.submission import Door, Lane, Submission
from axisd.core.wording import Phrase
from axisd.errors import ConfigError, IntegrityError, TransientError
from axisd.ports import OddCall, Settled, Telemetry
from axisd.service.breaker import Circuit, Interrupted
from axisd.service.heartbeat import Pulse
from tests.support.settings import TODAY, small_site, with_probe_agency

Value = Callable[..., float | None]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 22, 2, 15, tzinfo=UTC))


@pytest.fixture
def telemetry(clock: ManualClock) -> AxisTelemetry:
    return AxisTelemetry(clock, Pulse(clock))


@pytest.fixture
def value(telemetry: AxisTelemetry) -> Value:
    def sample(name: str, **labels: str) -> float | None:
        return telemetry.registry.get_sample_value(f"axisd_{name}", labels)

    return sample


def submission(clock: ManualClock, **changes: Any) -> Submission:
    plain = Submission(
        clock.new_id(), Door.AMQP, b"x" * 10_000, clock.now(), "finance", "normal.000.00.11.H53"
    )
    return replace(plain, **changes)


def settled(clock: ManualClock, **changes: Any) -> Settled:
    facts = Facts(
        clock.new_id(), Door.AMQP, "finance", "000.00.11.H53", "000.00.11.H53", "document", "new", "",
        "id", "sha256:00", 10_000, clock.now(),
    )  # fmt: skip
    plain = Settled(
        facts, "accepted", "", 1, 0.12, {"inspect": 0.02, "commit": 0.1}, redelivered=False
    )
    return replace(plain, **changes)


def row(clock: ManualClock, destination: str = "local:000.00.11.H53") -> OutboxRow:
    return OutboxRow(clock.new_id(), OutboxKind.DELIVERY, destination, Lane.NORMAL, clock.now())


def openmetrics(registry: CollectorRegistry) -> str:
    return generate_latest(registry).decode()  # type: ignore[no-untyped-call, no-any-return]


def series(registry: CollectorRegistry) -> int:
    return sum(len(family.samples) for family in registry.collect())


def test_it_is_a_telemetry(telemetry: AxisTelemetry) -> None:
    port: Telemetry = telemetry
    assert port is telemetry


def test_every_metric_has_the_prefix_a_base_unit_and_a_meaning() -> None:
    for family in Metrics().registry.collect():
        assert family.name.startswith(("axisd_", "process_"))
        assert family.documentation
        assert not family.name.endswith(("_ms", "_milliseconds", "_kb", "_age", "_count"))


def test_the_reference_describes_every_metric_that_there_is_and_no_other() -> None:
    metrics = Metrics()
    shown = {
        family.name for family in metrics.registry.collect() if family.name.startswith("axisd_")
    }
    described = {
        item.name.removesuffix("_total").removesuffix("_info") for item in metrics.described
    }
    assert described == shown


def test_every_known_reason_is_there_at_zero(value: Value) -> None:
    for code, reason in REASONS.items():
        assert value("refusals_total", reason=code) == (None if reason.is_warning else 0)
        assert value("relay_failures_total", reason=code) == 0


def test_the_service_objective_is_an_edge_of_the_buckets(telemetry: AxisTelemetry) -> None:
    assert OBJECTIVE in SECONDS
    text = openmetrics(telemetry.registry)
    assert 'axisd_stage_seconds_bucket{le="0.15",stage="intake"}' in text
    assert 'axisd_outbox_seconds_bucket{le="0.15",route="local"}' in text


def test_a_submission_is_counted_in_in_progress_and_out(
    telemetry: AxisTelemetry, value: Value, clock: ManualClock
) -> None:
    telemetry.taken(submission(clock, redelivered=True))
    assert value("submissions_taken_total", door="amqp", lane="normal") == 1
    assert value("submissions_in_progress") == 1
    assert value("submissions_redelivered_total") == 1
    assert value("submission_bytes_sum") == 10_000
    telemetry.settled(settled(clock))
    assert value("submissions_in_progress") == 0
    assert value("submissions_settled_total", door="amqp", state="accepted") == 1
    assert value("stage_seconds_count", stage="intake") == 1
    assert value("stage_seconds_bucket", stage="intake", le="0.1") == 0
    assert value("stage_seconds_bucket", stage="intake", le="0.15") == 1
    assert value("stage_seconds_sum", stage="inspect") == 0.02
    assert value("stage_last_timestamp_seconds", stage="commit") == clock.now().timestamp()


def test_a_submission_that_could_not_be_settled_is_no_longer_in_progress(
    telemetry: AxisTelemetry, value: Value, clock: ManualClock
) -> None:
    given = submission(clock)
    telemetry.taken(given)
    telemetry.unsettled(given)
    assert value("submissions_in_progress") == 0
    assert value("submissions_unsettled_total", door="amqp") == 1


def test_a_refusal_is_counted_by_its_reason(
    telemetry: AxisTelemetry, value: Value, clock: ManualClock
) -> None:
    telemetry.settled(settled(clock, state="refused", reason="signature-invalid"))
    assert value("refusals_total", reason="signature-invalid") == 1
    assert value("submissions_settled_total", door="amqp", state="refused") == 1


def test_the_bucket_names_the_submission_as_its_exemplar(
    telemetry: AxisTelemetry, clock: ManualClock
) -> None:
    event = settled(clock)
    telemetry.settled(event)
    text = openmetrics(telemetry.registry)
    assert f'# {{submission="{event.facts.submission_id}"}} 0.12' in text


def test_a_delivery_that_left_is_timed_from_when_it_was_durable(
    telemetry: AxisTelemetry, value: Value, clock: ManualClock
) -> None:
    waiting = row(clock)
    clock.advance(timedelta(seconds=3))
    telemetry.relayed(waiting, "sent", 0.004)
    assert value("relayed_total", route="local", outcome="sent") == 1
    assert value("outbox_seconds_sum", route="local") == 3
    assert value("stage_seconds_sum", stage="relay") == 0.004


def test_a_delivery_that_did_not_leave_is_counted_by_its_reason(
    telemetry: AxisTelemetry, value: Value, clock: ManualClock
) -> None:
    telemetry.relayed(row(clock, "national:000.00.00.G14"), "failed", 0.004, "national-failed")
    assert value("relayed_total", route="national", outcome="failed") == 1
    assert value("relay_failures_total", reason="national-failed") == 1
    assert value("outbox_seconds_count", route="national") == 0
    assert value("stage_seconds_count", stage="uplink") == 1


def test_nobody_outside_can_make_series(
    telemetry: AxisTelemetry, value: Value, clock: ManualClock, tmp_path: Path
) -> None:
    telemetry.configured(read(small_site(tmp_path).config, day=TODAY))
    before = series(telemetry.registry)
    telemetry.relayed(row(clock, "stranger:x"), "odd", 0.1, "odd")
    telemetry.settled(settled(clock, state="odd", reason="odd", timings={"odd": 1.0}))
    telemetry.national("odd", "odd", 0.1)
    telemetry.trouble("odd", ValueError("x"))
    telemetry.beat("odd")
    assert series(telemetry.registry) == before
    assert value("refusals_total", reason="other") == 1
    oldest = clock.now()
    telemetry.backlog(
        [OutboxSummary(f"national:{code}", 2, 1, oldest, {}) for code in ("H99", "H98")]
    )
    assert value("outbox_waiting", destination="national:unknown") == 4
    assert value("outbox_held", destination="national:unknown") == 2
    assert (
        value("outbox_oldest_timestamp_seconds", destination="national:unknown")
        == oldest.timestamp()
    )
    broken = Interrupted("national:H97", Circuit.OPEN, 1, None)
    telemetry.circuits([broken, replace(broken, circuit=Circuit.TRYING)])
    assert value("outbox_circuit", destination="national:unknown") == 2
    assert series(telemetry.registry) == before + 4


def test_the_outbox_is_shown_by_destination_with_the_time_of_the_oldest(
    telemetry: AxisTelemetry, value: Value, clock: ManualClock, tmp_path: Path
) -> None:
    telemetry.configured(read(small_site(tmp_path).config, day=TODAY))
    served = "local:000.00.11.H53"
    assert value("outbox_waiting", destination=served) == 0
    telemetry.backlog([OutboxSummary(served, 5, 1, clock.now(), {})])
    assert value("outbox_waiting", destination=served) == 5
    assert value("outbox_held", destination=served) == 1
    assert value("outbox_oldest_timestamp_seconds", destination=served) == clock.now().timestamp()
    telemetry.backlog([])
    assert value("outbox_waiting", destination=served) == 0
    assert value("outbox_oldest_timestamp_seconds", destination=served) == 0


def test_it_is_shown_where_nothing_leaves_for_now_whole_exits_among_it(
    telemetry: AxisTelemetry, value: Value, tmp_path: Path
) -> None:
    telemetry.configured(read(small_site(tmp_path).config, day=TODAY))
    assert value("outbox_circuit", destination="uplink") == 0
    telemetry.circuits([Interrupted("uplink", Circuit.TRYING, 4, None)])
    assert value("outbox_circuit", destination="uplink") == 1
    telemetry.circuits([])
    assert value("outbox_circuit", destination="uplink") == 0
    assert value("outbox_circuit", destination="local:000.00.11.H53") == 0


def test_a_reconciliation_shows_what_stands_what_was_healed_and_when_it_was(
    telemetry: AxisTelemetry, value: Value, clock: ManualClock
) -> None:
    assert value("national_differences", kind="lost") == 0
    assert value("national_reconciled_timestamp_seconds") == 0
    assert value("national_reconciliation_complete") == 1
    found = (
        Differs(Difference.LOST, "n1", "x"),
        Differs(Difference.LOST, "n2", "x"),
        Differs(Difference.MISSING, "7", "x", healed=True),
    )
    now = clock.now()
    run = Reconciliation(Trigger.TIMER, now, now, found=found, incomplete={"sent-status": "no"})
    telemetry.reconciled(now, run)
    assert value("national_differences", kind="lost") == 2
    assert value("national_differences", kind="missing") == 0
    assert value("national_healed_total", kind="missing") == 1
    assert value("national_reconciled_timestamp_seconds") == now.timestamp()
    assert value("national_reconciliation_complete") == 0
    telemetry.reconciled(now, Reconciliation(Trigger.TIMER, now, now))
    assert value("national_differences", kind="lost") == 0
    assert value("national_healed_total", kind="missing") == 1
    assert value("national_reconciliation_complete") == 1


def test_a_commit_is_timed_and_its_group_counted(telemetry: AxisTelemetry, value: Value) -> None:
    telemetry.committed(changes=5, entries=7, seconds=0.003)
    assert value("ledger_group_changes_bucket", le="4.0") == 0
    assert value("ledger_group_changes_bucket", le="8.0") == 1
    assert value("ledger_entries_total") == 7
    assert value("stage_seconds_sum", stage="ledger") == 0.003


@pytest.mark.parametrize(
    ("outcome", "counted", "up"),
    [("ok", "ok", 1), ("code 18", "refused", 1), ("done", "done", 1), ("failed", "failed", 0)],
)
def test_the_national_axis_is_up_when_it_answers_whatever_it_says(
    telemetry: AxisTelemetry, value: Value, clock: ManualClock, outcome: str, counted: str, up: int
) -> None:
    telemetry.national("send", outcome, 0.2)
    assert value("national_operations_total", operation="send", outcome=counted) == 1
    assert value("national_up") == up
    expected = clock.now().timestamp() if up else 0
    assert value("national_last_success_timestamp_seconds") == expected


@pytest.mark.parametrize(
    ("error", "family"),
    [
        (TransientError("x"), "transient"),
        (IntegrityError("x"), "integrity"),
        (ConfigError(()), "config"),
        (ZeroDivisionError(), "unexpected"),
    ],
)
def test_trouble_is_counted_by_part_and_family(
    telemetry: AxisTelemetry, value: Value, error: Exception, family: str
) -> None:
    telemetry.trouble("ledger", error)
    assert value("trouble_total", part="ledger", family=family) == 1


def test_a_beat_is_passed_on_and_its_time_shown(clock: ManualClock) -> None:
    pulse = Pulse(clock, stale=5)
    telemetry = AxisTelemetry(clock, pulse)
    pulse.expect("relay")
    clock.advance(timedelta(seconds=6))
    assert pulse.silent() == ["relay"]
    telemetry.beat("relay")
    assert pulse.silent() == []
    shown = telemetry.registry.get_sample_value(
        "axisd_part_beat_timestamp_seconds", {"part": "relay"}
    )
    assert shown == clock.now().timestamp()


def test_a_configuration_in_use_shows_its_age_its_size_and_its_certificates(
    telemetry: AxisTelemetry, value: Value, clock: ManualClock, tmp_path: Path
) -> None:
    loaded = read(small_site(tmp_path).config, day=TODAY, version=4)
    telemetry.configured(loaded)
    (certificate,) = loaded.settings.receipts.certificate.certificates
    assert value("view_version") == 4
    assert value("directory_entries", kind="agency") == 3
    assert value("config_last_reload_success_timestamp_seconds") == clock.now().timestamp()
    ends = certificate.not_valid_after_utc.timestamp()
    assert value("certificate_expiry_timestamp_seconds", certificate="receipts") == ends


def test_a_bad_reload_shows_and_the_time_of_the_good_one_stays(
    telemetry: AxisTelemetry, value: Value, clock: ManualClock, tmp_path: Path
) -> None:
    telemetry.configured(read(small_site(tmp_path).config, day=TODAY))
    loaded_at = clock.now().timestamp()
    clock.advance(timedelta(minutes=1))
    telemetry.reloaded(False)
    assert value("config_last_reload_successful") == 0
    assert value("config_reloads_total", outcome="bad") == 1
    assert value("config_last_reload_success_timestamp_seconds") == loaded_at


def test_the_broker_and_the_consumers_of_inboxes_are_shown(
    telemetry: AxisTelemetry, value: Value
) -> None:
    telemetry.broker(consuming=True, publishing=False, blocked=True)
    assert value("broker_connected", connection="consume") == 1
    assert value("broker_connected", connection="publish") == 0
    assert value("broker_blocked") == 1
    telemetry.consumers({"H53": 2, "H54": 0})
    telemetry.consumers({"H53": 1})
    assert value("inbox_consumers", agency="H53") == 1
    assert value("inbox_consumers", agency="H54") is None


def test_the_verdict_on_the_ledger_is_shown_with_its_time(
    telemetry: AxisTelemetry, value: Value, clock: ManualClock
) -> None:
    telemetry.verified(True)
    assert value("ledger_verified") == 1
    assert value("ledger_verified_timestamp_seconds") == clock.now().timestamp()


def test_lines_logged_are_counted_by_level(telemetry: AxisTelemetry, value: Value) -> None:
    telemetry.counted("warning")
    assert value("log_events_total", level="warning") == 1
    assert value("log_events_total", level="critical") == 0


def test_what_is_awaited_is_summed_by_kind_and_what_is_over_leaves_no_trace(
    telemetry: AxisTelemetry, value: Value, clock: ManualClock
) -> None:
    first = clock.now() - timedelta(days=2)
    telemetry.awaited(
        [
            Awaited("arrival", "000.00.11.H53", 2, clock.now(), 1, clock.now()),
            Awaited("arrival", "000.00.12.H53", 3, first, 0, None),
            Awaited("consignment", "000.00.12.H53", 0, None, 4, clock.now()),
        ]
    )
    assert value("deadlines_overdue", kind="arrival") == 5
    assert value("deadlines_overdue_since_timestamp_seconds", kind="arrival") == first.timestamp()
    assert value("deadlines_waiting", kind="arrival") == 1
    assert value("deadlines_overdue", kind="consignment") == 0
    assert value("deadlines_waiting", kind="consignment") == 4
    assert value("deadlines_overdue_since_timestamp_seconds", kind="consignment") == 0
    telemetry.awaited([])
    assert value("deadlines_overdue", kind="arrival") == 0
    assert value("deadlines_overdue_since_timestamp_seconds", kind="arrival") == 0


def test_statuses_without_a_document_are_shown(telemetry: AxisTelemetry, value: Value) -> None:
    for count in (3, 0):
        telemetry.unmatched(count)
        assert value("statuses_unmatched") == count


def test_notices_are_counted_by_reason(telemetry: AxisTelemetry, value: Value) -> None:
    telemetry.noticed("reply-overdue")
    assert value("deadline_notices_total", reason="reply-overdue") == 1
    assert value("deadline_notices_total", reason="consignment-overdue") == 0


def checked(clock: ManualClock, **found: Found) -> CheckRun:
    items = tuple(Item(name, outcome, Phrase("", "")) for name, outcome in found.items())
    return CheckRun(Trigger.TIMER, clock.now(), items)


def test_before_the_first_check_nothing_was_looked_at_and_nothing_failed(value: Value) -> None:
    assert value("check_last_timestamp_seconds") == 0
    assert {value("check_outcome", item=name) for name in ITEMS} == {-1}


def test_the_last_check_says_of_every_item_how_it_went(
    telemetry: AxisTelemetry, value: Value, clock: ManualClock
) -> None:
    run = checked(
        clock, outbox=Found.WARNED, disk=Found.PASSED, chain=Found.FAILED, national=Found.SKIPPED
    )
    at = clock.advance(timedelta(minutes=2))
    telemetry.checked(at, run)
    assert value("check_last_timestamp_seconds") == at.timestamp()
    found = [value("check_outcome", item=name) for name in ("disk", "outbox", "chain", "national")]
    assert found == [2, 1, 0, -1]
    assert value("checks_total", trigger="timer", outcome="failed") == 1
    assert value("checks_total", trigger="timer", outcome="passed") == 0
    telemetry.checked(at, checked(clock, chain=Found.PASSED))
    assert value("check_outcome", item="chain") == 2
    assert value("check_outcome", item="disk") == -1, "what was not looked at is not as it was"


def test_a_check_from_before_a_restart_is_shown_and_not_counted_again(
    telemetry: AxisTelemetry, value: Value, clock: ManualClock
) -> None:
    telemetry.last_check(clock.now(), checked(clock, disk=Found.FAILED))
    assert value("check_last_timestamp_seconds") == clock.now().timestamp()
    assert value("check_outcome", item="disk") == 0
    assert value("checks_total", trigger="timer", outcome="failed") == 0


def test_odd_calls_are_counted_by_account_and_there_at_zero_for_each_that_may_call(
    telemetry: AxisTelemetry, value: Value, tmp_path: Path
) -> None:
    site = small_site(tmp_path)
    with_probe_agency(site, channel="edoc")
    telemetry.configured(read(site.config, day=TODAY))
    odd = {"account": "probe", "oddity": OddCall.SAME_NUMBER}
    assert value("edoc_odd_calls_total", **odd) == 0
    telemetry.odd_call("probe", OddCall.SAME_NUMBER)
    assert value("edoc_odd_calls_total", **odd) == 1


def test_mailboxes_are_shown_by_agency_and_state_from_the_start_and_strangers_make_no_series(
    telemetry: AxisTelemetry, clock: ManualClock, value: Value, tmp_path: Path
) -> None:
    site = small_site(tmp_path)
    site.write("office.secret", "a secret that is long enough\n")
    behind = "account: office, channel: vxp, secret_file: office.secret"
    site.edit("systems.yaml", "account: office, channel: amqp", behind)
    telemetry.configured(read(site.config, day=TODAY))
    office, now = "000.00.01.H53", clock.now()
    labels = {"agency": office, "state": "fail"}
    assert (
        value("mailbox_items", **labels) == value("mailbox_oldest_timestamp_seconds", **labels) == 0
    )
    assert value("mailbox_items", agency="000.00.11.H53", state="fail") is None
    old = MailboxSummary(office, ItemState.FAIL, 2, now - timedelta(hours=1))
    strange = [MailboxSummary(f"999.{n}", ItemState.FAIL, n, now) for n in (1, 2)]
    telemetry.mailboxes([old, *strange])
    assert value("mailbox_items", **labels) == 2
    assert value("mailbox_oldest_timestamp_seconds", **labels) == old.oldest.timestamp()
    assert value("mailbox_items", agency="unknown", state="fail") == 3
    telemetry.mailboxes([])
    assert value("mailbox_items", **labels) == 0
    assert value("mailbox_items", agency="unknown", state="fail") is None


def test_marks_are_counted_by_state_and_kind(telemetry: AxisTelemetry, value: Value) -> None:
    assert value("mailbox_marks_total", state="done", kind="status") == 0
    telemetry.marked(ItemState.DONE, "status", 3)
    telemetry.marked(ItemState.WITHDRAWN, "another", 1)
    assert value("mailbox_marks_total", state="done", kind="status") == 3
    assert value("mailbox_marks_total", state="other", kind="other") == 1
