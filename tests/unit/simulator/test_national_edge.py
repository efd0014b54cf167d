"""Every fault of the network is met by our own client as what it is: tried again, never believed."""

import asyncio
import json
from pathlib import Path

import pytest

from axisd.adapters.clock import ManualClock
from axisd.adapters.vxp.client import VxpClient
from axisd.errors import TransientError
from axisd.ports import TransportStatus
from axisd.simulator.national import Conduct, serve
from tests.support.axis_scene import LISTING, Scene, behaving, refused, send
from tests.support.national import OFFICE, PROVINCE, SECRETS, SEED, document


async def fails(scene: Scene) -> str:
    """What the client says of a call that was answered badly."""
    with pytest.raises(TransientError) as caught:
        await scene.province.count("document")
    return str(caught.value)


async def test_an_axis_that_fails_has_done_nothing(tmp_path: Path) -> None:
    async with behaving(tmp_path, "server-errors=1 of sendEdoc") as scene:
        with pytest.raises(TransientError, match=r"HTTP 50[023], the answer .* is not JSON"):
            await send(scene.province, document(OFFICE), OFFICE)
        assert (await scene.state())["centres"][PROVINCE]["sent"] == 0
        await send(scene.province, document(OFFICE), OFFICE)
        assert await scene.struck() == {"server_errors": 1}
        assert (await scene.state())["repeats"] == 0


async def test_a_right_secret_is_called_wrong_for_a_while(tmp_path: Path) -> None:
    async with behaving(tmp_path, "wrong-secret=2 of sendEdoc") as scene:
        for _ in range(2):
            assert await refused(scene.province, document(OFFICE), OFFICE) == "15"
        await send(scene.province, document(OFFICE), OFFICE)
        assert (await scene.state())["centres"][PROVINCE]["sent"] == 1


async def test_a_lost_answer_makes_a_repeat(tmp_path: Path) -> None:
    async with behaving(tmp_path, "lost-answers=1 of sendEdoc") as scene:
        body = document(OFFICE)
        with pytest.raises(TransientError, match="the exchange broke"):
            await send(scene.province, body, OFFICE)
        assert (await scene.state())["centres"][PROVINCE]["sent"] == 1
        await send(scene.province, body, OFFICE)
        assert (await scene.state())["repeats"] == 1
        assert len(await scene.ministry.waiting("document")) == 2


async def test_done_is_done_though_the_answer_was_lost(tmp_path: Path) -> None:
    async with behaving(tmp_path, "lost-answers=1 of updateStatus") as scene:
        await send(scene.province, document(OFFICE), OFFICE)
        (item,) = await scene.ministry.waiting("document")
        with pytest.raises(TransientError):
            await scene.ministry.report(item, TransportStatus.DONE)
        assert await scene.ministry.waiting("document") == []
        await scene.ministry.report(item, TransportStatus.DONE)


async def test_garbage_in_all_its_forms_is_no_answer(tmp_path: Path) -> None:
    async with behaving(tmp_path, "garbage=40 of countReceiveEdoc") as scene:
        said = {(await fails(scene)).partition("it begins with")[2] for _ in range(40)}
        assert len(said) == 5, "a page, half an answer, nothing, a list, bytes"
        assert await scene.province.count("document") == 0


async def test_an_answer_that_trickles_is_given_up_or_waited_for(tmp_path: Path) -> None:
    faults = ("slow-bodies=always", "slow-for=100ms")
    async with behaving(tmp_path, *faults) as scene:
        assert await scene.province.count("document") == 0
        assert await scene.struck() == {"slow_bodies": 1}
    async with behaving(tmp_path, "slow-bodies=always", "slow-for=1h", deadline=0.3) as scene:
        assert "no complete answer within 0.3 s" in await fails(scene)


async def test_an_answer_without_an_end_is_cut_at_the_limit(tmp_path: Path) -> None:
    async with behaving(tmp_path, "endless-bodies=1") as scene:
        assert "an answer of more than 8388608 bytes" in await fails(scene)
        assert await scene.province.count("document") == 0


async def test_a_mute_axis_is_given_up_and_has_done_nothing(tmp_path: Path) -> None:
    async with behaving(tmp_path, "mute=1 of sendEdoc", deadline=0.3) as scene:
        with pytest.raises(TransientError, match=r"no complete answer within 0\.3 s"):
            await send(scene.province, document(OFFICE), OFFICE)
        assert (await scene.state())["centres"][PROVINCE]["sent"] == 0


async def outcome(client: VxpClient) -> str:
    """`answered`, or what broke."""
    try:
        await client.call("countReceiveEdoc", LISTING)
    except TransientError as wrong:
        return str(wrong)
    return "answered"


@pytest.mark.parametrize(
    ("fault", "said"), [("mute", "the exchange broke"), ("slow-bodies", "answered")]
)
async def test_who_is_kept_waiting_is_let_go_when_the_behaviour_changes(
    tmp_path: Path, fault: str, said: str
) -> None:
    faults = (f"{fault}=1 of countReceiveEdoc", "slow-for=1h")
    async with behaving(tmp_path, *faults) as scene, asyncio.TaskGroup() as group:
        waiting = group.create_task(outcome(scene.province))
        while not scene.axis.faults.struck:
            await asyncio.sleep(0)
        assert (await scene.control("PUT", "behaviour", {}))[0] == 200
        assert said in await waiting


@pytest.mark.parametrize("fault", ["mute", "slow-bodies", "endless-bodies"])
async def test_an_axis_that_stops_lets_go_of_who_is_kept_waiting(
    tmp_path: Path, fault: str
) -> None:
    clock = ManualClock()
    conduct = Conduct().with_faults([fault, "slow-for=1h"])
    axis = await serve(tmp_path, seed=SEED, clock=clock, conduct=conduct)
    async with (
        VxpClient(axis.url, PROVINCE, SECRETS[PROVINCE], clock) as client,
        asyncio.TaskGroup() as group,
    ):
        waiting = group.create_task(outcome(client))
        while not axis.faults.struck:
            await asyncio.sleep(0)
        await axis.close()
        assert await waiting


async def test_faults_strike_only_the_centre_that_they_are_for(tmp_path: Path) -> None:
    async with behaving(tmp_path, f"{PROVINCE}/server-errors=always") as scene:
        await fails(scene)
        assert await scene.ministry.count("document") == 0


async def test_the_control_has_no_faults(tmp_path: Path) -> None:
    async with behaving(tmp_path, "server-errors", "mute", "garbage") as scene:
        status, said = await scene.control("GET", "behaviour")
        assert status == 200
        assert json.dumps(said["everywhere"]["mute"]) == '"always"'
