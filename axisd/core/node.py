"""An element of an edXML message by the names of its children: how the reader looks at the tree.

Children are found by namespace and local name. An absent element is an empty one, so the reader need not
ask; what must be there is the schema's business. What must not be, a comment inside a value, is noted and
reading goes on. Nothing here changes the tree.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lxml import etree

from axisd.core.reasons import Refusal
from axisd.core.schemafault import schema_invalid
from axisd.core.syntax import forbidden, path_of, shown

EDXML: Final = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
MAX_DOCUMENT_ID: Final = 255
"""Octets of a DocumentId at most: it travels as AMQP `correlation-id`, a short string."""

_NS: Final = f"{{{EDXML}}}"
_WHITE: Final = " \t\r\n"


class Notes:
    """`fault`: the first thing that must not be. Reading goes on regardless."""

    def __init__(self) -> None:
        self.fault: Refusal | None = None

    def note(self, fault: Refusal) -> None:
        self.fault = self.fault or fault


class Node:
    """An element by the local names of its children in the edXML namespace. An absent one is empty."""

    __slots__ = ("_children", "_element", "_notes")

    def __init__(self, element: etree._Element | None, notes: Notes) -> None:
        self._element = element
        self._notes = notes
        self._children: dict[str, list[etree._Element]] = {}
        if element is not None:
            for child in element.iterchildren(f"{_NS}*"):
                name = str(child.tag)[len(_NS) :]
                self._children.setdefault(name, []).append(child)

    def __contains__(self, name: str) -> bool:
        return name in self._children

    def node(self, name: str) -> Node:
        found = self._children.get(name)
        return Node(found[0] if found else None, self._notes)

    def nodes(self, name: str) -> list[Node]:
        return [Node(element, self._notes) for element in self._children.get(name, ())]

    def text(self, name: str) -> str:
        found = self._children.get(name)
        return self._text_of(found[0]) if found else ""

    def long_text(self, name: str) -> str:
        """The text with the white space around it, which may be many megabytes not to be copied."""
        found = self._children.get(name)
        if not found or len(found[0]):
            return self.text(name)
        return found[0].text or ""

    def texts(self, name: str) -> tuple[str, ...]:
        """The texts of all children with this name, without the empty ones."""
        found = (self._text_of(element) for element in self._children.get(name, ()))
        return tuple(text for text in found if text)

    def line(self, name: str = "") -> int:
        """Source line of the child, or of this element; 0 if it is absent."""
        found = self._children.get(name, ())
        element = found[0] if found else self._element
        return (element.sourceline or 0) if element is not None else 0

    def place(self, name: str) -> tuple[str | None, int | None]:
        """Where the child is, or should be: path and line."""
        found = self._children.get(name, ())
        element = found[0] if found else self._element
        return (None, None) if element is None else (path_of(element), element.sourceline)

    def lines(self, **fields: str) -> Mapping[str, int]:
        return {
            field: found[0].sourceline or 0
            for field, name in fields.items()
            if (found := self._children.get(name))
        }

    def refuse_long_id(self, name: str) -> None:
        found = self._children.get(name)
        if found and len(self._text_of(found[0]).encode()) > MAX_DOCUMENT_ID:
            self._notes.note(
                schema_invalid(
                    found[0],
                    f"{name} has more than {MAX_DOCUMENT_ID} bytes",
                    f"{name} dài quá {MAX_DOCUMENT_ID} byte",
                )
            )

    def _text_of(self, element: etree._Element) -> str:
        if len(element):
            return self._split_text_of(element)
        return (element.text or "").strip(_WHITE)

    def _split_text_of(self, element: etree._Element) -> str:
        pieces = [element.text or "", *(child.tail or "" for child in element)]
        text = "".join(pieces).strip(_WHITE)
        if text:
            name = shown(etree.QName(element).localname)
            found, found_vi = f"a comment inside {name}", f"chú thích bên trong {name}"
            self._notes.note(forbidden(element.sourceline, found, found_vi, path_of(element)))
        return text
