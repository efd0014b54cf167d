"""Large blocks go back to the system the moment they are freed."""

import subprocess
import sys

_PROBE = """
import re, sys
from axisd.adapters import allocator
if sys.argv[1] == "settled":
    allocator.settle()
def resident():
    return int(re.search(r"VmRSS:\\s+(\\d+)", open("/proc/self/status").read())[1]) // 1024
large = bytearray(28 * 1024 * 1024)
del large  # freeing a mapped block raises the size from which blocks are mapped
before = resident()
block = bytearray(b"x") * (20 * 1024 * 1024)
pin = bytearray(100_000)  # keeps the top of the heap in place
del block
print(resident() - before)
"""


def kept(how: str) -> int:
    """MiB still resident after a block of 20 MiB was freed."""
    command = [sys.executable, "-c", _PROBE, how]
    out = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return int(out.stdout)


def test_freed_large_blocks_are_given_back_to_the_system() -> None:
    assert kept("settled") < 4


def test_without_it_they_are_kept_so_it_is_needed() -> None:
    assert kept("left alone") > 16


_CYCLES = """
import gc, sys
from axisd.adapters import allocator
kept = [[] for _ in range(100_000)]
if sys.argv[1] == "set aside":
    allocator.set_aside()
looked_at = []
def note(phase, info):
    if phase == "start":
        looked_at.append(len(gc.get_objects()))
class Loop:
    pass
def leave_a_cycle():
    loop = Loop()
    loop.self = loop
gc.callbacks.append(note)
leave_a_cycle()
gc.collect()
cycles = sum(isinstance(found, Loop) for found in gc.get_objects())
print(looked_at[0], cycles)
"""


def collected(how: str) -> tuple[int, int]:
    """Objects that a full collection looks at, and cycles that it leaves."""
    command = [sys.executable, "-c", _CYCLES, how]
    out = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    looked_at, cycles = out.stdout.split()
    return int(looked_at), int(cycles)


def test_what_was_there_at_the_start_is_not_looked_at_in_every_collection() -> None:
    assert collected("left alone")[0] > 100_000
    assert collected("set aside")[0] < 1_000


def test_cycles_that_come_later_are_still_collected() -> None:
    assert collected("set aside")[1] == 0
