"""Real messages read right, fact by fact, or are refused with the line and the way to mend them."""

import re
from pathlib import Path
from typing import Final

import pytest

from axisd.core import edxml
from axisd.core.attachments import decode
from axisd.core.compose import compose_document, compose_status
from axisd.core.envelope import (
    Business,
    Document,
    Kind,
    ManifestItem,
    Organization,
    OtherInfo,
    Receiver,
    Replacement,
    ResponseFor,
    Staff,
    Trace,
)
from axisd.core.reasons import Refusal
from tests.support.reading import SCHEMAS, document_of, refusal_of, root_of, status_of, steps

SAMPLES: Final = Path(__file__).resolve().parents[3] / "shared" / "samples"
RECEIVED: Final = "delivered/received_2025-10__874e0f18-90dc-45fb-989a-65401470ba84"
UPLOADED: Final = "delivered/upload_2025-10__1da394ba-2117-4354-a23f-6ec3e47ba81b"
OFFICE: Final = "000.00.00.G22,2015/09/30,7816/VPCP-TTĐT"
BROKEN: Final = {"edoc_new.edxml", "edoc.edxml"}


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.edxml").read_bytes()


# --- all of them ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(SAMPLES.rglob("*.edxml")), ids=lambda path: path.name)
def test_a_real_message_is_refused_only_where_it_is_no_xml(path: Path) -> None:
    found = steps(path.read_bytes())
    refused = found.code if isinstance(found, Refusal) else None
    assert refused == ("not-well-formed" if path.name in BROKEN else None)


def test_digits_before_the_declaration_are_named_with_the_remedy() -> None:
    refusal = refusal_of(sample("sdk/edoc_new"))
    assert refusal.line == 1
    assert refusal.particulars["detail"] == "4 characters stand before <?xml"
    assert refusal.particulars["hint"] == "Remove them: the file must begin with <?xml."
    assert refusal.particulars["hint_vi"] == "Hãy xóa chúng: tệp phải bắt đầu bằng <?xml."


def test_an_undeclared_xlink_is_named_with_the_declaration_that_is_missing() -> None:
    refusal = refusal_of(sample("sdk/edoc"))
    assert refusal.line == 116
    assert refusal.particulars["detail"] == "the namespace prefix xlink is not declared"
    assert 'xmlns:xlink="http://www.w3.org/1999/xlink"' in refusal.particulars["hint"]
    assert 'xmlns:xlink="http://www.w3.org/1999/xlink"' in refusal.particulars["hint_vi"]


def test_the_broken_samples_are_good_once_they_are_mended_as_told() -> None:
    new = document_of(sample("sdk/edoc_new").removeprefix(b"1212"))
    assert new.sender.organ_id == "002.00.20.H13"
    assert [to.organ_id for to in new.recipients] == ["28.22.H17"]
    declared = sample("sdk/edoc").replace(
        b'<edXML:Reference xlink:href=""',
        b'<edXML:Reference xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href=""',
    )
    second = refusal_of(declared)  # its attachments stand outside the element that declares edXML:
    assert second.line == 125
    mending = f'xmlns:edXML="{edxml.EDXML}"'
    assert mending in second.particulars["hint"]
    declared = declared.replace(b"<edXML ", f"<edXML {mending} ".encode(), 1)
    unfilled = refusal_of(declared)  # and their content is a template that nobody filled in
    assert unfilled.code == "attachment-malformed"
    assert unfilled.line == 130
    filled = document_of(declared.replace(b"${__StringFromFile(test.txt,,,)}", b"QUJD"))
    assert filled.responses_for == (ResponseFor("", "", "", "", filled.responses_for[0].line),)
    assert [to.organ_id for to in filled.recipients] == ["000.00.15.H51"]
    assert filled.manifest[0].name == "GUIDE_INSTALL OPENVPN.SIGNED.PDF"


