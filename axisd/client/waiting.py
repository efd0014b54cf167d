"""Those who wait for what the axis answers, and the one look into the queue that all of them share.

The broker gives each receipt to one of those who ask for it: were every waiting submission to look for itself, each would
hold what the others wait for. What is looked at goes back to the queue when nobody waits any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from axisd.client.answer import Answer
from axisd.client.receipt import Receipt

Look = Callable[[], AsyncGenerator[Receipt, None]]


class Waiting:
    """`look`: everything that is in the queue and comes into it, acknowledged by nobody."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._waiters: list[tuple[Answer, asyncio.Event]] = []
        self._lookers = 0
        self._looking: asyncio.Task[None] | None = None
        self._looked_at: dict[str, Receipt] = {}

    def hear(self, receipt: Receipt) -> None:
        """A receipt was handled: whoever waits for it learns of it."""
        for answer, news in self._waiters:
            if answer.take(receipt):
                news.set()

    async def told(
        self, answer: Answer, *, within: float, looking: bool
    ) -> AsyncGenerator[Receipt, None]:
        """Receipts about `answer` as they come, added to it, until it is complete or the time is over.

        `looking`: nobody handles receipts, so they have to be looked for. Raises DeniedError.
        """
        waiter = (answer, asyncio.Event())
        self._waiters.append(waiter)
        # By the moment, not around the whole: the caller's own work is not to be interrupted.
        end = asyncio.get_running_loop().time() + within
        told = 0
        if looking:
            self._begin(waiter)
        try:
            while True:
                waiter[1].clear()
                while told < len(answer.receipts):
                    told += 1
                    yield answer.receipts[told - 1]
                if answer.complete:
                    return
                if looking and self._looking is not None and self._looking.done():
                    self._looking.result()  # it ends by failing only
                async with asyncio.timeout_at(end):
                    await waiter[1].wait()
        except TimeoutError:
            return  # what came so far is in the answer
        finally:
            self._waiters.remove(waiter)
            if looking:
                await self._end()

    def _begin(self, waiter: tuple[Answer, asyncio.Event]) -> None:
        self._lookers += 1
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_on())
            self._looking.add_done_callback(lambda _: self._wake())
        for receipt in self._looked_at.values():
            _offer(waiter, receipt)

    async def _end(self) -> None:
        self._lookers -= 1
        if self._lookers == 0 and self._looking is not None:
            looking, self._looking = self._looking, None
            self._looked_at.clear()
            looking.cancel()
            await asyncio.wait({looking})

    async def _look_on(self) -> None:
        async with aclosing(self._look()) as stream:
            async for receipt in stream:
                if receipt.id in self._looked_at:
                    continue  # the connection was lost meanwhile
                self._looked_at[receipt.id] = receipt
                for waiter in self._waiters:
                    _offer(waiter, receipt)

    def _wake(self) -> None:
        for _, news in self._waiters:
            news.set()


def _offer(waiter: tuple[Answer, asyncio.Event], receipt: Receipt) -> None:
    answer, news = waiter
    if answer.take(receipt):
        news.set()
    elif receipt.digest != answer.digest:
        answer.passed_over += 1
