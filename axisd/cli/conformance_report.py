"""The result of an examination, as facts for machines and as a page to keep, in Vietnamese and English."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from axisd import __version__
from axisd.adapters.clock import SystemClock
from axisd.core.wording import Phrase
from axisd.core.zone import wire_time
from axisd.simulator.conformance.checks import CHECKS, Outcome, Result

_OUTCOMES: Final = {
    Outcome.PASSED: Phrase("passed", "đạt"),
    Outcome.FAILED: Phrase("FAILED", "KHÔNG ĐẠT"),
    Outcome.NOT_TRIED: Phrase("not tried", "không thử"),
}


def result_json(agency: str, results: Sequence[Result]) -> dict[str, Any]:
    """One object: whose system, when, and each check with its outcome."""
    return {
        "agency": agency,
        "at": wire_time(SystemClock().now()),
        "version": __version__,
        "passed": not any(one.outcome is Outcome.FAILED for one in results),
        "checks": [
            {
                "name": one.name,
                "outcome": one.outcome,
                "title": one.check.title._asdict(),
                "expected": one.check.expected._asdict(),
                "came": one.came._asdict(),
                "rule": one.check.rule,
                "mend": one.check.mend._asdict() if one.outcome is Outcome.FAILED else None,
            }
            for one in _ordered(results)
        ],
    }


def report_text(agency: str, results: Sequence[Result]) -> str:
    """A page in Markdown."""
    lines = [
        f"# Kiểm tra hợp chuẩn / Conformance: {agency}",
        "",
        f"{wire_time(SystemClock().now())}, axisd {__version__}",
        "",
        "| | | kết quả / outcome | căn cứ / rule |",
        "| --- | --- | --- | --- |",
    ]
    for one in _ordered(results):
        words, title = _OUTCOMES[one.outcome], one.check.title
        lines.append(
            f"| `{one.name}` | {title.vi} / {title.en} | {words.vi} / {words.en} | {one.check.rule} |"
        )
    for one in _ordered(results):
        if one.outcome is not Outcome.PASSED:
            lines += ["", *_section(one)]
    return "\n".join([*lines, ""])


def _section(one: Result) -> list[str]:
    check = one.check
    lines = [
        f"## `{one.name}`",
        "",
        f"* mong đợi: {check.expected.vi}\n* nhận được: {_plain(one.came.vi)}",
        f"* expected: {check.expected.en}\n* came: {_plain(one.came.en)}",
    ]
    if one.outcome is Outcome.FAILED:
        lines += [f"* cách sửa: {check.mend.vi}", f"* mend: {check.mend.en}"]
    return lines


def _plain(text: str) -> str:
    """What a stranger's system sent is no markup of ours."""
    return "".join(f"\\{c}" if c in "\\`*_[]<>|" else c for c in text)


def _ordered(results: Sequence[Result]) -> list[Result]:
    order = list(CHECKS)
    return sorted(results, key=lambda one: order.index(one.name))
