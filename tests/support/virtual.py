"""Virtual time: an event loop whose clock jumps to the next timer as soon as nothing else can happen.

Backoffs of minutes and lifetimes of days pass in milliseconds, in the same order on every run. A loop
that waits for something that can never happen raises instead of hanging. Threads are not waited for:
give `Inline` where an executor is asked for.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, Future
from datetime import UTC, datetime, timedelta
from typing import Any, ParamSpec, TypeVar

from axisd.adapters.clock import TimeOrderedIds

T = TypeVar("T")
P = ParamSpec("P")

START = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
"""08:00 on a Monday in Vietnam."""


class NothingHappensError(RuntimeError):
    """Everybody waits, and no timer is set."""


class _Selector(selectors.DefaultSelector):
    """Never waits: tells the loop to jump instead."""

    jump: Callable[[float], None]

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if not events:
            if timeout is None:
                raise NothingHappensError("every task waits for something that cannot happen")
            self.jump(timeout)
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    """Use it through `virtually`."""

    def __init__(self) -> None:
        self._elapsed = 0.0
        selector = _Selector()
        selector.jump = self._jump
        super().__init__(selector)

    def time(self) -> float:
        return self._elapsed

    def _jump(self, seconds: float) -> None:
        self._elapsed += seconds


class LoopClock:
    """`axisd.ports.Clock` on the running loop's time. `start`: what the loop's zero is."""

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self._calls = 0
        self._ids = TimeOrderedIds(self._bytes)

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def new_id(self) -> str:
        return self._ids.next(int(self.now().timestamp() * 1000))

    def _bytes(self, size: int) -> bytes:
        self._calls += 1
        return self._calls.to_bytes(size, "big")


class Inline(Executor):
    """Does at once, on the loop, what it is handed."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - handed on, as a pool does
            future.set_exception(error)
        return future


def virtually(work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, run in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)
