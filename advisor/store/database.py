"""One database: connections, transactions, and its failures in words. Enter at `Database`."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from advanced_alchemy.config import AsyncSessionConfig, EngineConfig, SQLAlchemyAsyncConfig
from advanced_alchemy.exceptions import RepositoryError
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from advisor.store.address import DEFAULT_URL, database_address
from advisor.store.errors import StoreUnavailable
from advisor.store.schema import SchemaState, migrate

T = TypeVar("T")
SCHEMA_LOCK = 7_117_031
"""Any number that only we use: servers that start together migrate one after another."""
WRITE_LOCK = 7_117_032
"""Writers of one database go one after another, as SQLite has it anyway."""
SQLITE_PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=15000", "foreign_keys=ON")


class Database:
    """Connections to SQLite or PostgreSQL."""

    def __init__(self, database_url: str | None = None) -> None:
        self.url = database_address(database_url or DEFAULT_URL)
        self._config = SQLAlchemyAsyncConfig(
            connection_string=self.url.render_as_string(hide_password=False),
            session_config=AsyncSessionConfig(expire_on_commit=False),
            engine_config=EngineConfig(pool_pre_ping=self.is_postgresql),
        )

    @property
    def address(self) -> str:
        """The database's address without its password, for messages."""
        return self.url.render_as_string(hide_password=True)

    @property
    def is_postgresql(self) -> bool:
        """True on PostgreSQL, False on SQLite."""
        return self.url.get_backend_name() == "postgresql"

    async def open(self) -> SchemaState:
        """Create what is missing: the folder of a SQLite file, then the tables; says how far the schema was before.

        Raises:
            StoreUnavailable: the database does not answer, or the file cannot be written.
        """
        async with self._reported():
            self.make_folder()
        return await self.change(migrate)

    def make_folder(self) -> None:
        """The folder of a SQLite file."""
        if not self.is_postgresql and self.url.database not in (None, "", ":memory:"):
            Path(str(self.url.database)).parent.mkdir(parents=True, exist_ok=True)

    async def change(self, work: Callable[[Connection], T]) -> T:
        """Work on the tables themselves while nobody else does, in one transaction."""
        async with self._reported(), self._engine().begin() as connection:
            await connection.execute(self._lock(SCHEMA_LOCK))
            return await connection.run_sync(work)

    async def inspect(self, look: Callable[[Connection], T]) -> T:
        """Look at the schema; nothing is changed."""
        async with self._reported(), self._engine().connect() as connection:
            return await connection.run_sync(look)

    async def close(self) -> None:
        """Give all connections back."""
        await self._config.get_engine().dispose()

    async def check(self) -> None:
        """Ask the database for a sign of life.

        Raises:
            StoreUnavailable: it gives none.
        """
        async with self.sessions() as session:
            await session.execute(text("SELECT 1"))

    @asynccontextmanager
    async def sessions(self) -> AsyncIterator[AsyncSession]:
        """A session of the database, its failures said as `StoreUnavailable`."""
        self._engine()
        async with self._reported(), self._config.get_session() as session:
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """A session in which nobody else writes, committed at its end: what it reads stays true until then."""
        async with self.sessions() as session:
            await session.execute(self._lock(WRITE_LOCK))
            yield session
            await session.commit()

    def _lock(self, number: int) -> Any:
        """The statement that begins a transaction which others have to wait for."""
        if self.is_postgresql:
            return text("SELECT pg_advisory_xact_lock(:key)").bindparams(key=number)
        return text("BEGIN IMMEDIATE")

    def _engine(self) -> AsyncEngine:
        engine = self._config.get_engine()
        if not self.is_postgresql and not event.contains(engine.sync_engine, "connect", _set_pragmas):
            event.listen(engine.sync_engine, "connect", _set_pragmas)
        return engine

    @asynccontextmanager
    async def _reported(self) -> AsyncIterator[None]:
        """Say every failure of the database as one error that names its address."""
        try:
            yield
        except (RepositoryError, SQLAlchemyError, OSError) as error:
            cause = error.__cause__ or error
            reason = " ".join(str(getattr(cause, "orig", cause)).split())
            raise StoreUnavailable(f"the store {self.address} does not answer: {reason}") from error


def _set_pragmas(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in SQLITE_PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
