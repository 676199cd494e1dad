"""What alembic runs around the migrations. Enter at `advisor.store.schema.migrate`, which hands its connection over.

The caller holds the transaction and the lock: every migration of one start happens, or none.
"""

from alembic import context

from advisor.store.tables import DocumentBase

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=DocumentBase.metadata,
)
with context.begin_transaction():
    context.run_migrations()
