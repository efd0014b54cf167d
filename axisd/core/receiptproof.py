"""Checking a receipt offline: whether it holds, and what it then proves, in words.

Everything is looked at with the strictness that the axis applies to envelopes, and everything that is
told is read from what the signature covers. The certificate counts if it is one that the caller
trusts, or if an authority that the caller trusts issued it to the very centre that the receipt names;
it has to have been valid at the time that the receipt states, so that a receipt outlives it. A receipt
is evidence of what the axis said; its times are those of the axis's own clock.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from lxml import etree

from axisd.core.codes import is_centre
from axisd.core.directory import Agency
from axisd.core.dsigform import SIGNATURE, place_fault
from axisd.core.reasons import Refusal, refuse
from axisd.core.receiptform import NAMESPACE, ROOT
from axisd.core.receiptwords import FAULTS, Sentence, proofs
from axisd.core.trust import TrustStore, judge, signer_of
from axisd.core.view import Limits
from axisd.core.xmldsig import Claim, read, verify
from axisd.core.xmlsafe import parse, parse_trusted
from axisd.resources import schema_path

CHECKS: Final = ("well-formed", "schema", "signature", "signer")
"""What is checked, in this order; the first that fails ends it."""

_PREFIX: Final = f"{{{NAMESPACE}}}"


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    passed: bool
    detail: Sentence


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """What a receipt says. Empty text for what it does not say; times are ISO 8601.

    `legal_at`: what `at` counts for in law; "" where it was sealed before axisd knew working time.
    `recipients`: organ and outcome of each. `refusals`: of those of them that were refused with a reason of
    their own, organ, code and sentence. `warnings`: code, place, line and sentence of each, in order.
    `steps`: name, outcome and detail of each step of the inspection, in order.
    `attributes` has every element's attributes by element name,
    the first of each name.
    """

    event: str
    evidence_id: str
    at: str
    legal_at: str
    issuer: str
    issuer_name: str
    reason: str
    reason_text: Sentence
    recipients: tuple[tuple[str, str], ...]
    refusals: tuple[tuple[str, str, Sentence], ...]
    warnings: tuple[tuple[str, str, str, Sentence], ...]
    steps: tuple[tuple[str, str, str], ...]
    attributes: Mapping[str, Mapping[str, str]]

    def of(self, element: str, attribute: str) -> str:
        return self.attributes.get(element, {}).get(attribute, "")


@dataclass(frozen=True, slots=True)
class ReceiptVerdict:
    """`facts` is None, and `proves` empty, unless every check passed: an unproven receipt says nothing.

    `fault` is the code of the reason that it failed for, "" if none. `certificate`: hex SHA-256.
    """

    valid: bool
    fault: str
    checks: tuple[Check, ...]
    facts: ReceiptFacts | None = None
    proves: tuple[Sentence, ...] = ()
    signer: str = ""
    certificate: str = ""
    algorithm: str = ""


class ReceiptVerifier:
    """Judges many receipts by the same certificates, `trust`: authorities, or the axis's own. A chain that
    was built for one of them is not built again for the next."""

    def __init__(self, trust: Sequence[x509.Certificate]) -> None:
        self._trust = frozenset(trust)
        self._prints = frozenset(one.fingerprint(SHA256()).hex() for one in trust)
        self._store = TrustStore(tuple(trust))

    def verify(self, body: bytes) -> ReceiptVerdict:
        """The verdict on the receipt in `body`."""
        return _Proof(body, self).run()

    def refusal(self, claim: Claim, issuer: str, name: str, now: datetime) -> Refusal | None:
        """Why the certificate of `claim` may not sign for the axis `issuer` at `now`; None if it may."""
        if claim.certificate not in self._trust and not is_centre(issuer):
            # An authority issues certificates to agencies too; one of them is no axis by saying so.
            signer = signer_of(claim.certificate)
            return refuse("signer-not-sender", signer=signer, agency=issuer)
        axis = Agency(issuer, name, pins=self._prints)
        return judge(claim.certificate, axis, trust=self._store, now=now, chain=claim.chain)


def verify_receipt(body: bytes, trust: Sequence[x509.Certificate]) -> ReceiptVerdict:
    """Judges the one receipt in `body`, as `ReceiptVerifier` does."""
    return ReceiptVerifier(trust).verify(body)


def told_by(body: bytes) -> ReceiptFacts | None:
    """What the receipt in `body` says, unproven: for telling receipts apart. None if it is none."""
    parsed = parse(body, Limits())
    if isinstance(parsed, Refusal) or _schema_fault(parsed.root) is not None:
        return None
    return _read_facts(parsed.root)


class _Proof:
    def __init__(self, body: bytes, verifier: ReceiptVerifier) -> None:
        self._body = body
        self._verifier = verifier
        self._root: etree._Element | None = None
        self._claim: Claim | None = None
        self._facts: ReceiptFacts | None = None

    def run(self) -> ReceiptVerdict:
        steps = (self._well_formed, self._schema, self._signature, self._signer)
        checks: list[Check] = []
        for name, step in zip(CHECKS, steps, strict=True):
            refusal = step()
            if refusal is not None:
                checks.append(Check(name, passed=False, detail=_words(refusal)))
                return self._verdict(checks, refusal.code)
            checks.append(Check(name, passed=True, detail=Sentence("", "")))
        return self._verdict(checks, "")

    def _verdict(self, checks: Sequence[Check], fault: str) -> ReceiptVerdict:
        facts = None if fault else self._facts
        claim = self._claim
        return ReceiptVerdict(
            valid=not fault,
            fault=fault,
            checks=tuple(checks),
            facts=facts,
            proves=tuple(_proofs(facts)) if facts else (),
            signer=signer_of(claim.certificate) if claim else "",
            certificate=claim.certificate.fingerprint(SHA256()).hex() if claim else "",
            algorithm=claim.method if claim else "",
        )

    def _well_formed(self) -> Refusal | None:
        parsed = parse(self._body, Limits())
        if isinstance(parsed, Refusal):
            return parsed
        self._root = parsed.root
        return None

    @property
    def _tree(self) -> etree._Element:
        assert self._root is not None, "it is well-formed"
        return self._root

    def _schema(self) -> Refusal | None:
        return _schema_fault(self._tree)

    def _signature(self) -> Refusal | None:
        signature = next(self._tree.iter(SIGNATURE), None)
        if signature is None:
            return refuse("signature-missing")
        fault = place_fault(self._tree, (ROOT,))
        if fault is not None:
            return fault
        claim = read(signature)
        if isinstance(claim, Refusal):
            return claim
        self._claim = claim
        covered = verify(self._tree, signature, claim, location="./")
        if isinstance(covered, Refusal):
            return covered
        self._facts = _read_facts(covered)
        return None

    def _signer(self) -> Refusal | None:
        facts, claim = self._facts, self._claim
        assert facts is not None, "the signature held"
        assert claim is not None, "the signature held"
        now = _moment(facts.at)
        if now is None:
            return refuse("schema-invalid", detail=f"WireTime is {facts.at!a}")
        return self._verifier.refusal(claim, facts.issuer, facts.issuer_name, now)


def _moment(text: str) -> datetime | None:
    """The time in `text`; None for one of those that XML Schema knows and nobody else: 24:00, the year 1."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _schema_fault(root: etree._Element) -> Refusal | None:
    if root.tag != ROOT:
        return refuse("kind-unknown", found=etree.QName(root).localname)
    schema = _compiled()
    if schema.validate(root):
        return None
    error = schema.error_log[0]
    return refuse("schema-invalid", line=error.line, detail=error.message or "")


