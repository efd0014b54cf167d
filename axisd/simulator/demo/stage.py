"""What the audience sees: chapters, what happened when, and a check mark behind what was checked."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from axisd.adapters.clock import SystemClock


class FailedCheckError(Exception):
    """Something that the story tells did not happen."""


class Stage:
    """Prints the timeline on stdout. Colour only on a terminal, and not with NO_COLOR."""

    def __init__(self, write: Callable[[str], object] = sys.stdout.write) -> None:
        self._clock = SystemClock()
        self._began = self._clock.monotonic()
        self._write = write
        self._colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self.checked = 0

    def chapter(self, letter: str, title: str) -> None:
        mark = self._painted(f"({letter})", "1;36") if letter else self._painted("···", "2")
        self._line(f"\n{mark} {self._painted(title, '1')}")

    def tell(self, text: str) -> None:
        """Something that happened."""
        self._line(f"  {self._time()}   {text}")

    def check(self, text: str, holds: bool) -> None:
        """Something that must hold. Raises FailedCheckError when it does not."""
        mark = self._painted("✓", "32") if holds else self._painted("✗", "1;31")
        self._line(f"  {self._time()} {mark} {text}")
        if not holds:
            raise FailedCheckError(text)
        self.checked += 1

    @property
    def seconds(self) -> float:
        return self._clock.monotonic() - self._began

    def _time(self) -> str:
        return self._painted(f"{self.seconds:6.2f}s", "2")

    def _line(self, text: str) -> None:
        self._write(text + "\n")
        sys.stdout.flush()

    def _painted(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour else text
