"""The documents and statuses that the demo sends, and how to spoil them."""

from __future__ import annotations

from collections.abc import Sequence

from axisd.adapters import keyring
from axisd.adapters.clock import SystemClock
from axisd.core.compose import compose_document, compose_status
from axisd.core.envelope import (
    BusinessInfo,
    Document,
    ManifestItem,
    Organization,
    OtherInfo,
    ResponseFor,
    Staff,
    Status,
)
from axisd.core.reasons import Refusal
from axisd.core.signing import sign_envelope
from axisd.core.zone import VIETNAM
from axisd.simulator.province import Province

PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)

_NEW = BusinessInfo()


class Papers:
    """Makes envelopes for the agencies of a province; each has its own running number."""

    def __init__(self, province: Province) -> None:
        self._province = province
        self._clock = SystemClock()
        self._number = 0
        self._keys = {
            agency: keyring.load(*province.credentials(agency))
            for member in province.members
            for agency in member.agencies
        }

    def document(
        self,
        sender: str,
        recipients: Sequence[str],
        subject: str,
        *,
        priority: int = 0,
        pages: int = 1,
        document_id: str = "",
        business: BusinessInfo = _NEW,
    ) -> tuple[str, bytes]:
        """DocumentId and the unsigned envelope of a document with a PDF of about `pages` · 4 KB; of a new one
        unless `business` says what it does, and to what under a `document_id` that was used before."""
        self._number += 1
        today = f"{self._clock.now().astimezone(VIETNAM):%Y/%m/%d}"
        document_id = document_id or f"{sender},{today},{self._number}/TEST"
        document = Document(
            sender=Organization(sender, name=f"Cơ quan {sender}"),
            recipients=tuple(Organization(code, name=f"Cơ quan {code}") for code in recipients),
            document_id=document_id,
            number=str(self._number),
            notation="TEST",
            place="Tây Ninh",
            promulgation_date=today,
            document_type="1",
            type_detail="0",
            type_name="Công văn",
            subject=subject,
            other=OtherInfo(priority=str(priority), page_amount=str(pages)),
            business=business,
        )
        item = ManifestItem("cid:1", "application/pdf", "cong-van.pdf")
        filler = b"%" + b"." * 4000 + b"\n"
        return document_id, compose_document(document, [(item, PDF + filler * (pages - 1))])

    def status(self, sender: str, issuer: str, document_id: str, code: str, words: str) -> bytes:
        """The unsigned envelope of a status about somebody's document."""
        now = self._clock.now().astimezone(VIETNAM)
        return compose_status(
            Status(
                sender=Organization(sender, name=f"Cơ quan {sender}"),
                about=ResponseFor(issuer, "1/TEST", document_id, f"{now:%Y/%m/%d}"),
                code=code,
                description=words,
                timestamp=f"{now:%Y/%m/%d %H:%M:%S}",
                staff=Staff(department="Văn thư", name="Văn thư cơ quan"),
            )
        )

    def signed(self, agency: str, body: bytes) -> bytes:
        """`body` signed by `agency`."""
        signed = sign_envelope(body, self._keys[agency])
        assert not isinstance(signed, Refusal), "the demo composes what can be signed"
        return signed