_COMPILED: Final = threading.local()


def _compiled() -> etree.XMLSchema:
    """The receipts' schema; each thread has its own, because its error log is shared state."""
    known: dict[str, etree.XMLSchema] = _COMPILED.__dict__
    if "receipt" not in known:
        source = schema_path("receipt-1.0.xsd").read_bytes()
        known["receipt"] = etree.XMLSchema(parse_trusted(source))
    return known["receipt"]


def _proofs(facts: ReceiptFacts) -> Iterator[Sentence]:
    warnings = [(code, words) for code, _, _, words in facts.warnings]
    return proofs(facts.event, _particulars(facts), warnings)


def _particulars(facts: ReceiptFacts) -> dict[str, str]:
    document = facts.of("Document", "id") or "–"
    status = facts.of("Document", "status")
    return {
        "axis": f"{facts.issuer} ({facts.issuer_name})" if facts.issuer_name else facts.issuer,
        "at": facts.at,
        "legal_at": facts.legal_at,
        "reason": facts.reason_text.en,
        "reason_vi": facts.reason_text.vi,
        "recipients": ", ".join(organ for organ, _ in facts.recipients),
        "accepted": _joined(facts.recipients, {"accepted", "duplicate"}),
        "refused": _joined(facts.recipients, {"refused"}),
        "sender": facts.of("Sender", "organ") or facts.of("Sender", "account"),
        "submission": facts.of("Submission", "id"),
        "received": facts.of("Submission", "receivedAt"),
        "digest": facts.of("Submission", "digest"),
        "size": facts.of("Submission", "size"),
        "legal_value": facts.of("Submission", "legalValue"),
        "document": f"status {status} of document {document}" if status else f"document {document}",
        "document_vi": f"trạng thái {status} của văn bản {document}"
        if status
        else f"văn bản {document}",
        "signer": facts.of("Signer", "subject"),
        "external": facts.of("Delivery", "external"),
        "position": facts.of("Ledger", "position"),
        "previous": facts.of("Ledger", "previousHash"),
    }


