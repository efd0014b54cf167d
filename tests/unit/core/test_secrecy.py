import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisd.core.secrecy import Speech, is_mark, marked_element
from axisd.core.syntax import path_of
from tests.support.messages import DOCUMENT, NAMESPACE, STATUS, swap
from tests.support.reading import root_of

MARKS = [
    "MẬT",
    "Mật",
    "mật",
    "  Mật  ",
    "*** MẬT ***",
    "TUYỆT MẬT",
    "Tối mật",
    "Tối-mật",
    "Tuyệt_mật",
    "Báo cáo tình hình (Tuyệt mật)",
    "BÁO CÁO TÌNH HÌNH (MẬT)",
    "BÁO CÁO TÌNH HÌNH - TỐI MẬT",
    "Báo cáo (Mật - Hỏa tốc)",
    "[MẬT] Báo cáo quý",
    "(Mật) Về việc kiểm tra",
    "MẬT - Kế hoạch phòng thủ",
    "Mật: kế hoạch phòng thủ",
    "Kế hoạch phòng thủ – Mật",
    "Kế hoạch phòng thủ / MẬT",
    "Số 12/KH-BCH (Mật) về phòng thủ",
    "Độ mật: Tối mật",
    "Độ mật: C",
    "Mức độ mật: Mật",
    "Dấu chỉ độ mật: Tuyệt mật",
    "Kế hoạch MẬT của đơn vị",
    "Công văn MẬT về phòng thủ",
    "Tối\u00a0mật",
    "（Mật） Kế hoạch",
    "Ｔｕｙệｔ ｍậｔ",
    "T U Y Ệ T  M Ậ T",
    "M Ậ T",
    "Tuyet mat: ke hoach phong thu",
    "KE HOACH PHONG THU (TOI MAT)",
    "Do mat: Mat",
]

ORDINARY = [
    "",
    "Về việc bảo mật thông tin",
    "Về việc BẢO MẬT thông tin",
    "Về việc bảo MẬT thông tin",
    "VỀ VIỆC BẢO MẬT THÔNG TIN",
    "Chính sách bảo-mật",
    "Quy chế (bảo mật)",
    "An toàn, bảo mật",
    "Tăng cường bảo vệ bí mật nhà nước",
    "Công tác BÍ MẬT nhà nước",
    "Thay đổi mật khẩu hệ thống",
    "Đổi MẬT KHẨU và MẬT khẩu",
    "Mật-mã dân sự",
    "Mật độ xây dựng tại phường 3",
    "Kiểm soát buổi tối mật độ phương tiện",
    "Mật ong Tây Ninh",
    "Giới thiệu MẬT ONG Tây Ninh",
    "HỘI CHỢ MẬT ONG TÂY NINH",
    "SẢN XUẤT ĐƯỜNG MẬT VÀ CÁC SẢN PHẨM",
    "Ban cơ yếu: mật mã dân sự",
    "CÔNG TÁC MẬT VỤ THỜI XƯA",
    "Quan hệ mật thiết giữa hai tỉnh",
    "Bệnh sỏi mật và túi mật",
    "Độ mật: không",
    "Bổ nhiệm bà Mật làm trưởng phòng",
    "Quản lý văn bản mật",
    "Cập nhật dữ liệu",
    "Dat tuyen mat bang, do mat do cao",
    "automatic format",
    "V/v kết nối, liên thông",
]

INVISIBLE = ("\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u034f", "\ufe0f", "\U000e0020")


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


@given(
    mark=st.sampled_from(["Tuyệt mật", "TỐI MẬT", "(Mật) kế hoạch", "Độ mật: mật"]),
    form=st.sampled_from(["NFC", "NFD"]),
    strewn=st.lists(st.tuples(st.integers(0, 20), st.sampled_from(INVISIBLE)), max_size=6),
)
def test_what_nobody_sees_hides_no_mark(
    mark: str, form: str, strewn: list[tuple[int, str]]
) -> None:
    text = unicodedata.normalize("NFD" if form == "NFD" else "NFC", mark)
    for place, character in strewn:
        text = text[:place] + character + text[place:]
    assert is_mark(text)
    root = root_of(swap(DOCUMENT, ("V/v lập dự toán năm 2027", text)))
    assert marked_element(root) is not None


@given(st.text(max_size=60))
def test_no_text_is_too_strange_to_be_judged(text: str) -> None:
    for speech in Speech:
        assert is_mark(text, speech) in {True, False}


@pytest.mark.parametrize(
    "flood",
    ["mật x " * 100_000, "x" * 400_000 + " mật y", ".a" * 200_000 + " bảo mật!", "tối." * 99_999],
)
def test_a_flood_is_judged_like_anything_else(flood: str) -> None:
    """Anything that takes the square of its length would never come to an end here."""
    for speech in Speech:
        assert is_mark(flood, speech) is False


@pytest.mark.parametrize("mark", ["ΜẬΤ", "МẬТ - kế hoạch", "Тuyệt mật", "Ðộ mật: Mật"])
def test_letters_of_other_alphabets_hide_no_mark(mark: str) -> None:
    assert is_mark(mark)
    root = root_of(swap(DOCUMENT, ("V/v lập dự toán năm 2027", mark)))
    assert marked_element(root) is not None


