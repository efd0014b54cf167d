"""Log lines: one event, one line, nothing that must not be there."""

import io
import json
import logging
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog
from aiohttp.multipart import parse_content_disposition

from axisd.adapters import logs
from axisd.adapters.logs import configure, journal

NOW = datetime(2026, 11, 22, 2, 15, 0, 123456, tzinfo=UTC)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, raising = root.handlers[:], root.level, logging.raiseExceptions
    yield
    root.handlers[:], logging.raiseExceptions = handlers, raising
    root.setLevel(level)
    for name in ("axisd", "sqlalchemy", "aiosqlite", "alembic", "aiormq"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def told(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def to_json(level: str = "info") -> io.StringIO:
    stream = io.StringIO()
    configure(level, "json", now=lambda: NOW, stream=stream)
    return stream


def test_an_event_is_one_line_of_json_in_the_zone_of_vietnam() -> None:
    stream = to_json()
    journal().info("submission", sender="000.00.11.H53", bytes=7)
    assert stream.getvalue() == (
        '{"time": "2026-11-22T09:15:00.123+07:00", "level": "info", "event": "submission", '
        '"sender": "000.00.11.H53", "bytes": 7}\n'
    )


def test_what_libraries_log_comes_out_the_same_with_their_name_and_extras() -> None:
    stream = to_json()
    logging.getLogger("aiohttp").warning("lost %s", "it", extra={"systems": 3})
    (line,) = told(stream)
    assert (line["event"], line["logger"], line["level"], line["systems"]) == (
        "lost it",
        "aiohttp",
        "warning",
        3,
    )


def test_lines_below_the_level_are_not_written() -> None:
    stream = to_json("warning")
    journal().info("quiet")
    logging.getLogger("x").info("quiet")
    journal().warning("loud")
    assert [line["event"] for line in told(stream)] == ["loud"]


@pytest.mark.parametrize(
    ("logger", "level"),
    [
        ("anything.else", "debug"),
        ("alembic.runtime.migration", "info"),
        ("sqlalchemy.engine.Engine", "info"),
    ],
)
def test_libraries_never_log_what_they_carry_even_at_debug(logger: str, level: str) -> None:
    stream = to_json("debug")
    getattr(logging.getLogger(logger), level)("frame %r", b"what people send each other")
    assert stream.getvalue() == ""
    logging.getLogger(logger).warning("gone")
    logging.getLogger("axisd.daemon").debug("ours")
    assert [line["event"] for line in told(stream)] == ["gone", "ours"]


def test_a_broken_connection_is_told_by_us_and_not_again_by_the_library_with_its_traceback() -> (
    None
):
    stream = to_json("debug")
    logging.getLogger("aiormq.connection").error("Unexpected connection close", exc_info=OSError())
    logging.getLogger("axisd.adapters.amqp").warning("connection lost")
    assert [line["event"] for line in told(stream)] == ["connection lost"]


@pytest.mark.parametrize(
    "key",
    ["payload", "body", "content", "subject", "key", "password", "amqp_password", "secret", "Authorization",
     "private_key", "client_secret", "token", "document_subject"],
)  # fmt: skip
def test_what_must_not_be_logged_is_taken_out_by_whoever_logs_it(key: str) -> None:
    stream = to_json()
    journal().info("a", **{key: "hush", "nested": {key: "hush", "kept": 1}})
    logging.getLogger("x").warning("b", extra={key: "hush"})
    assert "hush" not in stream.getvalue()
    assert told(stream)[0]["nested"] == {"kept": 1}


def test_a_routing_key_is_no_secret() -> None:
    stream = to_json()
    journal().info("a", routing_key="normal.000.00.11.H53")
    assert told(stream)[0]["routing_key"] == "normal.000.00.11.H53"


def test_credentials_in_addresses_are_masked_wherever_they_stand() -> None:
    stream = to_json()
    journal().info("to amqp://axis:hush@host/", where=["https://u:hush@h"], error="x://u:hu@sh@h")
    logging.getLogger("x").warning("lost %s", "amqp://axis:hush@host/")
    assert "hush" not in stream.getvalue()
    assert told(stream)[0]["event"] == "to amqp://axis:***@host/"


NASTY = 'a\nb\r{"level":"x"}\x1b[2J\u2028\u202e\u200b\x85'


def test_what_a_sender_wrote_cannot_forge_a_line_or_hide() -> None:
    stream = to_json()
    journal().info("submission", document_id=NASTY)
    logging.getLogger("x").warning(NASTY)
    assert len(stream.getvalue().splitlines()) == 2
    assert stream.getvalue().replace("\n", "").isprintable()
    assert told(stream)[0]["document_id"] == NASTY


def test_for_people_too_a_line_is_one_line() -> None:
    stream = io.StringIO()
    configure("info", "console", now=lambda: NOW, stream=stream)
    journal().info("submission", document_id=NASTY)
    logging.getLogger("x").warning(NASTY)
    assert len(stream.getvalue().splitlines()) == 2
    assert stream.getvalue().replace("\n", "").isprintable()


def test_long_values_are_cut() -> None:
    stream = to_json()
    journal().info("a", detail="x" * 100_000)
    assert len(stream.getvalue()) < logs.LONGEST + 200


def test_a_password_at_the_cut_is_masked_too() -> None:
    stream = to_json()
    journal().info("a", where="x " * 990 + "amqp://axis:hush" + "y" * 100 + "@host")
    assert "hush" not in stream.getvalue()


def test_a_traceback_is_in_its_line_without_the_values_of_variables() -> None:
    stream = to_json()
    hidden = "hush"
    try:
        raise ValueError("boom") from KeyError(len(hidden))
    except ValueError:
        journal().exception("a")
        logging.getLogger("x").exception("b")
    for line in told(stream):
        assert "ValueError: boom" in line["exception"]
        assert "hush" not in line["exception"].replace('hidden = "hush"', "")


def test_auto_is_for_people_on_a_terminal_and_for_machines_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for stream, is_json in ((io.StringIO(), True), (Terminal(), False)):
        configure("info", "auto", now=lambda: NOW, stream=stream)
        journal().info("a")
        assert stream.getvalue().startswith("{") is is_json


def test_colour_is_for_terminals_that_want_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for wanted in (True, False):
        monkeypatch.delenv("NO_COLOR", raising=False)
        if not wanted:
            monkeypatch.setenv("NO_COLOR", "1")
        stream = Terminal()
        configure("info", "console", now=lambda: NOW, stream=stream)
        journal().error("a")
        assert ("\x1b[" in stream.getvalue()) is wanted


def test_every_line_is_counted_by_its_level() -> None:
    seen: list[str] = []
    configure("info", "json", now=lambda: NOW, stream=io.StringIO(), count=seen.append)
    journal().warning("a")
    journal().debug("not written, not counted")
    logging.getLogger("x").error("b")
    assert seen == ["warning", "error"]


def test_warnings_of_python_are_logged() -> None:
    stream = to_json()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("old ways", DeprecationWarning, stacklevel=1)
    logging.captureWarnings(capture=False)
    assert "old ways" in told(stream)[0]["event"]


def test_configuring_again_changes_the_level_and_doubles_no_line() -> None:
    to_json("error")
    stream = to_json("info")
    journal().info("a")
    logging.getLogger("x").info("b")
    assert [line["event"] for line in told(stream)] == ["a", "b"]


class Full(io.StringIO):
    """A disk without space."""

    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")

    def flush(self) -> None:
        raise OSError(28, "No space left on device")


def test_a_line_that_cannot_be_written_is_lost_and_nothing_raises() -> None:
    configure("info", "json", now=lambda: NOW, stream=Full())
    journal().error("submission", state="accepted")
    logging.getLogger("axisd").error("stopping")


def test_names_of_files_that_nobody_could_read_are_not_repeated() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        stream = to_json()
        for header in ("form-data; name=\"a\"; filename*=x''%e4dismissal", "form-da ta; dismissal"):
            parse_content_disposition(header)
        warnings.warn("another", stacklevel=1)
    assert "dismissal" not in stream.getvalue()
    assert "another" in stream.getvalue()
