"""Who signs in tests, and with what: keys that live no longer than the run, and an envelope to sign.

The helpers take a signed envelope apart as bytes and put it together again, so that a vector can be wrong
in one place and right everywhere else.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree

from axisd.core.directory import Agency
from axisd.core.signing import sign_envelope
from axisd.core.trust import TrustStore
from axisd.simulator.pki import Authority, Credential, usage

NOW: Final = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
SENDER: Final = "000.00.11.H53"
OTHER: Final = "000.00.13.H53"
EDXML: Final = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
DS: Final = "http://www.w3.org/2000/09/xmldsig#"

ENVELOPE: Final = f"""<?xml version="1.0" encoding="UTF-8"?>
<edXML xmlns="{EDXML}">
  <edXML:edXMLEnvelope xmlns:edXML="{EDXML}">
    <edXML:edXMLHeader>
      <edXML:MessageHeader>
        <!-- the sender -->
        <edXML:From><edXML:OrganId>{SENDER}</edXML:OrganId><edXML:OrganName>Sở Tài chính</edXML:OrganName></edXML:From>
        <edXML:To><edXML:OrganId>{OTHER}</edXML:OrganId></edXML:To>
        <edXML:DocumentId>{SENDER},2026/11/02,12/STC</edXML:DocumentId>
        <edXML:Code><edXML:CodeNumber>12</edXML:CodeNumber><edXML:CodeNotation>STC</edXML:CodeNotation></edXML:Code>
        <edXML:PromulgationInfo><edXML:Place>Tây Ninh</edXML:Place><edXML:PromulgationDate>2026/11/02</edXML:PromulgationDate></edXML:PromulgationInfo>
        <edXML:DocumentType><edXML:Type>1</edXML:Type><edXML:TypeName>Công văn</edXML:TypeName></edXML:DocumentType>
        <edXML:Subject>Về việc &lt;quyết toán&gt; &amp; báo cáo</edXML:Subject>
      </edXML:MessageHeader>
      <edXML:TraceHeaderList><edXML:TraceHeader><edXML:OrganId>{SENDER}</edXML:OrganId><edXML:Timestamp>2026/11/02 09:00:00</edXML:Timestamp></edXML:TraceHeader></edXML:TraceHeaderList>
    </edXML:edXMLHeader>
    <edXML:edXMLBody><edXML:edXMLManifest version="1.0"><edXML:Reference><edXML:ContentId>cid:1</edXML:ContentId><edXML:ContentType>application/pdf</edXML:ContentType><edXML:AttachmentName>a.pdf</edXML:AttachmentName></edXML:Reference></edXML:edXMLManifest></edXML:edXMLBody>
  </edXML:edXMLEnvelope>
  <AttachmentEncoded><Attachment><ContentId>cid:1</ContentId><AttachmentName>a.pdf</AttachmentName><ContentType>application/pdf</ContentType><edXML:ContentTransferEncoded xmlns:edXML="{EDXML}">JVBERi0xLjQK</edXML:ContentTransferEncoded></Attachment></AttachmentEncoded>
