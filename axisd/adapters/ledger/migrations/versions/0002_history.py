"""What is remembered beside deliveries: statuses, links, recalls, deadlines, and documents by their number."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_WHOLE = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_INSTANTS = (
    "arrival_due",
    "registration_due",
    "reply_due",
    "recall_due",
    "arrived_at",
    "registered_at",
    "next_due",
)


def upgrade() -> None:
    """Columns for what is awaited of a recipient, tables for what is known about a document."""
    op.add_column("submission", sa.Column("due_date", sa.Text, nullable=False, server_default=""))
    _index("submission_by_number", "submission", ["number", "notation", "sender"], "number <> ''")
    for name in _INSTANTS:
        op.add_column("delivery", sa.Column(name, _WHOLE))
    op.add_column("delivery", sa.Column("told", sa.Text, nullable=False, server_default=""))
    _index("delivery_by_next_due", "delivery", ["next_due"], "next_due IS NOT NULL")
    _statuses()
    _links()
    _recalls()


def _statuses() -> None:
    op.create_table(
        "status",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("submission_id", sa.Text, nullable=False),
        sa.Column("delivery_id", sa.Text),
        sa.Column("issuer", sa.Text, nullable=False),
        sa.Column("document_id", sa.Text, nullable=False),
        sa.Column("reporter", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("at", _WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("status_key")),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name=op.f("status_submission_id_of_submission")
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("status_delivery_id_of_delivery")
        ),
        sqlite_strict=True,
    )
    op.create_index(op.f("status_by_submission_id"), "status", ["submission_id"])
    op.create_index(op.f("status_by_delivery_id"), "status", ["delivery_id"])
    _index("status_unmatched", "status", ["document_id", "issuer"], "delivery_id IS NULL")


def _links() -> None:
    op.create_table(
        "link",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("submission_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("issuer", sa.Text, nullable=False),
        sa.Column("document_id", sa.Text, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("link_key")),
        sa.CheckConstraint(
            "kind IN ('reply', 'recall', 'update', 'replace')", name=op.f("link_kind_known")
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name=op.f("link_submission_id_of_submission")
        ),
        sqlite_strict=True,
    )
    op.create_index(op.f("link_by_submission_id"), "link", ["submission_id"])
    op.create_index(op.f("link_by_document_id_issuer"), "link", ["document_id", "issuer"])


def _recalls() -> None:
    op.create_table(
        "recall",
        sa.Column("delivery_id", sa.Text, nullable=False),
        sa.Column("submission_id", sa.Text, nullable=False),
        sa.Column("asked_at", _WHOLE, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("answered_at", _WHOLE),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("recall_key")),
        sa.CheckConstraint(
            "outcome IN ('asked', 'withdrawn', 'agreed', 'refused')",
            name=op.f("recall_outcome_known"),
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("recall_delivery_id_of_delivery")
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name=op.f("recall_submission_id_of_submission")
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("recall_by_submission_id"), "recall", ["submission_id"])


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
