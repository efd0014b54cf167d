"""Which deadlines the axis watches, and when it reminds: settings, as the core reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum


class DeadlineKind(StrEnum):
    """What a recipient has to do in time. `recall-answer`: status 15 or 16."""

    ARRIVAL = "arrival"
    REGISTRATION = "registration"
    REPLY = "reply"
    RECALL_ANSWER = "recall-answer"


@dataclass(frozen=True, slots=True)
class DeadlinePolicy:
    """`leads`: of the kinds that are watched, how much working time before the deadline somebody is
    reminded, zero for no reminder. `remind`: whether recipients are reminded at all. `recall_days`: how many
    working days a recipient has to answer a recall; 0 is the day on which it was asked."""

    leads: Mapping[DeadlineKind, timedelta] = field(
        default_factory=lambda: {
            DeadlineKind.ARRIVAL: timedelta(hours=2),
            DeadlineKind.REGISTRATION: timedelta(hours=4),
            DeadlineKind.REPLY: timedelta(hours=16),
            DeadlineKind.RECALL_ANSWER: timedelta(hours=4),
        }
    )
    remind: bool = True
    recall_days: int = 1

    def watches(self, kind: DeadlineKind) -> bool:
        return kind in self.leads

    def lead(self, kind: DeadlineKind) -> timedelta | None:
        """How long before the deadline the recipient is reminded; None where it is not."""
        lead = self.leads.get(kind)
        return lead if lead and self.remind else None


DEFAULT_DEADLINES = DeadlinePolicy()
