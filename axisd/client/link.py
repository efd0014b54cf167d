"""One connection of a client, opened anew when it was lost; and messages that go on over that.

What fails for good (a queue that is not one's own) is raised; what heals is told to `trouble` and tried again
after a pause that grows. Nothing is acknowledged here.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from axisd.adapters.amqp import AgencyClient, Endpoint, Received
from axisd.adapters.amqp.client import Kind
from axisd.adapters.amqp.connection import PAUSES
from axisd.errors import TransientError

Trouble = Callable[[TransientError], None]


class Link:
    """The connection for one purpose; opened at the first need."""

    def __init__(self, endpoint: Endpoint, *, deadline: float, trouble: Trouble) -> None:
        self._endpoint = endpoint
        self._deadline = deadline
        self._trouble = trouble
        self._client: AgencyClient | None = None
        self._opening = asyncio.Lock()

    async def open(self) -> AgencyClient:
        """The open connection. Raises UnavailableError when there is none to be had now."""
        async with self._opening:
            if self._client is None or not self._client.connected:
                await self._drop()
                client = AgencyClient(self._endpoint, deadline=self._deadline)
                await client.open()
                self._client = client
            return self._client

    async def close(self) -> None:
        """Closes it. Never fails."""
        async with self._opening:
            await self._drop()

    async def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def pause(self, error: TransientError, failures: int) -> None:
        """Tells the trouble and waits before the next try."""
        self._trouble(error)
        await asyncio.sleep(PAUSES.after(failures, random.random()).total_seconds())

    async def messages(
        self, kind: Kind, agency: str, prefetch: int
    ) -> AsyncGenerator[Received, None]:
        """Messages as they come in, without an end. Raises DeniedError: that box is somebody else's.

        Raises ValueError for a `prefetch` below 1, which to the broker means without a bound.
        """
        if prefetch < 1:
            raise ValueError("prefetch is at least 1")
        failures = 0
        while True:
            try:
                client = await self.open()
                async with aclosing(client.receive(kind, agency, prefetch=prefetch)) as stream:
                    async for received in stream:
                        failures = 0
                        yield received
            except TransientError as error:
                failures += 1
                await self.pause(error, failures)
