"""The files in an envelope come out as what their sender had, wrapped in a zip or not."""

from __future__ import annotations

import io
import zipfile

import pytest

from axisd.core.carried import carried_files, read_envelope, unwrapped
from axisd.core.compose import compose_document
from axisd.core.envelope import Document, ManifestItem
from axisd.core.reasons import Refusal
from tests.support.letters import letter

PDF = b"%PDF-1.4\n%%EOF\n"


def packed(**entries: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("_", "."), content)
    return file.getvalue()


@pytest.mark.parametrize("zipped", [False, True])
def test_a_file_comes_out_as_it_was_zipped_by_its_product_or_not(zipped: bool) -> None:
    item = ManifestItem("1", "application/pdf", "Công văn số 7.pdf", "văn bản")
    body = compose_document(letter(), [(item, PDF)], zipped=zipped)
    files = carried_files(body)
    assert not isinstance(files, Refusal)
    (file,) = files
    assert (file.content, file.name, file.content_id) == (PDF, "Công văn số 7.pdf", "1")
    assert (file.content_type, file.description) == ("application/pdf", "văn bản")


def test_what_composes_an_envelope_is_read_from_it() -> None:
    found = read_envelope(compose_document(letter()))
    assert isinstance(found, Document)
    assert found.subject == letter().subject


def test_a_zip_that_was_sent_as_one_stays_one() -> None:
    inside = packed(a_txt=b"a")
    assert unwrapped("files.zip", inside) == inside
    several = packed(a_pdf=b"a", b_pdf=b"b")
    assert unwrapped("a.pdf", several) == several
    other = packed(a_txt=b"a")
    assert unwrapped("a.pdf", other) == other


def test_a_wrapping_is_known_by_the_ending_or_by_a_uuid_for_a_name() -> None:
    assert unwrapped("A.PDF", packed(b_pdf=PDF)) == PDF
    uuid = "0f8fad5b-d9cb-469f-a165-70867728950e"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"{uuid}.zip", b"PK")
    assert unwrapped("files.zip", file.getvalue()) == b"PK"


def test_a_zip_that_unpacks_to_more_than_is_wanted_is_left_packed() -> None:
    bomb = packed(a_pdf=b"\0" * 1_000_000)
    assert unwrapped("a.pdf", bomb, 999_999) == bomb
    assert unwrapped("a.pdf", bomb, 1_000_000) == b"\0" * 1_000_000


def test_a_zip_that_lies_about_its_size_or_is_broken_is_left_as_it_is() -> None:
    whole = packed(a_pdf=b"\0" * 1000)
    lying = whole.replace((1000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert unwrapped("a.pdf", lying, 100) == lying
    assert unwrapped("a.pdf", whole[:40]) == whole[:40]


def test_what_is_not_base64_or_not_xml_is_refused_by_its_reason() -> None:
    item = ManifestItem("1", "application/pdf", "a.pdf")
    body = compose_document(letter(), [(item, PDF)])
    broken = body.replace(b"JVBERi0", b"J?BERi0")
    assert broken != body
    refusal = carried_files(broken)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "attachment-malformed"
    for read in (carried_files, read_envelope):
        found = read(b"<no")
        assert isinstance(found, Refusal)
        assert found.code == "not-well-formed"
