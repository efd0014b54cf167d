"""A made-up year is one that a ledger could have written."""

from __future__ import annotations

from pathlib import Path

import pytest

from axisd.adapters.ledger import open_ledger
from axisd.core.policy import DeadlineKind
from axisd.core.records import Questions
from bench.large import Large, large

DELIVERIES, DAYS = 900, 7


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Large:
    return large(tmp_path_factory.mktemp("bench"), DELIVERIES, DAYS)


def test_it_is_made_once(made: Large) -> None:
    file = made.folder / "ledger.db"
    before = file.stat().st_mtime_ns
    again = large(made.folder.parent, DELIVERIES, DAYS)
    assert again == made
    assert file.stat().st_mtime_ns == before


def test_a_copy_may_be_changed(made: Large, tmp_path: Path) -> None:
    copy = made.copy(tmp_path / "copy")
    (copy / "ledger.db").write_bytes(b"")
    assert (made.folder / "ledger.db").stat().st_size > 0


async def test_it_verifies_and_holds_what_it_says(made: Large, tmp_path: Path) -> None:
    ledger = await open_ledger(made.copy(tmp_path / "copy"))
    try:
        verification = await ledger.verify()
        assert verification.faults == ()
        assert await ledger.count() == {
            table: made.rows.get(table, 0) for table in await ledger.count()
        }
    finally:
        await ledger.close()
    assert DELIVERIES <= made.rows["delivery"] < DELIVERIES + 50
    assert all(made.rows[table] > 0 for table in ("status", "receipt", "outbox"))


async def test_at_its_end_something_is_due_overdue_and_running(made: Large, tmp_path: Path) -> None:
    ledger = await open_ledger(made.copy(tmp_path / "copy"))
    try:
        due = await ledger.due(made.until, 1000)
        async with ledger.transaction() as transaction:
            known = await transaction.known(Questions(deliveries=frozenset(due)))
        awaited = await ledger.awaited(made.until)
    finally:
        await ledger.close()
    assert due
    assert known.deliveries.keys() == set(due)
    kinds = {item.kind for item in awaited if item.overdue}
    assert {DeadlineKind.ARRIVAL, DeadlineKind.REGISTRATION} <= kinds
