"""What systems register, in the daemon's own file: judged first, written whole, in use or undone."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from axisd.adapters.clock import SystemClock
from axisd.config.load import Configuration, read
from axisd.core.registration import NOT_MEANT, Denial, Rows
from axisd.core.view import View
from axisd.core.zone import day_of
from axisd.daemon.registering import RegisteredAgencies
from axisd.errors import AxisError, ConfigError, TransientError
from tests.support.settings import Site
from tests.support.values import agency
from tests.unit.config.test_registered import CENTRE, registering_site

ROWS = (agency(CENTRE, name="Trung tâm", parent="000.00.11.H53", registered_by="finance"),)


class Scene:
    """A site and what is in use of it. `fault` is raised in the place of taking something into use."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.current = self.loaded()
        self.fault: BaseException | None = None
        self.taken = 0
        self.registered = RegisteredAgencies(SystemClock(), self.take)

    @property
    def file(self) -> Path:
        return self.site.folder / "registered.csv"

    def loaded(self) -> Configuration:
        return read(self.site.config, day=day_of(SystemClock().now()))

    async def take(self, fresh: Configuration) -> None:
        assert self.file.exists(), "it is on the disk before it is in use"
        if self.fault is not None:
            raise self.fault
        self.current = fresh
        self.taken += 1

    async def change(
        self,
        rows: Rows | Denial = ROWS,
        confirm: Callable[[View], Denial | None] = lambda _: None,
    ) -> Denial | None:
        return await self.registered.change(self.current, lambda _view, _rows: rows, confirm)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(registering_site(tmp_path))


async def test_what_is_registered_is_in_the_file_and_in_use(scene: Scene) -> None:
    assert await scene.change() is None
    system = scene.current.view.directory.system_of(CENTRE)
    assert system is not None
    assert (system.account, scene.current.view.version) == ("finance", 2)
    assert scene.loaded().view.directory == scene.current.view.directory
    assert [path.name for path in scene.site.folder.glob("*registered*")] == ["registered.csv"]


async def test_what_holds_already_is_neither_written_nor_taken_again(scene: Scene) -> None:
    await scene.change()
    written = scene.file.stat().st_ino
    assert await scene.change() is None
    assert (scene.taken, scene.file.stat().st_ino) == (1, written)


async def test_what_is_denied_leaves_no_file(scene: Scene) -> None:
    assert await scene.change(NOT_MEANT) == NOT_MEANT
    assert await scene.change(confirm=lambda _: NOT_MEANT) == NOT_MEANT
    assert (scene.file.exists(), scene.taken) == (False, 0)


async def test_without_a_file_for_them_nobody_registers(scene: Scene) -> None:
    scene.site.edit("axisd.yaml", ", registered: registered.csv", "")
    scene.current = scene.loaded()
    assert await scene.change() == NOT_MEANT


@pytest.mark.parametrize("before", [True, False])
async def test_what_cannot_be_put_on_record_is_undone(scene: Scene, before: bool) -> None:
    if before:
        await scene.change()
    content = scene.file.read_bytes() if before else None
    scene.fault = TransientError("the ledger cannot be written")
    with pytest.raises(TransientError):
        await scene.change((replace(ROWS[0], name="Tên mới"),))
    assert (scene.file.read_bytes() if scene.file.exists() else None) == content
    scene.fault = None
    assert await scene.change((replace(ROWS[0], name="Tên mới"),)) is None
    assert scene.loaded().view.directory.agencies[CENTRE].name == "Tên mới"


async def test_who_is_killed_between_file_and_use_finds_it_at_the_next_start(scene: Scene) -> None:
    scene.fault = asyncio.CancelledError()
    with pytest.raises(asyncio.CancelledError):
        await scene.change()
    assert CENTRE not in scene.current.view.directory.agencies
    scene.current, scene.fault = scene.loaded(), None
    assert CENTRE in scene.current.view.directory.agencies
    assert await scene.change() is None, "the repeated call is answered"
    assert scene.taken == 0


async def test_what_is_in_the_file_and_not_in_use_is_taken_into_use(scene: Scene) -> None:
    scene.fault = asyncio.CancelledError()
    with pytest.raises(asyncio.CancelledError):
        await scene.change()
    scene.fault = None
    assert await scene.change() is None
    assert scene.taken == 1


async def test_nothing_is_written_while_the_configuration_would_not_load(scene: Scene) -> None:
    scene.site.edit("agencies.csv", "000.20.30.H53,", "000.00.11.H53,")
    with pytest.raises(ConfigError):
        await scene.change()
    assert not scene.file.exists()


@pytest.mark.parametrize("text", ["code,name\n", "code,name,system\nx y,Tên,finance,more\n"])
async def test_a_file_that_cannot_be_read_is_left_as_it_is(scene: Scene, text: str) -> None:
    scene.site.write("registered.csv", text)
    with pytest.raises(AxisError):
        await scene.change()
    assert scene.file.read_text() == text


async def test_a_folder_that_is_not_there_is_told_and_not_made(scene: Scene) -> None:
    scene.site.edit("axisd.yaml", "registered: registered.csv", "registered: gone/registered.csv")
    scene.current = scene.loaded()
    with pytest.raises(TransientError, match="cannot be written"):
        await scene.change()
    assert scene.taken == 0


async def test_a_setting_that_changed_waits_for_its_reload(scene: Scene) -> None:
    scene.site.edit("axisd.yaml", "registered: registered.csv", "registered: other.csv")
    with pytest.raises(TransientError, match="reload"):
        await scene.change()
    assert not (scene.site.folder / "other.csv").exists()
