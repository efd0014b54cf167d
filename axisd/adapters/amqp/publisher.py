"""What leaves for agencies' queues: persistent, mandatory, confirmed, each within a deadline.

On a connection of its own, because an alarm of the broker (memory, disk) blocks whoever publishes.
Answers are the broker's: `CONFIRMED` (a quorum queue has it on disk), `RETURNED` (no such queue),
`NACKED` (a full queue, or too large for the broker), `SILENT` (no answer in time: it may have
arrived, and the same message id tells the receiver). Without a connection, while the broker blocks
us, and when the connection is lost before the answer, it is a TransientError: nothing is said about
the message.

Bodies over `LARGE` go one at a time over a channel of their own: a broker that finds a message too
large (`max_message_size`: 16 MiB by default in RabbitMQ 4, 128 MiB before; set it above the largest
envelope) closes the channel, and then it is plain which one it meant and no other suffers.
"""

from __future__ import annotations

import asyncio
import struct
from types import TracebackType
from typing import Final, NoReturn, Self

import aiormq
from aiormq import spec

from axisd.adapters.amqp.connection import (
    Endpoint,
    Link,
    LinkState,
    Observe,
    broker_errors,
    close,
    end_of,
    open_channel,
)
from axisd.adapters.amqp.frames import written
from axisd.errors import TransientError
from axisd.ports import Clock, Delivered, Message, Telemetry

LARGE: Final = 1024 * 1024
_BUFFERED: Final = 64 * 1024
"""Bodies up to here are left to the socket's buffer; larger ones wait until it took them."""

_LOOK_SECONDS: Final = 0.25
_PERSISTENT: Final = 2
_ONLY_THIS: Final = (aiormq.ChannelPreconditionFailed,)
"""What the broker closes a channel with when it minds one message and not the connection."""


class AmqpPublisher:
    """`ports.Publisher`. A context manager: the connection is kept from its start to its end."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        clock: Clock,
        telemetry: Telemetry,
        deadline: float = 10.0,
        observe: Observe | None = None,
    ) -> None:
        self.connected = asyncio.Event()
        self._telemetry = telemetry
        self._deadline = deadline
        self._connection: aiormq.Connection | None = None
        self._channel: aiormq.Channel | None = None
        self._large: aiormq.Channel | None = None
        self._one_large = asyncio.Lock()
        self._group = asyncio.TaskGroup()
        self._keeping: asyncio.Task[None] | None = None
        self._link = Link(
            endpoint, "publisher", self._attend, clock=clock, telemetry=telemetry, observe=observe
        )

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        self._keeping = self._group.create_task(self._link.keep())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
        await self._group.__aexit__(kind, error, trace)

    @property
    def blocked(self) -> bool:
        """Whether the broker takes nothing for now because of an alarm."""
        return self._link.state.blocked

    @property
    def state(self) -> LinkState:
        return self._link.state

    async def publish(self, message: Message) -> Delivered:
        """Hands `message` to the broker and returns its answer.

        Raises:
            TransientError: not connected, blocked by an alarm, or lost before the answer.
        """
        try:
            properties = Properties(message)
        except (ValueError, struct.error) as error:
            # What cannot be written must not take the others along; it ends like what a broker minds.
            self._telemetry.trouble(self._link.purpose, error)
            return Delivered.NACKED
        if len(message.body) <= LARGE:
            return await published(self._open_channel(), message, properties, self._deadline)
        async with self._one_large:
            channel = await self._channel_for_large()
            try:
                return await published(channel, message, properties, self._deadline)
            except TransientError as error:
                if isinstance(error.__cause__, _ONLY_THIS):
                    return Delivered.NACKED
                raise

    def _open_channel(self) -> aiormq.Channel:
        if self._channel is None or self._channel.is_closed:
            raise TransientError(f"publishing: {self.state.trouble or 'the connection is lost'}")
        if self.blocked:
            raise TransientError("publishing: the broker blocks publishers (memory or disk alarm)")
        return self._channel

    async def _channel_for_large(self) -> aiormq.Channel:
        self._open_channel()
        assert self._connection is not None, "an open channel has a connection"
        if self._large is None or self._large.is_closed:
            self._large = await open_channel(self._connection, confirms=True)
        return self._large

    async def _attend(self, connection: aiormq.Connection) -> NoReturn:
        channel = await open_channel(connection, confirms=True)
        self._connection, self._channel, self._large = connection, channel, None
        self.connected.set()
        ended = end_of(channel, connection)
        try:
            while True:
                self._link.beat()
                await asyncio.wait({ended}, timeout=_LOOK_SECONDS)
                if ended.done():
                    raise TransientError(f"publishing: {ended.result()}")
                blocked = await _is_blocked(connection)
                self._link.note(LinkState(self._link.purpose, connected=True, blocked=blocked))
        finally:
            self.connected.clear()
            self._connection = self._channel = None
            await close(channel)


async def published(
    channel: aiormq.Channel, message: Message, properties: Properties, deadline: float
) -> Delivered:
    """Publishes on `channel`, which confirms, and returns the broker's answer; `deadline` in seconds.

    Raises TransientError when the connection is lost before the answer.
    """
    body = message.body
    try:
        with broker_errors(f"publishing to {message.queue}"):
            await channel.basic_publish(
                body,
                routing_key=message.queue,
                properties=properties,
                mandatory=True,
                timeout=deadline,
                wait=len(body) > _BUFFERED,
            )
    except TransientError as error:
        # A publish that fails raises what became of it; a return is a kind of delivery error.
        if isinstance(error.__cause__, aiormq.PublishError):
            return Delivered.RETURNED
        if isinstance(error.__cause__, aiormq.DeliveryError):
            return Delivered.NACKED
        if isinstance(error.__cause__, TimeoutError):
            return Delivered.SILENT
        raise
    return Delivered.CONFIRMED


async def _is_blocked(connection: aiormq.Connection) -> bool:
    """The library tells it only by letting wait whoever asks whether the connection is ready."""
    try:
        async with asyncio.timeout(0.01):
            await connection.ready()
    except TimeoutError:
        return True
    return False


class Properties(spec.Basic.Properties):
    """Properties that are written already. The library itself looks at `message_id` alone."""

    def __init__(self, message: Message) -> None:
        super().__init__(message_id=message.message_id)
        self._written = written(
            {
                "content_type": message.content_type,
                "headers": message.headers,
                "delivery_mode": _PERSISTENT,
                "priority": message.priority,
                "correlation_id": message.correlation_id,
                "message_id": message.message_id,
                "timestamp": int(message.timestamp.timestamp()),
                "type": message.type,
                "app_id": "axisd",
            }
        )

    def marshal(self) -> bytes:
        return self._written
