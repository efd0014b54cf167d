"""Evidence: one event that happened to a submission or to one of its deliveries.

Every piece of evidence becomes one entry of the ledger's hash chain, and, where somebody must be told,
one signed receipt (`axisd.core.receipts`). `Facts` is the stable description of a submission that all
its later evidence repeats, so that a receipt can be read alone, years later.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from axisd.core.envelope import Attachment
from axisd.core.inspection import ABSENT, LegalValue, SignatureFinding, Step
from axisd.core.reasons import Event, Refusal
from axisd.core.submission import Door, Lane

GENESIS: Final = "0" * 64
"""Hash before the first entry of a chain."""


@dataclass(frozen=True, slots=True)
class Facts:
    """`digest`: `sha256:` + hex of the bytes handed in; `size` in bytes; `received_at` wire time.

    `sender` and `document_id` are "" when they could not be read. `business` is "new", "recall",
    "update", "replace" for a document, "" for a status; `status` is "" for a document.
    `reply_to` is the agency that receipts go to ("" if nobody can be named).
    """

    submission_id: str
    door: Door
    account: str
    sender: str
    reply_to: str
    kind: str
    business: str
    status: str
    document_id: str
    digest: str
    size: int
    received_at: datetime
    lane: Lane = Lane.NORMAL
    priority: int = 0
    legal_value: LegalValue = LegalValue.REFERENCE
    signature: SignatureFinding = ABSENT
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class RecipientOutcome:
    """What became of one recipient at settlement: `outcome` is accepted, duplicate or refused.

    `organ` is the canonical code, `addressed` the codes it was written with, `inbox` the agency that
    receives (another one where an intake office receives on its behalf), `route` local, mailbox or
    national.
    """

    organ: str
    addressed: tuple[str, ...]
    outcome: str
    inbox: str = ""
    route: str = ""
    refusal: Refusal | None = None
    note: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One event. `receipt_to`: agency whose receipts queue is told, None if the entry alone suffices.

    `recipient` is set for the events of one delivery, `recipients` for those of a submission.
    `particulars`: what else the entry has to say, for events that the axis itself is the subject of.
    """

    id: str
    event: Event
    at: datetime
    facts: Facts
    delivery_id: str | None = None
    recipient: RecipientOutcome | None = None
    recipients: tuple[RecipientOutcome, ...] = ()
    refusal: Refusal | None = None
    steps: tuple[Step, ...] = ()
    warnings: tuple[Refusal, ...] = ()
    external_id: str | None = None
    receipt_to: str | None = None
    particulars: Mapping[str, str] = field(default_factory=dict)


def own_facts(key: str, at: datetime) -> Facts:
    """The facts of an event that is about no submission but about the axis itself. `key`: the event's id, or
    the name of a subject, so that all entries about it are found together."""
    return Facts(
        submission_id=key,
        door=Door.AXIS,
        account="",
        sender="",
        reply_to="",
        kind="",
        business="",
        status="",
        document_id="",
        digest="",
        size=0,
        received_at=at,
    )


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of the chain; position 0 and `GENESIS` when it is empty."""

    position: int = 0
    hash: str = GENESIS


@dataclass(frozen=True, slots=True)
class Entry:
    """One sealed entry. `content` is the canonical JSON that was hashed; see `axisd.core.chain`."""

    position: int
    id: str
    event: Event
    at: datetime
    submission_id: str
    delivery_id: str | None
    content: str
    hash: str


def particulars_of(entry: Entry, what: str) -> Mapping[str, Any]:
    """The particulars that `entry` carries. Raises ValueError, with a sentence that names `what` was looked
    for, where it carries none."""
    content = json.loads(entry.content)
    particulars = content.get("particulars") if isinstance(content, dict) else None
    if not isinstance(particulars, dict):
        raise ValueError(f"this is no {what}: there are no particulars")  # noqa: TRY004
    return particulars


@dataclass(frozen=True, slots=True)
class Receipt:
    """A signed receipt as stored and sent: `body` is the XML, `id` the evidence it proves."""

    id: str
    position: int
    event: Event
    submission_id: str
    document_id: str
    to: str
    body: bytes
