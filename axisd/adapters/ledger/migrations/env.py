"""Runs the migrations on the connection that `axisd.adapters.ledger.schema` hands in.

The transaction is the caller's: all migrations that are due become visible together, or none does.
"""

from alembic import context

from axisd.adapters.ledger.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
