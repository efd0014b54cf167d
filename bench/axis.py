"""The whole axis under load: a private broker, axisd as a process, and the load as another.

Everything is durable: quorum queues, confirms, full sync of the ledger. One submission is an envelope of
10 KB to one recipient, and counts when it lies in the inbox and both its receipts in the sender's queue.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from axisd.core.directory import Channel
from axisd.simulator.province import MEMBERS, Part, Province

EDOC = Part("building", ("000.00.16.H53",), Channel.EDOC)
CAST = (*MEMBERS, EDOC)
"""The province's own, and a system behind the eDoc door."""
SENDER, RECIPIENT = "000.00.11.H53", "000.00.12.H53"
KB, MB = 1000, 1024 * 1024
_LOOK = 1.0


class Driver:
    """The load process, asked one thing at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def ask(self, do: str, **asked: Any) -> dict[str, Any]:
        assert self._process.stdin is not None, "made with pipes"
        assert self._process.stdout is not None, "made with pipes"
        self._process.stdin.write(json.dumps({"do": do, **asked}).encode() + b"\n")
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the load process ended while asked to {do}")
        answer: dict[str, Any] = json.loads(line)
        return answer


@asynccontextmanager
async def driver(province: Province) -> AsyncIterator[Driver]:
    """A load process for `province`."""
    place = {
        "sender": SENDER,
        "recipient": RECIPIENT,
        "sender_url": province.amqp_url(SENDER),
        "recipient_url": province.amqp_url(RECIPIENT),
        "http": province.http,
        "vxp": province.vxp.agency,
        "vxp_url": province.vxp_url,
        "vxp_account": province.vxp.account,
        "vxp_secret": province.vxp.password,
        "edoc": province.member(EDOC.agencies[0]).agency,
        "edoc_token": province.member(EDOC.agencies[0]).password,
    }
    for whose in ("sender", "vxp", "edoc"):
        key, certificate = province.credentials(place[whose])
        place |= {f"{whose}_key": str(key), f"{whose}_pem": str(certificate)}
    file = province.folder / "load.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps(place), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.load",
        str(file),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=16 * MB,
    )
    try:
        yield Driver(process)
    finally:
        process.kill()
        await process.wait()


async def throughput(province: Province, load: Driver, count: int) -> dict[str, Any]:
    """Submissions a second of 10 KB, and the daemon's CPU milliseconds for each."""
    prepared = await load.ask("prepare", count=count, size=10 * KB)
    cpu = cpu_of(province)
    seconds = await _through(province, load, count)
    return {
        "envelope_bytes": prepared["bytes"],
        "submissions": count,
        "per_second": count / seconds,
        "daemon_cpu_ms": 1000 * (cpu_of(province) - cpu) / count,
    }


async def _through(province: Province, load: Driver, count: int) -> float:
    """Seconds from the first submission until all of them and their receipts lie where they belong.

    Rendering metrics costs the daemon milliseconds, so it is asked seldom; when the last one left it
    knows itself.
    """
    before = await total(province, "axisd_relayed_total", 'outcome="sent"')
    flood = asyncio.ensure_future(load.ask("flood"))
    while await total(province, "axisd_relayed_total", 'outcome="sent"') - before < 3 * count:
        await asyncio.sleep(_LOOK)
    ended = await total(province, "axisd_stage_last_timestamp_seconds", 'stage="relay"')
    return ended - float((await flood)["began"])


async def latency(load: Driver, seconds: int, rate: int = 50) -> dict[str, Any]:
    """Milliseconds from submit to inbox at `rate` a second."""
    await load.ask("prepare", count=seconds * rate, size=10 * KB)
    waits = (await load.ask("paced", rate=rate))["milliseconds"]
    return {
        "rate": rate,
        "samples": len(waits),
        **{f"p{p}_ms": waits[min(len(waits) * p // 100, len(waits) - 1)] for p in (50, 95, 99)},
        "worst_ms": waits[-1],
    }


async def overtaking(load: Driver, count: int = 1500, urgent: int = 30) -> dict[str, Any]:
    """Urgent documents while `count` normal ones wait: how long each kind is on its way."""
    await load.ask("prepare", count=count, size=10 * KB)
    found = await load.ask("overtaking", urgent=urgent, rate=10)
    return {
        "backlog": count,
        "urgent": urgent,
        "urgent_p50_ms": found["urgent_ms"][urgent // 2],
        "urgent_worst_ms": found["urgent_ms"][-1],
        "normal_p50_ms": found["normal_ms"][count // 2],
        "normal_meanwhile": found["normal_meanwhile"],
    }


async def heavy(province: Province, load: Driver, count: int = 12) -> dict[str, Any]:
    """The peak of resident memory while `count` envelopes of 30 MB pass."""
    prepared = await load.ask("prepare", count=count, size=30 * MB)
    seconds = await _through(province, load, count)
    return {
        "heavy_peak_mb": peak(province),
        "heavy_envelope_mb": prepared["bytes"] / MB,
        "heavy_count": count,
        "heavy_seconds": seconds,
    }


async def total(province: Province, metric: str, label: str) -> float:
    """The sum of a metric's series with this label."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{province.http}/metrics") as answer,
    ):
        lines = (await answer.text()).splitlines()
    return sum(
        float(line.rpartition(" ")[2])
        for line in lines
        if line.startswith(metric + "{") and label in line
    )


def process(province: Province) -> psutil.Process:
    assert province.axisd is not None, "axisd was started"
    return psutil.Process(province.axisd.pid)


def cpu_of(province: Province) -> float:
    times = process(province).cpu_times()
    return float(times.user + times.system)


def resident(province: Province) -> float:
    """Resident memory of the daemon, MB."""
    return float(process(province).memory_info().rss / MB)


def peak(province: Province) -> float:
    """VmHWM, in MB (proc(5))."""
    status = Path(f"/proc/{process(province).pid}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
