"""What only the ledger on SQLite does: files, locks, threads, crashes, and how it reads."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import event, text

from axisd.adapters.ledger import SqlLedger, open_ledger, open_reader, tables
from axisd.adapters.ledger.engine import writing_engine
from axisd.adapters.ledger.faults import translated
from axisd.adapters.ledger.payloads import PayloadFiles
from axisd.core.audit import digest_of
from axisd.core.history import CONSIGNMENT, NumberKey
from axisd.core.lifecycle import DeliveryState, SubmissionState
from axisd.core.policy import DeadlineKind
from axisd.core.records import INLINE_LIMIT, Change, DeliveryUpdate, Questions
from axisd.core.submission import Door
from axisd.errors import ConfigError, IntegrityError, TransientError
from tests.support import tale
from tests.support.ledger import NOW, RECIPIENTS, SENDER, case, commit
from tests.support.tale import TALE, sealer, write
from tests.support.values import FINANCE

ROOT = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


@pytest.fixture
async def ledger(folder: Path) -> AsyncIterator[SqlLedger]:
    opened = await open_ledger(folder)
    yield opened
    await opened.close()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def spoil(folder: Path) -> None:
    """Changes the last byte of the one payload on disk."""
    (file,) = (folder / "payloads").glob("[0-9a-f][0-9a-f]/*")
    file.write_bytes(file.read_bytes()[:-1] + b"!")


def raw(folder: Path) -> contextlib.closing[sqlite3.Connection]:
    return contextlib.closing(sqlite3.connect(folder / "ledger.db", isolation_level=None))


async def test_what_was_committed_is_there_after_opening_again(folder: Path) -> None:
    first = await open_ledger(folder)
    one = case()
    records = await commit(first, one.change)
    await first.close()
    again = await open_ledger(folder)
    async with again.transaction() as transaction:
        assert (await transaction.head()).hash == records.entries[-1].hash
    assert (await again.timeline("D1")).submissions == (one.record,)
    await again.close()


async def test_closing_leaves_no_wal_behind(folder: Path) -> None:
    opened = await open_ledger(folder)
    await commit(opened, case().change)
    await opened.close()
    assert names(folder) == ["ledger.db", "ledger.lock", "payloads"]


async def test_a_second_instance_is_refused_and_told_who_has_the_ledger(
    ledger: SqlLedger, folder: Path
) -> None:
    with pytest.raises(ConfigError, match=rf"in use by process {os.getpid()}"):
        await open_ledger(folder)
    await commit(ledger, case().change)


async def test_the_lock_is_free_again_after_closing(folder: Path) -> None:
    await (await open_ledger(folder)).close()
    await (await open_ledger(folder)).close()


async def test_readers_see_commits_while_the_writer_is_at_work(
    ledger: SqlLedger, folder: Path
) -> None:
    await commit(ledger, case("D1").change)
    reader = await open_reader(folder)
    async with ledger.transaction() as transaction:
        await transaction.head()
        assert len((await reader.timeline("D1")).submissions) == 1
    await commit(ledger, case("D2").change)
    assert len((await reader.timeline("D2")).submissions) == 1
    assert (await reader.verify()).faults == ()
    await reader.close()


async def test_a_reader_cannot_write(ledger: SqlLedger, folder: Path) -> None:
    reader = await open_reader(folder)
    with pytest.raises(TransientError, match="readonly"):
        await reader._reader.run(
            lambda connection: connection.exec_driver_sql("DELETE FROM payload")
        )
    await reader.close()


async def test_a_reader_opens_a_ledger_that_nobody_has(folder: Path) -> None:
    opened = await open_ledger(folder)
    await commit(opened, case().change)
    await opened.close()
    reader = await open_reader(folder)
    assert (await reader.count())["entry"] == 1
    await reader.close()


async def test_a_reader_does_not_make_a_ledger(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no ledger"):
        await open_reader(tmp_path)
    assert names(tmp_path) == []


async def test_a_foreign_lock_is_a_temporary_failure(folder: Path) -> None:
    opened = await open_ledger(folder, busy=0.05)
    with raw(folder) as stranger:
        stranger.execute("BEGIN IMMEDIATE")
        with pytest.raises(TransientError, match="locked"):
            await commit(opened, case().change)
        stranger.execute("ROLLBACK")
    await commit(opened, case().change)
    await opened.close()


async def test_after_a_foreign_lock_transactions_are_still_undone(folder: Path) -> None:
    opened = await open_ledger(folder, busy=0.05)
    with raw(folder) as stranger:
        stranger.execute("BEGIN IMMEDIATE")
        with pytest.raises(TransientError, match="locked"):
            await commit(opened, case().change)
        stranger.execute("ROLLBACK")
    await commit(opened, case("D1").change)
    with pytest.raises(IntegrityError):
        await commit(opened, case("D2").change, case("D1").change)
    assert (await opened.count())["submission"] == 1
    await opened.close()


async def test_a_full_disk_is_a_temporary_failure_that_leaves_nothing(ledger: SqlLedger) -> None:
    async def limit(pages: int) -> None:
        await ledger._writer.run(
            lambda connection: connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        )
        await ledger._writer.rollback()

    await limit(60)
    large = case(body=b"x" * 500_000)
    with pytest.raises(TransientError, match="full"):
        await commit(ledger, large.change)
    assert set((await ledger.count()).values()) == {0}
    await limit(1_000_000)
    await commit(ledger, large.change)
    assert (await ledger.verify()).faults == ()


async def test_a_payload_folder_that_cannot_be_written_is_a_temporary_failure(
    ledger: SqlLedger, folder: Path
) -> None:
    (folder / "payloads" / "new").rmdir()
    body = b"x" * (INLINE_LIMIT + 1)
    with pytest.raises(TransientError, match="payload"):
        await ledger.stage(digest_of(body), body)


async def test_a_file_that_is_no_database_contradicts_itself(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    (tmp_path / "ledger.db").write_bytes(b"not a database at all" * 400)
    with pytest.raises(IntegrityError, match="not a database"):
        await open_ledger(tmp_path)
    for thread in set(threading.enumerate()) - before:
        if "_connection_worker_thread" in thread.name:
            await asyncio.to_thread(thread.join, 10)
            assert not thread.is_alive()


async def test_text_that_no_database_can_hold_contradicts_the_ledger(ledger: SqlLedger) -> None:
    with pytest.raises(IntegrityError, match="surrogates"):
        await commit(ledger, Change(submission=case(external_id="\ud800").record))
    assert set((await ledger.count()).values()) == {0}


async def test_what_a_statement_carries_is_in_no_message(tmp_path: Path) -> None:
    engine = writing_engine(tmp_path / "ledger.db", busy=1)
    async with engine.connect() as connection:
        with (
            pytest.raises(IntegrityError, match="required for bind parameter") as raised,
            translated("writing"),
        ):
            await connection.execute(text("SELECT :subject, :other"), {"subject": "V/v dự toán"})
    assert "dự toán" not in str(raised.value)


@pytest.mark.parametrize("mask", [0o000, 0o022])
async def test_nobody_but_its_owner_may_look_into_the_ledger(folder: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        opened = await open_ledger(folder)
    finally:
        os.umask(before)
    await opened.close()
    assert mode_of(folder) == 0o700


@pytest.mark.parametrize("table", ["entry", "receipt"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET event = 'x'", "DELETE FROM {}"])
async def test_evidence_is_never_changed(
    ledger: SqlLedger, folder: Path, table: str, verb: str
) -> None:
    await commit(ledger, case().change)
    with raw(folder) as stranger, pytest.raises(sqlite3.IntegrityError, match="never changed"):
        stranger.execute(verb.format(table))


async def test_evidence_cannot_be_replaced_by_our_own_connection(ledger: SqlLedger) -> None:
    await commit(ledger, case().change)
    with pytest.raises(IntegrityError, match="never changed"):
        await ledger._writer.run(
            lambda connection: connection.exec_driver_sql(
                "INSERT OR REPLACE INTO entry SELECT position, id, event, at, submission_id, "
                "delivery_id, 'forged', hash FROM entry"
            )
        )
    await ledger._writer.rollback()


async def test_the_writer_syncs_fully_and_alone_checkpoints(ledger: SqlLedger) -> None:
    def pragmas(connection: object) -> list[object]:
        return [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()  # type: ignore[attr-defined]
            for name in ("journal_mode", "synchronous", "foreign_keys", "wal_autocheckpoint")
        ]

    assert await ledger._writer.run(pragmas) == ["wal", 2, 1, 4096]
    await ledger._writer.rollback()
    assert (await ledger._reader.read(pragmas))[3] == 0


async def test_nothing_that_grows_is_scanned(ledger: SqlLedger, folder: Path) -> None:
    statements: dict[str, tuple[object, ...]] = {}

    def note(_c: object, _cursor: object, statement: str, parameters, *_: object) -> None:  # type: ignore[no-untyped-def]
        one = parameters[0] if isinstance(parameters, list) else parameters
        statements.setdefault(statement, tuple(one))

    for owned in (ledger._writer, ledger._reader):
        event.listen(owned._engine.sync_engine, "before_cursor_execute", note)
    cases = [case(f"D{n}", external_id=f"N{n}", recipients=RECIPIENTS) for n in range(3)]
    await commit(ledger, *(one.change for one in cases))
    ids = [row.id for one in cases for row in one.change.outbox]
    failed = DeliveryUpdate(cases[0].delivery.id, DeliveryState.REJECTED, "", "broker-refused")
    await commit(ledger, Change(updates=(failed,)))
    async with ledger.transaction() as transaction:
        await transaction.known(
            Questions(
                identities=frozenset(leg.identity for one in cases for leg in one.deliveries),
                documents=frozenset(
                    (leg.identity.sender, leg.identity.document_id)
                    for one in cases
                    for leg in one.deliveries
                ),
                recalled=frozenset((SENDER, f"D{n}") for n in range(9)),
                addressed=frozenset((RECIPIENTS[0], f"D{n}") for n in range(3)),
                changing=frozenset((SENDER, f"D{n}") for n in range(3)),
                unmatched=frozenset((SENDER, f"D{n}") for n in range(3)),
                numbers=frozenset({NumberKey(SENDER, "12", "QĐ-STC", "2026")}),
                deliveries=frozenset(ids),
                externals=frozenset((Door.AMQP, f"N{n}") for n in range(3)),
            )
        )
    assert len(await ledger.parcels(ids)) == len(ids)
    assert len(await ledger.parcels(ids)) == len(ids)  # what was just written was at hand
    await ledger.outbox_ids(cases[0].delivery.destination, None, 10)
    await ledger.timeline("D1")
    await ledger.timeline(cases[0].delivery.id)
    await ledger.receipt(cases[0].acceptance.id)
    await ledger.payload(cases[0].record.facts.digest)
    await ledger.quarantined()
    await ledger.unmatched()
    await ledger.unmatched_count()
    await ledger.outstanding()
    await ledger.last_hand_in([SENDER], NOW)
    await ledger.due(NOW, 10)
    await ledger.next_due()
    await ledger.awaited(NOW)
    for kind in (*DeadlineKind, CONSIGNMENT):
        await ledger.overdue(NOW, kind, RECIPIENTS[0])
    _ = [entry async for entry in ledger.entries()]
    await commit(ledger, Change(done=tuple(ids)))

    with raw(folder) as connection:
        plans = {
            (statement, step)
            for statement, parameters in statements.items()
            if statement.startswith(("SELECT", "UPDATE", "DELETE"))
            for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
        }
    assert len(plans) > 12
    head_alone = {(s, p) for s, p in plans if "LIMIT" in s and "ORDER BY entry.position DESC" in s}
    # `asked` is the list of keys that we hand over ourselves.
    scans = {(s, p) for s, p in plans - head_alone if "SCAN" in p and "SCAN asked " not in p}
    # Nor does what is only as long as its index, or waits in the outbox.
    short = (
        "submission_in_quarantine",
        "USING COVERING INDEX delivery_",
        "USING INDEX delivery_still_open",
        "SCAN outbox",
    )
    assert not {scan for scan in scans if not any(name in scan[1] for name in short)}
    counting = {p for s, p in plans if s.startswith("SELECT delivery.inbox") and "delivery" in p}
    assert {p.rpartition(" ")[2] for p in counting if "SCAN" in p} == {
        f"delivery_{kind}_awaited" for kind in tables.AWAITED
    }
    assert {p for s, p in plans if "ORDER BY outbox.id" in s} == {
        "SEARCH outbox USING INDEX outbox_by_destination (destination=? AND id>?)",
        "SEARCH delivery USING INDEX sqlite_autoindex_delivery_1 (id=?) LEFT-JOIN",
    }


async def test_no_read_of_a_trace_scans_a_table(ledger: SqlLedger, folder: Path) -> None:
    """Not even those about the other end of a link, or by what stands on the paper."""
    statements: dict[str, tuple[object, ...]] = {}

    def note(_c: object, _cursor: object, statement: str, parameters, *_: object) -> None:  # type: ignore[no-untyped-def]
        statements.setdefault(statement, tuple(parameters))

    await write(ledger, TALE.changes, sealer())
    reader = await open_reader(folder)
    try:
        event.listen(reader._reader._engine.sync_engine, "before_cursor_execute", note)
        for key in (tale.ID, TALE.document.submission_id, TALE.health.id):
            assert len((await reader.timeline(key)).related) == 3
        for organ in ("", FINANCE):
            assert len(await reader.numbered("12", "STC-VP", organ, "2026")) == 3
    finally:
        await reader.close()

    with raw(folder) as connection:
        plans = {
            (statement, step)
            for statement, parameters in statements.items()
            if statement.startswith("SELECT")
            for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
        }
    tables_read = {step.split()[1] for _, step in plans if step.startswith("SEARCH")}
    assert tables_read == {
        "submission", "delivery", "entry", "receipt", "status", "link", "recall", "mailbox",
    }  # fmt: skip
    assert not {plan for plan in plans if "SCAN" in plan[1]}


async def test_a_large_payload_that_changed_on_disk_is_never_handed_out(
    ledger: SqlLedger, folder: Path
) -> None:
    body = b"x" * (INLINE_LIMIT + 1)
    one = case(body=body, staged=True)
    await ledger.stage(one.record.facts.digest, body)
    await commit(ledger, one.change)
    spoil(folder)
    with pytest.raises(IntegrityError, match="has changed"):
        await ledger.payload(one.record.facts.digest)
    with pytest.raises(IntegrityError, match="has changed"):
        await ledger.parcels([one.delivery.id])


async def test_what_an_earlier_process_did_not_finish_staging_is_dropped(folder: Path) -> None:
    await (await open_ledger(folder)).close()
    leftover = folder / "payloads" / "new" / "half"
    leftover.write_bytes(b"half a payl")
    await (await open_ledger(folder)).close()
    assert not leftover.exists()


def test_a_payload_appears_under_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    files = PayloadFiles(tmp_path)
    files.prepare()
    body = b"large" * 1000
    digest = digest_of(body)
    assert not files.has(digest, len(body))
    files.store(digest, body)
    assert files.has(digest, len(body))
    assert not files.has(digest, 3)
    assert files.load(digest) == body
    assert list((tmp_path / "new").iterdir()) == []
    (path,) = tmp_path.glob("[0-9a-f][0-9a-f]/*")
    assert digest == f"sha256:{path.parent.name}{path.name}"


@pytest.mark.parametrize("digest", ["", "sha256:../../etc/passwd", "sha256:" + "G" * 64, "x" * 64])
def test_what_is_no_digest_names_no_file(tmp_path: Path, digest: str) -> None:
    with pytest.raises(IntegrityError, match="not a digest"):
        PayloadFiles(tmp_path).load(digest)


def test_a_payload_that_is_gone_from_the_disk_contradicts_the_ledger(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match="not on disk"):
        PayloadFiles(tmp_path).load(digest_of(b"x"))


_WRITE_FOREVER = """
import asyncio, sys
from pathlib import Path
from axisd.adapters.ledger import open_ledger
from axisd.core.records import INLINE_LIMIT
from tests.support.ledger import case, commit

