"""What a whole group of changes does to the outbox, so that it can be written in a few statements.

Changes of one group act in order: a row can come, be deferred, leave and come again. Only what remains
of that is written: first all removals, then deferrals of rows that come only later in the group, then
the rows that must be new, then those that are wanted in any case, then the other deferrals.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from axisd.core.records import Change, Deferral, OutboxRow
from axisd.errors import IntegrityError


@dataclass(slots=True)
class OutboxEffect:
    """By row id. `new` rows must not be there yet, `wanted` ones may."""

    removed: dict[str, None] = field(default_factory=dict)
    new: dict[str, OutboxRow] = field(default_factory=dict)
    wanted: dict[str, OutboxRow] = field(default_factory=dict)
    deferred_before: dict[str, Deferral] = field(default_factory=dict)
    deferred: dict[str, Deferral] = field(default_factory=dict)

    @classmethod
    def of(cls, changes: Iterable[Change]) -> OutboxEffect:
        """Within one change rows come first, then deferrals, then what is done."""
        effect = cls()
        for change in changes:
            for row in change.outbox:
                effect._come(row)
            for row in change.resend:
                effect._come_again(row)
            for deferral in change.deferrals:
                effect.deferred[deferral.id] = deferral
            for key in change.done:
                effect._leave(key)
        return effect

    def _come(self, row: OutboxRow) -> None:
        if row.id in self.new or row.id in self.wanted:
            raise IntegrityError(f"outbox row {row.id} is already waiting")
        self._settle_deferral(row.id)
        self.new[row.id] = row

    def _come_again(self, row: OutboxRow) -> None:
        if row.id not in self.new and row.id not in self.wanted:
            self._settle_deferral(row.id)
            self.wanted[row.id] = row

    def _settle_deferral(self, key: str) -> None:
        """An earlier deferral is about a row that may have been there before, not about this one."""
        if key in self.deferred:
            self.deferred_before[key] = self.deferred.pop(key)

    def _leave(self, key: str) -> None:
        for waiting in (self.new, self.wanted, self.deferred, self.deferred_before):
            waiting.pop(key, None)
        self.removed[key] = None
