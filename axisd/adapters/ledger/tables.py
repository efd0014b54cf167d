"""The ledger's tables: one set for every database, in portable types only.

Times are microseconds since 1970 UTC as whole numbers (milliseconds in the chain), lists and facts are JSON
text: SQLite's STRICT tables know no richer types, and nothing here needs them. What may stand in a state
column comes from `axisd.core.lifecycle`. Rows of `entry` and `receipt` are never changed; the triggers that
see to it are in the migrations, which also create everything that is declared here (a test holds the two
together).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from axisd.core.availability import UptimeEnd
from axisd.core.history import LinkKind, RecallOutcome
from axisd.core.lifecycle import DeliveryState, SubmissionState
from axisd.core.mailbox import ItemState

METADATA: Final = MetaData(
    naming_convention={
        "ix": "%(table_name)s_by_%(column_0_N_name)s",
        "uq": "%(table_name)s_once_by_%(column_0_N_name)s",
        "ck": "%(table_name)s_%(constraint_name)s_known",
        "fk": "%(table_name)s_%(column_0_name)s_of_%(referred_table_name)s",
        "pk": "%(table_name)s_key",
    }
)

AWAITED: Final = {
    "arrival": ("arrived_at",),
    "registration": ("registered_at", "recall_due"),
    "reply": ("recall_due",),
    "recall": (),
}
"""Deadlines by the names of their columns, and what is NULL as long as one runs: nobody is pressed to
register or to answer what was asked back."""

Whole: Final = BigInteger().with_variant(Integer, "sqlite")
"""64 bits everywhere; STRICT tables spell it INTEGER."""


def _one_of(column: str, states: type[StrEnum]) -> CheckConstraint:
    listed = ", ".join(f"'{state}'" for state in states)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def awaited(kind: str) -> str:
    """What is true of a delivery of whose recipient something is awaited, by the name of its deadline."""
    return " AND ".join(
        (f"{kind}_due IS NOT NULL", *(f"{column} IS NULL" for column in AWAITED[kind]))
    )


def _awaited(kind: str) -> Index:
    # The last columns are NULL throughout: with them the index alone answers.
    return Index(
        f"delivery_{kind}_awaited",
        "inbox",
        f"{kind}_due",
        *AWAITED[kind],
        sqlite_where=text(awaited(kind)),
        postgresql_where=text(awaited(kind)),
    )


def _required(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _optional(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _number(name: str) -> Column[int]:
    return Column(name, Whole, nullable=False)


HANDED_IN_AT_A_DOOR: Final = "door IN ('vxp', 'edoc') AND state = 'accepted'"
"""What accounts behind doors ask after, newest first; `axisd.core.submission.BEHIND_DOORS`, as SQL."""
TURNED_AWAY_NATIONAL: Final = "door = 'national' AND state IN ('refused', 'quarantined')"
"""Items of the national axis that were called `fail` there, as SQL: written out wherever it is asked for."""

submission: Final = Table(
    "submission",
    METADATA,
    Column("id", Text, primary_key=True),
    _required("door"),
    _required("kind"),
    _required("sender"),
    _required("document_id"),
    _number("received_at"),
    _required("state"),
    _required("reason"),
    Column("at", Text),
    Column("line", Whole),
    _required("number"),
    _required("notation"),
    _required("promulgation_date"),
    Column("due_date", Text, nullable=False, server_default=""),
    Column("subject", Text),
    *map(_optional, ("type_name", "signer", "position", "place", "pages")),
    Column("external_id", Text),
    Column("duplicate_of", Text),
    _required("facts"),
    _one_of("state", SubmissionState),
    Index(None, "document_id"),
    Index(None, "received_at"),
    Index(
        "submission_by_number",
        "number",
        "notation",
        "sender",
        sqlite_where=text("number <> ''"),
        postgresql_where=text("number <> ''"),
    ),
    Index(
        "submission_at_a_door",
        "sender",
        "id",
        sqlite_where=text(HANDED_IN_AT_A_DOOR),
        postgresql_where=text(HANDED_IN_AT_A_DOOR),
    ),
    Index(
        "submission_turned_away_from_the_national_axis",
        "id",
        sqlite_where=text(TURNED_AWAY_NATIONAL),
        postgresql_where=text(TURNED_AWAY_NATIONAL),
    ),
    Index(
        "submission_in_quarantine",
        "id",
        sqlite_where=text("state = 'quarantined'"),
        postgresql_where=text("state = 'quarantined'"),
    ),
    sqlite_strict=True,
)

external: Final = Table(
    "external",
    METADATA,
    Column("external_id", Text, primary_key=True),
    Column("door", Text, primary_key=True),
    Column("submission_id", Text, ForeignKey("submission.id"), nullable=False),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
"""What a door's own ids became: the first submission that was settled under each."""

