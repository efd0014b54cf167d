"""How often a fault strikes, and how long things take: the values that a behaviour is made of.

Each has one way of being written, the same in a file, over the control API and on the command line.
Parsing raises ValueError with a sentence that says how to write it right.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator, PlainSerializer

from axisd.adapters.vxp.protocol import OPERATIONS
from axisd.config.units import format_duration, parse_duration

LONGEST: Final = timedelta(days=366)
"""What a time of a behaviour or a script may be at most: further off the calendar ends."""
_SHARE: Final = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)\s*%", re.ASCII)
_WORDS: Final[Mapping[str, str]] = {
    "always": "100%",
    "true": "100%",
    "never": "0",
    "false": "0",
    "": "0",
}


@dataclass(frozen=True, slots=True)
class Often:
    """`share`: of all occasions, 0 to 1. `first`: the first so many instead. `only`: the operations that it
    is about, all of them if none is named."""

    share: float = 0.0
    first: int = 0
    only: tuple[str, ...] = ()

    @classmethod
    def of(cls, value: object) -> Often:
        """`10%`, `3` (the first three), `always`, `never`; `10% of sendEdoc, getEdoc`."""
        if isinstance(value, Often):
            return value
        rate, _, named = str(value).strip().partition(" of ")
        only = tuple(name.strip() for name in named.split(",")) if named else ()
        for name in only:
            if name not in OPERATIONS:
                raise ValueError(f"{name!a} is not an operation of the protocol")
        rate = _WORDS.get(rate.strip().lower(), rate.strip())
        if rate.isascii() and rate.isdecimal() and len(rate) < 10:
            return cls(first=int(rate), only=only)
        if (match := _SHARE.fullmatch(rate)) and float(match[1]) <= 100:
            return cls(share=float(match[1]) / 100, only=only)
        raise ValueError(
            f"{str(value)!a} does not say how often; write 10%, always, never, or 3 for the first"
            " three, and behind it whose if not every operation's: 3 of sendEdoc"
        )

    def __str__(self) -> str:
        rate = f"{self.share * 100:g}%" if self.share else str(self.first or "never")
        if self.share == 1:
            rate = "always"
        return f"{rate} of {', '.join(self.only)}" if self.only else rate

    def concerns(self, operation: str) -> bool:
        """Whether it can strike in a call of `operation` at all."""
        return bool(self.share or self.first) and (not self.only or operation in self.only)


@dataclass(frozen=True, slots=True)
class Between:
    """A time from `least` to `most`, drawn anew for each occasion."""

    least: timedelta = timedelta()
    most: timedelta = timedelta()

    @classmethod
    def of(cls, value: object) -> Between:
        """`10m`, or `10m..15m`."""
        if isinstance(value, Between):
            return value
        least, _, most = str(value).partition("..")
        found = cls(parse_duration(least), parse_duration(most or least))
        if found.most < found.least:
            raise ValueError(f"{str(value)!a} ends before it begins")
        _bounded(found.most)
        return found

    def __str__(self) -> str:
        least, most = format_duration(self.least), format_duration(self.most)
        return least if least == most else f"{least}..{most}"


def parse_offset(value: object) -> timedelta:
    """A duration that may lie in the past: `-5m`, `2h`."""
    if isinstance(value, timedelta):
        return value
    text = str(value).strip()
    length = _bounded(parse_duration(text.removeprefix("-")))
    return -length if text.startswith("-") else length


def _bounded(length: timedelta) -> timedelta:
    if length > LONGEST:
        raise ValueError(f"{format_duration(length)} is more than {format_duration(LONGEST)}")
    return length


def format_offset(value: timedelta) -> str:
    """What `parse_offset` reads back."""
    return f"-{format_duration(-value)}" if value < timedelta() else format_duration(value)


Chance = Annotated[
    Often, BeforeValidator(Often.of), PlainSerializer(str, return_type=str, when_used="json")
]
Time = Annotated[
    Between, BeforeValidator(Between.of), PlainSerializer(str, return_type=str, when_used="json")
]
Offset = Annotated[
    timedelta,
    BeforeValidator(parse_offset),
    PlainSerializer(format_offset, return_type=str, when_used="json"),
]
