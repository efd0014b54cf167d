"""The wide event: one line tells all about a submission, and nothing of what it carries."""

import io
import json
import logging
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog

from axisd.adapters.clock import ManualClock
from axisd.adapters.logs import configure
from axisd.adapters.telemetry import AxisTelemetry
from axisd.core.evidence import Facts
from axisd.core.inspection import LegalValue, SignatureFinding, SignatureState
from axisd.core.interconnection import CheckRun, Item, Outcome, Trigger
from axisd.core.records import OutboxKind, OutboxRow
from axisd.core.submission import Door, Lane
from axisd.core.wording import Phrase
from axisd.errors import IntegrityError, TransientError
from axisd.ports import OddCall, Settled, Unsound
from axisd.service.heartbeat import Pulse

CLOCK = ManualClock(datetime(2026, 11, 22, 2, 15, tzinfo=UTC))


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level, raising = root.handlers[:], root.level, logging.raiseExceptions
    written = io.StringIO()
    configure("info", "json", now=CLOCK.now, stream=written)
    yield written
    root.handlers[:], logging.raiseExceptions = handlers, raising
    root.setLevel(level)
    for name in ("axisd", "sqlalchemy", "aiosqlite"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


@pytest.fixture
def telemetry(stream: io.StringIO) -> AxisTelemetry:
    return AxisTelemetry(CLOCK, Pulse(CLOCK))


def line(stream: io.StringIO) -> dict[str, Any]:
    (only,) = stream.getvalue().splitlines()
    told: dict[str, Any] = json.loads(only)
    return told


FACTS = Facts(
    "s-1", Door.AMQP, "finance", "000.00.11.H53", "000.00.11.H53", "document", "new", "", "d-1",
    "sha256:00", 10_000, CLOCK.now(), Lane.URGENT, 3, LegalValue.ORIGINAL,
    SignatureFinding(SignatureState.VERIFIED, "CN=x"),
)  # fmt: skip


def test_a_submission_is_one_line_with_everything_about_it(
    telemetry: AxisTelemetry, stream: io.StringIO
) -> None:
    timings = {"inspect": 0.01, "commit": 0.002}
    telemetry.settled(
        Settled(FACTS, "refused", "signature-invalid", 0, 0.012, timings, True, "/edXML:3")
    )
    assert line(stream) == {
        "time": "2026-11-22T09:15:00.000+07:00",
        "level": "info",
        "event": "submission",
        "submission": "s-1",
        "door": "amqp",
        "lane": "urgent",
        "account": "finance",
        "sender": "000.00.11.H53",
        "kind": "document",
        "business": "new",
        "document_id": "d-1",
        "state": "refused",
        "reason": "signature-invalid",
        "at": "/edXML:3",
        "deliveries": 0,
        "seconds": 0.012,
        "inspect_seconds": 0.01,
        "commit_seconds": 0.002,
        "bytes": 10_000,
        "digest": "sha256:00",
        "signature": "verified",
        "legal_value": "original",
        "redelivered": True,
    }


def test_a_quarantined_submission_is_an_error(
    telemetry: AxisTelemetry, stream: io.StringIO
) -> None:
    telemetry.settled(Settled(FACTS, "quarantined", "quarantined", 0, 0.1, {}, False))
    assert line(stream)["level"] == "error"


def test_what_heals_is_a_warning_without_a_traceback(
    telemetry: AxisTelemetry, stream: io.StringIO
) -> None:
    telemetry.trouble("relay", TransientError("broker gone"))
    told = line(stream)
    assert (told["level"], told["part"], told["error"]) == ("warning", "relay", "broker gone")
    assert "exception" not in told


def test_what_nobody_foresaw_is_an_error_with_the_frames_and_none_of_its_words(
    telemetry: AxisTelemetry, stream: io.StringIO
) -> None:
    sent = b"from a sender".decode().upper()
    try:
        raise ValueError(sent)
    except ValueError as error:
        telemetry.trouble("inspection", error)
    assert sent not in stream.getvalue()
    told = line(stream)
    assert (told["level"], told["error"]) == ("error", "ValueError")
    assert "test_telemetry.py" in told["exception"]


def test_what_contradicts_itself_is_an_error_with_few_of_its_words(
    telemetry: AxisTelemetry, stream: io.StringIO
) -> None:
    telemetry.trouble("ledger", IntegrityError("entry 7 " + "x" * 10_000))
    told = line(stream)
    assert told["error"].startswith("IntegrityError: entry 7")
    assert len(told["error"]) < 400


def test_a_delivery_that_works_is_counted_and_not_logged(
    telemetry: AxisTelemetry, stream: io.StringIO
) -> None:
    row = OutboxRow(
        CLOCK.new_id(), OutboxKind.DELIVERY, "local:H53", Lane.NORMAL, CLOCK.now(), attempts=2
    )
    telemetry.relayed(row, "sent", 0.1)
    assert stream.getvalue() == ""
    telemetry.relayed(row, "failed", 0.1, "inbox-missing")
    told = line(stream)
    assert (told["destination"], told["reason"], told["attempts"]) == (
        "local:H53",
        "inbox-missing",
        3,
    )


def test_an_unsound_clock_is_one_line_for_each_change_and_counted_by_cause(
    telemetry: AxisTelemetry, stream: io.StringIO
) -> None:
    assert telemetry.registry.get_sample_value("axisd_clock_sound") == 1
    telemetry.clock(Unsound.TURNED, "the clock was turned by +60.0 s")
    told = line(stream)
    assert (told["event"], told["level"], told["cause"]) == ("clock unsound", "error", "turned")
    assert told["why"] == "the clock was turned by +60.0 s"
    assert telemetry.registry.get_sample_value("axisd_clock_sound") == 0
    causes = {
        cause: telemetry.registry.get_sample_value("axisd_clock_unsound_total", {"cause": cause})
        for cause in Unsound
    }
    assert causes == dict.fromkeys(Unsound, 0.0) | {Unsound.TURNED: 1.0}
    telemetry.clock(None, "")
    assert telemetry.registry.get_sample_value("axisd_clock_sound") == 1
    assert json.loads(stream.getvalue().splitlines()[1])["event"] == "clock sound"


def test_what_the_kernel_does_not_say_of_its_error_is_no_number(telemetry: AxisTelemetry) -> None:
    for said, shown in ((0.25, "0.25"), (math.inf, "inf"), (None, "nan")):
        telemetry.clock_error(said)
        assert str(telemetry.registry.get_sample_value("axisd_clock_error_seconds")) == shown


def test_a_check_is_one_line_that_names_what_failed(
    telemetry: AxisTelemetry, stream: io.StringIO
) -> None:
    items = (
        Item("disk", Outcome.PASSED, Phrase("room", "còn chỗ")),
        Item("chain", Outcome.FAILED, Phrase("no", "không")),
    )
    telemetry.checked(CLOCK.now(), CheckRun(Trigger.OPERATOR, CLOCK.now(), items))
    told = line(stream)
    assert (told["event"], told["level"]) == ("interconnection check", "error")
    assert (told["trigger"], told["outcome"], told["failed"]) == ("operator", "failed", ["chain"])


def test_an_odd_call_that_comes_with_every_call_is_logged_now_and_then(
    telemetry: AxisTelemetry, stream: io.StringIO
) -> None:
    for _ in range(120):
        telemetry.odd_call("finance", OddCall.NO_NUMBER)
    told = [json.loads(text) for text in stream.getvalue().splitlines()]
    assert [(each["account"], each["oddity"], each["times"]) for each in told] == [
        ("finance", "no-docid", times) for times in (1, 10, 100)
    ]
