"""Signed envelopes, good and bad, made at test time.

`GOOD` and `BAD` are tables of recipes. Where a form is bad, the arithmetic is still right: the SignedInfo
of a bad vector is signed anew with the sender's real key, so that nothing but the form can be why it is
refused.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml.algorithms import SignatureMethod
from signxml.signer import XMLSigner

from tests.support.signed_world import (
    DECORATION,
    DS,
    ENVELOPE,
    SENDER,
    between,
    certificate_text,
    embedded,
    public_pem,
    signature_of,
    signed,
    signed_anew,
    swap,
    world,
)


@dataclass(frozen=True)
class Vector:
    """One bad envelope: the reason it is refused for, and how it is made."""

    reason: str
    make: Callable[[], bytes]


def _form(reason: str, old: str, new: str) -> Vector:
    """A signed envelope with `old` in its Signature replaced, and signed anew."""
    return Vector(reason, lambda: signed_anew(swap(signed(), old, new)))


def _unsigned_change(reason: str, old: str, new: str) -> Vector:
    return Vector(reason, lambda: swap(signed(), old, new))


def _moved(reason: str, before: str) -> Vector:
    """The Signature taken out of its place and put in before `before`; enveloped, so it still holds."""

    def make() -> bytes:
        body = signed()
        signature = signature_of(body)
        return swap(swap(body, signature, b""), before, signature + before.encode())

    return Vector(reason, make)


def _unreadable_names() -> bytes:
    """The sender's own certificate with a subject that is not UTF-8, and an authority's beside it."""
    der = world().credential().certificate.public_bytes(Encoding.DER)
    organ = SENDER.encode()
    spoiled = der.replace(b"\x0c" + bytes((len(organ),)) + organ, b"\x0c\x0d\xff\xfe" + organ[2:])
    assert spoiled != der
    texts = (base64.b64encode(der).decode(), base64.b64encode(spoiled).decode())
    other = certificate_text(world().credential("ec-p256"))
    return swap(signed(), texts[0], f"{texts[1]}</ds:X509Certificate><ds:X509Certificate>{other}")


def _hmac(method: str, key: bytes) -> bytes:
    body = swap(
        signed(),
        f'SignatureMethod Algorithm="{RSA_SHA256}"',
        f'SignatureMethod Algorithm="{method}"',
    )
    return signed_anew(body, lambda octets: hmac.digest(key, octets, "sha256"))


RSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256: Final = "http://www.w3.org/2001/04/xmlenc#sha256"
EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
_REFERENCE = '<ds:Reference URI="">'
_METHOD = f'<ds:SignatureMethod Algorithm="{RSA_SHA256}"></ds:SignatureMethod>'
_C14N = f'<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"></ds:CanonicalizationMethod>'
_LAST_TRANSFORM = f'<ds:Transform Algorithm="{EXCLUSIVE}"></ds:Transform></ds:Transforms>'
_ENVELOPED = f'<ds:Transform Algorithm="{DS}enveloped-signature"></ds:Transform>'
_DIGEST = f'<ds:DigestMethod Algorithm="{SHA256}"></ds:DigestMethod>'
_KEY_INFO_END = "</ds:X509Data></ds:KeyInfo>"


def _method(uri: str) -> Vector:
    return _form("signature-algorithm", _METHOD, _METHOD.replace(RSA_SHA256, uri))


def _transform(uri: str, inside: str = "") -> Vector:
    other = f'<ds:Transform Algorithm="{uri}">{inside}</ds:Transform></ds:Transforms>'
    return _form("signature-algorithm", _LAST_TRANSFORM, other)


def _references(count: int) -> bytes:
    body = signed()
    reference = between(body, b"<ds:Reference", b"</ds:Reference>")
    return signed_anew(swap(body, reference, reference * count))


def _split(body: bytes, element: bytes) -> bytes:
    """`element` with a comment in the middle of its text."""
    inner = between(body, b"<" + element + b">", b"</" + element + b">")
    middle = len(element) + 8
    return swap(body, inner, inner[:middle] + b"<!-- -->" + inner[middle:])


def _wrapped_root() -> bytes:
    """The signed document as a whole, hidden in an attachment of a forged one."""
    body = signed()
    inner = body[body.index(b"<edXML ") :]
    forged = swap(ENVELOPE, "12/STC</edXML:DocumentId>", "666/STC</edXML:DocumentId>")
    return swap(forged, b"</AttachmentEncoded>", inner.rstrip() + b"</AttachmentEncoded>")


def _second_header(*, first: bool) -> bytes:
    body = signed()
    forged = between(ENVELOPE, b"<edXML:edXMLHeader>", b"</edXML:edXMLHeader>")
    place = b"<edXML:edXMLHeader>" if first else b"<edXML:edXMLBody>"
    return swap(body, place, forged + place)


def _hidden_original() -> bytes:
    """Forged content in the document, the signed original in an Object of the Signature."""
    body = signed()
    original = between(body, b"<edXML:MessageHeader>", b"</edXML:MessageHeader>")
    hidden = b"<ds:Object>" + original.replace(b"edXML:", b"") + b"</ds:Object></ds:Signature>"
    return swap(swap(body, "12/STC</", "666/STC</"), b"</ds:Signature>", hidden)


def _other_digest_first() -> bytes:
    """A DigestValue that fits a forged document, put where a search through the document finds it first."""
    body = swap(signed(), "12/STC</", "666/STC</")
    lure = f'<x xmlns="urn:x"><ds:DigestValue xmlns:ds="{DS}">AAAA</ds:DigestValue></x>'
    return swap(body, b"<!-- the sender -->", lure)


def _malleable(element: bytes, change: Callable[[bytes], bytes]) -> bytes:
    body = signed()
    start, end = b"<" + element + b">", b"</" + element + b">"
    inner = between(body, start, end)
    text = inner.removeprefix(start).removesuffix(end)
    return swap(body, inner, start + change(text) + end)


def _last_bits(text: bytes) -> bytes:
    """Another spelling of the same octets: the bits that padding leaves unused are set."""
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    bare = text.rstrip(b"=")
    unused = 4 if text.endswith(b"==") else 2
    last = alphabet[alphabet.index(bare[-1:]) | (1 << unused) - 1 :][:1]
    if last == bare[-1:]:
        last = alphabet[alphabet.index(bare[-1:]) & ~1 :][:1]
    return bare[:-1] + last + text[len(bare) :]


def _certified_by(name: str) -> bytes:
    """The sender's signature with another certificate in KeyInfo."""
    credential = world().root.issue(SENDER) if name == "another rsa" else world().credential(name)
    return swap(signed(), embedded(world().credential()), embedded(credential))


