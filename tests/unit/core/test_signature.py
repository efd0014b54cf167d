"""Steps 6 and 8: which signatures count, and that what is signed is what is read."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from axisd.core import xmlsafe
from axisd.core.inspection import SignatureState
from axisd.core.reasons import REASONS, Refusal
from axisd.core.signature import SignatureCheck, check, uncovered
from axisd.core.trust import judge
from axisd.core.view import Limits
from axisd.core.xmldsig import canonical
from tests.support.signed_vectors import BAD, GOOD
from tests.support.signed_world import (
    DECORATION,
    DS,
    EDXML,
    ENVELOPE,
    NOW,
    SENDER,
    between,
    signature_of,
    signed,
    signed_anew,
    swap,
    world,
)


def tree(body: bytes) -> etree._Element:
    parsed = xmlsafe.parse(body, Limits())
    assert not isinstance(parsed, Refusal), parsed
    return parsed.root


def checked(body: bytes) -> SignatureCheck:
    return check(tree(body))


def reason(body: bytes) -> str:
    refusal = checked(body).refusal
    assert refusal is not None, "it was verified"
    return refusal.code


@pytest.mark.parametrize("name", GOOD)
def test_a_signature_that_counts_is_verified_and_covers_everything(name: str) -> None:
    root = tree(GOOD[name]())
    found = check(root)
    assert found.refusal is None
    assert found.finding.state is SignatureState.VERIFIED
    assert uncovered(root, found) is None


@pytest.mark.parametrize("name", BAD)
def test_a_signature_that_does_not_count_is_refused_for_its_own_reason(name: str) -> None:
    found = checked(BAD[name].make())
    assert found.refusal is not None
    assert found.refusal.code == BAD[name].reason
    assert found.finding.state is SignatureState.INVALID
    assert found.covered is None


@pytest.mark.parametrize("name", BAD)
def test_a_refusal_says_where_and_why_in_both_languages(name: str) -> None:
    refusal = checked(BAD[name].make()).refusal
    assert refusal is not None
    assert refusal.at is not None
    assert refusal.at.startswith("/edXML")
    assert refusal.line
    assert "–" not in refusal.text("en") + refusal.text("vi")
    assert refusal.text("en") != refusal.text("vi")


def test_every_reason_for_refusing_a_signature_has_a_vector() -> None:
    of_signatures = {code for code in REASONS if code.startswith("signature-")}
    assert {vector.reason for vector in BAD.values()} == of_signatures - {"signature-missing"} | {
        "signer-key"
    }


def test_the_finding_names_signer_certificate_and_algorithm() -> None:
    found = checked(signed()).finding
    certificate = world().credential().certificate
    assert found.signer == f"2.5.4.97={SENDER},CN=Sở Tài chính,C=VN"
    assert found.certificate == hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()
    assert found.algorithm == "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"


def test_a_broken_signature_still_names_whose_it_claims_to_be() -> None:
    found = checked(swap(signed(), "quyết toán", "quyết toàn"))
    assert found.certificate == world().credential().certificate
    assert found.finding.state is SignatureState.INVALID
    assert found.finding.signer


def test_an_envelope_without_any_signature_has_none() -> None:
    found = checked(ENVELOPE)
    assert found.finding.state is SignatureState.ABSENT
    assert found.refusal is None
    assert found.certificate is None


@pytest.mark.parametrize(
    "block",
    [
        DECORATION,
        b"<edXML:DigitalSignature/>",
        # The right words under a prefix that looks like the right one, in the wrong namespace.
        DECORATION.replace(b"<Signature>", f'<ds:Signature xmlns:ds="{EDXML}">'.encode()).replace(
            b"</Signature>", b"</ds:Signature>"
        ),
    ],
    ids=["as products send it", "empty", "behind a prefix"],
)
def test_a_block_in_the_edxml_namespace_is_decoration(block: bytes) -> None:
    found = checked(swap(ENVELOPE, b"</edXML:edXMLHeader>", block + b"</edXML:edXMLHeader>"))
    assert found.finding.state is SignatureState.DECORATIVE
    assert found.refusal is None
    assert found.certificate is None


def test_a_real_signature_moved_into_the_edxml_namespace_is_decoration() -> None:
    body = signed()
    moved = signature_of(body).replace(DS.encode(), EDXML.encode())
    found = checked(swap(body, signature_of(body), moved))
    assert found.finding.state is SignatureState.DECORATIVE


def test_a_signature_in_a_namespace_nearly_right_is_none() -> None:
    body = signed()
    nearly = signature_of(body).replace(
        f'xmlns:ds="{DS}"'.encode(), b'xmlns:ds="http://www.w3.org/2000/09/xmldsig"'
    )
    assert checked(swap(body, signature_of(body), nearly)).finding.state is SignatureState.ABSENT


def test_checking_changes_nothing_in_the_tree() -> None:
    root = tree(signed())
    before = etree.tostring(root)
    uncovered(root, check(root))
    assert etree.tostring(root) == before


def test_a_text_node_beyond_libxml2s_own_limit_is_verified() -> None:
    body = signed(swap(ENVELOPE, "JVBERi0xLjQK", "QUJD" * 2_600_000))
    root = tree(body)
    found = check(root)
    assert found.refusal is None
    assert uncovered(root, found) is None


# --- what is signed is what is read (step 8) ------------------------------------------------------


def test_a_comment_that_splits_a_signed_code_is_not_covered() -> None:
    """Canonicalisation leaves comments out, so the signature holds; a reader of `.text` would stop."""
    body = swap(
        signed(),
        f"<edXML:From><edXML:OrganId>{SENDER}",
        f"<edXML:From><edXML:OrganId>{SENDER[:10]}<!-- -->{SENDER[10:]}",
    )
    root = tree(body)
    found = check(root)
    assert found.refusal is None, "the arithmetic holds"
    refusal = uncovered(root, found)
    assert refusal is not None
    assert refusal.code == "not-covered"
    assert refusal.at == "/edXML/edXMLEnvelope/edXMLHeader/MessageHeader/From/OrganId"


def test_a_comment_before_a_signed_text_is_not_covered() -> None:
    root = tree(swap(signed(), "<edXML:Subject>", "<edXML:Subject><!-- -->"))
    refusal = uncovered(root, check(root))
    assert refusal is not None
    assert refusal.code == "not-covered"


def test_a_comment_after_a_signed_text_changes_nothing_that_is_read() -> None:
    root = tree(swap(signed(), "</edXML:Subject>", "<!-- --></edXML:Subject>"))
    assert uncovered(root, check(root)) is None


@pytest.mark.parametrize("where", ["before", "after"])
def test_an_instruction_beside_the_root_is_not_covered(where: str) -> None:
    """The hardened parser refuses it first; here it is judged for a tree from anywhere."""
    instruction = b"<?xml-stylesheet href='x'?>"
    body = signed()
    body = (
        swap(body, b"<edXML ", instruction + b"<edXML ")
        if where == "before"
        else body + instruction
    )
    root = etree.fromstring(body)
    refusal = uncovered(root, check(root))
    assert refusal is not None
    assert refusal.code == "not-covered"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("quyết toán", "quyết toàn"),
        ("</edXML:To>", "</edXML:To><edXML:To/>"),
        ('version="1.0">', 'version="2.0">'),
        ("<edXML:CodeNumber>12</edXML:CodeNumber>", ""),
    ],
    ids=["text", "element added", "attribute", "element removed"],
)
def test_a_tree_that_differs_from_what_is_covered_is_told(old: str, new: str) -> None:
    """As if a verifier had looked at another tree than the reader: the comparison stands alone."""
    found = check(tree(signed()))
    refusal = uncovered(tree(swap(signed(), old, new)), found)
    assert refusal is not None
    assert refusal.code == "not-covered"


def test_nothing_signed_covers_nothing() -> None:
    root = tree(ENVELOPE)
    refusal = uncovered(root, check(root))
    assert refusal is not None
    assert refusal.code == "not-covered"


def _readings(body: bytes) -> list[str] | None:
    """Everything that a reader sees in a verified envelope; None where it is refused at any step."""
    parsed = xmlsafe.parse(body, Limits())
    if isinstance(parsed, Refusal):
        return None
    found = check(parsed.root)
    if found.certificate is None or found.refusal or uncovered(parsed.root, found):
        return None
    seen = [e for e in parsed.root.iter(etree.Element) if etree.QName(e).namespace != DS]
    return [f"{e.tag!r} {dict(e.attrib)} {(e.text or '').strip()}" for e in seen]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_byte_is_changed_either_nothing_is_read_or_the_same(data: st.DataObject) -> None:
    body = bytearray(signed())
    position = data.draw(st.integers(0, len(body) - 1))
    body[position] ^= 1 << data.draw(st.integers(0, 7))
    readings = _readings(bytes(body))
    assert readings is None or readings == _readings(signed())


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [*between(signed(), b"<edXML:MessageHeader>", b"</edXML:MessageHeader>").split(b"<")]
        ),
        max_size=3,
    ),
    st.integers(0, 60),
)
def test_whatever_signed_markup_is_repeated_elsewhere_nothing_else_is_read(
    pieces: list[bytes], where: int
) -> None:
    """Blind wrapping: pieces of the signed document put in anywhere else in it."""
    parts = signed().split(b"<")
    parts[where:where] = pieces
    readings = _readings(b"<".join(parts))
    assert readings is None or readings == _readings(signed())


# --- known holes ----------------------------------------------------------------------------------


def test_cve_2025_48994_an_asymmetric_signature_cannot_stand_in_for_another_kind_of_key() -> None:
    """Signxml before 4.0.4: without a list of methods, a caller who expected an HMAC accepted any
    asymmetric signature by the key in KeyInfo. Here HMAC is never permitted, a bare key never counts."""
    assert reason(BAD["HMAC with the public key"].make()) == "signature-algorithm"
    assert reason(BAD["a key without certificate"].make()) == "signature-malformed"


def test_cve_2024_32962_a_certificate_that_comes_along_is_not_trusted_for_that() -> None:
    """xml-crypto 4.0: the certificate in KeyInfo was trusted by default, so anybody could sign."""
    found = checked(signed(credential=world().credential("strange authority")))
    assert found.refusal is None, "the arithmetic is right"
    assert found.certificate is not None
    refusal = judge(
        found.certificate, world().sender, trust=world().trust, now=NOW, chain=found.chain
    )
    assert refusal is not None
    assert refusal.code == "signer-unknown"


def test_cve_2025_29774_a_second_signed_info_is_not_looked_at() -> None:
    """xml-crypto: of several SignedInfo one was verified, and the references of another were used."""
    assert reason(BAD["two SignedInfo"].make()) == "signature-malformed"


def test_cve_2025_29775_a_comment_cannot_hide_part_of_a_digest() -> None:
    """xml-crypto: a comment inside DigestValue cut off the value that was compared."""
    assert reason(BAD["a comment in the digest"].make()) == "signature-malformed"


def test_cve_2024_45409_a_digest_elsewhere_in_the_document_is_not_found() -> None:
    """ruby-saml: DigestValue was searched for with `//`, and found where the attacker had put one."""
    assert reason(BAD["a digest elsewhere in the document"].make()) == "signature-place"


def test_cve_2025_66568_a_failed_canonicalisation_is_not_the_digest_of_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """ruby-saml on libxml2: canonicalisation that failed gave an empty string, and SHA-256 of nothing
    is known to everybody. It fails on relative namespace names; the parser refuses those already."""
    nothing = base64.b64encode(hashlib.sha256(b"").digest())
    relative = swap(ENVELOPE, b"<edXML:From>", b'<edXML:From xmlns:r="relative">')
    parsed = xmlsafe.parse(relative, Limits())
    assert isinstance(parsed, Refusal)
    body = signed()
    digest = between(body, b"<ds:DigestValue>", b"</ds:DigestValue>")
    forged = swap(body, digest, b"<ds:DigestValue>" + nothing + b"</ds:DigestValue>")
    forged = signed_anew(swap(forged, b"<edXML:From>", b'<edXML:From xmlns:r="relative">'))
    root = etree.fromstring(forged)
    with pytest.raises(etree.LxmlError):
        canonical(root)
    found = check(root)
    assert found.refusal is not None
    assert found.refusal.code == "signature-malformed"
    # And if libxml2 gave nothing without saying that it failed:
    monkeypatch.setattr(etree, "tostring", _nothing_canonical(etree.tostring))
    assert reason(swap(body, digest, b"<ds:DigestValue>" + nothing + b"</ds:DigestValue>")) == (
        "signature-malformed"
    )


def _nothing_canonical(tostring: object) -> object:
    def replaced(*args: object, **named: object) -> object:
        assert callable(tostring)
        return b"" if named.get("method") == "c14n" else tostring(*args, **named)

    return replaced


def test_cve_2011_1425_a_stylesheet_in_a_signature_is_not_run() -> None:
    """Xmlsec 1.2: an XSLT transform in a signature could write files before anything was verified."""
    assert reason(BAD["XSLT"].make()) == "signature-algorithm"


def test_cve_2009_0217_a_signature_cannot_shorten_itself() -> None:
    """Many: HMACOutputLength let the sender say that one bit of the HMAC was enough."""
    assert reason(BAD["truncated HMAC"].make()) == "signature-algorithm"
    assert reason(BAD["a length beside an honest method"].make()) == "signature-algorithm"


def test_cve_2021_40690_key_info_fetches_nothing() -> None:
    """Santuario: secure validation was not passed on to KeyInfo references, which then read files."""
    assert reason(BAD["a key to be fetched"].make()) == "signature-malformed"
    assert reason(BAD["a reference to a file"].make()) == "signature-reference"


def test_a_reference_that_leads_out_opens_no_file_and_no_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def opened(*_: object) -> None:
        raise AssertionError("something was opened")

    bodies = [BAD[name].make() for name in ("a reference to a file", "a reference to the network")]
    monkeypatch.setattr("socket.socket.connect", opened)
    monkeypatch.setattr("builtins.open", opened)
    assert [reason(body) for body in bodies] == ["signature-reference"] * 2


def test_a_refusal_shows_little_of_what_a_sender_wrote() -> None:
    long = "urn:" + "x" * 10_000
    refusal = checked(
        re.sub(rb'(SignatureMethod Algorithm=")[^"]*', rb"\1" + long.encode(), signed())
    ).refusal
    assert refusal is not None
    assert len(refusal.text("en")) < 200
