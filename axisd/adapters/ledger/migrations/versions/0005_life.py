"""What a clerk wrote with a status, and which row of the outbox has to leave before another."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two columns; what is there already has neither words nor an order."""
    for table, column in (("status", "words"), ("outbox", "behind")):
        op.add_column(table, sa.Column(column, sa.Text, nullable=False, server_default=""))
