"""The embedded engine: DuckDB in memory over the pinned files of one snapshot.

Each session has a database of its own in memory: two processes may read one warehouse, and nothing is locked. Work that
does not fit the memory limit spills into a temporary directory that ends with the session.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from guanxi.errors import QueryError
from guanxi.schema import TABLES
from guanxi.warehouse.catalog import Snapshot
from guanxi.warehouse.paged import PART_ROWS, paged_reader
from guanxi.warehouse.sql import Query

__all__ = ["DuckDB", "connect", "literal", "parquet"]

_SCANNED_ROWS = 1 << 17
"""How many rows `DuckDBSession.scan` reads at a time."""


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
                yield DuckDBSession(
                    connection, snapshot, scratch, threads=self.threads, memory_limit_mib=self.memory_limit_mib
                )
            finally:
                connection.close()


class DuckDBSession:
    """DuckDB at work on one snapshot; see `guanxi.warehouse.engine.Session`.

    Beside what every session can do it lets code of this process do a step's work: `scan` gives what lies in the
    snapshot's files, `keep` takes a step's rows, and `defer` leaves a step until somebody reads it. ``threads``,
    ``memory_limit_mib`` and ``scratch``, a directory that ends with the session, are what such code may use.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        snapshot: Snapshot,
        scratch: Path,
        *,
        threads: int,
        memory_limit_mib: int,
    ) -> None:
        self.snapshot = snapshot
        self.scratch = scratch
        self.threads = threads
        self.memory_limit_mib = memory_limit_mib
        self._connection = connection
        self._given: dict[str, pa.Table] = {}
        self._deferred: dict[str, tuple[Query, Mapping[str, object]]] = {}
        self._kept: dict[str, Path] = {}
        self._numbers = itertools.count(1)
        for name, table in TABLES.items():
            files = snapshot.files(name)
            if files:
                self._view(name, files)
            else:
                connection.register(name, table.empty())

    def run(self, query: Query, parameters: Mapping[str, object] | None = None) -> pa.Table:
        return paged_reader(self._reader(query, parameters, rows=PART_ROWS))

    def materialise(self, query: Query, parameters: Mapping[str, object] | None = None) -> int:
        path = self.scratch / f"{query.name}.parquet"
        rows = self.write(query, path, parameters)
        self._view(query.name, [str(path)])
        self._deferred.pop(query.name, None)
        return rows

    def write(self, query: Query, path: Path, parameters: Mapping[str, object] | None = None) -> int:
        copy = f"COPY ({query.text}) TO {literal(path)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
        self._catch_up(query)
        with _explained(query, self.snapshot):
            row = self._connection.execute(copy, query.bind(parameters or {})).fetchone()
        return int(row[0]) if row else 0

    def map_batches(
        self,
        function: Callable[[pa.RecordBatch], pa.RecordBatch],
        query: Query,
        parameters: Mapping[str, object] | None = None,
    ) -> pa.Table:
        reader = self._reader(query, parameters, rows=1 << 17)
        results = [function(batch) for batch in reader]
        return pa.Table.from_batches(results or [function(pa.RecordBatch.from_pylist([], schema=reader.schema))])

    def register(self, name: str, table: pa.Table) -> None:
        self._connection.register(name, table)
        self._given[name] = table
        self._deferred.pop(name, None)

    def scan(self, table: str, columns: Sequence[str], *, encoded: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The rows of a canonical table as they lie, in batches and in no promised order.

        For code that does not need SQL: Parquet's dictionaries are handed on, not taken apart. What was registered
        under the table's name is read instead of the snapshot.

        Parameters
        ----------
        table, columns : what to read
        encoded : those text columns that come as dictionaries with indices; each batch has dictionaries of its own
        """
        if table in self._given:
            batches = iter(self._given[table].select(columns).to_batches())
        else:
            batches = _batches(self.snapshot.files(table), list(columns), list(encoded))
        for batch in batches:
            yield pa.record_batch(
                [
                    column.dictionary_encode()
                    if name in encoded and not pa.types.is_dictionary(column.type)
                    else column
                    for name, column in zip(batch.schema.names, batch.columns, strict=True)
                ],
                names=batch.schema.names,
            )

    def keep(self, name: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
        """Keep rows of the caller's under a name for later queries of this session, on disk; returns how many."""
        # A name of its own, because DuckDB remembers files that it has read.
        path = self.scratch / f"{name}-{next(self._numbers)}.parquet"
        rows = 0
        try:
            with pq.ParquetWriter(
                path, schema, compression="lz4", use_dictionary=False, write_statistics=False
            ) as writer:
                for batch in batches:
                    writer.write_batch(batch)
                    rows += batch.num_rows
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        self._view(name, [str(path)])
        self._deferred.pop(name, None)
        if name in self._kept:
            self._kept[name].unlink()
        self._kept[name] = path
        return rows

    def defer(self, query: Query, parameters: Mapping[str, object] | None = None) -> None:
        """Materialise a query only when a later one of this session names it among its tables."""
        self._deferred[query.name] = query, query.bind(parameters or {})

    def _catch_up(self, query: Query) -> None:
        """Materialise what a query reads and what has been deferred."""
        for name in query.tables:
            if name in self._deferred:
                self.materialise(*self._deferred[name])

    def _view(self, name: str, files: list[str]) -> None:
        self._connection.execute(f'CREATE OR REPLACE VIEW "{name}" AS SELECT * FROM {parquet(files)}')

    def _relation(self, query: Query, parameters: Mapping[str, object] | None) -> duckdb.DuckDBPyRelation:
        self._catch_up(query)
        return self._connection.sql(query.text, params=query.bind(parameters or {}))

    def _reader(self, query: Query, parameters: Mapping[str, object] | None, *, rows: int) -> pa.RecordBatchReader:
        """What a query gives, made while it is read; only what the engine itself raises is an error of the query."""
        with _explained(query, self.snapshot):
            reader = self._relation(query, parameters).to_arrow_reader(rows)
        return pa.RecordBatchReader.from_batches(reader.schema, _read(reader, query, self.snapshot))


def _batches(files: Sequence[str], columns: list[str], encoded: list[str]) -> Iterator[pa.RecordBatch]:
    """Some columns of Parquet files, one row group after the other."""
    for file in files:
        with pq.ParquetFile(file, read_dictionary=encoded) as opened:
            # Each by itself: over several, pyarrow lets the dictionaries grow from one to the next.
            for group in range(opened.num_row_groups):
                yield from opened.iter_batches(_SCANNED_ROWS, row_groups=[group], columns=columns, use_threads=False)


def _read(reader: pa.RecordBatchReader, query: Query, snapshot: Snapshot) -> Iterator[pa.RecordBatch]:
    while True:
        with _explained(query, snapshot):
            batch = next(reader, None)
        if batch is None:
            return
        yield batch


@contextmanager
def _explained(query: Query, snapshot: Snapshot) -> Iterator[None]:
    """Raise what DuckDB says again with the query's name and its SQL; or that a file of the snapshot is gone."""
    try:
        yield
    # A result that is read while it is made fails with an error of Arrow's, or an OSError that no file has raised.
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        if not isinstance(error, duckdb.Error) or isinstance(error, duckdb.IOException):
            for table in snapshot.parts:
                snapshot.files(table)
        raise QueryError("errors.query_failed", query=query.name, cause=str(error), sql=query.text) from error
