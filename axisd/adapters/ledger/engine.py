"""How SQLite is reached: SQLAlchemy's asynchronous engines over aiosqlite, one for each way of use.

SQLite (WAL): the writing connection is the only one that writes and checkpoints; versions 3.7.0 to
3.51.2 can corrupt a WAL when two connections do. Readers are opened read-only and never checkpoint.
The driver begins no transaction by itself, since its own way would begin only at the first change, and
SQLAlchemy leaves that to the driver: `OwnedConnection` says `WRITING` or `READING` itself. (Not in a
listener to SQLAlchemy's `begin`: when one fails, the connection takes all that follows for begun.)
"""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from axisd.adapters.ledger.driver import Connection

CHECKPOINT_PAGES: Final = 4096
"""Pages of WAL (16 MiB) after which the writer checkpoints: rarely, because each costs two syncs."""

WRITING: Final = "BEGIN IMMEDIATE"
"""Begins a transaction that writes: with the lock, or not at all."""
READING: Final = "BEGIN"
"""Begins a transaction that reads: one snapshot."""

_WRITER: Final = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "recursive_triggers = ON",
    f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
    "journal_size_limit = 67108864",
    "cache_size = -16384",
)
_READER: Final = ("query_only = ON", "wal_autocheckpoint = 0", "cache_size = -8192")


def writing_engine(file: Path, *, busy: float) -> AsyncEngine:
    """The engine of the one connection that writes. `busy`: seconds to wait for a foreign lock."""
    engine = _engine(file, "rwc", busy)
    _prepare(engine, _WRITER)
    return engine


def reading_engine(file: Path, *, busy: float, lenient: bool = False) -> AsyncEngine:
    """The engine of a connection that can only read, and leaves checkpoints to the writer.

    `lenient`: texts that are not UTF-8 come as they can be shown, instead of an error.
    """
    engine = _engine(file, "ro", busy)
    _prepare(engine, _READER)
    if lenient:
        event.listen(engine.sync_engine, "connect", _show_any_text)
    return engine


def _engine(file: Path, mode: str, busy: float) -> AsyncEngine:
    async def connect() -> object:
        return await Connection(file, mode, busy)

    # Whoever connects keeps the connection: a pool would have nothing to do.
    engine = create_async_engine(
        "sqlite+aiosqlite://",
        poolclass=NullPool,
        # Subjects and payloads are parameters, and what goes wrong with them is logged.
        hide_parameters=True,
        async_creator=connect,
    )
    event.listen(engine.sync_engine, "invalidate", _undo)
    return engine


def _prepare(engine: AsyncEngine, pragmas: Iterable[str]) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        with closing(connection.cursor()) as cursor:
            for pragma in pragmas:
                cursor.execute(f"PRAGMA {pragma}")


def _undo(connection: DBAPIConnection, _entry: ConnectionPoolEntry, error: object) -> None:
    # Given up in the middle of a statement: closing alone would not let go of the lock while anybody
    # still refers to that statement, and a traceback does.
    if isinstance(error, CancelledError):
        connection.rollback()


def _show_any_text(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.driver_connection.text_factory = _as_can_be_shown


def _as_can_be_shown(text: bytes) -> str:
    return text.decode("utf-8", "backslashreplace")
