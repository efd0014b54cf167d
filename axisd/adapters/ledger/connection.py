"""One database connection, used by one piece of work after another.

Work is a function of SQLAlchemy's plain `Connection`; `run_sync` runs it on the event loop and lets the
loop go on wherever it waits for the database. So work must not do anything else that takes long. Work
that was handed over is done to its end, in order, also when whoever waited for it was cancelled: a
cancelled caller can leave neither a statement half read nor a transaction open behind a later one's
back. Only when the work itself is cancelled (the event loop ends) is the connection given up, and with
it whatever was not committed; SQLAlchemy then opens another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from axisd.adapters.ledger.faults import translated
from axisd.errors import TransientError

T = TypeVar("T")
Work = Callable[[Connection], T]


class OwnedConnection:
    """Runs work on its connection, one piece after another. Make it with `open`."""

    def __init__(self, name: str, engine: AsyncEngine, begin: str) -> None:
        self._name = name
        self._begin = begin
        self._engine = engine
        self._turn = asyncio.Lock()
        self._connection: AsyncConnection | None = None

    @classmethod
    async def open(cls, name: str, engine: AsyncEngine, begin: str) -> OwnedConnection:
        """`begin`: the statement that begins a transaction.

        Raises TransientError or IntegrityError if the connection cannot be opened.
        """
        owned = cls(name, engine, begin)
        try:
            await asyncio.shield(owned._open())
        except BaseException:
            await owned.close()
            raise
        return owned

    async def run(self, work: Work[T]) -> T:
        """What `work` returns. It leaves its transaction open: `commit` or `rollback` ends it."""

        def begun(connection: Connection) -> T:
            if not connection.in_transaction():
                self._start(connection)
            return work(connection)

        return await asyncio.shield(self._step(f"ledger {self._name}", begun))

    async def read(self, work: Work[T]) -> T:
        """What `work` returns, seen in one snapshot that ends with it."""

        def in_a_snapshot(connection: Connection) -> T:
            try:
                return work(connection)
            finally:
                connection.rollback()

        return await self.run(in_a_snapshot)

    async def commit(self) -> None:
        """Ends the transaction durably; one that cannot be made durable is rolled back, and raises."""
        await asyncio.shield(self._step("committing to the ledger", _commit))

    async def rollback(self) -> None:
        """Ends the transaction as if it had not been."""
        await asyncio.shield(self._step(f"ledger {self._name}", Connection.rollback))

    async def close(self) -> None:
        """After everything handed over before. Closing twice does nothing."""
        await asyncio.shield(self._close())

    async def _open(self) -> None:
        async with self._turn:
            with translated("opening the ledger"):
                self._connection = await self._engine.connect()

    def _start(self, connection: Connection) -> None:
        try:
            connection.exec_driver_sql(self._begin)
        except BaseException:
            connection.rollback()
            raise

    async def _step(self, doing: str, work: Work[Any]) -> Any:
        async with self._turn:
            if self._connection is None:
                raise TransientError("the ledger is closed")
            with translated(doing):
                return await self._connection.run_sync(work)

    async def _close(self) -> None:
        async with self._turn:
            connection, self._connection = self._connection, None
            with translated("closing the ledger"):
                if connection is not None:
                    await connection.close()
                await self._engine.dispose()


def _commit(connection: Connection) -> None:
    try:
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
