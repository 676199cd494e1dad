"""The address of a database, as users write it and as drivers take it. Enter at `database_address`."""

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from advisor.contracts.errors import BadInput

DEFAULT_URL = "sqlite+aiosqlite:///runs/advisor.db"
DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}


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
