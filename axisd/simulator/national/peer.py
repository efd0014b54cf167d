"""Another province or ministry on the national axis, played by a script: it answers what it receives.

It looks into its mailbox again and again. Each document is fetched, answered with business statuses (01
and 03 unless told otherwise) under the code by which it was addressed, kept, and called `done`; each
status is kept and called `done`. What it cannot read is called `fail`. It signs nothing and checks
nothing beyond the form, as a partner's system might. A kill between answer and `done` makes it answer
again, which the receivers of statuses must bear anyway.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from axisd.core.compose import compose_status
from axisd.core.envelope import Organization, ResponseFor, Staff, Status
from axisd.errors import TransientError
from axisd.ports import Clock, NationalAnswer, NationalAxis, NationalItem, TransportStatus
from axisd.simulator.national.conventions import stamp
from axisd.simulator.national.envelope import Glance, glance

_LIMIT: Final = 128 * 1024 * 1024
_KINDS: Final = ("document", "status")
_WORDS: Final = {
    "01": "Đã đến: hệ thống đã nhận được văn bản",
    "02": "Từ chối tiếp nhận: văn bản không thuộc thẩm quyền",
    "03": "Đã tiếp nhận: văn thư đã vào sổ",
    "04": "Đã phân công xử lý",
    "05": "Đang xử lý",
    "06": "Đã hoàn thành",
}


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing that came in, with its exact bytes."""

    item: NationalItem
    kind: str
    body: bytes = field(repr=False)


class Peer:
    """A system with one agency, talking through `national`. `answers`: the statuses it gives, in order."""

    def __init__(
        self,
        national: NationalAxis,
        clock: Clock,
        agency: Organization,
        answers: Iterable[str] = ("01", "03"),
    ) -> None:
        self._national = national
        self._clock = clock
        self._agency = agency
        self._answers = tuple(answers)
        self._seen = asyncio.Condition()
        self.heard: list[Heard] = []
        """Documents and statuses that came in, oldest first."""
        self.troubles: list[str] = []
        """What went wrong; a look after that tries again."""

    async def run(self, pause: float = 0.5) -> None:
        """Looks every `pause` seconds until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(pause)

    async def look(self) -> int:
        """Takes what waits; how many items that were."""
        taken = 0
        for kind in _KINDS:
            try:
                for item in await self._national.waiting(kind):
                    await self._take(item, kind)
                    taken += 1
            except TransientError as wrong:
                self.troubles.append(str(wrong))
        return taken

    async def send(self, body: bytes, recipients: Iterable[str] = ()) -> NationalAnswer:
        """Hands a document in, for those it names or only for `recipients`."""
        return await self._national.send(
            body, kind="document", sender=self._agency.organ_id, recipients=recipients
        )

    async def until(self, count: int, kind: str, within: float) -> list[Heard]:
        """Waits until `count` things of `kind` came in. Raises TimeoutError after `within` seconds."""
        async with asyncio.timeout(within), self._seen:
            await self._seen.wait_for(lambda: len(self._of(kind)) >= count)
        return self._of(kind)

    def _of(self, kind: str) -> list[Heard]:
        return [heard for heard in self.heard if heard.kind == kind]

    async def _take(self, item: NationalItem, kind: str) -> None:
        body = await self._national.fetch(item)
        seen = glance(body, _LIMIT)
        if isinstance(seen, str):
            await self._national.report(item, TransportStatus.FAIL, seen)
            self.troubles.append(seen)
            return
        if kind == "document":
            await self._national.report(item, TransportStatus.PROCESSING)
            await self._answer(item, seen)
        await self._national.report(item, TransportStatus.DONE)
        async with self._seen:
            self.heard.append(Heard(item, kind, body))
            self._seen.notify_all()

    async def _answer(self, item: NationalItem, seen: Glance) -> None:
        sender = item.recipient or self._agency.organ_id
        for code in self._answers:
            body = compose_status(self._status(code, sender, seen))
            answer = await self._national.send(body, kind="status", sender=sender, recipients=())
            if not answer.accepted:
                self.troubles.append(f"status {code}: code {answer.code}, {answer.text}")

    def _status(self, code: str, sender: str, seen: Glance) -> Status:
        return Status(
            sender=Organization(sender, name=self._agency.name),
            about=ResponseFor(
                organ_id=seen.sender,
                code=seen.notation,
                document_id=seen.document_id,
                promulgation_date=seen.promulgated,
            ),
            code=code,
            description=_WORDS.get(code, ""),
            timestamp=stamp(self._clock.now()),
            staff=Staff(department="Văn thư", name=self._agency.name),
        )
