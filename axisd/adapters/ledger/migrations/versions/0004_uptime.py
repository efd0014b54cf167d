"""When the axis served, and two indexes by which reports find what they count."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_WHOLE = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_OF_THE_AXIS = "event IN ('DirectoryChange', 'InterconnectionCheck')"
_TURNS_AWAY = (
    "event IN ('SubmissionAcceptance', 'ReceivedFromNonERDS')"
    """ AND instr(content, '"outcome":"refused"') > 0"""
)


def upgrade() -> None:
    """A table of uptimes; entries of the axis by time; acceptances that turned recipients away."""
    op.create_table(
        "uptime",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("began_at", _WHOLE, nullable=False),
        sa.Column("seen_at", _WHOLE, nullable=False),
        sa.Column("ended", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("uptime_key")),
        sa.CheckConstraint(
            "ended IN ('open', 'stopped', 'interrupted')", name=op.f("uptime_ended_known")
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("uptime_by_seen_at"), "uptime", ["seen_at"])
    op.create_index(
        "entry_of_the_axis",
        "entry",
        ["at"],
        sqlite_where=sa.text(_OF_THE_AXIS),
        postgresql_where=sa.text(_OF_THE_AXIS),
    )
    op.create_index(
        "entry_that_turns_away",
        "entry",
        ["submission_id"],
        sqlite_where=sa.text(_TURNS_AWAY),
        postgresql_where=sa.text(_TURNS_AWAY.replace("instr", "strpos")),
    )
