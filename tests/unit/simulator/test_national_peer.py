"""The scripted partner: it answers documents with statuses, and its troubles stay its own."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from axisd.adapters.clock import ManualClock
from axisd.adapters.vxp.client import VxpClient
from axisd.core.edxml import read
from axisd.core.envelope import Document, Kind, Organization
from axisd.core.schema import Schemas
from axisd.errors import TransientError
from axisd.ports import Clock, NationalAnswer, NationalItem, TransportStatus
from axisd.simulator.national import RunningAxis, serve
from axisd.simulator.national.envelope import glance
from axisd.simulator.national.peer import Peer
from axisd.simulator.national.script import Script
from tests.support.axis_scene import behaving
from tests.support.national import (
    FINANCE,
    MINISTRY,
    OFFICE,
    PROVINCE,
    SECRETS,
    SEED,
    document,
    recall,
    status,
)

AGENCY = Organization(OFFICE, name="Bộ Tài chính")


@dataclass
class Scene:
    axis: RunningAxis
    province: VxpClient
    ministry: VxpClient
    peer: Peer


@pytest_asyncio.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    clock = ManualClock()
    async with await serve(tmp_path, seed=SEED, clock=clock) as axis:
        province = VxpClient(axis.url, PROVINCE, SECRETS[PROVINCE], clock)
        ministry = VxpClient(axis.url, MINISTRY, SECRETS[MINISTRY], clock)
        async with province, ministry:
            yield Scene(axis, province, ministry, Peer(ministry, clock, AGENCY))


async def statuses(client: VxpClient) -> list[tuple[NationalItem, bytes]]:
    return [(item, await client.fetch(item)) for item in await client.waiting("status")]


async def test_a_document_is_answered_with_arrived_and_registered(scene: Scene) -> None:
    body = document(OFFICE)
    await scene.province.send(body, kind="document", sender=FINANCE, recipients=[OFFICE])
    assert await scene.peer.look() == 1
    assert scene.peer.troubles == []
    (heard,) = scene.peer.heard
    assert (heard.kind, heard.item.recipient) == ("document", OFFICE)
    assert await scene.ministry.count("document") == 0
    answers = await statuses(scene.province)
    assert [(item.sender, item.recipient) for item, _ in answers] == [(OFFICE, FINANCE)] * 2
    for (_, answer), code in zip(answers, ("01", "03"), strict=True):
        seen = glance(answer, 10_000)
        assert not isinstance(seen, str)
        assert (seen.kind, seen.sender, seen.recipients) == ("status", OFFICE, (FINANCE,))
        assert Schemas().validate(seen.root, Kind.STATUS) is None
        assert seen.document_id == "000.00.11.H53,2026/01/05,7/STC-VP"
        assert f"<edXML:StatusCode>{code}</edXML:StatusCode>".encode() in answer
        assert b"<edXML:Code>7/STC-VP</edXML:Code>" in answer
        assert b"<edXML:Timestamp>2026/01/05 08:00:00</edXML:Timestamp>" in answer


async def test_an_answer_comes_from_the_code_that_was_addressed(scene: Scene) -> None:
    body = document("G14")
    await scene.province.send(body, kind="document", sender=FINANCE, recipients=["G14"])
    await scene.peer.look()
    assert [item.sender for item, _ in await statuses(scene.province)] == ["G14", "G14"]


async def test_a_running_peer_tells_who_waits_for_what_it_heard(scene: Scene) -> None:
    async with asyncio.TaskGroup() as group:
        running = group.create_task(scene.peer.run(pause=0.01))
        body = document(OFFICE)
        await scene.province.send(body, kind="document", sender=FINANCE, recipients=[OFFICE])
        (heard,) = await scene.peer.until(1, "document", within=10)
        assert heard.item.sender == FINANCE
        with pytest.raises(TimeoutError):
            await scene.peer.until(1, "status", within=0.05)
        running.cancel()


async def test_a_peer_sends_documents_and_hears_their_statuses(scene: Scene) -> None:
    answer = await scene.peer.send(document(FINANCE, "H53.13", sender=OFFICE))
    assert answer.accepted
    other = Peer(scene.province, ManualClock(), Organization(FINANCE), answers=["01"])
    assert await other.look() == 2
    assert await scene.peer.look() == 2
    assert [(heard.kind, heard.item.sender) for heard in scene.peer.heard] == [
        ("status", FINANCE),
        ("status", "H53.13"),
    ]
    assert await scene.ministry.count("status") == 0


async def test_a_status_that_the_axis_refuses_is_noted(scene: Scene) -> None:
    body = document(OFFICE).replace(FINANCE.encode(), b"000.00.77.H53")
    await scene.province.send(body, kind="document", sender=FINANCE, recipients=[OFFICE])
    assert await scene.peer.look() == 1
    assert scene.peer.troubles == [
        f"status {code}: code 18, Recipient '000.00.77.H53' is not known." for code in ("01", "03")
    ]
    assert await scene.ministry.count("document") == 0


class Broken:
    """A national axis with one unreadable item, that fails at first."""

    def __init__(self) -> None:
        self.looks = 0
        self.reports: list[tuple[TransportStatus, str]] = []

    async def send(self, body: bytes, **_: object) -> NationalAnswer:
        raise AssertionError(f"nothing is answered: {body!r}")

    async def count(self, kind: str) -> int:
        raise AssertionError(kind)

    async def waiting(self, kind: str) -> list[NationalItem]:
        self.looks += 1
        if self.looks == 1:
            raise TransientError("down")
        return [NationalItem("7", "edoc", FINANCE, OFFICE)] if kind == "document" else []

    async def fetch(self, item: NationalItem, most: int | None = None) -> bytes:
        return item.doc_id.encode()[:most]

    async def report(
        self, item: NationalItem, status: TransportStatus, description: str = ""
    ) -> None:
        assert item.doc_id == "7"
        self.reports.append((status, description))


async def test_trouble_with_the_axis_is_noted_and_the_next_look_goes_on() -> None:
    broken = Broken()
    peer = Peer(broken, ManualClock(), AGENCY)
    assert await peer.look() == 0
    assert peer.troubles == ["down"]
    assert await peer.look() == 1
    assert [status for status, _ in broken.reports] == [TransportStatus.FAIL]
    assert broken.reports[0][1] == peer.troubles[1]
    assert peer.heard == []


def scripted(scene: Scene, clock: Clock, **script: Any) -> Peer:
    made = Script.model_validate(script)
    return Peer(scene.ministry, clock, AGENCY, script=made, centre=MINISTRY)


async def codes(scene: Scene) -> list[str]:
    """StatusCodes that came to the province since the last look, oldest first."""
    found = []
    for item, body in await statuses(scene.province):
        seen = glance(body, 10_000)
        assert not isinstance(seen, str)
        found.append(seen.code)
        await scene.province.report(item, TransportStatus.DONE)
    return found


async def handed_in(scene: Scene, body: bytes) -> None:
    answer = await scene.province.send(body, kind="document", sender=FINANCE, recipients=[OFFICE])
    assert answer.accepted


async def test_statuses_come_when_the_script_says_one_after_the_other(scene: Scene) -> None:
    clock = ManualClock()
    peer = scripted(scene, clock, statuses=["01", "03 after 10m", "06 after 1h..2h"])
    await handed_in(scene, document(OFFICE))
    await peer.look()
    assert (await codes(scene), peer.owes()) == (["01"], 2)
    assert await scene.ministry.count("document") == 0, "done is said at once"
    clock.advance(timedelta(minutes=9))
    await peer.look()
    assert await codes(scene) == []
    clock.advance(timedelta(minutes=1))
    await peer.look()
    assert await codes(scene) == ["03"]
    clock.advance(timedelta(hours=2))
    await peer.look()
    assert (await codes(scene), peer.owes()) == (["06"], 0)


async def test_a_share_of_documents_is_refused_and_a_share_answered_by_a_document(
    scene: Scene,
) -> None:
    peer = scripted(scene, ManualClock(), refuses=1, replies=1, reply_after="0s")
    await handed_in(scene, document(OFFICE, document_id="1"))
    await peer.look()
    assert await codes(scene) == ["01", "02"]
    await handed_in(scene, document(OFFICE, document_id="2"))
    await peer.look()
    assert await codes(scene) == ["01", "03"]
    (reply,) = await scene.province.waiting("document")
    body = await scene.province.fetch(reply)
    seen = glance(body, 10_000)
    assert not isinstance(seen, str)
    assert (seen.sender, seen.recipients) == (OFFICE, (FINANCE,))
    assert Schemas().validate(seen.root, Kind.DOCUMENT) is None
    read_back = read(seen.root, Kind.DOCUMENT)
    assert isinstance(read_back, Document)
    (about,) = read_back.responses_for
    assert (about.organ_id, about.document_id) == (FINANCE, "2")
    assert peer.troubles == []


@pytest.mark.parametrize("answer", ["15", "16"])
async def test_a_recall_is_answered_and_who_agrees_says_nothing_more(
    scene: Scene, answer: str
) -> None:
    clock = ManualClock()
    peer = scripted(scene, clock, statuses=["01", "06 after 1h"], recalls=[f"{answer} after 1m"])
    await handed_in(scene, document(OFFICE))
    await peer.look()
    assert await codes(scene) == ["01"]
    await handed_in(scene, recall(document(OFFICE)))
    await peer.look()
    clock.advance(timedelta(minutes=1))
    await peer.look()
    assert await codes(scene) == [answer]
    clock.advance(timedelta(hours=1))
    await peer.look()
    assert await codes(scene) == ([] if answer == "15" else ["06"])


async def test_status_13_is_answered_as_a_recall(scene: Scene) -> None:
    peer = scripted(scene, ManualClock())
    body = status("13", sender=FINANCE, to=OFFICE)
    await scene.province.send(body, kind="status", sender=FINANCE, recipients=[])
    await peer.look()
    ((item, answer),) = await statuses(scene.province)
    assert (item.sender, item.recipient) == (OFFICE, FINANCE)
    assert b"<edXML:StatusCode>15<" in answer
    assert b"<edXML:DocumentId>000.00.11.H53,2026/01/05,7/STC-VP<" in answer


async def test_an_update_is_agreed_to_and_its_statuses_follow(scene: Scene) -> None:
    peer = scripted(scene, ManualClock(), updates=["15"])
    await handed_in(scene, recall(document(OFFICE), business="2"))
    await peer.look()
    assert await codes(scene) == ["15", "01", "03"]


async def test_what_cannot_be_said_now_is_said_at_the_next_look_in_order(tmp_path: Path) -> None:
    faults = (f"{MINISTRY}/server-errors=1 of sendEdoc", f"{MINISTRY}/wrong-secret=1 of sendEdoc")
    async with behaving(tmp_path, *faults) as opened:
        scene = Scene(
            opened.axis,
            opened.province,
            opened.ministry,
            Peer(opened.ministry, ManualClock(), AGENCY),
        )
        peer = scene.peer
        await handed_in(scene, document(OFFICE))
        for left in (2, 2, 0):
            await peer.look()
            assert peer.owes() == left
        assert await codes(scene) == ["01", "03"]
        assert len(peer.troubles) == 2


async def test_an_item_that_is_listed_again_is_not_answered_again(tmp_path: Path) -> None:
    async with behaving(tmp_path, f"{MINISTRY}/server-errors=1 of updateStatus") as opened:
        scene = Scene(
            opened.axis,
            opened.province,
            opened.ministry,
            Peer(opened.ministry, ManualClock(), AGENCY),
        )
        peer = scene.peer
        await handed_in(scene, document(OFFICE))
        assert [await peer.look() for _ in range(3)] == [0, 1, 0]
        assert len(peer.heard) == 1
        assert await codes(scene) == ["01", "03"]


async def test_a_document_that_comes_twice_is_heard_twice_and_answered_once(scene: Scene) -> None:
    peer = scripted(scene, ManualClock())
    for _ in range(2):
        await handed_in(scene, document(OFFICE))
    assert await peer.look() == 2
    assert len(peer.heard) == 2
    assert await codes(scene) == ["01", "03"]


async def test_a_status_whose_answer_was_lost_comes_again_in_the_same_bytes(
    tmp_path: Path,
) -> None:
    async with behaving(tmp_path, f"{MINISTRY}/lost-answers=1 of sendEdoc") as opened:
        clock = ManualClock()
        peer = Peer(opened.ministry, clock, AGENCY, ["01"])
        await opened.province.send(
            document(OFFICE), kind="document", sender=FINANCE, recipients=[OFFICE]
        )
        await peer.look()
        clock.advance(timedelta(minutes=5))
        await peer.look()
        (_, first), (_, second) = await statuses(opened.province)
        assert first == second