def _joined(recipients: Sequence[tuple[str, str]], outcomes: set[str]) -> str:
    return ", ".join(organ for organ, outcome in recipients if outcome in outcomes)


def _words(refusal: Refusal) -> Sentence:
    """The receipt's own sentence where there is one; the table's speak of envelopes."""
    own = FAULTS.get(refusal.code)
    if own is None:
        return Sentence(refusal.text("en"), refusal.text("vi"))
    particulars = dict(refusal.particulars)
    detail = particulars.get("detail", particulars.get("found", ""))
    detail_vi = particulars.get("detail_vi", detail)
    return Sentence(own.en.format(detail=detail), own.vi.format(detail=detail_vi))


def _read_facts(root: etree._Element) -> ReceiptFacts:
    """Of a schema-valid receipt; for a verdict, of what its signature covers and nothing else."""
    attributes: dict[str, Mapping[str, str]] = {}
    for element in root.iterchildren(f"{_PREFIX}*"):
        attributes.setdefault(
            etree.QName(element).localname, {str(k): str(v) for k, v in element.items()}
        )
    reason = root.find(f"{_PREFIX}Reason")
    return ReceiptFacts(
        event=root.findtext(f"{_PREFIX}Event", ""),
        evidence_id=root.findtext(f"{_PREFIX}EvidenceId", ""),
        at=root.findtext(f"{_PREFIX}WireTime", ""),
        legal_at=root.findtext(f"{_PREFIX}LegalTime", ""),
        issuer=attributes["Issuer"]["code"],
        issuer_name=root.findtext(f"{_PREFIX}Issuer", ""),
        reason=attributes.get("Reason", {}).get("code", ""),
        reason_text=_sentence(reason) if reason is not None else Sentence("", ""),
        recipients=tuple(
            (element.get("organ", ""), element.get("outcome", ""))
            for element in root.iterchildren(f"{_PREFIX}Recipient")
        ),
        refusals=tuple(
            (element.get("organ", ""), why.get("code", ""), _sentence(why))
            for element in root.iterchildren(f"{_PREFIX}Recipient")
            for why in element.iterchildren(f"{_PREFIX}Reason")
        ),
        warnings=tuple(
            (
                element.get("code", ""),
                element.get("at", ""),
                element.get("line", ""),
                _sentence(element),
            )
            for element in root.iterchildren(f"{_PREFIX}Warning")
        ),
        steps=tuple(
            (step.get("name", ""), step.get("outcome", ""), step.text or "")
            for step in root.iterchildren(f"{_PREFIX}Step")
        ),
        attributes=attributes,
    )


def _sentence(reason: etree._Element) -> Sentence:
    texts = dict(_texts(reason))
    return Sentence(texts.get("en", ""), texts.get("vi", ""))


def _texts(reason: etree._Element) -> Iterator[tuple[str, str]]:
    for element in reason.iterchildren(f"{_PREFIX}Text"):
        yield element.get("lang", ""), element.text or ""
