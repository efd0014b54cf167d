"""A change of the file of systems, judged as the daemon's loader judges it before anything is written.

The files of secrets that the change needs are written first, then the file of systems is replaced at one
stroke; somebody else's change in between is never overwritten. A change that the loader refuses, or that
cannot be made in place, is bad input and leaves everything as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axisd.cli.administration import read_now
from axisd.cli.alone import alone
from axisd.cli.exits import BadInput
from axisd.cli.files import keep_secret, rewrite_file
from axisd.cli.loop import finish
from axisd.config.edit_systems import EditError
from axisd.config.load import Configuration
from axisd.core.directory import Directory, System
from axisd.errors import AxisError, ConfigError, TransientError, UnavailableError
from axisd.web.control import ControlClient

_PATIENCE = 10.0

Edit = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Change:
    """From `before` to `after`, the text of the file of systems from `old` to `new`. `fresh`: new files of secrets;
    `renewed`: what is to stand in those that are there; `dropped`: those that nobody needs any more. `judged`: the
    files that it was judged by, as they were."""

    before: Configuration
    after: Configuration
    old: str
    new: str
    judged: Mapping[Path, str] = field(repr=False)
    fresh: Mapping[Path, str] = field(default_factory=dict, repr=False)
    renewed: Mapping[Path, str] = field(default_factory=dict, repr=False)
    dropped: tuple[Path, ...] = ()

    @property
    def file(self) -> Path:
        return file_of(self.before)

    @property
    def directory(self) -> Directory:
        """As it will be."""
        return self.after.view.directory

    def carry_out(self) -> None:
        """Writes everything, or nothing. Raises BadInput, or TransientError if somebody was quicker."""
        finish(self._written())

    async def _written(self) -> None:
        async with alone(self.file.parent, _PATIENCE, what="another change"):
            for file, text in self.judged.items():
                if _text(file) != text:
                    raise TransientError(f"{file} has changed meanwhile; look at it and try again")
            kept: list[Path] = []
            try:
                for path, text in self.fresh.items():
                    keep_secret(path, text, owner=self.before.settings.ledger.folder)
                    kept.append(path)
                for path, text in self.renewed.items():
                    rewrite_file(path, text.encode())
                if self.new != self.old:
                    rewrite_file(self.file, _ended_as(self.file, self.new))
            except BaseException:
                for path in kept:
                    path.unlink(missing_ok=True)
                raise
            for path in self.dropped:
                path.unlink(missing_ok=True)


def plan(
    loaded: Configuration,
    edit: Edit,
    *,
    fresh: Mapping[Path, str] | None = None,
    renewed: Mapping[Path, str] | None = None,
    dropped: tuple[Path, ...] = (),
) -> Change:
    """The change that `edit` makes, if the loader takes what comes of it."""
    file = file_of(loaded)
    old = _text(file)
    try:
        new = edit(old)
    except EditError as error:
        raise BadInput(str(error), where=str(file)) from error
    judged = {file: old, **{path: _text(path) for path in renewed or {}}}
    secrets = {**(fresh or {}), **(renewed or {})}
    try:
        after = read_now(loaded.file, {file: new, **secrets})
    except ConfigError as error:
        problem = error.problems[0]
        where = f"{problem.file}:{problem.line}"
        raise BadInput(f"the configuration would not load: {problem.text}", where=where) from error
    return Change(loaded, after, old, new, judged, fresh or {}, renewed or {}, dropped)


def file_of(loaded: Configuration) -> Path:
    """The file of systems."""
    return loaded.settings.directory.systems


def enrolled(loaded: Configuration, account: str) -> System:
    """The system of this account. Raises BadInput if there is none."""
    systems = loaded.view.directory.systems
    if account not in systems:
        there = ", ".join(sorted(systems)) or "none"
        raise BadInput(f"there is no system {account}", mend=f"there are: {there}")
    return systems[account]


def reload_daemon(loaded: Configuration) -> dict[str, Any]:
    """Asks the running daemon to take the change into use; whether it did, and why not."""
    client = ControlClient(loaded.settings.control.socket)
    try:
        answer = finish(client.ask("reload"))
    except UnavailableError:
        return {"reloaded": False, "why": "no daemon is running; it will know when it starts"}
    except AxisError as error:
        return {"reloaded": False, "why": str(error)}
    return {"reloaded": True, "version": answer.get("version")}


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"it cannot be read: {error}", where=str(file)) from error


def _ended_as(file: Path, text: str) -> bytes:
    """`text` with the ends of lines that the file has."""
    windows = b"\r\n" in file.read_bytes()
    return (text.replace("\n", "\r\n") if windows else text).encode()
