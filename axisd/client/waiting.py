"""Those who wait for what the axis answers, and the one look into the queue that all of them share.

The broker gives each receipt to one of those who ask for it: were every waiting submission to look for itself, each would
hold what the others wait for. What is looked at goes back to the queue when nobody waits any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field

from axisd.client.answer import Answer
from axisd.client.receipt import Receipt

Look = Callable[[], AsyncGenerator[Receipt, None]]


@dataclass(eq=False, slots=True)
class _Waiter:
    """`news`: it has something to do. `looks`: it looks for all; the bound of that."""

    answer: Answer
    news: asyncio.Event = field(default_factory=asyncio.Event)
    looks: asyncio.Timeout | None = None

    def hear(self, receipt: Receipt) -> bool:
        """Takes what is about its submission; whether it was."""
        taken = self.answer.take(receipt)
        if taken:
            self.news.set()
        return taken

    def offer(self, receipt: Receipt) -> None:
        """The same of one that was looked at."""
        if not self.hear(receipt) and receipt.digest != self.answer.digest:
            self.answer.passed_over += 1


class Waiting:
    """`look`: everything that is in the queue and comes into it, acknowledged by nobody.

    There is no task behind it: one of those who wait looks for all of them, and when he leaves another one does.
    """

    def __init__(self, look: Look) -> None:
        self._look = look
        self._waiters: list[_Waiter] = []
        self._lookers = 0
        self._stream: AsyncGenerator[Receipt, None] | None = None
        self._somebody_looks = False
        self._looked_at: dict[str, Receipt] = {}

    def hear(self, receipt: Receipt) -> None:
        """A receipt was handled: whoever waits for it learns of it."""
        for waiter in self._waiters:
            bound = waiter.looks
            if waiter.hear(receipt) and bound is not None and not bound.expired():
                bound.reschedule(0)  # it need not look on

    async def told(
        self, answer: Answer, *, within: float, looking: bool
    ) -> AsyncGenerator[Receipt, None]:
        """Receipts about `answer` as they come, added to it, until it is complete or the time is over.

        `looking`: nobody handles receipts, so they have to be looked for. Raises DeniedError.
        """
        waiter = _Waiter(answer)
        self._waiters.append(waiter)
        # By the moment, not around the whole: the caller's own work is not to be interrupted.
        end = asyncio.get_running_loop().time() + within
        told = 0
        if looking:
            self._lookers += 1
            for receipt in self._looked_at.values():
                waiter.offer(receipt)
        try:
            while True:
                waiter.news.clear()
                while told < len(answer.receipts):
                    told += 1
                    yield answer.receipts[told - 1]
                if answer.complete:
                    return
                try:
                    async with asyncio.timeout_at(end) as bound:
                        if looking and not self._somebody_looks:
                            await self._look_once(waiter, bound)
                        else:
                            await waiter.news.wait()
                except TimeoutError:
                    if told == len(answer.receipts):
                        return  # what came so far is in the answer
        finally:
            self._waiters.remove(waiter)
            if looking:
                await self._leave()

    async def _look_once(self, looker: _Waiter, bound: asyncio.Timeout) -> None:
        """Waits for one more receipt, and offers it to everybody."""
        self._somebody_looks = True
        looker.looks = bound
        if self._stream is None:
            self._stream = self._look()
        try:
            receipt = await anext(self._stream)
        except BaseException:
            self._stream = None  # it is closed, also where the time of this one was over
            raise
        finally:
            self._somebody_looks = False
            looker.looks = None
            for waiter in self._waiters:
                waiter.news.set()  # one of them is the next to look
        if receipt.id not in self._looked_at:
            self._looked_at[receipt.id] = receipt
            for waiter in self._waiters:
                waiter.offer(receipt)

    async def _leave(self) -> None:
        self._lookers -= 1
        if self._lookers == 0:
            stream, self._stream = self._stream, None
            self._looked_at.clear()
            if stream is not None:
                await stream.aclose()
