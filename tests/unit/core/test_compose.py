"""Writing: what is composed is valid, reads back as what it was composed from, and looks as it must."""

import base64
import io
import re
import zipfile
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisd.core.compose import compose_document, compose_status
from axisd.core.envelope import (
    STATUS_CODES,
    Business,
    BusinessInfo,
    Document,
    ManifestItem,
    Organization,
    OtherInfo,
    Receiver,
    Replacement,
    ResponseFor,
    Staff,
    Status,
    Trace,
)
from tests.support.messages import DOCUMENT, NAMESPACE, STATUS
from tests.support.reading import document_of, status_of

LETTERS = st.characters(
    codec="utf-8",
    exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"],
    exclude_characters="\ufffe\uffff",
)


def text(most: int, least: int = 0) -> st.SearchStrategy[str]:
    """Text as it reads back: no white space around it."""
    words = st.text(
        st.one_of(LETTERS, st.sampled_from("<>&\"' \r\n]")), min_size=least, max_size=most
    )
    return words.map(lambda value: value.strip(" \t\r\n")).filter(lambda value: len(value) >= least)


CODE = st.sampled_from(["000.00.11.H53", "H53.11", "00.53.W00", "vxp.saas.03", "000.00.00.G14"])
NAME = text(20).map(lambda name: "".join(c for c in name if c.isalnum() or c in "-_. ").strip(" ."))
DATE = st.sampled_from(["2026/11/20", "2014/02/30", "", "16/09/2020"])

ORGANIZATION = st.builds(
    Organization, CODE, text(20), text(20), text(20), text(9), text(9), text(9), text(9)
)
RESPONSE = st.builds(ResponseFor, CODE, text(20), text(20, 1), DATE)
STAFF = st.none() | st.builds(Staff, text(9), text(9), text(9), text(9), text(9), text(9))
BUSINESS = st.builds(
    BusinessInfo,
    st.sampled_from(Business),
    text(20),
    text(20),
    st.sampled_from(["", "0", "1"]),
    st.booleans(),
    st.booleans(),
    st.lists(st.builds(Receiver, CODE, st.sampled_from("01")), max_size=2).map(tuple),
    st.lists(
        st.builds(Replacement, text(20, 1), st.lists(CODE, max_size=2).map(tuple)), max_size=2
    ).map(tuple),
    STAFF,
)
OTHER = st.builds(
    OtherInfo,
    st.sampled_from(["", "0", "4"]),
    text(9),
    text(9),
    text(9),
    st.sampled_from(["", "7", "999"]),
    text(9),
    text(9),
    st.lists(text(9, 1), max_size=1).map(tuple),
    st.lists(text(9, 1), max_size=2).map(tuple),
)
ITEM = st.builds(
    ManifestItem, text(9, 1).filter(lambda i: i[:4].lower() != "cid:"), text(9), NAME, text(9)
)
DOCUMENTS = st.builds(
    Document,
    sender=ORGANIZATION,
    recipients=st.lists(ORGANIZATION, min_size=1, max_size=3).map(tuple),
    document_id=text(40, 1),
    number=text(9),
    notation=text(9),
    place=text(9),
    promulgation_date=DATE,
    document_type=text(9),
    type_detail=text(9),
    type_name=text(9),
    subject=text(60),
    content=text(60),
    signer_competence=text(9),
    signer_position=text(9),
    signer_name=text(9),
    due_date=DATE,
    other=OTHER,
    responses_for=st.lists(RESPONSE, max_size=2).map(tuple),
    steering_type=text(9),
    task_codes=st.lists(text(9, 1), max_size=2).map(tuple),
    application_type=text(9),
    to_places=st.lists(text(9, 1), max_size=2).map(tuple),
    traces=st.lists(st.builds(Trace, CODE, text(9)), max_size=2).map(tuple),
    business=BUSINESS,
    manifest=st.lists(ITEM, max_size=2).map(tuple),
)
STATUSES = st.builds(
    Status, ORGANIZATION, RESPONSE, st.sampled_from(STATUS_CODES), text(60), text(9), STAFF
)


def without_lines(document: Document) -> Document:
    return replace(
        document,
        lines=None,
        sender=replace(document.sender, line=0),
        recipients=tuple(replace(to, line=0) for to in document.recipients),
        responses_for=tuple(replace(earlier, line=0) for earlier in document.responses_for),
        manifest=tuple(replace(item, line=0) for item in document.manifest),
    )


