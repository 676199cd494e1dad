"""The audit trail; documents from before it are its first entries, under the action `adopt`."""

import sqlalchemy as sa
from advanced_alchemy.types import GUID, DateTimeUTC
from alembic import op

from advisor.store.chain import Event, Link, instant, link
from advisor.store.origin import LOCAL, hash_of

revision = "0003"
down_revision = "0002"
KINDS = {"case": "cases", "assessment": "assessments", "measurement": "measurements", "calibration": "calibrations"}
BATCH = 200


def upgrade() -> None:
    """A table of entries, begun with what is stored already."""
    table = op.create_table(
        "audit_trail",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("tenant", sa.String(200), nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("document_id", GUID(length=16), nullable=False),
        sa.Column("document_sha256", sa.String(64), nullable=False),
        sa.Column("request_id", sa.String(128), nullable=False),
        sa.Column("previous_sha256", sa.String(64), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_audit_trail"),
        sa.UniqueConstraint("previous_sha256", name="uq_audit_trail_previous_sha256"),
    )
    op.create_index("ix_audit_trail_document_id", "audit_trail", ["document_id"])
    op.create_index("ix_audit_trail_tenant_sequence", "audit_trail", ["tenant", "sequence"])
    last: Link | None = None
    for kind, name in KINDS.items():
        last = _adopt(table, kind, name, last)


def _adopt(table: sa.Table, kind: str, name: str, last: Link | None) -> Link | None:
    connection = op.get_bind()
    source = sa.table(
        name,
        sa.column("id", GUID(length=16)),
        sa.column("created_at", DateTimeUTC(timezone=True)),
        sa.column("document", sa.Text()),
    )
    identities = connection.execute(sa.select(source.c.id).order_by(source.c.created_at, source.c.id)).scalars().all()
    for start in range(0, len(identities), BATCH):
        part = identities[start : start + BATCH]
        rows = connection.execute(
            sa.select(source).where(source.c.id.in_(part)).order_by(source.c.created_at, source.c.id)
        )
        entries = []
        for identity, created_at, document in rows.all():
            event = Event(
                at=instant(created_at),
                tenant=LOCAL,
                actor="migration",
                action="adopt",
                kind=kind,
                document_id=identity,
                document_sha256=hash_of(document),
                request_id="migration-0003",
            )
            last = link(event, last)
            chain = {"previous_sha256": last.previous_sha256, "sha256": last.sha256}
            entries.append({"sequence": last.sequence, **vars(event), **chain})
        connection.execute(sa.insert(table), entries)
    return last
