"""Parquet files: every column cast to text by DuckDB."""

from __future__ import annotations

from pathlib import Path

import duckdb

from guanxi.errors import FileError
from guanxi.intake.parse import identifier
from guanxi.intake.readers.delivery import Delivery
from guanxi.intake.readers.layout import unique_names
from guanxi.intake.staged import Staged
from guanxi.warehouse.duckdb import literal
from guanxi.words import Message

__all__ = ["stage_parquet"]

_LARGEST_EXACT = 2**53
"""Whole numbers up to here are exact as floats."""


def stage_parquet(delivery: Delivery, target: Path, con: duckdb.DuckDBPyConnection) -> Staged:
    """Stage a Parquet file as ``target``.

    Floats are written with as few digits as tell them apart, whole ones without ``.0`` (a column of numbers with gaps
    is often stored as floats: customer 13085 is not 13085.0); NaN is null, as is the empty text. Lists and structs
    become JSON, instants ISO 8601 (UTC where they have a zone).

    Raises
    ------
    FileError : damaged, without rows or columns.
    """
    source = f"read_parquet({literal(delivery.path)}, binary_as_string=true, hive_partitioning=false)"
    try:
        described = con.execute(f"DESCRIBE FROM {source}").fetchall()
        notes: list[Message] = []
        names = unique_names([name for name, *_ in described], notes)
        texts = ", ".join(
            f"nullif({_as_text(identifier(was), kind)}, '') AS {identifier(name)}"
            for (was, kind, *_), name in zip(described, names, strict=True)
        )
        done = con.execute(f"COPY (SELECT {texts} FROM {source}) TO {literal(target)} (FORMAT parquet)").fetchone()
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise FileError("intake.parquet_damaged", path=delivery.name) from error
    rows = int(done[0]) if done else 0
    if not rows:
        raise FileError("intake.only_header", path=delivery.name, columns=list(names))
    return Staged(
        path=target,
        file=delivery.name,
        sha256=delivery.sha256(),
        format="parquet",
        encoding=None,
        delimiter=None,
        columns=names,
        rows=rows,
        preamble_lines=0,
        unread=(),
        notes=(*delivery.notes, *notes),
    )


def _as_text(column: str, kind: str) -> str:
    if kind in ("DOUBLE", "FLOAT"):
        # TRY, because DuckDB may cast rows that the condition leaves out.
        return (
            f"CASE WHEN isnan({column}) THEN NULL"
            f" WHEN {column} = trunc({column}) AND abs({column}) < {_LARGEST_EXACT}"
            f" THEN CAST(TRY_CAST({column} AS BIGINT) AS VARCHAR) ELSE CAST({column} AS VARCHAR) END"
        )
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION")):
        return f"CAST(to_json({column}) AS VARCHAR)"
    return f"CAST({column} AS VARCHAR)"
