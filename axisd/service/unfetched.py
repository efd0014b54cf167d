"""Items of the national axis that could not be taken: when each is tried again, and what is told of it.

The axis may refuse to give an item now and give it later, so none is ever given up or called `fail` for that.
But one that fails again and again must not cost a request at each look, nor stay unseen: it waits longer and
longer, and from the third time on it stands in the ledger for operators. What was listed and is no longer, though
it never came, stays there, marked. Bounded: of too many the oldest are forgotten here, not in the ledger.

Pure but for its own state; the downlink writes what `failed` and `gone` return.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from axisd.core.federation import Untaken
from axisd.ports import NationalItem

REMEMBERED: Final = 20_000
LONGEST: Final = 600.0
"""Seconds between two tries at most."""
TOLD: Final = 3
"""Tries after which it is kept for operators."""
_CAUSE: Final = 300
"""Characters of a cause at most."""


@dataclass(frozen=True, slots=True)
class _Failing:
    known: Untaken
    due: float


class Unfetched:
    """`first`: seconds before the second try. Due times are monotonic seconds, the others wall time."""

    def __init__(self, first: float) -> None:
        self._first = first
        self._failing: dict[tuple[str, str], _Failing] = {}

    def __len__(self) -> int:
        """How many are kept for operators and still listed."""
        return sum(failing.known.tries >= TOLD for failing in self._failing.values())

    def recall(self, known: Iterable[Untaken]) -> None:
        """What stood in the ledger when we started; each is tried at once."""
        for one in known:
            if one.listed:
                self._failing[one.kind, one.doc_id] = _Failing(one, 0.0)

    def due(self, kind: str, item: NationalItem, now: float) -> bool:
        """Whether `item` may be tried."""
        failing = self._failing.get((kind, item.doc_id))
        return failing is None or now >= failing.due

    def tries(self, kind: str, item: NationalItem) -> int:
        """How often `item` could not be taken."""
        failing = self._failing.get((kind, item.doc_id))
        return failing.known.tries if failing is not None else 0

    def failed(
        self, kind: str, item: NationalItem, cause: str, *, at: datetime, now: float
    ) -> Untaken | None:
        """`item` could not be taken for `cause`; what the ledger should keep of it, if it has come to that."""
        key = kind, item.doc_id
        before = self._failing.pop(key, None)
        known = before.known if before else Untaken(kind, item.doc_id, at)
        known = replace(
            known,
            sender=item.sender,
            recipient=item.recipient,
            tried_at=at,
            tries=known.tries + 1,
            cause=" ".join(cause.split())[:_CAUSE],
        )
        # The first time again costs little, and is often enough.
        wait = self._first * 2 ** min(known.tries - 1, 20) if known.tries > 1 else 0.0
        self._failing[key] = _Failing(known, now + min(wait, LONGEST))
        if len(self._failing) > REMEMBERED:
            del self._failing[next(iter(self._failing))]
        return known if known.tries >= TOLD else None

    def taken(self, kind: str, item: NationalItem) -> Untaken | None:
        """`item` was taken; what the ledger kept of it."""
        failing = self._failing.pop((kind, item.doc_id), None)
        return failing.known if failing and failing.known.tries >= TOLD else None

    def gone(self, kind: str, listed: Collection[str]) -> list[Untaken]:
        """What of `kind` is not `listed` any more: never taken, and nobody can take it now. Each is told once."""
        lost = [key for key in self._failing if key[0] == kind and key[1] not in listed]
        left = [self._failing.pop(key).known for key in lost]
        return [replace(known, listed=False) for known in left if known.tries >= TOLD]
