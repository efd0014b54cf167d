"""How a command ends: the exit codes that operators' scripts rely on (sysexits.h).

Commands do not call `sys.exit`: they return when they are done, and raise otherwise. What they raise
says the code: `AxisError` carries its own, `BadInput` is 65, a click usage error becomes 64.
"""

from __future__ import annotations

from enum import IntEnum

import click


class Exit(IntEnum):
    """The codes of the contract, and the two that a shell gives a program that was stopped."""

    DONE = 0
    USAGE = 64
    REFUSED = 65
    UNAVAILABLE = 69
    INTEGRITY = 70
    TEMPORARY = 75
    CONFIGURATION = 78
    INTERRUPTED = 130
    BROKEN_PIPE = 141


class BadInput(click.ClickException):
    """What the operator handed in cannot be used, or was refused (exit 65).

    `message` says what is wrong; `where` names the file, line or item; `mend` says what to do.
    """

    exit_code = Exit.REFUSED

    def __init__(self, message: str, *, where: str = "", mend: str = "") -> None:
        super().__init__(message)
        self.where = where
        self.mend = mend
