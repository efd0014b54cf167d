"""What a command prints: facts on stdout, everything else on stderr.

Colour appears only where a person reads it: on a terminal, without `NO_COLOR` (any value) and not on a
dumb one. Tables are measured in columns of the terminal, so Vietnamese text in either normal form
lines up. Nothing here decides anything, and nothing here ends the program.
"""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from enum import Enum
from itertools import islice, zip_longest
from pathlib import Path
from typing import IO, Final, Literal

import click

Role = Literal["good", "bad", "warn", "dim", "strong"]

_STYLES: Final[dict[Role, dict[str, object]]] = {
    "good": {"fg": "green"},
    "bad": {"fg": "red", "bold": True},
    "warn": {"fg": "yellow"},
    "dim": {"dim": True},
    "strong": {"bold": True},
}


def coloured(stream: IO[str]) -> bool:
    """Whether `stream` is a terminal that wants colour (https://no-color.org)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


def paint(text: str, role: Role, *, stream: IO[str] | None = None) -> str:
    """`text` in the colour of its role, or as it is where colour has no place."""
    if not coloured(stream if stream is not None else sys.stdout):
        return text
    return click.style(text, **_STYLES[role])  # type: ignore[arg-type]


def say(text: str = "") -> None:
    """One line of facts, on stdout."""
    click.echo(text, color=True if coloured(sys.stdout) else None)


def note(text: str, role: Role | None = None) -> None:
    """One line for the person at the terminal, on stderr."""
    painted = paint(text, role, stream=sys.stderr) if role else text
    click.echo(painted, err=True, color=True if coloured(sys.stderr) else None)


def say_json(value: object) -> None:
    """One JSON value on stdout."""
    say(json_text(value))


def json_text(value: object) -> str:
    """One JSON value; dates in ISO 8601, text as it is (not escaped to ASCII) where it has ink."""
    lines = json.dumps(value, ensure_ascii=False, indent=2, default=_plain).split("\n")
    return "\n".join(line if line.isprintable() else "".join(map(_inked, line)) for line in lines)


def say_table(
    headers: Sequence[str], rows: Iterable[Sequence[str]], *, roles: Iterable[Role | None] = ()
) -> None:
    """A table with aligned columns; the last column is not padded. `roles` colour whole rows, in order."""
    head, *lines = table(headers, rows)
    say(paint(head, "strong"))
    for line, role in zip_longest(lines, islice(roles, len(lines))):
        say(paint(line, role) if role else line)


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table with aligned columns, its headers first."""
    cells = [list(map(visible, row)) for row in rows]
    widths = [
        max(map(_columns, column)) for column in zip(headers, *cells, strict=True)
    ]  # every row has as many cells as there are headers, or this raises
    return [_line(row, widths) for row in (headers, *cells)]


def visible(text: str) -> str:
    """`text` with everything that could move the cursor or hide characters written as an escape."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def _inked(char: str) -> str:
    """JSON escapes what could move the cursor only below U+0020; a terminal obeys U+009B as well."""
    return char if char.isprintable() else json.dumps(char)[1:-1]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [
        cell + " " * (width - _columns(cell)) for cell, width in zip(cells, widths, strict=True)
    ]
    return "  ".join(padded).rstrip()


def _columns(text: str) -> int:
    """How many terminal columns `text` takes: combining marks none, wide characters two."""
    return sum(
        0
        if unicodedata.combining(char)
        else 2
        if unicodedata.east_asian_width(char) in {"W", "F"}
        else 1
        for char in text
    )


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, frozenset | set):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
