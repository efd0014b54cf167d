"""How long a report takes over a ledger with 1,000,000 deliveries, and whether it holds up the writer.

`python -m bench.report [FOLDER [DELIVERIES]]` fills the ledger in FOLDER if there is none: a year of
working days, documents to one or two recipients, with what statuses said of them. Then it counts a day, a
month and a quarter as `axisd report` does, alone and beside a writer, and prints the figures as JSON.
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from itertools import count
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from axisd.adapters.ledger import SqlLedger, open_ledger, open_reader
from axisd.core import chain
from axisd.core.calendar import Calendar
from axisd.core.evidence import Entry, Evidence, Head, RecipientOutcome
from axisd.core.history import Watch
from axisd.core.lifecycle import DeliveryState
from axisd.core.measures import Measure
from axisd.core.period import Period, one_day, one_month, one_quarter
from axisd.core.reasons import Event
from axisd.core.records import Change, Payload, Records
from axisd.core.statistics import Tally, Traffic
from axisd.core.zone import VIETNAM
from bench import ledger as small

DELIVERIES: Final = 1_000_000
YEAR: Final = 2026
AS_OF: Final = datetime(YEAR + 1, 1, 10, tzinfo=UTC)
GROUP: Final = 2_000
_CALENDAR: Final = Calendar()


def working_days() -> list[date]:
    first = date(YEAR, 1, 1).toordinal()
    days = map(date.fromordinal, range(first, first + 365))
    return [day for day in days if _CALENDAR.is_working_day(day)]


def submissions(deliveries: int, noise: random.Random) -> Iterator[Change]:
    """In order of time, over the year."""
    days = working_days()
    agencies = [f"000.{n // 10:02}.{n % 10:02}.H53" for n in range(120)]
    ids = map(str, count())
    made = 0
    while made < deliveries:
        day = days[made * len(days) // deliveries]
        seconds = 7 * 3600 + (made * len(days) % deliveries) * 36_000 / deliveries
        at = datetime.combine(day, clock_time(), VIETNAM) + timedelta(seconds=seconds)
        recipients = noise.sample(agencies, noise.choice((1, 1, 2)))
        yield _change(at.astimezone(UTC), agencies[made % 120], recipients, noise, ids)
        made += len(recipients)


def _key(at: datetime, noise: random.Random) -> str:
    milliseconds = int(at.timestamp() * 1000)
    value = milliseconds << 80 | 0x7 << 76 | noise.getrandbits(12) << 64 | 0b10 << 62
    return str(UUID(int=value | noise.getrandbits(62)))


_BODY: Final = Payload("sha256:" + "0" * 64, 1, b"x")


def _change(
    at: datetime, sender: str, recipients: list[str], noise: random.Random, ids: Iterator[str]
) -> Change:
    one = small.case(noise, body=b"x")
    facts = replace(
        one.record.facts,
        submission_id=_key(at, noise),
        sender=sender,
        reply_to=sender,
        document_id=f"{sender},{YEAR},{next(ids)}",
        received_at=at,
        digest=_BODY.digest,
    )
    arrived = at + timedelta(seconds=noise.expovariate(1 / 3000))
    registered = arrived + timedelta(seconds=noise.expovariate(1 / 20_000))
    deliveries = tuple(
        replace(
            one.delivery,
            id=_key(at, noise),
            submission_id=facts.submission_id,
            identity=replace(
                one.delivery.identity,
                sender=sender,
                recipient=recipient,
                document_id=facts.document_id,
            ),
            inbox=recipient,
            digest=_BODY.digest,
            state=DeliveryState.HANDED_OVER,
            created_at=at,
            expires_at=at + timedelta(days=5),
            watch=Watch(
                arrival_due=_CALENDAR.end_of_day(at),
                registration_due=_CALENDAR.end_of_next_day(at),
                arrived_at=arrived,
                registered_at=registered,
            ),
        )
        for recipient in recipients
    )
    outcomes = tuple(
        RecipientOutcome(recipient, (recipient,), "accepted", recipient, "local")
        for recipient in recipients
    )
    acceptance = Evidence(
        _key(at, noise), Event.SUBMISSION_ACCEPTANCE, at, facts, recipients=outcomes
    )
    return Change(
        submission=replace(one.record, facts=facts),
        payload=_BODY,
        deliveries=deliveries,
        evidence=(acceptance,),
    )


def sealed(items: list[Evidence], head: Head) -> tuple[Entry, ...]:
    entries = []
    for position, item in enumerate(items, head.position + 1):
        content = chain.canonical(item, position, None, item.at)
        head = Head(position, chain.link(head.hash, content))
        key = item.facts.submission_id
        entries.append(Entry(position, item.id, item.event, item.at, key, None, content, head.hash))
    return tuple(entries)


async def write(ledger: SqlLedger, changes: list[Change]) -> None:
    async with ledger.transaction() as transaction:
        evidence = [item for change in changes for item in change.evidence]
        entries = sealed(evidence, await transaction.head())
        await transaction.write(Records(tuple(changes), entries, ()))


async def fill(folder: Path, deliveries: int) -> None:
    ledger = await open_ledger(folder)
    group: list[Change] = []
    for change in submissions(deliveries, random.Random(1)):
        group.append(change)
        if len(group) == GROUP:
            await write(ledger, group)
            group = []
    if group:
        await write(ledger, group)
    await ledger.close()


async def tallied(folder: Path, period: Period) -> tuple[Traffic, float]:
    began = time.perf_counter()
    reader = await open_reader(folder)
    try:
        tally = Tally(period, AS_OF, _CALENDAR)
        async for page in reader.hand_ins(period.start, period.end):
            tally.take(page)
        return tally.traffic(), time.perf_counter() - began
    finally:
        await reader.close()


async def beside_a_writer(folder: Path, period: Period) -> dict[str, float]:
    """How long commits take and how far the log grows, alone and while a report is counted."""
    ledger = await open_ledger(folder)
    noise = random.Random(time.time_ns())
    ids = map(str, count(10**9))

    async def commit() -> float:
        now = datetime.now(UTC)
        changes = [_change(now, "000.00.00.H53", ["000.00.01.H53"], noise, ids) for _ in range(20)]
        began = time.perf_counter()
        await write(ledger, changes)
        return (time.perf_counter() - began) * 1000

    alone = [await commit() for _ in range(60)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.report", "--count", str(folder), period.label,
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    counting = asyncio.ensure_future(process.wait())
    beside, log = [], 0
    while not counting.done():
        beside.append(await commit())
        log = max(log, (folder / "ledger.db-wal").stat().st_size)
    await ledger.close()
    return {
        "commit_ms_alone": round(statistics.median(alone), 1),
        "commit_ms_beside": round(statistics.median(beside), 1),
        "commit_ms_beside_worst": round(max(beside), 1),
        "log_mb": round(log / 1e6),
    }


async def run(folder: Path, deliveries: int = DELIVERIES) -> dict[str, Any]:
    """Fills the ledger if there is none, and measures."""
    figures: dict[str, Any] = {}
    if not (folder / "ledger.db").exists():
        began = time.perf_counter()
        await fill(folder, deliveries)
        figures["fill_seconds"] = round(time.perf_counter() - began)
    for period in (one_day(date(YEAR, 6, 10)), one_month(YEAR, 6), one_quarter(YEAR, 2)):
        traffic, seconds = await tallied(folder, period)
        figures[period.kind] = {
            "seconds": round(seconds, 2),
            "copies": traffic.total[Measure.SENT],
            "documents": traffic.total[Measure.DOCUMENTS],
        }
    figures["memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    figures["beside_a_writer"] = await beside_a_writer(folder, one_quarter(YEAR, 2))
    return figures


def main() -> None:
    words = sys.argv[1:]
    if words[:1] == ["--count"]:
        year, number = words[2].split("-Q")
        asyncio.run(tallied(Path(words[1]), one_quarter(int(year), int(number))))
        return
    folder = Path(words[0] if words else "var/bench/report")
    deliveries = int(words[1]) if len(words) > 1 else DELIVERIES
    sys.stdout.write(json.dumps(asyncio.run(run(folder, deliveries)), indent=1) + "\n")


if __name__ == "__main__":
    main()
