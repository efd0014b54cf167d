"""Where in the bytes of a document an element lies, so that bytes can be put in or cut out there.

Serialising a document anew would change bytes that somebody sent, and lxml does not say where in the
bytes it is; expat does. Only for documents that `xmlsafe` has accepted, and only for places: nothing is
read from a document here. A DTD or an entity ends the search.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final
from xml.parsers import expat

_TAG: Final = re.compile(rb"""<(?:[^>"']|"[^"]*"|'[^']*')*>""")


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes of one element: `start` at its `<`, `closing` at its end tag, `end` after its last `>`.

    `closing` is None for `<Empty/>`, which has no end tag.
    """

    name: str
    start: int
    closing: int | None
    end: int


def spans(
    body: bytes, path: Sequence[str], names: Collection[str] | None = None
) -> tuple[Span, ...] | None:
    """The elements at `path` (lxml's `{namespace}local` names from the root on), in document order.

    With `names`, their children of these names instead. None where expat reads no such document.
    """
    search = _Search(body, tuple(path), names)
    return tuple(search.found) if search.run() else None


class _Search:
    def __init__(self, body: bytes, path: tuple[str, ...], names: Collection[str] | None) -> None:
        self.found: list[Span] = []
        self._body = body
        self._path = path
        self._names = names
        self._open: list[tuple[str, int]] = []
        # The axis accepts UTF-8 only, so a declaration of anything else must not move the offsets.
        self._parser = expat.ParserCreate("UTF-8", "}")
        self._parser.StartElementHandler = self._started
        self._parser.EndElementHandler = self._ended
        self._parser.StartDoctypeDeclHandler = _forbidden

    def run(self) -> bool:
        try:
            self._parser.Parse(self._body, True)
        except (expat.ExpatError, _ForbiddenError):
            return False
        return True

    def _started(self, name: str, _attributes: dict[str, str]) -> None:
        lxml_name = "{" + name if "}" in name else name
        self._open.append((lxml_name, self._parser.CurrentByteIndex))

    def _ended(self, _name: str) -> None:
        if self._wanted():
            name, start = self._open[-1]
            opening = self._tag_at(start)
            if opening.endswith(b"/>"):
                self.found.append(Span(name, start, None, start + len(opening)))
            else:
                here = self._parser.CurrentByteIndex
                self.found.append(Span(name, start, here, here + len(self._tag_at(here))))
        self._open.pop()

    def _tag_at(self, offset: int) -> bytes:
        tag = _TAG.match(self._body, offset)
        assert tag is not None, "expat stands at a tag"
        return tag.group()

    def _wanted(self) -> bool:
        depth = len(self._path) + (self._names is not None)
        if len(self._open) != depth:
            return False
        names = tuple(name for name, _ in self._open)
        if self._names is None:
            return names == self._path
        return names[:-1] == self._path and names[-1] in self._names


class _ForbiddenError(Exception):
    """Raised out of expat to stop it."""


def _forbidden(*_found: object) -> None:
    raise _ForbiddenError
