"""What a receipt says: the XML of `schemas/receipt-1.0.xsd`, without its signature.

A receipt can be read alone, years later, by somebody who has nothing else: every event repeats who
handed in what, with digests, and where in the ledger it stands. It never carries the subject or any
content of the document. What came from outside may hold characters that XML cannot carry; they become
U+FFFD here rather than make a receipt impossible.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from lxml import etree

from axisd.core.chain import recipients_of
from axisd.core.evidence import Evidence, RecipientOutcome
from axisd.core.inspection import Outcome
from axisd.core.reasons import Refusal
from axisd.core.view import Axis
from axisd.core.xmldsig import canonical
from axisd.core.zone import wire_time

NAMESPACE: Final = "urn:axisd:receipt:1.0"
VERSION: Final = "1.0"
ROOT: Final = f"{{{NAMESPACE}}}Receipt"

_NOT_EXAMINED: Final = "not-examined"
_NSMAP: Final = {None: NAMESPACE}
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NONCHARACTERS: Final = ("\ufffe".encode(), "\uffff".encode())

_Values = Mapping[str, str | int | None]


def compose(
    evidence: Evidence, axis: Axis, position: int, previous_hash: str, legal_at: datetime
) -> bytes:
    """The canonical octets (exclusive, without comments) of the receipt about `evidence`.

    Legal time is always written, also where it is the wire time: so nobody who reads a receipt needs a
    calendar, or has to know whether the axis that sealed it had one.
    """
    told = (evidence, axis, position, previous_hash, legal_at)
    try:
        found = canonical(_Composer(str).receipt(*told))
    except ValueError:  # lxml refuses most of what XML forbids
        found = b""
    if not found or any(character in found for character in _NONCHARACTERS):
        found = canonical(_Composer(_clean).receipt(*told))
    return found


def _is_examined(evidence: Evidence) -> bool:
    """Whether anybody looked for a signature: what is refused at an earlier step may have one or not."""
    skipped = [step for step in evidence.steps if step.outcome is Outcome.SKIPPED]
    return not any(step.name == "signature" for step in skipped)


def _clean(text: object) -> str:
    return _FORBIDDEN.sub("\ufffd", str(text))


class _Composer:
    def __init__(self, clean: Callable[[object], str]) -> None:
        self._clean = clean

    def receipt(
        self,
        evidence: Evidence,
        axis: Axis,
        position: int,
        previous_hash: str,
        legal_at: datetime,
    ) -> etree._Element:
        root = etree.Element(ROOT, {"version": VERSION}, nsmap=_NSMAP)
        facts = evidence.facts
        self._add(root, "EvidenceId", text=evidence.id)
        self._add(root, "Event", text=evidence.event)
        if evidence.refusal is not None:
            self._reason(root, "Reason", evidence.refusal)
        self._add(root, "WireTime", text=wire_time(evidence.at))
        self._add(root, "LegalTime", text=wire_time(legal_at))
        self._add(root, "Issuer", {"code": axis.centre}, axis.name)
        self._add(root, "Sender", {"organ": facts.sender, "account": facts.account})
        self._add(
            root,
            "Submission",
            {
                "id": facts.submission_id,
                "door": facts.door,
                "lane": facts.lane,
                "receivedAt": wire_time(facts.received_at),
                "size": facts.size,
                "digest": facts.digest,
                "legalValue": facts.legal_value if _is_examined(evidence) else _NOT_EXAMINED,
            },
        )
        self._add(
            root,
            "Document",
            {
                "id": facts.document_id,
                "kind": facts.kind,
                "business": facts.business,
                "status": facts.status,
            },
        )
        self._signer(root, evidence)
        self._attachments(root, evidence)
        if evidence.delivery_id or evidence.external_id:
            self._add(
                root, "Delivery", {"id": evidence.delivery_id, "external": evidence.external_id}
            )
        self._recipients(root, evidence)
        self._inspection(root, evidence)
        self._add(root, "Ledger", {"position": position, "previousHash": previous_hash})
        return root

    def _signer(self, root: etree._Element, evidence: Evidence) -> None:
        found = evidence.facts.signature
        self._add(
            root,
            "Signer",
            {
                "state": found.state if _is_examined(evidence) else _NOT_EXAMINED,
                "subject": found.signer,
                "certificate": f"sha256:{found.certificate}" if found.certificate else "",
                "algorithm": found.algorithm,
            },
        )

    def _attachments(self, root: etree._Element, evidence: Evidence) -> None:
        for attachment in evidence.facts.attachments:
            self._add(
                root,
                "Attachment",
                {
                    "contentId": attachment.content_id,
                    "name": attachment.name,
                    "size": attachment.size,
                    "digest": attachment.digest,
                },
            )

    def _recipients(self, root: etree._Element, evidence: Evidence) -> None:
        for outcome in recipients_of(evidence):
            self._recipient(root, outcome)

    def _recipient(self, root: etree._Element, outcome: RecipientOutcome) -> None:
        element = self._add(
            root,
            "Recipient",
            {
                "organ": outcome.organ,
                "inbox": outcome.inbox,
                "route": outcome.route,
                "outcome": outcome.outcome,
            },
        )
        for code in outcome.addressed:
            self._add(element, "Addressed", text=code)
        if outcome.refusal is not None:
            self._reason(element, "Reason", outcome.refusal)
        if outcome.note is not None:
            self._reason(element, "Note", outcome.note)

    def _inspection(self, root: etree._Element, evidence: Evidence) -> None:
        for step in evidence.steps:
            self._add(root, "Step", {"name": step.name, "outcome": step.outcome}, step.detail)
        for warning in evidence.warnings:
            self._reason(root, "Warning", warning)

    def _reason(self, parent: etree._Element, name: str, refusal: Refusal) -> None:
        reason = refusal.reason
        element = self._add(
            parent,
            name,
            {
                "code": reason.code,
                "fault": reason.fault,
                "retryable": "true" if reason.retryable else "false",
                "at": refusal.at,
                "line": refusal.line,
            },
        )
        self._add(element, "Text", {"lang": "en"}, refusal.text("en"))
        self._add(element, "Text", {"lang": "vi"}, refusal.text("vi"))

    def _add(
        self, parent: etree._Element, name: str, values: _Values | None = None, text: str = ""
    ) -> etree._Element:
        """An element; values that are None or "" are left out, as is an empty text."""
        element = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
        for key, value in (values or {}).items():
            if value is not None and value != "":
                element.set(key, self._clean(value))
        if text:
            element.text = self._clean(text)
        return element
