"""The service's store: SQLite by default, PostgreSQL by `DATABASE_URL`, same code. Enter at `Store`."""

from advisor.store.address import DEFAULT_URL, database_address
from advisor.store.documents import Change, Entry, Kept, Listing, Store
from advisor.store.errors import Conflict, KeyReused, NotStored, StoreUnavailable
from advisor.store.origin import LOCAL, Origin, now
from advisor.store.tables import Kind

__all__ = [
    "DEFAULT_URL",
    "LOCAL",
    "Change",
    "Conflict",
    "Entry",
    "Kept",
    "KeyReused",
    "Kind",
    "Listing",
    "NotStored",
    "Origin",
    "Store",
    "StoreUnavailable",
    "database_address",
    "now",
]