async def main():
    ledger = await open_ledger(Path(sys.argv[1]))
    group = 0
    while True:
        cases = [case(f"{group}-{n}", body=bytes(20_000)) for n in range(20)]
        large = case(f"{group}-large", body=group.to_bytes(4, "big") * INLINE_LIMIT, staged=True)
        await ledger.stage(large.record.facts.digest, large.body)
        await commit(ledger, *(one.change for one in cases), large.change)
        print(group, flush=True)
        group += 1

asyncio.run(main())
"""


@pytest.mark.parametrize("delay", [0.0, 0.004, 0.011, 0.023])
async def test_a_writer_killed_at_any_moment_leaves_a_sound_ledger(
    folder: Path, delay: float
) -> None:
    committed = await _kill_after(folder, groups=4, delay=delay)
    reader = await open_reader(folder)
    assert (await reader.verify()).faults == ()
    await reader.close()

    ledger = await open_ledger(folder)
    counts = await ledger.count()
    assert counts["submission"] >= committed * 21
    assert counts["submission"] % 21 == 0
    assert counts["submission"] == counts["delivery"] == counts["entry"] == counts["receipt"]
    for group in range(committed):
        timeline = await ledger.timeline(f"{group}-large")
        assert timeline.submissions[0].state is SubmissionState.ACCEPTED
        assert await ledger.payload(timeline.deliveries[0].digest) is not None
    await commit(ledger, case("after").change)
    assert (await ledger.verify()).faults == ()
    await ledger.close()


async def _kill_after(folder: Path, *, groups: int, delay: float) -> int:
    """Kills the writer `delay` seconds after it said that `groups` groups are durable."""
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _WRITE_FOREVER, str(folder), cwd=ROOT, stdout=subprocess.PIPE
    )
    assert writer.stdout is not None
    said = b""
    async with asyncio.timeout(60):
        while said.count(b"\n") < groups:
            said += await writer.stdout.readline()
        await asyncio.sleep(delay)
        writer.send_signal(signal.SIGKILL)
        said += await writer.stdout.read()
        await writer.wait()
    return said.count(b"\n")
