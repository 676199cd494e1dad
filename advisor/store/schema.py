"""The schema of a database and how it gets there. Enter at `migrate`.

Migrations live in `advisor/migrations/versions`. A server of the version before works on while the next one starts,
so a release only adds (tables, indices, columns that are nullable or have a default in the database). What has become
useless is taken away in two steps: one release stops to use it, a later one removes it, in a migration that states
`unused_since = "0.2.0"`, the first release that uses it no more. `tests/integration/test_migrations_add.py` walks
every migration with a program of the version before at work. A database that is newer than the program is left as it
is.
"""

from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from advisor.store.tables import DocumentBase

FOLDER = Path(__file__).resolve().parents[1] / "migrations"


@dataclass(frozen=True)
class SchemaState:
    """How far a database is."""

    current: str | None
    """Its last migration; None: it has none yet."""
    newest: str
    """The last migration of this program."""

    @property
    def is_behind(self) -> bool:
        """True where migrations are waiting."""
        return self.current is None or self.current < self.newest


def migrate(connection: Connection) -> SchemaState:
    """Apply the waiting migrations in the transaction of the connection; what was before them comes back."""
    state = state_of(connection)
    if state.is_behind:
        command.upgrade(_config(connection), "head")
    return state


def state_of(connection: Connection) -> SchemaState:
    """How far the database is, and how far it could be."""
    newest = ScriptDirectory.from_config(_config(connection)).get_current_head()
    return SchemaState(MigrationContext.configure(connection).get_current_revision(), str(newest))


def differences(connection: Connection) -> list[str]:
    """Where the database differs from the tables that the program knows; empty when all is well."""
    # SQLite keeps no types to compare: it reads BINARY(16) back as a number.
    context = MigrationContext.configure(connection, opts={"compare_type": connection.dialect.name != "sqlite"})
    return [str(row) for row in compare_metadata(context, DocumentBase.metadata)]


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
