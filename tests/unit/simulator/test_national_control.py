"""The control of a simulated axis: behaviour, time, and a fresh start, from its own machine only."""

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from axisd.adapters.clock import ManualClock
from axisd.simulator.national.control import _from_here
from tests.support.axis_scene import behaving, close_scene, open_scene, send
from tests.support.national import MINISTRY, OFFICE, PROVINCE, SEED, document


async def test_a_behaviour_is_shown_and_replaced(tmp_path: Path) -> None:
    async with behaving(tmp_path, "delay=10m", f"{MINISTRY}/trace=false") as scene:
        told = {
            "dice": 0,
            "everywhere": {"delay": "10m"},
            "centres": {MINISTRY: {"trace": False}},
        }
        assert await scene.control("GET", "behaviour") == (200, told)
        other = {"dice": 9, "everywhere": {"mute": "5%"}, "centres": {}}
        assert await scene.control("PUT", "behaviour", other) == (200, other)
        assert await scene.control("GET", "behaviour") == (200, other)
        assert await scene.control("PUT", "behaviour", told) == (200, told)


async def test_a_behaviour_with_mistakes_changes_nothing_and_all_are_told(tmp_path: Path) -> None:
    async with behaving(tmp_path, "delay=10m") as scene:
        wrong = {"everywhere": {"delay": "soon", "chaos": True}}
        status, told = await scene.control("PUT", "behaviour", wrong)
        assert status == 422
        assert len(told["wrong"]) == 2
        stranger: dict[str, Any] = {"centres": {"00.99.W00": {}}}
        status, told = await scene.control("PUT", "behaviour", stranger)
        assert (status, told["wrong"]) == (422, ["centres.00.99.W00: no such centre"])
        _, kept = await scene.control("GET", "behaviour")
        assert kept["everywhere"] == {"delay": "10m"}


async def test_time_stands_still_and_is_advanced(tmp_path: Path) -> None:
    async with behaving(tmp_path, virtual=True) as scene:
        at = {"now": "2026-01-05T08:00:00+07:00", "virtual": True}
        assert await scene.control("GET", "clock") == (200, at)
        later = {"now": "2026-01-05T08:15:00+07:00", "virtual": True}
        assert await scene.control("POST", "clock", {"advance": "15m"}) == (200, later)
        assert await scene.control("GET", "clock") == (200, later)


@pytest.mark.parametrize(
    "asked",
    [{}, {"advance": "soon"}, {"advance": "-5m"}, {"back": "5m"}, [], "15m",
     {"advance": "999999999d"}],
)  # fmt: skip
async def test_time_that_cannot_pass_is_refused(tmp_path: Path, asked: Any) -> None:
    async with behaving(tmp_path, virtual=True) as scene:
        status, told = await scene.control("POST", "clock", asked)
        assert (status, len(told["wrong"])) == (422, 1)
        _, clock = await scene.control("GET", "clock")
        assert clock["now"] == "2026-01-05T08:00:00+07:00"


async def test_time_that_stands_still_survives_a_restart(tmp_path: Path) -> None:
    async with behaving(tmp_path, "delay=10m", virtual=True) as scene:
        await send(scene.province, document(OFFICE), OFFICE)
        await scene.control("POST", "clock", {"advance": "9m"})
    async with behaving(tmp_path, virtual=True) as scene:
        assert await scene.ministry.count("document") == 0
        await scene.control("POST", "clock", {"advance": "1m"})
        assert await scene.ministry.count("document") == 1


async def test_a_running_clock_can_be_ahead(tmp_path: Path) -> None:
    scene = await open_scene(tmp_path, SEED, ManualClock())
    told = {"now": "2026-01-05T09:00:00+07:00", "virtual": False}
    assert await scene.control("POST", "clock", {"advance": "1h"}) == (200, told)
    await close_scene(scene)


async def test_a_reset_forgets_messages_and_counts_and_keeps_who_is_there(tmp_path: Path) -> None:
    async with behaving(tmp_path, "wrong-counts=1") as scene:
        await send(scene.province, document(OFFICE), OFFICE)
        wrong = await scene.ministry.count("document")
        status, state = await scene.control("POST", "reset")
        assert status == 200
        assert state["centres"][PROVINCE]["sent"] == 0
        assert state["centres"][PROVINCE]["agencies"] == 4
        assert (state["calls"], state["faults"]) == ({}, {})
        await send(scene.province, document(OFFICE), OFFICE)
        assert await scene.ministry.count("document") == wrong, "the same luck again"
        assert await scene.ministry.count("document") == 1


@pytest.mark.parametrize(
    ("content_type", "body"),
    [("text/plain", b"{}"), ("application/json", b"{"), ("application/json", b"[" * 90_000)],
)
async def test_what_is_not_json_is_refused(tmp_path: Path, content_type: str, body: bytes) -> None:
    async with behaving(tmp_path, "mute") as scene, aiohttp.ClientSession() as session:
        for method, path in (("PUT", "behaviour"), ("POST", "clock")):
            url = f"{scene.axis.url}/-/{path}"
            headers = {"Content-Type": content_type}
            async with session.request(method, url, data=body, headers=headers) as response:
                assert response.status == 422
                assert len((await response.json())["wrong"]) == 1


@pytest.mark.parametrize(
    ("address", "here"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("10.0.0.7", False),
     ("fe80::1%eth0", False), ("", False), (None, False), ("localhost", False)],
)  # fmt: skip
def test_only_the_machine_itself_is_answered(address: str | None, here: bool) -> None:
    assert _from_here(address) is here
