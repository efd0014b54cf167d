"""The one form of an XML signature that counts, looked at before any cryptography.

XMLDSig 1.1 permits far more than anybody needs, and most known holes are in the rest. So a Signature is
refused for whatever in it is not on the list: one table says what each element may contain. Three faults
have reasons of their own, because senders can mend them: where it stands, which algorithms it names, and
what it refers to. Nothing is decoded here but base64, nothing is verified, nothing is changed.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod

from axisd.core.reasons import Refusal, refuse
from axisd.core.syntax import path_of, shown

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
ENVELOPED: Final = f"{DS}enveloped-signature"
RSA: Final = frozenset(
    {
        SignatureMethod.RSA_SHA256.value,
        SignatureMethod.RSA_SHA384.value,
        SignatureMethod.RSA_SHA512.value,
        SignatureMethod.SHA256_RSA_MGF1.value,
        SignatureMethod.SHA384_RSA_MGF1.value,
        SignatureMethod.SHA512_RSA_MGF1.value,
    }
)
ECDSA: Final = frozenset(
    {
        SignatureMethod.ECDSA_SHA256.value,
        SignatureMethod.ECDSA_SHA384.value,
        SignatureMethod.ECDSA_SHA512.value,
    }
)
_PERMITTED: Final[Mapping[str, frozenset[str]]] = {
    "CanonicalizationMethod": _CANONICAL,
    "SignatureMethod": RSA | ECDSA,
    "Transform": _CANONICAL | {ENVELOPED},
    "DigestMethod": frozenset(
        {DigestAlgorithm.SHA256.value, DigestAlgorithm.SHA384.value, DigestAlgorithm.SHA512.value}
    ),
}


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
_PREFIX_LIST: Final = re.compile(r"[\w.-]+( [\w.-]+)*")
_DEFAULT: Final = "#default"
_PREFIXES_LISTED: Final = 16
"""Prefixes in one list at most: libxml2 looks up every one of them again for every element."""


def place_fault(root: etree._Element, path: Sequence[str]) -> Refusal | None:
    """Why the Signatures below `root` are not one that stands last in the one element at `path`.

    `path`: names from the root on, each of which must be there exactly once. At least one Signature
    must be there. Reason: `signature-place`.
    """
    signatures = list(root.iter(SIGNATURE))
    signature = signatures[0]
    if len(signatures) > 1:
        count = len(signatures)
        return _refusal(
            "signature-place", signatures[1], f"there are {count}", f"có {count} phần tử Signature"
        )
    if any(not _within(element, signature) for element in root.iter(f"{{{DS}}}*")):
        return _refusal(
            "signature-place", signature, "parts of one stand elsewhere", "một phần nằm ở nơi khác"
        )
    if signature.getparent() is not _sole(root, path):
        where = path_of(signature)
        return _refusal("signature-place", signature, f"found at {where}", f"nằm ở {where}")
    if next(signature.itersiblings(etree.Element), None) is not None:
        return _refusal(
            "signature-place", signature, "something follows it", "có phần tử đứng sau chữ ký"
        )
    return None


def form_fault(signature: etree._Element) -> Refusal | None:
    """Why `signature` is not of the permitted form.

    Reasons: `signature-algorithm`, `signature-reference`, `signature-malformed`.
    """
    return _algorithm_fault(signature) or _reference_fault(signature) or _content_fault(signature)


def algorithm_of(signature: etree._Element, name: str) -> str:
    """The Algorithm of the element called `name` in a Signature of the permitted form."""
    return next(signature.iter(f"{{{DS}}}{name}")).get("Algorithm", "")


def octets(text: str | None) -> bytes | None:
    """The octets of base64 in its one canonical spelling, white space aside; None for any other text."""
    spelling = re.sub(r"[ \t\r\n]+", "", text or "")
    try:
        decoded = base64.b64decode(spelling, validate=True)
    except (binascii.Error, ValueError):
        return None
    return decoded if decoded and base64.b64encode(decoded).decode() == spelling else None


def malformed(signature: etree._Element, detail: str, detail_vi: str) -> Refusal:
    """The refusal of a Signature that cannot be read, with what is wrong in both languages."""
    return _refusal("signature-malformed", signature, detail, detail_vi)


def unfit_algorithm(element: etree._Element, found: str) -> Refusal:
    """The refusal of what `element` names, or of how it is used."""
    return refuse(
        "signature-algorithm", at=path_of(element), line=element.sourceline, found=shown(found)
    )


def _refusal(code: str, element: etree._Element, detail: str, detail_vi: str) -> Refusal:
    return refuse(
        code, at=path_of(element), line=element.sourceline, detail=detail, detail_vi=detail_vi
    )


def _sole(root: etree._Element, path: Sequence[str]) -> etree._Element | None:
    """The element at `path`, if there is exactly one on every level."""
    if root.tag != path[0]:
        return None
    found = root
    for name in path[1:]:
        children = found.findall(name)
        if len(children) != 1:
            return None
        found = children[0]
    return found


def _within(element: etree._Element, signature: etree._Element) -> bool:
    return element is signature or any(
        node is signature for node in element.iterancestors(SIGNATURE)
    )


def _algorithm_fault(signature: etree._Element) -> Refusal | None:
    for name, permitted in _PERMITTED.items():
        for element in signature.iter(f"{{{DS}}}{name}"):
            found = element.get("Algorithm", "")
            if found not in permitted:
                return unfit_algorithm(element, found or f"{name} without Algorithm")
            if name == "SignatureMethod" and len(element):
                return unfit_algorithm(element, f"{found.partition('#')[2]} with parameters")
    for element in signature.iter(f"{{{EXCLUSIVE}}}InclusiveNamespaces"):
        if _DEFAULT in element.get("PrefixList", "").split():
            # lxml passes on only prefixes that libxml2 has met as names, which this can never be.
            return unfit_algorithm(element, f"InclusiveNamespaces {_DEFAULT}")
    return None


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
        found = "no URI" if uri is None else f"URI={shown(uri)}"
        found_vi = "không có URI" if uri is None else found
        return _refusal("signature-reference", reference, found, found_vi)
    transforms = [t.get("Algorithm") for t in reference.iterfind(f"{{{DS}}}Transforms/{{{DS}}}*")]
    if transforms[:1] != [ENVELOPED] or len(transforms) > 2 or ENVELOPED in transforms[1:]:
        return _refusal(
            "signature-reference",
            reference,
            "its transforms are not enveloped-signature and at most one canonicalisation",
            "các phép biến đổi không phải enveloped-signature và tối đa một phép chuẩn hóa",
        )
    return None


def _content_fault(signature: etree._Element) -> Refusal | None:
    for element in signature.iter():
        if not isinstance(element.tag, str):
            found = "a comment or a processing instruction"
            return malformed(
                signature, f"it contains {found}", "chữ ký chứa chú thích hoặc chỉ thị"
            )
        name = _name(element)
        form = _FORMS.get(name)
        if form is None or not _fits(element, name, form):
            where = shown(name)
            return malformed(element, f"unexpected content at {where}", f"nội dung lạ tại {where}")
    return None


def _fits(element: etree._Element, name: str, form: _Form) -> bool:
    if not form.attributes.issuperset(element.attrib):
        return False
    if name == "ec:InclusiveNamespaces" and not _fits_prefixes(element):
        return False
    if form.text:
        return len(element) == 0 and (name not in _OCTETS or octets(element.text) is not None)
    texts = (element.text, *(child.tail for child in element))
    if any(text and text.strip(" \t\r\n") for text in texts):
        return False
    return form.children.fullmatch("".join(f"{_name(child)} " for child in element)) is not None


def _fits_prefixes(element: etree._Element) -> bool:
    parent = element.getparent()
    if parent is None or parent.get("Algorithm") != EXCLUSIVE:
        return False
    listed = element.get("PrefixList", "")
    return _PREFIX_LIST.fullmatch(listed) is not None and listed.count(" ") < _PREFIXES_LISTED


def _name(element: etree._Element) -> str:
    tag = element.tag
    if not isinstance(tag, str):
        return "#"
    namespace, _, name = tag.rpartition("}")
    return _PREFIXES.get(namespace[1:], "?:") + name