SUBJECT = "<edXML:Subject>V/v lập dự toán năm 2027</edXML:Subject>"
PLACES = {
    "Subject": ("V/v lập dự toán năm 2027", "(Mật) dự toán"),
    "Content": ("Đề nghị các cơ quan gửi dự toán", "Độ mật: Mật"),
    "CodeNotation": (">STC-VP<", ">STC-VP (Mật)<"),
    "TypeName": ("Công văn", "Công văn mật"),
    "Place": (">Tây Ninh<", ">TUYỆT MẬT<"),
    "SphereOfPromulgation": (
        "<edXML:PageAmount>",
        "<edXML:SphereOfPromulgation>Mật</edXML:SphereOfPromulgation><edXML:PageAmount>",
    ),
    "Appendix": (
        "<edXML:PageAmount>",
        (
            "<edXML:Appendixes><edXML:Appendix>Bản đồ (Tối mật)</edXML:Appendix></edXML:Appendixes>"
            "<edXML:PageAmount>"
        ),
    ),
    "ToPlaces/Place": (
        SUBJECT,
        f"{SUBJECT}<edXML:ToPlaces><edXML:Place>Lưu: VT (Mật)</edXML:Place></edXML:ToPlaces>",
    ),
    "SignerInfo/Position": (
        SUBJECT,
        f"{SUBJECT}<edXML:SignerInfo><edXML:Position>MẬT - Giám đốc</edXML:Position></edXML:SignerInfo>",
    ),
    "SignerInfo/FullName": (
        SUBJECT,
        f"{SUBJECT}<edXML:SignerInfo><edXML:FullName>Trần A (Mật)</edXML:FullName></edXML:SignerInfo>",
    ),
    "OrganName": (">Sở Tài chính<", ">Sở Tài chính (TỐI MẬT)<"),
    "Reference/AttachmentName": (
        "<edXML:AttachmentName>15-STC-VP.pdf",
        "<edXML:AttachmentName>15_KH - Mật.signed.pdf",
    ),
    "Attachment/AttachmentName": ("<AttachmentName>15-STC-VP.pdf", "<AttachmentName>tối_mật.pdf"),
    "Attachment/Description": (
        "<ContentType>",
        "<Description>Bản đồ (mật)</Description><ContentType>",
    ),
    "BussinessDocReason": (
        "<edXML:Paper>",
        "<edXML:BussinessDocReason>MẬT: kế hoạch</edXML:BussinessDocReason><edXML:Paper>",
    ),
    "SecrecyLevel": (SUBJECT, f"{SUBJECT}<edXML:SecrecyLevel>Tuyệt mật</edXML:SecrecyLevel>"),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_mark_is_found_wherever_people_write_it_with_place_and_line(place: str) -> None:
    text = swap(DOCUMENT, PLACES[place])
    found = marked_element(root_of(text))
    assert found is not None
    assert path_of(found).replace("[2]", "").endswith(place.removeprefix("ToPlaces/"))
    assert found.sourceline
    assert marked_element(root_of(unicodedata.normalize("NFD", text))) is not None


def test_a_mark_that_a_comment_splits_is_found() -> None:
    text = swap(DOCUMENT, ("V/v lập dự toán", "Tuyệt <!-- --> m<!-- x -->ật"))
    assert marked_element(root_of(text)) is not None


@pytest.mark.parametrize(
    ("words", "marked"),
    [
        ("TUYỆT MẬT: kế hoạch phòng thủ", True),
        ("Kế hoạch phòng thủ (Mật)", True),
        ("Văn bản đóng dấu Tối mật, không được gửi qua trục", False),
        ("Từ chối: văn bản MẬT gửi nhầm", False),
        ("Chưa cập nhật, đề nghị bảo mật", False),
    ],
)
def test_a_status_may_speak_of_a_mark_but_not_carry_one(words: str, marked: bool) -> None:
    text = swap(STATUS, ("Văn thư đã tiếp nhận", words))
    assert (marked_element(root_of(text)) is not None) is marked


@pytest.mark.parametrize("name", ["Nguyễn Văn MẬT", "Mật", "Trần Thị Mật"])
def test_who_is_called_so_is_no_secret(name: str) -> None:
    assert not is_mark(name, Speech.NAME)
    signer = f"<edXML:SignerInfo><edXML:FullName>{name}</edXML:FullName></edXML:SignerInfo>"
    assert marked_element(root_of(swap(DOCUMENT, (SUBJECT, SUBJECT + signer)))) is None


@pytest.mark.parametrize(
    ("name", "marked"),
    [
        ("Kế hoạch - Mật.pdf", True),
        ("MẬT.docx", True),
        ("bảo_mật.pdf", False),
        ("CÔNG TÁC BẢO MẬT.pdf", False),
        ("MẬT ĐỘ.pdf", False),
        ("BÍ_MẬT_NHÀ_NƯỚC.signed.pdf", False),
    ],
)
def test_the_ending_of_a_file_sets_nothing_apart(name: str, marked: bool) -> None:
    assert is_mark(name, Speech.FILE) is marked


def test_content_and_signatures_are_not_read() -> None:
    decoration = "<Signature><KeyInfo>(Tuyệt mật)</KeyInfo></Signature></edXML:edXMLHeader>"
    text = swap(DOCUMENT, ("    </edXML:edXMLHeader>", decoration), ("JVBERi", "tuyet mat JVBERi"))
    assert marked_element(root_of(text)) is None
    assert marked_element(root_of(f"<edXML xmlns='{NAMESPACE}'/>")) is None


@pytest.mark.parametrize("text", [DOCUMENT, STATUS])
def test_a_plain_message_carries_no_mark(text: str) -> None:
    assert marked_element(root_of(text)) is None
