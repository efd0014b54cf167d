"""What happens on the ledger's connections when callers are cancelled, and what the event loop notices."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any, cast

import aiosqlite
import pytest
from sqlalchemy import Connection, event
from sqlalchemy.engine.interfaces import AdaptedConnection

from axisd.adapters.ledger import SqlLedger, open_ledger, payloads
from axisd.core.audit import digest_of
from axisd.core.records import Questions, Records
from axisd.errors import TransientError
from tests.support.ledger import RECIPIENTS, Case, case, commit, seal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


@pytest.fixture
async def ledger(folder: Path) -> AsyncIterator[SqlLedger]:
    opened = await open_ledger(folder)
    yield opened
    await opened.close()


async def group(ledger: SqlLedger, *cases: Case) -> None:
    """A transaction with everything that one has: questions, the head, rows, a commit."""
    async with ledger.transaction() as transaction:
        asked = frozenset(leg.identity for one in cases for leg in one.deliveries)
        await transaction.known(Questions(identities=asked))
        sealed = seal([one.acceptance for one in cases], await transaction.head())
        await transaction.write(Records(tuple(one.change for one in cases), *sealed))


Cancel = Callable[[asyncio.Task[None], asyncio.Task[Any] | None], None]


def only_the_caller(caller: asyncio.Task[None], _test: asyncio.Task[Any] | None) -> None:
    caller.cancel()


def everything(_caller: asyncio.Task[None], test: asyncio.Task[Any] | None) -> None:
    """As when the event loop ends: also what was handed over is cancelled."""
    for task in asyncio.all_tasks() - {test}:
        task.cancel()


async def at_every_step(
    monkeypatch: pytest.MonkeyPatch,
    start: Callable[[], Coroutine[Any, Any, None]],
    cancel: Cancel,
    check: Callable[[], Coroutine[Any, Any, None]],
) -> int:
    """Cancels `start` while the database is at its first step for it, then at its second, to its end."""
    test = asyncio.current_task()
    execute = aiosqlite.Connection._execute
    for at in itertools.count(1):
        with monkeypatch.context() as patched:
            task = asyncio.create_task(start())
            steps = itertools.count(1)

            async def step(self: aiosqlite.Connection, *args: Any, **named: Any) -> Any:
                if next(steps) == at:  # noqa: B023 - used up within its round
                    asyncio.get_running_loop().call_soon(cancel, task, test)  # noqa: B023
                return await execute(self, *args, **named)  # type: ignore[no-untyped-call]

            patched.setattr(aiosqlite.Connection, "_execute", step)
            await asyncio.wait([task])
        await check()
        if next(steps) <= at:
            return at
    raise AssertionError


@pytest.mark.parametrize("cancel", [only_the_caller, everything])
async def test_wherever_a_transaction_is_cancelled_all_of_it_is_there_or_nothing(
    ledger: SqlLedger, cancel: Cancel, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes, names = [0], itertools.count()

    async def whole_or_nothing() -> None:
        counts = await ledger.count()
        assert counts["submission"] in {sizes[-1], sizes[-1] + 2}
        assert counts["submission"] == counts["delivery"] == counts["entry"] == counts["receipt"]
        await commit(ledger, case(f"N{next(names)}").change)
        # By now also what was handed over before it was cancelled.
        sizes.append((await ledger.count())["submission"])

    steps = await at_every_step(
        monkeypatch,
        lambda: group(ledger, case(f"A{next(names)}"), case(f"B{next(names)}")),
        cancel=cancel,
        check=whole_or_nothing,
    )
    # One trip for each of nine statements and for the commit; then it went through.
    assert steps == 11
    assert (await ledger.verify()).faults == ()


@pytest.mark.parametrize("cancel", [only_the_caller, everything])
async def test_wherever_a_read_is_cancelled_no_snapshot_stays_behind(
    folder: Path, cancel: Cancel, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = await open_ledger(folder, busy=0.05)
    one, names = case(recipients=RECIPIENTS), itertools.count(2)
    await group(ledger, one)
    ids = [row.id for row in one.change.outbox]

    async def read() -> None:
        assert len(await ledger.parcels(ids)) == len(ids)

    await read()  # what was just written is at hand; from now on it is read

    async def nothing_is_held() -> None:
        await read()
        last = case(f"D{next(names)}")
        await commit(ledger, last.change)
        async with asyncio.timeout(30):
            while await ledger._writer.run(checkpoint_is_held_up):
                # A traceback refers to its cursor, and that to a statement half read.
                gc.collect()
                await asyncio.sleep(0.01)
        about = await ledger.timeline(last.record.facts.document_id)
        assert about.submissions == (last.record,)

    # BEGIN, rows, deliveries, receipts, ROLLBACK; then it went through.
    assert await at_every_step(monkeypatch, read, cancel=cancel, check=nothing_is_held) == 6
    await ledger.close()


def checkpoint_is_held_up(connection: Connection) -> bool:
    """Empties the WAL, which no reader's snapshot may then need."""
    connection.rollback()
    ((busy, _, _),) = adapted(connection).run_async(
        lambda driver: driver.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
    )
    return bool(busy)


