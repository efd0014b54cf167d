"""The three ways in which *we* are broken.

What a sender did wrong is never an exception: it is a `Refusal` (see `axisd.core.reasons`).
An exception here says that the axis itself cannot do its work, for now or for good, and its
class says who has to act. A port promises one family; an adapter wraps whatever its library raises.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class AxisError(Exception):
    """Base of all failures of the axis. `exit_code` is what the command line ends with (sysexits)."""

    exit_code: ClassVar[int] = 70


class TransientError(AxisError):
    """Heals by itself: a broker that restarts, a locked database, a slow peer. Count, back off, defer."""

    exit_code = 75


class UnavailableError(TransientError):
    """Something we were told to talk to is not there at all (command line: 69)."""

    exit_code = 69


class IntegrityError(AxisError):
    """Evidence or storage contradicts itself. Stop intake, keep everything else up, page somebody."""

    exit_code = 70


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in the configuration: what, where (file and 1-based line, 0 if unknown), how to mend it."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}" if self.line else f"{self.file}: {self.text}"


class ConfigError(AxisError):
    """The configuration cannot be used. Carries *all* problems found, not only the first."""

    exit_code = 78

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))
