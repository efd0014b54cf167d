"""Connections to RabbitMQ: opened, kept open, closed, and their failures put into our words.

`Link` keeps one connection: it opens it, hands it to whoever works with it, and opens the next one
after a pause that grows and is drawn by lot. It works on aiormq, the protocol layer of aio-pika,
and not on aio-pika's robust connection, which waits a fixed time, publishes into a connection that
is not there, and revives some consumers but not all. Who works with a connection declares anew
what it needs each time, so nothing is revived and nothing can be forgotten.

Nothing here declares topology. Passwords stand in the URL and leave it only for the broker.
Whatever goes wrong is a TransientError: a broker that is away, a refused password, a missing
queue; each of them heals when somebody mends it, without a restart of ours.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, NoReturn, Protocol
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

import aiormq
from aiormq.abc import AbstractChannel, AbstractConnection

from axisd.core.retry import Backoff
from axisd.errors import TransientError, UnavailableError
from axisd.ports import Clock, Telemetry

_PORTS: Final = {"amqp": 5672, "amqps": 5671}
_CLOSE_SECONDS: Final = 5.0
_PROVEN_SECONDS: Final = 10.0
"""A connection that lived this long was a good one: the next pause is short again."""

PAUSES: Final = Backoff(first=timedelta(milliseconds=200), most=timedelta(seconds=5))
"""Between two tries to connect. One daemon or a few: no herd that would need longer ones."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the broker is and as whom we go there. `url`: amqp(s)://account:password@host:port/vhost.

    `heartbeat` and `within` (for connecting) are seconds. `tls` replaces what the URL's query says
    about certificates (`cafile`, `certfile`, `keyfile`; `auth=external` for client certificates).
    """

    url: str = field(repr=False)
    name: str = "axisd"
    heartbeat: int = 30
    within: float = 10.0
    tls: ssl.SSLContext | None = field(default=None, repr=False)

    @property
    def account(self) -> str:
        """The broker account, which is also the `user_id` of what it publishes."""
        return unquote(urlsplit(self.url).username or "guest")

    def __str__(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.hostname}:{parts.port or _PORTS.get(parts.scheme, 0)}{parts.path}"

    def address(self) -> str:
        """The URL with our heartbeat in it, unless it names one."""
        parts = urlsplit(self.url)
        query = {"heartbeat": str(self.heartbeat), **dict(parse_qsl(parts.query))}
        return urlunsplit(parts._replace(query=urlencode(query)))

    def connection_name(self, purpose: str) -> str:
        """What the broker's list of connections shows besides the account."""
        return f"{self.name} {purpose}"


@contextlib.contextmanager
def broker_errors(doing: str) -> Iterator[None]:
    """Turns whatever the library raises into a TransientError that begins with `doing`.

    Whose wish a cancellation is, the task knows and the exception does not: the library cancels
    what waits on a channel that closes, and `asyncio.wait_for`, which it uses, forgets a
    cancellation that comes together with the answer (until Python 3.12).
    """
    try:
        yield
    except asyncio.CancelledError as error:
        if _told_to_end():
            raise
        raise TransientError(f"{doing}: the connection to the broker was lost") from error
    except (aiormq.AMQPError, OSError, RuntimeError, EOFError) as error:
        raise TransientError(f"{doing}: {described(error)}") from error
    if _told_to_end():
        raise asyncio.CancelledError


def _told_to_end() -> bool:
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def described(error: BaseException) -> str:
    """What the broker or the library said, without the class where there are words."""
    words = " ".join(str(word) for word in error.args if word not in {None, ""})
    return words or type(error).__name__


async def open_connection(
    endpoint: Endpoint, purpose: str, transport: aiormq.TransportFactory | None = None
) -> aiormq.Connection:
    """A connection that is ready. `purpose` shows in the broker's list of connections.

    Raises:
        UnavailableError: see `connecting`.
    """
    async with connecting(endpoint):
        return await aiormq.connect(
            endpoint.address(),
            context=endpoint.tls,
            transport_factory=transport,
            client_properties={"connection_name": endpoint.connection_name(purpose)},
        )


