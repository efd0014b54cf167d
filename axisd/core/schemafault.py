"""What to tell a sender whose envelope breaks the schema: where, what was expected, in two languages.

libxml2 has decided already; its messages quote values (a subject among them) and speak English only. So
`xmlschema` is asked again, on a light copy without attachment text, and its first error becomes one of the
sentences below. Values are shown only where they are codes. Nothing here changes the verdict.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from typing import Any, Final

from lxml import etree
from xmlschema import XMLSchema10
from xmlschema.validators import XMLSchemaChildrenValidationError, XMLSchemaValidationError

from axisd.core.reasons import Refusal, refuse
from axisd.core.syntax import path_of, shown

CONTENT: Final = "ContentTransferEncoded"
"""The element that carries an attachment, and so may hold many megabytes."""
MAX_ELEMENTS: Final = 2_000
"""Larger documents are not explained: xmlschema takes some 50 µs an element."""

_LACKS = re.compile(r"\w+ (?:lacks ([\w, ]+)|(must not be empty))\.", re.ASCII)
_NAMED = re.compile(r"Element '((?:\{[^}]*\})?[^']+)'")


def schema_invalid(element: etree._Element, detail: str, detail_vi: str) -> Refusal:
    """`element` is where the fault lies; the sentences end without a full stop."""
    return refuse(
        "schema-invalid",
        at=path_of(element),
        line=element.sourceline,
        detail=f"{detail}.",
        detail_vi=f"{detail_vi}.",
    )


def explain(
    root: etree._Element, schema: XMLSchema10, complaints: Sequence[etree._LogEntry]
) -> Refusal:
    """The refusal for what libxml2 complained about: its first complaint, in `xmlschema`'s view if it has one."""
    if sum(1 for _ in root.iter()) <= MAX_ELEMENTS:
        originals: dict[etree._Element, etree._Element] = {}
        light: Any = _light_copy(root, None, originals)  # xmlschema's types know ElementTree's only
        errors = list(islice(schema.iter_errors(light, use_location_hints=False), 2))
        for error in sorted(errors, key=_is_vague):
            if error.elem is not None:
                return _sentence(error, originals)
    return _bare(root, complaints)


def missing_in(refusal: Refusal) -> tuple[str, ...]:
    """The names of the elements that the place of a `schema-invalid` lacks; "" for its own content, where it
    is empty. Nothing if something else is wrong."""
    found = _LACKS.fullmatch(refusal.particulars.get("detail", ""))
    if found is None or found[1] == "–":
        return ()
    return tuple(found[1].split(", ")) if found[1] else ("",)


def local(element: etree._Element) -> str:
    """The name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def _light_copy(
    element: etree._Element,
    parent: etree._Element | None,
    originals: dict[etree._Element, etree._Element],
) -> etree._Element:
    """A copy without comments and attachment text; `originals` leads back from each copied element."""
    name, attributes = etree.QName(element), dict(element.attrib)
    if parent is None:
        copy = etree.Element(name, attributes, nsmap=element.nsmap)
    else:
        copy = etree.SubElement(parent, name, attributes, nsmap=element.nsmap)
    originals[copy] = element
    copy.text = None if name.localname == CONTENT else element.text
    last: etree._Element | None = None
    for child in element:
        if isinstance(child.tag, str):
            last = _light_copy(child, copy, originals)
            last.tail = child.tail
        elif child.tail and last is not None:
            last.tail = (last.tail or "") + child.tail
        elif child.tail and name.localname != CONTENT:
            copy.text = (copy.text or "") + child.tail
    return copy


def _sentence(
    error: XMLSchemaValidationError, originals: dict[etree._Element, etree._Element]
) -> Refusal:
    element = originals[error.elem]  # type: ignore[index]  # lxml in, lxml out
    if isinstance(error, XMLSchemaChildrenValidationError):
        return _children(error, element)
    return schema_invalid(element, *_value(error, local(element)))


def _children(error: XMLSchemaChildrenValidationError, element: etree._Element) -> Refusal:
    name = local(element)
    expected = [
        str(particle.local_name) for particle in error.expected or () if particle.local_name
    ]
    if error.invalid_tag is None:
        missing = ", ".join(expected) or "–"
        return schema_invalid(element, f"{name} lacks {missing}", f"{name} thiếu {missing}")
    child = [node for node in element if isinstance(node.tag, str)][error.index]
    found, found_vi = _foreign(child, element)
    names = f"; expected: {', '.join(expected)}" if expected else ""
    names_vi = f"; cần có: {', '.join(expected)}" if expected else ""
    return schema_invalid(
        child,
        f"the element {found} is not expected here in {name}{names}",
        f"phần tử {found_vi} không được có ở đây trong {name}{names_vi}",
    )


def _foreign(child: etree._Element, parent: etree._Element) -> tuple[str, str]:
    """The name of `child`, with its namespace where that is not its parent's: the one thing wrong, often."""
    name, namespace = shown(local(child)), etree.QName(child).namespace
    if namespace == etree.QName(parent).namespace:
        return name, name
    if not namespace:
        return f"{name} without a namespace", f"{name} (không có không gian tên)"
    return f"{name} in namespace '{shown(namespace)}'", (
        f"{name} (không gian tên '{shown(namespace)}')"
    )


