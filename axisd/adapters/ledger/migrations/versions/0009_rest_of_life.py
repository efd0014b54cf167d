"""Recalls that wait for their document, or are answered by refusing it; more of what a document says of itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_WHOLE = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_NEW = {
    "status": ("recipient", "door"),
    "submission": ("type_name", "signer", "position", "place", "pages"),
}


def upgrade() -> None:
    """Columns, empty for what is there already, and another outcome of a recall."""
    for table, columns in _NEW.items():
        for column in columns:
            op.add_column(table, sa.Column(column, sa.Text, nullable=False, server_default=""))
    _recalls()


def _recalls() -> None:
    """SQLite changes no constraint of a table: it is made anew."""
    op.execute("CREATE TABLE recall_before AS SELECT * FROM recall")
    op.drop_table("recall")
    op.create_table(
        "recall",
        sa.Column("delivery_id", sa.Text, nullable=False),
        sa.Column("submission_id", sa.Text, nullable=False),
        sa.Column("asked_at", _WHOLE, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("answered_at", _WHOLE),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("recall_key")),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("recall_delivery_id_of_delivery")
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name=op.f("recall_submission_id_of_submission")
        ),
        sa.CheckConstraint(
            "outcome IN ('asked', 'withdrawn', 'agreed', 'refused', 'returned')",
            name=op.f("recall_outcome_known"),
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.execute("INSERT INTO recall SELECT * FROM recall_before")
    op.drop_table("recall_before")
    op.create_index(op.f("recall_by_submission_id"), "recall", ["submission_id"])
