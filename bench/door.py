"""The VXP door under load: as many documents as over the broker, and one that is large, in and out.

What comes in through the door goes out over the broker, so that the way behind it is the same; the system
behind the door is sent no receipts, which it could not fetch. Memory is the daemon's own, by the kernel's word.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from axisd.simulator.province import Province
from bench.axis import KB, MB, Driver, cpu_of, peak, process, resident, total

LARGE = 50 * MB
_LOOK = 0.5
_SENT = 'outcome="sent",route="local"'


async def throughput(province: Province, load: Driver, count: int) -> dict[str, Any]:
    """Documents a second of 10 KB, from the first call until the last one lies in its inbox."""
    prepared = await load.ask("prepare_door", count=count, size=10 * KB, way="in")
    cpu = cpu_of(province)
    seconds = await _through(province, load, count)
    return {
        "envelope_bytes": prepared["bytes"],
        "submissions": count,
        "per_second": count / seconds,
        "daemon_cpu_ms": 1000 * (cpu_of(province) - cpu) / count,
    }


async def large(province: Province, load: Driver) -> dict[str, Any]:
    """How far the daemon grows while a document of 50 MB passes, as a multiple of its size: in and out
    through the door, and, to tell it apart, in through the door and out over the broker."""
    grown: dict[str, Any] = {"large_mb": LARGE / MB}
    for name, raw in (("getEdoc", False), ("downloadEdoc", True)):
        await load.ask("prepare_door", count=1, size=LARGE, way="round")
        before = _forget_peak(province)
        await load.ask("flood_door")
        grown["sendEdoc"] = (peak(province) - before) / (LARGE / MB)
        before = _forget_peak(province)
        fetched = await load.ask("fetch_door", raw=raw)
        assert fetched["bytes"] > LARGE * 0.9, "it was fetched"
        grown[name] = (peak(province) - before) / (LARGE / MB)
    await load.ask("prepare_door", count=1, size=LARGE, way="in")
    before = _forget_peak(province)
    await _through(province, load, 1)
    grown["over the broker"] = (peak(province) - before) / (LARGE / MB)
    return grown


async def _through(province: Province, load: Driver, count: int) -> float:
    before = await total(province, "axisd_relayed_total", _SENT)
    flood = asyncio.ensure_future(load.ask("flood_door"))
    while await total(province, "axisd_relayed_total", _SENT) - before < count:
        if flood.done():
            flood.result()
        await asyncio.sleep(_LOOK)
    ended = await total(province, "axisd_stage_last_timestamp_seconds", 'stage="relay"')
    return ended - float((await flood)["began"])


def _forget_peak(province: Province) -> float:
    """Resident memory now, from which the peak is counted anew (proc(5), clear_refs)."""
    Path(f"/proc/{process(province).pid}/clear_refs").write_text("5", encoding="ascii")
    return resident(province)
