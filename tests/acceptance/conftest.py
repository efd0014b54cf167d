"""One province for all acceptance tests: a real broker, a national axis, and axisd as a process."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from axisd.simulator.demo.papers import Papers
from axisd.simulator.province import Province
from tests.support.acceptance import SETTINGS


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def province(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Province]:
    """Built once; axisd itself is started by whoever needs it."""
    async with Province(tmp_path_factory.mktemp("province"), settings=SETTINGS) as built:
        await built.build()
        yield built
        await built.stop_axisd()
        await built.node.kill()  # quicker than to stop it, and its folder is thrown away


@pytest.fixture(scope="session")
def papers(province: Province) -> Papers:
    """Envelopes of the province's agencies, no two with the same DocumentId."""
    return Papers(province)


@pytest_asyncio.fixture(loop_scope="session")
async def served(province: Province) -> Province:
    """The province with axisd up; it stays up for the next test that is content with that."""
    if province.axisd is None or not province.axisd.alive():
        await province.start_axisd()
    return province


@pytest_asyncio.fixture(loop_scope="session")
async def running(served: Province) -> AsyncIterator[Province]:
    """The province with axisd up; whatever a test did to it, it is gone afterwards."""
    try:
        yield served
    finally:
        await served.stop_axisd()


@pytest_asyncio.fixture(loop_scope="session")
async def site(province: Province) -> AsyncIterator[Province]:
    """The province without axisd, for a test that starts it in a way of its own."""
    await province.stop_axisd()
    try:
        yield province
    finally:
        await province.stop_axisd()