def adapted(connection: Connection) -> AdaptedConnection:
    return cast("AdaptedConnection", connection.connection.dbapi_connection)


async def test_a_commit_that_was_handed_over_happens_although_its_caller_is_cancelled(
    ledger: SqlLedger,
) -> None:
    gate, handed_over = asyncio.Event(), asyncio.Event()

    async def cancelled() -> None:
        async with ledger.transaction() as transaction:
            one = case()
            sealed = seal([one.acceptance], await transaction.head())
            await transaction.write(Records((one.change,), *sealed))
            # The connection is still at something else when the commit is handed over.
            blocker = asyncio.ensure_future(
                ledger._writer.run(lambda c: adapted(c).run_async(lambda _: gate.wait()))
            )
            await asyncio.sleep(0)
            asyncio.get_running_loop().call_soon(handed_over.set)
        await blocker

    task = asyncio.create_task(cancelled())
    await handed_over.wait()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert (await ledger.count())["submission"] == 0
    gate.set()
    await ledger._writer.run(lambda connection: connection.in_transaction())
    assert (await ledger.count())["submission"] == 1


async def test_closing_waits_for_the_reads_that_were_asked_before(ledger: SqlLedger) -> None:
    await commit(ledger, case().change)
    reads = [asyncio.create_task(ledger.timeline("D1")) for _ in range(5)]
    await asyncio.sleep(0)
    await ledger.close()
    for read in reads:
        assert len((await read).submissions) == 1
    with pytest.raises(TransientError, match="closed"):
        await ledger.timeline("D1")


async def test_a_group_costs_no_more_statements_than_a_single_submission(
    ledger: SqlLedger,
) -> None:
    statements: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(ledger._writer._engine.sync_engine, "before_cursor_execute", note)
    await group(ledger, case("alone"))
    alone = len(statements)
    await group(ledger, *(case(f"D{n}", recipients=RECIPIENTS) for n in range(20)))
    assert len(statements) - alone == alone
    # BEGIN, head, what is known, and one for each of six tables.
    assert alone == 9


async def test_the_event_loop_goes_on_while_the_ledger_waits_for_a_lock(folder: Path) -> None:
    ledger = await open_ledger(folder, busy=60)
    with contextlib.closing(
        sqlite3.connect(folder / "ledger.db", isolation_level=None)
    ) as stranger:
        stranger.execute("BEGIN IMMEDIATE")
        task = asyncio.create_task(commit(ledger, case().change))
        await asyncio.wait([task], timeout=0.2)
        assert not task.done()
        # Were the loop blocked, nobody could come to this.
        stranger.execute("ROLLBACK")
    await task
    assert (await ledger.count())["submission"] == 1
    await ledger.close()


async def test_payloads_are_never_checked_on_the_event_loop(
    ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[bool] = []

    def noting(body: bytes) -> str:
        checked.append(threading.current_thread() is threading.main_thread())
        return digest_of(body)

    monkeypatch.setattr(payloads, "digest_of", noting)
    one = case()
    await commit(ledger, one.change)
    assert await ledger.payload(one.record.facts.digest) == one.body
    assert [parcel.body for parcel in await ledger.parcels([one.delivery.id])] == [one.body]
    assert checked == [False, False]
