"""The examination of one system, in order: what is written to it, and what has to come back.

Everything goes through the axis, with the examiner's own account; the system is only ever written to as any
agency may. Each result is told as soon as it is known. When nothing at all comes back to the first document the rest
is not tried. Going wrong: what the examiner itself cannot send is raised (AxisError), and is nobody's failure.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from cryptography import x509

from axisd.adapters.clock import SystemClock
from axisd.core.carried import carried_files
from axisd.core.envelope import Document
from axisd.core.reasons import Refusal
from axisd.core.wording import Phrase
from axisd.simulator.agency.post import Arrival, Post
from axisd.simulator.conformance import judging
from axisd.simulator.conformance.checks import CHECKS, Result
from axisd.simulator.conformance.heard import Heard
from axisd.simulator.conformance.letters import Letters
from axisd.simulator.conformance.notes import Notes

_TAKEN: Final = ("03", "04", "05", "06")
_ANSWERED: Final = ("15", "16")
_OUTSIDE: Final = Phrase(
    "only the sandbox of axisd simulate agency can try it, over AMQP",
    "chỉ thử được trong môi trường của axisd simulate agency, qua AMQP",
)
_NOTHING: Final = Phrase("nothing came to judge", "không có gì để xét")


class Tricks(Protocol):
    """What only whoever runs the axis can do to the system; see `laboratory`."""

    async def repeat(self, document_id: str, body: bytes) -> None:
        """Hands it the document that it has once more, under the id of the first time."""

    async def probe(self) -> None:
        """Hands it a probe."""

    async def cut(self) -> int:
        """Closes its connections; how many those were."""

    async def dead(self) -> int:
        """How many messages were rejected so far."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: `within` for what a system does by itself, `clerk` for what people do."""

    within: float = 60.0
    clerk: float = 600.0