# --- documents -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["edoc_update", "edoc_revocation", "edoc_replacement"])
def test_the_sdks_documents_give_their_header(name: str) -> None:
    document = document_of(sample(f"sdk/{name}"))
    assert document.sender == Organization(
        "000.00.00.G22",
        "Văn phòng Chính phủ",
        "Văn phòng Chính phủ",
        "Số 1 Hoàng Hoa Thám, Quận Ba Đình, Hà Nội",
        "vanthu@example.gov.vn",
        "0276 000000",
        "0276 000001",
        "vpcp.vn",
        line=7,
    )
    recipients = ["000.00.00.H41", "000.00.00.H14", "000.00.00.G17"]
    assert [to.organ_id for to in document.recipients] == recipients
    assert document.document_id == OFFICE
    assert (document.number, document.notation) == ("7816", "VPCP-TTĐT")
    assert (document.place, document.promulgation_date) == ("Hà Nội", "2018/09/28")
    assert (document.document_type, document.type_detail) == ("1", "0")
    assert document.type_name == "Công văn"
    assert document.subject == "V/v kết nối, liên thông phần mềm quản lý văn bản"
    assert document.signer_competence == "TL. BO TRUONG"
    assert document.signer_position == "Cuc truong cuc ung dung cong nghe thong tin"
    assert document.signer_name == "Nguyễn Văn B"
    assert document.due_date == "2018/09/28"
    assert document.other == OtherInfo(
        priority="0",
        sphere="Liên thông văn bản quốc gia",
        typer_notation="TVC",
        promulgation_amount="2",
        page_amount="22",
        direction="false",
        appendixes=("Công văn về việc kết nối, liên thông phần mềm quản lý văn bản",),
    )
    assert document.steering_type == "1"
    assert document.to_places == ("Cac bo va co quan ngang bo", "Uy ban nhan dan cac tinh, TP")
    assert document.traces == (Trace("000.00.00.G22", "2018/09/28 00:00:00"),)
    assert document.business.staff == Staff(
        department="Văn thư văn phòng",
        name="Nguyễn Văn A",
        email="vanthu@example.gov.vn",
        mobile="0900000000",
    )


def test_the_update_says_what_and_for_whom() -> None:
    business = document_of(sample("sdk/edoc_update")).business
    assert business.business is Business.UPDATE
    assert business.document_id == "000.00.00.G22,2014/02/30,7806/VPCP-TTĐT"  # no such day
    assert (business.content_changed, business.recipients_changed) == (True, True)
    assert business.receivers == (Receiver("000.00.00.H41", "0"), Receiver("000.00.00.H14", "1"))


def test_the_recall_names_its_document_by_its_own_id() -> None:
    document = document_of(sample("sdk/edoc_revocation"))
    assert document.business.business is Business.RECALL
    assert (document.business.document_id, document.business.paper) == ("", "0")
    earlier = document.responses_for[0]
    assert (earlier.organ_id, earlier.code) == ("000.00.00.H14", "267/VPCP-TTĐT")
    assert earlier.document_id == "000.00.04.G14,2012/08/06,267/VPCP-TTĐT"


def test_the_replacement_names_two_documents_for_two_organs() -> None:
    business = document_of(sample("sdk/edoc_replacement")).business
    replaced = Replacement(
        "000.00.00.G22,2014/01/30,7806/VPCP-TTĐT", ("000.00.00.H41", "000.00.00.H14")
    )
    assert business.business is Business.REPLACE
    assert business.replacements == (replaced, replaced)


def test_an_attachment_is_measured_and_its_declared_type_not_believed() -> None:
    document = document_of(sample(RECEIVED))
    attachment = document.attachments[0]
    assert attachment.content_id == "56fb5bcb-8229-4691-8b4f-51305171b954"
    assert attachment.name == "1761211722949_TestTrucLienThong.pdf"
    assert (attachment.declared_type, attachment.sniffed_type) == (
        "application/pdf",
        "application/zip",
    )
    assert attachment.size == 10_689
    assert attachment.digest == (
        "sha256:2c8398725f8b5e0aa790ae0fee692b63389a5a7a3826c72df87afea8e86cc6fb"
    )
    word = document_of(sample("sdk/edoc_update")).attachments[0]
    assert (word.content_id, word.name, word.size) == ("209", "1896_QD-TTg_m_294779.doc", 270_823)


def test_what_the_national_axis_left_behind_is_read_as_it_is() -> None:
    document = document_of(sample(RECEIVED))
    assert document.sender.organ_id == "vxp.saas.03"
    assert [to.organ_id for to in document.recipients] == ["vxp.saas.03"]
    assert document.traces == (
        Trace("null", "2025/10/23 16:28:42"),
        Trace("", "2025/10/23 16:28:43"),
    )
    assert document.business.business is Business.NEW
    assert document.document_id == "5e515fca-3627-4f2e-b517-7169acdc8bda"


def test_several_attachments_and_a_long_number_are_read() -> None:
    document = document_of(sample(UPLOADED))
    assert document.number == "20251020104803"
    assert [(a.name, a.declared_type, a.sniffed_type, a.size) for a in document.attachments] == [
        (f"local{letter}.txt", "text/plain", "application/zip", 207) for letter in "ABC"
    ]
    assert [a.content_id for a in document.attachments] == [i.content_id for i in document.manifest]


