"""What is written to the system that is examined: ordinary documents, each with its own number."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any, Final

from axisd.adapters.clock import SystemClock
from axisd.client import File, Writer
from axisd.core.envelope import Business, BusinessInfo, Document, OtherInfo, Replacement
from axisd.core.zone import VIETNAM
from axisd.simulator.agency.script import PDF, Numbers

NOTATION: Final = "KTHC-ĐĐ"
"""Kiểm tra hợp chuẩn; with the letter that shows whether Vietnamese survives."""
LARGE: Final = 10 * 1024 * 1024
"""Bytes of the large file; what most products were never tried with."""

_DUE: Final = timedelta(days=7)


class Letters:
    """The examiner's pen. `to`: the agency that is examined. `written`: all so far, oldest first.
    `large`: bytes of the large file."""

    def __init__(self, writer: Writer, to: str, *, large: int = LARGE) -> None:
        self.written: list[Document] = []
        self.large = large
        self.writer = writer
        self._to = to
        self._clock = SystemClock()
        self._numbers = Numbers()
        self._first = int(self._numbers())

    def earlier(self, document_id: str) -> bool:
        """Whether an earlier examination by the same agency wrote it, and its answer comes late."""
        start, _, rest = document_id.rpartition(",")
        number, _, notation = rest.partition("/")
        if not start.startswith(f"{self.writer.agency},") or notation != NOTATION:
            return False
        return number.isdecimal() and int(number) < self._first

    def plain(self, subject: str, **fields: Any) -> Document:
        """A new document."""
        number = f"{self._numbers()}/{NOTATION}"
        letter = self.writer.letter([self._to], number, subject, place="Tây Ninh", **fields)
        self.written.append(letter)
        return letter

    def urgent(self, subject: str) -> Document:
        """One that is hỏa tốc."""
        return self.plain(subject, other=OtherInfo(priority="3"))

    def asking(self, subject: str) -> Document:
        """One that asks for a reply within a week."""
        due = self._clock.now().astimezone(VIETNAM) + _DUE
        return self.plain(subject, due_date=f"{due:%Y/%m/%d}")

    def update(self, of: Document) -> Document:
        """Other content for `of`, under an id of its own."""
        business = BusinessInfo(
            Business.UPDATE, of.document_id, "Sửa số liệu", content_changed=True
        )
        return self.plain(f"Cập nhật: {of.subject}", business=business)

    def replacement(self, of: Document) -> Document:
        """What takes the place of `of`."""
        replaced = Replacement(of.document_id, (self._to,))
        business = BusinessInfo(Business.REPLACE, reason="Thay thế", replacements=(replaced,))
        return self.plain(f"Thay thế: {of.subject}", business=business)

    def recall(self, of: Document) -> Document:
        """A recall of `of`: under the same id, without a file; not among the `written`."""
        business = BusinessInfo(Business.RECALL, of.document_id, "Gửi nhầm")
        return self.writer.letter(
            [self._to],
            f"{of.number}/{of.notation}",
            f"Thu hồi: {of.subject}",
            place="Tây Ninh",
            document_id=of.document_id,
            promulgation_date=of.promulgation_date,
            business=business,
        )

    def sealed(self, letter: Document, file: bytes = PDF) -> bytes:
        """The signed envelope of `letter` with one file; a recall has none."""
        recall = letter.business.business is Business.RECALL
        files = [] if recall else [File("Văn bản kèm theo.pdf", file, "application/pdf")]
        return self.writer.document(letter, files)

    def large_file(self) -> bytes:
        """A file that no product packs smaller, and that nobody has seen before."""
        return PDF + secrets.token_bytes(self.large - len(PDF))

    def asked_back(self, letter: Document) -> bytes:
        """The signed status 13 about `letter`."""
        return self.writer.taking_back(letter, self._to, "Gửi nhầm nơi nhận")
