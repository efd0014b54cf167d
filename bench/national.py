"""How many documents a second the uplink hands to a healthy national axis: the old bounds and the new ones.

The real ledger with full sync, receipts really signed, the real client over HTTP, and the simulated national axis
as another process on the same machine, which the uplink shares two cores with. One document is an envelope of
10 KB to one recipient; it counts when the evidence that it was taken is durable and its row is gone. Three
shapes: all to one ministry, to twenty ministries in turn, and an axis that takes 50 ms for each answer, as
one at the other end of the country does.

`python -m bench.national FOLDER` prints the figures as JSON; FOLDER is made and removed.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import shutil
import sys
import time
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from axisd.adapters.clock import SystemClock
from axisd.adapters.ledger import open_ledger
from axisd.adapters.recording import RecordingTelemetry
from axisd.adapters.vxp.client import VxpClient
from axisd.core.compose import compose_document
from axisd.core.envelope import Document, ManifestItem, Organization
from axisd.core.receipts import Sealer
from axisd.core.records import (
    Change,
    Known,
    OutboxKind,
    OutboxRow,
    Parcel,
    Payload,
    Questions,
    RouteKind,
)
from axisd.core.retry import Backoff
from axisd.ports import NationalAnswer
from axisd.service.commit import GroupCommit
from axisd.service.dispatch import Bounds, Dispatch
from axisd.service.uplink import BOUNDS, Uplink
from axisd.simulator.pki import Authority
from bench import ledger as small
from bench.year import province

BEFORE: Final = Bounds(window=8, per_destination=1)
"""What the uplink had: one row of one destination at a time."""
DOCUMENTS: Final = 400
_SENDER, _CENTRE, _SECRET = "000.00.11.H53", "00.53.W00", "the bench's own"
_MINISTRIES: Final = tuple(f"000.00.{number:02}.G14" for number in range(1, 21))
_FAR: Final = 0.05
"""Seconds that a far axis adds to each answer."""


class _Far(VxpClient):
    """A national axis at the other end of a long line."""

    async def send(
        self, body: bytes, *, kind: str, sender: str, recipients: Iterable[str]
    ) -> NationalAnswer:
        await asyncio.sleep(_FAR)
        return await super().send(body, kind=kind, sender=sender, recipients=recipients)


async def run(folder: Path) -> dict[str, Any]:
    """Documents a second by shape, before and after; `folder` must not be there yet."""
    shapes = {
        "one ministry": (_MINISTRIES[:1], VxpClient),
        "twenty ministries": (_MINISTRIES, VxpClient),
        "one ministry, 50 ms away": (_MINISTRIES[:1], _Far),
    }
    found: dict[str, Any] = {
        "documents": DOCUMENTS,
        "envelope_bytes": len(_body(0, _MINISTRIES[0])),
    }
    try:
        async with _axis(folder / "national") as url:
            for shape, (ministries, kind) in shapes.items():
                rates = {}
                for name, bounds in (("before", BEFORE), ("after", BOUNDS)):
                    place = folder / f"{shape} {name}"
                    client = kind(url, _CENTRE, _SECRET, SystemClock())
                    async with client:
                        rates[name] = round(await _rate(place, client, ministries, bounds), 1)
                found[shape] = rates
    finally:
        shutil.rmtree(folder)
    return found


def _planted(folder: Path) -> Path:
    """The seed of the simulated national axis."""
    folder.mkdir(parents=True)
    seed = folder / "seed.json"
    centres = [
        {"system_id": _CENTRE, "secret": _SECRET, "name": "Tây Ninh"},
        {"system_id": "00.14.W00", "secret": "another", "name": "Bộ"},
    ]
    agencies = [{"code": _SENDER, "name": "Sở", "centre": _CENTRE}]
    agencies += [{"code": code, "name": "Bộ", "centre": "00.14.W00"} for code in _MINISTRIES]
    seed.write_text(json.dumps({"centres": centres, "agencies": agencies}), encoding="utf-8")
    return seed


@asynccontextmanager
async def _axis(folder: Path) -> AsyncIterator[str]:
    """The simulated national axis as a process of its own."""
    seed = _planted(folder)
    command = (sys.executable, "-m", "axisd.simulator.national", str(folder), "--seed", str(seed))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None, "made with a pipe"
    try:
        yield json.loads(await process.stdout.readline())["url"]
    finally:
        process.terminate()
        await process.wait()


async def _rate(
    folder: Path, client: VxpClient, ministries: tuple[str, ...], bounds: Bounds
) -> float:
    """Documents a second, from the start of the uplink until nothing waits."""
    ledger, clock, telemetry = await open_ledger(folder), SystemClock(), RecordingTelemetry()
    view = province()
    key = Authority.root(clock.now()).issue(_CENTRE, kind="rsa2048").signing_key()
    left = asyncio.Event()
    uplink = Uplink(client, clock, telemetry)

    async def send(parcel: Parcel) -> Any:
        return await uplink.send(parcel)

    with ThreadPoolExecutor(1) as pool:
        seal = Sealer(view.axis, key, view.calendar).seal_group
        commits = GroupCommit(ledger, seal, clock, telemetry, pool)
        dispatch = Dispatch(
            *("uplink", ("national",), send, ledger, commits, clock, telemetry),
            view=lambda: view,
            backoff=Backoff(),
            bounds=bounds,
        )
        async with asyncio.TaskGroup() as group:
            committing = group.create_task(commits.run())
            changes = [_settled(number, ministries, clock) for number in range(DOCUMENTS)]
            waiting = [commits.decide(Questions(), partial(_as_it_is, c)) for c in changes]
            await asyncio.gather(*waiting)
            began = time.perf_counter()
            running = group.create_task(dispatch.run())
            watching = group.create_task(_until_sent(telemetry, left))
            await left.wait()
            took = time.perf_counter() - began
            for task in (running, watching, committing):
                task.cancel()
    assert not telemetry.troubles, telemetry.troubles[0]
    await ledger.close()
    return DOCUMENTS / took


async def _until_sent(telemetry: RecordingTelemetry, left: asyncio.Event) -> None:
    while sum(outcome == "sent" for _, outcome, _ in telemetry.attempts) < DOCUMENTS:
        await asyncio.sleep(0.01)
    left.set()


def _as_it_is(change: Change, _: Known) -> Change:
    return change


def _settled(number: int, ministries: tuple[str, ...], clock: SystemClock) -> Change:
    """One document that was accepted and waits for the uplink."""
    ministry = ministries[number % len(ministries)]
    body = _body(number, ministry)
    made = small.case(random.Random(number))
    digest = "sha256:" + hashlib.sha256(body).hexdigest()
    facts = replace(made.record.facts, digest=digest, size=len(body))
    identity = replace(made.delivery.identity, recipient=ministry)
    delivery = replace(
        made.delivery,
        identity=identity,
        inbox=ministry,
        route=RouteKind.NATIONAL,
        digest=digest,
        proof=digest,
        expires_at=clock.now() + timedelta(days=1),
    )
    row = OutboxRow(
        *(delivery.id, OutboxKind.DELIVERY, delivery.destination, delivery.lane, clock.now()),
        size=len(body),
    )
    return Change(
        submission=replace(made.record, facts=facts),
        payload=Payload(digest, len(body), body),
        deliveries=(delivery,),
        outbox=(row,),
    )


def _body(number: int, ministry: str) -> bytes:
    document = Document(
        sender=Organization(_SENDER),
        recipients=(Organization(ministry),),
        document_id=f"{_SENDER},2026/11/22,{number}",
        number=str(number),
        notation="BENCH",
        place="Tây Ninh",
        promulgation_date="2026/11/22",
        document_type="1",
        type_detail="0",
        type_name="Công văn",
        subject="V/v đo hiệu năng",
    )
    item = ManifestItem("cid:1", "application/pdf", "do.pdf")
    return compose_document(document, [(item, b"%PDF-1.4\n" + b"." * 4500)])


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(Path(sys.argv[1]))), indent=2))
