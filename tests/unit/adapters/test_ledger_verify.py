"""Whatever is changed in the evidence behind the axis's back is found."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from axisd.adapters.ledger import open_ledger, open_reader, verify
from axisd.core.evidence import Head
from axisd.core.reasons import Event
from axisd.core.records import INLINE_LIMIT, Change
from axisd.errors import IntegrityError
from axisd.ports import Verification
from tests.support.ledger import case, commit, evidence

LARGE = b"x" * (INLINE_LIMIT + 1)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed ledger with small and large payloads, with and without receipts, and no triggers."""
    folder = tmp_path_factory.mktemp("original") / "ledger"

    async def fill() -> None:
        ledger = await open_ledger(folder)
        small = [case(f"D{n}") for n in range(4)]
        large = case("large", body=LARGE, staged=True)
        await ledger.stage(large.record.facts.digest, LARGE)
        quiet = evidence(
            small[0].record.facts, Event.CONTENT_HANDOVER, of=small[0].delivery, receipt_to=None
        )
        await commit(ledger, *(one.change for one in small), large.change)
        await commit(ledger, Change(evidence=(quiet,)))
        assert (await ledger.verify()).faults == ()
        await ledger.close()

    asyncio.run(fill())
    with tampering(folder) as connection:
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
    return folder


def tampering(folder: Path) -> contextlib.closing[sqlite3.Connection]:
    connection = sqlite3.connect(folder / "ledger.db", isolation_level=None)
    connection.execute("PRAGMA ignore_check_constraints = ON")
    connection.execute("PRAGMA foreign_keys = OFF")
    return contextlib.closing(connection)


async def verified(folder: Path) -> Verification:
    reader = await open_reader(folder)
    try:
        return await reader.verify()
    finally:
        await reader.close()


def copied(original: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "ledger"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(original, folder)
    return folder


COLUMNS = {
    "entry": ("position", "id", "event", "at", "submission_id", "delivery_id", "content", "hash"),
    "receipt": ("position", "id", "event", "submission_id", "document_id", "agency", "body"),
    "payload": ("digest", "size", "body"),
}
cells = st.sampled_from([(table, column) for table, all_ in COLUMNS.items() for column in all_])


def flipped(value: Any, bit: int) -> Any:
    """`value` with one bit changed; what cannot be a text any more is still stored as one."""
    match value:
        case None:
            return "x"
        case int():
            return value ^ 1 << bit % 62
        case str():
            return flipped(value.encode(), bit)
    assert isinstance(value, bytes)
    assume(value)
    changed = bytearray(value)
    changed[bit // 8 % len(value)] ^= 1 << bit % 8
    return bytes(changed)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cell=cells, row=st.integers(0, 5), bit=st.integers(0, 2**20))
def test_a_flipped_bit_is_found_wherever_it_is(
    original: Path, tmp_path: Path, cell: tuple[str, str], row: int, bit: int
) -> None:
    table, column = cell
    folder = copied(original, tmp_path)
    with tampering(folder) as connection:
        rows = connection.execute(f"SELECT rowid, {column} FROM {table} ORDER BY rowid").fetchall()
        key, value = rows[row % len(rows)]
        assume(column != "body" or value is not None)
        new = flipped(value, bit)
        place = "CAST(? AS TEXT)" if isinstance(value, str) else "?"
        connection.execute(
            f"UPDATE OR IGNORE {table} SET {column} = {place} WHERE rowid = ?", (new, key)
        )
        assume(connection.execute("SELECT changes()").fetchone() == (1,))
    assert asyncio.run(verified(folder)).faults


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM entry WHERE position = 3", "3 was expected here"),
        ("DELETE FROM receipt WHERE position = 6 OR position = 2", "its receipt is missing"),
        ("UPDATE receipt SET position = 99 WHERE position = 5", "there is no entry 99"),
        ("UPDATE receipt SET position = 6 WHERE position = 5", "knows of no receipt"),
        ("UPDATE receipt SET position = -1 WHERE position = 5", "there is no entry -1"),
        ("UPDATE entry SET content = '{}' WHERE position = 2", "not readable"),
        ("UPDATE entry SET at = 9e18 WHERE position = 2", "contradict its content: at"),
        ("DELETE FROM payload WHERE rowid = 1", "refers to a payload that is not there"),
        ("UPDATE payload SET body = NULL WHERE rowid = 1", "is not on disk"),
    ],
)
async def test_a_fault_is_told_in_a_sentence(
    original: Path, tmp_path: Path, statement: str, said: str
) -> None:
    folder = copied(original, tmp_path)
    with tampering(folder) as connection:
        assert connection.execute(statement).rowcount > 0
    faults = (await verified(folder)).faults
    assert any(said in fault for fault in faults), faults


async def test_a_changed_file_is_found(original: Path, tmp_path: Path) -> None:
    folder = copied(original, tmp_path)
    (file,) = (folder / "payloads").glob("[0-9a-f][0-9a-f]/*")
    file.write_bytes(LARGE[:-1] + b"y")
    (fault,) = (await verified(folder)).faults
    assert "has changed" in fault


