"""What lies in the mailboxes of agencies behind doors, and by what it is found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_WHOLE = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_FILL = """
INSERT INTO mailbox
  (id, inbox, kind, lane, number, created_at, state, marked_at, fetched_at, cause)
SELECT delivery.id, delivery.inbox, submission.kind, delivery.lane,
  (SELECT min(entry.position) FROM entry
   WHERE entry.submission_id = delivery.submission_id
   AND entry.event IN ('SubmissionAcceptance', 'ReceivedFromNonERDS')),
  delivery.created_at,
  CASE WHEN delivery.state IN ('withdrawn', 'recalled', 'expired') THEN 'withdrawn' ELSE 'initial' END,
  delivery.created_at, NULL, ''
FROM delivery JOIN submission ON submission.id = delivery.submission_id
WHERE delivery.route = 'mailbox'
"""


def upgrade() -> None:
    """A table, and an item in it for every delivery that was placed in a mailbox: no door was open yet, so
    nobody has fetched any."""
    op.create_table(
        "mailbox",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("inbox", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("lane", sa.Text, nullable=False),
        sa.Column("number", _WHOLE, nullable=False),
        sa.Column("created_at", _WHOLE, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("marked_at", _WHOLE, nullable=False),
        sa.Column("fetched_at", _WHOLE),
        sa.Column("cause", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("mailbox_key")),
        sa.CheckConstraint(
            "state IN ('initial', 'processing', 'fail', 'done', 'withdrawn')",
            name=op.f("mailbox_state_known"),
        ),
        sa.ForeignKeyConstraint(["id"], ["delivery.id"], name=op.f("mailbox_id_of_delivery")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    _index(
        "mailbox_waiting",
        "mailbox",
        ["inbox", "kind", "lane", "state", "id", "created_at"],
        "state IN ('initial', 'processing', 'fail')",
    )
    _index("delivery_in_a_mailbox", "delivery", ["id"], "route = 'mailbox' AND state = 'sent'")
    _index(
        "submission_at_a_door",
        "submission",
        ["sender", "id"],
        "door IN ('vxp', 'edoc') AND state = 'accepted'",
    )
    op.execute(_FILL)


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