</edXML>
""".encode()

DECORATION: Final = (
    b"<Signature><SignedInfo><Reference URI=''><Transforms>"
    b"<Transform Algorithm='http://www.w3.org/TR/xml-exc-c14n#'/></Transforms></Reference></SignedInfo>"
    b"<SignatureValue>AAAA</SignatureValue></Signature>"
)
"""A block in the edXML namespace, as real producers send it."""


@dataclass(frozen=True)
class World:
    """Who is who: an authority that the axis trusts, and credentials under it and beside it."""

    root: Authority = field(default_factory=lambda: Authority.root(NOW))

    @property
    def trust(self) -> TrustStore:
        return TrustStore((self.root.certificate,))

    @property
    def sender(self) -> Agency:
        return Agency(SENDER, "Sở Tài chính", twin="H53.11")

    def credential(self, name: str = "sender") -> Credential:
        """One of `CREDENTIALS`, made when it is first asked for."""
        return _made(self, name)

    def __hash__(self) -> int:
        return hash(self.root.certificate)


def _stranger(_world: World) -> Authority:
    return Authority.root(NOW, name="Somebody Else's CA")


CREDENTIALS: Final[Mapping[str, Callable[[World], Credential]]] = {
    "sender": lambda world: world.root.issue(SENDER, name="Sở Tài chính"),
    "ec-p256": lambda world: world.root.issue(SENDER, kind="ec-p256"),
    "ec-p384": lambda world: world.root.issue(SENDER, kind="ec-p384"),
    "by twin": lambda world: world.root.issue("H53.11", kind="ec-p256"),
    "organizationIdentifier only": lambda world: world.root.issue(
        SENDER, kind="ec-p256", uri_organ=False
    ),
    "URI only": lambda world: world.root.issue(SENDER, kind="ec-p256", subject_organ=False),
    "contentCommitment only": lambda world: world.root.issue(
        SENDER, kind="ec-p256", key_usage=usage(signs=False)
    ),
    "under a subordinate": lambda world: world.root.subordinate("Sub CA").issue(
        SENDER, kind="ec-p256"
    ),
    "another agency": lambda world: world.root.issue(OTHER, kind="ec-p256"),
    "nobody named": lambda world: world.root.issue(
        SENDER, name="Sở Tài chính", kind="ec-p256", subject_organ=False, uri_organ=False
    ),
    "expired": lambda world: world.root.issue(
        SENDER, kind="ec-p256", not_before=NOW - timedelta(9), not_after=NOW - timedelta(1)
    ),
    "not yet valid": lambda world: world.root.issue(
        SENDER, kind="ec-p256", not_before=NOW + timedelta(1)
    ),
    "strange authority": lambda world: _stranger(world).issue(SENDER, kind="ec-p256"),
    "self-signed": lambda world: _self_signed(),
    "issued by a leaf": lambda world: world.root.subordinate("No CA", authority=False).issue(
        SENDER, kind="ec-p256"
    ),
    "authority": lambda world: world.root.issue(SENDER, kind="ec-p256", authority=True),
    "encryption only": lambda world: world.root.issue(
        SENDER, kind="ec-p256", key_usage=usage(signs=False, commits=False)
    ),
    "no keyUsage": lambda world: world.root.issue(SENDER, kind="ec-p256", states_usage=False),
    "rsa1024": lambda world: world.root.issue(SENDER, kind="rsa1024"),
    "ec-p521": lambda world: world.root.issue(SENDER, kind="ec-p521"),
}


@cache
def _made(world: World, name: str) -> Credential:
    return CREDENTIALS[name](world)


def _self_signed() -> Credential:
    authority = Authority.root(NOW, name="self")
    return Credential(authority.key, authority.certificate)


@cache
def world() -> World:
    """The one world of this run."""
    return World()


def signed(
    body: bytes = ENVELOPE, credential: Credential | None = None, *, replace: bool = False
) -> bytes:
    """`body` with the sender's signature, or another's."""
    result = sign_envelope(
        body, (credential or world().credential()).signing_key(), replace=replace
    )
    assert isinstance(result, bytes), result
    return result


def swap(body: bytes, old: bytes | str, new: bytes | str) -> bytes:
    """`body` with the one `old` in it replaced."""
    before = old.encode() if isinstance(old, str) else old
    after = new.encode() if isinstance(new, str) else new
    assert body.count(before) == 1, f"{body.count(before)} of {before!r}"
    return body.replace(before, after)


def between(body: bytes, start: bytes, end: bytes) -> bytes:
    """From the first `start` to the first `end` after it, both included."""
    first = body.index(start)
    return body[first : body.index(end, first) + len(end)]


def signature_of(body: bytes) -> bytes:
    return between(body, b"<ds:Signature ", b"</ds:Signature>")


def signed_anew(
    body: bytes, sign: Callable[[bytes], bytes] | None = None, *, digest: bool = False
) -> bytes:
    """`body` with a right SignatureValue for the first SignedInfo that stands in it now.

    With `digest`, the DigestValue is set right first. `sign` signs octets; the sender's RSA key if None.
    """
    if digest:
        root = etree.fromstring(body)
        for signature in root.findall(f".//{{{DS}}}Signature"):
            _without(signature)
        octets = etree.tostring(root, method="c14n", exclusive=True, with_comments=False)
        value = base64.b64encode(hashlib.sha256(octets).digest())
        old = between(body, b"<ds:DigestValue>", b"</ds:DigestValue>")
        body = swap(body, old, b"<ds:DigestValue>" + value + b"</ds:DigestValue>")
    inner = between(body, b"<ds:SignedInfo", b"</ds:SignedInfo>")
    alone = inner.replace(b"<ds:SignedInfo", f'<ds:SignedInfo xmlns:ds="{DS}"'.encode(), 1)
    octets = etree.tostring(
        etree.fromstring(alone), method="c14n", exclusive=True, with_comments=False
    )
    value = base64.b64encode((sign or _rsa_sha256)(octets))
    old = between(body, b"<ds:SignatureValue>", b"</ds:SignatureValue>")
    return swap(body, old, b"<ds:SignatureValue>" + value + b"</ds:SignatureValue>")


def _without(signature: etree._Element) -> None:
    parent = signature.getparent()
    assert parent is not None
    before = signature.getprevious()
    if before is not None:
        before.tail = (before.tail or "") + (signature.tail or "")
    parent.remove(signature)


def _rsa_sha256(octets: bytes) -> bytes:
    key = world().credential().key
    assert isinstance(key, rsa.RSAPrivateKey)
    return key.sign(octets, PKCS1v15(), hashes.SHA256())


def rsa_with(algorithm: hashes.HashAlgorithm) -> Callable[[bytes], bytes]:
    key = world().credential().key
    assert isinstance(key, rsa.RSAPrivateKey)
    return lambda octets: key.sign(octets, PKCS1v15(), algorithm)


def public_pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def certificate_text(credential: Credential) -> str:
    return base64.b64encode(credential.certificate.public_bytes(Encoding.DER)).decode()


def embedded(credential: Credential) -> str:
    return f"<ds:X509Certificate>{certificate_text(credential)}</ds:X509Certificate>"