def _swapped_elements() -> bytes:
    body = signed()
    one = between(body, b"<edXML:CodeNumber>", b"</edXML:CodeNumber>")
    two = between(body, b"<edXML:CodeNotation>", b"</edXML:CodeNotation>")
    return swap(body, one + two, two + one)


def _digest_mended_only() -> bytes:
    body = swap(signed(), "quyết toán", "quyết toàn")
    kept = between(body, b"<ds:SignatureValue>", b"</ds:SignatureValue>")
    mended = signed_anew(body, digest=True)
    return swap(mended, between(mended, b"<ds:SignatureValue>", b"</ds:SignatureValue>"), kept)


def _pretty(body: bytes) -> bytes:
    """White space between the elements of the Signature, as most producers write it."""
    return signed_anew(body.replace(b"><ds:", b">\n      <ds:").replace(b"</ds:", b"</ds:"))


def _wrapped_lines(text: bytes) -> bytes:
    return b"\n" + b"\r\n".join(text[i : i + 64] for i in range(0, len(text), 64)) + b"\n"


def _with_key_value() -> bytes:
    key = world().credential().certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    numbers = key.public_numbers()
    modulus = base64.b64encode(numbers.n.to_bytes(256, "big")).decode()
    exponent = base64.b64encode(numbers.e.to_bytes(3, "big")).decode()
    return swap(
        signed(),
        _KEY_INFO_END,
        f"</ds:X509Data><ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{modulus}</ds:Modulus>"
        f"<ds:Exponent>{exponent}</ds:Exponent></ds:RSAKeyValue></ds:KeyValue></ds:KeyInfo>",
    )


