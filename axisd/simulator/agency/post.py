"""How a scripted agency sends and receives: over AMQP with the client library, or at a VXP door.

A post gives what comes in to one taker, again when the taker failed, and acknowledges it (AMQP) or calls it
`done` (VXP) when the taker returns. What heals by itself is noted in `troubles` and tried again; what the axis
refused to take is noted there too.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import ClassVar, Final, Protocol

from axisd.adapters.vxp.client import VxpClient
from axisd.client import AxisClient
from axisd.core.carried import read_envelope
from axisd.core.envelope import Document, Envelope, Status
from axisd.core.reasons import Event, Refusal
from axisd.errors import AxisError, TransientError
from axisd.ports import TransportStatus

_PAUSE: Final = 0.5
_TRIES: Final = 5
_RETRYABLE: Final = frozenset({"20", "21"})
"""spec/vxp.md: the only codes that are worth another try."""
_TROUBLES: Final = 100


class RefusedError(AxisError):
    """The door does not take what was sent, and says why."""

    exit_code: ClassVar[int] = 65


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message that came in. `id`: the same for a repetition. `envelope`: None where it cannot be read."""

    id: str
    body: bytes = field(repr=False)
    envelope: Envelope | None = field(repr=False)

    @property
    def document(self) -> Document | None:
        return self.envelope if isinstance(self.envelope, Document) else None

    @property
    def status(self) -> Status | None:
        return self.envelope if isinstance(self.envelope, Status) else None


Take = Callable[[Arrival], Awaitable[None]]


class Post(Protocol):
    """One agency's way to and from the axis."""

    troubles: deque[str]

    async def send(self, body: bytes, *, urgent: bool = False) -> None:
        """Hands `body` in. Raises RefusedError, TransientError."""

    async def run(self, take: Take) -> None:
        """Gives what comes in to `take`, until cancelled."""


class AmqpPost:
    """Over AMQP; `client` is open. Receipts are taken out of their queue, rejections noted."""

    def __init__(self, client: AxisClient) -> None:
        self.troubles: deque[str] = deque(maxlen=_TROUBLES)
        self._client = client

    async def send(self, body: bytes, *, urgent: bool = False) -> None:
        await self._client.submit(body, urgent=urgent)

    async def run(self, take: Take) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read(take))
            group.create_task(self._read_receipts())

    async def _read(self, take: Take) -> None:
        async with aclosing(self._client.inbox()) as inbox:
            async for message in inbox:
                try:
                    async with message:
                        await take(await asyncio.to_thread(arrival, message.id, message.body))
                except AxisError as error:
                    self.troubles.append(str(error))

    async def _read_receipts(self) -> None:
        async with aclosing(self._client.receipts()) as receipts:
            async for receipt in receipts:
                async with receipt:
                    if receipt.event == Event.SUBMISSION_REJECTION and receipt.facts:
                        reason = receipt.facts.reason_text.en
                        self.troubles.append(f"{receipt.document_id} was refused: {reason}")


class VxpPost:
    """At a VXP door, as the system of `client`, for `agency`; looks every `pause` seconds."""

    def __init__(self, client: VxpClient, agency: str, pause: float = _PAUSE) -> None:
        self.troubles: deque[str] = deque(maxlen=_TROUBLES)
        self._client = client
        self._agency = agency
        self._pause = pause

    async def send(self, body: bytes, *, urgent: bool = False) -> None:  # noqa: ARG002 -- Priority says it
        envelope = await asyncio.to_thread(read_envelope, body)
        kind = "status" if isinstance(envelope, Status) else "document"
        for left in reversed(range(_TRIES)):
            answer = await self._client.send(body, kind=kind, sender=self._agency, recipients=())
            if answer.accepted:
                return
            if answer.code not in _RETRYABLE or not left:
                raise RefusedError(f"the door refused it with code {answer.code}: {answer.text}")
            await asyncio.sleep(self._pause)

    async def run(self, take: Take) -> None:
        while True:
            for kind in ("document", "status"):
                try:
                    await self._look(kind, take)
                except (TransientError, RefusedError) as error:
                    self.troubles.append(str(error))
            await asyncio.sleep(self._pause)

    async def _look(self, kind: str, take: Take) -> None:
        for item in await self._client.waiting(kind):
            body = await self._client.fetch(item)
            await take(await asyncio.to_thread(arrival, item.doc_id, body))
            await self._client.report(item, TransportStatus.DONE)


def arrival(message_id: str, body: bytes) -> Arrival:
    """What came in under `message_id`, read where that can be done."""
    found = read_envelope(body)
    return Arrival(message_id, body, None if isinstance(found, Refusal) else found)
