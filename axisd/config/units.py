"""Values with their units: durations, sizes, addresses. A number alone is refused, because it lies.

`5d 2h`, `500ms`, `64MiB`, `127.0.0.1:9153`. Parsing raises ValueError with a sentence that says how to
write it right; pydantic turns that into a problem of the configuration.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time, timedelta
from ipaddress import ip_address
from typing import Annotated, Final

from pydantic import BeforeValidator, PlainSerializer

from axisd.core.calendar import Span

_DURATION_UNITS: Final = {
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
_SIZE_UNITS: Final = {
    "B": 1,
    "kB": 1000,
    "MB": 1000**2,
    "GB": 1000**3,
    "KiB": 1024,
    "MiB": 1024**2,
    "GiB": 1024**3,
}
_DURATION_PART = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*([a-z]+)\s*", re.ASCII)
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)
_SIZE = re.compile(r"(\d{1,18})\s*([A-Za-z]+)", re.ASCII)
_ADDRESS = re.compile(r"(?:\[([^\]]+)\]|([^:\[\]]+)):(\d{1,5})", re.ASCII)


def parse_duration(value: object) -> timedelta:
    """`5d 2h`, `1m30s`, `500ms`; each unit once."""
    if isinstance(value, timedelta):
        return value
    text = str(value).strip()
    total, seen, at = timedelta(), set[str](), 0
    while part := _DURATION_PART.match(text, at):
        unit = part[2]
        if unit not in _DURATION_UNITS or unit in seen:
            break
        seen.add(unit)
        try:
            total += float(part[1]) * _DURATION_UNITS[unit]
        except OverflowError:
            break
        at = part.end()
    if at < len(text) or not seen:
        raise ValueError(
            f"{text!r} is not a duration; write it with its unit: 500ms, 2s, 1h 30m, 5d"
        )
    return total


def format_duration(value: timedelta) -> str:
    """The shortest form that `parse_duration` reads back."""
    rest, parts = value, []
    for unit, size in _DURATION_UNITS.items():
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts) or "0s"


def parse_clock(value: object) -> time:
    """`02:00`: a time of day, Vietnam's."""
    if isinstance(value, time):
        return value
    text = str(value).strip()
    if _CLOCK.fullmatch(text) is None:
        raise ValueError(f'{text!r} is not a time of day; write it in quotes: "02:00"')
    return time(int(text[:2]), int(text[3:]))


def format_clock(value: time) -> str:
    """The form that `parse_clock` reads back."""
    return f"{value:%H:%M}"


def parse_size(value: object) -> int:
    """`64MiB`, `512 KiB`, `30MB`: bytes."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = str(value).strip()
    match = _SIZE.fullmatch(text)
    if match is None or match[2] not in _SIZE_UNITS:
        raise ValueError(f"{text!r} is not a size; write it with its unit: 512KiB, 64MiB, 1GiB")
    return int(match[1]) * _SIZE_UNITS[match[2]]


def format_size(value: int) -> str:
    """The largest binary unit that divides `value`."""
    for unit in ("GiB", "MiB", "KiB"):
        if value and value % _SIZE_UNITS[unit] == 0:
            return f"{value // _SIZE_UNITS[unit]}{unit}"
    return f"{value}B"


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_address(value: object) -> Address:
    """`127.0.0.1:9153`, `[::1]:9153`, `localhost:9153`."""
    if isinstance(value, Address):
        return value
    text = str(value).strip()
    match = _ADDRESS.fullmatch(text)
    if match is None or not 0 < int(match[3]) < 65536:
        raise ValueError(f"{text!r} is not an address to listen on; write 127.0.0.1:9153")
    if match[1]:
        ip_address(match[1])
    return Address(match[1] or match[2], int(match[3]))


def parse_span(value: object) -> Span:
    """`07:00-11:30`."""
    return value if isinstance(value, Span) else Span.of(str(value))


@dataclass(frozen=True, slots=True)
class Called:
    """Annotates a type with the word that the reference uses for it."""

    word: str


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str, when_used="json"),
    Called("duration"),
]
Clock = Annotated[
    time,
    BeforeValidator(parse_clock),
    PlainSerializer(format_clock, return_type=str, when_used="json"),
    Called("time of day"),
]
Size = Annotated[
    int,
    BeforeValidator(parse_size),
    PlainSerializer(format_size, return_type=str, when_used="json"),
    Called("size"),
]
Listen = Annotated[
    Address,
    BeforeValidator(parse_address),
    PlainSerializer(str, return_type=str, when_used="json"),
    Called("address"),
]
OfficeHours = Annotated[
    Span,
    BeforeValidator(parse_span),
    PlainSerializer(str, return_type=str, when_used="json"),
    Called("office hours"),
]
