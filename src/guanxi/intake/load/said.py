"""Who and what is known: the sum of what the deliveries say of each customer, product and contact point.

What each delivery says is kept (``customers_said`` and the like). Of each field, the last file about customers or
products that fills it counts. Where none does, order lines speak: the last delivery of them for a product, which a shop
renames; the first for a person and a contact point. So order lines never overwrite what a file says, an empty cell
erases nothing, and a delivery can be undone.
"""

from __future__ import annotations

import duckdb

from guanxi.intake.load.categories import follow_products
from guanxi.intake.load.work import Work
from guanxi.schema import TABLES
from guanxi.warehouse import Publication
from guanxi.warehouse.rewrite import replace_rows, rows_of, write_rows

__all__ = ["FILE", "LINES", "SAID", "add_up", "say"]

FILE, LINES = "file", "lines"
"""Who says something: a file about customers or products, or order lines in which they appear."""

SAID = {"customers": "customers_said", "products": "products_said", "identifiers": "identifiers_said"}

_CATEGORY_CHANGED = "now.category IS DISTINCT FROM before.category"
_ORIGIN = ("delivery_id", "source_row")
_DEFAULTS = {"item_kind": "'product'"}
_TYPES = {
    "string": "VARCHAR",
    "int64": "BIGINT",
    "date32[day]": "DATE",
    "decimal128(18, 6)": "DECIMAL(18, 6)",
}


def say(work: Work, table: str, rows: str, *, by: str) -> None:
    """Keep what a delivery says, and bring the table up to date.

    Parameters
    ----------
    work : the load
    table : ``customers``, ``products`` or ``identifiers``
    rows : a query with some of its columns and ``source_row``, one row a key
    by : `FILE` or `LINES`
    """
    given = {row[0] for row in work.connection.execute(f"DESCRIBE {rows}").fetchall()}
    given_sql = {name: name for name in given} | {"said_by": f"'{by}'", "delivery_id": str(work.delivery.id)}
    fields = ", ".join(
        f"CAST({given_sql.get(column.name, 'NULL')} AS {_TYPES[str(column.type)]}) AS {column.name}"
        for column in TABLES[SAID[table]].columns
    )
    work.connection.execute(f"CREATE OR REPLACE TEMP TABLE said_now AS SELECT {fields} FROM ({rows})")
    write_rows(work.publication, work.connection, SAID[table], "FROM said_now")
    add_up(work.publication, work.connection, table, keys="said_now")


def add_up(publication: Publication, connection: duckdb.DuckDBPyConnection, table: str, *, keys: str) -> None:
    """Bring some rows of a table up to date with all that is said of them; who is not spoken of any more goes.

    Parameters
    ----------
    publication : the snapshot in the making
    connection : a private DuckDB database
    table : ``customers``, ``products`` or ``identifiers``
    keys : a table with the key columns: whom it is about

    Notes
    -----
    A scan of what was ever said of these keys. Only rows that change are written, with the parts that held them.
    """
    key = TABLES[table].key
    names = ", ".join(TABLES[table].names)
    these = f"SEMI JOIN {keys} USING ({', '.join(key)})"
    fields = ", ".join(name if name in key else f"{_counting(table, name)} AS {name}" for name in TABLES[table].names)
    said, there = rows_of(publication, connection, SAID[table]), rows_of(publication, connection, table)
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE known_now AS
        SELECT {fields} FROM (SELECT * FROM {said} {these}) GROUP BY {", ".join(key)}"""
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE known_before AS SELECT {names} FROM {there} {these}")
    replace_rows(
        publication,
        connection,
        table,
        gone=f"SELECT {names} FROM known_before EXCEPT SELECT {names} FROM known_now",
        key=key,
        added=f"SELECT {names} FROM known_now EXCEPT SELECT {names} FROM known_before ORDER BY ALL",
    )
    if table == "products":
        now_and_before = "known_now AS now FULL JOIN known_before AS before USING (product_id)"
        changed = f"SELECT product_id, now.category FROM {now_and_before} WHERE {_CATEGORY_CHANGED}"
        follow_products(publication, connection, changed)


def _counting(table: str, column: str) -> str:
    """The value of a field that counts, of all that was said of one key."""
    last = f"arg_max({column}, delivery_id) FILTER (said_by = '{FILE}')"
    # Where a row comes from is where it first appeared, whatever it is called since.
    renamed = table == "products" and column not in _ORIGIN
    lines = f"{'arg_max' if renamed else 'arg_min'}({column}, delivery_id) FILTER (said_by = '{LINES}')"
    values = [last, lines, *([_DEFAULTS[column]] if column in _DEFAULTS else [])]
    return f"COALESCE({', '.join(values)})"
