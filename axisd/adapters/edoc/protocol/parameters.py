"""What the headers of a request say. All parameters of the API are headers.

Names come in any case, values are trimmed. One header sent twice with two values says nothing: which of
them is meant must not be our choice. A client keeps the headers of its first call for the life of its
process, so what an operation does not take is never looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from axisd.adapters.edoc.protocol.numbers import MOST
from axisd.core.envelope import Kind

KINDS: Final[Mapping[str, Kind]] = {"edoc": Kind.DOCUMENT, "status": Kind.STATUS}
"""The kinds of an envelope by the header `type`, in small letters."""

_NUMBER: Final = re.compile(r"[0-9]{1,10}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Parameters:
    """`values`: what each header says, by its name in small letters. Absent, empty and contradictory read
    the same: ""."""

    values: Mapping[str, str]

    def of(self, *names: str) -> str:
        """The first of these headers that says something; "" if none does."""
        return next((text for name in names if (text := self.values.get(name, ""))), "")

    @property
    def organ(self) -> str:
        """Whose account is meant."""
        return self.of("organid")

    @property
    def tokens(self) -> tuple[str, ...]:
        """What the caller proves itself with, under its newer name and its older one; sent bare."""
        given = (self.of("authorization"), self.of("token"))
        return tuple(dict.fromkeys(filter(None, given)))

    @property
    def kind_text(self) -> str:
        """The kind of message as it was written, under its newer name or its older one."""
        return self.of("type", "messagetype")

    @property
    def kind(self) -> Kind | None:
        """The kind of message; None for one that does not exist, or that is not said."""
        return KINDS.get(self.kind_text.lower())

    @property
    def number(self) -> int | None:
        """The docId; None where it is not said, or is none that there could be."""
        text = self.of("docid")
        number = int(text) if _NUMBER.fullmatch(text) else 0
        return number if 0 < number <= MOST else None

    @property
    def digest(self) -> str:
        """The hash that the caller made of its file, "" if it made none."""
        return self.of("hash-edoc")


def read_parameters(headers: Iterable[tuple[str, str]]) -> Parameters:
    """The parameters in all of a request's headers."""
    values: dict[str, str] = {}
    contradicted: set[str] = set()
    for name, value in headers:
        key, text = name.strip().lower(), _text(value)
        if not text:
            continue
        if values.setdefault(key, text) != text:
            contradicted.add(key)
    return Parameters({key: text for key, text in values.items() if key not in contradicted})


def _text(value: str) -> str:
    """A header as its sender meant it: UTF-8, else Latin-1 (what Java's clients send)."""
    raw = value.encode("utf-8", "surrogateescape")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return text.strip()
