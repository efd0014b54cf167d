import unicodedata

import pytest

from axisd.core.envelope import OtherInfo
from axisd.core.secrecy import is_mark, marked_field
from tests.support.values import document

MARKS = [
    "MẬT",
    "Mật",
    "mật",
    "  Mật  ",
    "TUYỆT MẬT",
    "Tối mật",
    "Báo cáo tình hình (Tuyệt mật)",
    "[MẬT] Báo cáo quý",
    "(Mật) Về việc kiểm tra",
    "MẬT - Kế hoạch phòng thủ",
    "Mật: kế hoạch phòng thủ",
    "Kế hoạch phòng thủ – Mật",
    "Kế hoạch phòng thủ / MẬT",
    "Độ mật: Tối mật",
    "Mức độ mật: Mật",
    "Dấu chỉ độ mật: Tuyệt mật",
    "Kế hoạch MẬT của đơn vị",
    "Tối\u00a0mật",
    "（Mật） Kế hoạch",
]

ORDINARY = [
    "",
    "Về việc bảo mật thông tin",
    "Về việc BẢO MẬT thông tin",
    "Về việc bảo MẬT thông tin",
    "Tăng cường bảo vệ bí mật nhà nước",
    "Công tác BÍ MẬT nhà nước",
    "Thay đổi mật khẩu hệ thống",
    "Đổi MẬT KHẨU và MẬT khẩu",
    "Mật độ xây dựng tại phường 3",
    "Mật ong Tây Ninh",
    "Ban cơ yếu: mật mã dân sự",
    "CÔNG TÁC MẬT VỤ THỜI XƯA",
    "Quan hệ mật thiết giữa hai tỉnh",
    "Độ mật: không",
    "Bổ nhiệm bà Mật làm trưởng phòng",
]


@pytest.mark.parametrize("text", MARKS)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_mark_set_apart_is_seen_in_either_unicode_form(text: str, form: str) -> None:
    normal = unicodedata.normalize("NFD" if form == "NFD" else "NFC", text)
    assert is_mark(normal)


@pytest.mark.parametrize("text", ORDINARY)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_an_ordinary_word_is_no_mark(text: str, form: str) -> None:
    normal = unicodedata.normalize("NFD" if form == "NFD" else "NFC", text)
    assert not is_mark(normal)


def test_every_field_that_people_write_marks_into_is_looked_at() -> None:
    assert marked_field(document(subject="(Mật)")) == "Subject"
    assert marked_field(document(content="Độ mật: Mật")) == "Content"
    assert marked_field(document(type_name="Công văn mật (Tối mật)")) == "DocumentType/TypeName"
    marked = document(other=OtherInfo(sphere="TUYỆT MẬT"))
    assert marked_field(marked) == "OtherInfo/SphereOfPromulgation"
    assert marked_field(document()) is None
