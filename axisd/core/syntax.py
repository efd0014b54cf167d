"""What to tell a sender whose XML does not parse: what is wrong, where, and how to mend it.

libxml2's own messages may quote the document and exist in English only, so every sentence here is
ours: one row per kind of mistake, in English and Vietnamese, with at most names from the markup
filled in. This module parses nothing; `axisd.core.xmlsafe` hands it libxml2's complaint.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lxml import etree
from lxml.etree import ErrorTypes

from axisd.core.reasons import Refusal, refuse

MAX_NAME: Final = 60
"""Characters of a name from the document that a sentence shows at most."""

KNOWN_PREFIXES: Final[Mapping[str, str]] = {
    "xlink": "http://www.w3.org/1999/xlink",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xsd": "http://www.w3.org/2001/XMLSchema",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "edXML": "http://www.mic.gov.vn/TBT/QCVN_102_2016",
}
"""Namespaces of the prefixes that producers forget to declare."""


INSTRUCTION: Final = ("a processing instruction", "chỉ thị xử lý (processing instruction)")
DOCTYPE: Final = ("a document type declaration (DOCTYPE)", "khai báo kiểu tài liệu (DOCTYPE)")

ELEMENTS: Final = ("elements and comments", "số phần tử và chú thích")
ATTRIBUTES: Final = ("attributes on one element", "số thuộc tính của một phần tử")
NAMESPACES: Final = ("namespace declarations in scope", "số khai báo không gian tên cùng hiệu lực")
DEPTH: Final = ("levels of nesting", "số mức lồng nhau")
ATTACHMENTS: Final = ("attachments", "số tệp đính kèm")
TEXT: Final = ("characters in one element", "số ký tự của một phần tử")
TEXTS: Final = ("characters outside of attachments", "số ký tự ngoài tệp đính kèm")
WORDS: Final = ("different names", "số tên khác nhau")
WORD: Final = ("characters in a name", "số ký tự của một tên")


@dataclass(frozen=True, slots=True)
class Complaint:
    """One entry of libxml2's error log: its error number, 1-based line, and message."""

    number: int
    line: int
    message: str


@dataclass(frozen=True, slots=True)
class _Row:
    """`names` finds in libxml2's message the names that the sentences use."""

    en: str
    vi: str
    hint: str = ""
    hint_vi: str = ""
    names: str = ""


_CUT_OFF = (
    "The file was probably cut off on its way; send it again in full.",
    "Có thể tệp bị cắt cụt khi truyền; hãy gửi lại đầy đủ.",
)
_AMPERSAND = (
    "In text write & as &amp; and < as &lt;.",
    "Trong văn bản, hãy viết & thành &amp; và < thành &lt;.",
)

_ROWS: Final[Mapping[int, _Row]] = {
    ErrorTypes.ERR_DOCUMENT_EMPTY: _Row("it has no element", "không có phần tử nào"),
    ErrorTypes.ERR_DOCUMENT_END: _Row(
        "there is content after the end of the root element",
        "có nội dung nằm sau phần tử gốc",
        "Remove everything after the closing tag of the root element.",
        "Hãy xóa mọi thứ sau thẻ đóng của phần tử gốc.",
    ),
    ErrorTypes.ERR_INVALID_CHAR: _Row(
        "it contains a control character or another character that XML forbids",
        "có ký tự điều khiển hoặc ký tự mà XML không cho phép",
        "Remove the character; it often comes from text that was copied.",
        "Hãy xóa ký tự đó; nó thường đến từ văn bản sao chép.",
    ),
    ErrorTypes.ERR_ENTITYREF_SEMICOL_MISSING: _Row(
        "an & stands alone", "có dấu & đứng một mình", *_AMPERSAND
    ),
    ErrorTypes.ERR_UNDECLARED_ENTITY: _Row(
        "the entity &{0}; is not defined",
        "thực thể &{0}; chưa được định nghĩa",
        "Write the character itself, or a numeric reference such as &#160;.",
        "Hãy viết chính ký tự đó, hoặc tham chiếu số như &#160;.",
        r"'(.+)' not defined",
    ),
    ErrorTypes.ERR_LT_IN_ATTRIBUTE: _Row(
        "an attribute contains <", "giá trị thuộc tính có dấu <", *_AMPERSAND
    ),
    ErrorTypes.ERR_ATTRIBUTE_REDEFINED: _Row(
        "the attribute {0} is given twice", "thuộc tính {0} bị lặp", names=r"Attribute (\S+)"
    ),
    ErrorTypes.ERR_MISPLACED_CDATA_END: _Row(
        "text contains ]]>", "văn bản có chuỗi ]]>", "Write it as ]]&gt;.", "Hãy viết ]]&gt;."
    ),
    ErrorTypes.ERR_RESERVED_XML_NAME: _Row(
        "an XML declaration stands in the middle of the document",
        "khai báo XML nằm giữa tài liệu",
        "Keep only the one at the very start.",
        "Chỉ giữ một khai báo ở đầu tài liệu.",
    ),
    ErrorTypes.ERR_NAME_REQUIRED: _Row(
        "after < or & there is no name", "sau dấu < hoặc & không có tên", *_AMPERSAND
    ),
    ErrorTypes.ERR_TAG_NAME_MISMATCH: _Row(
        "the element {0}, opened on line {1}, is closed as {2}",
        "phần tử {0} mở ở dòng {1} nhưng lại đóng bằng {2}",
        "Close every element with its own name.",
        "Hãy đóng mỗi phần tử bằng đúng tên của nó.",
        r"mismatch: (\S+) line (\d+) and (\S+)",
    ),
    ErrorTypes.ERR_HYPHEN_IN_COMMENT: _Row(
        "a comment contains --", "chú thích có chuỗi --", "Remove the --.", "Hãy xóa chuỗi --."
    ),
    ErrorTypes.NS_ERR_UNDEFINED_NAMESPACE: _Row(
        "the namespace prefix {0} is not declared",
        "tiền tố không gian tên {0} chưa được khai báo",
        names=r"prefix (\S+)",
    ),
}
_OTHER = _Row("its markup is broken ({0})", "đánh dấu bị hỏng ({0})")
_PREMATURE = re.compile(r"Premature end of data in tag (\S+) line (\d+)")
_OPEN_ENDED: Final = frozenset(
    {
        ErrorTypes.ERR_TAG_NOT_FINISHED,
        ErrorTypes.ERR_GT_REQUIRED,
        ErrorTypes.ERR_CDATA_NOT_FINISHED,
        ErrorTypes.ERR_COMMENT_NOT_FINISHED,
        ErrorTypes.ERR_ATTRIBUTE_NOT_STARTED,
        ErrorTypes.ERR_ATTRIBUTE_NOT_FINISHED,
        ErrorTypes.ERR_ATTRIBUTE_WITHOUT_VALUE,
        ErrorTypes.ERR_ENTITYREF_SEMICOL_MISSING,
        ErrorTypes.ERR_NAME_REQUIRED,
        ErrorTypes.ERR_XMLDECL_NOT_FINISHED,
        ErrorTypes.ERR_VERSION_MISSING,
        ErrorTypes.ERR_SPACE_REQUIRED,
    }
)


