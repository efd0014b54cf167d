"""Large envelopes without their weight: the content of attachments taken out before the bytes are parsed.

An envelope of 50 MB is 50 MB of base64 in one element, and a tree, a schema, a canonicalisation would each copy
it. Here a long run of base64 between two tags becomes a short word of its own, so that everything else works
on a few kilobytes, and whoever needs the content itself, to measure or to digest it, reads it from the
bytes that were received.

Why this changes nothing: a run holds nothing but letters of base64 and white space that no rule of XML touches
(no carriage return), so wherever it stands, the parse and the canonical form of the envelope with the word are those
with the run, but for that one piece of text. The word is as valid base64 as a run can be; its line breaks are the
run's, so that later lines keep their numbers. It is made from a digest of the whole envelope: nobody can write one
that already contains it. Where a word does not come to stand alone in a content element, the envelope is
read in the ordinary way, and so it is where anything else is found wrong with it. Pure.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

LONG: Final = 1024 * 1024
"""Bytes of a run that is taken out at least."""

_BASE64: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_WHITE: Final = b" \t\n"
_PLAIN: Final = _BASE64 + _WHITE
_SLICE: Final = 1 << 16
_AB: Final = str.maketrans("01", "AB")


@dataclass(frozen=True, slots=True)
class Elided:
    """`body`: the envelope with words; `runs`: by word, the bytes that it stands for."""

    body: bytes
    runs: Mapping[bytes, memoryview] = field(repr=False)

    def run(self, text: str) -> memoryview | None:
        """What a text of the parsed envelope stands for; None for one that stands for itself."""
        return self.runs.get(text.encode("ascii", "replace")) if self.runs else None

    def stands_in(self, root: etree._Element, name: str) -> bool:
        """Whether every word is the whole text of one element with the local name `name`, and of no other."""
        met = [
            word
            for element in root.iter(etree.Element)
            if str(element.tag).rpartition("}")[2] == name and not len(element)
            if (word := (element.text or "").encode("utf-8", "replace")) in self.runs
        ]
        return sorted(met) == sorted(self.runs)

    def pieces(self, octets: bytes) -> Iterator[bytes | memoryview]:
        """Canonical octets with what their words stand for, a slice at a time.

        Raises ValueError where a word is not there exactly once, or they stand in another order.
        """
        at = 0
        for word, run in self.runs.items():
            found = octets.find(word, at)
            if found < 0 or octets.count(word) != 1:
                raise ValueError("content is missing from the canonical form")
            yield octets[at:found]
            yield from (run[start : start + _SLICE] for start in range(0, len(run), _SLICE))
            at = found + len(word)
        yield octets[at:]


NOTHING: Final = Elided(b"", {})
"""Where nothing was taken out."""


def elide(body: bytes, digest: str, name: str) -> Elided | None:
    """`body`, whose `digest` is given, without its long runs before an end tag with the local name `name`; None
    if it has none."""
    if len(body) < LONG:
        return None
    places = list(_runs(body, re.compile(rf"</(?:[^\s<>:]+:)?{name}\s*>".encode("ascii"))))
    if not places:
        return None
    seed = digest.encode("ascii")
    view = memoryview(body)
    runs: dict[bytes, memoryview] = {}
    pieces: list[bytes] = []
    at = 0
    for number, (start, end) in enumerate(places):
        word = _word(seed, number) + b"\n" * body.count(b"\n", start, end)
        runs[word] = view[start:end]
        pieces += (body[at:start], word)
        at = end
    return Elided(b"".join((*pieces, body[at:])), runs)


def _runs(body: bytes, end: re.Pattern[bytes]) -> Iterator[tuple[int, int]]:
    """Where long runs stand: all that is between one `>` and an end tag, with no `<` between them."""
    begin = 0
    while (opened := body.find(b"<", begin)) >= 0:
        start = body.rfind(b">", begin, opened) + 1
        long = start and opened - start >= LONG
        if long and end.match(body, opened) and _plain(body, start, opened):
            yield start, opened
        begin = opened + 1


def _plain(body: bytes, start: int, end: int) -> bool:
    return not any(
        body[at : min(at + _SLICE, end)].translate(None, _PLAIN) for at in range(start, end, _SLICE)
    )


def _word(seed: bytes, number: int) -> bytes:
    """Letters that mean nothing in any language, in a number that base64 can end with."""
    digest = hashlib.sha256(seed + number.to_bytes(4, "big")).digest()
    return f"{int.from_bytes(digest, 'big'):0256b}".translate(_AB).encode("ascii")
