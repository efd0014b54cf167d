"""Making signatures: an enveloped one in an envelope's bytes, and the one form that receipts carry.

A `SigningKey` is made once and kept: it holds the loaded key and everything of a Signature that is the
same each time. Only the form that `xmldsig` accepts is ever made: exclusive canonicalisation, one
Reference with URI="", SHA-256, RSA PKCS#1 v1.5 or ECDSA, the certificate in KeyInfo. The Signature is
written out here, in canonical form already, because it is two constants around a digest; signxml and
xmlsec1 verify what is made (signxml's own signer reads the document anew twice, for the same result).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from axisd.core import xmlsafe
from axisd.core.bytesplice import spans
from axisd.core.dsigform import DS, EXCLUSIVE, SIGNATURE
from axisd.core.reasons import Refusal, refuse
from axisd.core.signature import DECORATIVE, PATH, check, uncovered
from axisd.core.trust import key_fault
from axisd.core.view import Limits
from axisd.core.xmldsig import canonical

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

_SHA256: Final = "http://www.w3.org/2001/04/xmlenc#sha256"
_METHODS: Final[dict[str, tuple[str, hashes.HashAlgorithm]]] = {
    "rsa": ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", hashes.SHA256()),
    "secp256r1": ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", hashes.SHA256()),
    "secp384r1": ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384", hashes.SHA384()),
}


class SigningKey:
    """A private key with its certificate, and any certificates that lead to an authority.

    Safe to use from several threads. Raises ValueError where the two do not belong together, or the
    key is not one that `xmldsig` would accept.
    """

    def __init__(self, key: PrivateKey, certificates: Sequence[x509.Certificate]) -> None:
        public = _public(key.public_key())
        own = [
            c for c in certificates if key_fault(c) is None and _public(c.public_key()) == public
        ]
        if not own:
            raise ValueError(_mismatch(certificates))
        kind = "rsa" if isinstance(key, rsa.RSAPrivateKey) else key.curve.name
        method, self._hash = _METHODS[kind]
        self.certificate = own[0]
        self.method = method
        self._key = key
        self._before, self._after = _signed_info(method)
        self._key_info = _key_info([own[0], *(c for c in certificates if c not in own)])

    def signature(self, content: bytes) -> bytes:
        """The Signature element over `content`: the canonical octets of the document without it."""
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        inner = f"{self._before}{digest}{self._after}"
        # The very octets that exclusive canonicalisation makes of SignedInfo inside the Signature.
        signed = f'<ds:SignedInfo xmlns:ds="{DS}">{inner}'
        value = base64.b64encode(self._sign(signed.encode())).decode()
        return (
            f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo>{inner}'
            f"<ds:SignatureValue>{value}</ds:SignatureValue>{self._key_info}</ds:Signature>"
        ).encode()

    def _sign(self, octets: bytes) -> bytes:
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(octets, PKCS1v15(), self._hash)
        # XMLDSig 1.1 §6.4.3: both integers, each as long as the curve's order.
        r, s = decode_dss_signature(self._key.sign(octets, ec.ECDSA(self._hash)))
        length = (self._key.key_size + 7) // 8
        return r.to_bytes(length, "big") + s.to_bytes(length, "big")


def sign_envelope(
    body: bytes, key: SigningKey, *, replace: bool = False, limits: Limits | None = None
) -> bytes | Refusal:
    """`body` with an enveloped Signature as last child of edXMLHeader; every other byte stays.

    An envelope that is signed already is refused (`signature-place`); `replace` cuts out what stands
    there, decorative or real. What is returned has passed `check` and `uncovered`.
    """
    limits = limits or Limits()
    parsed = xmlsafe.parse(body, limits)
    if isinstance(parsed, Refusal):
        return parsed
    headers = spans(body, PATH)
    if not headers or headers[0].closing is None:
        return refuse(
            "kind-unknown",
            found="no edXMLHeader to put a signature in",
            found_vi="không có edXMLHeader để đặt chữ ký",
        )
    present = spans(body, PATH, (SIGNATURE, *DECORATIVE)) or ()
    if replace:
        for span in reversed(present):
            body = body[: span.start] + body[span.end :]
    elif any(span.name == SIGNATURE for span in present):
        return refuse(
            "signature-place",
            detail="the envelope is signed already",
            detail_vi="gói tin đã được ký",
        )
    return _put_in(body, key, limits)


def _put_in(body: bytes, key: SigningKey, limits: Limits) -> bytes | Refusal:
    parsed = xmlsafe.parse(body, limits)
    headers = spans(body, PATH)
    if isinstance(parsed, Refusal):
        return parsed
    assert headers is not None
    offset = headers[0].closing
    assert offset is not None
    signed = body[:offset] + key.signature(canonical(parsed.root)) + body[offset:]
    result = xmlsafe.parse(signed, limits)
    if isinstance(result, Refusal):
        return result
    found = check(result.root)
    return found.refusal or uncovered(result.root, found) or signed


def _signed_info(method: str) -> tuple[str, str]:
    before = (
        f'<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"></ds:CanonicalizationMethod>'
        f'<ds:SignatureMethod Algorithm="{method}"></ds:SignatureMethod>'
        '<ds:Reference URI=""><ds:Transforms>'
        f'<ds:Transform Algorithm="{DS}enveloped-signature"></ds:Transform>'
        f'<ds:Transform Algorithm="{EXCLUSIVE}"></ds:Transform></ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{_SHA256}"></ds:DigestMethod><ds:DigestValue>'
    )
    return before, "</ds:DigestValue></ds:Reference></ds:SignedInfo>"


def _key_info(certificates: Sequence[x509.Certificate]) -> str:
    texts = [base64.b64encode(c.public_bytes(Encoding.DER)).decode() for c in certificates]
    found = "".join(f"<ds:X509Certificate>{text}</ds:X509Certificate>" for text in texts)
    return f"<ds:KeyInfo><ds:X509Data>{found}</ds:X509Data></ds:KeyInfo>"


def _mismatch(certificates: Sequence[x509.Certificate]) -> str:
    faults = [fault.en for fault in map(key_fault, certificates) if fault is not None]
    return f"the key is not permitted: {faults[0]}" if faults else "no certificate is for this key"


def _public(key: object) -> bytes:
    assert isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey)
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
