"""Which deliveries something is awaited of, by inbox and deadline: for counting what is overdue."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Four partial indexes: each holds only what still runs, and answers without its table."""
    _index("arrival", "arrived_at")
    _index("registration", "registered_at", "recall_due")
    _index("reply", "recall_due")
    _index("recall")


def _index(kind: str, *null: str) -> None:
    condition = sa.text(
        " AND ".join((f"{kind}_due IS NOT NULL", *(f"{column} IS NULL" for column in null)))
    )
    op.create_index(
        f"delivery_{kind}_awaited",
        "delivery",
        ["inbox", f"{kind}_due", *null],
        sqlite_where=condition,
        postgresql_where=condition,
    )
