"""The tables of documents; those that stand already, made without migrations, are taken over as they are."""

import sqlalchemy as sa
from advanced_alchemy.types import GUID, DateTimeUTC
from alembic import op

revision = "0001"
down_revision = None
TABLES = ("cases", "assessments", "measurements", "calibrations")


def upgrade() -> None:
    """Create what is missing."""
    present = set(sa.inspect(op.get_bind()).get_table_names())
    for name in TABLES:
        if name in present:
            continue
        op.create_table(
            name,
            sa.Column("id", GUID(length=16), nullable=False),
            sa.Column("created_at", DateTimeUTC(timezone=True), nullable=False),
            sa.Column("summary", sa.Text(), nullable=False),
            sa.Column("document", sa.Text(), nullable=False),
            sa.Column("sa_orm_sentinel", sa.Integer(), nullable=True),
            sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        )
        op.create_index(f"ix_{name}_created_at", name, ["created_at"])