untaken: Final = Table(
    "untaken",
    METADATA,
    Column("kind", Text, primary_key=True),
    Column("doc_id", Text, primary_key=True),
    _required("sender"),
    _required("recipient"),
    _number("since"),
    _number("tried_at"),
    _number("tries"),
    _required("cause"),
    _number("listed"),
    Index(None, "since"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
"""Items of the national axis that could not be taken, again and again (`axisd.service.unfetched`)."""

payload: Final = Table(
    "payload",
    METADATA,
    Column("digest", Text, primary_key=True),
    _number("size"),
    Column("body", LargeBinary),
    CheckConstraint("body IS NULL OR length(body) = size", name="size"),
    sqlite_strict=True,
)
"""`body` is NULL where the bytes lie on disk (`axisd.adapters.ledger.payloads`)."""

STILL_OPEN: Final = "state IN ('queued', 'deferred', 'held')"
"""`axisd.core.lifecycle.OPEN`, as SQL: deliveries that still have to leave. Conditions of partial indexes are
written out wherever they are asked for: only word for word do they apply."""

IN_A_MAILBOX: Final = "route = 'mailbox' AND state = 'sent'"
"""Deliveries that lie in a mailbox as far as their recipient has said."""

delivery: Final = Table(
    "delivery",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("submission_id", Text, ForeignKey("submission.id"), nullable=False, index=True),
    _required("sender"),
    _required("document_id"),
    _required("business"),
    _required("recipient"),
    _required("addressed"),
    _required("inbox"),
    _required("route"),
    _required("lane"),
    _number("priority"),
    Column("digest", Text, ForeignKey("payload.digest"), nullable=False),
    _required("proof"),
    _required("state"),
    _number("created_at"),
    _number("expires_at"),
    _required("status"),
    _required("reason"),
    Column("arrival_due", Whole),
    Column("registration_due", Whole),
    Column("reply_due", Whole),
    Column("recall_due", Whole),
    Column("arrived_at", Whole),
    Column("registered_at", Whole),
    Column("next_due", Whole),
    Column("told", Text, nullable=False, server_default=""),
    _one_of("state", DeliveryState),
    Index(
        "delivery_by_next_due",
        "next_due",
        sqlite_where=text("next_due IS NOT NULL"),
        postgresql_where=text("next_due IS NOT NULL"),
    ),
    *map(_awaited, AWAITED),
    # By this one reconciliation finds what has to leave; it is as small as the backlog.
    Index(
        "delivery_still_open",
        "id",
        sqlite_where=text(STILL_OPEN),
        postgresql_where=text(STILL_OPEN),
    ),
    # And by this one what has to have an item in a mailbox.
    Index(
        "delivery_in_a_mailbox",
        "id",
        sqlite_where=text(IN_A_MAILBOX),
        postgresql_where=text(IN_A_MAILBOX),
    ),
    # The identity. Document first, so that one list of values finds many identities, and all
    # deliveries of a document (SQLite scans the table for a list of several columns).
    UniqueConstraint("document_id", "sender", "business", "recipient"),
    sqlite_strict=True,
)

status: Final = Table(
    "status",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("submission_id", Text, ForeignKey("submission.id"), nullable=False, index=True),
    Column("delivery_id", Text, ForeignKey("delivery.id"), index=True),
    _required("issuer"),
    _required("document_id"),
    _required("reporter"),
    _required("code"),
    _number("at"),
    _optional("words"),
    _optional("recipient"),
    _optional("door"),
    Index(
        "status_unmatched",
        "document_id",
        "issuer",
        sqlite_where=text("delivery_id IS NULL"),
        postgresql_where=text("delivery_id IS NULL"),
    ),
    sqlite_strict=True,
)
"""The history of each delivery, as it was reported; `delivery_id` is NULL while no document is known that
the status could be about. Recalls wait here too for what they recall (`axisd.core.history.StatusRecord`)."""

link: Final = Table(
    "link",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("submission_id", Text, ForeignKey("submission.id"), nullable=False, index=True),
    _required("kind"),
    _required("issuer"),
    _required("document_id"),
    _required("recipient"),
    _one_of("kind", LinkKind),
    Index(None, "document_id", "issuer"),
    sqlite_strict=True,
)
"""What later documents are to earlier ones, known here or not."""

recall: Final = Table(
    "recall",
    METADATA,
    Column("delivery_id", Text, ForeignKey("delivery.id"), primary_key=True),
    Column("submission_id", Text, ForeignKey("submission.id"), nullable=False, index=True),
    _number("asked_at"),
    _required("outcome"),
    Column("answered_at", Whole),
    _one_of("outcome", RecallOutcome),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
"""The newest recall of each delivery; earlier ones are in the evidence."""

outbox: Final = Table(
    "outbox",
    METADATA,
    Column("id", Text, primary_key=True),
    _required("kind"),
    _required("destination"),
    _required("lane"),
    _number("due_at"),
    _number("size"),
    _number("attempts"),
    _number("held"),
    _required("reason"),
    _number("since"),
    _optional("behind"),
    Index(
        "outbox_by_destination",
        "destination",
        "id",
        sqlite_where=text("held = 0"),
        postgresql_where=text("held = 0"),
    ),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
"""`since`: when the row came in, which deferring it does not change. `behind`: the rows that have to leave
first, their ids with blanks between."""

WAITING: Final = "state IN ('initial', 'processing', 'fail')"
"""`axisd.core.mailbox.WAITING`, as SQL."""

mailbox: Final = Table(
    "mailbox",
    METADATA,
    Column("id", Text, ForeignKey("delivery.id"), primary_key=True),
    _required("inbox"),
    _required("kind"),
    _required("lane"),
    _number("number"),
    _number("created_at"),
    _required("state"),
    _number("marked_at"),
    Column("fetched_at", Whole),
    _required("cause"),
    _one_of("state", ItemState),
    # What waits, in nearly the order in which it is listed: listing and counting cost that, and not what
    # ever lay in the mailbox.
    Index(
        "mailbox_waiting",
        "inbox",
        "kind",
        "lane",
        "state",
        "id",
        "created_at",
        sqlite_where=text(WAITING),
        postgresql_where=text(WAITING),
    ),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
"""How each delivery to an agency behind a door stands in its mailbox. `number`: the place of its submission's
acceptance in the chain; `marked_at`: since when it is in its state."""

OF_THE_AXIS: Final = (
    "event IN ('DirectoryChange', 'InterconnectionCheck', 'NationalReconciliation')"
)
"""`axisd.core.reasons.OWN_EVENTS`, as SQL. Conditions of partial indexes are written out wherever they
are asked for: only word for word do they apply."""
TURNS_AWAY: Final = (
    "event IN ('SubmissionAcceptance', 'ReceivedFromNonERDS')"
    """ AND instr(content, '"outcome":"refused"') > 0"""
)
"""Acceptances with recipients that were refused. In JSON a text cannot contain this: its quotes are escaped."""

RELAYED: Final = "event = 'RelayAcceptance'"
"""What the national axis took from us, as SQL."""

entry: Final = Table(
    "entry",
    METADATA,
    Column("position", Whole, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    _required("event"),
    _number("at"),
    Column("submission_id", Text, nullable=False, index=True),
    Column("delivery_id", Text),
    _required("content"),
    _required("hash"),
    # What the axis did of its own accord, by time; and acceptances that turned recipients away.
    Index(
        "entry_of_the_axis",
        "at",
        sqlite_where=text(OF_THE_AXIS),
        postgresql_where=text(OF_THE_AXIS),
    ),
    Index(
        "entry_that_turns_away",
        "submission_id",
        sqlite_where=text(TURNS_AWAY),
        postgresql_where=text(TURNS_AWAY.replace("instr", "strpos")),
    ),
    # By this reconciliation with the national axis finds what went there in some days.
    Index("entry_relayed", "at", sqlite_where=text(RELAYED), postgresql_where=text(RELAYED)),
    sqlite_strict=True,
)
"""The chain. `at` is in milliseconds, as the content says it, so that a changed digit contradicts it.
`submission_id` refers to nothing: evidence may outlive what it speaks of."""

receipt: Final = Table(
    "receipt",
    METADATA,
    Column("position", Whole, ForeignKey("entry.position"), primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    _required("event"),
    Column("submission_id", Text, nullable=False, index=True),
    _required("document_id"),
    _required("agency"),
    Column("body", LargeBinary, nullable=False),
    sqlite_strict=True,
)
"""`agency` is the one it is for (`Receipt.to`; `to` is a word of SQL)."""

uptime: Final = Table(
    "uptime",
    METADATA,
    Column("id", Text, primary_key=True),
    _number("began_at"),
    _number("seen_at"),
    _required("ended"),
    _one_of("ended", UptimeEnd),
    Index(None, "seen_at"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
"""When the axis served; `seen_at` moves every minute (`axisd.service.uptime`)."""
