"""One lane of the intake: one connection, one queue, a bounded number of submissions in flight.

The broker holds back what exceeds `prefetch` messages or `window` bytes. A submission stays
unacknowledged until it is settled; while settling fails for a while it is tried again, and never
given back, because a quorum queue counts returns and dead-letters after twenty.

When nothing moves although the window is full (the ledger is away), reading on would fill the
memory and not reading would lose the connection every 30 seconds. Then the lane goes *narrow*:
one message at a time, until as many as its prefetch went through.

Going wrong: a lost connection, a closed channel, a consumer that the broker cancelled or no longer
counts. Each ends the work on this connection, and the `Link` makes another; the broker delivers
again what was not acknowledged, and the ledger knows what it has seen.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NoReturn

import aiormq
from aiormq.abc import DeliveredMessage

from axisd.adapters.amqp.connection import (
    Endpoint,
    Link,
    Observe,
    broker_errors,
    close,
    end_of,
    open_channel,
)
from axisd.adapters.amqp.transport import FrameTransport, Window
from axisd.core.retry import Backoff
from axisd.core.submission import Door, Lane, Submission
from axisd.errors import TransientError
from axisd.ports import Clock, Handle, Telemetry

RETRIES: Final = Backoff(first=timedelta(milliseconds=100), most=timedelta(seconds=5))
"""Between two tries to settle one submission while the ledger cannot."""

_UNBOUNDED: Final = 1 << 62


@dataclass(frozen=True, slots=True)
class Bounds:
    """`prefetch` in messages, `window` in bytes of bodies; the rest in seconds.

    `patience`: how long a full window may stay shut before the lane goes narrow. `look`: between two
    looks at the broker's own count of consumers. `beat`: between two signs of life. `answer`: for
    one answer of the broker.
    """

    prefetch: int = 64
    window: int = 32 * 1024 * 1024
    patience: float = 10.0
    look: float = 30.0
    beat: float = 2.0
    answer: float = 15.0


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A message with the monotonic time at which it came in, the window that counts it, and whether it lay
    in the queue when we came."""

    message: DeliveredMessage
    at: float
    window: Window
    waited: bool = False

    def received_at(self, clock: Clock) -> datetime:
        """By how long ago it came: the clock may have been wrong then, and set right since."""
        return clock.now() - timedelta(seconds=clock.monotonic() - self.at)


