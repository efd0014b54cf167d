"""Putting a signature into an envelope's bytes."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from signxml.algorithms import SignatureMethod
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from axisd.core.reasons import Refusal
from axisd.core.signature import check
from axisd.core.signing import SigningKey, sign_envelope
from axisd.core.xmlsafe import parse_trusted
from axisd.simulator.pki import new_key
from tests.support.signed_vectors import GOOD
from tests.support.signed_world import (
    DECORATION,
    DS,
    EDXML,
    ENVELOPE,
    between,
    signature_of,
    signed,
    swap,
    world,
)

VARIANTS = {
    "as samples are written": ENVELOPE,
    "CRLF": ENVELOPE.replace(b"\n", b"\r\n"),
    "byte order mark": b"\xef\xbb\xbf" + ENVELOPE,
    "no declaration": ENVELOPE[ENVELOPE.index(b"<edXML ") :],
    "decorated": swap(ENVELOPE, b"</edXML:edXMLHeader>", DECORATION + b"</edXML:edXMLHeader>"),
    "the end tag in a comment and in CDATA": swap(
        ENVELOPE, "<!-- the sender -->", "<!-- </edXML:edXMLHeader> -->"
    ).replace("quyết toán".encode(), b"<![CDATA[</edXML:edXMLHeader>]]>"),
    "another prefix": ENVELOPE.replace(b"edXML:", b"e:").replace(b"xmlns:edXML", b"xmlns:e"),
}


def key(name: str = "ec-p256") -> SigningKey:
    return world().credential(name).signing_key()


@pytest.mark.parametrize("name", VARIANTS)
def test_every_byte_stays_and_only_the_signature_is_put_in(name: str) -> None:
    body = VARIANTS[name]
    result = sign_envelope(body, key())
    assert isinstance(result, bytes)
    assert swap(result, signature_of(result), b"") == body
    assert check(parse_trusted(result)).refusal is None


def test_the_signature_stands_right_before_the_headers_end() -> None:
    result = signed()
    assert signature_of(result) + b"</edXML:edXMLHeader>" in result


@pytest.mark.parametrize("name", ["sender", "ec-p256", "ec-p384"])
def test_signxml_verifies_what_is_signed_here(name: str) -> None:
    body = signed(credential=world().credential(name))
    result = XMLVerifier().verify(
        body,
        x509_cert=world().credential(name).certificate,
        expect_config=SignatureConfiguration(
            location=f"./{{{EDXML}}}edXMLEnvelope/{{{EDXML}}}edXMLHeader/",
            signature_methods=frozenset(
                {
                    SignatureMethod.RSA_SHA256,
                    SignatureMethod.ECDSA_SHA256,
                    SignatureMethod.ECDSA_SHA384,
                }
            ),
        ),
    )
    assert isinstance(result, VerifyResult)
    assert result.signed_xml is not None
    assert result.signed_xml.tag == f"{{{EDXML}}}edXML"


def test_an_envelope_signed_already_is_refused() -> None:
    result = sign_envelope(signed(), key())
    assert isinstance(result, Refusal)
    assert result.code == "signature-place"


def test_replacing_takes_the_old_signature_out_and_nothing_else() -> None:
    twice = sign_envelope(signed(), key(), replace=True)
    assert isinstance(twice, bytes)
    assert swap(twice, signature_of(twice), b"") == ENVELOPE


def test_replacing_takes_decoration_out_as_well() -> None:
    decorated = swap(
        ENVELOPE,
        b"</edXML:edXMLHeader>",
        DECORATION + b"<edXML:DigitalSignature/></edXML:edXMLHeader>",
    )
    result = sign_envelope(decorated, key(), replace=True)
    assert isinstance(result, bytes)
    assert swap(result, signature_of(result), b"") == ENVELOPE


def test_a_signature_elsewhere_is_not_made_good() -> None:
    elsewhere = swap(
        ENVELOPE, b"<AttachmentEncoded>", f'<Signature xmlns="{DS}"/><AttachmentEncoded>'
    )
    result = sign_envelope(elsewhere, key())
    assert isinstance(result, Refusal)
    assert result.code == "signature-place"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty"),
        (b"<edXML", "not-well-formed"),
        (b"<!DOCTYPE x><x/>", "forbidden-markup"),
        (b"<x/>", "kind-unknown"),
        (swap(ENVELOPE, between(ENVELOPE, b"<edXML:edXMLHeader>", b"</edXML:edXMLHeader>"), b"<edXML:edXMLHeader/>"), "kind-unknown"),
    ],
)  # fmt: skip
def test_what_is_no_envelope_is_refused(body: bytes, code: str) -> None:
    result = sign_envelope(body, key())
    assert isinstance(result, Refusal)
    assert result.code == code


def test_a_key_needs_its_own_certificate() -> None:
    with pytest.raises(ValueError, match="no certificate is for this key"):
        SigningKey(new_key("ec-p256"), [world().credential("sender").certificate])
    with pytest.raises(ValueError, match="no certificate"):
        SigningKey(new_key("ec-p256"), [])


@pytest.mark.parametrize("name", ["rsa1024", "ec-p521"])
def test_a_key_that_would_be_refused_is_not_signed_with(name: str) -> None:
    credential = world().credential(name)
    with pytest.raises(ValueError, match="the key is not permitted"):
        credential.signing_key()


def test_the_certificate_is_found_wherever_it_stands_in_the_file() -> None:
    credential = world().credential("under a subordinate")
    made = SigningKey(credential.key, [*credential.chain, credential.certificate])
    assert made.certificate == credential.certificate
    result = sign_envelope(ENVELOPE, made)
    assert isinstance(result, bytes)
    assert check(parse_trusted(result)).chain == credential.chain


def test_a_signature_does_not_depend_on_the_time_or_on_what_was_signed_before() -> None:
    one, two = key("sender"), key("sender")
    one.signature(b"<something/>")
    assert one.signature(b"<x/>") == two.signature(b"<x/>"), "RSA PKCS#1 v1.5 is deterministic"


def test_threads_share_a_key() -> None:
    shared, barrier = key(), threading.Barrier(4)

    def sign(_: int) -> bool:
        barrier.wait()
        results = [sign_envelope(ENVELOPE, shared) for _ in range(20)]
        return all(
            isinstance(r, bytes) and check(parse_trusted(r)).refusal is None for r in results
        )

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(sign, range(4)))


def test_threads_verify_at_the_same_time() -> None:
    bodies = [make() for make in GOOD.values()]

    def verify(body: bytes) -> bool:
        return all(check(parse_trusted(body)).refusal is None for _ in range(5))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(verify, bodies * 2))