@contextlib.asynccontextmanager
async def connecting(endpoint: Endpoint) -> AsyncIterator[None]:
    """Gives whoever connects the time that `endpoint` allows.

    Raises:
        UnavailableError: it cannot be done; the sentence says where to and why, never the password.
    """
    try:
        with broker_errors(f"connecting to {endpoint}"):
            async with asyncio.timeout(endpoint.within):
                yield
    except TransientError as error:
        raise UnavailableError(str(error)) from error


async def open_channel(connection: aiormq.Connection, *, confirms: bool) -> aiormq.Channel:
    """A new channel; with `confirms`, publishing waits for the broker and raises for returns."""
    with broker_errors("opening a channel"):
        channel = await connection.channel(publisher_confirms=confirms)
    assert isinstance(channel, aiormq.Channel), "aiormq opens its own channels"
    return channel


class Closable(Protocol):
    """A channel or a connection, of either library."""

    def close(self) -> Awaitable[object]: ...


async def close(*parts: Closable) -> None:
    """Closes channels or connections in this order, each within a bound; never fails.

    Closing a channel first also sends what was not yet written, such as acknowledgements.
    """
    for part in parts:
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await part.close()
        except asyncio.CancelledError:
            if _told_to_end():
                raise
        except (aiormq.AMQPError, OSError, RuntimeError, EOFError):
            continue  # it is of no use any more, which is what was wanted


def end_of(*parts: AbstractChannel | AbstractConnection) -> asyncio.Future[str]:
    """Resolves, with the reason in words, as soon as one of `parts` closes. Never raises."""
    ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def settle(closing: asyncio.Future[None]) -> None:
        if not ended.done():
            error = None if closing.cancelled() else closing.exception()
            ended.set_result("it was closed" if error is None else described(error))

    for part in parts:
        part.closing.add_done_callback(settle)
    return ended


@dataclass(frozen=True, slots=True)
class LinkState:
    """What is known of one connection. `trouble`: why it is not connected, empty if it is."""

    purpose: str
    connected: bool = False
    blocked: bool = False
    trouble: str = ""


Observe = Callable[[LinkState], None]
Work = Callable[[aiormq.Connection], Awaitable[NoReturn]]
Transport = Callable[[], aiormq.TransportFactory | None]


class Link:
    """One connection, kept. `work` gets each new one and raises TransientError when it is of no use."""

    def __init__(
        self,
        endpoint: Endpoint,
        purpose: str,
        work: Work,
        *,
        clock: Clock,
        telemetry: Telemetry,
        observe: Observe | None = None,
        transport: Transport = lambda: None,
    ) -> None:
        self.purpose = purpose
        self._endpoint = endpoint
        self._work = work
        self._clock = clock
        self._telemetry = telemetry
        self._observe = observe
        self._transport = transport
        self._state = LinkState(purpose, trouble="not yet connected")

    @property
    def state(self) -> LinkState:
        return self._state

    async def keep(self) -> None:
        """Until cancelled. An error of any other family than TransientError ends it."""
        failures = 0
        while True:
            began = self._clock.monotonic()
            try:
                await self._once()
            except TransientError as error:
                lived = self._clock.monotonic() - began
                failures = 1 if lived > _PROVEN_SECONDS else failures + 1
                self._telemetry.trouble(self.purpose, error)
                self.note(LinkState(self.purpose, trouble=str(error)))
            self.beat()
            await asyncio.sleep(
                PAUSES.after(failures, random.SystemRandom().random()).total_seconds()
            )

    async def _once(self) -> None:
        connection = await open_connection(self._endpoint, self.purpose, self._transport())
        try:
            self.note(LinkState(self.purpose, connected=True))
            await self._work(connection)
        finally:
            await close(connection)

    def note(self, state: LinkState) -> None:
        """Tells whoever observes, if anything changed."""
        if state != self._state:
            self._state = state
            if self._observe is not None:
                self._observe(state)

    def beat(self) -> None:
        """A sign of life; also while there is no broker, which is no fault of this process."""
        self._telemetry.beat(self.purpose)
