"""Taking large content out before the parse changes nothing that is found, whatever somebody sends."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from axisd.core import edxml, elision, inspect
from axisd.core.compose import compose_document
from axisd.core.directory import Profile
from axisd.core.elision import NOTHING, elide
from axisd.core.envelope import ManifestItem
from axisd.core.inspection import Inspection
from axisd.core.view import View
from tests.support.reading import SCHEMAS, vectors
from tests.support.reason_vectors import province
from tests.support.signed_vectors import BAD, GOOD
from tests.support.signed_world import NOW, OTHER, SENDER, signed
from tests.support.values import digest_of, document, submission

TWO = (b"%PDF-1.4 the first" * 40, b"%PDF-1.4 the second" * 40)


def envelope(*contents: bytes, **changes: Any) -> bytes:
    """Signed, with these attachments."""
    items = [
        (ManifestItem(f"cid:{n}", "application/pdf", f"{n}.pdf"), content)
        for n, content in enumerate(contents or TWO, 1)
    ]
    return signed(compose_document(document(OTHER, sender=SENDER, **changes), items))


def encoded(content: bytes) -> bytes:
    return base64.b64encode(content)


class Ways:
    """The same envelope both ways: `light` counts how often the content stayed out to the end."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.light = 0
        self._patch = monkeypatch

    def inspected(self, body: bytes, view: View, long: int) -> Inspection:
        handed = submission(body, received_at=NOW, routing_key=f"normal.{SENDER}")
        self._patch.setattr(elision, "LONG", len(body) + 1)
        ordinary = inspect.inspect(handed, view, SCHEMAS)
        self._patch.setattr(elision, "LONG", long)
        stands_in = elision.Elided.stands_in
        held: list[bool] = []

        def noted(self: elision.Elided, root: etree._Element, name: str) -> bool:
            held.append(stands_in(self, root, name))
            return held[-1]

        self._patch.setattr(elision.Elided, "stands_in", noted)
        found = inspect.inspect(handed, view, SCHEMAS)
        self._patch.setattr(elision.Elided, "stands_in", stands_in)
        self.light += any(held)
        assert _comparable(found) == _comparable(ordinary)
        return found


def _comparable(found: Inspection) -> Inspection:
    return replace(found, submission=replace(found.submission, id=""))


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> Ways:
    return Ways(monkeypatch)


def everything() -> Iterator[tuple[str, bytes]]:
    for kind in ("good", "bad"):
        for name, body, _ in vectors(kind):
            yield f"{kind}/{name}", body
    for name, make in GOOD.items():
        yield f"signed/{name}", make()
    for name, vector in BAD.items():
        yield f"signed/{name}", vector.make()


@pytest.mark.parametrize(("long", "profile"), [(4, Profile.IF_PRESENT), (64, Profile.REQUIRED)])
def test_every_vector_is_found_to_be_the_same(ways: Ways, long: int, profile: Profile) -> None:
    view = province(profile=profile)
    for _, body in everything():
        ways.inspected(body, view, long)
    assert ways.light, "some of them took the light way"


def test_content_that_was_taken_out_is_measured_and_verified(ways: Ways) -> None:
    found = ways.inspected(envelope(), province(), 200)
    assert ways.light == 1
    assert found.refusal is None
    assert found.signature.state == "verified"
    assert [item.size for item in found.attachments] == [len(content) for content in TWO]
    assert [item.digest for item in found.attachments] == [digest_of(content) for content in TWO]


def test_a_changed_letter_of_the_content_breaks_the_signature(ways: Ways) -> None:
    first = encoded(TWO[0])
    for place in (0, 100, len(first) - 8):
        other = first[:place] + bytes([first[place] ^ 1]) + first[place + 1 :]
        body = envelope().replace(first, other)
        found = ways.inspected(body, province(), 200)
        assert found.refusal is not None
        assert found.refusal.code == "signature-invalid"
    assert ways.light == 3


def test_content_that_changed_places_breaks_the_signature(ways: Ways) -> None:
    first, second = map(encoded, TWO)
    body = envelope().replace(first, b"@@").replace(second, first).replace(b"@@", second)
    found = ways.inspected(body, province(), 200)
    assert found.refusal is not None
    assert found.refusal.code == "signature-invalid"


