"""The embedded engine: DuckDB in memory over the pinned files of one snapshot.

Each session has a database of its own in memory: two processes may read one warehouse, and nothing is locked. Work that
does not fit the memory limit spills into a temporary directory that ends with the session.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from guanxi.errors import QueryError
from guanxi.schema import TABLES
from guanxi.warehouse.catalog import Snapshot
from guanxi.warehouse.sql import Query

__all__ = ["DuckDB", "connect", "literal", "parquet"]


def connect(*, memory_limit_mib: int, threads: int, temporary: Path) -> duckdb.DuckDBPyConnection:
    """A private in-memory database that fetches nothing, keeps row order, and spills only into ``temporary``."""
    connection = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": f"{memory_limit_mib}MiB",
            "threads": threads,
            "temp_directory": str(temporary),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def literal(text: str | Path) -> str:
    """A text as an SQL string literal."""
    return "'" + str(text).replace("'", "''") + "'"


def parquet(files: Sequence[str | Path], *, row_numbers: bool = False, names: bool = False) -> str:
    """Parquet files as a table in SQL; with the column ``file_row_number`` (from 0) or ``filename``, if asked for."""
    paths = ", ".join(literal(file) for file in files)
    return f"read_parquet([{paths}], file_row_number = {row_numbers}, filename = {names})"


class DuckDB:
    """The embedded engine.

    Parameters
    ----------
    memory_limit_mib : int
        What DuckDB may keep in memory before it spills.
    threads : int, optional
        By default one per processor.
    temporary : Path, optional
        Where to spill; by default the system's temporary directory.
    """

    name = "duckdb"

    def __init__(
        self, *, memory_limit_mib: int = 1200, threads: int | None = None, temporary: Path | None = None
    ) -> None:
        self.memory_limit_mib = memory_limit_mib
        self.threads = threads or os.cpu_count() or 1
        self.temporary = temporary

    @contextmanager
    def bind(self, snapshot: Snapshot) -> Iterator[DuckDBSession]:
        """A session over exactly the files of ``snapshot``."""
        with tempfile.TemporaryDirectory(prefix="guanxi-", dir=self.temporary) as directory:
            scratch = Path(directory)
            connection = connect(memory_limit_mib=self.memory_limit_mib, threads=self.threads, temporary=scratch)
            try:
                yield DuckDBSession(connection, snapshot, scratch)
            finally:
                connection.close()


class DuckDBSession:
    """DuckDB at work on one snapshot; see `guanxi.warehouse.engine.Session`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, scratch: Path) -> None:
        self.snapshot = snapshot
        self._connection = connection
        self._scratch = scratch
        for name, table in TABLES.items():
            files = snapshot.files(name)
            if files:
                self._view(name, files)
            else:
                connection.register(name, table.empty())

    def run(self, query: Query, parameters: Mapping[str, object] | None = None) -> pa.Table:
        with _explained(query, self.snapshot):
            return self._relation(query, parameters).to_arrow_table()

    def materialise(self, query: Query, parameters: Mapping[str, object] | None = None) -> int:
        path = self._scratch / f"{query.name}.parquet"
        rows = self.write(query, path, parameters)
        self._view(query.name, [str(path)])
        return rows

    def write(self, query: Query, path: Path, parameters: Mapping[str, object] | None = None) -> int:
        copy = f"COPY ({query.text}) TO {literal(path)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
        with _explained(query, self.snapshot):
            row = self._connection.execute(copy, query.bind(parameters or {})).fetchone()
        return int(row[0]) if row else 0

    def map_batches(
        self,
        function: Callable[[pa.RecordBatch], pa.RecordBatch],
        query: Query,
        parameters: Mapping[str, object] | None = None,
    ) -> pa.Table:
        with _explained(query, self.snapshot):
            reader = self._relation(query, parameters).to_arrow_reader(1 << 17)
            results = [function(batch) for batch in reader]
        return pa.Table.from_batches(results or [function(pa.RecordBatch.from_pylist([], schema=reader.schema))])

    def register(self, name: str, table: pa.Table) -> None:
        self._connection.register(name, table)

    def _view(self, name: str, files: list[str]) -> None:
        self._connection.execute(f'CREATE OR REPLACE VIEW "{name}" AS SELECT * FROM {parquet(files)}')

    def _relation(self, query: Query, parameters: Mapping[str, object] | None) -> duckdb.DuckDBPyRelation:
        return self._connection.sql(query.text, params=query.bind(parameters or {}))


@contextmanager
def _explained(query: Query, snapshot: Snapshot) -> Iterator[None]:
    """Raise what DuckDB says again with the query's name and its SQL; or that a file of the snapshot is gone."""
    try:
        yield
    except duckdb.Error as error:
        if isinstance(error, duckdb.IOException):
            for table in snapshot.parts:
                snapshot.files(table)
        raise QueryError("errors.query_failed", query=query.name, cause=str(error), sql=query.text) from error