@dataclass(slots=True)
class Exam:
    """One run over `post`, as `letters` writes. `trust`: authorities for the signature of what comes back.
    `ask` hears what a person at the system has to do now."""

    post: Post
    letters: Letters
    heard: Heard
    agency: str
    patience: Patience
    notes: Notes
    trust: Sequence[x509.Certificate] = ()
    laboratory: Tricks | None = None
    ask: Callable[[Phrase], None] = lambda _: None
    _clock: SystemClock = field(default_factory=SystemClock)

    async def run(self) -> list[Result]:
        """All checks, each once, in the order of the table where they do not depend on each other."""
        async with asyncio.TaskGroup() as group:
            listening = group.create_task(self.post.run(self.heard.take))
            try:
                await self._examine()
            finally:
                listening.cancel()
        return self.notes.results

    async def _examine(self) -> None:
        first = self.letters.plain("V/v kiểm tra hợp chuẩn: đường Nguyễn Huệ, phường Long Hoa")
        body = await self._write(first)
        if not await self._arrived("arrival", first):
            for name in CHECKS:
                self.notes.not_tried(name, _NOTHING)
            return
        await self._registered(first)
        urgent = self.letters.urgent("HỎA TỐC: V/v kiểm tra văn bản khẩn")
        await self._write(urgent, urgent=True)
        await self._arrived("urgent", urgent)
        await self._changed(first, urgent)
        await self._taken_back()
        await self._replied()
        await self._large()
        await self._repeated(first, body)
        await self._cut()
        self._statuses()
        self._once()

    # one thing after the other

    async def _registered(self, letter: Document) -> None:
        about = self.heard.about
        self.ask(
            Phrase(
                f"take {letter.document_id} into the register, or refuse it with a reason",
                f"vào sổ văn bản {letter.document_id}, hoặc từ chối và nêu lý do",
            )
        )
        found = await self.heard.until(
            lambda: about(letter.document_id, "02", *_TAKEN), self.patience.clerk
        )
        if found is None:
            self.notes.failed("registration", self._silence(self.patience.clerk))
        elif found.code == "02" and not found.description:
            self.notes.failed("registration", Phrase("02 without a reason", "02 không có lý do"))
        else:
            self.notes.passed(
                "registration", Phrase(f"status {found.code}", f"trạng thái {found.code}")
            )

    async def _changed(self, first: Document, urgent: Document) -> None:
        update = self.letters.update(first)
        await self._write(update)
        await self._arrived("update", update)
        replacement = self.letters.replacement(urgent)
        await self._write(replacement)
        await self._arrived("replacement", replacement)

    async def _taken_back(self) -> None:
        for name in ("recall", "taking-back"):
            letter = self.letters.plain(f"V/v văn bản sẽ thu hồi ({name})")
            await self._write(letter)
            # What has not arrived would be withdrawn, and never reach the system at all.
            await self._said(letter, "01", *_TAKEN)
            asked = (
                self.letters.sealed(self.letters.recall(letter))
                if name == "recall"
                else self.letters.asked_back(letter)
            )
            await self.post.send(asked)
            self.ask(
                Phrase(
                    f"decide about the recall of {letter.document_id}",
                    f"quyết định việc thu hồi văn bản {letter.document_id}",
                )
            )
            about = letter.document_id
            found = await self.heard.until(
                lambda about=about: self.heard.about(about, *_ANSWERED),  # type: ignore[misc]
                self.patience.clerk,
            )
            if found is None:
                self.notes.failed(name, self._silence(self.patience.clerk))
            else:
                self.notes.passed(name, Phrase(f"status {found.code}", f"trạng thái {found.code}"))

    async def _replied(self) -> None:
        letter = self.letters.asking("Đề nghị trả lời: V/v rà soát số liệu")
        await self._write(letter)
        found = await self._reply_to(letter)
        if found is None:
            self.notes.failed("reply", self._silence(self.patience.clerk))
            for name in ("signature", "manifest", "form"):
                self.notes.not_tried(name, _NOTHING)
            return
        document, arrival = found
        self.notes.passed("reply", Phrase(document.document_id, document.document_id))
        now = self._clock.now()
        fault = await asyncio.to_thread(
            judging.signature_fault, arrival.body, self.agency, self.trust, now
        )
        self.notes.judged("signature", fault)
        self.notes.judged("manifest", judging.manifest_fault(document))
        self.notes.judged("form", judging.form_fault(document, now))

    async def _large(self) -> None:
        file = self.letters.large_file()
        letter = self.letters.asking("Đề nghị gửi lại tệp kèm theo: V/v tệp lớn")
        await self._write(letter, file=file)
        found = await self._reply_to(letter)
        if found is None:
            self.notes.failed("attachment", self._silence(self.patience.clerk))
            return
        digests = await asyncio.to_thread(lambda: list(_digests(found[1].body)))
        if hashlib.sha256(file).hexdigest() in {digest for digest, _ in digests}:
            self.notes.passed("attachment")
            return
        sizes = ", ".join(str(size) for _, size in digests) or "–"
        self.notes.failed(
            "attachment",
            Phrase(
                f"{len(file)} bytes were sent; files of {sizes} bytes came back, none of them the same",
                f"đã gửi {len(file)} byte; nhận lại tệp {sizes} byte, không tệp nào giống",
            ),
        )

    async def _repeated(self, first: Document, body: bytes) -> None:
        """A message twice, a probe, then a document: what is said before the last is answered is the answer."""
        laboratory = self.laboratory
        if laboratory is None:
            self.notes.not_tried("duplicate", _OUTSIDE)
            self.notes.not_tried("probe", _OUTSIDE)
            return
        dead = await laboratory.dead()
        before = [one.code for one in self.heard.about(first.document_id)]
        await laboratory.repeat(first.document_id, body)
        after_duplicate = self.letters.plain("V/v sau thông điệp lặp")
        await self._write(after_duplicate)
        handled = await self._said(after_duplicate, "01", *_TAKEN)
        settled = handled and await self._said(after_duplicate, "02", *_TAKEN, clerk=True)
        # What its clerk goes on with meanwhile is new: assigned, at work, done.
        since = [one.code for one in self.heard.about(first.document_id)[len(before) :]]
        again = [code for code in since if code in before]
        if not settled:
            self.notes.failed("duplicate", self._stopped())
        elif again:
            codes = ", ".join(again)
            self.notes.failed(
                "duplicate", Phrase(f"answered again: {codes}", f"trả lời lại: {codes}")
            )
        else:
            self.notes.passed("duplicate")
        await laboratory.probe()
        after_probe = self.letters.plain("V/v sau thông điệp thử")
        await self._write(after_probe)
        if not await self._said(after_probe, "01", *_TAKEN):
            self.notes.failed("probe", self._stopped())
        elif await laboratory.dead() > dead:
            said = Phrase(
                "it was rejected: axis.dead has it", "bị reject: đang nằm trong axis.dead"
            )
            self.notes.failed("probe", said)
        else:
            self.notes.passed("probe")

    async def _cut(self) -> None:
        if self.laboratory is None:
            self.notes.not_tried("reconnection", _OUTSIDE)
            return
        count = await self.laboratory.cut()
        letter = self.letters.plain("V/v sau khi mất kết nối")
        await self._write(letter)
        if await self._said(letter, "01", *_TAKEN):
            self.notes.passed(
                "reconnection",
                Phrase(f"{count} connections were closed", f"đã ngắt {count} kết nối"),
            )
        else:
            self.notes.failed("reconnection", self._silence(self.patience.within))

    def _statuses(self) -> None:
        letters = self.letters.written
        faults = [judging.status_fault(one, letters) for one in self.heard.statuses]
        self.notes.judged("statuses", next((fault for fault in faults if fault), None))
        known = {one.document_id: one for one in letters}
        misread = [
            judging.misread(one, known[one.document_id])
            for one in self.heard.statuses
            if one.document_id in known
        ]
        self.notes.judged("vietnamese", next((fault for fault in misread if fault), None))

    def _once(self) -> None:
        asked = [one for one in self.letters.written if one.due_date]
        answers = [
            {document.document_id for document, _ in self.heard.replies(one.document_id)}
            for one in asked
        ]
        twice = next((ids for ids in answers if len(ids) > 1), None)
        if twice is not None:
            named = ", ".join(sorted(twice))
            self.notes.failed("once", Phrase(f"one letter was answered by {named}",
                                        f"một văn bản được trả lời bằng {named}"))  # fmt: skip
        elif not any(answers):
            self.notes.not_tried("once", _NOTHING)
        else:
            self.notes.passed("once")

    # what all of them need

    async def _write(self, letter: Document, *, urgent: bool = False, file: bytes = b"") -> bytes:
        write = self.letters.sealed
        body = await asyncio.to_thread(write, letter, file) if file else write(letter)
        await self.post.send(body, urgent=urgent)
        return body

    async def _arrived(self, name: str, letter: Document) -> bool:
        found = await self._said(letter, "01")
        if found:
            self.notes.passed(name, Phrase("status 01", "trạng thái 01"))
            return True
        others = self.heard.about(letter.document_id) or self.heard.statuses
        came = self._silence(self.patience.within)
        if others:
            last = others[-1]
            came = Phrase(
                f"status {last.code} about {last.document_id}, and no 01",
                f"trạng thái {last.code} về {last.document_id}, không có 01",
            )
        self.notes.failed(name, came)
        return bool(others)

    async def _said(self, letter: Document, *codes: str, clerk: bool = False) -> bool:
        within = self.patience.clerk if clerk else self.patience.within
        about = letter.document_id
        return await self.heard.until(lambda: self.heard.about(about, *codes), within) is not None

    async def _reply_to(self, letter: Document) -> tuple[Document, Arrival] | None:
        self.ask(
            Phrase(
                f"answer {letter.document_id} by a document that carries the same file",
                f"gửi văn bản trả lời {letter.document_id}, đính kèm lại đúng tệp đã nhận",
            )
        )
        about = letter.document_id
        return await self.heard.until(lambda: self.heard.replies(about), self.patience.clerk)

    def _silence(self, seconds: float) -> Phrase:
        troubles = "; ".join(self.post.troubles)
        more = f" ({troubles})" if troubles else ""
        return Phrase(
            f"nothing within {seconds:g} s{more}", f"không có gì sau {seconds:g} giây{more}"
        )

    def _stopped(self) -> Phrase:
        said = self._silence(self.patience.within)
        return Phrase(f"the next document was not handled: {said.en}",
                      f"văn bản kế tiếp không được xử lý: {said.vi}")  # fmt: skip


def _digests(body: bytes) -> Iterator[tuple[str, int]]:
    """Digest and size of each file in an envelope."""
    found = carried_files(body)
    if not isinstance(found, Refusal):
        for file in found:
            yield hashlib.sha256(file.content).hexdigest(), len(file.content)