@given(DOCUMENTS, st.lists(st.binary(max_size=40), max_size=2), st.booleans())
def test_a_composed_document_is_valid_and_reads_back(
    document: Document, contents: list[bytes], zipped: bool
) -> None:
    files = [(ManifestItem(f"f{n}", "a/b", f"{n}.pdf"), c) for n, c in enumerate(contents)]
    found = document_of(compose_document(document, files, zipped=zipped))
    manifest = document.manifest or tuple(item for item, _ in files)
    assert without_lines(replace(found, attachments=())) == replace(document, manifest=manifest)
    assert [a.content_id for a in found.attachments] == [item.content_id for item, _ in files]
    if not zipped:
        assert [a.size for a in found.attachments] == [len(content) for content in contents]


@given(STATUSES)
def test_a_composed_status_is_valid_and_reads_back(status: Status) -> None:
    found = status_of(compose_status(status))
    plain = replace(
        found, lines=None, sender=replace(found.sender, line=0), about=replace(found.about, line=0)
    )
    assert plain == status


def test_the_plain_message_is_composed_to_the_byte() -> None:
    content = [(document_of(DOCUMENT.encode()).manifest[0], b"%PDF-1.5\n%%EOF\n")]
    assert compose_document(document_of(DOCUMENT.encode()), content).decode() == DOCUMENT


def test_the_plain_status_is_composed_to_the_byte() -> None:
    lines = STATUS.splitlines(keepends=True)
    date = next(n for n, line in enumerate(lines) if "PromulgationDate" in line)
    lines[date], lines[date + 1] = lines[date + 1], lines[date]  # the SDK's order
    assert compose_status(status_of(STATUS.encode())).decode() == "".join(lines)


def test_the_prefixes_are_those_that_readers_in_the_country_insist_on() -> None:
    document = document_of(DOCUMENT.encode())
    composed = compose_document(document, [(document.manifest[0], b"x")]).decode()
    tags = re.findall(r"<([A-Za-z:]+)", composed)
    bare = {"edXML", "AttachmentEncoded", "Attachment"}
    within = composed[composed.index("<Attachment>") :]
    bare |= {"ContentId", "AttachmentName", "ContentType"}
    assert {tag for tag in tags if not tag.startswith("edXML:")} == bare
    assert set(re.findall(r"<(edXML:[A-Za-z]+)", within)) == {"edXML:ContentTransferEncoded"}
    assert composed.startswith(
        f'<?xml version="1.0" encoding="UTF-8"?>\n<edXML xmlns="{NAMESPACE}">\n'
        f'  <edXML:edXMLEnvelope xmlns:edXML="{NAMESPACE}">\n    <edXML:edXMLHeader>\n'
    )
    assert f'<edXML:ContentTransferEncoded xmlns:edXML="{NAMESPACE}">eA==</edXML:' in composed


def test_a_zipped_file_is_one_entry_with_another_name_and_always_the_same_zip() -> None:
    document = document_of(DOCUMENT.encode())
    item = ManifestItem("a1", "application/pdf", "Công văn.pdf")
    first = compose_document(document, [(item, b"%PDF-")], zipped=True)
    assert first == compose_document(document, [(item, b"%PDF-")], zipped=True)
    found = document_of(first).attachments[0]
    assert (found.name, found.sniffed_type) == ("Công văn.pdf", "application/zip")
    encoded = re.search(rb'2016">(UEs[^<]*)<', first)
    assert encoded is not None
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(encoded[1]))) as archive:
        assert re.fullmatch(r"[0-9a-f-]{36}\.pdf", archive.namelist()[0])
        assert archive.read(archive.namelist()[0]) == b"%PDF-"


@pytest.mark.parametrize("character", ["\x00", "\x0b", "\ufffe", "\ud800"])
def test_a_character_that_xml_cannot_carry_is_an_error_before_anything_is_written(
    character: str,
) -> None:
    document = document_of(DOCUMENT.encode())
    with pytest.raises(ValueError, match=r"Subject contains U\+"):
        compose_document(replace(document, subject=f"a{character}"))


def test_an_organ_id_list_of_nothing_and_default_business_leave_no_element() -> None:
    document = replace(document_of(DOCUMENT.encode()), business=BusinessInfo(), traces=())
    assert b"TraceHeaderList" not in compose_document(document)
