"""Which delivered lines count: a fold over the deliveries, in the order in which they came.

Everything that was ever delivered is kept: a line either counts (``order_lines``) or is hidden (``hidden_lines``, with
the reason and the delivery whose line counts instead). What counts follows from the deliveries alone, so that one of
them can be undone by folding the others again.

One step of the fold, for the orders that a new delivery shares with what counts so far (same source, same number):

1. Lines alike by content, and in whether the order came about, are *known*, the n-th of several alike being the n-th;
   the new one is hidden.
2. Of the rest, a new line *supersedes* an old one, which is hidden, and takes its place in the order

   - if both are alike by content: only the status of the order has changed; else
   - if the file numbers its lines and both have the same number; else
   - if both name the same product, the n-th being the n-th; else
   - if the order was evidently delivered again (some line of it matched) and no smaller than before: the n-th of what
     is left being the n-th.
3. What is left of the delivery is new and numbered on; what is left of the old lines stays, so that a file with a part
   of an order takes nothing from it.

Two orders are the same one only if the number, and the day of a line or the customer, are the same: shops start their
numbers again. A return never supersedes what it returns. Where the "order" is only what a customer bought in a day,
lines of one product may well be two purchases: there a line supersedes only by product, and only if another is known.
"""

from __future__ import annotations

import duckdb

from guanxi.intake.clean import CONTENT
from guanxi.schema import HIDDEN_LINES, ORDER_LINES

__all__ = ["fold_all", "fold_in", "open_fold"]

_LINES = ", ".join(f'"{name}"' for name in ORDER_LINES.names)
_HIDDEN = ", ".join(f'"{name}"' for name in HIDDEN_LINES.names)
_ORDER = "source, order_id"


def open_fold(connection: duckdb.DuckDBPyConnection, lines: str) -> None:
    """Begin a fold: the temporary table ``folded`` holds ``lines`` (a query), ``hidden`` nothing yet."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE folded AS SELECT {_LINES} FROM ({lines})")
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE hidden AS
        SELECT {_LINES}, CAST(NULL AS VARCHAR) AS hidden_because, CAST(NULL AS BIGINT) AS hidden_by
        FROM folded LIMIT 0"""
    )


