"""Time and new identifiers: the only module that looks at a clock or makes ids.

`SystemClock` is the real one. `ManualClock` stands still until it is told to move, for tests and
rehearsals. Both make UUIDv7 (RFC 9562 §5.7) that never go backwards within the process, even when
the wall clock does. Nothing here sleeps, and nothing here can fail but the operating system.
"""

from __future__ import annotations

import ctypes
import math
import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID

_COUNTER_BITS: Final = 42
_TAIL_BITS: Final = 32
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_TIME_ERROR: Final = 5
"""What adjtimex(2) answers while no NTP client keeps the clock."""

_BLOCK: Final = 4096

RandomBytes = Callable[[int], bytes]


class _Drawn:
    """Random bytes, drawn from the system by the block: each trip there lets go of the interpreter.

    For ids, which are no secrets. Not safe to use from several threads at once.
    """

    def __init__(self) -> None:
        self._block = b""
        self._at = 0

    def __call__(self, size: int) -> bytes:
        if self._at + size > len(self._block):
            self._block, self._at = os.urandom(_BLOCK), 0
        self._at += size
        return self._block[self._at - size : self._at]


class TimeOrderedIds:
    """UUIDv7 with a 42-bit counter behind the millisecond (RFC 9562 §6.2, method 1).

    The counter starts at a random value with its top bit clear, so that a millisecond has room for
    at least 2^41 ids. A millisecond that does not come after the last one used counts on from there.
    """

    def __init__(self, random: RandomBytes | None = None) -> None:
        self._random = random or _Drawn()
        self._lock = threading.Lock()
        self._millisecond = -1
        self._counter = 0

    def next(self, millisecond: int) -> str:
        """The next id; `millisecond` is Unix time. Safe to call from any thread."""
        with self._lock:
            noise = int.from_bytes(self._random(10), "big")
            tail = noise & (1 << _TAIL_BITS) - 1
            if millisecond > self._millisecond:
                self._millisecond = millisecond
                self._counter = noise >> _TAIL_BITS & (1 << _COUNTER_BITS - 1) - 1
            else:
                self._counter += 1
                if self._counter >> _COUNTER_BITS:
                    self._millisecond += 1
                    self._counter = 0
            return _uuid7(self._millisecond, self._counter, tail)


def _uuid7(millisecond: int, counter: int, tail: int) -> str:
    """48 bits of time, version 7, 12 bits of counter, variant 10, 30 bits of counter, 32 of noise."""
    high = (millisecond & (1 << 48) - 1) << 16 | 0x7 << 12 | counter >> 30
    low = 0b10 << 62 | (counter & (1 << 30) - 1) << _TAIL_BITS | tail
    return str(UUID(int=high << 64 | low))


class SystemClock:
    """The machine's clock (`axisd.ports.Clock`)."""

    def __init__(self) -> None:
        self._ids = TimeOrderedIds()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def new_id(self) -> str:
        return self._ids.next(time.time_ns() // 1_000_000)


@cache
def _adjtimex() -> Callable[[Any], int] | None:
    try:
        function: Callable[[Any], int] = ctypes.CDLL(None).adjtimex
    except (AttributeError, OSError):
        return None
    return function


def clock_error() -> float | None:
    """Seconds that the kernel believes its clock to be off at most; infinity if nobody keeps it right.

    None where the kernel does not say (adjtimex(2) is not there, or not allowed).
    """
    adjtimex = _adjtimex()
    if adjtimex is None:
        return None
    state = (ctypes.c_long * 64)()  # struct timex, modes 0: nothing is changed; larger than any
    found = adjtimex(ctypes.byref(state))
    if found < 0:
        return None
    return math.inf if found == _TIME_ERROR else state[3] / 1_000_000


class ManualClock:
    """A clock that moves only by `advance` and `set`; ids follow it, and repeat for the same `seed`.

    `monotonic` counts what was advanced: setting the wall clock does not touch it, as in real life.
    """

    def __init__(
        self, now: datetime = datetime(2026, 1, 5, 1, 0, tzinfo=UTC), *, seed: int = 0
    ) -> None:
        self._now = now.astimezone(UTC)
        self._elapsed = timedelta()
        self._ids = TimeOrderedIds(_Sequence(seed))

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._elapsed.total_seconds()

    def new_id(self) -> str:
        return self._ids.next((self._now - _EPOCH) // _MILLISECOND)

    def advance(self, by: timedelta) -> datetime:
        """Lets time pass; both clocks move. Returns the new wall time."""
        if by < timedelta():
            raise ValueError("time passes in one direction; use set() to turn the wall clock back")
        self._now += by
        self._elapsed += by
        return self._now

    def set(self, now: datetime) -> None:
        """Turns the wall clock, forwards or backwards, as an operator or NTP would."""
        self._now = now.astimezone(UTC)


class _Sequence:
    """Repeatable bytes for ids: distinct per seed and per call, not random, never for secrets."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._calls = 0

    def __call__(self, size: int) -> bytes:
        self._calls += 1
        return (self._seed << 16 | self._calls & 0xFFFF).to_bytes(size, "big")
