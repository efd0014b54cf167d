"""Every agency's desk in one place: what came into inboxes and receipts, collected as it comes.

A desk acknowledges at once and keeps everything. By contract a repetition of a `message_id` is not a new
message: it is counted apart, as a receiving system would do.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Literal

from axisd.adapters.amqp import Received
from axisd.simulator.province import Province

Box = Literal["inbox", "receipts"]


class Desk:
    """Consumers of all boxes of `agencies`. Run `watch` in a task group for as long as it is needed."""

    def __init__(self, province: Province, agencies: Iterable[str]) -> None:
        self._province = province
        self._agencies = tuple(agencies)
        self._boxes: dict[tuple[str, Box], list[Received]] = defaultdict(list)
        self._copies: dict[str, list[Received]] = defaultdict(list)
        self._news = asyncio.Condition()

    async def watch(self) -> None:
        """Collects until cancelled."""
        async with asyncio.TaskGroup() as group:
            for agency in self._agencies:
                group.create_task(self._watch(agency))

    async def _watch(self, agency: str) -> None:
        async with self._province.client(agency) as client, asyncio.TaskGroup() as group:
            boxes: tuple[Box, ...] = ("inbox", "receipts")
            for box in boxes:
                group.create_task(
                    self._collect(client.receive(box, agency, prefetch=200), agency, box)
                )

    async def _collect(self, messages: AsyncIterator[Received], agency: str, box: Box) -> None:
        async for message in messages:
            await message.ack()
            copies = self._copies[message.message_id]
            copies.append(message)
            if len(copies) == 1:
                self._boxes[agency, box].append(message)
            async with self._news:
                self._news.notify_all()

    def box(self, agency: str, box: Box) -> Sequence[Received]:
        """What came so far, each message id once."""
        return tuple(self._boxes[agency, box])

    def copies(self, message_id: str) -> Sequence[Received]:
        """Everything that came under one message id, oldest first."""
        return tuple(self._copies[message_id])

    @property
    def repetitions(self) -> int:
        """Messages that came again under the id they had before."""
        return sum(len(copies) - 1 for copies in self._copies.values())

    async def until(self, holds: Callable[[], bool], within: float) -> bool:
        """Waits until `holds`, looking whenever something came in. False after `within` seconds."""
        try:
            async with asyncio.timeout(within), self._news:
                await self._news.wait_for(holds)
        except TimeoutError:
            return holds()
        return True

    async def expect(
        self,
        agency: str,
        box: Box,
        wanted: Callable[[Received], bool],
        *,
        count: int = 1,
        within: float = 20,
    ) -> list[Received]:
        """The messages that are `wanted`, when `count` of them are there, or what came `within` seconds."""

        def found() -> list[Received]:
            return [message for message in self._boxes[agency, box] if wanted(message)]

        await self.until(lambda: len(found()) >= count, within)
        return found()


def says(status: bytes, code: str) -> bool:
    """Whether a status message carries this code, whoever serialised it last."""
    return f"StatusCode>{code}<".encode() in status


def status_from(agency: str) -> Callable[[Received], bool]:
    """Whether a message is a status that `agency` sent."""
    return lambda m: m.type == "status" and m.headers["axis-from"] == agency
