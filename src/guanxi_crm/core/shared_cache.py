"""What all processes of one server must agree on: how often somebody has tried, and who is still signed in.

A cache for Django in a small SQLite file of its own, beside the database and never in its way. Each call is one
statement and thereby one transaction, so that `SharedCache.add` and `SharedCache.incr` are exact however many processes
ask; a few tens of microseconds each. Values are JSON: nothing that is read from the file can run.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from filelock import FileLock

__all__ = ["SharedCache"]

_BUSY_SECONDS = 10.0
_WRITES_BETWEEN_SWEEPS = 500
_TABLE = "CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, value TEXT NOT NULL, until REAL) WITHOUT ROWID"
_UPSERT = (
    "INSERT INTO kept VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value, until = excluded.until"
)
_IS_THERE = "key = ? AND (until IS NULL OR until > ?)"


class SharedCache(BaseCache):
    """Django's cache in a file. ``LOCATION`` is its path; what is over is removed every few hundred writes.

    Django makes one for each thread. It survives a restart of the server, and so do limits. A file that is damaged is
    begun anew.
    """

    def __init__(self, location: str | Path, params: Mapping[str, Any]) -> None:
        super().__init__(dict(params))
        self._path = Path(location)
        self._connection: sqlite3.Connection | None = None
        self._inherited: sqlite3.Connection | None = None
        self._process = 0
        self._file = 0
        self._writes = 0

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        query = f"SELECT value FROM kept WHERE {_IS_THERE}"
        rows = self._ask(query, self.make_key(key, version=version), time.time()).fetchall()
        return json.loads(rows[0][0]) if rows else default

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._ask(_UPSERT, *self._row(key, value, timeout, version))
        self._sweep()

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        row = self._row(key, value, timeout, version)
        is_new = self._ask(f"{_UPSERT} WHERE kept.until <= ?", *row, time.time()).rowcount == 1
        self._sweep()
        return is_new

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        query = f"UPDATE kept SET value = CAST(value AS INTEGER) + ? WHERE {_IS_THERE} RETURNING value"
        rows = self._ask(query, delta, self.make_key(key, version=version), time.time()).fetchall()
        if not rows:
            raise ValueError(key)
        return int(rows[0][0])

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        until = self.get_backend_timeout(timeout)
        query = f"UPDATE kept SET until = ? WHERE {_IS_THERE}"
        return self._ask(query, until, self.make_key(key, version=version), time.time()).rowcount == 1

    def delete(self, key: str, version: int | None = None) -> bool:
        return self._ask("DELETE FROM kept WHERE key = ?", self.make_key(key, version=version)).rowcount == 1

    def clear(self) -> None:
        self._ask("DELETE FROM kept")

    def _row(self, key: str, value: Any, timeout: Any, version: int | None) -> tuple[str, str, float | None]:
        return self.make_key(key, version=version), json.dumps(value), self.get_backend_timeout(timeout)

    def _sweep(self) -> None:
        self._writes += 1
        if self._writes % _WRITES_BETWEEN_SWEEPS == 0:
            self._ask("DELETE FROM kept WHERE until <= ?", time.time())

    def _ask(self, statement: str, *values: object) -> sqlite3.Cursor:
        # A connection must not cross a fork, and must not be closed by the child either.
        if self._connection is None or self._process != os.getpid():
            self._inherited = self._connection
            self._connection, self._process = self._connect(), os.getpid()
        elif self._file != _file_at(self._path):
            # Another process has begun it anew: what is written into the old one nobody else reads.
            self._connection.close()
            self._connection = self._connect()
        try:
            return self._connection.execute(statement, values)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            self._connection.close()
            self._connection = self._connect()
            return self._connection.execute(statement, values)

    def _connect(self) -> sqlite3.Connection:
        """A connection to the file, which is made where there is none, and made anew where it is damaged."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # One after the other: two that turn a new file into one with a log at the same moment find it locked.
        with FileLock(self._path.with_suffix(".lock")):
            try:
                return self._opened()
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                # What was counted is lost; a server that refuses everybody would be worse.
                for ending in ("", "-wal", "-shm"):
                    self._path.with_name(self._path.name + ending).unlink(missing_ok=True)
                return self._opened()

    def _opened(self) -> sqlite3.Connection:
        self._path.touch(mode=0o600)
        connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute(_TABLE)
            if (said := connection.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                raise sqlite3.DatabaseError(said)
        except BaseException:
            connection.close()
            raise
        self._file = _file_at(self._path)
        return connection

    def __del__(self) -> None:
        connection = getattr(self, "_connection", None)
        if connection is not None and self._process == os.getpid():
            connection.close()


def _file_at(path: Path) -> int:
    """Which file stands at a path now; 0 where none does."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0