def _value(error: XMLSchemaValidationError, name: str) -> tuple[str, str]:
    validator = type(error.validator).__name__
    match validator:
        case "XsdMaxLengthFacet":
            most = str(getattr(error.validator, "value", "?"))
            long = len(" ".join(str(error.obj).split()))
            return (
                f"{name} has {long} characters; at most {most} are allowed",
                f"{name} có {long} ký tự; tối đa {most}",
            )
        case "XsdMinLengthFacet":
            return f"{name} must not be empty", f"{name} không được để trống"
        case "XsdEnumerationFacets":
            allowed = ", ".join(str(v) for v in getattr(error.validator, "enumeration", ()) if v)
            found = shown(str(error.obj))
            return (
                f"{name} is {found}; allowed are {allowed}",
                f"{name} có giá trị {found}; chỉ được dùng {allowed}",
            )
        case "XsdPatternFacets":
            pattern = ", ".join(getattr(error.validator, "regexps", ()))
            found = shown(str(error.obj))
            return (
                f"{name} is {found}, which is not of the form {pattern}",
                f"{name} có giá trị {found}, không đúng dạng {pattern}",
            )
        case "XsdAttributeGroup":
            return (
                f"{name} has an attribute that is not allowed",
                f"{name} có thuộc tính không được phép",
            )
        case "XsdGroup" if not _is_vague(error):
            return (
                f"text stands between the elements of {name}",
                f"có văn bản nằm giữa các phần tử của {name}",
            )
    return f"{name} does not have the content that it should", f"nội dung của {name} không đúng"


def _is_vague(error: XMLSchemaValidationError) -> bool:
    """Whether this says only that something below is wrong, which the next error then says better."""
    return type(error.validator).__name__ == "XsdGroup" and not (
        isinstance(error, XMLSchemaChildrenValidationError)
        or (error.reason or "").startswith("character data")
    )


def _meant(root: etree._Element, complaint: etree._LogEntry) -> etree._Element:
    """The element that libxml2 complains about, by the name and line in its complaint."""
    named = _NAMED.match(complaint.message or "")
    candidates = root.iter(named[1]) if named else root.iter(etree.Element)
    return next((node for node in candidates if node.sourceline == complaint.line), root)


def _bare(root: etree._Element, complaints: Sequence[etree._LogEntry]) -> Refusal:
    element, fault = root, "?"
    if complaints:
        fault = complaints[0].type_name
        element = _meant(root, complaints[0])
    name = shown(local(element))
    return schema_invalid(
        element, f"{name} is not allowed so ({fault})", f"{name} không hợp lệ ({fault})"
    )
