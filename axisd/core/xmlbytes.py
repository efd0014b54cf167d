"""What can be refused in the bytes of a message before any parser sees them.

Encoding, whatever stands before the root element, and floods of markup that would blow up the parse.
Nothing here understands XML further than that: where a rule needs a tree, `axisd.core.xmltree` has it.
All functions look at bytes only, take linear time, and never raise.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

from axisd.core.reasons import Refusal, refuse
from axisd.core.syntax import (
    ATTRIBUTES,
    DOCTYPE,
    ELEMENTS,
    INSTRUCTION,
    cut_off,
    forbidden,
    not_well_formed,
    shown,
    too_much,
)
from axisd.core.view import Limits

_CHUNK: Final = 1 << 16
"""Bytes decoded, or searched, at a time: few enough to stay in the processor's cache."""
_SMALL: Final = 1 << 18
"""Below this many bytes no document can blow up the parse."""
_BOM: Final = codecs.BOM_UTF8
_OTHER_ENCODINGS: Final = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
    (b"<\0", "UTF-16"),
    (b"\0<", "UTF-16"),
    (b"\0\0\0<", "UTF-32"),
)
_DECLARATION = re.compile(rb"<\?xml\s[^<>]*?\?>")
_DECLARED_VERSION = re.compile(rb"\sversion\s*=\s*[\"']([^\"']*)")
_DECLARED_ENCODING = re.compile(rb"\sencoding\s*=\s*[\"']([^\"']*)")
_MISC = re.compile(rb"(?>\s+|<!--.*?-->)*+", re.DOTALL)
_NODE = re.compile(
    rb"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<\?"
    rb"|<[^\s<>/!?\"'](?>[^<>\"']++|\"[^<\"]*+\"|'[^<']*+')*+",
    re.DOTALL,
)


def fault_in(body: bytes, limits: Limits) -> Refusal | None:
    """Why `body` must not reach the parser; None if it may.

    Reasons: `encoding`, `forbidden-markup`, `not-well-formed`, `structure-limit`.
    """
    fault = _encoding_fault(body) or _prolog_fault(body)
    if fault is None and len(body) > _SMALL:
        fault = flood_fault(body, limits)
    return fault


def _encoding_fault(body: bytes) -> Refusal | None:
    for mark, name in _OTHER_ENCODINGS:
        if body.startswith(mark):
            return _not_utf8(1, f"it is {name}", f"gói tin dùng {name}")
    declaration = _DECLARATION.match(body, len(_BOM) if body.startswith(_BOM) else 0)
    declared = declaration and _DECLARED_ENCODING.search(declaration[0])
    if declared and declared[1].upper() not in {b"UTF-8", b"UTF8"}:
        name = shown(declared[1].decode("ascii", "replace"))
        return _not_utf8(1, f"it declares {name}", f"gói tin khai báo {name}")
    offset = _first_bad_byte(body)
    if offset == len(body):
        return cut_off(_line_at(body, offset))
    if offset is not None:
        line = _line_at(body, offset)
        byte = f"0x{body[offset]:02X}"
        return _not_utf8(
            line,
            f"the byte {byte} on line {line} (offset {offset}) does not belong to any character",
            f"byte {byte} ở dòng {line} (vị trí {offset}) không thuộc ký tự nào",
        )
    return None


def _not_utf8(line: int, detail: str, detail_vi: str) -> Refusal:
    return refuse("encoding", line=line, detail=detail, detail_vi=detail_vi)


def _first_bad_byte(body: bytes) -> int | None:
    """Offset of the first byte that is not UTF-8; the length where the last character is not complete."""
    view = memoryview(body)
    start = 0
    while start < len(body):
        final = start + _CHUNK >= len(body)
        try:
            _, taken = codecs.utf_8_decode(view[start : start + _CHUNK], "strict", False)
        except UnicodeDecodeError as error:
            return start + error.start
        if final:
            return None if start + taken == len(body) else len(body)
        start += taken
    return None