class IntakeLane:
    """Consumes `queue`. Run `keep` once and `work` as often as `bounds.prefetch`, in one TaskGroup."""

    def __init__(
        self,
        lane: Lane,
        queue: str,
        endpoint: Endpoint,
        clock: Clock,
        telemetry: Telemetry,
        bounds: Bounds,
        observe: Observe | None,
    ) -> None:
        self.bounds = bounds
        self.consuming = asyncio.Event()
        self._queue = queue
        self._clock = clock
        self._telemetry = telemetry
        self._arrivals: asyncio.Queue[_Arrival] = asyncio.Queue(maxsize=bounds.prefetch)
        self._in_flight = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._draining = asyncio.Event()
        self._narrow = 0
        self._widen = asyncio.Event()
        self._window = Window(bounds.window, clock.monotonic)
        self._channel: aiormq.Channel | None = None
        self._tag = ""
        self._waiting = 0
        self._link = Link(
            endpoint,
            f"intake.{lane}",
            self._consume,
            clock=clock,
            telemetry=telemetry,
            observe=observe,
            transport=self._transport,
        )

    async def keep(self) -> None:
        """Keeps a consumer on the queue, until cancelled."""
        await self._link.keep()

    async def work(self, handle: Handle) -> NoReturn:
        """Settles one submission after the other, until cancelled."""
        while True:
            arrival = await self._arrivals.get()
            try:
                await self._settle(arrival, handle)
            finally:
                self._landed(arrival.window, len(arrival.message.body))
                # An idle worker must not keep its last body in memory until the next one comes.
                del arrival

    async def drain(self) -> None:
        """No new submissions; returns when none is in flight. What cannot be settled stays unacknowledged."""
        self._draining.set()
        if self._channel is not None and self.consuming.is_set():
            self.consuming.clear()
            with contextlib.suppress(TransientError), broker_errors("cancelling the consumer"):
                await self._channel.basic_cancel(self._tag, timeout=self.bounds.answer)
        await self._idle.wait()
        await self._acknowledged()

    # the consumer

    def _transport(self) -> FrameTransport:
        limit = _UNBOUNDED if self._narrow else self.bounds.window
        self._window = Window(limit, self._clock.monotonic)
        return FrameTransport(self._window)

    async def _consume(self, connection: aiormq.Connection) -> NoReturn:
        await self._quiet()
        channel = await open_channel(connection, confirms=False)
        ended = end_of(channel, connection)

        def cancelled(_: object) -> None:
            if not ended.done():
                ended.set_result("the broker cancelled the consumer")

        channel.on_consumer_cancel_callbacks.add(cancelled)
        self._channel = channel
        try:
            await self._subscribe(channel)
            await self._attend(channel, ended)
        finally:
            if self._window.shut_for > self.bounds.patience:
                self._narrow = self.bounds.prefetch
            self.consuming.clear()
            self._channel = None
            await close(channel)

    async def _quiet(self) -> None:
        """What came over the last connection ends first: it would come again and be settled twice."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.bounds.patience):
                await self._idle.wait()

    async def _subscribe(self, channel: aiormq.Channel) -> None:
        if self._draining.is_set():
            return
        # What lies there now was handed in before we came, however long ago.
        self._waiting = (await self._look(channel)).message_count or 0
        with broker_errors(f"consuming {self._queue}"):
            prefetch = 1 if self._narrow else self.bounds.prefetch
            await channel.basic_qos(prefetch_count=prefetch, timeout=self.bounds.answer)
            answer = await channel.basic_consume(
                self._queue, self._arrived, timeout=self.bounds.answer
            )
        self._tag = answer.consumer_tag or ""
        self.consuming.set()

    async def _attend(self, channel: aiormq.Channel, ended: asyncio.Future[str]) -> NoReturn:
        looked = self._clock.monotonic()
        while True:
            self._link.beat()
            await asyncio.wait({ended}, timeout=self.bounds.beat)
            if ended.done():
                raise TransientError(f"consuming {self._queue}: {ended.result()}")
            if self._window.shut_for > self.bounds.patience:
                raise TransientError(
                    f"consuming {self._queue}: {self._window.held} bytes are not settled"
                    f" after {self.bounds.patience:g} seconds; going on with one at a time"
                )
            if self._widen.is_set():
                await self._resubscribe(channel)
            elif self._clock.monotonic() - looked >= self.bounds.look and self._answers():
                looked = self._clock.monotonic()
                if not (await self._look(channel)).consumer_count:
                    raise TransientError(f"consuming {self._queue}: the broker counts no consumer")

    def _answers(self) -> bool:
        """Whether the broker's count is of interest, and its answer not behind a shut window."""
        return self.consuming.is_set() and not self._window.shut_for

    async def _resubscribe(self, channel: aiormq.Channel) -> None:
        """From narrow to the full prefetch; what is in flight stays acknowledgeable."""
        self._widen.clear()
        if self.consuming.is_set():
            with broker_errors(f"consuming {self._queue}"):
                await channel.basic_cancel(self._tag, timeout=self.bounds.answer)
            self._window.resize(self.bounds.window)
            await self._subscribe(channel)

    async def _look(self, channel: aiormq.Channel) -> aiormq.spec.Queue.DeclareOk:
        """What the broker counts: consumers, messages. A passive declare needs no permission to configure."""
        try:
            with broker_errors(f"looking for queue {self._queue}"):
                return await channel.queue_declare(
                    self._queue, passive=True, timeout=self.bounds.answer
                )
        except TransientError as error:
            if isinstance(error.__cause__, aiormq.ChannelNotFoundEntity):
                raise TransientError(f"{error}; `axisd broker apply` makes it") from error
            raise

    # what arrives

    async def _arrived(self, message: DeliveredMessage) -> None:
        window = self._window
        window.take(len(message.body))
        self._in_flight += 1
        self._idle.clear()
        waited = self._waiting > 0
        self._waiting -= waited
        try:
            await self._arrivals.put(_Arrival(message, self._clock.monotonic(), window, waited))
        except asyncio.CancelledError:  # its channel is closed: it will come again
            self._landed(window, len(message.body))
            raise

    def _landed(self, window: Window, size: int) -> None:
        window.give(size)
        self._in_flight -= 1
        if not self._in_flight:
            self._idle.set()

    async def _settle(self, arrival: _Arrival, handle: Handle) -> None:
        failures = 0
        while not arrival.message.channel.is_closed:
            try:
                await handle(self._submission(arrival, retried=failures > 0))
            except TransientError as error:
                failures += 1
                self._telemetry.trouble(self._link.purpose, error)
                if await self._paused(failures):
                    return
            else:
                await self._acknowledge(arrival.message)
                return

    async def _paused(self, failures: int) -> bool:
        """Waits before the next try; True if the lane is draining and there is to be none."""
        wait = RETRIES.after(failures, random.SystemRandom().random())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait.total_seconds()):
                await self._draining.wait()
        return self._draining.is_set()

    async def _acknowledge(self, message: DeliveredMessage) -> None:
        if self._narrow:
            self._narrow -= 1
            if not self._narrow:
                self._widen.set()
        # Lost with its channel, it comes again and is known: nothing to be done about it here.
        with contextlib.suppress(TransientError), broker_errors("acknowledging"):
            assert isinstance(message.channel, aiormq.Channel), "aiormq opens its own channels"
            await message.channel.basic_ack(message.delivery_tag or 0, wait=False)

    async def _acknowledged(self) -> None:
        """Returns when the broker has all acknowledgements: it answers in order, and they wait for nothing.

        A connection closed before would bring the last submissions again, as duplicates.
        """
        if self._channel is not None:
            with contextlib.suppress(TransientError), broker_errors("acknowledging"):
                await self._channel.basic_qos(prefetch_count=1, timeout=self.bounds.answer)

    def _submission(self, arrival: _Arrival, *, retried: bool) -> Submission:
        """Each try has an id of its own: the one before may have become durable and not told us."""
        message = arrival.message
        properties = message.header.properties
        return Submission(
            id=self._clock.new_id(),
            door=Door.AMQP,
            body=message.body,
            received_at=arrival.received_at(self._clock),
            account=properties.user_id or None,
            routing_key=message.routing_key or "",
            content_type=properties.content_type or "",
            redelivered=bool(message.redelivered),
            retried=retried,
            waited=arrival.waited,
        )
