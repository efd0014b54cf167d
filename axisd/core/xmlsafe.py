"""The only place where XML from outside becomes a tree: hardened, limited, refusing instead of raising.

No DTD and so no entities, no network, no XInclude, no processing instructions, UTF-8 only. Text nodes of
any length pass (attachments are single lines of many megabytes), which needs libxml2's `huge_tree`; since
that lifts libxml2's own limits, ours are enforced here: the bytes are looked at before they are parsed
(`xmlbytes`), so that the parse cannot blow up, and the tree is measured afterwards, exactly (`xmltree`).

What can go wrong elsewhere and cannot here:

* a DTD hidden behind an encoding: the bytes must be UTF-8, and the parser is told so whatever they declare;
* a relative namespace name, over which Canonical XML fails and a careless verifier digests nothing;
* words that a thread keeps for ever: libxml2 interns every name and namespace it meets, per thread and
  without end, so a thread that has met too many new ones parses in a thread of its own from then on.

One parser per call: a shared one would serialise the threads. Nothing here changes or keeps the bytes.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from lxml import etree

from axisd.core import xmlbytes, xmltree
from axisd.core.reasons import Refusal, refuse
from axisd.core.syntax import DEPTH, Complaint, explain, too_much
from axisd.core.view import Limits

WORDS_PER_THREAD: Final = 8 * 1024 * 1024
"""Bytes of words that one thread may have taken in before it stops parsing itself."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A well-formed document within all limits.

    Source lines are exact up to 65,535; beyond that, an element that begins with a line break may be
    placed one line late.
    """

    root: etree._Element


def parser() -> etree.XMLParser:
    """A fresh parser that resolves, loads and fetches nothing; for octets that `parse` has passed, or our own."""
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        no_network=True,
        huge_tree=True,
        recover=False,
        strip_cdata=True,
        collect_ids=False,
    )


def parse(body: bytes, limits: Limits) -> Parsed | Refusal:
    """The document in `body`, or why it is none. Never raises, whatever the bytes.

    Reasons: `empty`, `too-large`, `encoding`, `forbidden-markup`, `not-well-formed`, `structure-limit`.
    Lines are 1-based. The limit on namespaces bounds the declarations in scope at any one element.
    """
    if not body:
        return refuse("empty")
    if len(body) > limits.envelope:
        return refuse("too-large", size=str(len(body)), limit=str(limits.envelope))
    fault = xmlbytes.fault_in(body, limits)
    if fault is not None:
        return fault
    root = _tree(body, limits)
    if isinstance(root, Refusal):
        return root
    return xmltree.fault_in(root, limits) or Parsed(root)


def parse_trusted(body: bytes) -> etree._Element:
    """The root of a document of our own (a schema, a receipt that we made).

    Raises:
        ValueError: it is not well-formed, or has a DTD.
    """
    try:
        root = etree.fromstring(body, parser())
    except etree.XMLSyntaxError as error:
        raise ValueError(f"not well-formed: {error}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise ValueError("a document type declaration is not allowed")
    return root


def _tree(body: bytes, limits: Limits) -> etree._Element | Refusal:
    if xmltree.spent() <= WORDS_PER_THREAD:
        return _parsed(body, limits)
    with ThreadPoolExecutor(
        1, "parse"
    ) as fresh:  # its dictionary ends with the thread and the tree
        return fresh.submit(_parsed, body, limits).result()


def _parsed(body: bytes, limits: Limits) -> etree._Element | Refusal:
    fresh = parser()
    try:
        return etree.fromstring(body, fresh)
    except (etree.LxmlError, UnicodeError):
        # Nobody can tell which words libxml2 met before it gave up; short ones cost four times their octets.
        xmltree.spend(4 * len(body))
        return _complaint(fresh, body, limits)


def _complaint(used: etree.XMLParser, body: bytes, limits: Limits) -> Refusal:
    errors = [entry for entry in used.error_log if entry.level > etree.ErrorLevels.WARNING]
    if not errors:
        return explain(Complaint(0, 1, ""), body)
    first = errors[0]
    if (
        first.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT
    ):  # libxml2 stops by itself at a depth of 2048
        return too_much(first.line, *DEPTH, limits.depth)
    return explain(Complaint(first.type, first.line, first.message or ""), body)
