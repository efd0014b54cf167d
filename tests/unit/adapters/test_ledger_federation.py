"""What the ledger tells of the traffic with the national axis: in memory and on SQL alike, and by indexes alone."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from axisd.adapters.ledger import SqlLedger, federation, open_ledger
from axisd.adapters.memory import MemoryLedger
from axisd.core.federation import Relayed, Untaken
from axisd.core.lifecycle import DeliveryState
from axisd.core.submission import Door
from axisd.errors import IntegrityError
from tests.support.federation import Ledgers, refused, sent
from tests.support.ledger import NOW, case, commit

HOUR = timedelta(hours=1)
G14, G15 = "000.00.00.G14", "000.00.00.G15"


@pytest.fixture(params=["memory", "sql"])
async def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ledgers]:
    if request.param == "memory":
        yield MemoryLedger()
        return
    opened = await open_ledger(tmp_path / "ledger")
    yield opened
    await opened.close()


async def all_relayed(ledger: Ledgers, start: datetime) -> list[Relayed]:
    return [one async for page in ledger.relayed(start) for one in page]


async def test_what_the_national_axis_took_is_told_from_a_day_on_with_its_number(
    ledger: Ledgers,
) -> None:
    await sent(ledger, "early", NOW - HOUR)
    made = await sent(ledger, "n1")
    await sent(ledger, "n2", NOW + HOUR, to=G15)
    found = await all_relayed(ledger, NOW - timedelta(seconds=1))
    assert [(one.number, one.inbox, one.state) for one in found] == [
        ("n1", G14, DeliveryState.SENT),
        ("n2", G15, DeliveryState.SENT),
    ]
    assert (found[0].delivery_id, found[0].kind) == (made.delivery.id, "document")
    assert (found[0].sender, found[0].document_id) == (made.record.facts.sender, "document n1")


async def test_pages_lose_nothing_even_where_many_were_taken_in_one_millisecond(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(federation.relayed, "__defaults__", (2,))
    async with closing_ledger(tmp_path) as ledger:
        for number in range(7):
            await sent(ledger, f"n{number}")
        await sent(ledger, "later", NOW + HOUR)
        found = await all_relayed(ledger, NOW - HOUR)
    assert [one.number for one in found] == [*(f"n{number}" for number in range(7)), "later"]


async def test_refused_items_are_told_newest_first_with_their_number_and_their_cause(
    ledger: Ledgers,
) -> None:
    await refused(ledger, "document/old", NOW - 48 * HOUR)
    for number in (1, 2):
        await refused(ledger, f"status/{number}", kind="", sender="")
    await sent(ledger, "n1")
    found = await ledger.turned_away(NOW - HOUR, 10)
    assert [(one.doc_id, one.kind, one.reason, one.line) for one in found] == [
        ("2", "status", "schema-invalid", 7),
        ("1", "status", "schema-invalid", 7),
    ]
    assert len(await ledger.turned_away(NOW - HOUR, 1)) == 1


async def test_settled_items_are_found_by_their_numbers(ledger: Ledgers) -> None:
    made = case("D7", external_id="document/7")
    facts = replace(made.record.facts, door=Door.NATIONAL)
    await commit(ledger, replace(made.change, submission=replace(made.record, facts=facts)))
    other = case("D8", external_id="document/8")  # another door's number
    await commit(ledger, other.change)
    found = await ledger.settled_items(["document/7", "document/8", "status/7"])
    assert [(one.external_id, one.settled_at) for one in found] == [("document/7", NOW)]


async def test_deliveries_over_the_national_axis_are_found_by_the_number_of_their_document(
    ledger: Ledgers,
) -> None:
    made = await sent(ledger, "n1")
    await commit(ledger, case("local").change)
    (found,) = await ledger.attempted("12", "QĐ-STC")
    assert (found.delivery_id, found.inbox) == (made.delivery.id, G14)
    assert await ledger.attempted("", "") == []
    assert await ledger.attempted("13", "QĐ-STC") == []


async def test_what_could_not_be_taken_is_kept_once_and_forgotten(ledger: Ledgers) -> None:
    one = Untaken("document", "1", NOW, "G14", "H53", NOW + HOUR, 3, "code 20")
    other = Untaken("status", "1", NOW - HOUR, tried_at=NOW, tries=9, listed=False)
    async with ledger.transaction() as transaction:
        await transaction.record_untaken(one)
        await transaction.record_untaken(other)
        await transaction.record_untaken(replace(one, tries=4))
    assert await ledger.untaken(10) == [other, replace(one, tries=4)]
    assert await ledger.untaken(1) == [other]
    async with ledger.transaction() as transaction:
        await transaction.forget_untaken("document", "1")
        await transaction.forget_untaken("document", "never there")
    assert await ledger.untaken(10) == [other]


async def test_an_ended_transaction_keeps_nothing(ledger: Ledgers) -> None:
    async with ledger.transaction() as transaction:
        pass
    with pytest.raises(IntegrityError):
        await transaction.record_untaken(Untaken("document", "1", NOW))
    with pytest.raises(IntegrityError):
        await transaction.forget_untaken("document", "1")


class closing_ledger:  # noqa: N801 - reads as what it is
    """A ledger on SQL in a folder, closed again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def __aenter__(self) -> SqlLedger:
        self._ledger = await open_ledger(self._folder / "ledger")
        return self._ledger

    async def __aexit__(self, *_: object) -> None:
        await self._ledger.close()


async def test_nothing_that_reconciliation_reads_scans_a_table(tmp_path: Path) -> None:
    asked: list[tuple[str, Any]] = []
    async with closing_ledger(tmp_path) as ledger:
        await sent(ledger, "n1")
        await refused(ledger, "document/1")

        @event.listens_for(ledger._reader._engine.sync_engine, "before_cursor_execute")
        def note(_c: object, _k: object, statement: str, parameters: object, *_: object) -> None:
            asked.append((statement, parameters))

        await all_relayed(ledger, NOW - HOUR)
        await ledger.turned_away(NOW - HOUR, 10)
        await ledger.settled_items(["document/1"])
        await ledger.attempted("12", "QĐ-STC")
        await ledger.untaken(10)
    asked = [(statement, values) for statement, values in asked if "SELECT" in statement]
    assert len({statement for statement, _ in asked}) == 6
    with closing(sqlite3.connect(tmp_path / "ledger" / "ledger.db")) as shell:
        for statement, values in asked:
            plan = [step for *_, step in shell.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
            by_partial_index = (
                "submission_turned_away_from_the_national_axis",
                "untaken_by_since",
            )
            scans = [
                step
                for step in plan
                if step.startswith("SCAN") and not step.endswith(by_partial_index)
            ]
            assert not scans, (statement, plan)
            # A page of what grows with the traffic is read in its order, not sorted.
            if "entry_relayed" in statement or "door =" in statement:
                assert not any("TEMP B-TREE" in step for step in plan), plan
