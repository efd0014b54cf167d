"""The store on a thread of its own: whoever asks waits without stopping the event loop.

One thread keeps the order of writes and gives SQLite the single connection that it likes best.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from axisd.simulator.national.store import Store

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Archive:
    """Asynchronous access to a `Store`."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="national-store")

    async def ask(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Runs `work` on the store's thread, after everything that was asked before."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, partial(work, *args, **kwargs))

    async def close(self) -> None:
        """Closes the store after everything that was asked; nothing can be asked afterwards."""
        await self.ask(self.store.close)
        self._thread.shutdown()
