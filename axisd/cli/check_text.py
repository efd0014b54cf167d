"""An interconnection check, and the checks on record, as text for a terminal, in one language.

In English outcomes are the words that the record, the JSON and the metrics have; items go by their names there
in both languages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from axisd.cli.output import Role, paint, say, say_table, visible
from axisd.core.interconnection import OUTCOMES, TRIGGERS, CheckRun, Outcome, RecordedCheck
from axisd.core.reasons import Language
from axisd.core.wording import Phrase
from axisd.core.zone import wire_time

_ROLES: Final[dict[Outcome, Role]] = {
    Outcome.PASSED: "good",
    Outcome.WARNED: "warn",
    Outcome.FAILED: "bad",
    Outcome.SKIPPED: "dim",
}
_MEND: Final = Phrase("mend:", "cần làm:")
_HEADERS: Final = (
    Phrase("recorded", "ghi lúc"),
    Phrase("by", "do"),
    Phrase("outcome", "kết quả"),
    Phrase("failed", "mục không đạt"),
)


def say_check(run: CheckRun, language: Language) -> None:
    """Every item with its finding, and what to do about it."""
    width = max(len(_outcome(outcome, language)) for outcome in Outcome)
    margin = " " * (width + 17)
    for item in run.items:
        outcome = paint(f"{_outcome(item.outcome, language):<{width}}", _ROLES[item.outcome])
        first, *rest = item.detail.said(language).splitlines() or [""]
        say(f"{outcome} {item.name:<15} {visible(first)}")
        for line in rest:
            say(f"{margin}{visible(line)}")
        if item.mend and item.outcome in {Outcome.FAILED, Outcome.WARNED}:
            mend = visible(item.mend.said(language))
            say(f"{margin}{paint(_MEND.said(language), 'strong')} {mend}")
    looked, failures = len(run.items), len(run.failures)
    told = Phrase(
        f"{looked} looked at: {failures} failed", f"{looked} mục, {failures} không đạt"
    ).said(language)
    say(f"{paint(_outcome(run.outcome, language), _ROLES[run.outcome])}: {told}")


def say_records(found: Sequence[RecordedCheck], language: Language) -> None:
    """One line for each check on record."""
    rows = [
        (
            wire_time(one.at, unit="seconds"),
            one.run.trigger.value if language == "en" else TRIGGERS[one.run.trigger].vi,
            _outcome(one.run.outcome, language),
            ", ".join(item.name for item in one.run.failures) or "–",
        )
        for one in found
    ]
    roles = [_ROLES[one.run.outcome] if not one.run.passed else None for one in found]
    say_table([header.said(language) for header in _HEADERS], rows, roles=roles)


def _outcome(outcome: Outcome, language: Language) -> str:
    return outcome.value if language == "en" else OUTCOMES[outcome].vi
