"""What `axisd doctor` and `axisd check` find: one value per thing looked at, each failure with its fix.

Every sentence is in English and Vietnamese. What a library, another program or the broker said stands in it as
it was said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from axisd.cli.exits import Exit
from axisd.core.wording import Phrase

_SHOWN: Final = 5


class Outcome(StrEnum):
    GOOD = "good"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `mend`: what to do, None where there is nothing to do. `code`: what a failure
    ends the command with."""

    name: str
    outcome: Outcome
    detail: Phrase
    mend: Phrase | None = None
    code: int = Exit.DONE


def good(name: str, detail: Phrase) -> Finding:
    """It is as it should be."""
    return Finding(name, Outcome.GOOD, detail)


def warning(name: str, detail: Phrase, mend: Phrase) -> Finding:
    """It works, but not as it should, or not for long."""
    return Finding(name, Outcome.WARNING, detail, mend)


def failed(name: str, detail: Phrase, mend: Phrase, code: int) -> Finding:
    """It does not work."""
    return Finding(name, Outcome.FAILED, detail, mend, code)


def skipped(name: str, why: Phrase) -> Finding:
    """It could not be looked at, or there is nothing to look at."""
    return Finding(name, Outcome.SKIPPED, why)


def plain(text: str) -> Phrase:
    """What is the same in both languages: names, commands."""
    return Phrase(text, text)


def told(error: Exception) -> Phrase:
    """What kept us from looking, as it says so itself."""
    return Phrase(str(error), f"không kiểm tra được; hệ thống báo: {error}")


def listed(items: Sequence[str | Phrase], mark: str = ", ", *, most: int = _SHOWN) -> Phrase:
    """The first of them, and how many more there are."""
    shown = [item if isinstance(item, Phrase) else plain(item) for item in items[:most]]
    more = len(items) - most
    return Phrase(
        mark.join(item.en for item in shown) + (f"{mark}and {more} more" if more > 0 else ""),
        mark.join(item.vi for item in shown) + (f"{mark}và {more} mục khác" if more > 0 else ""),
    )


_WORST = (Outcome.FAILED, Outcome.WARNING, Outcome.GOOD, Outcome.SKIPPED)


def together(name: str, findings: Sequence[Finding]) -> Finding:
    """Several findings as one under `name`: as bad as the worst, and only that is told where it is bad."""
    worst = min((finding.outcome for finding in findings), key=_WORST.index)
    worst_ones = [finding for finding in findings if finding.outcome is worst]
    return Finding(
        name,
        worst,
        listed([finding.detail for finding in worst_ones], "; ", most=len(worst_ones)),
        next((finding.mend for finding in worst_ones if finding.mend), None),
        max(finding.code for finding in worst_ones),
    )
