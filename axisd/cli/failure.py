"""How a command fails: what happened, where, how to mend it, and the exit code. One place for all.

A traceback appears only with `--debug`; without it, a failure that nobody foresaw says so and how to
see more. Nothing here is ever printed on stdout.
"""

from __future__ import annotations

import traceback
from contextvars import ContextVar
from typing import Final

import click

from axisd.cli.exits import BadInput, Exit
from axisd.cli.output import note, visible
from axisd.errors import AxisError, ConfigError

DEBUG: Final[ContextVar[bool]] = ContextVar("axisd_debug", default=False)
"""Whether `--debug` was given anywhere on this command line."""

_MEND: Final = {
    Exit.UNAVAILABLE: "is it running, and is the address in the configuration right? See: axisd doctor",
    Exit.TEMPORARY: "this heals by itself as a rule; try again. See: axisd doctor",
    Exit.INTEGRITY: "stop, keep the files as they are, and run: axisd ledger verify",
}


def report(error: Exception) -> int:
    """Prints `error` on stderr and answers with the exit code it stands for."""
    if DEBUG.get():
        note("".join(traceback.format_exception(error)).rstrip(), "dim")
    if isinstance(error, ConfigError):
        return _report_config(error)
    if isinstance(error, AxisError):
        _say(str(error), mend=_MEND.get(Exit(error.exit_code), ""))
        return error.exit_code
    if isinstance(error, BadInput):
        _say(error.message, where=error.where, mend=error.mend)
        return error.exit_code
    if isinstance(error, click.UsageError):
        command = error.ctx.command_path if error.ctx else "axisd"
        _say(error.format_message(), mend=f"{command} --help")
        return Exit.USAGE
    if isinstance(error, click.ClickException):
        _say(error.format_message())
        return Exit.REFUSED
    _say(
        f"this should not have happened: {type(error).__name__}: {error}",
        mend="run the same command with --debug and report what it prints",
    )
    return Exit.INTEGRITY


def _report_config(error: ConfigError) -> int:
    for problem in error.problems:
        note(visible(str(problem)))
    count = len(error.problems)
    _say(
        f"{count} problem{'' if count == 1 else 's'} in the configuration; axisd will not run with it"
    )
    return error.exit_code


def _say(what: str, *, where: str = "", mend: str = "") -> None:
    lines = [visible(line) for line in what.splitlines()] or ["failed"]
    note(f"axisd: {lines[0]}", "bad")
    for line in lines[1:]:
        note(f"  {line}")
    if where:
        note(f"  where: {visible(where)}")
    if mend:
        note(f"  mend:  {mend}")
