"""What reports are counted from: the same numbers as from reading everything, without reading everything."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from sqlalchemy import Connection, event

from axisd.adapters.ledger import SqlLedger, codec, statistics, tables
from axisd.adapters.memory import MemoryLedger
from axisd.core.availability import Uptime, UptimeEnd
from axisd.core.calendar import Calendar
from axisd.core.checks import CheckRecord
from axisd.core.evidence import Evidence, own_facts
from axisd.core.measures import Measure
from axisd.core.period import Period, PeriodKind
from axisd.core.reasons import OWN_EVENTS, Event
from axisd.core.records import Change
from axisd.core.statistics import HandIn, Line, Side, Spread, Step, Tally, Traffic
from axisd.core.zone import day_of
from tests.support.ledger import commit
from tests.support.recount import Recount, rank, recount
from tests.support.traffic import (
    CLOCK,
    HEALTH,
    MIDNIGHT,
    MINISTRY,
    OFFICE,
    Leg,
    Story,
    a_busy_week,
    ledger_of,
    stories,
)

FIRST = day_of(MIDNIGHT)
DAYS = Period(PeriodKind.MONTH, "three days", FIRST, FIRST + timedelta(days=2))
AS_OF = MIDNIGHT + timedelta(days=4)


async def tallied(
    ledger: SqlLedger, period: Period = DAYS, as_of: datetime = AS_OF, probe: str = ""
) -> Traffic:
    tally = Tally(period, as_of, Calendar(), probe)
    async for page in ledger.hand_ins(period.start, period.end):
        tally.take(page)
    return tally.traffic()


async def counted_both_ways(
    told: Iterable[Story], folder: Path, probe: str = ""
) -> tuple[Traffic, Recount]:
    async with ledger_of(told, folder) as ledger:
        traffic = await tallied(ledger, probe=probe)
        days = DAYS.first.isoformat(), DAYS.last.isoformat()
        return traffic, recount(folder / "ledger.db", *days, AS_OF, probe)


def counts_of(lines: Iterable[Line]) -> dict[tuple[str, str, str], int]:
    return {
        (str(line.side), line.code, str(measure)): number
        for line in lines
        for measure, number in line.counts.items()
        if number
    }


def reasons_of(lines: Iterable[Line]) -> dict[tuple[str, str, str, str], int]:
    return {
        (str(line.side), line.code, str(measure), reason): number
        for line in lines
        for measure, by_reason in line.reasons.items()
        for reason, number in by_reason.items()
    }


@settings(max_examples=40, deadline=None)
@given(stories)
def test_the_numbers_are_those_of_the_ledger_to_the_last_document(told: list[Story]) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        traffic, again = asyncio.run(counted_both_ways(told, folder / "ledger"))
    finally:
        shutil.rmtree(folder)
    agree(traffic, again)


@pytest.mark.parametrize("seed", range(3))
async def test_the_numbers_of_a_busy_week_are_those_of_the_ledger(
    seed: int, tmp_path: Path
) -> None:
    traffic, again = await counted_both_ways(a_busy_week(seed), tmp_path / "ledger")
    agree(traffic, again)
    counted = {measure for measure in Measure if traffic.total[measure]}
    assert counted == set(Measure), "every measure has been put to the test"


async def test_what_is_the_probe_agencys_is_counted_by_itself_and_the_total_is_the_same(
    tmp_path: Path,
) -> None:
    week = a_busy_week(1)
    plain, _ = await counted_both_ways(week, tmp_path / "plain")
    probe = plain.side(Side.AGENCY)[1].code
    traffic, again = await counted_both_ways(week, tmp_path / "ledger", probe)
    agree(traffic, again)
    assert [line.code for line in traffic.side(Side.PROBE)] == [probe]
    assert probe not in {line.code for line in traffic.side(Side.AGENCY)}
    assert traffic.probes[Measure.SENT]
    assert sum(b.copies for b in traffic.course) == traffic.agencies[Measure.ADDRESSED]
    for measure in Measure:
        assert traffic.total[measure] == plain.total[measure]
        parts = (traffic.agencies, traffic.national, traffic.probes)
        assert sum(part[measure] for part in parts) == traffic.total[measure]


def agree(traffic: Traffic, again: Recount) -> None:
    """All numbers, reasons and times, of every line and of the sums."""
    assert counts_of(traffic.lines) == dict(again.counts)
    assert reasons_of(traffic.lines) == dict(again.reasons)
    for line in traffic.lines:
        for step in Step:
            key = (str(line.side), line.code, str(step))
            assert line.times[step].wire == spread_of(again.wire.get(key, []))
            assert line.times[step].legal == spread_of(again.legal.get(key, []))
    for total in (traffic.agencies, traffic.national):
        for step in Step:
            there = [key for key in again.legal if (key[0], key[2]) == (str(total.side), str(step))]
            legal = [seconds for key in there for seconds in again.legal[key]]
            assert total.times[step].legal == spread_of(legal)
    for measure in Measure:
        assert traffic.total[measure] == sum(
            number for (_, _, name), number in again.counts.items() if name == measure
        )


def spread_of(seconds: list[float]) -> Spread:
    if not seconds:
        return Spread()
    found = (rank(seconds, 50), rank(seconds, 95), max(seconds))
    return Spread(len(seconds), *(timedelta(seconds=value) for value in found))


@settings(max_examples=20, deadline=None)
@given(stories)
def test_days_add_up_to_the_period_that_they_make(told: list[Story]) -> None:
    async def count(folder: Path) -> tuple[Traffic, list[Traffic]]:
        async with ledger_of(told, folder) as ledger:
            days = [Period(PeriodKind.DAY, str(day), day, day) for day in DAYS.days]
            return await tallied(ledger), [await tallied(ledger, day) for day in days]

    folder = Path(tempfile.mkdtemp())
    try:
        whole, days = asyncio.run(count(folder / "ledger"))
    finally:
        shutil.rmtree(folder)
    for measure in Measure:
        assert whole.total[measure] == sum(day.total[measure] for day in days)
    assert [bucket.copies for bucket in whole.course] == [
        day.agencies[Measure.ADDRESSED] for day in days
    ]
    assert [bucket.national for bucket in whole.course] == [
        day.national[Measure.ADDRESSED] for day in days
    ]


async def test_a_page_ends_and_the_next_begins_without_losing_or_repeating_anything(
    tmp_path: Path,
) -> None:
    told = [
        Story(quarter=quarter, document_id=f"D{n}") for n, quarter in enumerate([36] * 5 + [37] * 4)
    ]
    async with ledger_of(told, tmp_path / "ledger") as ledger:
        for most in (1, 2, 3, 9, 10):
            assert await pages(ledger, most) == sorted(set(await pages(ledger, 100)))


async def pages(ledger: SqlLedger, most: int) -> list[str]:
    found: list[HandIn] = []
    place: statistics.Place | None = statistics.Place(codec.instant(DAYS.start))

    def read(connection: Connection, place: statistics.Place) -> statistics.Page:
        return statistics.page(connection, place, DAYS.end, most)

    while place is not None:
        page = await ledger._reader.read(lambda connection, place=place: read(connection, place))  # type: ignore[misc]
        assert len(page.hand_ins) <= most
        found += page.hand_ins
        place = page.after
    return [hand_in.id for hand_in in found]


async def test_the_bounds_of_a_period_are_midnights_of_vietnam(tmp_path: Path) -> None:
    told = [Story(quarter=n, document_id=f"D{n}") for n in (-1, 0, 95, 96)]
    async with ledger_of(told, tmp_path / "ledger") as ledger:
        day = Period(PeriodKind.DAY, str(FIRST), FIRST, FIRST)
        traffic = await tallied(ledger, day)
        assert traffic.total[Measure.DOCUMENTS] == 2
        assert [bucket.copies for bucket in traffic.course] == [1, *[0] * 22, 1]


async def record(ledger: SqlLedger | MemoryLedger, *uptimes: Uptime) -> None:
    for uptime in uptimes:
        async with ledger.transaction() as transaction:
            await transaction.record_uptime(uptime)


async def test_uptimes_come_back_with_the_last_before_the_period_and_the_first_of_all(
    tmp_path: Path,
) -> None:
    hour = timedelta(hours=1)
    made = [
        Uptime(CLOCK.new_id(), MIDNIGHT + hour * begin, MIDNIGHT + hour * end, ended)
        for begin, end, ended in (
            (-90, -80, UptimeEnd.STOPPED),
            (-70, -60, UptimeEnd.OPEN),
            (-50, -40, UptimeEnd.INTERRUPTED),
            (-5, 3, UptimeEnd.STOPPED),
            (4, 90, UptimeEnd.OPEN),
            (95, 99, UptimeEnd.OPEN),
        )
    ]
    async with ledger_of([], tmp_path / "ledger") as ledger:
        for kept in (ledger, MemoryLedger()):
            await record(kept, *made)
            found = await kept.uptimes(DAYS.start, DAYS.end)
            assert list(found) == [made[0], made[2], made[3], made[4]]


async def test_an_uptime_is_kept_once_as_it_was_recorded_last(tmp_path: Path) -> None:
    key = CLOCK.new_id()
    async with ledger_of([], tmp_path / "ledger") as ledger:
        first = Uptime(key, MIDNIGHT, MIDNIGHT)
        later = Uptime(key, MIDNIGHT, MIDNIGHT + timedelta(minutes=1), UptimeEnd.STOPPED)
        await record(ledger, first, later)
        assert list(await ledger.uptimes(DAYS.start, DAYS.end)) == [later]


def own(at: datetime, event_: Event, **particulars: str) -> Change:
    key = CLOCK.new_id()
    evidence = Evidence(key, event_, at, own_facts(key, at), particulars=particulars)
    return Change(evidence=(evidence,))


async def test_checks_are_found_by_their_times_among_everything_else(tmp_path: Path) -> None:
    inside, check = DAYS.start + timedelta(hours=8), Event.INTERCONNECTION_CHECK
    async with ledger_of([Story()], tmp_path / "ledger") as ledger:
        await commit(
            ledger,
            own(DAYS.start - timedelta(milliseconds=1), check, outcome="passed", trigger="timer"),
            own(DAYS.start, check, outcome="passed", trigger="timer"),
            own(inside, check, outcome="failed", trigger="operator"),
            own(inside, Event.DIRECTORY_CHANGE),
            own(DAYS.end, check, outcome="passed", trigger="timer"),
        )
        assert list(await ledger.checks(DAYS.start, DAYS.end)) == [
            CheckRecord(DAYS.start, passed=True, trigger="timer"),
            CheckRecord(inside, passed=False, trigger="operator"),
        ]


def test_the_index_of_the_axis_own_entries_is_about_all_of_its_events() -> None:
    for name in OWN_EVENTS:
        assert f"'{name}'" in tables.OF_THE_AXIS
    assert tables.OF_THE_AXIS.count("'") == 2 * len(OWN_EVENTS)


async def test_nothing_that_a_report_reads_scans_a_table(tmp_path: Path) -> None:
    asked: list[tuple[str, Any]] = []
    told = [Story(turned_away=("recipient-unknown",)), Story(status="03", sender=MINISTRY)]
    async with ledger_of(told, tmp_path / "ledger") as ledger:
        await record(ledger, Uptime(CLOCK.new_id(), MIDNIGHT, MIDNIGHT))

        @event.listens_for(ledger._reader._engine.sync_engine, "before_cursor_execute")
        def note(_c: object, _k: object, statement: str, parameters: object, *_: object) -> None:
            asked.append((statement, parameters))

        await tallied(ledger)
        await ledger.checks(DAYS.start, DAYS.end)
        await ledger.uptimes(DAYS.start, DAYS.end)
    asked = [(statement, values) for statement, values in asked if "SELECT" in statement]
    assert len({statement for statement, _ in asked}) == 9
    with closing(sqlite3.connect(tmp_path / "ledger" / "ledger.db")) as shell:
        for statement, values in asked:
            plan = [step for *_, step in shell.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
            # The first uptime of all is the first row of its table, and no other is looked at.
            scans = [
                step
                for step in plan
                if step.startswith("SCAN") and step not in {"SCAN CONSTANT ROW", "SCAN uptime"}
            ]
            assert not scans, (statement, plan)
            if "SCAN uptime" in plan:
                assert statement.rstrip().endswith("LIMIT ? OFFSET ?")
                assert "WHERE" not in statement


@pytest.mark.parametrize("text", ['"outcome":"refused"', "x\\"])
async def test_nobody_is_turned_away_by_what_a_file_is_called(tmp_path: Path, text: str) -> None:
    """The index looks for a piece of JSON in the entry's text; a text inside it must not look like one."""
    told = Story(document_id=text, legs=(Leg(HEALTH), Leg(OFFICE)))
    async with ledger_of([told], tmp_path / "ledger") as ledger:
        traffic = await tallied(ledger)
        assert traffic.total[Measure.TURNED_AWAY] == 0
    with closing(sqlite3.connect(tmp_path / "ledger" / "ledger.db")) as shell:
        indexed = (
            f"SELECT count(*) FROM entry INDEXED BY entry_that_turns_away WHERE {tables.TURNS_AWAY}"
        )
        assert shell.execute(indexed).fetchone() == (0,)
