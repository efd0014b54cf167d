"""One province for all acceptance tests: a real broker, a national axis, and axisd as a process."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from axisd.simulator.demo.papers import Papers
from axisd.simulator.province import Province


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def province(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Province]:
    """Built once; axisd itself is started by each test."""
    async with Province(tmp_path_factory.mktemp("province")) as built:
        await built.build()
        yield built


@pytest.fixture(scope="session")
def papers(province: Province) -> Papers:
    """Envelopes of the province's agencies, no two with the same DocumentId."""
    return Papers(province)


@pytest_asyncio.fixture(loop_scope="session")
async def running(province: Province) -> AsyncIterator[Province]:
    """The province with axisd up; whatever a test did to it, it is gone afterwards."""
    await province.start_axisd()
    try:
        yield province
    finally:
        await province.stop_axisd()
