"""The scripted partner: it answers documents with statuses, and its troubles stay its own."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from axisd.adapters.clock import ManualClock
from axisd.adapters.vxp.client import VxpClient
from axisd.core.envelope import Kind, Organization
from axisd.core.schema import Schemas
from axisd.errors import TransientError
from axisd.ports import NationalAnswer, NationalItem, TransportStatus
from axisd.simulator.national import RunningAxis, serve
from axisd.simulator.national.envelope import glance
from axisd.simulator.national.peer import Peer
from tests.support.national import FINANCE, MINISTRY, OFFICE, PROVINCE, SECRETS, SEED, document

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

    async def fetch(self, item: NationalItem) -> bytes:
        return item.doc_id.encode()

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
