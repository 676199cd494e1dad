"""The store accepts the usual database addresses and says what is wrong with others."""

import asyncio

import pytest

from advisor.contracts.errors import BadInput
from advisor.store import Store, StoreUnavailable, database_address


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("sqlite:///runs/a.db", "sqlite+aiosqlite:///runs/a.db"),
        ("sqlite+aiosqlite:////data/a.db", "sqlite+aiosqlite:////data/a.db"),
        ("postgresql://u:p@h:5433/d", "postgresql+asyncpg://u:p@h:5433/d"),
        ("postgres://u@h/d", "postgresql+asyncpg://u@h/d"),
        ("postgresql://u@h/d?sslmode=require", "postgresql+asyncpg://u@h/d?ssl=require"),
        ("postgresql://u@/d?host=/run/pg", "postgresql+asyncpg://u@/d?host=%2Frun%2Fpg"),
    ],
)
def test_plain_addresses_get_the_driver_in_use(given, used):
    assert database_address(given).render_as_string(hide_password=False) == used


@pytest.mark.parametrize("given", ["mysql://u:geheim@h/d", "oracle://x:geheim@y", "not an address", "://geheim@"])
def test_other_addresses_are_refused_without_their_password(given):
    with pytest.raises(BadInput, match="DATABASE_URL") as refused:
        database_address(given)
    assert "geheim" not in str(refused.value)


def test_a_database_that_does_not_answer_is_named_without_its_password():
    store = Store("postgresql://user:geheim@127.0.0.1:1/none")
    with pytest.raises(StoreUnavailable) as down:
        asyncio.run(store.open())
    assert "postgresql+asyncpg://user:***@127.0.0.1:1/none" in str(down.value)
    assert "geheim" not in str(down.value)


def test_a_sqlite_file_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    store = Store(f"sqlite:///{tmp_path}/file/store.db")
    with pytest.raises(StoreUnavailable, match=r"store\.db does not answer"):
        asyncio.run(store.open())
