"""The states of a submission and of a delivery: one table, and the functions that walk it.

The table `TRANSITIONS` is the only place that says what may follow what. SQL constraints, the diagram
in the docs and the tests are made from it. A pair that is not in the table is not a transition: the
event leaves the state as it is (late and repeated events are normal here), it never raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class SubmissionState(StrEnum):
    ACCEPTED = "accepted"
    REFUSED = "refused"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"


class DeliveryState(StrEnum):
    """How far one leg to one recipient has come."""

    QUEUED = "queued"
    DEFERRED = "deferred"
    HELD = "held"
    SENT = "sent"
    HANDED_OVER = "handed-over"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    RECALLED = "recalled"


class DeliveryEvent(StrEnum):
    """What can happen to a delivery; past participles, because it has happened."""

    CONFIRMED = "confirmed"
    FAILED = "failed"
    REFUSED = "refused"
    OUTLIVED = "outlived"
    TAKEN = "taken"
    TURNED_DOWN = "turned-down"
    HELD = "held"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"
    RECALLED = "recalled"


_S, _E = DeliveryState, DeliveryEvent

TRANSITIONS: Final[Mapping[tuple[DeliveryState, DeliveryEvent], DeliveryState]] = {
    (_S.QUEUED, _E.CONFIRMED): _S.SENT,
    (_S.QUEUED, _E.FAILED): _S.DEFERRED,
    (_S.QUEUED, _E.REFUSED): _S.REJECTED,
    (_S.QUEUED, _E.OUTLIVED): _S.EXPIRED,
    (_S.QUEUED, _E.HELD): _S.HELD,
    (_S.QUEUED, _E.WITHDRAWN): _S.WITHDRAWN,
    # The recipient's status can overtake our own mark of the confirm (a crash lies between them).
    (_S.QUEUED, _E.TAKEN): _S.HANDED_OVER,
    (_S.QUEUED, _E.TURNED_DOWN): _S.REJECTED,
    (_S.DEFERRED, _E.CONFIRMED): _S.SENT,
    (_S.DEFERRED, _E.FAILED): _S.DEFERRED,
    (_S.DEFERRED, _E.REFUSED): _S.REJECTED,
    (_S.DEFERRED, _E.OUTLIVED): _S.EXPIRED,
    (_S.DEFERRED, _E.HELD): _S.HELD,
    (_S.DEFERRED, _E.RELEASED): _S.QUEUED,
    (_S.DEFERRED, _E.WITHDRAWN): _S.WITHDRAWN,
    (_S.DEFERRED, _E.TAKEN): _S.HANDED_OVER,
    (_S.DEFERRED, _E.TURNED_DOWN): _S.REJECTED,
    # Held while the publish was already under way, whatever comes of it.
    (_S.HELD, _E.CONFIRMED): _S.SENT,
    (_S.HELD, _E.REFUSED): _S.REJECTED,
    (_S.HELD, _E.TAKEN): _S.HANDED_OVER,
    (_S.HELD, _E.TURNED_DOWN): _S.REJECTED,
    (_S.HELD, _E.RELEASED): _S.QUEUED,
    (_S.HELD, _E.OUTLIVED): _S.EXPIRED,
    (_S.HELD, _E.WITHDRAWN): _S.WITHDRAWN,
    (_S.SENT, _E.TAKEN): _S.HANDED_OVER,
    (_S.SENT, _E.TURNED_DOWN): _S.REJECTED,
    (_S.SENT, _E.RECALLED): _S.RECALLED,
    (_S.SENT, _E.WITHDRAWN): _S.WITHDRAWN,
    (_S.SENT, _E.OUTLIVED): _S.EXPIRED,
    (_S.HANDED_OVER, _E.TURNED_DOWN): _S.REJECTED,
    (_S.HANDED_OVER, _E.RECALLED): _S.RECALLED,
    # A recall was answered with 02 and then with 15: agreed stays agreed, in whatever order they come.
    (_S.REJECTED, _E.RECALLED): _S.RECALLED,
    # A copy was on its way when it was withdrawn, or had left just before a crash: truth wins.
    (_S.WITHDRAWN, _E.CONFIRMED): _S.SENT,
    (_S.WITHDRAWN, _E.TAKEN): _S.HANDED_OVER,
    (_S.WITHDRAWN, _E.TURNED_DOWN): _S.REJECTED,
    (_S.WITHDRAWN, _E.RECALLED): _S.RECALLED,
}

OPEN: Final = frozenset({_S.QUEUED, _S.DEFERRED, _S.HELD})
"""States in which the axis itself still owes the recipient something."""


FAILED: Final = frozenset({_S.REJECTED, _S.EXPIRED, _S.WITHDRAWN})
"""States in which the recipient does not have it, and will not get it."""


def after(state: DeliveryState, event: DeliveryEvent) -> DeliveryState:
    """The state after `event`; the same state when the table has no such transition."""
    return TRANSITIONS.get((state, event), state)


_RANK: Final[Mapping[str, int]] = {
    "": 0, "01": 1, "03": 2, "04": 3, "05": 4, "06": 5, "02": 6, "16": 7, "15": 8,
}  # fmt: skip


def furthest(current: str, reported: str) -> str:
    """The business status that stands after `reported` arrives, in whatever order they come."""
    return reported if _RANK.get(reported, 0) >= _RANK.get(current, 0) else current
