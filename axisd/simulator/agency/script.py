"""An agency whose clerk is a script: it answers what comes in, and writes when it is told to.

To a document it says 01, then 03, or 02 with its reason if it is told to refuse; to a recall and a status 13
that it agrees (15) or not (16); to an update or a replacement 01 and 15. A document with a DueDate asks for a reply: it
answers with one that carries the same files. What came before under its id is not answered again for as long
as the script runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from axisd.adapters.clock import SystemClock
from axisd.client import File, Writer
from axisd.client.writing import answered
from axisd.core.carried import carried_files
from axisd.core.envelope import Business, Document, Status
from axisd.core.reasons import Refusal
from axisd.core.zone import VIETNAM
from axisd.simulator.agency.post import Arrival, Post

NOTATION: Final = "MP"
"""Notation of the script's own documents (mô phỏng)."""

_WORDS: Final = {
    "01": "Đã đến: hệ thống đã nhận được văn bản",
    "03": "Đã tiếp nhận: văn thư đã vào sổ",
    "04": "Đã phân công xử lý",
    "05": "Đang xử lý",
    "06": "Đã hoàn thành",
    "15": "Đồng ý",
    "16": "Không đồng ý: văn bản đã được xử lý xong",
}

PDF: Final = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)


@dataclass(frozen=True, slots=True)
class Habits:
    """How the script answers. `codes`: to a document, in order; `refusal`: the reason of a 02 instead of all
    after 01; `agrees`: to recalls and changes; `replies`: whether a document with a DueDate gets one."""

    codes: tuple[str, ...] = ("01", "03")
    refusal: str = ""
    agrees: bool = True
    replies: bool = True


class Numbers:
    """Running numbers that no earlier run has used: the millisecond of the year, or the next after the last."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self._last = 0

    def __call__(self) -> str:
        local = self._clock.now().astimezone(VIETNAM)
        year = local.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
        self._last = max((local - year) // timedelta(milliseconds=1), self._last + 1)
        return str(self._last)


@dataclass(slots=True)
class ScriptedAgency:
    """One agency behind `post`. Override `answers` for one that behaves otherwise. `observe` is told what it
    takes and what it sends."""

    post: Post
    writer: Writer
    habits: Habits = Habits()
    observe: Callable[[str], None] = lambda _: None
    _seen: set[str] = field(default_factory=set)
    _numbers: Numbers = field(default_factory=Numbers)

    async def run(self) -> None:
        """Answers until cancelled."""
        await self.post.run(self.take)

    async def take(self, arrival: Arrival) -> None:
        """Answers one message; returning means that it is handled."""
        if arrival.id in self._seen:
            return
        self.observe(_told(arrival))
        for body in await asyncio.to_thread(lambda: list(self.answers(arrival))):
            await self.post.send(body)
        self._seen.add(arrival.id)

    def answers(self, arrival: Arrival) -> Iterator[bytes]:
        """What is sent about `arrival`, signed, in order."""
        agreed = "15" if self.habits.agrees else "16"
        match arrival.envelope:
            case Status(code="13") as asked:
                yield self.status(asked, agreed)
            case Document() as document if document.business.business is Business.RECALL:
                yield self.status(document, agreed)
            case Document() as document if document.business.business is not Business.NEW:
                yield self.status(document, "01")
                yield self.status(document, agreed)
            case Document() as document:
                yield from self._said(document)
                if document.due_date and self.habits.replies:
                    yield self.reply(document, arrival.body)

    def _said(self, document: Document) -> Iterator[bytes]:
        if self.habits.refusal:
            yield self.status(document, "01")
            yield self.status(document, "02", self.habits.refusal)
            return
        for code in self.habits.codes:
            yield self.status(document, code)

    def status(self, about: Document | Status, code: str, words: str = "") -> bytes:
        """One status about `about`."""
        return self.writer.status(about, code, words or _WORDS.get(code, ""))

    def reply(self, document: Document, body: bytes) -> bytes:
        """A document that answers `document` and carries its files back."""
        found = carried_files(body)
        files = [] if isinstance(found, Refusal) else found
        letter = self.letter(document.sender.organ_id, f"Trả lời: {document.subject}")
        letter = replace(letter, responses_for=(answered(document),))
        carried = [File(one.name, one.content, one.content_type) for one in files]
        return self.writer.document(letter, carried)

    def letter(self, to: str, subject: str, **fields: object) -> Document:
        """A new document of this agency."""
        return self.writer.letter([to], f"{self._numbers()}/{NOTATION}", subject, **fields)

    async def write(self, to: str, subject: str) -> str:
        """Sends a new document with a PDF; its DocumentId."""
        letter = self.letter(to, subject)
        files = [File("cong-van.pdf", PDF, "application/pdf")]
        await self.post.send(await asyncio.to_thread(self.writer.document, letter, files))
        self.observe(f"sent {letter.document_id} to {to}")
        return letter.document_id


def _told(arrival: Arrival) -> str:
    match arrival.envelope:
        case Document() as document:
            what = document.business.business
            return (
                f"took a document ({what}) from {document.sender.organ_id}: {document.document_id}"
            )
        case Status() as status:
            return f"took status {status.code} from {status.sender.organ_id} about {status.document_id}"
        case _:
            return "took what it cannot read"
