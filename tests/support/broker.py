"""The private RabbitMQ node of a test run, and a vhost of it for each test.

`tests/conftest.py` makes both available everywhere. The node starts when the first test asks for
it and dies with the run, even when that is killed.
"""

import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from axisd.simulator.broker import PrivateNode

_numbers: Iterator[int] = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Vhost:
    """A fresh vhost, and how to reach it as the node's administrator."""

    name: str
    node: PrivateNode

    @property
    def amqp_url(self) -> str:
        return self.node.amqp_url(self.name)

    @property
    def management_url(self) -> str:
        return self.node.management_url

    def amqp_url_of(self, user: str, password: str) -> str:
        """The URL for an account other than the administrator's."""
        return self.node.amqp_url(self.name, user, password)


@asynccontextmanager
async def fresh_vhost(node: PrivateNode) -> AsyncIterator[Vhost]:
    """A vhost under a name that this run has not used before; it goes with the block."""
    async with node.vhost(f"test-{next(_numbers)}") as name:
        yield Vhost(name=name, node=node)
