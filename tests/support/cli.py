"""The command line, called as a script calls it, within this process."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from axisd.cli.main import program


def axisd(*words: str | Path, stdin: bytes | None = None) -> Result:
    """Runs one command; `exit_code`, `stdout` and `stderr` tell how it went."""
    return CliRunner().invoke(program, [str(word) for word in words], input=stdin)


async def axisd_beside(*words: str | Path, stdin: bytes | None = None) -> Result:
    """The same in a thread, for tests that have a loop of their own running."""
    return await asyncio.to_thread(axisd, *words, stdin=stdin)


def facts(result: Result) -> Any:
    """What `--json` printed."""
    return json.loads(result.stdout)
