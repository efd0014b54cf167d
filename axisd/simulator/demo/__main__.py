"""`python -m axisd.simulator.demo [--keep] | --stop`: tells the story in `var/demo/`.

Exit code 0 when every check held. With `--keep` everything stays up; `--stop` ends it.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
from pathlib import Path

from axisd.errors import AxisError
from axisd.simulator.demo.handout import stop_kept, write_handout
from axisd.simulator.demo.stage import FailedCheckError, Stage
from axisd.simulator.demo.story import Story
from axisd.simulator.province import Province

FOLDER = Path("var/demo")


async def perform(folder: Path, *, keep: bool) -> int:
    """Builds the province, tells the story, and takes everything down unless it is kept."""
    stage = Stage()
    await stop_kept(folder)
    shutil.rmtree(folder, ignore_errors=True)
    province = Province(folder, outlives=keep)
    held = False
    try:
        stage.chapter("", "A province on this machine")
        stage.tell("starting a private RabbitMQ node, making keys, starting the national axis …")
        await province.build()
        stage.tell(f"RabbitMQ on port {province.node.amqp_port}, {len(province.members)} systems")
        stage.tell(f"the national axis (simulated) on {province.national_url}")
        seconds = await province.start_axisd()
        stage.check(f"axisd is ready after {seconds:.2f} s on {province.http}", True)
        await Story(province, stage).tell()
        held = True
    except* FailedCheckError as failed:
        told = "; ".join(str(error) for error in failed.exceptions)
        sys.stderr.write(f"\nthe demo failed: {told}\nsee the logs in {folder}/\n")
    finally:
        if keep:
            write_handout(province, folder)
        else:
            await province.stop()
    if not held:
        return 1
    stage.chapter("", f"{stage.checked} checks held in {stage.seconds:.0f} s")
    if keep:
        stage.tell(f"everything is left running; {folder}/env.json says where")
        stage.tell("stop it with: make demo-stop")
    return 0


def main() -> int:
    """Run the command line; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m axisd.simulator.demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave everything running")
    parser.add_argument("--stop", action="store_true", help="stop what --keep left running")
    words = parser.parse_args()
    try:
        if words.stop:
            return 0 if asyncio.run(stop_kept(FOLDER)) else 1
        return asyncio.run(perform(FOLDER, keep=words.keep))
    except AxisError as failure:
        sys.stderr.write(f"{failure}\n")
        return failure.exit_code


if __name__ == "__main__":
    sys.exit(main())
