"""Large blocks go back to the system the moment they are freed."""

import subprocess
import sys

_PROBE = """
import re
from axisd.adapters import allocator
allocator.settle()
def resident():
    return int(re.search(r"VmRSS:\\s+(\\d+)", open("/proc/self/status").read())[1]) // 1024
size = 24 * 1024 * 1024
for _ in range(3):  # freeing a mapped block would raise the threshold for the next one
    block = bytearray(size)
    del block
pinned = []
before = resident()
for _ in range(4):
    block = bytearray(b"x") * size
    pinned.append(bytes(100_000))  # what would keep the top of the heap in place
    del block
print(resident() - before)
"""


def test_freed_large_blocks_are_given_back_to_the_system() -> None:
    out = subprocess.run(
        [sys.executable, "-c", _PROBE], capture_output=True, text=True, check=True, timeout=60
    )
    assert int(out.stdout) < 8
