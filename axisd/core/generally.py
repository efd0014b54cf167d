"""What a reason means in general: its sentence, with words in the place of what it would name.

For wherever reasons are counted and no single one of them is told. The words stand in brackets, so that they
read right in whatever sentence they come to stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from axisd.core.reasons import REASONS, Language, Refusal
from axisd.core.wording import Phrase

PARTICULARS: Final[Mapping[str, Phrase]] = {
    "account": Phrase("[account]", "[tài khoản]"),
    "advice": Phrase("", ""),
    "agency": Phrase("[agency]", "[cơ quan]"),
    "business": Phrase("[change]", "[thay đổi]"),
    "channel": Phrase("[channel]", "[kênh]"),
    "code": Phrase("[code]", "[mã]"),
    "count": Phrase("[number]", "[số lượng]"),
    "date": Phrase("[day]", "[ngày]"),
    "declared": Phrase("[declared type]", "[kiểu đã khai]"),
    "detail": Phrase("[particulars]", "[chi tiết]"),
    "digest": Phrase("[digest]", "[mã băm]"),
    "document": Phrase("[DocumentId]", "[DocumentId]"),
    "due": Phrase("[deadline]", "[thời hạn]"),
    "field": Phrase("[field]", "[trường]"),
    "found": Phrase("[what it says]", "[giá trị đã ghi]"),
    "hint": Phrase("", ""),
    "key": Phrase("[routing key]", "[khóa định tuyến]"),
    "length": Phrase("[length]", "[độ dài]"),
    "limit": Phrase("[limit]", "[giới hạn]"),
    "listed": Phrase("[name in the manifest]", "[tên trong danh mục tệp]"),
    "name": Phrase("[name]", "[tên]"),
    "number": Phrase("[number]", "[số, ký hiệu]"),
    "sender": Phrase("[sender]", "[bên gửi]"),
    "signer": Phrase("[signer]", "[người ký]"),
    "size": Phrase("[size]", "[kích thước]"),
    "state": Phrase("[state]", "[tình trạng]"),
    "time": Phrase("[time]", "[thời điểm]"),
    "until": Phrase("[time]", "[thời điểm]"),
    "what": Phrase("[parts]", "[thành phần]"),
}
"""Words for each particular that a reason's sentence may have."""


def general_text(code: str, language: Language) -> str:
    """What the reason `code` means; "" for one that is not known."""
    reason = REASONS.get(code)
    if reason is None:
        return ""
    particulars = {name: words.said(language) for name, words in PARTICULARS.items()}
    return Refusal(reason, particulars=particulars).text(language)