@pytest.mark.parametrize(
    "written",
    [
        lambda text: b"\n".join(text[at : at + 76] for at in range(0, len(text), 76)),
        lambda text: b"\n  " + text + b"\t\n",
        lambda text: text[:80] + b"\r\n" + text[80:],
        lambda text: b"<!-- a -->" + text,
        lambda text: text[:400] + b"<!-- a -->" + text[400:],
        lambda text: b"<![CDATA[" + text + b"]]>",
        lambda text: b"<![CDATA[]]>" + text,
        lambda text: b"<![CDATA[>" + text + b"<]]>",
        lambda text: b">" + text,
        lambda text: text + b"&#65;",
        lambda text: text[:-1],
        lambda text: text + b"=",
        lambda text: b"=" + text,
        lambda text: b"<b>" + text + b"</b>",
        lambda text: text + b"<b/>",
        lambda _: b" \n" * 300,
        lambda text: b"\xef\xbb\xbf" + text,
    ],
)
def test_however_content_is_written_it_is_found_to_be_the_same(ways: Ways, written: Any) -> None:
    unsigned = compose_document(
        document(OTHER, sender=SENDER),
        [(ManifestItem("cid:1", "application/pdf", "1.pdf"), TWO[0])],
    )
    body = unsigned.replace(encoded(TWO[0]), written(encoded(TWO[0])))
    assert body != unsigned
    view = province(profile=Profile.IF_PRESENT)
    ways.inspected(body, view, 200)
    ways.inspected(envelope().replace(encoded(TWO[0]), written(encoded(TWO[0]))), view, 200)


def test_a_long_text_that_is_no_content_is_judged_as_it_is(ways: Ways) -> None:
    found = ways.inspected(envelope(subject="A" * 300_000), province(), 1000)
    assert found.refusal is not None
    assert found.refusal.code == "structure-limit"


def test_nobody_can_write_the_word_that_stands_for_content(ways: Ways) -> None:
    body = envelope()
    ways.inspected(body, province(), 200)  # and from here on so short a run is long
    made = elide(body, digest_of(body), edxml.CONTENT)
    assert made is not None
    for word in made.runs:
        assert word not in body
    forged = body.replace(encoded(TWO[1]), next(iter(made.runs)))
    found = ways.inspected(forged, province(), 200)
    assert found.refusal is not None
    assert found.refusal.code == "signature-invalid"


def test_lines_behind_content_keep_their_numbers(ways: Ways) -> None:
    unsigned = compose_document(
        document(OTHER, sender=SENDER),
        [(ManifestItem("cid:1", "application/pdf", "1.pdf"), TWO[0])],
    )
    text = encoded(TWO[0])
    wrapped = b"\n".join(text[at : at + 4] for at in range(0, len(text), 4))
    body = unsigned.replace(text, wrapped).replace(
        b"</AttachmentEncoded>", b"<x/></AttachmentEncoded>"
    )
    found = ways.inspected(body, province(profile=Profile.IF_PRESENT), 200)
    assert found.refusal is not None
    assert (found.refusal.line or 0) > len(text) // 4


@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.sampled_from([b"A", b"<", b">", b"\n", b"<!--", b"-->"]))
    )
)
def test_what_is_taken_out_and_put_back_is_what_was_there(parts: list[tuple[int, bytes]]) -> None:
    body = b"<a>" + b"".join(piece * count for count, piece in parts) + b"</a>"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(elision, "LONG", 8)
        made = elide(body, digest_of(body), "a")
    if made is None:
        return
    assert b"".join(bytes(piece) for piece in made.pieces(made.body)) == body
    assert made.body.count(b"\n") == body.count(b"\n")


def test_content_that_is_missing_from_the_canonical_form_digests_nothing() -> None:
    body = envelope()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(elision, "LONG", 200)
        made = elide(body, digest_of(body), edxml.CONTENT)
    assert made is not None
    word = next(iter(made.runs))
    for octets in (b"<a/>", made.body + word, made.body.replace(word, b"")):
        with pytest.raises(ValueError, match="missing"):
            list(made.pieces(octets))
    assert list(NOTHING.pieces(b"<a/>")) == [b"<a/>"]
    assert NOTHING.run("text") is None
