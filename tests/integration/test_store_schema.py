"""The schema grows by migrations on both databases, and what stood before them is taken over without loss."""

import asyncio
import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import text

from advisor.cli import main
from advisor.store import Store
from advisor.store.audit import verify
from advisor.store.schema import differences, state_of

pytest_plugins = ["api_databases"]
IDENTITY = UUID("018f0000-0000-7000-8000-000000000001")
TYPES = {"sqlite": ("BINARY(16)", "DATETIME"), "postgresql": ("UUID", "TIMESTAMP WITH TIME ZONE")}
BEFORE = """
CREATE TABLE {name} (
    id {uuid} NOT NULL, created_at {time} NOT NULL, summary TEXT NOT NULL, document TEXT NOT NULL,
    sa_orm_sentinel INTEGER, CONSTRAINT pk_{name} PRIMARY KEY (id)
)
"""
"""The tables as version 0.1.0 made them, without migrations."""


@pytest.fixture
def blank_url(database_url):
    """A database without any table."""
    asyncio.run(changed(database_url, _drop_everything))
    yield database_url
    asyncio.run(changed(database_url, _drop_everything))


async def changed(url, *steps):
    store = Store(url)
    try:
        async with store._reported():
            if not store.is_postgresql:
                await store.open()
            async with store._engine().begin() as connection:
                for step in steps:
                    await step(connection)
    finally:
        await store.close()


async def _drop_everything(connection):
    if connection.dialect.name == "postgresql":
        await connection.execute(text("DROP SCHEMA public CASCADE"))
        await connection.execute(text("CREATE SCHEMA public"))
        return
    names = (await connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))).scalars().all()
    for name in names:
        await connection.execute(text(f"DROP TABLE {name}"))


def old_tables(*names):
    async def create(connection):
        uuid, time = TYPES[connection.dialect.name]
        for name in names:
            await connection.execute(text(BEFORE.format(name=name, uuid=uuid, time=time)))
            await connection.execute(text(f"CREATE INDEX ix_{name}_created_at ON {name} (created_at)"))
        await connection.execute(
            text("INSERT INTO cases (id, created_at, summary, document) VALUES (:id, :at, '{}', :document)"),
            {
                "id": IDENTITY if connection.dialect.name == "postgresql" else IDENTITY.bytes,
                "at": datetime(2026, 5, 1, tzinfo=UTC),
                "document": '{"name": "kept"}',
            },
        )

    return create


async def looked(url, *looks):
    store = Store(url)
    try:
        await store.open()
        return [await store.inspect(look) for look in looks]
    finally:
        await store.close()


async def read(url):
    store = Store(url)
    try:
        await store.open()
        return await store.document("case", IDENTITY, tenant="local"), (
            await store.listing("case", limit=5, offset=0, tenant="local")
        ).total
    finally:
        await store.close()


async def walked(url):
    store = Store(url)
    try:
        return await verify(store)
    finally:
        await store.close()


def test_a_new_database_is_what_the_program_expects(blank_url):
    state, found = asyncio.run(looked(blank_url, state_of, differences))
    assert not state.is_behind and found == []


@pytest.mark.parametrize(
    "names", [("cases", "assessments", "measurements"), ("cases", "assessments", "measurements", "calibrations")]
)
def test_a_database_from_before_the_migrations_is_taken_over_with_its_documents(blank_url, names):
    asyncio.run(changed(blank_url, _drop_everything, old_tables(*names)))
    assert asyncio.run(read(blank_url)) == ('{"name": "kept"}', 1)
    state, found = asyncio.run(looked(blank_url, state_of, differences))
    assert not state.is_behind and found == []
    trail = asyncio.run(walked(blank_url))
    assert (trail.entries, trail.first_break) == (1, None)


def test_servers_that_start_together_migrate_once(blank_url):
    async def together():
        stores = [Store(blank_url) for _ in range(5)]
        try:
            return [state.current for state in await asyncio.gather(*(store.open() for store in stores))]
        finally:
            for store in stores:
                await store.close()

    before = asyncio.run(together())
    assert before.count(None) == 1


def test_a_database_that_is_newer_than_the_program_is_left_as_it_is(blank_url):
    asyncio.run(looked(blank_url, state_of))

    async def newer(connection):
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    asyncio.run(changed(blank_url, newer))
    (state,) = asyncio.run(looked(blank_url, state_of))
    assert state.current == "9999" and not state.is_behind


def test_db_upgrade_and_status_say_what_they_found(blank_url, capsys):
    given = ["--database-url", blank_url, "--format", "json"]
    assert main(["db", "status", *given]) == 1
    assert json.loads(capsys.readouterr().out)["current"] is None
    assert main(["db", "upgrade", *given]) == 0
    newest = json.loads(capsys.readouterr().out)["newest"]
    assert main(["db", "status", *given]) == 0
    assert json.loads(capsys.readouterr().out)["current"] == newest
    assert main(["db", "upgrade", "--database-url", blank_url]) == 0
    assert "nothing to do" in capsys.readouterr().out


def test_a_migration_that_breaks_leaves_nothing_behind(blank_url, monkeypatch):
    from advisor.store import schema

    def broken(connection):
        before = schema.migrate(connection)
        connection.execute(text("SELECT 1 FROM nowhere"))
        return before

    monkeypatch.setattr("advisor.store.database.migrate", broken)
    with pytest.raises(Exception, match="nowhere"):
        asyncio.run(looked(blank_url))
    monkeypatch.undo()

    async def state():
        store = Store(blank_url)
        try:
            return await store.inspect(state_of)
        finally:
            await store.close()

    assert asyncio.run(state()).current is None
