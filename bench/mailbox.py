"""What it costs to list, count and empty a mailbox in which 10,000 items wait.

The same mailbox has as many that were done before, and another one has as many waiting: neither may cost
anything. A client lists a page, marks it done and lists again, until nothing waits.

`python -m bench.mailbox FOLDER` prints the figures as JSON; FOLDER is made and removed.
"""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar

from axisd.adapters import allocator
from axisd.adapters.clock import SystemClock
from axisd.adapters.ledger import SqlLedger, open_ledger
from axisd.adapters.recording import RecordingTelemetry
from axisd.core.directory import Agency, Channel, Directory, System
from axisd.core.lifecycle import DeliveryState
from axisd.core.mailbox import PAGE, ItemState
from axisd.core.records import RouteKind
from axisd.core.submission import Door, Lane
from axisd.core.trust import TrustStore
from axisd.core.view import Axis, View
from axisd.service.commit import GroupCommit
from axisd.service.mailbox import Mailbox
from bench import ledger as small

WAITING: Final = 10_000
_URGENT: Final = 20
"""One of so many items is urgent."""
_OWN, _OTHER = "000.00.13.H53", "000.00.18.H53"
_SENDER = "000.00.11.H53"
_BODY: Final = 300
_TIMES: Final = 20
T = TypeVar("T")


async def run(folder: Path) -> dict[str, Any]:
    """Milliseconds; `folder` must not be there yet."""
    ledger = await open_ledger(folder)
    # As the daemon does: else the collector's pauses are measured, not the pages.
    allocator.set_aside()
    try:
        return await _measure(ledger)
    finally:
        await ledger.close()
        shutil.rmtree(folder)


async def _measure(ledger: SqlLedger) -> dict[str, Any]:
    noise = random.Random(1)
    sealer = small.Sealer(noise)
    view = _view()
    clock, telemetry = SystemClock(), RecordingTelemetry()
    with ThreadPoolExecutor(1) as pool:
        commits = GroupCommit(ledger, sealer.seal, clock, telemetry, pool)
        box = Mailbox(lambda: view, ledger.mailboxes, commits, clock, telemetry)
        async with asyncio.TaskGroup() as group:
            committing = group.create_task(commits.run())
            await _fill(ledger, noise, sealer, _OWN, WAITING)
            await _empty(box)
            await _fill(ledger, noise, sealer, _OWN, WAITING)
            await _fill(ledger, noise, sealer, _OTHER, WAITING)
            listing = [(await _timed(lambda: box.waiting("own")))[0] for _ in range(_TIMES)]
            counting = [(await _timed(lambda: box.count("own")))[0] for _ in range(_TIMES)]
            sent = [(await _timed(lambda: box.sent("sender")))[0] for _ in range(_TIMES)]
            pages, marks = await _empty(box)
            committing.cancel()
    return {
        "waiting": WAITING,
        "page": PAGE,
        "first_page_p50_ms": round(statistics.median(listing), 1),
        "first_page_worst_ms": round(max(listing), 1),
        "count_p50_ms": round(statistics.median(counting), 1),
        "sent_p50_ms": round(statistics.median(sent), 1),
        "pages": len(pages),
        "page_p50_ms": round(statistics.median(pages), 1),
        "page_worst_ms": round(max(pages), 1),
        "mark_page_p50_ms": round(statistics.median(marks), 1),
    }


async def _empty(box: Mailbox) -> tuple[list[float], list[float]]:
    """Works through all that waits, a page at a time: milliseconds of each list, and of marking it."""
    pages: list[float] = []
    marks: list[float] = []
    while True:
        took, items = await _timed(lambda: box.waiting("own"))
        if not items:
            return pages, marks
        pages.append(took)
        began = time.perf_counter()
        await box.mark("own", [item.id for item in items], ItemState.DONE)
        marks.append((time.perf_counter() - began) * 1000)


async def _fill(
    ledger: SqlLedger, noise: random.Random, sealer: small.Sealer, inbox: str, items: int
) -> None:
    for size in _portions(items, 500):
        await small.settle(ledger, [_case(noise, inbox) for _ in range(size)], sealer, placed=True)


def _portions(total: int, size: int) -> Iterator[int]:
    yield from (min(size, total - done) for done in range(0, total, size))


def _case(noise: random.Random, inbox: str) -> small.Case:
    """A small document that came in through a door and lies in a mailbox."""
    made = small.case(noise, size=_BODY)
    lane = Lane.URGENT if noise.randrange(_URGENT) == 0 else Lane.NORMAL
    facts = replace(made.record.facts, door=Door.VXP, lane=lane)
    delivery = replace(
        made.delivery,
        identity=replace(made.delivery.identity, recipient=inbox),
        addressed=(inbox,),
        inbox=inbox,
        route=RouteKind.MAILBOX,
        lane=lane,
        state=DeliveryState.SENT,
    )
    return small.Case(replace(made.record, facts=facts), made.payload, delivery)


def _view() -> View:
    agencies = {code: Agency(code, code) for code in (_OWN, _OTHER, _SENDER)}
    systems = {
        account: System(account, Channel.VXP, (code,))
        for account, code in (("own", _OWN), ("other", _OTHER), ("sender", _SENDER))
    }
    axis = Axis("00.53.W00", "Trục", frozenset({"H53"}))
    return View(axis, Directory(agencies, systems), TrustStore(()))


async def _timed(work: Callable[[], Awaitable[T]]) -> tuple[float, T]:
    began = time.perf_counter()
    found = await work()
    return (time.perf_counter() - began) * 1000, found


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(Path(sys.argv[1]))), indent=2))
