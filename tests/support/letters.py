"""Documents as values, and receipts about any bytes, for tests of the agencies' side."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Final

from cryptography.x509 import Certificate

from axisd.core.envelope import Document, Organization
from axisd.core.evidence import GENESIS, Evidence
from axisd.core.receipts import Sealer
from axisd.core.view import Axis
from axisd.simulator.pki import Authority
from tests.support.evidence import AT, FACTS

ISSUER: Final = Axis("00.53.W00", "Trục", frozenset({"H53"}))


def letter(
    sender: str = "000.00.11.H53", *recipients: str, number: str = "7", subject: str = "V/v thử"
) -> Document:
    """A new document, without files."""
    return Document(
        sender=Organization(sender, name="Cơ quan gửi"),
        recipients=tuple(Organization(code) for code in recipients or ("000.00.13.H53",)),
        document_id=f"{sender},2026/11/20,{number}/STC",
        number=number,
        notation="STC",
        place="Tây Ninh",
        promulgation_date="2026/11/20",
        document_type="1",
        type_detail="",
        type_name="Công văn",
        subject=subject,
    )


class Seals:
    """Receipts about one envelope, as the axis would make them."""

    def __init__(self, body: bytes) -> None:
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        self.facts = replace(FACTS, digest=digest, size=len(body))
        self._authority = Authority.root(AT)
        self._sealer = Sealer(ISSUER, self._authority.issue(ISSUER.centre).signing_key())

    @property
    def trust(self) -> tuple[Certificate, ...]:
        return (self._authority.certificate,)

    def about(self, evidence: Evidence) -> bytes:
        _, receipt = self._sealer.seal(replace(evidence, facts=self.facts), 1, GENESIS)
        assert receipt is not None
        return receipt.body
