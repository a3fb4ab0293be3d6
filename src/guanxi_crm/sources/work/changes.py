"""What lies between two snapshots, as the CRM keeps it: rows to write and keys to forget, in numbered tables.

Parts never change, so that only those matter which one snapshot has and the other has not: after a delivery of some
thousand lines to a warehouse of ten million, only the new parts and the few written again are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from guanxi.schema import TABLES
from guanxi.warehouse import Snapshot
from guanxi.warehouse.duckdb import parquet

__all__ = ["Change", "Changes"]

_BATCH_ROWS = 1_000
_KEYS = {
    "products": ("product_id",),
    "customers": ("customer_id",),
    "orders": ("source", "order_id", "customer_id", "ordered_on"),
}
_ORIGIN = ("delivery_id", "source_row")
"""Whence a row came: another delivery that says the same is no difference."""
_SHORT = 200
_COUNTS = "item_kind <> 'test' AND line_kind <> 'cancelled'"
"""Lines that make an order, as `guanxi.warehouse.orders` counts them."""


@dataclass(frozen=True)
class Change:
    """How many records of a kind are new, different, and gone."""

    new: int
    changed: int
    gone: int

    @property
    def total(self) -> int:
        return self.new + self.changed


class Changes:
    """The difference between two snapshots.

    Parameters
    ----------
    connection : a private DuckDB database
    before : None to take everything as new, whatever is there
    after : what the CRM is to be like

    Notes
    -----
    O(rows of the parts that differ), and one scan of the order lines for the lines of the orders that changed.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, before: Snapshot | None, after: Snapshot) -> None:
        self._connection = connection
        self._before, self._after = before, after
        for name, table in TABLES.items():
            connection.register(f"no_{name}", table.empty())
        self.products = self._products()
        self.customers = self._customers()
        self.orders = self._orders()

    def product_rows(self) -> Iterator[list[tuple[Any, ...]]]:
        """Batches of code, name, category, item_kind, unit_cost, currency."""
        for first, last in self._ranges("product_now"):
            yield self._rows("SELECT * EXCLUDE (n) FROM product_now WHERE n BETWEEN ? AND ? ORDER BY n", first, last)

    def customer_rows(self) -> Iterator[list[tuple[Any, ...]]]:
        """Batches of number, the fields of `IMPORTED_FIELDS`, kinds of contact points, their values."""
        for first, last in self._ranges("customer_now"):
            yield self._rows("SELECT * EXCLUDE (n) FROM customer_now WHERE n BETWEEN ? AND ? ORDER BY n", first, last)

    def order_rows(self) -> Iterator[tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]]:
        """Batches of orders, and of all their lines."""
        for first, last in self._ranges("order_now"):
            yield (
                self._rows("SELECT * EXCLUDE (n) FROM order_now WHERE n BETWEEN ? AND ? ORDER BY n", first, last),
                self._rows("SELECT * EXCLUDE (n) FROM line_now WHERE n BETWEEN ? AND ?", first, last),
            )

    def gone(self, kind: str) -> Iterator[list[str]]:
        """Batches of keys (``product``, ``customer`` or ``order``) that are no longer there."""
        for first, last in self._ranges(f"{kind}_gone"):
            yield [key for (key,) in self._rows(f"SELECT key FROM {kind}_gone WHERE n BETWEEN ? AND ?", first, last)]

    def there(self, kind: str, keys: Sequence[str]) -> set[str]:
        """Those of the keys that the snapshot has."""
        rows = self._connection.execute(
            f"SELECT key FROM (SELECT unnest(?::VARCHAR[]) AS key) SEMI JOIN {kind}_key USING (key)", [list(keys)]
        ).fetchall()
        return {key for (key,) in rows}

    def index(self) -> None:
        """Make `there` answer, also for what did not change."""
        for kind, table, key in (
            ("product", "products", _short("product_id")),
            ("customer", "customers", _short("customer_id")),
            ("order", "orders", _ORDER_KEY),
        ):
            self._make(f"{kind}_key", f"SELECT {key} AS key FROM {self._now(table)}")

    def _products(self) -> Change:
        self._differ("products")
        self._make(
            "product_now",
            f"""SELECT row_number() OVER () AS n, {_short("product_id")} AS key,
                {_text("description", 300)}, {_text("category", 200)}, {_text("item_kind", 20)}, unit_cost,
                {_text("currency", 3)}
            FROM {self._now("products")} SEMI JOIN products_differ USING (product_id)""",
        )
        return self._counted("product", "products", _short("product_id"))

    def _customers(self) -> Change:
        self._differ("customers")
        self._differ_too("customers", "identifiers")
        texts = {"name": 200, "gender": 20, "country": 60, "region": 100, "city": 100, "postal_code": 20,
                 "language": 20, "level": 60}  # fmt: skip
        field = {name: _text(name, limit) for name, limit in texts.items()}
        points = f"""SELECT customer_id, list(kind ORDER BY {_POINT_ORDER}) AS kinds,
                list({_text("value", 300)} ORDER BY {_POINT_ORDER}) AS points
            FROM {self._now("identifiers")} SEMI JOIN customers_differ USING (customer_id) GROUP BY customer_id"""
        self._make(
            "customer_now",
            f"""SELECT row_number() OVER () AS n, {_short("customer_id")} AS key,
                CASE WHEN kind = 'organisation' THEN kind ELSE 'person' END, {field["name"]}, {field["gender"]},
                born_on, {field["country"]}, {field["region"]}, {field["city"]}, {field["postal_code"]},
                {field["language"]}, {field["level"]}, joined_on, coalesce(kinds, []), coalesce(points, [])
            FROM {self._now("customers")} SEMI JOIN customers_differ USING (customer_id)
            LEFT JOIN ({points}) USING (customer_id)""",
        )
        return self._counted("customer", "customers", _short("customer_id"))

    def _orders(self) -> Change:
        self._differ("orders")
        self._differ_too("orders", "order_lines")
        these = _same(_KEYS["orders"], "orders_differ")
        self._make(
            "order_now",
            f"""SELECT row_number() OVER (ORDER BY ordered_at, source, order_id) AS n, {_ORDER_KEY} AS key,
                {_short("customer_id")} AS customer, {_short("source")} AS source, {_short("order_id")} AS number,
                ordered_at, ordered_on, lines, items, amount, returns_amount, {_text("currency", 3)},
                {_text("country", 60)}, {_text("channel", 60)}
            FROM {self._now("orders")} AS here SEMI JOIN orders_differ ON {these} ORDER BY n""",
        )
        self._make(
            "line_now",
            f"""SELECT n, key, line_no, {_short("product_id")} AS product, {_text("description", 300)}, quantity,
                unit_price, amount, line_kind
            FROM (SELECT *, {_ORDER_KEY} AS key FROM {self._now("order_lines")} WHERE {_COUNTS})
            JOIN (SELECT n, key FROM order_now) USING (key) ORDER BY n, line_no""",
        )
        return self._counted("order", "orders", _ORDER_KEY)

    def _differ(self, table: str) -> None:
        """Make TABLE_differ, the keys of rows that one snapshot has and the other has not, or has otherwise."""
        key = ", ".join(_KEYS[table])
        names = ", ".join(f'"{name}"' for name in TABLES[table].names if name not in _ORIGIN)
        added, removed = self._added(table), self._removed(table)
        if self._before is None or not self._before.parts.get(table):
            query = f"SELECT {key} FROM {added}"
        else:
            query = f"""SELECT {key} FROM (SELECT {names} FROM {added} EXCEPT SELECT {names} FROM {removed})
                UNION SELECT {key} FROM (SELECT {names} FROM {removed} EXCEPT SELECT {names} FROM {added})"""
        self._make(f"{table}_differ", query)

    def _differ_too(self, table: str, of: str) -> None:
        """Add the keys of records of which only lines or contact points differ."""
        if self._before is None or not self._before.parts.get(table):
            return
        key = ", ".join(_KEYS[table])
        names = ", ".join(f'"{name}"' for name in TABLES[of].names if name not in _ORIGIN)
        added, removed = self._added(of), self._removed(of)
        self._connection.execute(
            f"""INSERT INTO {table}_differ
            SELECT {key} FROM (SELECT {names} FROM {added} EXCEPT ALL SELECT {names} FROM {removed})
            UNION SELECT {key} FROM (SELECT {names} FROM {removed} EXCEPT ALL SELECT {names} FROM {added})"""
        )

    def _counted(self, kind: str, table: str, key: str) -> Change:
        before = self._removed(table)
        self._make(
            f"{kind}_gone",
            f"""SELECT row_number() OVER () AS n, key FROM (
                SELECT {key} AS key FROM {before} EXCEPT SELECT {key} FROM {self._added(table)}
            )""",
        )
        keys = self._connection.execute(f"SELECT count(*) FROM {kind}_now").fetchall()[0][0]
        gone = self._connection.execute(f"SELECT count(*) FROM {kind}_gone").fetchall()[0][0]
        there = 0
        if self._before is not None and self._before.parts.get(table):
            was = f"SELECT {key} AS key FROM {parquet(self._before.files(table))}"
            there = self._connection.execute(
                f"SELECT count(*) FROM {kind}_now SEMI JOIN ({was}) USING (key)"
            ).fetchall()[0][0]
        return Change(keys - there, there, gone)

    def _now(self, table: str) -> str:
        return self._files(table, self._after.files(table))

    def _added(self, table: str) -> str:
        before = set(self._before.files(table)) if self._before else set()
        return self._files(table, [file for file in self._after.files(table) if file not in before])

    def _removed(self, table: str) -> str:
        after = set(self._after.files(table))
        return self._files(
            table, [file for file in self._before.files(table) if file not in after] if self._before else []
        )

    def _files(self, table: str, files: Sequence[str]) -> str:
        return parquet(files) if files else f"no_{table}"

    def _make(self, name: str, query: str) -> None:
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}")

    def _ranges(self, table: str) -> Iterator[tuple[int, int]]:
        [(rows,)] = self._connection.execute(f"SELECT count(*) FROM {table}").fetchall()
        yield from ((first, first + _BATCH_ROWS - 1) for first in range(1, rows + 1, _BATCH_ROWS))

    def _rows(self, query: str, *parameters: int) -> list[tuple[Any, ...]]:
        return self._connection.execute(query, list(parameters)).fetchall()


def _text(column: str, limit: int) -> str:
    """A text as a column of the CRM takes it: never null, cut to size, without the one sign that PostgreSQL refuses."""
    return f"left(replace(coalesce({column}, ''), chr(0), ''), {limit})"


def _short(column: str) -> str:
    """A key: cut with a digest where it is too long, so that it stays one."""
    whole = f"replace({column}, chr(0), '')"
    cut = f"left({whole}, {_SHORT - 33}) || ' ' || md5({column})"
    return f"CASE WHEN length({whole}) > {_SHORT} THEN {cut} ELSE {whole} END"


def _same(columns: Sequence[str], other: str) -> str:
    return " AND ".join(f"here.{name} IS NOT DISTINCT FROM {other}.{name}" for name in columns)


_ORDER_KEY = (
    """to_base64(unhex(md5(concat_ws(chr(31), source, order_id, coalesce(customer_id, chr(30)), ordered_on))))"""
)
_POINT_ORDER = "delivery_id, source_row, kind, value"
