"""One hand-in of an envelope, as a door passes it to intake: the bytes and the circumstances."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from axisd.core.reason import Refusal


class Door(StrEnum):
    """Where a submission came in. There is one intake, whatever the door."""

    AMQP = "amqp"
    VXP = "vxp"
    EDOC = "edoc"
    NATIONAL = "national"
    AXIS = "axis"
    """No door: the axis itself, for evidence of what it did of its own accord."""


DOORS: Final = tuple(door for door in Door if door is not Door.AXIS)
"""Where submissions really come in."""

BEHIND_DOORS: Final = (Door.VXP, Door.EDOC)
"""Doors whose systems have a mailbox, and ask what became of what they handed in."""


class Lane(StrEnum):
    URGENT = "urgent"
    NORMAL = "normal"


NORMAL_SHARE: Final = 4
"""Of so many turns one belongs to what is normal, while urgent ones keep coming."""


@dataclass(frozen=True, slots=True)
class Submission:
    """`body`: exactly the bytes handed in. `received_at`: aware, wire time.

    `account`: what the broker or door vouches for, None if nobody did. `routing_key`: AMQP only.
    `external_id`: the door's own id of the item (the national axis's docId), for deduplication.
    `addressed_to`: recipients given beside the envelope (VXP's `to`), empty if none. `retried`: we began to
    settle it before, and do not know how that ended. `waited`: it lay with the door when we came to take
    it, so that when it comes says nothing of how fast its system is. `exceeded`: which limit of its system
    it goes beyond, None if none.
    """

    id: str
    door: Door
    body: bytes
    received_at: datetime
    account: str | None = None
    routing_key: str = ""
    content_type: str = ""
    external_id: str | None = None
    addressed_to: tuple[str, ...] = ()
    redelivered: bool = False
    retried: bool = False
    waited: bool = False
    exceeded: Refusal | None = None

    @property
    def tried_before(self) -> bool:
        """Whether it may be settled already, without its door knowing."""
        return self.redelivered or self.retried

    @property
    def lane(self) -> Lane:
        return Lane.URGENT if self.routing_key.startswith("urgent.") else Lane.NORMAL
