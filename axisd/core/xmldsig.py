"""One XML signature: whether it is of the one form that counts, and whether it holds.

`read` looks at the form before any cryptography: a Signature is refused for anything in it that is not
on the list (XMLDSig 1.1 permits far more than anybody needs, and most known holes are in the rest).
`verify` then lets signxml do the arithmetic under a configuration that permits exactly what was read.
Where the Signature has to stand is the caller's business; whom the certificate belongs to is `trust`'s.

What can go wrong, and did elsewhere, and what prevents it here:

* a Reference to something else than the document, several of them, or none: exactly one, URI="";
* transforms that compute another content: enveloped-signature, then at most one canonicalisation;
* a key from KeyInfo that nobody vouches for: only a certificate counts, and it is judged by `trust`;
* comments that split a digest or a signature value: no comment anywhere in a Signature;
* base64 that decodes to the same octets in many spellings: only the one canonical spelling;
* a canonicalisation that fails and digests nothing: an error, and an empty result is one too.
"""

from __future__ import annotations

import base64
import binascii
import re
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
from axisd.core.reasons import Refusal, refuse
from axisd.core.trust import key_fault, signer_of
from axisd.core.xmlsafe import path_of

DS: Final = "http://www.w3.org/2000/09/xmldsig#"
DSIG11: Final = "http://www.w3.org/2009/xmldsig11#"
EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
SIGNATURE: Final = f"{{{DS}}}Signature"

