"""`make bench`: speed and memory of the axis on this machine, beside what a bare relay reaches in the same run.

    python -m bench [PART ...]    all parts, or those that are named

Prints a table and writes `var/bench/PART.json`; a ledger of a million deliveries is made there once and kept.
Machines are shared and noisy: the relay and the axis take turns, and the ratio of their medians is what to
compare between runs. A figure that falls short is printed as such; nothing here fails because of it.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import statistics
import sys
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from axisd.simulator.province import Province
from bench import axis, deadlines, door, ledger, mailbox, national, relay, report, trace
from bench.large import large

FOLDER = Path("var/bench")
ROUNDS = 3

Row = tuple[str, str, str, bool]
"""What was measured, how much it was, what was wanted, and whether it holds."""


async def whole(folder: Path) -> dict[str, Any]:
    """The axis as a process, with a bare relay on the same node in turns."""
    async with Province(folder, cast=axis.CAST) as province:
        _say("starting a private RabbitMQ node and axisd")
        await province.build()
        starts = [await province.start_axisd()]
        async with axis.driver(province) as load:
            await axis.throughput(province, load, 300)
            relays, through = [], []
            for number in range(1, ROUNDS + 1):
                _say(f"round {number} of {ROUNDS}: bare relay, then axisd")
                relays.append(await relay.run(province.node))
                through.append(await axis.throughput(province, load, 1500))
            _say("50 submissions a second for 20 seconds")
            latency = await axis.latency(load, 20)
            _say("urgent documents while 1,500 normal ones wait")
            overtaking = await axis.overtaking(load)
            steady = axis.resident(province)
            await province.stop_axisd()
            starts.append(await province.start_axisd())
            _say("envelopes of 30 MB")
            heavy = await axis.heavy(province, load)
    return {
        "relay": relays,
        "throughput": through,
        "latency": latency,
        "overtaking": overtaking,
        "steady_mb": steady,
        "heavy": heavy,
        "start_seconds": starts,
    }


async def alone(folder: Path) -> dict[str, Any]:
    """The ledger, empty and with 100,000 documents in it."""
    _say("the ledger alone, empty and with 100,000 documents")
    return dict(await ledger.run(folder))


async def boxes(folder: Path) -> dict[str, Any]:
    """A mailbox in which 10,000 items wait."""
    _say("a mailbox with 10,000 items in it")
    return await mailbox.run(folder)


async def doors(folder: Path) -> dict[str, Any]:
    """Both doors, in turns with the broker."""
    async with Province(folder, cast=axis.CAST) as province:
        _say("the doors, in turns with the broker")
        await province.build()
        await province.start_axisd()
        async with axis.driver(province) as load:
            await axis.throughput(province, load, 300)
            for name in door.DOORS:
                await door.throughput(province, load, name, 300)
            found: dict[str, Any] = {"amqp": [], **{name: [] for name in door.DOORS}}
            for _ in range(ROUNDS):
                found["amqp"].append(await axis.throughput(province, load, 1000))
                for name in door.DOORS:
                    found[name].append(await door.throughput(province, load, name, 1000))
            _say("a document of 50 MB, in and out")
            found["large"] = await door.large(province, load)
        return found


async def uplink(folder: Path) -> dict[str, Any]:
    """To a healthy national axis, by the bounds that were and those that are."""
    _say("the uplink to a healthy national axis")
    return dict(await national.run(folder))


async def year(folder: Path) -> dict[str, Any]:
    """What looks at a year of a million deliveries."""
    of = large(FOLDER)
    _say("traces of documents in it")
    traces = await trace.run(of)
    _say("the sweep for deadlines in it")
    swept = await deadlines.run(folder, of)
    _say("reports on it")
    return {"trace": traces, "deadlines": swept, "report": await report.run(folder, of)}


def rows(found: Mapping[str, Any]) -> Iterator[Row]:
    """Of the axis as a process."""
    rate = statistics.median(r["per_second"] for r in found["throughput"])
    bare = statistics.median(r["per_second"] for r in found["relay"])
    cpu = statistics.median(r["daemon_cpu_ms"] for r in found["throughput"])
    yield "bare relay, three publishes", f"{bare:.0f}/s", "", True
    yield "axisd, 10 KB, both receipts", f"{rate:.0f}/s", "≥ 250/s", rate >= 250
    yield "of the bare relay", f"{rate / bare:.2f}", "≥ 0.25", rate / bare >= 0.25
    yield "daemon's CPU per submission", f"{cpu:.2f} ms", "", True
    p99 = found["latency"]["p99_ms"]
    yield "submit to inbox at 50/s, p50", f"{found['latency']['p50_ms']:.0f} ms", "", True
    yield "submit to inbox at 50/s, p99", f"{p99:.0f} ms", "< 150 ms", p99 < 150
    yield from _urgency(found["overtaking"])
    yield (
        "resident memory, steady",
        f"{found['steady_mb']:.0f} MB",
        "< 200 MB",
        found["steady_mb"] < 200,
    )
    peak = found["heavy"]["heavy_peak_mb"]
    yield "peak with 30 MB envelopes", f"{peak:.0f} MB", "< 400 MB", peak < 400
    start = max(found["start_seconds"])
    yield "start to ready", f"{start:.1f} s", "< 3 s", start < 3


def filled(found: Mapping[str, Any]) -> Iterator[Row]:
    """Of the ledger alone."""
    cost = next(g["cpu_full_over_empty"] for g in found["groups"] if g["group"] == 20)
    yield "ledger, 100,000 documents / empty", f"{cost:.2f}", "≤ 1.20", cost <= 1.2


def behind(found: Mapping[str, Any]) -> Iterator[Row]:
    """The doors beside the broker, and what a large document costs."""
    amqp = statistics.median(r["per_second"] for r in found["amqp"])
    for name, title in door.DOORS.items():
        rate = statistics.median(r["per_second"] for r in found[name])
        yield f"{title} door, 10 KB", f"{rate:.0f}/s", "", True
        yield "of what comes over the broker", f"{rate / amqp:.2f}", "≥ 0.50", rate / amqp >= 0.5
    for way in door.WAYS:
        grown = found["large"][way]
        yield f"growth by 50 MB, {way}", f"{grown:.1f} ×", "< 3 ×", grown < 3
    yield "the same, out over the broker", f"{found['large']['over the broker']:.1f} ×", "", True


def uplinks(found: Mapping[str, Any]) -> Iterator[Row]:
    """To the national axis; the busy ministry is the hard case, since it is one destination."""
    for shape in ("one ministry", "twenty ministries", "one ministry, 50 ms away"):
        before, after = found[shape]["before"], found[shape]["after"]
        yield f"uplink, {shape}", f"{after:.0f}/s", "≥ 100/s", after >= 100
        yield "with one row at a time for each", f"{before:.0f}/s", "", True


def looks(found: Mapping[str, Any]) -> Iterator[Row]:
    """The same for what must not depend on how much there is."""
    sweep = found["deadlines"]
    worst = sweep["page_worst_ms"]
    yield (
        f"deadlines, {sweep['deliveries']:,} deliveries",
        f"{worst:.0f} ms",
        "< 200 ms",
        worst < 200,
    )
    yield "the same while nothing is due", f"{sweep['look_p50_ms']:.1f} ms", "", True
    reported = found["report"]
    seconds = reported["day"]["seconds"]
    yield "report on a day of it", f"{seconds:.1f} s", "< 5 s", seconds < 5
    yield "report on a quarter of it", f"{reported['quarter']['seconds']:.0f} s", "", True
    yield "counting what is overdue", f"{sweep['counting_p50_ms']:.0f} ms", "", True
    yield from _traces(found["trace"])


def _traces(found: Mapping[str, Any]) -> Iterator[Row]:
    """Of a document from anywhere in the year; verifying costs what its receipts are."""
    plain, proven = found["unproven"], found["proven"]
    for name, p in (("p50", "p50_ms"), ("p95", "p95_ms")):
        yield f"a trace, {name}", f"{plain[p]:.0f} ms", "< 50 ms", plain[p] < 50
    for name, p in (("p50", "p50_ms"), ("p95", "p95_ms")):
        wanted = "< 50 ms" if name == "p50" else ""
        yield (
            f"with its receipts verified, {name}",
            f"{proven[p]:.0f} ms",
            wanted,
            proven["p50_ms"] < 50,
        )


def listed(found: Mapping[str, Any]) -> Iterator[Row]:
    """The same for the mailbox of an agency behind a door."""
    worst = max(found["first_page_worst_ms"], found["page_worst_ms"])
    name = f"a page of {found['waiting']:,} waiting items"
    yield f"{name}, p50", f"{found['page_p50_ms']:.0f} ms", "", True
    yield f"{name}, worst", f"{worst:.0f} ms", "< 100 ms", worst < 100
    yield "counting them", f"{found['count_p50_ms']:.1f} ms", "", True


def _urgency(found: Mapping[str, Any]) -> Iterator[Row]:
    """Urgent documents pass the backlog by, and the backlog goes on meanwhile."""
    urgent, normal = found["urgent_p50_ms"], found["normal_p50_ms"]
    yield "urgent under a backlog, p50", f"{urgent:.0f} ms", "", True
    yield (
        "of a normal one's in that backlog",
        f"{urgent / normal:.2f}",
        "≤ 0.25",
        urgent <= normal / 4,
    )
    meanwhile = found["normal_meanwhile"]
    yield "normal ones meanwhile", f"{meanwhile}", "> 0", meanwhile > 0


def _say(text: str) -> None:
    sys.stderr.write(f"· {text}\n")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the bench: what runs in a folder of its own, and how what it found reads in the table."""

    run: Callable[[Path], Coroutine[Any, Any, dict[str, Any]]]
    rows: Callable[[Mapping[str, Any]], Iterable[Row]]


PARTS: Mapping[str, Part] = {
    "axis": Part(whole, rows),
    "ledger": Part(alone, filled),
    "mailbox": Part(boxes, listed),
    "door": Part(doors, behind),
    "national": Part(uplink, uplinks),
    "year": Part(year, looks),
}


def main(names: Sequence[str]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    if unknown := set(names) - PARTS.keys():
        sys.exit(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    out = [f"\n{'':36}{'measured':>12}  {'wanted':>9}\n"]
    for name in names or PARTS:
        part, folder = PARTS[name], FOLDER / name
        shutil.rmtree(folder, ignore_errors=True)
        found = asyncio.run(part.run(folder))
        shutil.rmtree(folder, ignore_errors=True)
        text = json.dumps(found, indent=1, ensure_ascii=False)
        (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")
        for what, measured, wanted, holds in part.rows(found):
            mark = "" if not wanted else "  holds" if holds else "  FALLS SHORT"
            out.append(f"{what:36}{measured:>12}  {wanted:>9}{mark}\n")
    sys.stdout.write("".join(out))


if __name__ == "__main__":
    main(sys.argv[1:])
