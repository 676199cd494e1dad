"""${message}."""

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Add; never rename, narrow or drop, because servers of the version before are still running."""
    ${upgrades if upgrades else "pass"}