_CANONICAL: Final = frozenset(
    {
        CanonicalizationMethod.CANONICAL_XML_1_0.value,
        CanonicalizationMethod.CANONICAL_XML_1_1.value,
        EXCLUSIVE,
    }
)
_ENVELOPED: Final = f"{DS}enveloped-signature"
_RSA: Final = frozenset(
    {
        SignatureMethod.RSA_SHA256.value,
        SignatureMethod.RSA_SHA384.value,
        SignatureMethod.RSA_SHA512.value,
        SignatureMethod.SHA256_RSA_MGF1.value,
        SignatureMethod.SHA384_RSA_MGF1.value,
        SignatureMethod.SHA512_RSA_MGF1.value,
    }
)
_ECDSA: Final = frozenset(
    {
        SignatureMethod.ECDSA_SHA256.value,
        SignatureMethod.ECDSA_SHA384.value,
        SignatureMethod.ECDSA_SHA512.value,
    }
)
_PERMITTED: Final[Mapping[str, frozenset[str]]] = {
    "CanonicalizationMethod": _CANONICAL,
    "SignatureMethod": _RSA | _ECDSA,
    "Transform": _CANONICAL | {_ENVELOPED},
    "DigestMethod": frozenset(
        {DigestAlgorithm.SHA256.value, DigestAlgorithm.SHA384.value, DigestAlgorithm.SHA512.value}
    ),
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


@dataclass(frozen=True, slots=True)
class _Form:
    """What one element of a Signature may contain: attributes, children in order, or text."""

    children: re.Pattern[str] = re.compile("")
    attributes: frozenset[str] = frozenset()
    text: bool = False


def _form(children: str = "", *attributes: str, text: bool = False) -> _Form:
    return _Form(re.compile(children), frozenset(attributes), text)


_OCTETS: Final = frozenset(
    {"SignatureValue", "DigestValue", "X509Certificate", "Modulus", "Exponent", "dsig11:PublicKey"}
)
_FORMS: Final[Mapping[str, _Form]] = {
    "Signature": _form("SignedInfo SignatureValue KeyInfo ", "Id"),
    "SignedInfo": _form("CanonicalizationMethod SignatureMethod Reference ", "Id"),
    "CanonicalizationMethod": _form("(ec:InclusiveNamespaces )?", "Algorithm"),
    "SignatureMethod": _form("", "Algorithm"),
    "Reference": _form("Transforms DigestMethod DigestValue ", "Id", "URI"),
    "Transforms": _form("Transform (Transform )?"),
    "Transform": _form("(ec:InclusiveNamespaces )?", "Algorithm"),
    "ec:InclusiveNamespaces": _form("", "PrefixList"),
    "DigestMethod": _form("", "Algorithm"),
    "DigestValue": _form(text=True),
    "SignatureValue": _form("", "Id", text=True),
    "KeyInfo": _form("((KeyName|KeyValue) )*X509Data ((KeyName|KeyValue) )*", "Id"),
    "KeyName": _form(text=True),
    "KeyValue": _form("(RSAKeyValue|dsig11:ECKeyValue) "),
    "RSAKeyValue": _form("Modulus Exponent "),
    "Modulus": _form(text=True),
    "Exponent": _form(text=True),
    "dsig11:ECKeyValue": _form("dsig11:NamedCurve dsig11:PublicKey "),
    "dsig11:NamedCurve": _form("", "URI"),
    "dsig11:PublicKey": _form(text=True),
    "X509Data": _form("(X509(Certificate|IssuerSerial|SubjectName|SKI) )+"),
    "X509Certificate": _form(text=True),
    "X509SubjectName": _form(text=True),
    "X509SKI": _form(text=True),
    "X509IssuerSerial": _form("X509IssuerName X509SerialNumber "),
    "X509IssuerName": _form(text=True),
    "X509SerialNumber": _form(text=True),
}
_PREFIXES: Final = {DS: "", EXCLUSIVE: "ec:", DSIG11: "dsig11:"}
_PREFIX_LIST: Final = re.compile(r"(#default|[\w.-]+)( (#default|[\w.-]+))*")


def read(signature: etree._Element) -> Claim | Refusal:
    """The claim of a Signature of the permitted form, or why it is not of that form.

    Reasons: `signature-algorithm`, `signature-reference`, `signature-malformed`, `signer-key`.
    """
    fault = _algorithm_fault(signature) or _reference_fault(signature) or _form_fault(signature)
    if fault is not None:
        return fault
    texts = signature.iterfind(f".//{{{DS}}}X509Certificate")
    certificates = [_certificate(octets(element.text) or b"") for element in texts]
    found = [certificate for certificate in certificates if certificate is not None]
    if not found or len(found) < len(certificates) or len(found) > _CERTIFICATES:
        return _malformed(signature, "no readable certificate", "không có chứng thư số đọc được")
    leaves = _leaves(found)
    if len(leaves) != 1:
        return _malformed(
            signature, "several certificates could have signed", "có nhiều chứng thư ký khác nhau"
        )
    chain = tuple(certificate for certificate in found if certificate != leaves[0])
    claim = Claim(
        _algorithm(signature, "SignatureMethod"),
        _algorithm(signature, "DigestMethod"),
        leaves[0],
        chain,
    )
    return _key_fault(signature, claim) or claim


def verify(
    root: etree._Element, signature: etree._Element, claim: Claim, *, location: str
) -> etree._Element | Refusal:
    """What the signature covers, as a tree of its own, or why it does not hold.

    `location`: path of the Signature's parent below `root`, ending in a slash. `root` is not changed.
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
        result = _Verifier().verify(
            root,
            x509_cert=claim.certificate,
            validate_schema=False,  # `read` is stricter, and shares no state between threads
            parser=xmlsafe.parser(),
            expect_config=configuration,
        )
    except InvalidSignature:
        return refuse("signature-invalid", at=path_of(signature), line=signature.sourceline)
    except (SignXMLException, etree.LxmlError, ValueError, NotImplementedError) as error:
        detail = f"{type(error).__name__}"
        return _malformed(signature, detail, detail)
    assert not isinstance(result, list), "expect_references is 1"
    if result.signed_xml is None:
        return _malformed(signature, "it covers nothing", "chữ ký không bao phủ nội dung nào")
    return result.signed_xml


class _Verifier(XMLVerifier):
    """signxml's verifier with a canonicalisation that cannot be led astray.

    lxml canonicalises an inner element through a copy that forgets what it inherits, and invents
    `xmlns=""` where the element stands in a default namespace; a valid signature then seems broken.
    A standalone serialisation keeps every namespace in scope (Canonical XML 1.1 §2.4, apex elements),
    so inner elements take that way. Unlike the base class, this one never logs what it canonicalises.
    """

    def _c14n(
        self,
        nodes: Any,
        algorithm: CanonicalizationMethod,
        inclusive_ns_prefixes: list[str] | None = None,
    ) -> bytes:
        return canonical(nodes, algorithm.value, inclusive_ns_prefixes)


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


def octets(text: str | None) -> bytes | None:
    """The octets of base64 in its one canonical spelling, white space aside; None for any other text."""
    spelling = re.sub(r"[ \t\r\n]+", "", text or "")
    try:
        decoded = base64.b64decode(spelling, validate=True)
    except (binascii.Error, ValueError):
        return None
    return decoded if decoded and base64.b64encode(decoded).decode() == spelling else None


def _malformed(signature: etree._Element, detail: str, detail_vi: str) -> Refusal:
    return _refusal("signature-malformed", signature, detail, detail_vi)


def _refusal(code: str, element: etree._Element, detail: str, detail_vi: str) -> Refusal:
    return refuse(
        code, at=path_of(element), line=element.sourceline, detail=detail, detail_vi=detail_vi
    )


def _algorithm_fault(signature: etree._Element) -> Refusal | None:
    for name, permitted in _PERMITTED.items():
        for element in signature.iter(f"{{{DS}}}{name}"):
            found = element.get("Algorithm", "")
            if found not in permitted:
                return _algorithm_refusal(element, found or f"{name} without Algorithm")
            if name == "SignatureMethod" and len(element):
                return _algorithm_refusal(element, f"{found} with parameters")
    return None


def _algorithm_refusal(element: etree._Element, found: str) -> Refusal:
    return refuse("signature-algorithm", at=path_of(element), line=element.sourceline, found=found)


def _reference_fault(signature: etree._Element) -> Refusal | None:
    references = list(signature.iter(f"{{{DS}}}Reference"))
    if len(references) != 1:
        count = str(len(references))
        return _refusal(
            "signature-reference", signature, f"it has {count}", f"chữ ký này có {count}"
        )
    reference = references[0]
    uri = reference.get("URI")
    if uri != "":
        found = "no URI" if uri is None else f"URI={uri!a}"
        return _refusal("signature-reference", reference, found, found)
    transforms = [t.get("Algorithm") for t in reference.iterfind(f"{{{DS}}}Transforms/{{{DS}}}*")]
    if transforms[:1] != [_ENVELOPED] or len(transforms) > 2 or _ENVELOPED in transforms[1:]:
        return _refusal(
            "signature-reference",
            reference,
            "its transforms are not enveloped-signature and at most one canonicalisation",
            "các phép biến đổi không phải enveloped-signature và tối đa một phép chuẩn hóa",
        )
    return None


def _form_fault(signature: etree._Element) -> Refusal | None:
    for element in signature.iter():
        if not isinstance(element.tag, str):
            found = "a comment or a processing instruction"
            return _malformed(
                signature, f"it contains {found}", "chữ ký chứa chú thích hoặc chỉ thị"
            )
        name = _name(element)
        form = _FORMS.get(name)
        if form is None or not _fits(element, name, form):
            return _malformed(element, f"unexpected content at {name}", f"nội dung lạ tại {name}")
    return None


def _fits(element: etree._Element, name: str, form: _Form) -> bool:
    if not form.attributes.issuperset(element.attrib):
        return False
    if name == "ec:InclusiveNamespaces":
        parent = element.getparent()
        exclusive = parent is not None and parent.get("Algorithm") == EXCLUSIVE
        return exclusive and _PREFIX_LIST.fullmatch(element.get("PrefixList", "")) is not None
    if form.text:
        return len(element) == 0 and (name not in _OCTETS or octets(element.text) is not None)
    texts = (element.text, *(child.tail for child in element))
    if any(text and text.strip(" \t\r\n") for text in texts):
        return False
    return form.children.fullmatch("".join(f"{_name(child)} " for child in element)) is not None


def _name(element: etree._Element) -> str:
    if not isinstance(element.tag, str):
        return "#"
    name = etree.QName(element)
    return _PREFIXES.get(name.namespace or "", "?:") + name.localname


def _algorithm(signature: etree._Element, name: str) -> str:
    element = next(signature.iter(f"{{{DS}}}{name}"))
    return element.get("Algorithm", "")


@lru_cache(512)
def _certificate(der: bytes) -> x509.Certificate | None:
    if len(der) > _CERTIFICATE_SIZE:
        return None
    try:
        return x509.load_der_x509_certificate(der)
    except (ValueError, x509.InvalidVersion):
        return None


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
    family = rsa.RSAPublicKey if claim.method in _RSA else ec.EllipticCurvePublicKey
    if not isinstance(key, family):
        return _algorithm_refusal(signature, f"{claim.method} with another kind of key")
    return None
