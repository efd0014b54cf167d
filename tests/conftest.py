"""Fixtures for every test."""

import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from hypothesis import settings

from axisd.simulator.broker import PrivateNode
from tests.support.broker import Vhost, fresh_vhost

# On a shared machine a slow example is no failure. In CI the same examples every time: what the
# random ones find here is turned into a test; what they might find there would stop somebody else.
settings.register_profile("axisd", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("axisd")


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
