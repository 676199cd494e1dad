"""What is remembered between passages, on disk: fingerprints for duplicates, sizes for the split, how far it got.

Enter at `State`. One SQLite file; a transaction lasts from one finished shard to the next, so after a crash
fingerprints and progress agree with the shards that exist. Memory is bounded by SQLite's cache, whatever the input's
size.
"""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from trainer.corpus.runs import Hashes

CACHE_KIB = 32_768
SCHEMA = """
CREATE TABLE IF NOT EXISTS progress (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS exact (digest BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS near (place INTEGER PRIMARY KEY, runs BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS band (key INTEGER, place INTEGER, PRIMARY KEY (key, place)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS documents (name TEXT PRIMARY KEY, chance REAL NOT NULL, characters INTEGER NOT NULL,
    held INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS documents_by_chance ON documents (chance, name, characters);
CREATE TABLE IF NOT EXISTS held_runs (run INTEGER, place INTEGER, PRIMARY KEY (run, place)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS held_sizes (place INTEGER PRIMARY KEY, size INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS test_runs (run INTEGER PRIMARY KEY) WITHOUT ROWID;
"""


class State:
    """The store of one preparation; `with` closes it, and what was not committed is forgotten."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, isolation_level=None)
        self.execute = self._connection.execute
        self.executemany = self._connection.executemany
        self.execute("PRAGMA journal_mode = WAL")
        self.execute("PRAGMA synchronous = FULL")
        self.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        self._connection.executescript(SCHEMA)
        self.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._connection.close()

    def commit(self) -> None:
        """Make everything since the last commit last."""
        self.execute("COMMIT")
        self.execute("BEGIN")

    def get(self, key: str) -> Any:
        """A value of the progress, or None."""
        row = self.execute("SELECT value FROM progress WHERE key = ?", (key,)).fetchone()
        return json.loads(row[0]) if row is not None else None

    def put(self, key: str, value: Any) -> None:
        """Note a value of the progress; it lasts from the next commit on."""
        self.execute("INSERT OR REPLACE INTO progress VALUES (?, ?)", (key, json.dumps(value)))

    def add_digest(self, digest: bytes) -> bool:
        """Remember a digest; False when it was there already."""
        return self.execute("INSERT OR IGNORE INTO exact VALUES (?)", (digest,)).rowcount == 1

    def add_runs(self, runs: Hashes, bands: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> None:
        """Remember the word runs of a kept passage under its band keys."""
        place = self.execute("INSERT INTO near (runs) VALUES (?)", (runs.tobytes(),)).lastrowid
        self.executemany("INSERT OR IGNORE INTO band VALUES (?, ?)", ((key, place) for key in sorted(bands.tolist())))

    def candidates(self, bands: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> Iterator[Hashes]:
        """The word runs of kept passages that share a band key, earliest first."""
        marks = ",".join("?" * len(bands))
        places = self.execute(
            f"SELECT DISTINCT place FROM band WHERE key IN ({marks}) ORDER BY place",
            bands.tolist(),
        ).fetchall()
        for (place,) in places:
            (runs,) = self.execute("SELECT runs FROM near WHERE place = ?", (place,)).fetchone()
            yield np.frombuffer(runs, np.uint64)

    def add_document(self, name: str, chance: float, characters: int) -> None:
        """Add the kept text of a document to its size."""
        self.execute(
            "INSERT INTO documents (name, chance, characters) VALUES (?, ?, ?) "
            "ON CONFLICT (name) DO UPDATE SET characters = characters + excluded.characters",
            (name, chance, characters),
        )

    def is_held(self, name: str) -> bool:
        """Whether a document is held out as a whole."""
        row = self.execute("SELECT held FROM documents WHERE name = ?", (name,)).fetchone()
        return row is not None and bool(row[0])
