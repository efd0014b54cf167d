"""What the sweep for deadlines costs in a ledger of a million deliveries.

A look at what is due while nothing is, pages of deliveries decided, signed and written durably as the daemon
does it, and the counting of what is overdue. Works on a copy of the large ledger, at the end of its last day.

`python -m bench.deadlines FOLDER` prints the figures as JSON; FOLDER is made and removed.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from axisd.adapters.clock import ManualClock, SystemClock
from axisd.adapters.ledger import SqlLedger, open_ledger
from axisd.adapters.recording import RecordingTelemetry
from axisd.core.receipts import Sealer
from axisd.service.commit import GroupCommit
from axisd.service.deadlines import Sweep, SweepPace
from axisd.simulator.pki import Authority
from bench.large import Large, large
from bench.year import province

PAGES = 30
T = TypeVar("T")


async def run(folder: Path, of: Large) -> dict[str, object]:
    """Milliseconds; `folder` must not be there yet."""
    ledger = await open_ledger(of.copy(folder))
    try:
        return await _measure(ledger, of)
    finally:
        await ledger.close()
        shutil.rmtree(folder)


async def _measure(ledger: SqlLedger, of: Large) -> dict[str, object]:
    before = of.until - timedelta(hours=2)
    looks = [(await _timed(lambda: ledger.due(before, 16)))[0] for _ in range(PAGES)]
    clock, telemetry = ManualClock(of.until, seed=1), RecordingTelemetry()
    pace = SweepPace(grace=timedelta())
    view = province()
    key = Authority.root(SystemClock().now()).issue("00.53.W00", kind="rsa2048").signing_key()
    pages: list[float] = []
    with ThreadPoolExecutor(1) as pool:
        seal = Sealer(view.axis, key, view.calendar).seal_group
        commits = GroupCommit(ledger, seal, clock, telemetry, pool)
        sweep = Sweep(lambda: view, ledger, commits, clock, telemetry, pace)
        async with asyncio.TaskGroup() as group:
            committing = group.create_task(commits.run())
            for _ in range(PAGES):
                took, full = await _timed(sweep.page)
                if not full:
                    break
                pages.append(took)
            committing.cancel()
    assert not telemetry.troubles, telemetry.troubles[0]
    counting = [(await _timed(lambda: ledger.awaited(of.until)))[0] for _ in range(5)]
    return {
        "deliveries": of.rows["delivery"],
        "entries": of.rows["entry"],
        "page": pace.page,
        "pages": len(pages),
        "told": len(telemetry.notices),
        "look_p50_ms": round(statistics.median(looks), 2),
        "page_p50_ms": round(statistics.median(pages), 1),
        "page_worst_ms": round(max(pages), 1),
        "counting_p50_ms": round(statistics.median(counting), 1),
    }


async def _timed(work: Callable[[], Awaitable[T]]) -> tuple[float, T]:
    began = time.perf_counter()
    found = await work()
    return (time.perf_counter() - began) * 1000, found


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(Path(sys.argv[1]), large())), indent=2))
