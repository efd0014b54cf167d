"""Two checks never take each other's probes: the second one waits, and gives up with a sentence."""

import asyncio
from pathlib import Path

import pytest

from axisd.cli.alone import alone
from axisd.errors import TransientError


async def test_who_comes_second_gives_up_with_a_sentence(tmp_path: Path) -> None:
    async with alone(tmp_path, 0):
        with pytest.raises(TransientError, match="another check"):
            async with alone(tmp_path, 0):
                raise AssertionError("it must not come in")
    async with alone(tmp_path, 0):
        assert listed(tmp_path) == [], "nothing is written for it"


def listed(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_who_comes_second_waits_for_its_turn(tmp_path: Path) -> None:
    order: list[str] = []
    waits = asyncio.Event()

    async def second() -> None:
        waits.set()
        async with alone(tmp_path, 30):
            order.append("second")

    async with asyncio.TaskGroup() as group, alone(tmp_path, 0):
        group.create_task(second())
        await waits.wait()
        await asyncio.sleep(0)
        order.append("first")
    assert order == ["first", "second"]


async def test_it_is_free_again_when_its_holder_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        async with alone(tmp_path, 0):
            raise ZeroDivisionError
    async with alone(tmp_path, 0):
        pass


async def test_a_folder_that_is_not_there_keeps_nobody_out(tmp_path: Path) -> None:
    async with alone(tmp_path / "none", 0), alone(tmp_path / "none", 0):
        pass
