import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisd.core.attachments import _MAGIC, sniff
from axisd.core.mediatype import contradicts

SNIFFED = sorted({media_type for _, media_type in _MAGIC})


@pytest.mark.parametrize("sniffed", ["", *SNIFFED])
@pytest.mark.parametrize(
    "declared", ["", "pdf", "application/octet-stream", "Application/Octet-Stream"]
)
def test_who_says_nothing_contradicts_nothing(declared: str, sniffed: str) -> None:
    assert not contradicts(declared, sniffed)


@pytest.mark.parametrize("sniffed", SNIFFED)
def test_what_was_sniffed_fits_to_itself(sniffed: str) -> None:
    assert not contradicts(sniffed, sniffed)
    assert not contradicts(f"{sniffed.upper()}; charset=utf-8", sniffed)


@given(st.text(max_size=20))
def test_a_zip_contradicts_nothing(declared: str) -> None:
    assert not contradicts(declared, sniff(b"PK\x03\x04"))


@given(st.text(max_size=20), st.sampled_from(["", *SNIFFED]))
def test_every_declaration_is_judged(declared: str, sniffed: str) -> None:
    assert contradicts(declared, sniffed) in {True, False}


@pytest.mark.parametrize(
    ("declared", "sniffed"),
    [
        ("application/msword", "application/x-ole-storage"),
        ("application/vnd.ms-excel", "application/x-ole-storage"),
        (
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/x-ole-storage",
        ),
        ("application/msword", "application/rtf"),
        ("text/xml", "application/xml"),
        ("image/svg+xml", "application/xml"),
        ("application/x-rar-compressed", "application/vnd.rar"),
        ("image/jpg", "image/jpeg"),
        ("text/plain", ""),
        ("application/msword", ""),
    ],
)
def test_what_producers_write_for_the_same_thing_fits(declared: str, sniffed: str) -> None:
    assert not contradicts(declared, sniffed)


@pytest.mark.parametrize(
    ("declared", "sniffed"),
    [
        ("application/pdf", ""),
        ("application/pdf", "application/x-msdownload"),
        ("text/plain", "application/x-elf"),
        ("application/msword", "application/pdf"),
        ("application/zip", "application/pdf"),
        ("application/zip", ""),
        ("image/png", "image/jpeg"),
        ("image/png", ""),
    ],
)
def test_what_opens_the_wrong_program_does_not(declared: str, sniffed: str) -> None:
    assert contradicts(declared, sniffed)
