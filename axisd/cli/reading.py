"""Reading the ledger beside the running daemon, for as long as a command needs it.

Takes no lock and changes nothing. Raises ConfigError when there is no ledger of our version.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from axisd.adapters.ledger import LedgerReader, open_reader


@asynccontextmanager
async def ledger_at(folder: Path) -> AsyncIterator[LedgerReader]:
    """The ledger in `folder`, closed again at the end."""
    reader = await open_reader(folder)
    try:
        yield reader
    finally:
        await reader.close()