def _prolog_fault(body: bytes) -> Refusal | None:
    """Whatever stands before the root element and must not.

    XML allows a DOCTYPE nowhere else, so this finds every one, and none inside text, CDATA or comments.
    """
    start = len(_BOM) if body.startswith(_BOM) else 0
    declaration = _DECLARATION.match(body, start)
    if declaration:
        version = _DECLARED_VERSION.search(declaration[0])
        if version and version[1] != b"1.0":
            name = f"XML {shown(version[1].decode())}"
            return forbidden(1, name, name)
    begin = declaration.end() if declaration else start
    misc = _MISC.match(body, begin)
    end = misc.end() if misc else begin
    line = _line_at(body, end)
    if body.startswith(b"<!DOCTYPE", end):
        return forbidden(line, *DOCTYPE)
    if body.startswith(b"<?xml", end) and body[end + 5 : end + 6].strip() == b"":
        return _junk(body, start, end) if end > start else _broken_declaration(body)
    if body.startswith(b"<?", end):
        return forbidden(line, *INSTRUCTION)
    if not body.startswith(b"<", end) and end < len(body):
        return _junk(body, end, body.find(b"<?xml", end, end + _CHUNK))
    return None


def _broken_declaration(body: bytes) -> Refusal:
    """Refused here, because libxml2 would read on, and a DOCTYPE behind it would not have been looked for."""
    if b"?>" not in body:
        return cut_off(_line_at(body, len(body)))
    return not_well_formed(
        1,
        "the XML declaration is broken",
        "khai báo XML bị hỏng",
        'Write <?xml version="1.0" encoding="UTF-8"?>.',
        'Hãy viết <?xml version="1.0" encoding="UTF-8"?>.',
    )


def _junk(body: bytes, start: int, declaration: int) -> Refusal:
    line = _line_at(body, start)
    if declaration >= 0:
        count = len(body[start:declaration].decode("utf-8", "replace"))
        return not_well_formed(
            line,
            f"{count} characters stand before <?xml",
            f"có {count} ký tự đứng trước <?xml",
            "Remove them: the file must begin with <?xml.",
            "Hãy xóa chúng: tệp phải bắt đầu bằng <?xml.",
        )
    if body.startswith(b"PK"):
        hint = (
            "It is a zip archive; send the edXML file itself.",
            "Đây là tệp zip; hãy gửi chính tệp edXML.",
        )
    else:
        hint = ("The file must begin with < or <?xml.", "Tệp phải bắt đầu bằng < hoặc <?xml.")
    return not_well_formed(
        line, "it does not begin with markup", "không bắt đầu bằng thẻ XML", *hint
    )


def flood_fault(body: bytes, limits: Limits) -> Refusal | None:
    """Whether parsing would build more than the limits allow, counted in the bytes.

    Every node costs a `<` and every attribute two quotes, so few of these are proof enough; only where
    there are many are the nodes counted one by one, comments and CDATA as a whole. What is counted here
    is never less than what libxml2 would build, as far as it would come; the exact limits are held on
    the tree, so that CDATA, which leaves no node, is not counted against anybody.
    """
    if not any(_more_than(body, symbol, limits.elements) for symbol in (b"<", b'"', b"'")):
        return None
    declaration = _DECLARATION.match(body, len(_BOM) if body.startswith(_BOM) else 0)
    begin = declaration.end() if declaration else 0  # it looks like an instruction, and is none
    for count, node in enumerate(_NODE.finditer(body, begin), 1):
        if count > 2 * limits.elements:
            return too_much(_line_at(body, node.start()), *ELEMENTS, limits.elements)
        if body.startswith(b"<!", node.start()):
            continue
        tag = node[0]
        if tag == b"<?":
            return forbidden(_line_at(body, node.start()), *INSTRUCTION)
        if max(tag.count(b'"'), tag.count(b"'")) > 2 * (limits.attributes + limits.namespaces):
            return too_much(_line_at(body, node.start()), *ATTRIBUTES, limits.attributes)
    return None


def _more_than(body: bytes, symbol: bytes, limit: int) -> bool:
    """Whether `symbol` occurs more often. For rare symbols several times faster than counting."""
    at = -1
    for _ in range(limit + 1):
        at = body.find(symbol, at + 1)
        if at < 0:
            return False
    return True


def _line_at(body: bytes, offset: int) -> int:
    return body.count(b"\n", 0, offset) + 1
