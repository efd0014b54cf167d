"""What is measured on a parsed document: depth, elements, attributes, namespaces, words, forbidden nodes.

The tree is the truth: what the bytes suggested (`axisd.core.xmlbytes`) only kept the parse from blowing up.
`words` keeps the account of what libxml2 has interned for this thread, which it never gives back.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from itertools import chain, islice
from typing import Any, Final

from lxml import etree

from axisd.core.reasons import Refusal
from axisd.core.syntax import (
    ATTRIBUTES,
    DEPTH,
    DOCTYPE,
    ELEMENTS,
    INSTRUCTION,
    NAMESPACES,
    TEXT,
    TEXTS,
    WORD,
    WORDS,
    forbidden,
    path_of,
    shown,
    too_much,
)
from axisd.core.view import Limits

MAX_WORDS: Final = 1024
"""Distinct element, attribute and namespace names in one document at most."""
MAX_WORD: Final = 1024
"""Characters of one of them, with its namespace, at most."""

MAX_TEXT: Final = 256 * 1024
"""Characters in one element at most: a hundred printed pages."""
MAX_TEXTS: Final = 16 * MAX_TEXT
"""Characters in all of them together at most."""

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_XINCLUDE: Final = "{http://www.w3.org/2001/XInclude}*"


_Declaration = tuple[str, Any]
"""What iterwalk yields: "start-ns" with prefix and name, or "end-ns" with None."""


class _Thread(threading.local):
    """What a thread has taken into libxml2's dictionary, and its compiled expressions."""

    def __init__(self) -> None:
        self.words: set[str] = set()
        self.spent = 0
        self.attributed = etree.XPath("//*[@*]")
        self._too_deep: dict[int, etree.XPath] = {}

    def deeper_than(self, limit: int) -> etree.XPath:
        if limit not in self._too_deep:
            self._too_deep[limit] = etree.XPath("/*" * (limit + 1))
        return self._too_deep[limit]


_thread = _Thread()


def spent() -> int:
    """Bytes that libxml2 keeps for this thread, at most, because of words that it met."""
    return _thread.spent


def spend(amount: int) -> None:
    """Notes that a parse in this thread may have left `amount` bytes behind."""
    _thread.spent += amount


def fault_in(root: etree._Element, limits: Limits) -> Refusal | None:
    """Why the document under `root` is more than is accepted; None if it is not.

    Reasons: `structure-limit`, `forbidden-markup`.
    """
    attributed = _thread.attributed(root)
    declarations = list(etree.iterwalk(root, events=("start-ns", "end-ns")))
    words = _words_of(root, attributed, declarations)
    _take_in(words)  # also for what is refused below: libxml2 keeps it all the same
    return (
        _doctype_fault(root)
        or _depth_fault(root, limits)
        or _count_fault(root, limits)
        or _attribute_fault(attributed, limits)
        or _word_fault(words)
        or _instruction_fault(root)
        or _namespace_fault(root, declarations, limits)
    )


def text_fault(root: etree._Element, spared: str) -> Refusal | None:
    """Whether there is more text under `root` than anybody reads, that of elements called `spared` aside.

    Whoever looks into texts brings them into another form, in which one character can become eighteen: a
    few megabytes would become gigabytes. Reason: `structure-limit`.
    """
    total = 0
    for element in root.iter(etree.Element):
        size = sum(len(node.tail) for node in element if node.tail)
        if str(element.tag).rpartition("}")[2] != spared:
            size += len(element.text or "")
        if size > MAX_TEXT:
            return too_much(element.sourceline, *TEXT, MAX_TEXT, at=path_of(element))
        total += size
        if total > MAX_TEXTS:
            return too_much(element.sourceline, *TEXTS, MAX_TEXTS)
    return None


def _words_of(
    root: etree._Element, attributed: list[etree._Element], declarations: Sequence[_Declaration]
) -> set[str]:
    words = {str(element.tag) for element in root.iter(etree.Element)}
    for element in attributed:
        words.update(element.keys())
    for event, declared in declarations:
        if event == "start-ns":
            words.update(declared)
    words.update(getattr(node, "target", "") for node in root.iter(etree.PI))
    return words


def _take_in(words: set[str]) -> None:
    fresh = words - _thread.words
    if not fresh:
        return
    _thread.spent += sum(len(word) + 64 for word in fresh)
    if len(_thread.words) < MAX_WORDS:
        _thread.words |= fresh


def _doctype_fault(root: etree._Element) -> Refusal | None:
    """A second look: the bytes were searched for it before the parse."""
    found = root.getroottree().docinfo.internalDTD is not None
    return forbidden(None, *DOCTYPE) if found else None


def _depth_fault(root: etree._Element, limits: Limits) -> Refusal | None:
    deeper = _thread.deeper_than(limits.depth)(root)
    return too_much(deeper[0].sourceline, *DEPTH, limits.depth) if deeper else None


def _count_fault(root: etree._Element, limits: Limits) -> Refusal | None:
    excess = next(islice(root.iter(), limits.elements, None), None)
    return None if excess is None else too_much(excess.sourceline, *ELEMENTS, limits.elements)


def _attribute_fault(attributed: list[etree._Element], limits: Limits) -> Refusal | None:
    for element in attributed:
        if len(element.attrib) > limits.attributes:
            return too_much(element.sourceline, *ATTRIBUTES, limits.attributes, at=path_of(element))
    return None


def _word_fault(words: set[str]) -> Refusal | None:
    if len(words) > MAX_WORDS:
        return too_much(None, *WORDS, MAX_WORDS)
    if max(map(len, words)) > MAX_WORD:
        return too_much(None, *WORD, MAX_WORD)
    return None


def _instruction_fault(root: etree._Element) -> Refusal | None:
    found = next(
        chain(
            root.iter(etree.PI),
            root.itersiblings(etree.PI, preceding=True),
            root.itersiblings(etree.PI),
        ),
        None,
    )
    if found is not None:
        return forbidden(found.sourceline, *INSTRUCTION)
    inclusion = next(root.iter(_XINCLUDE), None)
    if inclusion is not None:
        return forbidden(
            inclusion.sourceline, "an XInclude element", "phần tử XInclude", path_of(inclusion)
        )
    return None


def _namespace_fault(
    root: etree._Element, declarations: Sequence[_Declaration], limits: Limits
) -> Refusal | None:
    """Bounds the declarations in scope, and refuses names over which Canonical XML 1.0 §4.7 must fail."""
    in_scope = 0
    for event, declared in declarations:
        in_scope += 1 if event == "start-ns" else -1
        if in_scope > limits.namespaces:
            return too_much(None, *NAMESPACES, limits.namespaces)
        uri = declared[1] if event == "start-ns" else ""
        if uri and not _ABSOLUTE.match(uri):
            name = shown(uri)
            return forbidden(
                _line_declaring(root, uri),
                f"the relative namespace name {name}",
                f"không gian tên tương đối {name}",
            )
    return None


def _line_declaring(root: etree._Element, uri: str) -> int | None:
    for element in root.iter(etree.Element):
        if uri in element.nsmap.values():
            return element.sourceline
    return None
