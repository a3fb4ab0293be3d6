"""Spark at work on one snapshot."""

from __future__ import annotations

import importlib
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from guanxi.errors import QueryError
from guanxi.schema import TABLES
from guanxi.warehouse.catalog import Snapshot
from guanxi.warehouse.paged import paged
from guanxi.warehouse.spark.dialect import SPARK_TYPES, arguments, spark_sql, tables_read
from guanxi.warehouse.sql import Query

if TYPE_CHECKING:
    from pyspark import sql

__all__ = ["SparkSession"]


class SparkSession:
    """Spark at work on one snapshot; see `guanxi.warehouse.engine.Session`.

    A step that is materialised is kept by the executors, in memory and then on their disks; what a lost executor kept
    is made again from the snapshot's files. Results come to the caller as Arrow, so that only the warehouse has to lie
    where every machine of a cluster can read it.
    """

    def __init__(self, spark: sql.SparkSession, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._spark = spark
        self._there: set[str] = set()
        self._kept: dict[str, sql.DataFrame] = {}

    def run(self, query: Query, parameters: Mapping[str, object] | None = None) -> pa.Table:
        with _explained(query):
            table = self._frame(query, parameters).toArrow()
        return paged(table.cast(_nullable(table.schema)))

    def materialise(self, query: Query, parameters: Mapping[str, object] | None = None) -> int:
        with _explained(query):
            frame = self._frame(query, parameters).persist()
            rows = frame.count()
        self._view(query.name, frame)
        earlier = self._kept.pop(query.name, None)
        if earlier is not None:
            earlier.unpersist()
        self._kept[query.name] = frame
        return rows

    def write(self, query: Query, path: Path, parameters: Mapping[str, object] | None = None) -> int:
        with _explained(query):
            frame = self._frame(query, parameters)
            schema = _nullable(frame.limit(0).toArrow().schema)
            rows = 0
            with pq.ParquetWriter(path, schema, compression="zstd", compression_level=1) as writer:
                for batch in _shipped(frame, _same):
                    writer.write_batch(batch.cast(schema))
                    rows += batch.num_rows
        return rows

    def map_batches(
        self,
        function: Callable[[pa.RecordBatch], pa.RecordBatch],
        query: Query,
        parameters: Mapping[str, object] | None = None,
    ) -> pa.Table:
        with _explained(query):
            frame = self._frame(query, parameters)
            results = list(_shipped(frame, function))
            if not results:
                schema = _nullable(frame.limit(0).toArrow().schema)
                results = [function(pa.RecordBatch.from_pylist([], schema=schema))]
        return pa.Table.from_batches(results)

    def register(self, name: str, table: pa.Table) -> None:
        # In one piece: Spark 4.3 reads a table only up to its first empty chunk.
        self._view(name, self._spark.createDataFrame(table.combine_chunks()))

    def close(self) -> None:
        """Let go of everything that this session kept."""
        for frame in self._kept.values():
            frame.unpersist()
        for name in self._there:
            self._spark.catalog.dropTempView(name)

    def _frame(self, query: Query, parameters: Mapping[str, object] | None) -> sql.DataFrame:
        """The query's result where Spark has it, in the types that the query declares."""
        given = arguments(query, parameters or {})
        for name in sorted(tables_read(query) & TABLES.keys() - self._there):
            self._open(name)
        frame = self._spark.sql(spark_sql(query), args=given or None)
        found = dict(frame.dtypes)
        wrong = {
            name: frame[name].cast(SPARK_TYPES[kind])
            for name, kind in query.columns.items()
            if name in found and found[name] != SPARK_TYPES.get(kind, found[name])
        }
        return frame.withColumns(wrong) if wrong else frame

    def _open(self, name: str) -> None:
        """A canonical table, from exactly the files of the snapshot."""
        empty = self._spark.createDataFrame(TABLES[name].empty())
        files = self.snapshot.files(name)
        if not files:
            self._view(name, empty)
            return
        # Spark takes names for patterns; a directory may be called "shop [2024]".
        paths = [re.sub(r"([\\{}\[\]*?])", r"\\\1", file) for file in files]
        self._view(name, self._spark.read.schema(empty.schema).parquet(*paths))

    def _view(self, name: str, frame: sql.DataFrame) -> None:
        frame.createOrReplaceTempView(name)
        self._there.add(name)


def _same(batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch


def _shipped(frame: sql.DataFrame, function: Callable[[pa.RecordBatch], pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """What the function makes of a result, batch by batch in its order, with never more than two partitions here.

    The batches travel whole, as bytes: they keep Arrow's own types, and need no schema beforehand.
    """

    def ship(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            made = function(batch.cast(_nullable(batch.schema)))
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, made.schema) as writer:
                writer.write_batch(made)
            yield pa.record_batch({"batch": pa.array([sink.getvalue().to_pybytes()], pa.binary())})

    with unwarned_of_pandas():
        shipped = frame.mapInArrow(ship, "batch binary")
    for row in shipped.toLocalIterator(prefetchPartitions=True):
        yield from pa.ipc.open_stream(pa.py_buffer(bytes(row["batch"])))


def _nullable(schema: pa.Schema) -> pa.Schema:
    """Without what Spark believes about NULL, of which DuckDB says nothing."""
    return pa.schema([pa.field(field.name, field.type) for field in schema])


@contextmanager
def _explained(query: Query) -> Iterator[None]:
    """Raise what Spark says again with the query's name and the SQL that Spark was given."""
    try:
        yield
    except failures() as error:
        cause = str(error).partition("\n\tat ")[0]
        raise QueryError("errors.query_failed", query=query.name, cause=cause, sql=spark_sql(query)) from error


@contextmanager
def unwarned_of_pandas() -> Iterator[None]:
    """pyspark looks for pandas wherever it meets Arrow, and warns of version 3; no pandas frame is ever made here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")
        yield


def failures() -> tuple[type[Exception], ...]:
    """What Spark raises: its own errors, and Java's where it has none."""
    return (
        importlib.import_module("pyspark.errors").PySparkException,
        importlib.import_module("py4j.protocol").Py4JError,
    )
