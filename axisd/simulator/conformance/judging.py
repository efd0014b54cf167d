"""What is wrong with a status or a document of the system that is examined; pure, nothing where all is right."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime

from cryptography import x509

from axisd.core.codes import derived_twin
from axisd.core.completeness import incomplete
from axisd.core.directory import Agency
from axisd.core.envelope import Document, Status
from axisd.core.inspection import SignatureState
from axisd.core.reasons import Refusal
from axisd.core.signature import check, uncovered
from axisd.core.syntax import shown
from axisd.core.trust import TrustStore, judge, organs_of
from axisd.core.view import Limits
from axisd.core.warnings import warnings_of
from axisd.core.wording import Phrase
from axisd.core.writtentime import moment_in
from axisd.core.xmlsafe import parse


def code_of(letter: Document) -> str:
    """What a status calls the document by: its number and notation."""
    return f"{letter.number}/{letter.notation}"


def misread(status: Status, letter: Document) -> Phrase | None:
    """A letter that did not come back as it was written."""
    pairs = (
        ("Code", code_of(letter), status.about.code),
        ("DocumentId", letter.document_id, status.about.document_id),
    )
    for name, sent, came in pairs:
        if sent != came and unicodedata.normalize("NFC", came) != sent:
            return Phrase(f"{name} was {sent}, came back as {shown(came)}",
                          f"{name} là {sent}, trả lại thành {shown(came)}")  # fmt: skip
    return None


def status_fault(status: Status, letters: Sequence[Document]) -> Phrase | None:
    """What is wrong with a status, which should be about one of `letters`."""
    about = status.about
    letter = next((one for one in letters if one.document_id == about.document_id), None)
    named = f"{status.code}, {shown(about.document_id)}"
    if letter is None:
        return Phrase(f"{named}: no document of ours has this id", f"{named}: không có văn bản này")
    pairs = (
        ("ResponseFor/Code", code_of(letter), about.code),
        ("ResponseFor/PromulgationDate", letter.promulgation_date, about.promulgation_date),
    )
    for name, wanted, came in pairs:
        if came != wanted:
            return Phrase(f"{named}: {name} is {shown(came)}, not {wanted}",
                          f"{named}: {name} là {shown(came)}, phải là {wanted}")  # fmt: skip
    if status.code == "02" and not status.description:
        return Phrase(
            f"{named}: no reason in Description", f"{named}: thiếu lý do trong Description"
        )
    if status.timestamp and moment_in(status.timestamp) is None:
        return Phrase(f"{named}: Timestamp {shown(status.timestamp)} cannot be read",
                      f"{named}: không đọc được Timestamp {shown(status.timestamp)}")  # fmt: skip
    return None


def signature_fault(
    body: bytes, agency: str, trust: Sequence[x509.Certificate], now: datetime
) -> Phrase | None:
    """Why the signature in `body` does not count for `agency`. Without `trust`, no authority is asked."""
    parsed = parse(body, Limits())
    if isinstance(parsed, Refusal):
        return _said(parsed)
    found = check(parsed.root)
    if found.refusal is not None:
        return _said(found.refusal)
    if found.finding.state is not SignatureState.VERIFIED or found.certificate is None:
        state = found.finding.state
        return Phrase(f"signature: {state}", f"chữ ký: {state}")
    refusal = uncovered(parsed.root, found)
    if refusal is None and trust:
        named = Agency(agency, agency, twin=derived_twin(agency))
        store = TrustStore(tuple(trust))
        refusal = judge(found.certificate, named, trust=store, now=now, chain=found.chain)
    if refusal is not None:
        return _said(refusal)
    codes = organs_of(found.certificate)
    if not codes.intersection({agency, derived_twin(agency)}):
        names = ", ".join(sorted(codes)) or "–"
        return Phrase(
            f"the certificate names {names}, not {agency}",
            f"chứng thư ghi {names}, không phải {agency}",
        )
    return None


def manifest_fault(document: Document) -> Phrase | None:
    """What is wrong between the files and the manifest."""
    return _all(list(incomplete(document)))


def form_fault(document: Document, now: datetime) -> Phrase | None:
    """What the axis would warn of, but for the files."""
    files = {one.code for one in incomplete(document)}
    return _all([one for one in warnings_of(document, now) if one.code not in files])


def _all(refusals: Sequence[Refusal]) -> Phrase | None:
    if not refusals:
        return None
    said = [_said(one) for one in refusals]
    return Phrase(" ".join(one.en for one in said), " ".join(one.vi for one in said))


def _said(refusal: Refusal) -> Phrase:
    return Phrase(f"{refusal.code}: {refusal.text('en')}", f"{refusal.code}: {refusal.text('vi')}")
