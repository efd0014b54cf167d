"""The doors under load: as many documents as over the broker, and one that is large, in and out.

What comes in through a door goes out over the broker, so that the way behind it is the same; the systems
behind the doors are sent no receipts, which they could not fetch. Memory is the daemon's own, by the kernel's word.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

from axisd.simulator.province import Province
from bench.axis import KB, MB, Driver, cpu_of, peak, process, resident, total

LARGE = 50 * MB
DOORS: Final = {"vxp": "VXP", "edoc": "eDoc"}
_ROUND: Final = (
    ("vxp", "sendEdoc", "getEdoc", False),
    ("vxp", "sendEdoc", "downloadEdoc", True),
    ("edoc", "sendDocument", "getDocument", False),
)
"""A door, its operations in and out, and whether what goes out goes as it is."""
WAYS: Final = tuple(dict.fromkeys(way for _, *ways, _ in _ROUND for way in ways))
_LOOK = 0.5
_SENT = 'outcome="sent",route="local"'


async def throughput(province: Province, load: Driver, door: str, count: int) -> dict[str, Any]:
    """Documents a second of 10 KB, from the first call until the last one lies in its inbox."""
    prepared = await load.ask("prepare_door", count=count, size=10 * KB, way="in", door=door)
    cpu = cpu_of(province)
    seconds = await _through(province, load, door, count)
    return {
        "envelope_bytes": prepared["bytes"],
        "submissions": count,
        "per_second": count / seconds,
        "daemon_cpu_ms": 1000 * (cpu_of(province) - cpu) / count,
    }


async def large(province: Province, load: Driver) -> dict[str, Any]:
    """How far the daemon grows while a document of 50 MB passes, as a multiple of its size: in and out
    through a door, and, to tell it apart, in through a door and out over the broker."""
    grown: dict[str, Any] = {"large_mb": LARGE / MB}
    for door, taking, giving, raw in _ROUND:
        await load.ask("prepare_door", count=1, size=LARGE, way="round", door=door)
        before = _forget_peak(province)
        await load.ask("flood_door", door=door)
        grown[taking] = (peak(province) - before) / (LARGE / MB)
        before = _forget_peak(province)
        fetched = await load.ask("fetch_door", door=door, raw=raw)
        assert fetched["bytes"] > LARGE * 0.9, "it was fetched"
        grown[giving] = (peak(province) - before) / (LARGE / MB)
    await load.ask("prepare_door", count=1, size=LARGE, way="in", door="vxp")
    before = _forget_peak(province)
    await _through(province, load, "vxp", 1)
    grown["over the broker"] = (peak(province) - before) / (LARGE / MB)
    return grown


async def _through(province: Province, load: Driver, door: str, count: int) -> float:
    before = await total(province, "axisd_relayed_total", _SENT)
    flood = asyncio.ensure_future(load.ask("flood_door", door=door))
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