def explain(complaint: Complaint, body: bytes) -> Refusal:
    """The refusal for libxml2's first complaint about `body`."""
    if complaint.number in _OPEN_ENDED and _ends_inside_markup(complaint, body):
        return _unfinished(complaint)
    row = _ROWS.get(complaint.number, _OTHER)
    names = _names(row, complaint)
    hint, hint_vi = row.hint, row.hint_vi
    if complaint.number == ErrorTypes.NS_ERR_UNDEFINED_NAMESPACE:
        hint, hint_vi = _declare(names[0])
    return not_well_formed(
        complaint.line, row.en.format(*names), row.vi.format(*names), hint, hint_vi
    )


def cut_off(line: int) -> Refusal:
    """Not XML, because the bytes stop in the middle of something."""
    return not_well_formed(
        line, "it ends in the middle of markup", "kết thúc giữa chừng một thẻ", *_CUT_OFF
    )


def not_well_formed(
    line: int, detail: str, detail_vi: str, hint: str = "", hint_vi: str = ""
) -> Refusal:
    """Not XML: what is wrong, and how to mend it."""
    return refuse(
        "not-well-formed",
        line=line,
        detail=detail,
        detail_vi=detail_vi,
        hint=hint,
        hint_vi=hint_vi,
    )


def forbidden(line: int | None, found: str, found_vi: str, at: str | None = None) -> Refusal:
    """XML, but with markup that has no place in a message."""
    return refuse("forbidden-markup", at=at, line=line, found=found, found_vi=found_vi)


def too_much(
    line: int | None, what: str, what_vi: str, limit: int, at: str | None = None
) -> Refusal:
    """XML, but more of it than a message can need."""
    return refuse("structure-limit", at=at, line=line, what=what, what_vi=what_vi, limit=str(limit))


def path_of(element: etree._Element) -> str:
    """An XPath-like place of local names, `/edXML/…/To[2]/OrganId`; a number only among siblings alike."""
    steps = []
    for node in (element, *element.iterancestors()):
        name = etree.QName(node)
        parent = node.getparent()
        alike = [node] if parent is None else parent.findall(f"{{*}}{name.localname}")
        number = f"[{alike.index(node) + 1}]" if len(alike) > 1 else ""
        steps.append(name.localname + number)
    return "/" + "/".join(reversed(steps))


def shown(name: str) -> str:
    """A name from the document, fit for a sentence: printable and short."""
    visible = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in name[: MAX_NAME + 1])
    return visible if len(name) <= MAX_NAME else visible[:MAX_NAME] + "…"


def _names(row: _Row, complaint: Complaint) -> list[str]:
    if row is _OTHER:
        return [f"libxml2 {complaint.number}"]
    found = re.search(row.names, complaint.message) if row.names else None
    wanted = max((int(n) for n in re.findall(r"\{(\d)\}", row.en)), default=-1) + 1
    return [shown(name) for name in found.groups()] if found else ["?"] * wanted


def _ends_inside_markup(complaint: Complaint, body: bytes) -> bool:
    """Whether the mistake is that the document stops, not one further up."""
    if _PREMATURE.search(complaint.message):
        return True
    tail = body[-4096:].rstrip()
    open_tag = tail.rfind(b"<") > tail.rfind(b">")
    open_reference = tail.rfind(b"&") > tail.rfind(b";") and b"&" in tail[-12:]
    at_the_end = complaint.line >= body.count(b"\n", 0, len(body.rstrip())) + 1
    return at_the_end and (open_tag or open_reference)


def _unfinished(complaint: Complaint) -> Refusal:
    found = _PREMATURE.search(complaint.message)
    if found is None:
        return cut_off(complaint.line)
    name, line = shown(found[1]), found[2]
    return not_well_formed(
        complaint.line,
        f"it ends inside the element {name}, opened on line {line}",
        f"kết thúc khi phần tử {name} (mở ở dòng {line}) chưa đóng",
        *_CUT_OFF,
    )


def _declare(prefix: str) -> tuple[str, str]:
    uri = KNOWN_PREFIXES.get(prefix, "…")
    declaration = f'xmlns:{prefix}="{uri}"'
    return (
        f"Declare it on the element or above it: {declaration}.",
        f"Hãy khai báo trên phần tử đó hoặc phần tử cha: {declaration}.",
    )
