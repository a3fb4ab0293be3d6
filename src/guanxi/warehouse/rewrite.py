"""Taking rows out of a table and putting others in, part by part: only the parts that hold them are written again."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from guanxi.schema import TABLES
from guanxi.warehouse.duckdb import literal, parquet
from guanxi.warehouse.publish import Publication

__all__ = ["replace_rows", "rows_of", "write_rows"]


def rows_of(publication: Publication, connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """A canonical table, as it would be if the snapshot were made now, as a table in SQL; it may be empty."""
    files = publication.files(table)
    if files:
        return parquet(files)
    connection.register(f"no_{table}", TABLES[table].empty())
    return f"no_{table}"


def replace_rows(
    publication: Publication,
    connection: duckdb.DuckDBPyConnection,
    table: str,
    *,
    gone: str,
    key: Sequence[str],
    added: str | None = None,
) -> None:
    """Leave some rows of a table out of the next snapshot and add others.

    Parameters
    ----------
    publication : the snapshot in the making
    connection : a private DuckDB database
    table : a canonical table
    gone : a table or query of that connection with the columns ``key``: the rows to leave out
    key : columns that tell rows apart; empty values count as equal
    added : a query of that connection with all columns of the table

    Notes
    -----
    One scan of the key columns of the table, and a copy of each part that loses rows.
    """
    connection.execute(f"CREATE OR REPLACE TEMP TABLE rows_gone AS SELECT DISTINCT {', '.join(key)} FROM {_from(gone)}")
    same = " AND ".join(f"here.{name} IS NOT DISTINCT FROM rows_gone.{name}" for name in key)
    parts = {str(part.path): part for part in publication.parts(table)}
    if parts and connection.execute("FROM rows_gone LIMIT 1").fetchall():
        for part in _holding(connection, list(parts), key, same):
            rest = f"SELECT * FROM {parquet([part])} AS here ANTI JOIN rows_gone ON {same}"
            write_rows(publication, connection, table, rest)
            publication.remove(parts[part])
    if added is not None:
        write_rows(publication, connection, table, added)


def write_rows(publication: Publication, connection: duckdb.DuckDBPyConnection, table: str, rows: str) -> int:
    """Add the rows of a query, which has all columns of the table; returns how many."""
    path = publication.fresh_path(table)
    columns = ", ".join(f'"{name}"' for name in TABLES[table].names)
    connection.execute(
        f"""COPY (SELECT {columns} FROM ({rows})) TO {literal(path)}
        (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"""
    )
    return publication.adopt(table, path)


def _holding(connection: duckdb.DuckDBPyConnection, files: list[str], key: Sequence[str], same: str) -> list[str]:
    """The files that hold a row to be left out, in their order."""
    columns = ", ".join(key)
    found = connection.execute(
        f"""SELECT DISTINCT filename
        FROM (SELECT {columns}, filename FROM {parquet(files, names=True)}) AS here SEMI JOIN rows_gone ON {same}"""
    ).fetchall()
    holding = {name for (name,) in found}
    return [file for file in files if file in holding]


def _from(rows: str) -> str:
    return f"({rows})" if " " in rows else rows
