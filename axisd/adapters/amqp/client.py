"""An agency's side of the broker: hand in an envelope, take what is in an inbox or among receipts.

Below `axisd.client`, the demo, tests and benchmarks; what an agency's own software would do, with
no more rights than it has, on aio-pika as an integrator uses it. The connection is the plain one:
whoever wants to go on after it is lost opens another. Every submission is mandatory, persistent and
confirmed, and carries the account as `user_id`. Nothing is acknowledged unless the caller does.

What can go wrong: the broker is away or silent (TransientError), it refuses the account's wish
(DeniedError: an agency that the account does not serve, a queue that is not its own).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import ClassVar, Literal, Self

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage
from aio_pika.exceptions import ChannelPreconditionFailed
from aiormq.exceptions import ChannelAccessRefused  # which aio-pika raises and does not export

from axisd.adapters.amqp.connection import Endpoint, broker_errors, close, connecting, described
from axisd.adapters.amqp.topology import SUBMIT
from axisd.core.submission import Lane
from axisd.errors import AxisError, TransientError

Kind = Literal["inbox", "receipts"]


class DeniedError(AxisError):
    """The broker does not let this account do that; trying again does not help."""

    exit_code: ClassVar[int] = 65


@dataclass(frozen=True, slots=True)
class Received:
    """One message of an inbox or of receipts. `body`: exactly the bytes; `ack` when they are safe."""

    body: bytes = field(repr=False)
    message_id: str
    type: str
    correlation_id: str
    headers: dict[str, str]
    priority: int
    redelivered: bool
    _message: AbstractIncomingMessage = field(repr=False, compare=False)
    _return: Callable[[Received], None] | None = field(default=None, repr=False, compare=False)

    async def ack(self) -> None:
        """Tells the broker that it may forget the message."""
        with broker_errors("acknowledging"):
            await self._message.ack()

    def again(self, pause: float) -> None:
        """Comes out of the stream that it came from once more, after `pause` seconds.

        The broker is not told and counts nothing: it goes on waiting for an acknowledgement.
        """
        assert self._return is not None, "it came from a stream"
        asyncio.get_running_loop().call_later(pause, self._return, self)


class AgencyClient:
    """One account's connection. A context manager; not to be shared between event loops."""

    def __init__(self, endpoint: Endpoint, *, deadline: float = 30.0) -> None:
        self._endpoint = endpoint
        self._deadline = deadline
        self._connection: AbstractConnection | None = None
        self._submitting: AbstractChannel | None = None
        self._opening = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """Connects. Raises UnavailableError when that cannot be done."""
        async with connecting(self._endpoint):
            self._connection = await aio_pika.connect(
                self._endpoint.address(),
                ssl_context=self._endpoint.tls,
                client_properties={"connection_name": self._endpoint.connection_name("agency")},
            )

    async def close(self) -> None:
        """Closes the connection; what was not acknowledged goes back to its queue. Never fails."""
        if self._connection is not None:
            await close(self._connection)

    @property
    def connected(self) -> bool:
        """Whether the connection was opened and not lost since, as far as is known."""
        # `is_closed` only tells whether somebody closed it here.
        return self._connection is not None and self._connection.connected.is_set()

    async def submit(
        self,
        body: bytes,
        agency: str,
        lane: Lane | Literal["normal", "urgent"] = Lane.NORMAL,
        *,
        user_id: str | None = "",
        content_type: str = "application/xml",
    ) -> None:
        """Hands in `body` for `agency`; returns when the broker has it safe.

        `user_id`: the account unless given; None leaves it out, as a submission must not.

        Raises:
            DeniedError: the account may not submit for this agency, or under this user_id.
            TransientError: not taken; or no answer, and then it may have been taken all the same.
        """
        message = aio_pika.Message(
            body,
            content_type=content_type,
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            user_id=self._endpoint.account if user_id == "" else user_id,
        )
        channel = await self._channel()
        with _denied(), broker_errors(f"submitting for {agency}"):
            exchange = await channel.get_exchange(SUBMIT, ensure=False)
            await exchange.publish(
                message, f"{lane}.{agency}", mandatory=True, timeout=self._deadline
            )

    async def get(self, kind: Kind, agency: str) -> Received | None:
        """The oldest message that waits, unacknowledged until `ack`; None if there is none."""
        channel = await self._channel()
        with _denied(), broker_errors(f"reading the {kind} of {agency}"):
            queue = await channel.get_queue(queue_name(agency, kind), ensure=False)
            message = await queue.get(fail=False, timeout=self._deadline)
        return None if message is None else _received(message)

    async def receive(
        self, kind: Kind, agency: str, *, prefetch: int = 20
    ) -> AsyncGenerator[Received, None]:
        """Messages as they come in, until the caller stops; those not acknowledged come again."""
        # Not the library's own iterator: told to end, it waits for a silent broker without a bound.
        # What comes `again` is one of the unacknowledged, of which there are at most `prefetch`.
        arrived: asyncio.Queue[Received | None] = asyncio.Queue(prefetch + 1)
        ended: list[BaseException | None] = []

        async def take(message: AbstractIncomingMessage) -> None:
            await arrived.put(_received(message, arrived.put_nowait))

        def end(_: AbstractChannel | None, error: BaseException | None) -> None:
            ended.append(error)
            arrived.put_nowait(None)

        channel = await self._open(confirms=False)
        channel.close_callbacks.add(end)
        try:
            with _denied(), broker_errors(f"reading the {kind} of {agency}"):
                await channel.set_qos(prefetch_count=prefetch, timeout=self._deadline)
                queue = await channel.get_queue(queue_name(agency, kind), ensure=False)
                await queue.consume(take, timeout=self._deadline)
            while (received := await arrived.get()) is not None:
                yield received
            why = "it was closed" if ended[0] is None else described(ended[0])
            raise TransientError(f"reading the {kind} of {agency}: {why}")
        finally:
            await close(channel)

    async def _channel(self) -> AbstractChannel:
        """The channel for submitting and getting; a new one after the broker closed the last."""
        async with self._opening:
            if self._submitting is None or self._submitting.is_closed:
                self._submitting = await self._open(confirms=True)
            return self._submitting

    async def _open(self, *, confirms: bool) -> AbstractChannel:
        """A new channel. With `confirms`, publishing waits for the broker and raises for returns."""
        assert self._connection is not None, "used outside of its context"
        with broker_errors("opening a channel"):
            async with asyncio.timeout(self._deadline):
                return await self._connection.channel(
                    publisher_confirms=confirms, on_return_raises=confirms
                )


def queue_name(agency: str, kind: Kind) -> str:
    """The queue of an agency's inbox or receipts."""
    return f"agency.{agency}.{kind}"


@contextlib.contextmanager
def _denied() -> Iterator[None]:
    try:
        yield
    except TransientError as error:
        if isinstance(error.__cause__, (ChannelAccessRefused, ChannelPreconditionFailed)):
            raise DeniedError(str(error)) from error
        raise


def _received(
    message: AbstractIncomingMessage, return_to: Callable[[Received], None] | None = None
) -> Received:
    return Received(
        body=message.body,
        message_id=message.message_id or "",
        type=message.type or "",
        correlation_id=message.correlation_id or "",
        headers={name: str(value) for name, value in message.headers.items()},
        priority=message.priority or 0,
        redelivered=bool(message.redelivered),
        _message=message,
        _return=return_to,
    )
