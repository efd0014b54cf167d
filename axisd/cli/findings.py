"""What `axisd doctor` and `axisd check` find: one value per thing looked at, each failure with its fix."""

from __future__ import annotations

from collections.abc import Sequence
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


_WORST = (Outcome.FAILED, Outcome.WARNING, Outcome.GOOD, Outcome.SKIPPED)


def together(name: str, findings: Sequence[Finding]) -> Finding:
    """Several findings as one under `name`: as bad as the worst, and only that is told where it is bad."""
    worst = min((finding.outcome for finding in findings), key=_WORST.index)
    told = [finding for finding in findings if finding.outcome is worst]
    return Finding(
        name,
        worst,
        "; ".join(finding.detail for finding in told),
        next((finding.mend for finding in told if finding.mend), ""),
        max(finding.code for finding in told),
    )
