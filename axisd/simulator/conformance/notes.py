"""The examiner's notes: one result for each check, told as soon as it is known; the first word on a check counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from axisd.core.wording import Phrase
from axisd.simulator.conformance.checks import Outcome, Result

_FINE: Final = Phrase("as expected", "đúng như mong đợi")


class Notes:
    """`results`: in the order in which they became known. `tell` hears each."""

    def __init__(self, tell: Callable[[Result], None] = lambda _: None) -> None:
        self.results: list[Result] = []
        self._tell = tell

    def passed(self, name: str, came: Phrase = _FINE) -> None:
        self._note(Result(name, Outcome.PASSED, came))

    def failed(self, name: str, came: Phrase) -> None:
        self._note(Result(name, Outcome.FAILED, came))

    def not_tried(self, name: str, why: Phrase) -> None:
        self._note(Result(name, Outcome.NOT_TRIED, why))

    def judged(self, name: str, fault: Phrase | None) -> None:
        """Failed for its `fault`; passed where there is none."""
        if fault is None:
            self.passed(name)
        else:
            self.failed(name, fault)

    def _note(self, result: Result) -> None:
        if all(known.name != result.name for known in self.results):
            self.results.append(result)
            self._tell(result)
