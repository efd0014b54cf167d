"""What `axisd doctor` finds: one value per thing looked at, each failure with its fix."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from axisd.cli.exits import Exit


class Outcome(StrEnum):
    GOOD = "good"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `mend`: what to do, where there is something to do. `code`: what a failure
    ends the command with."""

    name: str
    outcome: Outcome
    detail: str
    mend: str = ""
    code: int = Exit.DONE


def good(name: str, detail: str) -> Finding:
    """It is as it should be."""
    return Finding(name, Outcome.GOOD, detail)


def warning(name: str, detail: str, mend: str) -> Finding:
    """It works, but not as it should, or not for long."""
    return Finding(name, Outcome.WARNING, detail, mend)


def failed(name: str, detail: str, mend: str, code: int) -> Finding:
    """It does not work."""
    return Finding(name, Outcome.FAILED, detail, mend, code)


def skipped(name: str, why: str) -> Finding:
    """It could not be looked at, or there is nothing to look at."""
    return Finding(name, Outcome.SKIPPED, why)
