"""An agency's side of the broker: hand in an envelope, take what is in an inbox or among receipts.

For the command line, the demo, tests and benchmarks; what an agency's own software would do, and
with no more rights than it has. Every submission is mandatory, persistent and confirmed, and
carries the account as `user_id`. Nothing is acknowledged unless the caller does.

What can go wrong: the broker is away or silent (TransientError), it refuses the account's wish
(DeniedError: an agency that the account does not serve, a queue that is not its own).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import ClassVar, Literal, Self

import aiormq
from aiormq import spec
from aiormq.abc import DeliveredMessage

from axisd.adapters.amqp.connection import (
    Endpoint,
    broker_errors,
    close,
    end_of,
    open_channel,
    open_connection,
)
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
    _message: DeliveredMessage = field(repr=False, compare=False)

    async def ack(self) -> None:
        """Tells the broker that it may forget the message."""
        with broker_errors("acknowledging"):
            await self._message.channel.basic_ack(self._message.delivery_tag or 0)


class AgencyClient:
    """One account's connection. A context manager; not to be shared between event loops."""

    def __init__(self, endpoint: Endpoint, *, deadline: float = 30.0) -> None:
        self._endpoint = endpoint
        self._deadline = deadline
        self._connection: aiormq.Connection | None = None
        self._submitting: aiormq.Channel | None = None
        self._opening = asyncio.Lock()

    async def __aenter__(self) -> Self:
        self._connection = await open_connection(self._endpoint, "agency")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._connection is not None:
            await close(self._connection)

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
        channel = await self._channel()
        properties = spec.Basic.Properties(
            content_type=content_type,
            delivery_mode=2,
            user_id=self._endpoint.account if user_id == "" else user_id,
        )
        with _denied(), broker_errors(f"submitting for {agency}"):
            await channel.basic_publish(
                body,
                exchange=SUBMIT,
                routing_key=f"{lane}.{agency}",
                properties=properties,
                mandatory=True,
                timeout=self._deadline,
            )

    async def get(self, kind: Kind, agency: str) -> Received | None:
        """The oldest message that waits, unacknowledged until `ack`; None if there is none."""
        channel = await self._channel()
        with _denied(), broker_errors(f"reading the {kind} of {agency}"):
            message = await channel.basic_get(queue_name(agency, kind), timeout=self._deadline)
        return None if isinstance(message.delivery, spec.Basic.GetEmpty) else _received(message)

    async def receive(
        self, kind: Kind, agency: str, *, prefetch: int = 20
    ) -> AsyncGenerator[Received, None]:
        """Messages as they come in, until the caller stops; those not acknowledged come again."""
        arrived: asyncio.Queue[DeliveredMessage | None] = asyncio.Queue(maxsize=prefetch + 1)
        channel = await open_channel(self._connected(), confirms=False)
        ended = end_of(channel)
        ended.add_done_callback(lambda _: arrived.put_nowait(None))
        try:
            with _denied(), broker_errors(f"reading the {kind} of {agency}"):
                await channel.basic_qos(prefetch_count=prefetch)
                await channel.basic_consume(queue_name(agency, kind), arrived.put)
            while (message := await arrived.get()) is not None:
                yield _received(message)
            raise TransientError(f"reading the {kind} of {agency}: {ended.result()}")
        finally:
            await close(channel)

    async def _channel(self) -> aiormq.Channel:
        """The channel for submitting and getting; a new one after the broker closed the last."""
        async with self._opening:
            if self._submitting is None or self._submitting.is_closed:
                self._submitting = await open_channel(self._connected(), confirms=True)
            return self._submitting

    def _connected(self) -> aiormq.Connection:
        assert self._connection is not None, "used outside of its context"
        return self._connection


def queue_name(agency: str, kind: Kind) -> str:
    """The queue of an agency's inbox or receipts."""
    return f"agency.{agency}.{kind}"


@contextlib.contextmanager
def _denied() -> Iterator[None]:
    try:
        yield
    except TransientError as error:
        denials = (aiormq.ChannelAccessRefused, aiormq.ChannelPreconditionFailed)
        if isinstance(error.__cause__, denials):
            raise DeniedError(str(error)) from error
        raise


def _received(message: DeliveredMessage) -> Received:
    properties = message.header.properties
    return Received(
        body=message.body,
        message_id=properties.message_id or "",
        type=properties.message_type or "",
        correlation_id=properties.correlation_id or "",
        headers={name: str(value) for name, value in (properties.headers or {}).items()},
        priority=properties.priority or 0,
        redelivered=bool(message.redelivered),
        _message=message,
    )
