"""One XML signature: what it claims, and whether it holds.

`dsigform` has looked at its form; here the certificate is taken out of it, and signxml does the
arithmetic under a configuration that permits exactly what was read. Where the Signature has to stand is
the caller's business; whom the certificate belongs to is `trust`'s.

What can go wrong, and did elsewhere, and what prevents it here:

* a Reference to something else than the document, several of them, or none: exactly one, URI="";
* transforms that compute another content: enveloped-signature, then at most one canonicalisation;
* a key from KeyInfo that nobody vouches for: only a certificate counts, and it is judged by `trust`;
* comments that split a digest or a signature value: no comment anywhere in a Signature;
* base64 that decodes to the same octets in many spellings: only the one canonical spelling;
* a canonicalisation that fails and digests nothing: an error, and an empty result is one too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.exceptions import InvalidInput, InvalidSignature, SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from axisd.core import xmlsafe
from axisd.core.dsigform import (
    DS,
    ENVELOPED,
    EXCLUSIVE,
    RSA,
    algorithm_of,
    form_fault,
    malformed,
    octets,
    unfit_algorithm,
)
from axisd.core.elision import NOTHING, Elided
from axisd.core.reasons import Refusal, refuse
from axisd.core.syntax import path_of
from axisd.core.trust import key_fault, signer_of

_HASHES: Final[Mapping[DigestAlgorithm, str]] = {
    DigestAlgorithm.SHA256: "sha256",
    DigestAlgorithm.SHA384: "sha384",
    DigestAlgorithm.SHA512: "sha512",
}
_CERTIFICATES: Final = 6
"""A leaf and the authorities between it and a root; more than any real chain has."""
_CERTIFICATE_SIZE: Final = 8192


@dataclass(frozen=True, slots=True)
class Claim:
    """What a Signature of the right form says of itself. Nothing of it is proven yet.

    `method` and `digest` are algorithm URIs; `chain` holds the other certificates that were sent along.
    """

    method: str
    digest: str
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]


def read(signature: etree._Element) -> Claim | Refusal:
    """The claim of a Signature of the permitted form, or why it is not of that form.

    Reasons: `signature-algorithm`, `signature-reference`, `signature-malformed`, `signer-key`.
    """
    fault = form_fault(signature)
    if fault is not None:
        return fault
    texts = signature.iterfind(f".//{{{DS}}}X509Certificate")
    certificates = [_certificate(octets(element.text) or b"") for element in texts]
    found = [certificate for certificate in certificates if certificate is not None]
    if not found or len(found) < len(certificates):
        return malformed(
            signature, "no certificate that can be read", "không có chứng thư đọc được"
        )
    if len(found) > _CERTIFICATES:
        return malformed(signature, "too many certificates", "có quá nhiều chứng thư")
    leaves = _leaves(found)
    if len(leaves) != 1:
        return malformed(
            signature, "several certificates could have signed", "có nhiều chứng thư ký khác nhau"
        )
    chain = tuple(certificate for certificate in found if certificate != leaves[0])
    claim = Claim(
        algorithm_of(signature, "SignatureMethod"),
        algorithm_of(signature, "DigestMethod"),
        leaves[0],
        chain,
    )
    return _key_fault(signature, claim) or claim


def verify(
    root: etree._Element,
    signature: etree._Element,
    claim: Claim,
    *,
    location: str,
    elided: Elided = NOTHING,
) -> etree._Element | Refusal:
    """What the signature covers, as a tree of its own, or why it does not hold.

    `location`: path of the Signature's parent below `root`, ending in a slash. `root` is not changed.
    `elided`: what was taken out before it was parsed, and is put back where it is digested.
    Reasons: `signature-invalid`, `signature-malformed`.
    """
    configuration = SignatureConfiguration(
        location=location,
        expect_references=1,
        signature_methods=frozenset({SignatureMethod(claim.method)}),
        digest_algorithms=frozenset({DigestAlgorithm(claim.digest)}),
        # Whether the certificate holds at the time in question is judged by `trust`, not here.
        verification_time=claim.certificate.not_valid_before_utc,
        # XMLDSig 1.1 §4.4.3.2: a node-set becomes octets by Canonical XML 1.0 when nothing else is said.
        default_reference_c14n_method=CanonicalizationMethod.CANONICAL_XML_1_0,
    )
    try:
        result = _Verifier(elided).verify(
            root,
            x509_cert=claim.certificate,
            validate_schema=False,  # `read` is stricter, and shares no state between threads
            parser=xmlsafe.parser(),
            expect_config=configuration,
        )
    except InvalidSignature:
        return refuse("signature-invalid", at=path_of(signature), line=signature.sourceline)
    except (SignXMLException, etree.LxmlError, ValueError, NotImplementedError) as error:
        if signature.find(f".//{{{DS}}}KeyValue") is not None:
            return malformed(
                signature, "KeyValue does not fit the certificate", "KeyValue không khớp chứng thư"
            )
        detail = type(error).__name__
        return malformed(signature, detail, detail)
    assert not isinstance(result, list), "expect_references is 1"
    if result.signed_xml is None:
        return malformed(signature, "it covers nothing", "chữ ký không bao phủ nội dung nào")
    return result.signed_xml


class _Verifier(XMLVerifier):
    """signxml's verifier with a canonicalisation that cannot be led astray.

    lxml canonicalises an inner element through a copy that forgets what it inherits, and invents
    `xmlns=""` where the element stands in a default namespace; a valid signature then seems broken.
    A standalone serialisation keeps every namespace in scope (Canonical XML 1.1 §2.4, apex elements),
    so inner elements take that way. Unlike the base class, this one never logs what it canonicalises,
    and copies a document once: of 10 MB that is half the time.
    """

    def __init__(self, elided: Elided) -> None:
        super().__init__()
        self._elided = elided

    def _get_digest(self, data: bytes, algorithm: DigestAlgorithm) -> bytes:
        """Of the canonical octets as they are with what was taken out."""
        hashed = hashlib.new(_HASHES[algorithm])
        for piece in self._elided.pieces(data):
            hashed.update(piece)
        return hashed.digest()

    def get_root(self, data: Any) -> Any:
        """The tree itself: what the base class copies here it copies again for each reference, and only
        that copy is changed."""
        return data

    def _get_cert_description(self, _cert: x509.Certificate, cert_source: str) -> str:
        """For the words of a refusal that cannot come (see `verification_time`), made every time."""
        return cert_source

    def _apply_transforms(
        self, payload: Any, *, transforms_node: etree._Element, signature: etree._Element
    ) -> bytes:
        """The two transforms that `dsigform` lets pass, on the copy that the base class has made."""
        _cut_out(signature)
        last = transforms_node.findall(f"{{{DS}}}Transform")[-1]
        algorithm = last.get("Algorithm", "")
        if algorithm == ENVELOPED:
            algorithm = self.config.default_reference_c14n_method.value
        listed = last.find(f"{{{EXCLUSIVE}}}InclusiveNamespaces")
        prefixes = None if listed is None else listed.get("PrefixList", "").split()
        return canonical(payload, algorithm, prefixes)

    def _c14n(
        self,
        nodes: Any,
        algorithm: CanonicalizationMethod,
        inclusive_ns_prefixes: list[str] | None = None,
    ) -> bytes:
        return canonical(nodes, algorithm.value, inclusive_ns_prefixes)


def _cut_out(signature: etree._Element) -> None:
    """Takes the Signature out and leaves the text after it, which lxml would take along."""
    parent, before = signature.getparent(), signature.getprevious()
    assert parent is not None, "the Signature stands in the document"
    if before is not None:
        before.tail = (before.tail or "") + (signature.tail or "")
    else:
        parent.text = (parent.text or "") + (signature.tail or "")
    parent.remove(signature)


def canonical(
    element: etree._Element, algorithm: str = EXCLUSIVE, prefixes: list[str] | None = None
) -> bytes:
    """The canonical octets of `element`, as if it were a document of its own, without comments.

    Raises `etree.LxmlError` or signxml's `InvalidInput` where libxml2 cannot; never returns nothing.
    """
    alone = element.getparent() is None and not any(
        next(element.itersiblings(preceding=before), None) is not None for before in (True, False)
    )
    if not alone:
        standalone = etree.tostring(element, encoding="utf-8", with_tail=False)
        element = etree.fromstring(standalone, xmlsafe.parser())
    found = etree.tostring(
        element,
        method="c14n",
        exclusive=algorithm == EXCLUSIVE,
        with_comments=False,
        inclusive_ns_prefixes=prefixes,
    )
    if not found.startswith(b"<"):
        raise InvalidInput("canonicalisation gave nothing")
    return found


@lru_cache(512)
def _certificate(der: bytes) -> x509.Certificate | None:
    """None for what is none, or has names that nobody can read: cryptography finds them out late."""
    if len(der) > _CERTIFICATE_SIZE:
        return None
    try:
        certificate = x509.load_der_x509_certificate(der)
        _names = certificate.subject, certificate.issuer
    except (ValueError, x509.InvalidVersion):
        return None
    return certificate


def _leaves(certificates: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """Those that issued none of the others: in a chain, whatever its order, exactly one."""
    different = list(dict.fromkeys(certificates))
    return [
        certificate
        for certificate in different
        if not any(
            other.issuer == certificate.subject for other in different if other != certificate
        )
    ]


def _key_fault(signature: etree._Element, claim: Claim) -> Refusal | None:
    fault = key_fault(claim.certificate)
    if fault is not None:
        return refuse(
            "signer-key",
            at=path_of(signature),
            line=signature.sourceline,
            signer=signer_of(claim.certificate),
            detail=fault.en,
            detail_vi=fault.vi,
        )
    key = claim.certificate.public_key()
    family = rsa.RSAPublicKey if claim.method in RSA else ec.EllipticCurvePublicKey
    if not isinstance(key, family):
        return unfit_algorithm(
            signature, f"{claim.method.partition('#')[2]} with another kind of key"
        )
    return None
