"""Step 5: whether an envelope is valid. libxml2 decides; `axisd.core.schemafault` explains a refusal.

XML Schema 1.0 cannot count elements that repeat in any order, so the schemas carry, in the `appinfo` of
such types, how often each child may occur, and this module holds envelopes to that after libxml2 has
passed them: one file says it all. Compiled schemas and their error logs are shared state, so every thread
compiles its own, once. Validation fetches nothing, whatever `xsi:schemaLocation` says.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lxml import etree
from xmlschema import XMLSchema10

from axisd.core.envelope import Kind
from axisd.core.node import EDXML
from axisd.core.reasons import Refusal
from axisd.core.schemafault import explain, local, schema_invalid
from axisd.core.xmlsafe import parse_trusted
from axisd.resources import schema_path

FILES: Final[Mapping[str, str]] = {
    Kind.DOCUMENT: "edxml-document-1.0.xsd",
    Kind.STATUS: "edxml-status-1.0.xsd",
    "signature": "xmldsig-core-schema.xsd",
    "receipt": "receipt-1.0.xsd",
}

_XS: Final = "{http://www.w3.org/2001/XMLSchema}"
_EDXML_ELEMENT: Final = f"{{{EDXML}}}*"
_OCCURS = re.compile(r"([\w|]+):\s*(\d+)\.\.(\d+|n)")


@dataclass(frozen=True, slots=True)
class Occurs:
    """How often the elements `names`, counted together, may be children of one parent. None: any number."""

    names: tuple[str, ...]
    least: int
    most: int | None


def shipped(name: str) -> bytes:
    """A schema that ships with axisd. Read once, when the schemas are loaded."""
    return schema_path(name).read_bytes()


class Schemas:
    """The schemas, loaded once. Thread-safe.

    Raises:
        FileNotFoundError, ValueError, etree.XMLSchemaParseError: the installation is broken.
    """

    def __init__(self, read: Callable[[str], bytes] = shipped) -> None:
        self._sources = {key: read(name) for key, name in FILES.items()}
        self._occurs = {kind: occurs_in(parse_trusted(self._sources[kind])) for kind in Kind}
        self._compiled = threading.local()
        self._explaining = threading.Lock()
        self._explainers: dict[Kind, XMLSchema10] = {}
        for key in FILES:
            self._schema(key)

    def validate(self, root: etree._Element, kind: Kind) -> Refusal | None:
        """Why the message under `root` is not valid (`schema-invalid`, with place and line), or None."""
        schema = self._schema(kind)
        if schema.validate(root):
            return _miscounted(root, self._occurs[kind])
        with self._explaining:  # xmlschema's objects are shared; refusals are rare
            return explain(root, self._explainer(kind), list(schema.error_log))

    def validate_signature(self, signature: etree._Element) -> str | None:
        """libxml2's first complaint about a `ds:Signature` by the W3C's schema, or None."""
        return self._complaint("signature", signature)

    def validate_receipt(self, root: etree._Element) -> str | None:
        """libxml2's first complaint about a receipt by `receipt-1.0.xsd`, or None."""
        return self._complaint("receipt", root)

    def _complaint(self, key: str, root: etree._Element) -> str | None:
        schema = self._schema(key)
        if schema.validate(root):
            return None
        first = schema.error_log[0]
        return f"line {first.line}: {first.message}"

    def _schema(self, key: str) -> etree.XMLSchema:
        compiled: dict[str, etree.XMLSchema] = self._compiled.__dict__
        if key not in compiled:
            compiled[key] = etree.XMLSchema(parse_trusted(self._sources[key]))
        return compiled[key]

    def _explainer(self, kind: Kind) -> XMLSchema10:
        if kind not in self._explainers:
            source: Any = parse_trusted(self._sources[kind])  # its types know ElementTree's only
            self._explainers[kind] = XMLSchema10(source, allow="none", use_location_hints=False)
        return self._explainers[kind]


def occurs_in(schema: etree._Element) -> Mapping[str, tuple[Occurs, ...]]:
    """By local name of the parent element: how often its children may occur, from the schema's appinfo."""
    by_type = {
        node.get("name", ""): rules
        for node in schema.iterfind(f"{_XS}complexType")
        if (rules := _rules(node))
    }
    occurs: dict[str, tuple[Occurs, ...]] = {}
    for element in schema.iter(f"{_XS}element"):
        inline = element.find(f"{_XS}complexType")
        rules = by_type.get(element.get("type", ""), ()) if inline is None else _rules(inline)
        if rules:
            occurs[element.get("name", "")] = rules
    return occurs


def _rules(complex_type: etree._Element) -> tuple[Occurs, ...]:
    text = complex_type.findtext(f"{_XS}annotation/{_XS}appinfo") or ""
    return tuple(
        Occurs(tuple(names.split("|")), int(least), None if most == "n" else int(most))
        for names, least, most in _OCCURS.findall(text)
    )


def _miscounted(parent: etree._Element, occurs: Mapping[str, tuple[Occurs, ...]]) -> Refusal | None:
    children = [(local(child), child) for child in parent.iterchildren(_EDXML_ELEMENT)]
    counted: dict[str, int] = {}
    for name, _ in children:
        counted[name] = counted.get(name, 0) + 1
    for rule in occurs.get(local(parent), ()):
        count = sum(counted.get(name, 0) for name in rule.names)
        if count < rule.least:
            return _missing(parent, rule)
        if rule.most is not None and count > rule.most:
            alike = [child for name, child in children if name in rule.names]
            return _repeated(alike[rule.most], rule)
    for name, child in children:
        if name in occurs and (fault := _miscounted(child, occurs)) is not None:
            return fault
    return None


def _missing(parent: etree._Element, rule: Occurs) -> Refusal:
    name = local(parent)
    return schema_invalid(
        parent,
        f"{name} lacks {' or '.join(rule.names)}",
        f"{name} thiếu {' hoặc '.join(rule.names)}",
    )


def _repeated(excess: etree._Element, rule: Occurs) -> Refusal:
    names, times = " or ".join(rule.names), "once" if rule.most == 1 else f"{rule.most} times"
    return schema_invalid(
        excess,
        f"{names} may occur only {times}",
        f"{' hoặc '.join(rule.names)} chỉ được có {rule.most} lần",
    )
