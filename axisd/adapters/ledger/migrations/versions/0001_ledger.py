"""The first ledger: submissions, payloads, deliveries, outbox, chain, receipts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_WHOLE = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_SUBMISSION_STATES = "'accepted', 'refused', 'duplicate', 'quarantined'"
_DELIVERY_STATES = (
    "'queued', 'deferred', 'held', 'sent', 'handed-over', "
    "'rejected', 'expired', 'withdrawn', 'recalled'"
)
_APPEND_ONLY = ("entry", "receipt")


def upgrade() -> None:
    """Makes all tables, and the triggers that keep evidence as it is."""
    _submissions()
    _deliveries()
    _evidence()
    for table in _APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END"
            )


def _submissions() -> None:
    op.create_table(
        "submission",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("door", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("document_id", sa.Text, nullable=False),
        sa.Column("received_at", _WHOLE, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", sa.Text),
        sa.Column("line", _WHOLE),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("notation", sa.Text, nullable=False),
        sa.Column("promulgation_date", sa.Text, nullable=False),
        sa.Column("subject", sa.Text),
        sa.Column("external_id", sa.Text),
        sa.Column("duplicate_of", sa.Text),
        sa.Column("facts", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("submission_key")),
        sa.CheckConstraint(f"state IN ({_SUBMISSION_STATES})", name=op.f("submission_state_known")),
        sqlite_strict=True,
    )
    op.create_index(op.f("submission_by_document_id"), "submission", ["document_id"])
    op.create_index(op.f("submission_by_received_at"), "submission", ["received_at"])
    quarantined = sa.text("state = 'quarantined'")
    op.create_index(
        op.f("submission_in_quarantine"),
        "submission",
        ["id"],
        sqlite_where=quarantined,
        postgresql_where=quarantined,
    )
    op.create_table(
        "external",
        sa.Column("external_id", sa.Text, nullable=False),
        sa.Column("door", sa.Text, nullable=False),
        sa.Column("submission_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("external_id", "door", name=op.f("external_key")),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name=op.f("external_submission_id_of_submission")
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "payload",
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("size", _WHOLE, nullable=False),
        sa.Column("body", sa.LargeBinary),
        sa.PrimaryKeyConstraint("digest", name=op.f("payload_key")),
        sa.CheckConstraint("body IS NULL OR length(body) = size", name=op.f("payload_size_known")),
        sqlite_strict=True,
    )


def _deliveries() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("submission_id", sa.Text, nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("document_id", sa.Text, nullable=False),
        sa.Column("business", sa.Text, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("addressed", sa.Text, nullable=False),
        sa.Column("inbox", sa.Text, nullable=False),
        sa.Column("route", sa.Text, nullable=False),
        sa.Column("lane", sa.Text, nullable=False),
        sa.Column("priority", _WHOLE, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("proof", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("created_at", _WHOLE, nullable=False),
        sa.Column("expires_at", _WHOLE, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("delivery_key")),
        sa.CheckConstraint(f"state IN ({_DELIVERY_STATES})", name=op.f("delivery_state_known")),
        sa.UniqueConstraint(
            "document_id",
            "sender",
            "business",
            "recipient",
            name=op.f("delivery_once_by_document_id_sender_business_recipient"),
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name=op.f("delivery_submission_id_of_submission")
        ),
        sa.ForeignKeyConstraint(
            ["digest"], ["payload.digest"], name=op.f("delivery_digest_of_payload")
        ),
        sqlite_strict=True,
    )
    op.create_index(op.f("delivery_by_submission_id"), "delivery", ["submission_id"])
    op.create_table(
        "outbox",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("destination", sa.Text, nullable=False),
        sa.Column("lane", sa.Text, nullable=False),
        sa.Column("due_at", _WHOLE, nullable=False),
        sa.Column("size", _WHOLE, nullable=False),
        sa.Column("attempts", _WHOLE, nullable=False),
        sa.Column("held", _WHOLE, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("since", _WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("outbox_key")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("outbox_by_destination"),
        "outbox",
        ["destination", "id"],
        sqlite_where=sa.text("held = 0"),
        postgresql_where=sa.text("held = 0"),
    )


def _evidence() -> None:
    op.create_table(
        "entry",
        sa.Column("position", _WHOLE, nullable=False, autoincrement=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("at", _WHOLE, nullable=False),
        sa.Column("submission_id", sa.Text, nullable=False),
        sa.Column("delivery_id", sa.Text),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("entry_key")),
        sa.UniqueConstraint("id", name=op.f("entry_once_by_id")),
        sqlite_strict=True,
    )
    op.create_index(op.f("entry_by_submission_id"), "entry", ["submission_id"])
    op.create_table(
        "receipt",
        sa.Column("position", _WHOLE, nullable=False, autoincrement=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("submission_id", sa.Text, nullable=False),
        sa.Column("document_id", sa.Text, nullable=False),
        sa.Column("agency", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("receipt_key")),
        sa.UniqueConstraint("id", name=op.f("receipt_once_by_id")),
        sa.ForeignKeyConstraint(
            ["position"], ["entry.position"], name=op.f("receipt_position_of_entry")
        ),
        sqlite_strict=True,
    )
    op.create_index(op.f("receipt_by_submission_id"), "receipt", ["submission_id"])
