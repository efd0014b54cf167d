"""The broker in memory: the same ports, nothing on the wire.

For tests, rehearsals and demonstrations. `MemoryBroker` holds queues and answers publishes as a broker
does that confirms, returns what no queue takes, and can be out of reach. `MemoryIntake` is the one queue
of submissions: what is not acknowledged comes again, as it does from a real one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from axisd.core.submission import Submission
from axisd.errors import AxisError, TransientError
from axisd.ports import Delivered, Handle, Message


class MemoryBroker:
    """`axisd.ports.Publisher`. `queues`: messages by queue, oldest first, as a consumer would see them."""

    def __init__(self, queues: Iterable[str] = ()) -> None:
        self.queues: dict[str, list[Message]] = {queue: [] for queue in queues}
        self.reachable = True
        self.refusing: dict[str, Delivered] = {}
        """Queues that answer every publish so; nothing is put into them."""

    def declare(self, *queues: str) -> None:
        """Makes queues that are not there yet."""
        for queue in queues:
            self.queues.setdefault(queue, [])

    async def publish(self, message: Message) -> Delivered:
        """Confirmed when a queue took it. TransientError while the broker cannot be reached."""
        await asyncio.sleep(0)
        if not self.reachable:
            raise TransientError("the broker in memory cannot be reached")
        if message.queue in self.refusing:
            return self.refusing[message.queue]
        if message.queue not in self.queues:
            return Delivered.RETURNED
        self.queues[message.queue].append(message)
        return Delivered.CONFIRMED

    def waiting(self) -> Mapping[str, int]:
        """How many messages lie in each queue that has any."""
        return {queue: len(messages) for queue, messages in self.queues.items() if messages}


class MemoryIntake:
    """`axisd.ports.Intake`: hands over up to `prefetch` submissions at once, and one that could not be
    settled once more after `again` seconds. Every handing over gets an id of its own from `new_id`."""

    def __init__(
        self, new_id: Callable[[], str], *, prefetch: int = 16, again: float = 1.0
    ) -> None:
        self._new_id = new_id
        self._again = again
        self._waiting: deque[Submission] = deque()
        self._prefetch = prefetch
        self._unacknowledged = 0
        self._changed = asyncio.Event()
        self._draining = False
        self.failures: list[AxisError] = []
        """Why submissions were not acknowledged, in order."""

    def submit(self, *submissions: Submission) -> None:
        """Puts submissions at the end of the queue."""
        self._waiting.extend(submissions)
        self._changed.set()

    @property
    def unacknowledged(self) -> int:
        """Submissions that wait or are in flight."""
        return len(self._waiting) + self._unacknowledged

    async def run(self, handle: Handle) -> None:
        """Until cancelled, or until `drain` and nothing is in flight."""
        async with asyncio.TaskGroup() as group:
            while not self._draining:
                self._changed.clear()
                while self._waiting and self._unacknowledged < self._prefetch:
                    self._unacknowledged += 1
                    group.create_task(self._hand_over(self._waiting.popleft(), handle))
                await self._changed.wait()

    async def drain(self) -> None:
        """Stops handing over; those in flight go on."""
        self._draining = True
        self._changed.set()

    async def _hand_over(self, submission: Submission, handle: Handle) -> None:
        acknowledged = False
        try:
            await handle(replace(submission, id=self._new_id()))
            acknowledged = True
        except TransientError as error:
            self.failures.append(error)
            await asyncio.sleep(self._again)
        finally:
            if not acknowledged:
                self._waiting.appendleft(replace(submission, redelivered=True))
            self._unacknowledged -= 1
            self._changed.set()
