"""Where the service keeps its documents: SQLite by default, PostgreSQL by `DATABASE_URL`, same code.

Enter at `Store`. A document is stored as the JSON text it was given out as, so the same bytes come back (a JSON
column would rewrite numbers and key order, and PostgreSQL's refuses NUL in strings). Documents never change.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from advanced_alchemy.base import UUIDv7Base
from advanced_alchemy.config import AsyncSessionConfig, EngineConfig, SQLAlchemyAsyncConfig
from advanced_alchemy.exceptions import RepositoryError
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from advanced_alchemy.types import DateTimeUTC
from sqlalchemy import URL, Text, event, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import Mapped, load_only, mapped_column

from advisor.contracts.errors import BadInput, Failed

DEFAULT_URL = "sqlite+aiosqlite:///runs/advisor.db"
DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}
SCHEMA_LOCK = 7_117_031
"""Any number that only we use: servers that start together create the tables one after another."""
SQLITE_PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000", "foreign_keys=ON")

Kind = Literal["case", "assessment", "measurement", "calibration"]


class StoreUnavailable(Failed):
    """The database does not answer, or refuses."""


class NotStored(BadInput):
    """No document of this kind has the id."""


class DocumentBase(UUIDv7Base):
    """Columns of every stored document."""

    __abstract__ = True

    created_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True), index=True)
    summary: Mapped[str] = mapped_column(Text)
    document: Mapped[str] = mapped_column(Text)


class CaseRecord(DocumentBase):
    """A stored case."""

    __tablename__ = "cases"


class AssessmentRecord(DocumentBase):
    """A stored assessment."""

    __tablename__ = "assessments"


class MeasurementRecord(DocumentBase):
    """A stored report of any kind."""

    __tablename__ = "measurements"


class CalibrationRecord(DocumentBase):
    """A stored version of a calibration."""

    __tablename__ = "calibrations"


class CaseRepository(SQLAlchemyAsyncRepository[CaseRecord]):
    """Access to the cases."""

    model_type = CaseRecord


class AssessmentRepository(SQLAlchemyAsyncRepository[AssessmentRecord]):
    """Access to the assessments."""

    model_type = AssessmentRecord


class MeasurementRepository(SQLAlchemyAsyncRepository[MeasurementRecord]):
    """Access to the measurements."""

    model_type = MeasurementRecord


class CalibrationRepository(SQLAlchemyAsyncRepository[CalibrationRecord]):
    """Access to the calibrations."""

    model_type = CalibrationRecord


REPOSITORIES: dict[Kind, type[SQLAlchemyAsyncRepository[Any]]] = {
    "case": CaseRepository,
    "assessment": AssessmentRepository,
    "measurement": MeasurementRepository,
    "calibration": CalibrationRepository,
}


@dataclass(frozen=True)
class Entry:
    """One document on its way into the store."""

    id: UUID
    created_at: datetime
    summary: str
    """JSON."""
    document: str
    """JSON."""


@dataclass(frozen=True)
class Listing:
    """Part of a list, newest first."""

    summaries: Sequence[str]
    total: int


class Store:
    """All documents of one database."""

    def __init__(self, database_url: str | None = None) -> None:
        self.url = database_address(database_url or DEFAULT_URL)
        self._config = SQLAlchemyAsyncConfig(
            connection_string=self.url.render_as_string(hide_password=False),
            session_config=AsyncSessionConfig(expire_on_commit=False),
            engine_config=EngineConfig(pool_pre_ping=self.url.get_backend_name() == "postgresql"),
        )

    @property
    def address(self) -> str:
        """The database's address without its password, for messages."""
        return self.url.render_as_string(hide_password=True)

    async def open(self) -> None:
        """Create what is missing: the folder of a SQLite file, then the tables.

        Raises:
            StoreUnavailable: the database does not answer, or the file cannot be written.
        """
        async with self._reported():
            if self.url.get_backend_name() == "sqlite" and self.url.database not in (None, "", ":memory:"):
                Path(str(self.url.database)).parent.mkdir(parents=True, exist_ok=True)
            engine = self._engine()
            async with engine.begin() as connection:
                if self.url.get_backend_name() == "postgresql":
                    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": SCHEMA_LOCK})
                tables = [repository.model_type.__table__ for repository in REPOSITORIES.values()]
                await connection.run_sync(DocumentBase.metadata.create_all, tables=tables)

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

    async def add(self, kind: Kind, entry: Entry) -> None:
        """Store one document."""
        async with self.sessions() as session:
            repository = REPOSITORIES[kind](session=session)
            row = repository.model_type(
                id=entry.id, created_at=entry.created_at, summary=entry.summary, document=entry.document
            )
            await repository.add(row, auto_commit=True)

    async def document(self, kind: Kind, identity: UUID) -> str:
        """The JSON text of one document.

        Raises:
            NotStored: there is none under this id.
        """
        async with self.sessions() as session:
            row = await REPOSITORIES[kind](session=session).get_one_or_none(id=identity)
        if row is None:
            raise NotStored(f"no {kind} {str(identity)!r}; GET /v1/{kind}s lists what there is")
        return str(row.document)

    async def summary(self, kind: Kind, identity: UUID) -> str | None:
        """The summary of one document as JSON; None where there is none under this id."""
        async with self.sessions() as session:
            row = await REPOSITORIES[kind](session=session).get_one_or_none(id=identity)
        return None if row is None else str(row.summary)

    async def listing(self, kind: Kind, *, limit: int, offset: int) -> Listing:
        """Summaries, newest first, and how many there are in all."""
        async with self.sessions() as session:
            repository = REPOSITORIES[kind](session=session)
            model = repository.model_type
            # Counted on its own: the repository's joint query knows no total beyond the last row.
            total = await repository.count()
            newest = repository.statement.order_by(model.created_at.desc(), model.id.desc()).limit(limit).offset(offset)
            rows = await repository.get_many(statement=newest, load=[load_only(model.summary)])
        return Listing([row.summary for row in rows], total)

    def _engine(self) -> AsyncEngine:
        engine = self._config.get_engine()
        if self.url.get_backend_name() == "sqlite" and not event.contains(engine.sync_engine, "connect", _set_pragmas):
            event.listen(engine.sync_engine, "connect", _set_pragmas)
        return engine

    @asynccontextmanager
    async def sessions(self) -> AsyncIterator[AsyncSession]:
        """A session of the database, its failures said as `StoreUnavailable`."""
        self._engine()
        async with self._reported(), self._config.get_session() as session:
            yield session

    @asynccontextmanager
    async def _reported(self) -> AsyncIterator[None]:
        """Say every failure of the database as one error that names its address."""
        try:
            yield
        except (RepositoryError, SQLAlchemyError, OSError) as error:
            cause = error.__cause__ or error
            reason = " ".join(str(getattr(cause, "orig", cause)).split())
            raise StoreUnavailable(f"the store {self.address} does not answer: {reason}") from error


def database_address(given: str) -> URL:
    """The address with the driver that this program uses; plain `sqlite:` and `postgresql:` are accepted.

    Raises:
        BadInput: it is no database address, or of another kind of database.
    """
    try:
        url = make_url(given)
    except (ArgumentError, ValueError):
        raise BadInput(
            "DATABASE_URL: not a database address; write sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"
        ) from None
    if url.drivername not in DRIVERS:
        raise BadInput(f"DATABASE_URL: unknown kind {url.drivername!r}; known: {', '.join(sorted(DRIVERS))}")
    url = url.set(drivername=DRIVERS[url.drivername])
    if "sslmode" in url.query:  # libpq's name; asyncpg takes the same values under another
        mode = url.query["sslmode"]
        url = url.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})
    return url


def now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)


def _set_pragmas(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in SQLITE_PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
