"""Which version of the tables a ledger has, and how it gets to ours.

Opening a ledger for writing upgrades it; opening it for reading refuses another version. A ledger from
a newer axisd is never touched.
"""

from __future__ import annotations

import asyncio
import threading
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from axisd.adapters.ledger.connection import OwnedConnection
from axisd.adapters.ledger.engine import WRITING, writing_engine
from axisd.adapters.ledger.migrations import HEAD
from axisd.errors import ConfigError, Problem

_ALEMBIC: Final = threading.Lock()
"""Alembic keeps the environment that it works in in module globals."""


def current(connection: Connection) -> str | None:
    """The revision of the ledger behind `connection`; None for an empty file."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return None if found is None else str(found)


def upgrade(file: Path, *, busy: float) -> None:
    """Brings the ledger to our version in one transaction, on a connection that it closes again.

    Blocks: call it in a thread, where it has an event loop of its own. Alembic reads and compiles files
    between its statements, which no other work should have to wait for. Raises ConfigError when the
    ledger was written by a newer axisd.
    """
    asyncio.run(_upgrade(file, busy))


async def _upgrade(file: Path, busy: float) -> None:
    connection = await OwnedConnection.open("migration", writing_engine(file, busy=busy), WRITING)
    try:
        await connection.run(partial(_migrate, file=file))
        await connection.commit()
    finally:
        await connection.close()


def _migrate(connection: Connection, file: Path) -> None:
    found = current(connection)
    if found != HEAD:
        if found is not None and found > HEAD:
            raise ConfigError((_too_new(file, found),))
        from alembic import command
        from alembic.config import Config

        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", "axisd.adapters.ledger:migrations")
        config.set_main_option("path_separator", "newline")
        with _ALEMBIC:
            command.upgrade(config, "head")


def require(connection: Connection, file: Path) -> None:
    """Raises ConfigError unless the ledger has exactly our version."""
    found = current(connection)
    if found is None or found < HEAD:
        raise ConfigError(
            (
                Problem(
                    str(file),
                    0,
                    f"the ledger has version {found or 'none'}, this axisd reads {HEAD}; "
                    "starting `axisd run` upgrades it",
                ),
            )
        )
    if found > HEAD:
        raise ConfigError((_too_new(file, found),))


def _too_new(file: Path, found: str) -> Problem:
    return Problem(
        str(file),
        0,
        f"the ledger has version {found}, written by a newer axisd than this one ({HEAD}); "
        "use the newer one, or restore a backup",
    )