def test_another_provinces_order_and_a_lost_prefix_read_alike() -> None:
    dialect = document_of(sample("synthetic/langson_dialect"))
    assert dialect.document_id == "H37.DN.001,2026/05/21,12/CV-DNA"
    assert [to.organ_id for to in dialect.recipients] == ["H37.02.02"]
    assert dialect.other.appendixes == ()
    assert dialect.to_places == ("Sở B",)
    assert dialect.manifest[0].content_id == dialect.attachments[0].content_id
    assert dialect.attachments[0].sniffed_type == "application/pdf"
    assert document_of(sample("synthetic/prefix_lost")) == dialect


# --- statuses ------------------------------------------------------------------------------------

STATUSES = {
    "sdk/status_inbox__01": "01",
    "sdk/status_rejection_02": "02",
    "sdk/status_acceptance_03": "03",
    "sdk/status_assignment_04": "04",
    "sdk/status_processing_05": "05",
    "sdk/status_finish_06": "06",
    "sdk/status_change-acceptance_15": "15",
    "sdk/status_change-rejection_16": "16",
}


@pytest.mark.parametrize("name", STATUSES)
def test_the_sdks_statuses_go_from_the_recipient_to_the_sender(name: str) -> None:
    status = status_of(sample(name))
    assert status.code == STATUSES[name]
    assert status.sender.organ_id == "000.00.00.H41"
    assert status.sender.name == "UBND Tỉnh Nghệ An"
    assert status.about == ResponseFor(
        "000.00.00.G22", "7816/VPCP-TTĐT", OFFICE, "2015/09/30", status.about.line
    )
    assert status.document_id == OFFICE
    assert status.timestamp == "2015/09/20 11:08:36"
    assert status.staff is not None
    assert status.staff.department == "Phong hanh chinh"
    assert status.description


def test_asking_back_goes_the_other_way() -> None:
    status = status_of(sample("sdk/status_cancellation_13"))
    assert (status.code, status.sender.organ_id) == ("13", "000.00.00.G22")
    assert status.about.organ_id == "000.00.00.H41"
    assert status.description == "Văn thư yêu cầu lấy lại văn bản điện tử kèm lý do"


def test_another_order_and_one_line_read_too() -> None:
    status = status_of(sample("synthetic/status_sdk_order_03"))
    assert (status.code, status.sender.organ_id, status.about.organ_id) == (
        "03",
        "H37.02.02",
        "H37.DN.001",
    )
    assert status.description == "Văn thư: đã tiếp nhận"
    assert status.timestamp == "2026/05/21 08:15:00"


# --- and written again ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["sdk/edoc_update", "sdk/edoc_revocation", "sdk/edoc_replacement", "sdk/status"]
)
def test_what_was_read_is_composed_to_the_samples_very_bytes(name: str) -> None:
    """But for line ends, and the block that only looks like a signature."""
    body = sample(name)
    root = root_of(body)
    envelope = edxml.read(root, Kind.STATUS if "status" in name else Kind.DOCUMENT)
    assert not isinstance(envelope, Refusal)
    if isinstance(envelope, Document):
        composed = compose_document(envelope, _files(envelope, body))
    else:
        composed = compose_status(envelope)
    plain = re.sub(
        rb" *<Signature>.*</Signature>\n", b"", body.replace(b"\r\n", b"\n"), flags=re.DOTALL
    )
    assert composed == plain


def test_a_composed_message_uses_no_tag_that_no_sample_uses() -> None:
    known = {
        tag
        for path in SAMPLES.rglob("*.edxml")
        if path.parent.name != "synthetic"
        for tag in re.findall(rb"<([A-Za-z:]+)[ >/]", path.read_bytes())
    }
    document = document_of(sample("sdk/edoc_update"))
    composed = compose_document(document, _files(document, sample("sdk/edoc_update")))
    assert set(re.findall(rb"<([A-Za-z:]+)[ >/]", composed)) <= known


def test_no_sample_is_a_message_of_the_other_kind() -> None:
    for path in SAMPLES.rglob("*.edxml"):
        if path.name in BROKEN:
            continue
        root = root_of(path.read_bytes())
        kind = edxml.recognise(root)
        other = Kind.STATUS if kind is Kind.DOCUMENT else Kind.DOCUMENT
        assert SCHEMAS.validate(root, other) is not None


def _files(document: Document, body: bytes) -> list[tuple[ManifestItem, bytes]]:
    encoded = [element.text or "" for element in root_of(body).iter("{*}ContentTransferEncoded")]
    files = []
    for attachment, text in zip(document.attachments, encoded, strict=True):
        content = decode(text)
        assert isinstance(content, bytes)
        item = ManifestItem(
            attachment.content_id, attachment.declared_type, attachment.name, attachment.description
        )
        files.append((item, content))
    return files
