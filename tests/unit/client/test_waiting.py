"""Those who wait share one look into the queue, whoever of them leaves, and give it back when the last one does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import cast

import pytest

from axisd.adapters.amqp import DeniedError
from axisd.client.answer import Answer
from axisd.client.handled import Handled
from axisd.client.receipt import Receipt
from axisd.client.waiting import Waiting
from axisd.core.receiptproof import told_by
from tests.support.evidence import refused
from tests.support.letters import Seals

UNUSED = cast("Handled", None)


def receipt(body: bytes) -> Receipt:
    sealed = Seals(body).about(refused())
    return Receipt(body.decode(), "", "", "", sealed, told_by(sealed), None, UNUSED, lambda _: None)


class Box:
    """A queue that whoever looks finds from its beginning, as a broker's is when it gets back what was looked at."""

    def __init__(self) -> None:
        self.holds: list[Receipt] = []
        self.more = asyncio.Event()
        self.open = 0
        self.opened = 0

    async def look(self) -> AsyncGenerator[Receipt, None]:
        self.open, self.opened = self.open + 1, self.opened + 1
        given = 0
        try:
            while True:
                while given < len(self.holds):
                    given += 1
                    yield self.holds[given - 1]
                self.more.clear()
                await self.more.wait()
        finally:
            self.open -= 1

    def put(self, *receipts: Receipt) -> None:
        self.holds += receipts
        self.more.set()


async def wait_for(waiting: Waiting, one: Receipt, within: float = 30) -> Answer:
    answer = Answer(one.digest)
    async for _ in waiting.told(answer, within=within, looking=True):
        pass
    return answer


async def test_who_looks_for_all_may_give_up_and_another_goes_on() -> None:
    box = Box()
    waiting = Waiting(box.look)
    first, second, third = receipt(b"<a/>"), receipt(b"<b/>"), receipt(b"<c/>")
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        impatient = group.create_task(wait_for(waiting, first))
        others = [group.create_task(wait_for(waiting, one)) for one in (second, third)]
        while not box.open:
            await asyncio.sleep(0)
        impatient.cancel()
        await asyncio.wait({impatient})
        box.put(third, second)
        answers = [await one for one in others]
    assert all(answer.rejected for answer in answers)
    assert (box.open, box.opened) == (0, 2)


async def test_who_comes_later_hears_of_what_was_looked_at_before() -> None:
    box = Box()
    waiting = Waiting(box.look)
    first, second, other = receipt(b"<a/>"), receipt(b"<b/>"), receipt(b"<c/>")
    box.put(other, second)
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        early = group.create_task(wait_for(waiting, first))
        while box.more.is_set() or not box.open:
            await asyncio.sleep(0)
        late = await wait_for(waiting, second)
        assert (late.rejected, late.passed_over, box.opened) == (True, 1, 1)
        box.put(first)
        assert (await early).passed_over == 2
    assert box.open == 0


async def test_when_the_time_is_over_everything_goes_back() -> None:
    box = Box()
    answer = await wait_for(Waiting(box.look), receipt(b"<a/>"), within=0)
    assert not answer.settled
    assert box.open == 0


async def test_what_may_not_be_read_is_told_to_everybody_who_waits() -> None:
    async def denied() -> AsyncGenerator[Receipt, None]:
        for nothing in list[Receipt]():
            yield nothing
        await asyncio.sleep(0)
        raise DeniedError("not yours")

    waiting = Waiting(denied)
    told = await asyncio.wait_for(
        asyncio.gather(
            *(wait_for(waiting, receipt(body)) for body in (b"<a/>", b"<b/>")),
            return_exceptions=True,
        ),
        20,
    )
    assert [type(one) for one in told] == [DeniedError, DeniedError]


@pytest.mark.parametrize("looking", [True, False])
async def test_what_is_handled_elsewhere_is_heard(looking: bool) -> None:
    box = Box()
    waiting = Waiting(box.look)
    one = receipt(b"<a/>")
    answer = Answer(one.digest)
    telling = waiting.told(answer, within=30, looking=looking)
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        first = group.create_task(anext(telling))
        await asyncio.sleep(0)
        waiting.hear(one)
        assert (await first).id == one.id
    await telling.aclose()
    assert box.open == 0
