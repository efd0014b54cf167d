"""`AxisClient`: one agency's side of the axis, for as long as its system runs.

It submits with confirms and repeats what was not confirmed; it gives messages and receipts one by one, each
acknowledged when the application has handled it; it goes on by itself when the broker was away. It keeps
nothing: what was received, what is still to be submitted and which ids were seen belong into the database of
the system. Two connections, because a broker that is short of space blocks the one that publishes.

What can go wrong: the broker is not there at the start (UnavailableError), or for longer than a submission is
tried (TransientError); the account may not do that (DeniedError); an envelope cannot be made or read
(EnvelopeError). Troubles that heal by themselves are told to `trouble` and to nobody else.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit, urlunsplit

from cryptography import x509

from axisd.adapters.amqp import Endpoint, Received
from axisd.client.answer import Answer
from axisd.client.handled import Failures, Handled
from axisd.client.link import Link, Trouble
from axisd.client.message import KINDS, Message, message_of
from axisd.client.receipt import Receipt, receipt_of
from axisd.client.waiting import Waiting
from axisd.client.writer import Writer
from axisd.core.receiptproof import ReceiptVerifier
from axisd.core.signing import SigningKey
from axisd.core.submission import Lane
from axisd.errors import TransientError

VHOST: Final = "/axis"
"""Where an address does not name the virtual host (docs/reference/amqp.md)."""

ADDRESS: Final = "amqp(s)://ACCOUNT:PASSWORD@HOST:PORT"
_SCHEMES: Final = frozenset({"amqp", "amqps"})

LOOKED_AT: Final = 1000
"""Receipts that may wait before the one that is waited for."""


def _unheard(error: TransientError) -> None:
    """Nobody asked to be told; what heals by itself is tried again either way."""


class AxisClient(Writer):
    """The client of `agency`. Use it as an async context manager, on one event loop.

    `url`: amqp(s)://ACCOUNT:PASSWORD@HOST:PORT, or an `Endpoint` with a TLS context; with a client
    certificate `?auth=external&cafile=…&certfile=…&keyfile=…` and the account without a password.
    `key` signs what is composed; without one nothing is signed. `trust`: certificates of the axis or of its
    authority, by which receipts are proven. `name`: what the agency is called in what it sends.
    `deadline`: seconds for one exchange with the broker. `trouble` is called with what heals by itself.
    """

    def __init__(
        self,
        url: str | Endpoint,
        agency: str,
        *,
        key: SigningKey | None = None,
        trust: Sequence[x509.Certificate] = (),
        name: str = "",
        deadline: float = 30.0,
        trouble: Trouble = _unheard,
    ) -> None:
        endpoint = _endpoint(url.strip(), agency) if isinstance(url, str) else url
        super().__init__(agency, key=key, name=name)
        self._verifier = ReceiptVerifier(trust) if trust else None
        self._submitting = Link(endpoint, deadline=deadline, trouble=trouble)
        self._reading = Link(endpoint, deadline=deadline, trouble=trouble)
        self._waiting = Waiting(self._looked_at)
        self._taking = 0

    async def __aenter__(self) -> Self:
        await self._submitting.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._reading.close()
        await self._submitting.close()

    # What is sent

    async def submit(
        self,
        body: bytes,
        *,
        urgent: bool = False,
        within: float = 60.0,
        wait: float = 0.0,
    ) -> Answer:
        """Hands `body` in; returns when the broker has it on disk, after `wait` seconds at most with an answer.

        What was not confirmed is submitted again, the same bytes, which the axis takes for the same
        submission. `wait`: until the axis accepted or refused it; the answer is not `settled` if it did not in
        time. Receipts that are waited for are looked at and stay in the queue, for `receipts`.

        Raises:
            DeniedError: the account may not submit for this agency.
            TransientError: not confirmed `within` seconds. It may have been taken: submit it again later.
        """
        lane = Lane.URGENT if urgent else Lane.NORMAL
        answer = Answer(await asyncio.to_thread(_digest, body))
        await self._confirmed(body, lane, within)
        if wait:
            async with aclosing(self.told(answer, within=wait)) as receipts:
                async for _ in receipts:
                    if answer.settled:
                        break
        return answer

    async def _confirmed(self, body: bytes, lane: Lane, within: float) -> None:
        failures = 0
        last: TransientError | None = None
        try:
            async with asyncio.timeout(within):
                while True:
                    try:
                        client = await self._submitting.open()
                        await client.submit(body, self.agency, lane)
                    except TransientError as error:
                        last, failures = error, failures + 1
                        await self._submitting.pause(error, failures)
                    else:
                        return
        except TimeoutError as late:
            why = str(last) if last else "the broker did not confirm it"
            raise TransientError(f"not confirmed within {within:g} s: {why}") from late

    # What comes in

    async def inbox(self, *, prefetch: int = 20) -> AsyncGenerator[Message, None]:
        """Documents and statuses, oldest first, without an end; at most `prefetch` unacknowledged at once.

        Probes and other types are acknowledged and left out. Raises DeniedError.
        """
        failures = Failures()
        async with aclosing(self._reading.messages("inbox", self.agency, prefetch)) as stream:
            async for received in stream:
                handled = Handled(received, failures)
                if received.type in KINDS:
                    yield message_of(received, self.agency, handled)
                else:
                    await handled.ended(None)

    async def receipts(self, *, prefetch: int = 20) -> AsyncGenerator[Receipt, None]:
        """Receipts, oldest first, without an end; at most `prefetch` unacknowledged at once. Raises DeniedError."""
        failures = Failures()
        self._taking += 1
        try:
            async with aclosing(
                self._reading.messages("receipts", self.agency, prefetch)
            ) as stream:
                async for received in stream:
                    yield await self._receipt(received, failures)
        finally:
            self._taking -= 1

    async def told(self, answer: Answer, *, within: float) -> AsyncGenerator[Receipt, None]:
        """Receipts about `answer` as they come, added to it, until it is complete or the time is over.

        While somebody reads `receipts`, it hears of what was handled there; else it looks into the queue and
        leaves everything there.
        """
        looking = not self._taking
        async with aclosing(self._waiting.told(answer, within=within, looking=looking)) as receipts:
            async for receipt in receipts:
                yield receipt

    async def _looked_at(self) -> AsyncGenerator[Receipt, None]:
        failures = Failures()
        stream = self._reading.messages("receipts", self.agency, LOOKED_AT)
        async with aclosing(stream):
            async for received in stream:
                yield await self._receipt(received, failures)

    async def _receipt(self, received: Received, failures: Failures) -> Receipt:
        return await asyncio.to_thread(
            receipt_of, received, self._verifier, Handled(received, failures), self._waiting.hear
        )


def names_broker(url: str) -> bool:
    """Whether it is an address as `AxisClient` wants one."""
    try:
        parts = urlsplit(url)
        port = parts.port  # raises ValueError for a port that is none
    except ValueError:
        return False
    return parts.scheme in _SCHEMES and bool(parts.hostname and parts.username) and port != 0


def _endpoint(url: str, agency: str) -> Endpoint:
    if not names_broker(url):
        raise ValueError(f"url is not {ADDRESS}")  # and may hold a password
    parts = urlsplit(url)
    if parts.path in {"", "/"}:
        parts = parts._replace(path=VHOST)
    return Endpoint(urlunsplit(parts), name=f"axisd.client {agency}")


def _digest(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"
