"""`python -m axisd.simulator.demo [--keep] | --stop`: tells the story in `var/demo/`.

Exit code 0 when every check held. With `--keep` everything stays up; `--stop` ends it. Ctrl-C takes
everything down, kept or not. One demo at a time in a checkout; any number of checkouts.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fcntl
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from axisd.errors import AxisError, TransientError
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
    stays = False
    try:
        await _set_up(province, stage)
        held = await _told(province, stage)
        stays = keep
    finally:
        if not stays:
            await province.stop()
    if held:
        stage.chapter("", f"{stage.checked} checks held in {stage.seconds:.0f} s")
    if keep:
        write_handout(province, folder)
        stage.tell(f"everything is left running; {folder}/env.json has addresses, accounts, keys,")
        stage.tell("and the commands that stop and start the broker and axisd")
        stage.tell(f"look at it:   .venv/bin/axisd doctor --config {folder}/axisd.yaml")
        stage.tell("go on with:   docs/tutorial/first-envelope.md")
        stage.tell("stop it with: make demo-stop")
    return 0 if held else 1


async def _set_up(province: Province, stage: Stage) -> None:
    stage.chapter("", "A province on this machine")
    stage.tell("starting a private RabbitMQ node, making keys, starting the national axis …")
    await province.build()
    stage.tell(f"RabbitMQ on port {province.node.amqp_port}, {len(province.members)} systems")
    stage.tell(f"the national axis (simulated) on {province.national_url}")
    seconds = await province.start_axisd()
    stage.check(f"axisd is ready after {seconds:.2f} s on {province.http}", True)


async def _told(province: Province, stage: Stage) -> bool:
    """Tells the story; whether every check held."""
    held = False
    try:
        await Story(province, stage).tell()
        held = True
    except* FailedCheckError as failed:
        told = "; ".join(str(error) for error in failed.exceptions)
        sys.stderr.write(f"\nthe demo failed: {told}\nsee the logs in {FOLDER}/\n")
    return held


async def stop(folder: Path) -> int:
    """Ends what was left running, and says whether there was anything; the exit code."""
    ran = await stop_kept(folder)
    sys.stdout.write("stopped\n" if ran else f"nothing was running in {folder}/\n")
    return 0


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two at once would stop each other's broker and remove each other's files."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise TransientError(
                "a demo is being told in this checkout: wait for its end, or interrupt it (Ctrl-C)"
            ) from error
        yield


def main() -> int:
    """Run the command line; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m axisd.simulator.demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave everything running")
    parser.add_argument("--stop", action="store_true", help="stop what --keep left running")
    words = parser.parse_args()
    try:
        with _alone(FOLDER):
            if words.stop:
                return asyncio.run(stop(FOLDER))
            return asyncio.run(perform(FOLDER, keep=words.keep))
    except AxisError as failure:
        sys.stderr.write(f"{failure}\n")
        return failure.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted; should anything be left: make demo-stop\n")
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
