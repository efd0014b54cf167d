"""Marks of secrecy: Mật, Tối mật, Tuyệt mật as a *mark*, not inside ordinary words.

State secrets must not travel over the axis (QC Điều 1.2 and 6.1a). edXML has no field for the mark, so
producers write it into the subject, the content or the type name. "bảo mật", "bí mật", "mật khẩu" and
"mật độ" are ordinary words and never a mark.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from axisd.core.envelope import Document

_MARKS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?:tối|tuyệt)\s+mật\b",
        r"^\s*mật\s*$",
        r"^\s*mật\s*[-–—:.,;/|]",
        r"[-–—:;/|]\s*mật\s*$",
        r"[\[({<]\s*mật\s*[\])}>]",
        r"\b(?:độ|mức(?:\s+độ)?|dấu(?:\s+chỉ\s+độ)?)\s+mật\s*[:=]\s*(?:mật|tối|tuyệt)",
    )
)
_CAPITALS = re.compile(
    r"(?<!(?i:bảo) )(?<!(?i:bí) )(?<!(?i:cơ) )\bMẬT\b"
    r"(?! (?i:khẩu|độ|mã|thư|thám|vụ|thiết|danh|ngữ|ước|ong)\b)"
)


def is_mark(text: str) -> bool:
    """Whether `text` carries a mark of secrecy, in any Unicode form, also full-width."""
    text = " ".join(unicodedata.normalize("NFKC", text).split())
    if any(mark.search(text) for mark in _MARKS):
        return True
    # A text all in capitals says nothing about MẬT being set apart; one that mixes cases does.
    return text != text.upper() and _CAPITALS.search(text) is not None


def marked_field(document: Document) -> str | None:
    """The name of the element that carries a mark, None if none does."""
    fields = (
        ("Subject", document.subject),
        ("Content", document.content),
        ("DocumentType/TypeName", document.type_name),
        ("OtherInfo/SphereOfPromulgation", document.other.sphere),
    )
    return next((name for name, text in fields if is_mark(text)), None)