def _by_signxml(method: SignatureMethod, credential: str = "sender") -> bytes:
    """As signxml's own signer makes it, in the place where it has to stand."""
    placeholder = f'<ds:Signature xmlns:ds="{DS}" Id="placeholder"/></edXML:edXMLHeader>'
    root = etree.fromstring(swap(ENVELOPE, b"</edXML:edXMLHeader>", placeholder))
    made = world().credential(credential)
    signer = XMLSigner(signature_algorithm=method, digest_algorithm="sha512")
    return bytes(etree.tostring(signer.sign(root, key=made.key, cert=[made.certificate])))


def _reversed_chain() -> bytes:
    body = signed(credential=world().credential("under a subordinate"))
    data = between(body, b"<ds:X509Data>", b"</ds:X509Data>")
    parts = data.removeprefix(b"<ds:X509Data>").removesuffix(b"</ds:X509Data>")
    one, two = parts.split(b"</ds:X509Certificate>")[:2]
    end = b"</ds:X509Certificate>"
    return swap(body, parts, two + end + one + end)


GOOD: Final[Mapping[str, Callable[[], bytes]]] = {
    "as it is made here": signed,
    "with P-256": lambda: signed(credential=world().credential("ec-p256")),
    "with P-384": lambda: signed(credential=world().credential("ec-p384")),
    "with its chain": lambda: signed(credential=world().credential("under a subordinate")),
    "with its chain in another order": _reversed_chain,
    "without declaration": lambda: signed(ENVELOPE[ENVELOPE.index(b"<edXML ") :]),
    "with a byte order mark": lambda: signed(b"\xef\xbb\xbf" + ENVELOPE),
    "with CRLF": lambda: signed(ENVELOPE.replace(b"\n", b"\r\n")),
    "with a carriage return in a text": lambda: signed(
        swap(ENVELOPE, "quyết toán", "quyết&#13;toán")
    ),
    "with CDATA": lambda: signed(swap(ENVELOPE, "quyết toán", "<![CDATA[quyết & toán]]>")),
    "with CDATA put in after signing": lambda: swap(
        signed(), "quyết toán", "<![CDATA[quyết toán]]>"
    ),
    "with a comment added after signing": lambda: swap(
        signed(), b"<edXML:To>", b"<!-- recipients --><edXML:To>"
    ),
    "with the comment removed after signing": lambda: swap(signed(), b"<!-- the sender -->", b""),
    "with a comment after the signature": lambda: swap(
        signed(), b"</ds:Signature>", b"</ds:Signature><!-- signed -->"
    ),
    "with decoration before it": lambda: signed(
        swap(ENVELOPE, b"</edXML:edXMLHeader>", DECORATION + b"</edXML:edXMLHeader>")
    ),
    "in place of the decoration": lambda: signed(
        swap(ENVELOPE, b"</edXML:edXMLHeader>", DECORATION + b"</edXML:edXMLHeader>"), replace=True
    ),
    "in place of another signature": lambda: signed(signed(), replace=True),
    "with white space in it": lambda: _pretty(signed()),
    "with line breaks in the certificate": lambda: swap(
        signed(),
        certificate_text(world().credential()),
        _wrapped_lines(certificate_text(world().credential()).encode()),
    ),
    "with the key beside the certificate": _with_key_value,
    "with a name for the key": lambda: swap(
        signed(), b"<ds:KeyInfo>", b"<ds:KeyInfo><ds:KeyName>key 1</ds:KeyName>"
    ),
    "with names in X509Data": lambda: swap(
        signed(),
        _KEY_INFO_END,
        "<ds:X509SubjectName>CN=x</ds:X509SubjectName><ds:X509IssuerSerial><ds:X509IssuerName>CN=y"
        "</ds:X509IssuerName><ds:X509SerialNumber>1</ds:X509SerialNumber></ds:X509IssuerSerial>"
        + _KEY_INFO_END,
    ),
    "RSA with SHA-256 by signxml": lambda: _by_signxml(SignatureMethod.RSA_SHA256),
    "RSA with SHA-384 by signxml": lambda: _by_signxml(SignatureMethod.RSA_SHA384),
    "RSA with SHA-512 by signxml": lambda: _by_signxml(SignatureMethod.RSA_SHA512),
    "RSA-PSS by signxml": lambda: _by_signxml(SignatureMethod.SHA256_RSA_MGF1),
    "ECDSA with SHA-512 by signxml": lambda: _by_signxml(SignatureMethod.ECDSA_SHA512, "ec-p256"),
}
"""Envelopes that `check` verifies and of which everything is covered."""

