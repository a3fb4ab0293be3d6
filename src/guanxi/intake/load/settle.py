"""Bringing a change of order lines into the next snapshot, with what follows: orders, and what returns take back.

Orders, and the sales that returns take back, follow from the lines that count, whatever the order in which they came:
a sale that arrives after its return is found by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from guanxi.intake.load.categories import categorised, takes_categories
from guanxi.schema import ORDER_LINES, ORDERS
from guanxi.warehouse import Publication
from guanxi.warehouse.duckdb import literal
from guanxi.warehouse.orders import orders_sql
from guanxi.warehouse.rewrite import replace_rows, rows_of, write_rows

__all__ = ["settle_lines"]

_LINES = ", ".join(f'"{name}"' for name in ORDER_LINES.names)
_ROW = ("delivery_id", "source_row")
_SALE = "source, customer_id, product_id, unit_price"


def settle_lines(
    publication: Publication,
    connection: duckdb.DuckDBPyConnection,
    *,
    gone: str,
    added: str,
    kept: str,
    ready: Sequence[Path] = (),
) -> int:
    """Replace order lines and bring orders and returns up to date; returns how many lines were added.

    Parameters
    ----------
    publication : the snapshot in the making
    connection : a private DuckDB database
    gone : table of the lines that count no more, with all columns of ``order_lines``
    added : table of those that count from now on; what they take back is found here
    kept : table of the lines that stay, of the orders that lose or gain lines and were there before
    ready : files of this publication with all lines of ``added`` that are no returns: they become parts as they
        are, where nothing is to be filled in

    Notes
    -----
    O(lines in these tables), and a scan of the returns and sales of the customers and products in them. Only parts that
    hold lines or orders to be changed are written again.
    """
    before = rows_of(publication, connection, "order_lines")
    _match_returns(connection, before, gone, added)
    _settle_orders(publication, connection, gone, added, kept)
    with_matches = ", ".join(
        {"cancels_order_id": "matched.cancels_order_id"}.get(name, f'line."{name}"') for name in ORDER_LINES.names
    )
    match = f"LEFT JOIN matched ON {' AND '.join(f'line.{name} = matched.{name}' for name in _ROW)}"
    # With the lines that go, returns that were there already and now take back another sale.
    row = ", ".join(_ROW)
    replace_rows(
        publication,
        connection,
        "order_lines",
        gone=f"SELECT {row} FROM {gone} UNION ALL SELECT {row} FROM back_before",
        key=_ROW,
        added=f"SELECT {with_matches} FROM back_before AS line {match}",
    )
    # Lines that take their category from their product are not ready yet.
    ready = () if takes_categories(publication, connection) else ready
    rest = "WHERE line.line_kind = 'return'" if ready else ""
    rows = categorised(publication, connection, f"SELECT {with_matches} FROM {added} AS line {match} {rest}")
    return write_rows(publication, connection, "order_lines", rows) + sum(
        publication.adopt("order_lines", path) for path in ready
    )


def _match_returns(connection: duckdb.DuckDBPyConnection, before: str, gone: str, added: str) -> None:
    """Find what each return takes back: the customer's latest earlier sale of the product at the price.

    A sale of the same quantity is preferred; else one of more pieces. Made are the tables ``matched`` (a return, and
    the order it takes back) and ``back_before`` (returns of the base for which that has changed).
    """
    known = "customer_id IS NOT NULL AND product_id IS NOT NULL"
    run = connection.execute
    run(
        f"""CREATE OR REPLACE TEMP TABLE back AS
        SELECT {_LINES}, FALSE AS is_before FROM {added} WHERE line_kind = 'return' AND {known}"""
    )
    moved = f"(SELECT {_LINES} FROM {gone} UNION ALL SELECT {_LINES} FROM {added})"
    there = f"{before} AS line ANTI JOIN {gone} AS gone USING ({', '.join(_ROW)})"
    # Only returns on or after the first sale that moved can take back another; of new orders there are few or none.
    [(first,)] = run(f"SELECT CAST(min(ordered_at) AS VARCHAR) FROM {moved} WHERE line_kind = 'sale'").fetchall()
    run(
        f"""CREATE OR REPLACE TEMP TABLE later_returns AS
        SELECT line.* FROM {there}
        WHERE line_kind = 'return' AND {known} AND ordered_at >= CAST({literal(first or "infinity")} AS TIMESTAMP)"""
    )
    if run("FROM later_returns LIMIT 1").fetchall():
        same = " AND ".join(f"line.{name} IS NOT DISTINCT FROM sale.{name}" for name in _SALE.split(", "))
        run(
            f"""INSERT INTO back
            SELECT {_LINES}, TRUE FROM later_returns AS line SEMI JOIN (
                SELECT {_SALE}, min(ordered_at) AS ordered_at
                FROM {moved} SEMI JOIN later_returns USING (customer_id, product_id)
                WHERE line_kind = 'sale' GROUP BY {_SALE}
            ) AS sale ON {same} AND line.ordered_at >= sale.ordered_at"""
        )
    sales = f"""SELECT {_LINES} FROM {added}
        UNION ALL SELECT {_LINES} FROM {there} SEMI JOIN back USING (customer_id, product_id)"""
    run(_matched_sql(sales))
    run(
        f"""CREATE OR REPLACE TEMP TABLE back_before AS
        SELECT {", ".join(f'back."{name}"' for name in ORDER_LINES.names)}
        FROM back LEFT JOIN matched USING ({", ".join(_ROW)})
        WHERE is_before AND back.cancels_order_id IS DISTINCT FROM matched.cancels_order_id"""
    )


def _matched_sql(sales: str) -> str:
    same = """back.source = sold.source AND back.customer_id = sold.customer_id AND back.product_id = sold.product_id
                AND back.unit_price IS NOT DISTINCT FROM sold.unit_price AND back.ordered_at >= sold.ordered_at"""
    return f"""CREATE OR REPLACE TEMP TABLE matched AS
        WITH sold AS MATERIALIZED (
            SELECT {_SALE}, ordered_at, quantity, max(order_id) AS order_id
            FROM ({sales}) SEMI JOIN back USING (customer_id, product_id)
            WHERE line_kind = 'sale' GROUP BY {_SALE}, ordered_at, quantity
        ),
        alike AS MATERIALIZED (
            SELECT back.delivery_id, back.source_row, sold.order_id AS cancels_order_id
            FROM back ASOF JOIN sold ON {same} AND -back.quantity = sold.quantity
        ),
        larger AS (
            SELECT back.delivery_id, back.source_row,
                arg_max(sold.order_id, (sold.ordered_at, sold.order_id)) AS cancels_order_id
            FROM (SELECT * FROM back ANTI JOIN alike USING ({", ".join(_ROW)})) AS back
            JOIN sold ON {same} AND sold.quantity > -back.quantity
            GROUP BY back.delivery_id, back.source_row
        )
        FROM alike UNION ALL FROM larger"""


def _settle_orders(
    publication: Publication, connection: duckdb.DuckDBPyConnection, gone: str, added: str, kept: str
) -> None:
    """Add up again the orders that lost, gained or changed lines."""
    orders = orders_sql(f"(SELECT {_LINES} FROM {added} UNION ALL SELECT {_LINES} FROM {kept})")
    changed = f"SELECT source, order_id FROM {gone} UNION SELECT source, order_id FROM {kept}"
    before = (
        f"SELECT * FROM {rows_of(publication, connection, 'orders')} SEMI JOIN ({changed}) USING (source, order_id)"
    )
    replace_rows(publication, connection, "orders", gone=before, key=ORDERS.key, added=orders)
