"""One database connection and the one thread that owns it.

A unit of work (a function of the connection) is handed over whole and runs there without coming back
to the event loop between statements: a transaction's reads and writes cost one hop each, however busy
the loop is. Work is done in the order in which it was handed over, also when whoever waited for it was
cancelled, so a cancelled caller can never leave a transaction open behind a later one's back.

SQLite (WAL): the writing connection is the only one that writes and checkpoints; versions 3.7.0 to
3.51.2 can corrupt a WAL when two connections do. Readers are opened read-only and never checkpoint.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool

from axisd.adapters.ledger.faults import translated
from axisd.errors import TransientError

T = TypeVar("T")
Work = Callable[[Connection], T]

CHECKPOINT_PAGES: Final = 4096
"""Pages of WAL (16 MiB) after which the writer checkpoints: rarely, because each costs two syncs."""


def writing_engine(file: Path, *, busy: float) -> Engine:
    """The engine of the one connection that writes. `busy`: seconds to wait for a foreign lock."""
    engine = create_engine(
        "sqlite+pysqlite://", creator=partial(_connect, file, "rwc", busy), poolclass=NullPool
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        _pragmas(
            connection,
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "recursive_triggers = ON",
            f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
            "journal_size_limit = 67108864",
            "cache_size = -16384",
        )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def reading_engine(file: Path, *, busy: float, lenient: bool = False) -> Engine:
    """The engine of a connection that can only read, and leaves checkpoints to the writer.

    `lenient`: texts that are not UTF-8 come as they can be shown, instead of an error.
    """
    engine = create_engine(
        "sqlite+pysqlite://", creator=partial(_connect, file, "ro", busy), poolclass=NullPool
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        _pragmas(connection, "query_only = ON", "wal_autocheckpoint = 0", "cache_size = -8192")
        if lenient:
            connection.text_factory = _as_can_be_shown

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def _connect(file: Path, mode: str, busy: float) -> sqlite3.Connection:
    # isolation_level None: the driver begins nothing by itself, we say BEGIN IMMEDIATE.
    return sqlite3.connect(
        f"{file.resolve().as_uri()}?mode={mode}",
        uri=True,
        timeout=busy,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )


def _as_can_be_shown(text: bytes) -> str:
    return text.decode("utf-8", "backslashreplace")


def _pragmas(connection: sqlite3.Connection, *pragmas: str) -> None:
    with closing(connection.cursor()) as cursor:
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")


class ConnectionThread:
    """Runs work on its connection, one piece after another. Make it with `start`."""

    def __init__(self, name: str, engine: Engine) -> None:
        self._name = name
        self._engine = engine
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=f"ledger-{name}")
        self._connection: Connection | None = None

    @classmethod
    async def start(cls, name: str, engine: Engine) -> ConnectionThread:
        """A thread whose connection is open. Raises TransientError or IntegrityError if it cannot be."""
        thread = cls(name, engine)
        try:
            await thread._submit(thread._open)
        except BaseException:
            thread._executor.shutdown(wait=False)
            raise
        return thread

    async def run(self, work: Work[T]) -> T:
        """What `work` returns. It leaves its transaction open: `commit` or `rollback` ends it."""
        return await self._submit(partial(self._work, work))

    async def read(self, work: Work[T]) -> T:
        """What `work` returns, seen in one snapshot that ends with it."""
        return await self._submit(partial(self._snapshot, work))

    async def commit(self) -> None:
        """Ends the transaction durably; one that cannot be made durable is rolled back, and raises."""
        await self._submit(self._commit)

    async def rollback(self) -> None:
        """Ends the transaction as if it had not been."""
        await self._submit(partial(self._work, Connection.rollback))

    async def close(self) -> None:
        """After everything handed over before. Closing twice does nothing."""
        if self._connection is None:
            return
        try:
            await self._submit(self._close)
        finally:
            self._executor.shutdown(wait=False)

    async def _submit(self, call: Callable[[], T]) -> T:
        try:
            future = asyncio.get_running_loop().run_in_executor(self._executor, call)
        except RuntimeError as error:
            raise TransientError("the ledger is closed") from error
        # Shielded: what was handed over runs, whatever becomes of the caller.
        return await asyncio.shield(future)

    def _open(self) -> None:
        with translated("opening the ledger"):
            self._connection = self._engine.connect()

    def _owned(self) -> Connection:
        if self._connection is None:
            raise TransientError("the ledger is closed")
        return self._connection

    def _work(self, work: Work[Any]) -> Any:
        with translated(f"ledger {self._name}"):
            return work(self._owned())

    def _snapshot(self, work: Work[Any]) -> Any:
        with translated(f"ledger {self._name}"):
            connection = self._owned()
            try:
                return work(connection)
            finally:
                connection.rollback()

    def _commit(self) -> None:
        with translated("committing to the ledger"):
            connection = self._owned()
            try:
                connection.commit()
            except BaseException:
                connection.rollback()
                raise

    def _close(self) -> None:
        with translated("closing the ledger"):
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.rollback()
                connection.close()
            self._engine.dispose()
