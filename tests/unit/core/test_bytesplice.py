"""Where elements lie in the bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisd.core.bytesplice import spans

ROOT = ("{urn:a}a", "{urn:a}b")


def only(body: bytes) -> bytes:
    """The bytes of the one `b` in `a`."""
    found = spans(body, ROOT)
    assert found is not None
    assert len(found) == 1
    return body[found[0].start : found[0].end]


@pytest.mark.parametrize(
    ("body", "element"),
    [
        (b'<a xmlns="urn:a"><b>x</b></a>', b"<b>x</b>"),
        (b'<a xmlns="urn:a"><b/></a>', b"<b/>"),
        (b'<a xmlns="urn:a"><b  c=">"\n/></a>', b'<b  c=">"\n/>'),
        (b"<a xmlns='urn:a'><b c='\">'>x</b \n></a>", b"<b c='\">'>x</b \n>"),
        (b'<p:a xmlns:p="urn:a"><p:b>x</p:b></p:a>', b"<p:b>x</p:b>"),
        (b'\xef\xbb\xbf<a xmlns="urn:a"><b>x</b></a>', b"<b>x</b>"),
        (b'<?xml version="1.0"?>\r\n<a xmlns="urn:a">\r\n<b>x\r\n</b></a>', b"<b>x\r\n</b>"),
        ('<a xmlns="urn:a">ấ<b>ề</b></a>'.encode(), "<b>ề</b>".encode()),
        (b'<a xmlns="urn:a"><!-- <b>no</b> --><b>x</b></a>', b"<b>x</b>"),
        (
            b'<a xmlns="urn:a"><![CDATA[<b>no</b>]]><b><![CDATA[</b>]]></b></a>',
            b"<b><![CDATA[</b>]]></b>",
        ),
        (b'<a xmlns="urn:a"><c><b>deeper</b></c><b>x</b></a>', b"<b>x</b>"),
        (b'<a xmlns="urn:a"><b xmlns="urn:c">other</b><b>x</b></a>', b"<b>x</b>"),
    ],
)
def test_an_element_is_found_whatever_stands_around_it(body: bytes, element: bytes) -> None:
    assert only(body) == element


def test_the_end_tag_is_where_something_can_be_put_in() -> None:
    body = b'<a xmlns="urn:a"><b>x</b></a>'
    found = spans(body, ROOT)
    assert found is not None
    closing = found[0].closing
    assert closing is not None
    assert body[closing:].startswith(b"</b>")


def test_an_empty_element_tag_has_no_end_tag() -> None:
    found = spans(b'<a xmlns="urn:a"><b/></a>', ROOT)
    assert found is not None
    assert found[0].closing is None


def test_children_by_name_are_found_in_order() -> None:
    body = b'<a xmlns="urn:a"><b><c/><d>1</d><c>2</c><e><c/></e></b></a>'
    found = spans(body, ROOT, ("{urn:a}c",))
    assert found is not None
    assert [body[span.start : span.end] for span in found] == [b"<c/>", b"<c>2</c>"]


@pytest.mark.parametrize(
    "body",
    [b"", b"<a", b'<!DOCTYPE a [<!ENTITY e "x">]><a xmlns="urn:a"><b>&e;</b></a>', b"<a>\xff</a>"],
)
def test_what_is_no_document_or_has_a_dtd_has_no_places(body: bytes) -> None:
    assert spans(body, ROOT) is None


@given(
    st.text(
        st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="<>&\ufffe\uffff"),
        max_size=200,
    )
)
def test_offsets_are_of_bytes_whatever_the_text_before(text: str) -> None:
    body = f'<a xmlns="urn:a">{text}<b>x</b></a>'.encode()
    assert only(body) == b"<b>x</b>"
