"""Gives memory of large envelopes back to the system as soon as they are done with.

Left alone, glibc raises the size from which it maps blocks one by one to whatever was freed last (up to
32 MiB, mallopt(3)), so the buffers of one 30 MB envelope come from the heap the next time and stay there;
and it makes an arena for every thread. Measured with 30 MB envelopes: 412 MB at the peak and 269 MB kept
without this, 300 MB and 118 MB with it. With another C library nothing is done.

And keeps Python's cyclic collector from stopping everything: a full collection looks at every object that
there is, 165,000 of them after the start (modules, directory, SQL), for 90 to 200 ms in the middle of the
traffic. What is there when the daemon is ready stays to its end, so it is set aside.
"""

from __future__ import annotations

import ctypes
import gc
import logging
from typing import Final

_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8
"""Parameters of mallopt(3), from malloc.h."""

_MAPPED_FROM: Final = 1024 * 1024
_ARENAS: Final = 2

_YOUNG: Final = 10_000
"""New objects after which the collector looks for cycles among them. With Python's 700 it looked twelve
times a second at what sixty-four submissions under way hold, and found next to nothing."""


def settle() -> None:
    """Fixes both for this process. Call it once, before threads are started."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    for parameter, value in ((_MMAP_THRESHOLD, _MAPPED_FROM), (_ARENA_MAX, _ARENAS)):
        if mallopt(parameter, value) != 1:
            logging.getLogger(__name__).warning("mallopt(%d, %d) was refused", parameter, value)


def set_aside() -> None:
    """Takes what is in memory now out of the collector's sight. Call it once, when all has been made.

    It is still freed when nobody refers to it any more; only cycles in it stay for good.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG)
