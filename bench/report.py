"""How long a report takes over a year of a million deliveries, and whether it holds up who writes meanwhile.

Counts a day, a month and a quarter as `axisd report` does, from opening the ledger on. Then counts the
quarter again in a process of its own, beside commits into a copy.

`python -m bench.report FOLDER` prints the figures as JSON; FOLDER is made and removed.
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import shutil
import statistics
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from axisd.adapters.ledger import SqlLedger, open_ledger, open_reader
from axisd.core.measures import Measure
from axisd.core.period import Period, one_day, one_month, one_quarter
from axisd.core.report import Report
from axisd.core.zone import day_of
from axisd.service.report import make_report
from bench import ledger as small
from bench.large import Large, large
from bench.year import UNTIL, province

QUARTER: Final = one_quarter(2026, 3)
_ALONE: Final = 60
_GROUP: Final = 20


async def run(folder: Path, of: Large) -> dict[str, Any]:
    """Seconds and milliseconds; `folder` must not be there yet."""
    figures: dict[str, Any] = {"deliveries": of.rows["delivery"]}
    for period in (one_day(day_of(UNTIL - timedelta(days=1))), one_month(2026, 10), QUARTER):
        report, seconds = await timed(of.folder, period)
        figures[period.kind] = {
            "seconds": round(seconds, 2),
            "submissions": report.traffic.total[Measure.SUBMISSIONS],
            "copies": report.traffic.total[Measure.SENT],
        }
    ledger = await open_ledger(of.copy(folder))
    try:
        figures["beside_a_writer"] = await beside_a_writer(ledger, folder)
    finally:
        await ledger.close()
        shutil.rmtree(folder)
    return figures


async def timed(folder: Path, period: Period) -> tuple[Report, float]:
    """The report, and the seconds that it took."""
    began = time.perf_counter()
    reader = await open_reader(folder)
    try:
        report = await make_report(reader, period, UNTIL, province())
        return report, time.perf_counter() - began
    finally:
        await reader.close()


async def beside_a_writer(ledger: SqlLedger, folder: Path) -> dict[str, float]:
    """Milliseconds of a commit of twenty documents, alone and beside a report; how far the log
    grew, and how much memory the report took."""
    noise = random.Random(1)
    sealer = small.Sealer(noise)

    async def commit() -> float:
        cases = [small.case(noise) for _ in range(_GROUP)]
        began = time.perf_counter()
        await small.settle(ledger, cases, sealer)
        return (time.perf_counter() - began) * 1000

    alone = [await commit() for _ in range(_ALONE)]
    reporting = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.report", "--count", str(folder), stdout=asyncio.subprocess.PIPE
    )
    beside: list[float] = []
    log = 0
    async with asyncio.TaskGroup() as group:
        over = group.create_task(reporting.communicate())
        while not over.done():
            beside.append(await commit())
            log = max(log, (folder / "ledger.db-wal").stat().st_size)
    return {
        "commit_p50_ms_alone": round(statistics.median(alone), 1),
        "commit_p50_ms_beside": round(statistics.median(beside), 1),
        "commit_worst_ms_beside": round(max(beside), 1),
        "commits_beside": len(beside),
        "log_mb": round(log / 1e6),
        "reporting_mb": int(over.result()[0]),
    }


def main() -> None:
    if sys.argv[1] == "--count":
        asyncio.run(timed(Path(sys.argv[2]), QUARTER))
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
        return
    print(json.dumps(asyncio.run(run(Path(sys.argv[1]), large())), indent=2))


if __name__ == "__main__":
    main()
