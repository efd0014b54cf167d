"""A simulated national axis as a process: `python -m axisd.simulator.national FOLDER --seed SEED`.

It prints one line of JSON (url, pid) when it answers, and ends at SIGTERM or SIGINT.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from axisd.errors import AxisError
from axisd.simulator.loopback import ADDRESS
from axisd.simulator.national.seed import Seed
from axisd.simulator.national.server import serve


async def run(folder: Path, host: str, port: int | None, seed: Seed | None) -> None:
    """Serves until SIGTERM or SIGINT, having told on stdout where."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with await serve(folder, host, port, seed) as axis:
        sys.stdout.write(json.dumps({"url": axis.url, "pid": os.getpid()}) + "\n")
        sys.stdout.flush()
        await stop.wait()


def main() -> int:
    """Run the command line; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m axisd.simulator.national", description="A simulated national axis."
    )
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="where its state lies")
    parser.add_argument("--seed", type=Path, help="JSON: centres, agencies, behaviour")
    parser.add_argument("--host", default=ADDRESS)
    parser.add_argument("--port", type=int, help="default: a free one")
    words = parser.parse_args()
    try:
        seed = Seed.read(words.seed) if words.seed else None
        asyncio.run(run(words.folder, words.host, words.port, seed))
    except AxisError as failure:
        sys.stderr.write(f"{failure}\n")
        return failure.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
