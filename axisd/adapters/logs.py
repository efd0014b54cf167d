"""Logging: one line for one event, on stderr, as JSON for machines or in colour for people.

Everything goes through here, what libraries log with the standard library too. What must never be in a
log is taken out by key (payloads, subjects, keys, passwords), credentials inside addresses are masked,
and text that came from outside cannot forge a line, move a cursor or hide itself: characters without ink
are written as escapes. Long values are cut. A log line that cannot be written is lost; nothing raises.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import sys
import warnings
from collections.abc import Callable, Mapping, MutableMapping
from datetime import datetime
from typing import Any, Final, Literal, TextIO, cast

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from axisd.core.zone import VIETNAM

Format = Literal["auto", "json", "console"]

FORBIDDEN: Final = frozenset(
    {"payload", "body", "content", "subject", "key", "authorization", "cookie"}
)
"""Keys whose values never reach a log."""

FORBIDDEN_ENDINGS: Final = (
    "password",
    "passphrase",
    "secret",
    "token",
    "private_key",
    "payload",
    "subject",
)

LONGEST: Final = 2000
"""Characters of one value at most; a traceback may have ten times as many."""


_TALKATIVE: Final = {
    # They write statements with their values, or what they are about to do, at INFO or DEBUG.
    "sqlalchemy": logging.WARNING,
    "aiosqlite": logging.WARNING,
    "alembic": logging.WARNING,
    # It writes a traceback of every connection that breaks, beside the line in which we tell why.
    "aiormq": logging.CRITICAL,
}
"""Libraries that say too much, and from which level on they are heard."""

_QUOTING: Final = r"aiohttp\.multipart"
"""A module whose warnings repeat what somebody sent: names of files, which say what a document is about."""

# Bounded, so that no text makes it slow. The second ending is that of a value that was cut.
_CREDENTIALS = re.compile(r"(\b\w{1,20}://[^/\s:@]{0,200}):[^@\s/]{1,500}(?:@|…$)")


def configure(
    level: str,
    format: Format,  # noqa: A002 - the setting is called so
    *,
    now: Callable[[], datetime],
    stream: TextIO = sys.stderr,
    count: Callable[[str], None] | None = None,
) -> None:
    """Sets logging up for the whole process; may be called again, with another level.

    `count` is told the level of every line, so that a counter stands beside every warning.
    """
    threshold = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        _Stamp(now),
        _counted(count),
        _trace,
        without_secrets,
    ]
    rendered = _renderers(format, stream)
    structlog.configure(
        processors=[*shared, *rendered],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(file=cast("TextIO", _Lossy(stream))),
        cache_logger_on_first_use=False,
    )
    bridge = logging.StreamHandler(stream)
    bridge.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_foreign, structlog.stdlib.ExtraAdder(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendered],
        )
    )
    root = logging.getLogger()
    for handler in list(root.handlers):
        root.removeHandler(handler)
    root.addHandler(bridge)
    # Below INFO libraries write frames and statements, and with them what people send each other.
    root.setLevel(max(threshold, logging.INFO))
    for talkative, loud in _TALKATIVE.items():
        logging.getLogger(talkative).setLevel(max(threshold, loud))
    logging.getLogger("axisd").setLevel(threshold)
    logging.captureWarnings(capture=True)
    warnings.filterwarnings("ignore", module=_QUOTING)
    logging.raiseExceptions = False


def journal() -> FilteringBoundLogger:
    """The logger for what axisd itself has to say: `journal().info("event", key=value)`."""
    logger: FilteringBoundLogger = structlog.get_logger()
    return logger


def without_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Takes out forbidden keys, masks credentials in addresses, and cuts what is too long."""
    for key in [key for key in event if _forbidden(key)]:
        del event[key]
    for key, value in event.items():
        if type(value) is str:
            if "://" in value or len(value) > LONGEST:
                event[key] = _harmless(value, LONGEST * 10 if key == "exception" else LONGEST)
        elif isinstance(value, Mapping):
            event[key] = without_secrets(_logger, _method, dict(value))
        elif isinstance(value, list | tuple):
            event[key] = [_harmless(str(item), LONGEST) for item in value]
    return event


def _forbidden(key: str) -> bool:
    lower = key.lower()
    return lower in FORBIDDEN or lower.endswith(FORBIDDEN_ENDINGS)


def _harmless(text: str, longest: int) -> str:
    cut = text if len(text) <= longest else text[:longest] + "…"
    return _CREDENTIALS.sub(r"\1:***@", cut) if "://" in cut else cut


def _renderers(format: Format, stream: TextIO) -> list[Processor]:  # noqa: A002
    if format == "json" or (format == "auto" and not stream.isatty()):
        return [_json_line]
    colours = stream.isatty() and not os.environ.get("NO_COLOR")
    return [
        _escaped,
        structlog.dev.ConsoleRenderer(
            timestamp_key="time",
            colors=colours,
            exception_formatter=structlog.dev.plain_traceback,
            pad_event_to=0,
        ),
    ]


def _json_line(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """One line of JSON: time, level and event first; characters without ink as escapes."""
    first = {key: event.pop(key) for key in ("time", "level", "event") if key in event}
    line = json.dumps({**first, **event}, ensure_ascii=False, default=str)
    return line if line.isprintable() else "".join(map(_escape, line))


def _escape(char: str) -> str:
    return char if char.isprintable() else json.dumps(char)[1:-1]


def _escaped(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """For people: text in one line, whatever it holds; a traceback keeps its lines, not more."""
    for key, value in event.items():
        if isinstance(value, str) and not value.isprintable():
            lines = value.split("\n") if key == "exception" else [value]
            event[key] = "\n".join("".join(map(_escape, line)) for line in lines)
    return event


class _Lossy:
    """A stream whose lines are lost while it takes none: a full disk must not end the axis."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # ValueError: it is closed
            self._stream.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


class _Stamp:
    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["time"] = self._now().astimezone(VIETNAM).isoformat(timespec="milliseconds")
        return event


def _counted(count: Callable[[str], None] | None) -> Processor:
    def counted(
        _logger: WrappedLogger, _method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        if count is not None:
            count(str(event.get("level", "")))
        return event

    return counted


def _foreign(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Says who logged it, for lines that came through the standard library."""
    record = event.get("_record")
    if isinstance(record, logging.LogRecord):
        event["logger"] = record.name
    return event


def _trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A traceback as text, without the values of variables."""
    return structlog.processors.format_exc_info(_logger, _method, event)
