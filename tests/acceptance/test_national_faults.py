"""Against a national axis with all faults at once nothing is lost, and nothing is there twice."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import aiohttp
import pytest

from axisd.errors import TransientError
from axisd.simulator.demo.desk import Desk
from axisd.simulator.demo.papers import Papers
from axisd.simulator.national.peer import Peer
from axisd.simulator.province import CENTRE, PEER_CENTRE, Province
from tests.support.acceptance import (
    ENVIRONMENT,
    FINANCE,
    axisd,
    desk,
    once,
    paper,
    submit,
)
from tests.support.cli import axisd_beside
from tests.support.ministry import MINISTRY, behave, ministry, nothing_waits
from tests.support.operators import until_async
from tests.support.trouble import amended

pytestmark = pytest.mark.asyncio(loop_scope="session")

WAYS: Final = 70
"""Documents each way. Each sent up comes back with two statuses, each that comes down is answered by one."""

FAULTS: Final[dict[str, Any]] = {
    "dice": 7,
    "everywhere": {
        "twin_recipients": True,
        "trace_organ": None,
        "delay": "0s..500ms",
        "duplicates": "10%",
        "skew": "-2h",
    },
    "centres": {
        CENTRE: {
            "failing_fetches": "1",
            "short_lists": "20%",
            "stale_lists": "20%",
            "wrong_counts": "3",
            "mute": "1",
            "server_errors": "4%",
            "wrong_secret": "1 of sendEdoc",
            "lost_answers": "4%",
            "garbage": "4%",
            "slow_bodies": "4%",
            "slow_for": "200ms",
            "endless_bodies": "1 of getReceivedEdocList",
        },
        PEER_CENTRE: {"server_errors": "3%", "lost_answers": "3%", "failing_fetches": "1"},
    },
}
SETTINGS: Final = "poll: {quick: 100ms, slow: 500ms}\n  timeout: 1s"


@asynccontextmanager
async def misbehaving(province: Province) -> AsyncIterator[None]:
    """The national axis has all the faults; none any more afterwards, whatever happens."""
    await behave(province, FAULTS)
    try:
        yield
    finally:
        await behave(province, {})


async def state(province: Province) -> Any:
    url = f"{province.national_url}/-/state"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return await answer.json()


async def again(peer: Peer, body: bytes) -> None:
    """Hands in until it is taken, as a partner does whose answers get lost."""
    while True:
        try:
            answer = await peer.send(body)
        except TransientError:
            continue
        assert answer.accepted, answer
        return


async def sent_down(peer: Peer, papers: Papers) -> list[str]:
    """DocumentIds of documents of the ministry, all handed in."""
    made = [papers.document(MINISTRY, [ENVIRONMENT], "V/v xuống") for _ in range(WAYS)]
    for _, envelope in made:
        await again(peer, envelope)
    return [document_id for document_id, _ in made]


async def answered_up(province: Province, papers: Papers, ids: Sequence[str]) -> None:
    """A status about each of these documents, from where they came to."""
    statuses = [papers.status(ENVIRONMENT, MINISTRY, one, "03", "Đã tiếp nhận") for one in ids]
    await submit(province, ENVIRONMENT, *(papers.signed(ENVIRONMENT, one) for one in statuses))


def arrived(watched: Desk, inbox: str, ids: Sequence[str]) -> Counter[str]:
    """How often something about each of these documents came."""
    wanted = set(ids)
    came = Counter(message.correlation_id for message in watched.box(inbox, "inbox"))
    return Counter({one: times for one, times in came.items() if one in wanted})


async def differences(province: Province) -> Counter[str]:
    """What the national axis's lists and the ledger differ in, by kind."""
    words = ("national", "reconcile", "--dry-run", "--json", "--config", province.config)
    found = json.loads((await axisd_beside(*words)).output)
    assert found["incomplete"] == {}
    return Counter(found["open"])


def failures(kept: Any) -> Any:
    """How many items were called `fail`, by centre and kind."""
    return {
        (centre, kind): words.get("fail", 0)
        for centre, said in kept["centres"].items()
        for kind, words in said["items"].items()
        if words.get("fail")
    }


async def test_with_all_faults_at_once_nothing_is_lost_and_nothing_is_there_twice(
    site: Province, papers: Papers
) -> None:
    before, differed = failures(await state(site)), await differences(site)
    up, bodies = zip(*(paper(papers, MINISTRY) for _ in range(WAYS)), strict=True)
    with amended(site, "axisd.yaml", quickened):
        await site.start_axisd()
    async with desk(site) as watched, ministry(site, "01", "03") as (peer, _):
        async with misbehaving(site):
            await submit(site, FINANCE, *bodies)
            down = await sent_down(peer, papers)

            def came() -> bool:
                return len(arrived(watched, ENVIRONMENT, down)) == WAYS

            assert await watched.until(came, within=60), arrived(watched, ENVIRONMENT, down)
            await answered_up(site, papers, down)

            def answered() -> bool:
                return arrived(watched, FINANCE, up).total() >= 2 * WAYS

            assert await watched.until(answered, within=60), arrived(watched, FINANCE, up)
            struck = (await state(site))["faults"][CENTRE]
            assert struck.keys() >= FAULTS["centres"][CENTRE].keys() - {"slow_for"}, struck

        async def nothing_left() -> bool:
            return await axisd(site, "outbox", "list", "--json") == "[]\n"

        await until_async(nothing_left)
        await nothing_waits(site)

        async def all_heard() -> bool:
            return heard(peer, "document", up) == heard(peer, "status", down) == WAYS

        await until_async(all_heard)
        assert set(arrived(watched, FINANCE, up).values()) == {2}
        once(watched, ENVIRONMENT, down)
        told = Counter(
            (message.correlation_id, message.type)
            for message in watched.box(FINANCE, "receipts")
            if message.correlation_id in up
        )
        relayed = {key: times for key, times in told.items() if key[1] == "RelayAcceptance"}
        assert (len(relayed), set(relayed.values())) == (WAYS, {1})
        assert not [event for _, event in told if event.endswith(("Rejection", "Failure"))]
    kept = await state(site)
    assert (failures(kept), kept["troubles"]) == (before, [])
    # What it delivered twice stands in its lists twice; nothing else is different from before.
    assert (await differences(site) - differed).keys() <= {"twice"}
    assert "everything holds" in await axisd(site, "ledger", "verify")


def quickened(settings: str) -> str:
    """Gives up sooner and tries again sooner, so that faults take no time."""
    quick = settings.replace("first: 1s, most: 4s", "first: 100ms, most: 1s")
    return quick.replace("poll: {quick: 200ms, slow: 2s}", SETTINGS)


def heard(peer: Peer, kind: str, document_ids: Sequence[str]) -> int:
    """About how many of these documents something of `kind` came to the ministry."""
    bodies = [heard.body for heard in peer.heard if heard.kind == kind]
    return sum(any(one.encode() in body for body in bodies) for one in document_ids)
