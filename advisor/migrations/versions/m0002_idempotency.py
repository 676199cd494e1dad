"""Idempotency keys."""

import sqlalchemy as sa
from advanced_alchemy.types import GUID, DateTimeUTC
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """A row for each key, by its hash."""
    op.create_table(
        "idempotency_keys",
        sa.Column("scope_sha256", sa.String(64), nullable=False),
        sa.Column("body_sha256", sa.String(64), nullable=False),
        sa.Column("created_at", DateTimeUTC(timezone=True), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("document_id", GUID(length=16), nullable=False),
        sa.PrimaryKeyConstraint("scope_sha256", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])