async def test_a_missing_file_is_found(original: Path, tmp_path: Path) -> None:
    folder = copied(original, tmp_path)
    (file,) = (folder / "payloads").glob("[0-9a-f][0-9a-f]/*")
    file.unlink()
    (fault,) = (await verified(folder)).faults
    assert "not on disk" in fault


async def test_a_broken_page_is_a_fault_and_not_a_failure(original: Path, tmp_path: Path) -> None:
    folder = copied(original, tmp_path)
    with tampering(folder) as connection:
        root = "SELECT rootpage FROM sqlite_master WHERE name = 'entry'"
        (page,) = connection.execute(root).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    file = folder / "ledger.db"
    pages = bytearray(file.read_bytes())
    pages[(page - 1) * size : page * size] = b"\xa5" * size
    file.write_bytes(pages)
    assert (await verified(folder)).faults


async def test_an_end_that_was_cut_off_shows_in_the_head(original: Path, tmp_path: Path) -> None:
    folder = copied(original, tmp_path)
    before = await verified(folder)
    with tampering(folder) as connection:
        connection.execute("DELETE FROM entry WHERE position = 6")
    after = await verified(folder)
    assert after.faults == ()
    assert (after.head.position, before.head.position) == (5, 6)


async def test_a_ledger_whose_tail_does_not_hold_is_not_opened(
    original: Path, tmp_path: Path
) -> None:
    folder = copied(original, tmp_path)
    with tampering(folder) as connection:
        connection.execute("UPDATE entry SET event = 'RelayFailure' WHERE position = 5")
    with pytest.raises(IntegrityError, match="chain does not hold: entry 5"):
        await open_ledger(folder)
    # Nothing of ours keeps it, so an operator can look at it.
    assert (await verified(folder)).faults
    with pytest.raises(IntegrityError, match="chain does not hold"):
        await open_ledger(folder)


async def test_only_the_tail_is_read_at_the_start(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    ledger = await open_ledger(folder)
    await commit(ledger, *(case(f"D{n}").change for n in range(1100)))
    await ledger.close()
    with tampering(folder) as connection:
        connection.execute("DROP TRIGGER entry_no_update")
        connection.execute("UPDATE entry SET hash = 'x' WHERE position = 50")
    ledger = await open_ledger(folder)
    assert len((await ledger.verify()).faults) == 2
    await ledger.close()
    with tampering(folder) as connection:
        connection.execute("UPDATE entry SET hash = 'x' WHERE position = 101")
    with pytest.raises(IntegrityError, match="entry 101"):
        await open_ledger(folder)


async def test_very_many_faults_are_counted_and_not_all_listed(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    ledger = await open_ledger(folder)
    await commit(ledger, *(case(f"D{n}").change for n in range(1100)))
    await ledger.close()
    with tampering(folder) as connection:
        connection.execute("DROP TRIGGER receipt_no_update")
        connection.execute("UPDATE receipt SET agency = 'x'")
    faults = (await verified(folder)).faults
    assert len(faults) == 1001
    assert faults[-1] == "100 further faults are not listed"


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    return copied(original, tmp_path)


async def test_a_check_goes_on_from_where_the_last_one_ended(folder: Path) -> None:
    ledger = await open_ledger(folder)
    try:
        first = await ledger.check_since(None)
        assert (first.entries, first.faults) == (first.newest, ())
        assert first.head.position == first.newest
        again = await ledger.check_since(first.head)
        assert (again.head, again.faults) == (first.head, ())
        await commit(ledger, case("later").change)
        later = await ledger.check_since(first.head)
        assert later.head.position == first.newest + 1
        assert later.faults == ()
    finally:
        await ledger.close()


async def test_what_is_too_much_for_one_check_is_left_for_the_next(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "_PAGE", 2)
    reader = await open_reader(folder)
    try:
        begin = Head()
        part = await verify.check_since(reader._reader, begin, most=2)
        assert (part.entries, part.head.position) == (2, 2)
        assert part.newest > 2
        rest = await verify.check_since(reader._reader, part.head)
        assert (rest.head.position, rest.faults) == (rest.newest, ())
    finally:
        await reader.close()


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE entry SET content = replace(content, 'amqp', 'edoc') WHERE position = 3", "hash"),
        ("UPDATE receipt SET body = x'00' WHERE position = 2", "receipt"),
        ("DELETE FROM entry WHERE position = 3", "was expected"),
    ],
)
async def test_a_check_finds_what_was_changed_since_the_last_one(
    folder: Path, statement: str, says: str
) -> None:
    with tampering(folder) as connection:
        connection.execute(statement)
    reader = await open_reader(folder)
    try:
        stretch = await reader.check_since(None)
    finally:
        await reader.close()
    assert any(says in fault for fault in stretch.faults), stretch.faults


async def test_a_chain_that_was_written_anew_is_not_the_one_that_was_verified(folder: Path) -> None:
    reader = await open_reader(folder)
    try:
        proved = (await reader.check_since(None)).head
        for other in (Head(proved.position, "0" * 64), Head(proved.position + 5, proved.hash)):
            (fault,) = (await reader.check_since(other)).faults
            assert f"entry {other.position}: it is not the one" in fault
    finally:
        await reader.close()
