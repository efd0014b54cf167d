"""Another province or ministry on the national axis, played by a script: it answers what it receives.

It looks into its mailbox again and again. Each item is fetched, put down with all that its script says
about it (`script`, `agenda`), and called `done`; then whatever is due is said, under the code by which the
document was addressed. A document that comes twice is called `done` twice and answered once. What it cannot read is called `fail`. It signs nothing and checks nothing beyond the
form, as a partner's system might. What could not be said is said at the next look; where only the answer was
lost, it is said twice, which receivers of statuses must bear anyway.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from axisd.core.envelope import Organization
from axisd.errors import TransientError
from axisd.ports import Clock, NationalAnswer, NationalAxis, NationalItem, TransportStatus
from axisd.simulator.national import answers
from axisd.simulator.national.agenda import REPLY, Agenda, Owed, Word
from axisd.simulator.national.dice import Dice
from axisd.simulator.national.envelope import Glance, glance
from axisd.simulator.national.script import RECALL, Script, Step, Steps

_LIMIT: Final = 128 * 1024 * 1024
_KINDS: Final = ("document", "status")
_AGAIN: Final = frozenset({"15", "20", "21"})
_AGREED: Final = "15"
_RECALL: Final = "1"
_CHANGES: Final = frozenset({"2", "3"})


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing that came in, with its exact bytes."""

    item: NationalItem
    kind: str
    body: bytes = field(repr=False)


class Peer:
    """A system with one agency, talking through `national`.

    `answers`: the statuses that it gives, in order, where no `script` says more. `clock` says what is due.
    """

    def __init__(
        self,
        national: NationalAxis,
        clock: Clock,
        agency: Organization,
        answers: Iterable[str] = ("01", "03"),
        *,
        script: Script | None = None,
        agenda: Agenda | None = None,
        centre: str = "",
        dice: int = 0,
    ) -> None:
        self._national = national
        self._clock = clock
        self._agency = agency
        self._script = script or Script(statuses=tuple(Step(code) for code in answers))
        self._agenda = agenda or Agenda()
        self._centre = centre
        self._dice = Dice(dice)
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
        """Takes what waits, and says what is due; how many items were taken."""
        taken = 0
        for kind in _KINDS:
            try:
                items = await self._national.waiting(kind)
            except TransientError as wrong:
                self.troubles.append(str(wrong))
                continue
            for item in items:
                taken += await self._take(item, kind)
        await self._say()
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

    def owes(self) -> int:
        """How much is still to be said."""
        return self._agenda.count(self._centre)

    def _of(self, kind: str) -> list[Heard]:
        return [heard for heard in self.heard if heard.kind == kind]

    async def _take(self, item: NationalItem, kind: str) -> bool:
        """Whether the item is dealt with; one that is not is listed again."""
        try:
            body = await self._national.fetch(item)
            seen = glance(body, _LIMIT)
            if isinstance(seen, str):
                await self._national.report(item, TransportStatus.FAIL, seen)
                self.troubles.append(seen)
                return True
            self._agenda.take(self._centre, _matter(item, seen, body), self._words(item, seen))
            if self._agenda.take(self._centre, item.doc_id, ()):
                async with self._seen:
                    self.heard.append(Heard(item, kind, body))
                    self._seen.notify_all()
            await self._national.report(item, TransportStatus.DONE)
        except TransientError as wrong:
            self.troubles.append(str(wrong))
            return False
        return True

    def _words(self, item: NationalItem, seen: Glance) -> list[tuple[datetime, Word]]:
        """What the script says about an item, and when."""
        script = self._script
        if seen.kind == "status":
            return self._recalled(item, seen) if seen.code == RECALL else []
        if seen.business == _RECALL:
            return self._recalled(item, seen)
        if self._dice.happens(script.refuses, "refuses"):
            return self._steps(item, seen, script.refusal)
        steps = script.updates if seen.business in _CHANGES else ()
        words = self._steps(item, seen, (*steps, *script.statuses))
        if self._dice.happens(script.replies, "replies"):
            after = self._dice.time(script.reply_after, "reply")
            words.append((self._clock.now() + after, self._word(REPLY, item, seen)))
        return words

    def _recalled(self, item: NationalItem, seen: Glance) -> list[tuple[datetime, Word]]:
        """The answers to a recall; who agrees says nothing more about the document."""
        return [
            (at, replace(word, last=word.code == _AGREED))
            for at, word in self._steps(item, seen, self._script.recalls)
        ]

    def _steps(self, item: NationalItem, seen: Glance, steps: Steps) -> list[tuple[datetime, Word]]:
        words, at = [], self._clock.now()
        for step in steps:
            at += self._dice.time(step.after, step.code)
            words.append((at, self._word(step.code, item, seen)))
        return words

    def _word(self, code: str, item: NationalItem, seen: Glance) -> Word:
        return Word(
            code=code,
            sender=item.recipient or self._agency.organ_id,
            to=seen.sender,
            document_id=seen.document_id,
            notation=seen.notation,
            promulgated=seen.promulgated,
        )

    async def _say(self) -> None:
        """Says what is due, in order; what cannot be said now keeps what comes after it waiting."""
        while owed := self._agenda.due(self._centre, self._clock.now()):
            try:
                answer = await self._hand_in(owed)
            except TransientError as wrong:
                self.troubles.append(str(wrong))
                return
            if not answer.accepted:
                said = f"code {answer.code}, {answer.text}"
                what = owed.word.code if owed.word.code == REPLY else f"status {owed.word.code}"
                self.troubles.append(f"{what}: {said}")
                if answer.code in _AGAIN:
                    return
            self._agenda.done(owed)
            if owed.word.last:
                self._agenda.drop(self._centre, owed.word.document_id)

    async def _hand_in(self, owed: Owed) -> NationalAnswer:
        replies, name = owed.word.code == REPLY, self._agency.name
        return await self._national.send(
            answers.reply(owed, name) if replies else answers.status(owed, name),
            kind="document" if replies else "status",
            sender=owed.word.sender,
            recipients=(),
        )


def _matter(item: NationalItem, seen: Glance, body: bytes) -> str:
    """What is answered once: a document for one recipient, however often it comes; else these very bytes."""
    if seen.kind == "status" or seen.business == _RECALL:
        return hashlib.sha256(body).hexdigest()
    return f"{seen.sender}|{seen.document_id}|{seen.business}|{item.recipient}"
