"""Systems that register and close agencies themselves: who may is the core's to say, how it comes to hold the daemon's.

Each change puts a whole directory on record, so a system makes a bounded number of them in a day. What is answered
with None is done, and holds: on disk, on record, and in the view.

Going wrong: AxisError as `change` raises it; then nothing has changed, and a repeat is harmless.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Final, Protocol

from axisd.core.registration import NOT_MEANT, Asked, Decide, Denial, Rows, close, register, stands
from axisd.core.view import View
from axisd.core.zone import day_of
from axisd.ports import Clock

MOST_CHANGES: Final = 200
"""Changes that one system makes in a day at most, counted from the daemon's start."""


class Change(Protocol):
    """Puts what `decide` answers into force in the place of what the file of registered agencies holds, one change
    at a time. Nothing is done where it is denied, or where `confirm` denies the view that would come of it."""

    async def __call__(
        self, decide: Decide, confirm: Callable[[View], Denial | None], /
    ) -> Denial | None: ...


class Registration:
    """`view`: the one in force. `change` carries out what is decided."""

    def __init__(self, view: Callable[[], View], change: Change, clock: Clock) -> None:
        self._view = view
        self._change = change
        self._clock = clock
        self._day = date.min
        self._changes: Counter[str] = Counter()

    async def register(self, account: str, asked: Asked) -> Denial | None:
        """Registers an agency for the system, or changes one that it registered."""
        day = day_of(self._clock.now())

        def decide(view: View, rows: Rows) -> Rows | Denial:
            return self._bounded(account, rows, register(asked, account, view, rows, day), day)

        def confirm(view: View) -> Denial | None:
            return None if stands(asked.code, account, view.directory) else _OVERTAKEN

        return await self._if_meant(account, decide, confirm)

    async def close(self, account: str, code: str) -> Denial | None:
        """Closes an agency that the system registered, as of today."""
        day = day_of(self._clock.now())

        def decide(view: View, rows: Rows) -> Rows | Denial:
            return self._bounded(account, rows, close(code, account, view, rows, day), day)

        return await self._if_meant(account, decide, lambda _: None)

    async def _if_meant(
        self, account: str, decide: Decide, confirm: Callable[[View], Denial | None]
    ) -> Denial | None:
        """Who may not register at all waits for nobody, and makes nobody wait."""
        system = self._view().directory.systems.get(account)
        if system is None or not system.registers:
            return NOT_MEANT
        return await self._change(decide, confirm)

    def _bounded(
        self, account: str, before: Rows, after: Rows | Denial, day: date
    ) -> Rows | Denial:
        if isinstance(after, Denial) or after == before:
            return after
        if self._day != day:
            self._day, self._changes = day, Counter()
        if self._changes[account] >= MOST_CHANGES:
            return _TOO_MANY
        self._changes[account] += 1
        return after


_TOO_MANY: Final = Denial(
    f"This system has changed its agencies {MOST_CHANGES} times today; go on tomorrow.",
    f"Hệ thống này đã thay đổi danh mục cơ quan {MOST_CHANGES} lần trong hôm nay; hãy tiếp tục vào ngày mai.",
    again=True,
)
_OVERTAKEN: Final = Denial(
    "The operator of the axis has just entered this code.",
    "Đơn vị vận hành trục vừa nhập mã này.",
)
