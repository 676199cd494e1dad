"""The address of a database, as users write it and as drivers take it.

Enter at `database_address`, and at `url_of_environment` for where it is stated.
"""

import os
from pathlib import Path

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


def url_of_environment() -> str | None:
    """`DATABASE_URL`, with the password from the file that `DATABASE_PASSWORD_FILE` names; None: not stated.

    Raises:
        BadInput: the file cannot be read or is empty, or there is no address that it could belong to.
    """
    given, file = os.environ.get("DATABASE_URL") or None, os.environ.get("DATABASE_PASSWORD_FILE")
    if not file:
        return given
    if given is None:
        raise BadInput("DATABASE_PASSWORD_FILE is set, DATABASE_URL is not: it says which database the password is of")
    url = database_address(given)
    if url.password is not None:
        raise BadInput("DATABASE_URL holds a password, and so does DATABASE_PASSWORD_FILE; give it in one place")
    try:
        password = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"DATABASE_PASSWORD_FILE {file}: cannot be read: {error}") from error
    if not password:
        raise BadInput(f"DATABASE_PASSWORD_FILE {file}: is empty; it holds the password alone")
    return url.set(password=password).render_as_string(hide_password=False)


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