def fold_in(connection: duckdb.DuckDBPyConnection, lines: str) -> None:
    """One step: fold one delivery's lines (a query) of the orders in question into ``folded`` and ``hidden``.

    Leaves the temporary tables ``superseded`` (the old lines that count no more) and ``placed`` (the new ones that do).

    Notes
    -----
    Hash joins and windows over the lines of these orders, old and new: O(n log n).
    """
    connection.execute(f"CREATE OR REPLACE TEMP TABLE incoming AS SELECT {_LINES} FROM ({lines})")
    for name, table, place in (("old_line", "folded", "line_no"), ("new_line", "incoming", "source_row")):
        connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE {name} AS
            SELECT {_ORDER}, customer_id, ordered_on, {place} AS place, line_no, given_line_no, delivery_id, source_row,
                COALESCE(product_id, description, '') AS product, line_kind, line_kind = 'return' AS is_return,
                order_id = concat(customer_id, ' @ ', ordered_on) AS is_day, hash({CONTENT}) AS content
            FROM {table}"""
        )
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE same_order AS
        SELECT {_ORDER}, count(*) AS old_lines, bool_or(is_day) AS is_day
        FROM old_line SEMI JOIN (
            SELECT {_ORDER} FROM old_line SEMI JOIN new_line USING ({_ORDER}, ordered_on)
            UNION SELECT {_ORDER} FROM old_line SEMI JOIN new_line USING ({_ORDER}, customer_id)
        ) USING ({_ORDER}) GROUP BY {_ORDER}"""
    )
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE pairs (
            source VARCHAR, order_id VARCHAR, how VARCHAR, new_row BIGINT, old_delivery BIGINT, old_row BIGINT,
            line_no BIGINT
        )"""
    )
    matched = f"SELECT {_ORDER} FROM pairs"
    whole = f"""SELECT {_ORDER} FROM same_order SEMI JOIN ({matched}) USING ({_ORDER})
        JOIN (SELECT {_ORDER}, count(*) AS new_lines FROM new_line GROUP BY {_ORDER}) USING ({_ORDER})
        WHERE new_lines >= old_lines AND NOT is_day"""
    _pair(connection, "known", "content, line_kind")
    _pair(connection, "superseded", "content")
    numbered = f"SELECT {_ORDER} FROM same_order"
    _pair(connection, "superseded", "given_line_no", orders=numbered, where="given_line_no IS NOT NULL")
    named = f"{numbered} WHERE NOT is_day OR ({_ORDER}) IN ({matched})"
    _pair(connection, "superseded", "product, is_return", orders=named)
    _pair(connection, "superseded", "is_return", orders=whole)
    _place(connection)
    _hide(connection)


def fold_all(connection: duckdb.DuckDBPyConnection, lines: str) -> None:
    """Fold all deliveries of the orders in question, from the beginning; leaves ``folded`` and ``hidden``.

    Parameters
    ----------
    connection : a private DuckDB database
    lines : a query over all lines ever delivered of these orders, whatever became of them
    """
    fresh = ", ".join(
        {"cancels_order_id": "CAST(NULL AS VARCHAR) AS cancels_order_id"}.get(name, f'"{name}"')
        for name in ORDER_LINES.names
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE delivered AS SELECT {fresh} FROM ({lines})")
    open_fold(connection, "SELECT * FROM delivered LIMIT 0")
    deliveries = connection.execute("SELECT DISTINCT delivery_id FROM delivered ORDER BY delivery_id").fetchall()
    for (delivery,) in deliveries:
        fold_in(connection, f"SELECT * FROM delivered WHERE delivery_id = {delivery}")


def _pair(
    connection: duckdb.DuckDBPyConnection, how: str, alike: str, *, orders: str | None = None, where: str = "true"
) -> None:
    """Pair old lines with new ones alike in some columns, the n-th with the n-th, among those not paired yet."""
    within = f"SEMI JOIN ({orders}) USING ({_ORDER})" if orders else ""
    rank = f"row_number() OVER (PARTITION BY {_ORDER}, {alike} ORDER BY place) AS rank"
    connection.execute(
        f"""INSERT INTO pairs
        SELECT {_ORDER}, '{how}', new.source_row, old.delivery_id, old.source_row, old.line_no
        FROM (
            SELECT *, {rank} FROM old_line
            ANTI JOIN pairs ON old_line.delivery_id = old_delivery AND old_line.source_row = old_row
            {within} WHERE {where}
        ) AS old JOIN (
            SELECT *, {rank} FROM new_line ANTI JOIN pairs ON new_line.source_row = new_row {within} WHERE {where}
        ) AS new USING ({_ORDER}, {alike}, rank)"""
    )


def _place(connection: duckdb.DuckDBPyConnection) -> None:
    """Number the new lines that count, as ``placed``: like what they supersede, by their own number, or on."""
    new = ", ".join({"line_no": "number AS line_no"}.get(name, f'"{name}"') for name in ORDER_LINES.names)
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE placed AS
        WITH unpaired AS (
            SELECT incoming.*, last.line_no AS last_no,
                CASE WHEN taken.line_no IS NULL THEN given_line_no END AS own_no
            FROM incoming ANTI JOIN pairs ON incoming.source_row = new_row
            LEFT JOIN (SELECT {_ORDER}, max(line_no) AS line_no FROM old_line GROUP BY ALL) AS last USING ({_ORDER})
            LEFT JOIN (SELECT {_ORDER}, line_no FROM old_line) AS taken
                ON incoming.source = taken.source AND incoming.order_id = taken.order_id
                AND incoming.given_line_no = taken.line_no
        ),
        numbered AS (
            SELECT *, COALESCE(own_no,
                greatest(COALESCE(last_no, 0), COALESCE(max(own_no) OVER (PARTITION BY {_ORDER}), 0))
                + row_number() OVER (PARTITION BY {_ORDER}, own_no IS NULL ORDER BY source_row)) AS number
            FROM unpaired
        )
        SELECT {new} FROM numbered
        UNION ALL
        SELECT {
            new.replace("number AS line_no", "pairs.line_no")
            .replace('"source"', "incoming.source")
            .replace('"order_id"', "incoming.order_id")
        }
        FROM incoming JOIN pairs ON incoming.source_row = new_row AND how = 'superseded'"""
    )


def _hide(connection: duckdb.DuckDBPyConnection) -> None:
    hidden = ", ".join(
        {"cancels_order_id": "CAST(NULL AS VARCHAR)", "line_no": "pairs.line_no"}.get(name, f'line."{name}"')
        for name in ORDER_LINES.names
    )
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE superseded AS
        SELECT folded.* FROM folded SEMI JOIN (FROM pairs WHERE how = 'superseded') AS gone
            ON folded.delivery_id = old_delivery AND folded.source_row = old_row"""
    )
    connection.execute(
        f"""INSERT INTO hidden ({_HIDDEN})
        SELECT {hidden}, how, old_delivery FROM incoming AS line JOIN pairs ON line.source_row = new_row
        WHERE how = 'known'
        UNION ALL
        SELECT {hidden}, how, (SELECT any_value(delivery_id) FROM incoming)
        FROM folded AS line JOIN pairs ON line.delivery_id = old_delivery AND line.source_row = old_row
        WHERE how = 'superseded'"""
    )
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE folded AS
        SELECT {_LINES} FROM folded ANTI JOIN superseded USING (delivery_id, source_row)
        UNION ALL SELECT {_LINES} FROM placed"""
    )
