"""The category of an order line where the order file has no column for it: that of its product.

Which products belong together often stands in the product file alone. So that studies need not care, such lines carry
their product's category, whichever file came first; it follows when the product's changes, and when a delivery is
undone. Lines of a file that has categories of its own keep what their file says.
"""

from __future__ import annotations

import duckdb

from guanxi.schema import ORDER_LINES
from guanxi.warehouse import Publication
from guanxi.warehouse.rewrite import replace_rows, rows_of

__all__ = ["as_delivered", "categorised", "follow_products", "takes_categories"]

_ROW = ("delivery_id", "source_row")


def as_delivered(publication: Publication, lines: str) -> str:
    """A query over order lines without the categories that come from their products."""
    return f"SELECT * REPLACE ({_case(publication, 'CAST(NULL AS VARCHAR)')} AS category) FROM ({lines})"


def takes_categories(publication: Publication, connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether there are products with a category, and order files without a column for it."""
    products = rows_of(publication, connection, "products")
    return bool(
        _bare(publication) and connection.execute(f"FROM {products} WHERE category IS NOT NULL LIMIT 1").fetchall()
    )


def categorised(publication: Publication, connection: duckdb.DuckDBPyConnection, lines: str) -> str:
    """A query over order lines, with the categories of their products where their file has none."""
    if not takes_categories(publication, connection):
        return lines
    products = rows_of(publication, connection, "products")
    return f"""SELECT * EXCLUDE (of_product) REPLACE ({_case(publication, "of_product")} AS category)
        FROM ({lines}) LEFT JOIN (SELECT product_id, category AS of_product FROM {products}) USING (product_id)"""


def follow_products(publication: Publication, connection: duckdb.DuckDBPyConnection, changed: str) -> None:
    """Give lines that are there already the new categories of their products.

    Parameters
    ----------
    publication : the snapshot in the making
    connection : a private DuckDB database
    changed : a query with ``product_id`` and ``category``, one row a product of which the category is another now

    Notes
    -----
    One scan of the lines if there is such a product; parts with a line of it are written again.
    """
    deliveries = _bare(publication)
    if not deliveries:
        return
    run = connection.execute
    run(f"CREATE OR REPLACE TEMP TABLE newly AS SELECT product_id, category AS of_product FROM ({changed})")
    if not run("FROM newly LIMIT 1").fetchall():
        return
    columns = ", ".join(
        {"category": "of_product AS category"}.get(name, f'line."{name}"') for name in ORDER_LINES.names
    )
    run(
        f"""CREATE OR REPLACE TEMP TABLE recategorised AS
        SELECT {columns} FROM {rows_of(publication, connection, "order_lines")} AS line JOIN newly USING (product_id)
        WHERE delivery_id IN ({deliveries}) AND line.category IS DISTINCT FROM of_product"""
    )
    replace_rows(
        publication, connection, "order_lines", gone="recategorised", key=_ROW,
        added=f"SELECT * FROM recategorised ORDER BY {', '.join(_ROW)}",
    )  # fmt: skip


def _case(publication: Publication, otherwise: str) -> str:
    deliveries = _bare(publication)
    return f"CASE WHEN delivery_id IN ({deliveries}) THEN {otherwise} ELSE category END" if deliveries else "category"


def _bare(publication: Publication) -> str:
    """The deliveries of order files without a column of categories, for SQL; empty where there is none."""
    return ", ".join(
        str(each.id)
        for each in publication.preview().deliveries
        if each.kind == "orders" and "category" not in each.mapping.get("columns", {})  # type: ignore[operator]
    )
