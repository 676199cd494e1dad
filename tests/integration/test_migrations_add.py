"""The rule of zero downtime: while the new version starts, programs of the version before go on reading and writing.

Every migration is walked with rows in the tables, and then written to as the program before it does; what takes away
comes a release after the last program that used it.
"""

import ast
import asyncio
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from packaging.version import Version
from sqlalchemy.ext.asyncio import create_async_engine

from advisor.store import database_address
from advisor.store.schema import FOLDER, _config

pytest_plugins = ["api_databases"]
ROOT = Path(__file__).resolve().parents[2]
RELEASE = Version(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
ADDING = {"create_table", "create_index", "add_column", "bulk_insert", "get_bind", "f"}
AT = datetime(2026, 5, 1, tzinfo=UTC)


def takes_away(source):
    """Operations of a migration that may break the program before it."""
    calls = [node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    operations = {
        func.attr
        for func in calls
        if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id == "op"
    }
    return operations - ADDING


def unused_since(source):
    """The release that a migration says has no use any more for what it takes away."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and [getattr(target, "id", "") for target in node.targets] == ["unused_since"]:
            return Version(ast.literal_eval(node.value))
    return None


def breaks_the_rule(source, release):
    """Why a migration may not be in this release; empty where it may."""
    gone = takes_away(source)
    if not gone:
        return ""
    since = unused_since(source)
    if since is None:
        return f"{sorted(gone)}: say unused_since = the first release that uses it no more"
    return "" if since < release else f"{sorted(gone)}: {since} is this release; take it away in the next one"


@pytest.mark.parametrize("path", sorted((FOLDER / "versions").glob("m*.py")), ids=lambda path: path.stem)
def test_a_migration_adds_or_takes_away_what_no_released_program_uses(path):
    assert breaks_the_rule(path.read_text(encoding="utf-8"), RELEASE) == ""


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("op.add_column('cases', column)", ""),
        ("op.drop_column('cases', 'old')", "say unused_since"),
        ("op.execute('DROP TABLE cases')", "say unused_since"),
        ("op.alter_column('cases', 'old', nullable=False)", "say unused_since"),
        ("unused_since = '0.3.0'\nop.drop_column('cases', 'old')", "take it away in the next one"),
        ("unused_since = '0.2.0'\nop.drop_column('cases', 'old')", ""),
    ],
)
def test_the_rule_tells_expanding_from_contracting(source, words):
    found = breaks_the_rule(source, Version("0.3.0"))
    assert words in found and bool(words) is bool(found)


def revisions(connection):
    scripts = ScriptDirectory.from_config(_config(connection))
    return [script.revision for script in reversed(list(scripts.walk_revisions()))]


def reflected(connection):
    """The tables as they are, those that others refer to first."""
    metadata = sa.MetaData()
    sa.event.listen(metadata, "column_reflect", _mend_ids)
    metadata.reflect(connection)
    return [table for table in metadata.sorted_tables if table.name != "alembic_version"]


def _mend_ids(_inspector, _table, column):
    """SQLite reads BINARY(16) back as a number."""
    if isinstance(column["type"], sa.NUMERIC) and column["type"].precision == 16:
        column["type"] = sa.BINARY(16)


def value_for(column, number):
    """Something that a program could have written, another one for each number."""
    kind = column.type
    if isinstance(kind, sa.BINARY | sa.LargeBinary):
        return UUID(int=number).bytes
    if isinstance(kind, sa.Uuid):
        return UUID(int=number)
    if isinstance(kind, sa.Boolean):
        return True
    if isinstance(kind, sa.DateTime):
        return AT if getattr(kind, "timezone", False) else AT.replace(tzinfo=None)
    if isinstance(kind, sa.Integer):
        return number
    assert isinstance(kind, sa.String), f"no example for {kind!r}"
    return f"value {number}"


def write(connection, tables, number):
    """A row in each table with the columns that the program knows, and only these."""
    for table in tables:
        connection.execute(sa.insert(table).values({column.name: value_for(column, number) for column in table.c}))


def read(connection, tables):
    """All rows in the columns that the program knows."""
    return {table.name: sorted(map(repr, connection.execute(sa.select(*table.c)).all())) for table in tables}


def shape(connection, tables):
    """Type and nullability of every known column, as the database has them now."""
    now = {table.name: {column.name: column for column in table.c} for table in reflected(connection)}
    return {
        (table.name, column.name): (
            str(now[table.name][column.name].type.compile(connection.dialect)),
            now[table.name][column.name].nullable,
        )
        for table in tables
        for column in table.c
    }


def walk(connection):
    """Every migration in turn, with a program of the version before at work."""
    walked = []
    for number, revision in enumerate(revisions(connection), 1):
        known = reflected(connection)
        before, shaped = read(connection, known), shape(connection, known)
        command.upgrade(_config(connection), revision)
        assert shape(connection, known) == shaped, f"{revision} changes a column that the program before uses"
        after = read(connection, known)
        assert all(set(before[name]) <= set(after[name]) for name in before), f"{revision} changes rows"
        write(connection, known, 1000 + number)
        write(connection, [table for table in reflected(connection) if table.name not in before], 2000 + number)
        walked.append(revision)
    return walked


def test_at_every_step_the_program_before_reads_its_rows_and_writes_new_ones(database_url):
    async def walked():
        url = database_address(database_url)
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
        engine = create_async_engine(url)
        try:
            async with engine.connect() as connection:
                transaction = await connection.begin()
                if connection.dialect.name == "postgresql":
                    await connection.execute(sa.text("DROP SCHEMA public CASCADE"))
                    await connection.execute(sa.text("CREATE SCHEMA public"))
                found = await connection.run_sync(walk)
                await transaction.rollback()
                return found
        finally:
            await engine.dispose()

    found = asyncio.run(walked())
    assert len(found) == len(list((FOLDER / "versions").glob("m*.py"))) and found == sorted(found)
