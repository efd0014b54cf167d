"""An index of the deliveries that still have to leave, by which they are reconciled with the outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_STILL_OPEN = "state IN ('queued', 'deferred', 'held')"


def upgrade() -> None:
    """Makes it."""
    op.create_index(
        "delivery_still_open",
        "delivery",
        ["id"],
        sqlite_where=sa.text(_STILL_OPEN),
        postgresql_where=sa.text(_STILL_OPEN),
    )
