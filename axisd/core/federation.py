"""What the ledger knows of the traffic with the national axis, for operators and for reconciliation. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from axisd.core.lifecycle import DeliveryState


@dataclass(frozen=True, slots=True)
class Untaken:
    """An item that waits for us on the national axis and could not be taken, again and again.

    `kind`: document or status; `since`: when that was first seen, `tried_at` the last time. `listed`: whether the
    axis still listed it then. `cause`: a sentence, no content."""

    kind: str
    doc_id: str
    since: datetime
    sender: str = ""
    recipient: str = ""
    tried_at: datetime | None = None
    tries: int = 0
    cause: str = ""
    listed: bool = True


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """An item of the national axis that was fetched and refused: it was called `fail` there.

    `doc_id` "" where the evidence does not name one. `reason`: its code; `at` and `line`: where in the envelope."""

    submission_id: str
    doc_id: str
    kind: str
    received_at: datetime
    sender: str
    document_id: str
    state: str
    reason: str
    at: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Relayed:
    """A message that the national axis took from us, under its `number`.

    `kind`: document or status. `inbox`: the code it was sent to. `reason`: of the delivery, as it is now."""

    number: str
    at: datetime
    delivery_id: str
    kind: str
    sender: str
    inbox: str
    document_id: str
    state: DeliveryState
    reason: str


@dataclass(frozen=True, slots=True)
class Attempted:
    """A delivery over the national axis, as it is now. `kind`: document or status."""

    delivery_id: str
    kind: str
    sender: str
    inbox: str
    document_id: str
    state: DeliveryState


@dataclass(frozen=True, slots=True)
class SettledItem:
    """An item of the national axis that became a submission of ours: `settled_at`, when it was received."""

    external_id: str
    settled_at: datetime
