"""Reading: every field of the specification, by name and path only, and nothing that hides elsewhere."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from axisd.core import edxml
from axisd.core.envelope import (
    Business,
    Document,
    Kind,
    ManifestItem,
    Organization,
    Receiver,
    Replacement,
    ResponseFor,
    Staff,
    Status,
    Trace,
)
from axisd.core.reasons import Refusal
from tests.support.messages import DOCUMENT, NAMESPACE, PDF, STATUS, line_of, swap
from tests.support.reading import (
    VECTORS,
    document_of,
    megabytes_at_most,
    refusal_of,
    root_of,
    status_of,
    vectors,
)

GOOD = [body for _, body, _ in vectors("good")]


def vector(name: str) -> bytes:
    return (VECTORS / "good" / f"{name}.edxml").read_bytes()


def test_a_document_gives_every_field() -> None:
    document = document_of(
        swap(
            DOCUMENT,
            (
                "        <edXML:DueDate>",
                (
                    "<edXML:SignerInfo><edXML:FullName>Nguyễn Văn A</edXML:FullName><edXML:Competence>TL."
                    "</edXML:Competence><edXML:Position>Giám đốc</edXML:Position></edXML:SignerInfo>"
                    "<edXML:SteeringType>3</edXML:SteeringType><edXML:ApplicationType>2"
                    "</edXML:ApplicationType><edXML:DueDate>"
                ),
            ),
            (
                "<edXML:PageAmount>",
                (
                    "<edXML:SphereOfPromulgation>Liên thông</edXML:SphereOfPromulgation>"
                    "<edXML:TyperNotation>TVC</edXML:TyperNotation><edXML:Direction>false</edXML:Direction>"
                    "<edXML:PromulgationAmount>4</edXML:PromulgationAmount><edXML:ReplyFors>r</edXML:ReplyFors>"
                    "<edXML:ReferenceCodes>9/STC</edXML:ReferenceCodes><edXML:Appendixes>"
                    "<edXML:Appendix>Phụ lục I</edXML:Appendix><edXML:Appendix/></edXML:Appendixes>"
                    "<edXML:PageAmount>"
                ),
            ),
            ("<edXML:TypeName>", "<edXML:TypeDetail>0</edXML:TypeDetail><edXML:TypeName>"),
        ).encode()
    )
    assert document.sender == Organization(
        "000.00.11.H53", in_charge="UBND tỉnh Tây Ninh", name="Sở Tài chính", line=7
    )
    assert [(to.organ_id, to.name) for to in document.recipients] == [
        ("000.00.13.H53", "Sở Thông tin và Truyền thông")
    ]
    assert document.document_id == "000.00.11.H53,2026/11/20,15/STC-VP"
    assert (document.number, document.notation) == ("15", "STC-VP")
    assert (document.place, document.promulgation_date) == ("Tây Ninh", "2026/11/20")
    assert (document.document_type, document.type_detail) == ("1", "0")
    assert document.type_name == "Công văn"
    assert document.subject == "V/v lập dự toán năm 2027"
    assert document.content == "Đề nghị các cơ quan gửi dự toán"
    assert document.signer_name == "Nguyễn Văn A"
    assert (document.signer_competence, document.signer_position) == ("TL.", "Giám đốc")
    assert document.due_date == "2026/12/05"
    other = document.other
    assert (other.priority, other.page_amount, other.promulgation_amount) == ("0", "2", "4")
    assert (other.sphere, other.typer_notation, other.direction) == ("Liên thông", "TVC", "false")
    assert (other.reply_fors, other.reference_codes) == ("r", ("9/STC",))
    assert other.appendixes == ("Phụ lục I",)
    assert (document.steering_type, document.application_type) == ("3", "2")
    assert document.traces == (Trace("000.00.11.H53", "2026/11/20 08:00:00"),)
    assert document.business.business is Business.NEW
    assert document.business.paper == "0"
    assert document.manifest == (
        ManifestItem("a1", "application/pdf", "15-STC-VP.pdf", line=document.manifest[0].line),
    )
    assert document.kind is Kind.DOCUMENT


def test_an_organization_gives_every_field() -> None:
    parts = {
        "OrganizationInCharge": "in_charge",
        "OrganName": "name",
        "OrganAdd": "address",
        "Email": "email",
        "Telephone": "telephone",
        "Fax": "fax",
        "Website": "website",
    }
    inside = "".join(f"<edXML:{name}>{field}</edXML:{name}>" for name, field in parts.items())
    body = swap(
        DOCUMENT, ("<edXML:OrganName>Sở Thông tin và Truyền thông</edXML:OrganName>", inside)
    )
    recipient = document_of(body.encode()).recipients[0]
    assert {field: getattr(recipient, field) for field in parts.values()} == {
        field: field for field in parts.values()
    }


def test_a_reply_names_what_it_answers_and_where_it_goes_on() -> None:
    document = document_of(vector("document/reply-and-task"))
    assert [(r.organ_id, r.code) for r in document.responses_for] == [
        ("000.00.13.H53", "9/STTTT"),
        ("", ""),
    ]
    assert document.task_codes == ("NV-1", "NV-2")
    assert document.to_places == ("Như trên", "Lưu: VT")


def test_an_update_says_what_changed_and_for_whom() -> None:
    business = document_of(vector("document/update")).business
    assert business.business is Business.UPDATE
    assert business.document_id == "000.00.11.H53,2026/11/19,14/STC-VP"
    assert (business.content_changed, business.recipients_changed) == (True, True)
    assert business.receivers == (Receiver("000.00.13.H53", "1"),)


def test_a_replacement_says_which_documents_for_whom() -> None:
    business = document_of(vector("document/replace")).business
    assert business.business is Business.REPLACE
    assert business.replacements == (
        Replacement("000.00.11.H53,2026/11/19,14/STC-VP", ("000.00.13.H53",)),
    )


@pytest.mark.parametrize("form", ["status/03", "status/older-form"])
def test_a_status_gives_every_field_in_both_forms(form: str) -> None:
    status = status_of(vector(form))
    assert replace(status, lines=None) == Status(
        sender=replace(
            Organization("000.00.13.H53", name="Sở Thông tin và Truyền thông"),
            line=status.sender.line,
        ),
        about=ResponseFor(
            "000.00.11.H53",
            "15/STC-VP",
            "000.00.11.H53,2026/11/20,15/STC-VP",
            "2026/11/20",
            status.about.line,
        ),
        code="03",
        description="Văn thư đã tiếp nhận",
        timestamp="2026/11/20 09:15:00",
        staff=Staff(department="Văn phòng", name="Văn thư"),
    )


def test_lines_are_those_of_the_source() -> None:
    document = document_of(DOCUMENT.encode())
    assert document.lines is not None
    marks = {
        "document_id": "<edXML:DocumentId>",
        "promulgation_date": "<edXML:PromulgationDate>",
        "type_name": "<edXML:TypeName>",
        "priority": "<edXML:Priority>",
        "subject": "<edXML:Subject>",
        "business": "<edXML:BussinessDocType>",
    }
    for field, mark in marks.items():
        assert document.lines[field] == line_of(DOCUMENT, mark)
    assert document.recipients[0].line == line_of(DOCUMENT, "<edXML:OrganId>000.00.13.H53")
    assert document.attachments[0].line == line_of(DOCUMENT, "<Attachment>")
    status = status_of(STATUS.encode())
    assert status.lines is not None
    assert status.lines["code"] == line_of(STATUS, "<edXML:StatusCode>")


# --- the same, however it is written -------------------------------------------------------------


@pytest.mark.parametrize(
    "dialect",
    [
        "prefix-lost",
        "another-prefix",
        "one-line",
        "byte-order-mark",
        "carriage-returns",
        "no-declaration",
        "standalone",
        "white-space-around-values",
        "decorative-signature",
        "xlink-on-reference",
        "attributes-on-traces",
    ],
)
def test_a_dialect_reads_like_the_plain_message(dialect: str) -> None:
    assert _plain(document_of(vector(f"dialect/{dialect}"))) == _plain(
        document_of(DOCUMENT.encode())
    )


def _plain(document: Document) -> Document:
    """Without lines."""
    return replace(
        document,
        lines=None,
        sender=replace(document.sender, line=0),
        recipients=tuple(replace(to, line=0) for to in document.recipients),
        responses_for=tuple(replace(earlier, line=0) for earlier in document.responses_for),
        manifest=tuple(replace(item, line=0) for item in document.manifest),
        attachments=tuple(replace(item, line=0) for item in document.attachments),
    )


def test_only_the_white_space_of_xml_is_stripped() -> None:
    body = swap(DOCUMENT, ("000.00.13.H53", " \u00a0000.00.13.H53\u200b\n"))
    assert document_of(body.encode()).recipients[0].organ_id == "\u00a0000.00.13.H53\u200b"


# --- what hides is not read ----------------------------------------------------------------------

HIDING = {
    "decorative signature": (
        "    </edXML:edXMLHeader>",
        "<Signature>{}</Signature>    </edXML:edXMLHeader>",
    ),
    "digital signature": (
        "      <edXML:MessageHeader>",
        "<edXML:DigitalSignature>{}</edXML:DigitalSignature>      <edXML:MessageHeader>",
    ),
    "signature object": (
        "    </edXML:edXMLHeader>",
        (
            '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><Object>{}</Object></Signature>'
            "    </edXML:edXMLHeader>"
        ),
    ),
    "signature before everything": (
        "  <edXML:edXMLEnvelope",
        (
            '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><Object>{}</Object></Signature>'
            "  <edXML:edXMLEnvelope"
        ),
    ),
}


@pytest.mark.parametrize("place", HIDING)
def test_a_message_hidden_in_a_signature_is_not_read(place: str) -> None:
    other = swap(DOCUMENT, ("000.00.13.H53", "000.00.99.H53"), ("15/STC-VP", "16/STC-VP"))
    hidden = other[other.index("  <edXML:edXMLEnvelope") :].removesuffix("</edXML>\n")
    mark, wrapping = HIDING[place]
    body = swap(DOCUMENT, (mark, wrapping.format(hidden)))
    document = document_of(body.encode())
    assert [to.organ_id for to in document.recipients] == ["000.00.13.H53"]
    assert document.document_id.endswith("15/STC-VP")
    assert len(document.attachments) == 1


def test_a_status_code_hidden_in_a_signature_makes_no_status() -> None:
    hidden = f'<Signature xmlns="{NAMESPACE}"><Status/><MessageHeader><StatusCode/></MessageHeader></Signature>'
    root = root_of(
        swap(DOCUMENT, ("    </edXML:edXMLHeader>", f"{hidden}    </edXML:edXMLHeader>"))
    )
    assert edxml.recognise(root) is Kind.DOCUMENT


def test_elements_of_another_namespace_are_not_fields() -> None:
    root = root_of(
        swap(DOCUMENT, ("<edXML:To>", '<To xmlns="urn:x"><OrganId>a</OrganId></To><edXML:To>'))
    )
    envelope = edxml.glimpse(root, Kind.DOCUMENT)
    assert isinstance(envelope, Document)
    assert [to.organ_id for to in envelope.recipients] == ["000.00.13.H53"]


def test_a_comment_that_splits_a_value_is_refused_and_one_beside_it_is_not() -> None:
    split = refusal_of(swap(DOCUMENT, ("000.00.13.H53", "000.00.<!-- -->13.H53")).encode())
    assert split.code == "forbidden-markup"
    alone = swap(
        DOCUMENT, (">2026/12/05<", "><!-- không có --><"), ("<edXML:To>", "<edXML:To><!-- a -->")
    )
    assert document_of(alone.encode()).due_date == ""


def test_character_data_is_text() -> None:
    body = swap(DOCUMENT, ("000.00.13.H53", "000.00.<![CDATA[13]]>.H53"))
    assert document_of(body.encode()).recipients[0].organ_id == "000.00.13.H53"


# --- never an exception --------------------------------------------------------------------------


@given(st.data())
def test_reading_any_tree_is_a_value_or_a_refusal(data: st.DataObject) -> None:
    root = root_of(data.draw(st.sampled_from(GOOD)))
    for _ in range(data.draw(st.integers(1, 4))):
        element = data.draw(st.sampled_from(list(root.iter(etree.Element))))
        change = data.draw(st.sampled_from(["drop", "text", "comment", "rename"]))
        parent = element.getparent()
        if change == "drop" and parent is not None:
            parent.remove(element)
        elif change == "text":
            element.text = data.draw(st.text(alphabet="a /\u0110=\u202e", max_size=8))
        elif change == "comment":
            element.append(etree.Comment("x"))
        else:
            element.tag = data.draw(st.sampled_from(["edXML", "To", f"{{{NAMESPACE}}}OrganId"]))
    kind = edxml.recognise(root)
    for forced in Kind if isinstance(kind, Refusal) else (kind,):
        assert isinstance(edxml.read(root, forced), Document | Status | Refusal)
        assert isinstance(edxml.glimpse(root, forced), Document | Status | None)


@pytest.mark.parametrize("kind", Kind)
def test_a_glimpse_of_a_message_without_a_header_is_none(kind: Kind) -> None:
    assert edxml.glimpse(root_of(f'<edXML xmlns="{NAMESPACE}"/>'), kind) is None


def test_a_glimpse_names_what_there_is_of_a_refused_message() -> None:
    body = swap(
        DOCUMENT, ("<edXML:Subject>V/v lập dự toán năm 2027</edXML:Subject>", ""), (PDF, "!")
    )
    assert refusal_of(body.encode()).code == "schema-invalid"
    envelope = edxml.glimpse(root_of(body), Kind.DOCUMENT)
    assert isinstance(envelope, Document)
    assert envelope.sender.organ_id == "000.00.11.H53"
    assert envelope.subject == ""
    assert envelope.attachments == ()


def test_the_header_is_found_where_the_signature_belongs() -> None:
    header = edxml.find_header(root_of(DOCUMENT))
    assert header is not None
    assert header.tag == f"{{{NAMESPACE}}}edXMLHeader"
    assert edxml.find_header(root_of(f'<edXML xmlns="{NAMESPACE}"/>')) is None


def test_reading_does_not_change_the_tree() -> None:
    for body in GOOD:
        root = root_of(body)
        before = etree.tostring(root, method="c14n", with_comments=True)
        kind = edxml.recognise(root)
        assert isinstance(kind, Kind)
        edxml.read(root, kind)
        assert etree.tostring(root, method="c14n", with_comments=True) == before


def test_every_field_of_a_document_is_read_somewhere_in_the_vectors() -> None:
    documents = [envelope for body in GOOD if isinstance(envelope := _any(body), Document)]
    for field in fields(Document):
        if field.name not in {"type_detail", "steering_type"} and not field.name.startswith(
            "signer"
        ):
            assert any(getattr(document, field.name) for document in documents), field.name


def _any(body: bytes) -> Document | Status | None:
    root = root_of(body)
    kind = edxml.recognise(root)
    assert isinstance(kind, Kind)
    found = edxml.read(root, kind)
    return None if isinstance(found, Refusal) else found


# --- size ----------------------------------------------------------------------------------------


def test_more_attachments_than_every_receipt_can_list_are_refused_with_the_first_too_many() -> None:
    start = DOCUMENT.index("    <Attachment>")
    end = DOCUMENT.index("  </AttachmentEncoded>")

    def with_attachments(count: int) -> bytes:
        many = (DOCUMENT[start:end].replace("cid:a1", f"cid:{n}") for n in range(count))
        return (DOCUMENT[:start] + "".join(many) + DOCUMENT[end:]).encode()

    most = edxml.MAX_ATTACHMENTS
    assert len(document_of(with_attachments(most)).attachments) == most
    refusal = refusal_of(with_attachments(most + 1))
    assert refusal.code == "structure-limit"
    assert refusal.at == f"/edXML/AttachmentEncoded/Attachment[{most + 1}]"
    assert refusal.line == line_of(with_attachments(most), "  </AttachmentEncoded>")
    assert "attachments" in refusal.text("en")


def test_an_envelope_of_thirty_megabytes_takes_less_than_three_times_its_size() -> None:
    before, most = megabytes_at_most(
        "import base64, os\n"
        "from axisd.core import edxml, xmlsafe\n"
        "from axisd.core.envelope import Document, Kind\n"
        "from axisd.core.schema import Schemas\n"
        "from axisd.core.view import Limits\n"
        "from tests.support.messages import DOCUMENT, PDF\n"
        "body = DOCUMENT.encode().replace(PDF.encode(), base64.b64encode(os.urandom(23_600_000)))\n"
        "schemas = Schemas()\n"
        "before()\n"
        "root = xmlsafe.parse(body, Limits()).root\n"
        "assert schemas.validate(root, Kind.DOCUMENT) is None\n"
        "document = edxml.read(root, Kind.DOCUMENT)\n"
        "assert document.attachments[0].size == 23_600_000"
    )
    assert most - before < 3 * 30
