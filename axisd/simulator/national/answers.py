"""The messages that a scripted centre writes: statuses about a document, and a document in reply to it."""

from __future__ import annotations

from typing import Final

from axisd.core.compose import compose_document, compose_status
from axisd.core.envelope import (
    Document,
    ManifestItem,
    Organization,
    OtherInfo,
    ResponseFor,
    Staff,
    Status,
)
from axisd.simulator.national.agenda import Owed, Word
from axisd.simulator.national.conventions import stamp

WORDS: Final = {
    "01": "Đã đến: hệ thống đã nhận được văn bản",
    "02": "Từ chối tiếp nhận: văn bản không thuộc thẩm quyền",
    "03": "Đã tiếp nhận: văn thư đã vào sổ",
    "04": "Đã phân công xử lý",
    "05": "Đang xử lý",
    "06": "Đã hoàn thành",
    "15": "Đồng ý lấy lại văn bản",
    "16": "Từ chối lấy lại: văn bản đã được xử lý",
}
_LETTER: Final = ManifestItem("cid:1", "text/plain", "tra-loi.txt")


def status(owed: Owed, name: str) -> bytes:
    """The status that is owed, the same bytes however often it is said. `name`: of the agency that says it."""
    word = owed.word
    return compose_status(
        Status(
            sender=Organization(word.sender, name=name),
            about=_about(word),
            code=word.code,
            description=WORDS.get(word.code, ""),
            timestamp=stamp(owed.at),
            staff=Staff(department="Văn thư", name=name),
        )
    )


def reply(owed: Owed, name: str) -> bytes:
    """A document that answers the one that `owed` is about, numbered by it."""
    word, number = owed.word, str(owed.number)
    today = stamp(owed.at)[:10]
    document = Document(
        sender=Organization(word.sender, name=name),
        recipients=(Organization(word.to),),
        document_id=f"{word.sender},{today},{number}/TL",
        number=number,
        notation="TL",
        place="Hà Nội",
        promulgation_date=today,
        document_type="1",
        type_detail="0",
        type_name="Công văn",
        subject=f"V/v trả lời văn bản {word.notation}",
        other=OtherInfo(priority="0", page_amount="1"),
        responses_for=(_about(word),),
    )
    return compose_document(document, [(_LETTER, f"Trả lời {word.notation}.\n".encode())])


def _about(word: Word) -> ResponseFor:
    return ResponseFor(
        organ_id=word.to,
        code=word.notation,
        document_id=word.document_id,
        promulgation_date=word.promulgated,
    )
