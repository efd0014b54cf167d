"""What a system registered, made to hold: judged, written, taken into use; or none of it.

The file of registered agencies is the daemon's own. What is to stand in it is judged with the whole configuration as
the loader reads it now, so a change of the other files that an operator has saved comes into use with it. The file is
replaced at one stroke before the view is; where the change then cannot be put on record, the file becomes
what it was. A daemon that is killed in between finds the row at its start, puts it on record, and answers the
repeated call.

Going wrong: ConfigError where the files as they are would not load, TransientError where the file cannot be
written, and what `take` raises. Nothing has changed then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from axisd.config.load import Configuration, read
from axisd.config.registered import read_registered, render_registered
from axisd.config.writing import put
from axisd.core.registration import NOT_MEANT, Decide, Denial, Rows
from axisd.core.view import View
from axisd.core.zone import day_of
from axisd.errors import ConfigError, Problem, TransientError
from axisd.ports import Clock

log = logging.getLogger(__name__)

_MODE: Final = 0o640


class RegisteredAgencies:
    """`take` brings a configuration into use, and returns when it is. One change at a time: the caller sees to it."""

    def __init__(self, clock: Clock, take: Callable[[Configuration], Awaitable[object]]) -> None:
        self._clock = clock
        self._take = take

    async def change(
        self,
        current: Configuration,
        decide: Decide,
        confirm: Callable[[View], Denial | None],
    ) -> Denial | None:
        """See `axisd.service.registration.Change`."""
        file = current.settings.directory.registered
        if file is None:
            return NOT_MEANT
        before, rows = await asyncio.to_thread(_read, file)
        wanted = await asyncio.to_thread(decide, current.view, rows)
        if isinstance(wanted, Denial):
            return wanted
        if wanted == rows and _in_force(wanted, current.view):
            return None
        text = render_registered(wanted)
        fresh = await asyncio.to_thread(
            read,
            current.file,
            day=day_of(self._clock.now()),
            version=current.view.version + 1,
            instead={file: text},
        )
        if fresh.settings.directory.registered != file:
            raise TransientError("directory.registered has changed, and waits for a reload")
        if (denial := confirm(fresh.view)) is not None:
            return denial
        try:
            await asyncio.to_thread(_write, file, text.encode())
            await self._take(fresh)
        except Exception:
            await asyncio.to_thread(_write, file, before)
            raise
        log.info("registered agencies changed", extra={"version": fresh.view.version})
        return None


def _read(file: Path) -> tuple[bytes | None, Rows]:
    """What the file holds, None where there is none, and its rows."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return None, ()
    except OSError as error:
        raise TransientError(f"{file} cannot be read: {error.strerror}") from error
    problems: list[Problem] = []
    rows = tuple(row.agency for row in read_registered(file, problems))
    if problems:
        raise ConfigError(tuple(problems))
    return content, rows


def _in_force(rows: Rows, view: View) -> bool:
    known = {replace(row, pins=frozenset()) for row in view.directory.rows() if row.registered_by}
    return known == set(rows)


def _write(file: Path, content: bytes | None) -> None:
    try:
        if content is None:
            file.unlink(missing_ok=True)
        else:
            put(file, content, _MODE)
    except OSError as error:
        raise TransientError(f"{file} cannot be written: {error.strerror}") from error
