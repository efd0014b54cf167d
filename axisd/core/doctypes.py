"""Types of documents by name: what `TypeName` may say (spec: the number in `Type` is unusable as a key).

Administrative documents have the 29 types of NĐ 30/2020/NĐ-CP Điều 7. Legal normative documents travel
too and have names of their own (Luật Ban hành văn bản quy phạm pháp luật); Điều 7 does not speak of them.
A name is the same in either case, Unicode form and placing of tones, and with "(cá biệt)" behind it.
"""

from __future__ import annotations

import unicodedata
from typing import Final

ADMINISTRATIVE: Final = (
    "Nghị quyết",
    "Quyết định",
    "Chỉ thị",
    "Quy chế",
    "Quy định",
    "Thông cáo",
    "Thông báo",
    "Hướng dẫn",
    "Chương trình",
    "Kế hoạch",
    "Phương án",
    "Đề án",
    "Dự án",
    "Báo cáo",
    "Biên bản",
    "Tờ trình",
    "Hợp đồng",
    "Công văn",
    "Công điện",
    "Bản ghi nhớ",
    "Bản thỏa thuận",
    "Giấy ủy quyền",
    "Giấy mời",
    "Giấy giới thiệu",
    "Giấy nghỉ phép",
    "Phiếu gửi",
    "Phiếu chuyển",
    "Phiếu báo",
    "Thư công",
)
"""NĐ 30/2020/NĐ-CP Điều 7, in its order."""

NORMATIVE: Final = (
    "Hiến pháp",
    "Bộ luật",
    "Luật",
    "Pháp lệnh",
    "Lệnh",
    "Nghị định",
    "Nghị quyết liên tịch",
    "Thông tư",
    "Thông tư liên tịch",
)
"""Luật Ban hành văn bản quy phạm pháp luật (80/2015/QH13) Điều 4, beyond names that Điều 7 has too."""


def is_known_type(name: str) -> bool:
    """Whether `name` is one of these types."""
    return _key(name) in _KNOWN


def _key(name: str) -> str:
    text = " ".join(unicodedata.normalize("NFC", name).casefold().split())
    text = text.removesuffix("(cá biệt)").rstrip()
    for old, new in _SPELLINGS:
        text = text.replace(old, new)
    return text


_SPELLINGS: Final = (("oả", "ỏa"), ("uỷ", "ủy"), ("qui ", "quy "), ("ð", "đ"))
"""Where the tone stands, i for y, another letter that looks like đ: both are written, and mean the same."""

_KNOWN: Final = frozenset(map(_key, ADMINISTRATIVE + NORMATIVE))
