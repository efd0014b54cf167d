"""Attachments: strict base64 in one spelling, measured slice by slice, sniffed and never expanded."""

import base64
import hashlib
import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from axisd.core import attachments
from axisd.core.attachments import Malformed, Measure, decode, is_plain_name, measure, sniff


@example(b"%PDF-", 4, "")  # the type spans slices
@given(st.binary(max_size=300), st.integers(4, 40), st.text(alphabet=" \t\r\n", max_size=3))
def test_what_was_encoded_is_measured_and_decoded_however_it_is_sliced_and_wrapped(
    content: bytes, size: int, white: str
) -> None:
    encoded = base64.b64encode(content).decode()
    wrapped = white.join(encoded[start : start + 7] for start in range(0, len(encoded), 7)) + white
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attachments, "_SLICE", size)
        found = measure(wrapped)
        assert decode(wrapped) == content
    digest = hashlib.sha256(content).hexdigest()
    assert found == Measure(len(content), f"sha256:{digest}", sniff(content[:16]))


@given(st.text(alphabet="AQJUDR+/=-_ \n\u00e9$", max_size=24), st.integers(4, 12))
def test_every_content_has_one_spelling(text: str, size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attachments, "_SLICE", size)
        found = decode(text)
    if isinstance(found, bytes):
        assert base64.b64encode(found).decode() == "".join(text.split())
    else:
        assert found.detail
        assert found.detail_vi


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("QQ", "it is not complete"),
        ("Q", "it is not complete"),
        ("QQ==QQ==", "its padding (=) is in the wrong place"),
        ("QR==", "its last unused bits are not zero"),
        ("QUJ=", "its last unused bits are not zero"),
        ("Q*JD", "it contains the byte 0x2A"),
        ("Q\u200bJD", "it contains U+200B"),
    ],
)
def test_what_is_no_base64_says_why(text: str, detail: str) -> None:
    found = measure(text)
    assert isinstance(found, Malformed)
    assert found.detail == detail


def test_padding_before_the_last_slice_is_refused() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attachments, "_SLICE", 4)
        assert measure("QQ==QUJD") == Malformed(
            "content follows the padding (=)", "có nội dung sau ký tự đệm (=)"
        )
        assert isinstance(measure("QQ== \n  \n    "), Measure)


def test_content_of_many_slices_is_measured_whole() -> None:
    content = random.Random(1).randbytes(7_000_001)
    found = measure(base64.b64encode(content).decode())
    assert isinstance(found, Measure)
    assert (found.size, found.digest) == (
        7_000_001,
        f"sha256:{hashlib.sha256(content).hexdigest()}",
    )


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"PK\x03\x04rest", "application/zip"),
        (b"%PDF-1.7", "application/pdf"),
        (bytes.fromhex("d0cf11e0a1b11ae1"), "application/x-ole-storage"),
        (b"<?xml version", "application/xml"),
        (b"\xef\xbb\xbf<?xml", "application/xml"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"{\\rtf1", "application/rtf"),
        (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
        (b"Rar!\x1a\x07\x01\x00", "application/vnd.rar"),
        (b"MZ\x90", "application/x-msdownload"),
        (b"xin ch\xc3\xa0o", ""),
        (b"", ""),
    ],
)
def test_the_type_is_what_the_first_bytes_say(head: bytes, media_type: str) -> None:
    assert sniff(head) == media_type


@pytest.mark.parametrize("name", ["15 STC (1).pdf", "Công văn.pdf", "a.b.c", "", "…"])
def test_names_as_people_write_them_pass(name: str) -> None:
    assert is_plain_name(name)


@pytest.mark.parametrize(
    "name", ["../a", "a/b", "a\\b", "..", ".", "a\x00b", "a\tb", "a\x85b", "a\u202eb", "a\u2066b"]
)
def test_names_that_lead_elsewhere_or_deceive_do_not(name: str) -> None:
    assert not is_plain_name(name)
