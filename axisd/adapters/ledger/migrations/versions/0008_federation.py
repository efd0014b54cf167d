"""What could not be taken from the national axis; indexes of what went there and of what was refused from there;
reconciliations among what the axis did of its own accord."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_WHOLE = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_RELAYED = "event = 'RelayAcceptance'"
_OF_THE_AXIS = "event IN ('DirectoryChange', 'InterconnectionCheck', 'NationalReconciliation')"
_TURNED_AWAY_NATIONAL = "door = 'national' AND state IN ('refused', 'quarantined')"


def upgrade() -> None:
    """Makes one table and two partial indexes, and one anew."""
    op.create_table(
        "untaken",
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("doc_id", sa.Text, nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("since", _WHOLE, nullable=False),
        sa.Column("tried_at", _WHOLE, nullable=False),
        sa.Column("tries", _WHOLE, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("listed", _WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("kind", "doc_id", name=op.f("untaken_key")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("untaken_by_since"), "untaken", ["since"])
    _index("entry_relayed", "entry", "at", _RELAYED)
    _index(
        "submission_turned_away_from_the_national_axis", "submission", "id", _TURNED_AWAY_NATIONAL
    )
    op.drop_index("entry_of_the_axis", "entry")
    _index("entry_of_the_axis", "entry", "at", _OF_THE_AXIS)


def _index(name: str, table: str, column: str, where: str) -> None:
    op.create_index(
        name, table, [column], sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )
