"""aiosqlite, with one trip to the connection's thread for each statement.

SQLAlchemy makes a cursor, executes, fetches and closes, and aiosqlite goes to its thread for each of the
four. Everything read here is read to its end anyway, so one trip does all of it: a trip costs about 50 µs
of CPU, and a submission that comes alone needs some thirty statements. A statement is always reset before
its trip ends, so none is ever left half read.

Nothing here knows what is asked. Errors are sqlite3's own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import aiosqlite

_STATEMENTS: Final = 256
"""Prepared statements that a connection keeps."""
_CHUNK: Final = 64
"""Rows that aiosqlite's own cursors fetch at once; ours have them all."""

Call = Callable[[sqlite3.Cursor], object]


class Cursor:
    """What SQLAlchemy uses of a cursor. It holds rows and no statement, so closing it does nothing."""

    arraysize = 1

    def __init__(self, trip: Callable[[Call], Any]) -> None:
        self._trip = trip
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Self:
        """Runs one statement, and fetches all that it finds."""
        return await self._run(lambda cursor: cursor.execute(sql, parameters))

    async def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> Self:
        """Runs one statement for each of `parameters`."""
        return await self._run(lambda cursor: cursor.executemany(sql, parameters))

    async def fetchall(self) -> Sequence[Any]:
        """All rows of the last statement, once."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        self._rows = []

    async def _run(self, call: Call) -> Self:
        found = await self._trip(call)
        self._rows, self.description, self.rowcount, self.lastrowid = found
        return self


class Connection(aiosqlite.Connection):
    """One connection to `file` in its own thread, which never keeps a process from ending."""

    def __init__(self, file: Path, mode: str, busy: float) -> None:
        connect = partial(
            sqlite3.connect,
            f"{file.resolve().as_uri()}?mode={mode}",
            uri=True,
            timeout=busy,
            isolation_level=None,
            cached_statements=_STATEMENTS,
        )
        super().__init__(connect, _CHUNK)
        self._thread.daemon = True

    def cursor(self) -> Cursor:  # type: ignore[override]
        return Cursor(partial(self._execute, self._statement))

    def _statement(self, call: Call) -> tuple[list[Any], Any, int, int | None]:
        with closing(self._conn.cursor()) as cursor:
            call(cursor)
            rows = cursor.fetchall() if cursor.description else []
            return rows, cursor.description, cursor.rowcount, cursor.lastrowid
