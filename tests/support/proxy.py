"""A TCP proxy that can hold back what one side sends: the moment between two steps, made to last.

It stands between axisd and the broker. `hold` stops passing on what the connections of one purpose send to
the broker (`intake.normal`, `publisher`); what the broker sends still arrives. Ends with its context.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from axisd.simulator.loopback import ADDRESS, free_ports


class Proxy:
    """Connections are told apart by the connection name that they give at their start."""

    def __init__(self, target: int) -> None:
        self.port = free_ports(1)[0]
        self._target = target
        self._held: set[str] = set()
        self._open = asyncio.Condition()
        self.kept_back: dict[str, int] = {}

    async def hold(self, purpose: str) -> None:
        """From now on nothing that connections of this purpose send is passed on."""
        self._held.add(purpose)
        self.kept_back[purpose] = 0

    async def until_kept_back(self, purpose: str, within: float = 10) -> None:
        """Until something of this purpose was held back."""
        async with asyncio.timeout(within), self._open:
            await self._open.wait_for(lambda: self.kept_back.get(purpose, 0) > 0)

    async def cut(self) -> None:
        """What was held back is lost, and the broker sees the connections end; new ones are passed."""
        self._held.clear()
        async with self._open:
            self._open.notify_all()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it."""
        upstream_reader, upstream_writer = await asyncio.open_connection(ADDRESS, self._target)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            async with asyncio.TaskGroup() as group:
                group.create_task(self._up(reader, upstream_writer))
                group.create_task(_pass(upstream_reader, writer))
        upstream_writer.close()
        writer.close()

    async def _up(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opening, purpose = b"", ""
        while content := await reader.read(65536):
            if not purpose:
                opening += content
                purpose = _purpose(opening)
            if purpose in self._held:
                async with self._open:
                    self.kept_back[purpose] += len(content)
                    self._open.notify_all()
                    while purpose in self._held:
                        await self._open.wait()
                writer.transport.abort()
                return
            writer.write(content)
            await writer.drain()
        writer.close()


def _purpose(opening: bytes) -> str:
    for purpose in ("intake.normal", "intake.urgent", "publisher"):
        if purpose.encode() in opening:
            return purpose
    return ""


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while content := await reader.read(65536):
        writer.write(content)
        await writer.drain()
    writer.close()


@asynccontextmanager
async def proxy_to(target: int) -> AsyncIterator[Proxy]:
    """A proxy on loopback in front of the port `target`."""
    proxy = Proxy(target)
    server = await asyncio.start_server(proxy.handle, ADDRESS, proxy.port)
    try:
        yield proxy
    finally:
        await proxy.cut()
        server.close()
