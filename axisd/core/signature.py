"""Steps 6 and 8: the signature of an envelope, and whether what it signs is what is read.

One Signature counts: in the XMLDSig namespace, the only one in the document, last child element of
`edXMLHeader`, one Reference with URI="" over the whole document (spec/edxml.md §7). A block in the
edXML namespace is decoration, whatever it says. Nothing here knows profiles or trust: `check` says
what there is, the inspection says what that means for this sender.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from lxml import etree

from axisd.core.dsigform import SIGNATURE, place_fault
from axisd.core.elision import NOTHING, Elided
from axisd.core.inspection import ABSENT, SignatureFinding, SignatureState
from axisd.core.reasons import Refusal, refuse
from axisd.core.syntax import path_of
from axisd.core.trust import signer_of
from axisd.core.xmldsig import Claim, read, verify

EDXML: Final = "http://www.mic.gov.vn/TBT/QCVN_102_2016"

_ROOT: Final = f"{{{EDXML}}}edXML"
_ENVELOPE: Final = f"{{{EDXML}}}edXMLEnvelope"
_HEADER: Final = f"{{{EDXML}}}edXMLHeader"
PATH: Final = (_ROOT, _ENVELOPE, _HEADER)
"""Where the Signature has to stand, from the root on."""
DECORATIVE: Final = (f"{{{EDXML}}}Signature", f"{{{EDXML}}}DigitalSignature")

_WHITE: Final = " \t\r\n"


@dataclass(frozen=True, slots=True)
class SignatureCheck:
    """What step 6 found.

    `certificate` is set whenever a Signature of the permitted form was found; it is verified exactly
    if `refusal` is None. `chain` holds the other certificates sent along. `covered` is what the
    signature covers, read again from the signed octets: the document without the Signature.
    """

    finding: SignatureFinding
    certificate: x509.Certificate | None = None
    chain: tuple[x509.Certificate, ...] = ()
    refusal: Refusal | None = None
    covered: etree._Element | None = None


def check(root: etree._Element, elided: Elided = NOTHING) -> SignatureCheck:
    """Finds and verifies the signature of the document under `root`, which is not changed. `elided`: what was
    taken out of it before it was parsed.

    Reasons: `signature-place`, `signature-algorithm`, `signature-reference`, `signature-malformed`,
    `signature-invalid`, `signer-key`.
    """
    signature = next(root.iter(SIGNATURE), None)
    if signature is None:
        decorative = next(root.iter(*DECORATIVE), None) is not None
        state = SignatureState.DECORATIVE if decorative else SignatureState.ABSENT
        return SignatureCheck(SignatureFinding(state) if decorative else ABSENT)
    misplaced = place_fault(root, PATH)
    if misplaced is not None:
        return _refused(misplaced)
    claim = read(signature)
    if isinstance(claim, Refusal):
        return _refused(claim)
    location = f"./{_ENVELOPE}/{_HEADER}/"
    covered = verify(root, signature, claim, location=location, elided=elided)
    if isinstance(covered, Refusal):
        finding = _finding(SignatureState.INVALID, claim)
        return SignatureCheck(finding, claim.certificate, claim.chain, covered)
    finding = _finding(SignatureState.VERIFIED, claim)
    return SignatureCheck(finding, claim.certificate, claim.chain, None, covered)


def uncovered(root: etree._Element, check: SignatureCheck) -> Refusal | None:
    """Why something that a reader of `root` sees is not what the signature covers; None if nothing is.

    The Reference names the whole document, and the one transform that takes something away takes the
    Signature; so only what canonicalisation leaves out can differ: comments, and what stands before
    and after the root. A reader of lxml's `.text` stops at a comment, so a comment put into a signed
    text after signing would cut off its rest. Rather than trust the argument, this compares what a
    reader sees, element by element, with what was read again from the signed octets.
    """
    if check.covered is None:
        return _not_covered(root, "there is nothing signed", "không có nội dung được ký")
    if next(_instructions(root), None) is not None:
        return _not_covered(root, "an instruction beside it", "chỉ thị nằm ngoài phần tử gốc")
    seen, signed = _readable(root), _readable(check.covered)
    for mine, other in zip_longest(seen, signed):
        if mine is None or other is None:
            return _not_covered(root, "elements missing or added", "thiếu hoặc thừa phần tử")
        if mine.tag != other.tag or not _same_attributes(mine, other):
            return _not_covered(mine, f"element {_local(mine)}", f"phần tử {_local(mine)}")
        if not _same_text(mine, other):
            return _not_covered(mine, f"text of {_local(mine)}", f"văn bản của {_local(mine)}")
    return None


def _not_covered(element: etree._Element, detail: str, detail_vi: str) -> Refusal:
    return refuse(
        "not-covered",
        at=path_of(element),
        line=element.sourceline,
        detail=detail,
        detail_vi=detail_vi,
    )


def _finding(state: SignatureState, claim: Claim) -> SignatureFinding:
    return SignatureFinding(
        state,
        signer_of(claim.certificate),
        claim.certificate.fingerprint(SHA256()).hex(),
        claim.method,
    )


def _refused(refusal: Refusal) -> SignatureCheck:
    return SignatureCheck(SignatureFinding(SignatureState.INVALID), refusal=refusal)


def _readable(root: etree._Element) -> Iterator[etree._Element]:
    """Every element in document order, but the Signature and what is in it."""
    signature = next(root.iter(SIGNATURE), None)
    inside = set() if signature is None else set(signature.iter())
    return (element for element in root.iter(etree.Element) if element not in inside)


def _instructions(root: etree._Element) -> Iterator[etree._Element]:
    """Processing instructions before and after the root: signxml's Reference leaves them out."""
    pi = etree.ProcessingInstruction
    yield from root.itersiblings(pi)
    yield from root.itersiblings(pi, preceding=True)


def _same_attributes(mine: etree._Element, other: etree._Element) -> bool:
    found, signed = mine.items(), other.items()
    return found == signed or sorted(found) == sorted(signed)


def _same_text(mine: etree._Element, other: etree._Element) -> bool:
    if not len(mine) and not len(other):  # the common case: a value, and no comment in it
        return mine.text == other.text
    if mine.text == other.text and [m.tail for m in mine] == [o.tail for o in other]:
        return True  # piece by piece, and so as a whole
    return _text(mine) == _text(other) and _between(mine) == _between(other)


def _text(element: etree._Element) -> str:
    """What a reader of `.text` sees."""
    return (element.text or "").strip(_WHITE)


def _between(element: etree._Element) -> str:
    """All text directly in `element`: before, between and after its children and comments."""
    pieces = (element.text, *(child.tail for child in element))
    return "".join(piece for piece in pieces if piece)


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname
