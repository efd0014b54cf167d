"""Fixtures for every test."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from axisd.simulator.broker import PrivateNode
from tests.support.broker import Vhost, fresh_vhost


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def broker_node(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PrivateNode]:
    """The run's private RabbitMQ node, started for the first test that asks for it."""
    async with PrivateNode(tmp_path_factory.mktemp("broker")) as node:
        yield node


@pytest_asyncio.fixture
async def vhost(broker_node: PrivateNode) -> AsyncIterator[Vhost]:
    """A fresh vhost on the run's node."""
    async with fresh_vhost(broker_node) as fresh:
        yield fresh
