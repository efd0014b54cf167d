"""`make demo` tells its story to the end, in a folder of its own, and leaves nothing running."""

import subprocess
import sys
from pathlib import Path


def test_every_check_of_the_demo_holds_and_nothing_is_left_running(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "axisd.simulator.demo"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert told.returncode == 0, told.stdout[-2000:] + told.stderr[-2000:]
    for letter in "abcdefghijk":
        assert f"({letter})" in told.stdout
    assert "checks held" in told.stdout
    running = [
        command
        for process in Path("/proc").glob("[0-9]*")
        if str(tmp_path) in (command := _command(process))
    ]
    assert running == []


def _command(process: Path) -> str:
    try:
        return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:  # it ended while we looked
        return ""