BAD: Final[Mapping[str, Vector]] = {
    # where it stands
    "the signature in MessageHeader": _moved("signature-place", "</edXML:MessageHeader>"),
    "the signature first in the header": _moved("signature-place", "<edXML:MessageHeader>"),
    "the signature in the body": _moved("signature-place", "<edXML:edXMLManifest"),
    "the signature beside the envelope": _moved("signature-place", "<AttachmentEncoded>"),
    "the signature in an attachment": _moved("signature-place", "</Attachment>"),
    "something after the signature": _unsigned_change(
        "signature-place", "</ds:Signature>", "</ds:Signature><edXML:To/>"
    ),
    "two signatures": Vector(
        "signature-place",
        lambda: swap(
            signed(), b"</edXML:edXMLHeader>", signature_of(signed()) + b"</edXML:edXMLHeader>"
        ),
    ),
    "a signature inside the signature": _unsigned_change(
        "signature-place",
        "</ds:Signature>",
        f"<ds:Object><ds:Signature xmlns:ds='{DS}'/></ds:Object></ds:Signature>",
    ),
    "the signed document wrapped in a forged one": Vector("signature-place", _wrapped_root),
    "a forged header before the signed one": Vector(
        "signature-place", lambda: _second_header(first=True)
    ),
    "a forged header after the signed one": Vector(
        "signature-place", lambda: _second_header(first=False)
    ),
    "a digest elsewhere in the document": Vector("signature-place", _other_digest_first),
    # what it refers to
    "no reference": Vector("signature-reference", lambda: _references(0)),
    "two references": Vector("signature-reference", lambda: _references(2)),
    "a reference without URI": _form("signature-reference", _REFERENCE, "<ds:Reference>"),
    "a reference to a fragment": _form(
        "signature-reference", _REFERENCE, '<ds:Reference URI="#part">'
    ),
    "a reference by XPointer": _form(
        "signature-reference", _REFERENCE, '<ds:Reference URI="#xpointer(/)">'
    ),
    "a reference to a file": _form(
        "signature-reference", _REFERENCE, '<ds:Reference URI="file:///etc/hostname">'
    ),
    "a reference to the network": _form(
        "signature-reference", _REFERENCE, '<ds:Reference URI="http://127.0.0.1:9/x">'
    ),
    "no enveloped-signature transform": _form("signature-reference", _ENVELOPED, ""),
    "canonicalisation before enveloped-signature": _form(
        "signature-reference",
        _ENVELOPED + _LAST_TRANSFORM,
        f'<ds:Transform Algorithm="{EXCLUSIVE}"></ds:Transform>{_ENVELOPED}</ds:Transforms>',
    ),
    "enveloped-signature twice": _form("signature-reference", _ENVELOPED, _ENVELOPED * 2),
    "two canonicalisations": _form(
        "signature-reference",
        _LAST_TRANSFORM,
        f'<ds:Transform Algorithm="{EXCLUSIVE}"></ds:Transform>{_LAST_TRANSFORM}',
    ),
    # with which algorithms
    "RSA with SHA-1": _method(f"{DS}rsa-sha1"),
    "RSA with MD5": _method("http://www.w3.org/2001/04/xmldsig-more#rsa-md5"),
    "RSA with SHA-224": _method("http://www.w3.org/2001/04/xmldsig-more#rsa-sha224"),
    "DSA": _method("http://www.w3.org/2009/xmldsig11#dsa-sha256"),
    "no method named": _method(""),
    "ECDSA claimed with an RSA key": _method("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"),
    "HMAC with the public key": Vector(
        "signature-algorithm",
        lambda: _hmac(
            "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
            public_pem(world().credential().certificate),
        ),
    ),
    "truncated HMAC": _form(
        "signature-algorithm",
        _METHOD,
        f'<ds:SignatureMethod Algorithm="{DS}hmac-sha1"><ds:HMACOutputLength>1</ds:HMACOutputLength></ds:SignatureMethod>',
    ),
    "a length beside an honest method": _form(
        "signature-algorithm",
        _METHOD,
        _METHOD.replace("></", "><ds:HMACOutputLength>0</ds:HMACOutputLength></"),
    ),
    "digest with SHA-1": _form(
        "signature-algorithm", _DIGEST, _DIGEST.replace(SHA256, f"{DS}sha1")
    ),
    "digest with MD5": _form(
        "signature-algorithm",
        _DIGEST,
        _DIGEST.replace(SHA256, "http://www.w3.org/2001/04/xmldsig-more#md5"),
    ),
    "canonicalisation with comments": _form(
        "signature-algorithm", _C14N, _C14N.replace(EXCLUSIVE, f"{EXCLUSIVE}WithComments")
    ),
    "an unknown canonicalisation": _form(
        "signature-algorithm",
        _C14N,
        _C14N.replace(EXCLUSIVE, "http://www.w3.org/TR/xml-exc-c14n#"),
    ),
    "a transform with comments": _transform(f"{EXCLUSIVE}WithComments"),
    "XSLT": _transform(
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        '<x:stylesheet xmlns:x="http://www.w3.org/1999/XSL/Transform" version="1.0"></x:stylesheet>',
    ),
    "XPath": _transform(
        "http://www.w3.org/TR/1999/REC-xpath-19991116", "<ds:XPath>false()</ds:XPath>"
    ),
    "XPath filter": _transform("http://www.w3.org/2002/06/xmldsig-filter2"),
    "base64 transform": _transform(f"{DS}base64"),
    # what else is in it
    "an Object": _unsigned_change(
        "signature-malformed", "</ds:Signature>", "<ds:Object>x</ds:Object></ds:Signature>"
    ),
    "the original hidden in an Object": Vector("signature-malformed", _hidden_original),
    "two SignedInfo": Vector(
        "signature-malformed",
        lambda: swap(
            signed(),
            b"<ds:SignatureValue>",
            between(signed(), b"<ds:SignedInfo>", b"</ds:SignedInfo>").replace(
                between(signed(), b"<ds:Reference", b"</ds:Reference>"), b""
            )
            + b"<ds:SignatureValue>",
        ),
    ),
    "no SignatureValue": Vector(
        "signature-malformed",
        lambda: swap(
            signed(), between(signed(), b"<ds:SignatureValue>", b"</ds:SignatureValue>"), b""
        ),
    ),
    "a comment in the digest": Vector(
        "signature-malformed", lambda: _split(signed(), b"ds:DigestValue")
    ),
    "a comment in the signature value": Vector(
        "signature-malformed", lambda: _split(signed(), b"ds:SignatureValue")
    ),
    "an element in the digest": Vector(
        "signature-malformed",
        lambda: _malleable(b"ds:DigestValue", lambda text: text + b"<ds:X/>"),
    ),
    "text between elements": _form("signature-malformed", _C14N, _C14N + "text"),
    "an attribute from elsewhere": _form(
        "signature-malformed",
        _REFERENCE,
        '<ds:Reference URI="" Type="http://www.w3.org/2000/09/xmldsig#Manifest">',
    ),
    "an element from elsewhere": _form(
        "signature-malformed", _C14N, _C14N + '<x xmlns="urn:x"></x>'
    ),
    "a PrefixList for inclusive canonicalisation": _form(
        "signature-malformed",
        _LAST_TRANSFORM,
        '<ds:Transform Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315">'
        f'<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="x"></ec:InclusiveNamespaces>'
        "</ds:Transform></ds:Transforms>",
    ),
    "certificates with names that nobody can read": Vector(
        "signature-malformed", _unreadable_names
    ),
    "a PrefixList that takes for ever": _form(
        "signature-malformed",
        _LAST_TRANSFORM,
        f'<ds:Transform Algorithm="{EXCLUSIVE}"><ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" '
        f'PrefixList="edXML{" edXML" * 16}"></ec:InclusiveNamespaces></ds:Transform>'
        "</ds:Transforms>",
    ),
    "another spelling of the signature value": Vector(
        "signature-malformed",
        lambda: _malleable(b"ds:SignatureValue", _last_bits),
    ),
    "another spelling of the digest": Vector(
        "signature-malformed",
        lambda: signed_anew(_malleable(b"ds:DigestValue", _last_bits)),
    ),
    "junk in the signature value": Vector(
        "signature-malformed",
        lambda: _malleable(b"ds:SignatureValue", lambda text: text[:8] + b"*-" + text[8:]),
    ),
    "an empty digest": Vector(
        "signature-malformed",
        lambda: signed_anew(_malleable(b"ds:DigestValue", lambda _: b"")),
    ),
    # whose key it is
    "a key without certificate": Vector(
        "signature-malformed",
        lambda: swap(
            signed(),
            between(signed(), b"<ds:X509Data>", b"</ds:X509Data>"),
            "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AQAB</ds:Modulus><ds:Exponent>AQAB</ds:Exponent>"
            "</ds:RSAKeyValue></ds:KeyValue>",
        ),
    ),
    "another key beside the certificate": _unsigned_change(
        "signature-malformed",
        _KEY_INFO_END,
        "</ds:X509Data><ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AQAB</ds:Modulus>"
        "<ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue></ds:KeyInfo>",
    ),
    "no KeyInfo": Vector(
        "signature-malformed",
        lambda: swap(signed(), between(signed(), b"<ds:KeyInfo>", b"</ds:KeyInfo>"), b""),
    ),
    "a certificate by name only": Vector(
        "signature-malformed",
        lambda: swap(
            signed(),
            embedded(world().credential()),
            "<ds:X509SubjectName>CN=x</ds:X509SubjectName>",
        ),
    ),
    "a key to be fetched": _unsigned_change(
        "signature-malformed",
        _KEY_INFO_END,
        '</ds:X509Data><ds:RetrievalMethod URI="file:///etc/hostname"></ds:RetrievalMethod></ds:KeyInfo>',
    ),
    "a certificate that is none": Vector(
        "signature-malformed",
        lambda: swap(
            signed(),
            certificate_text(world().credential()),
            base64.b64encode(b"not a certificate").decode(),
        ),
    ),
    "a stranger's certificate beside the sender's": Vector(
        "signature-malformed",
        lambda: swap(
            signed(),
            embedded(world().credential()),
            embedded(world().credential("strange authority")) + embedded(world().credential()),
        ),
    ),
    "seven certificates": Vector(
        "signature-malformed",
        lambda: swap(signed(), embedded(world().credential()), embedded(world().credential()) * 7),
    ),
    "a small key": Vector("signer-key", lambda: _certified_by("rsa1024")),
    "a curve that is not permitted": Vector("signer-key", lambda: _certified_by("ec-p521")),
    # whether it holds
    "another's certificate in place of the sender's": Vector(
        "signature-invalid", lambda: _certified_by("another rsa")
    ),
    "a changed subject": _unsigned_change("signature-invalid", "quyết toán", "quyết toàn"),
    "a changed attachment": _unsigned_change("signature-invalid", "JVBERi0xLjQK", "JVBERi0xLjUK"),
    "a recipient added": _unsigned_change(
        "signature-invalid",
        "</edXML:To>",
        "</edXML:To><edXML:To><edXML:OrganId>000.00.99.H53</edXML:OrganId></edXML:To>",
    ),
    "elements moved": Vector("signature-invalid", _swapped_elements),
    "an attribute changed": _unsigned_change(
        "signature-invalid", 'version="1.0">', 'version="2.0">'
    ),
    "a namespace declared": _unsigned_change(
        "signature-invalid", "<edXML:From>", '<edXML:From xmlns:edXML="urn:other">'
    ),
    "the digest of nothing": Vector(
        "signature-invalid",
        lambda: signed_anew(
            _malleable(b"ds:DigestValue", lambda _: base64.b64encode(hashlib.sha256(b"").digest()))
        ),
    ),
    "signed info changed": _unsigned_change(
        "signature-invalid", "<ds:SignedInfo>", '<ds:SignedInfo Id="x">'
    ),
    "a digest that fits what was changed": Vector("signature-invalid", _digest_mended_only),
}
"""Envelopes that `check` refuses, by what is wrong with them."""
