"""Taking a delivery back: the warehouse as if that file had never come."""

from __future__ import annotations

import datetime as dt

import duckdb

from guanxi.errors import WarehouseError
from guanxi.intake.load.categories import as_delivered
from guanxi.intake.load.fold import fold_all
from guanxi.intake.load.said import SAID, add_up
from guanxi.intake.load.settle import settle_lines
from guanxi.schema import HIDDEN_LINES, ORDER_LINES, TABLES
from guanxi.warehouse import Delivery, Publication, Snapshot, Warehouse, publication
from guanxi.warehouse.duckdb import connect
from guanxi.warehouse.rewrite import replace_rows, rows_of

__all__ = ["UNDO", "undo"]

UNDO = "undo"
"""Reason of a snapshot without a delivery that the one before it had."""

_MEMORY_LIMIT_MIB = 1200
_LINES = ", ".join(f'"{name}"' for name in ORDER_LINES.names)
_ROW = ("delivery_id", "source_row")


def undo(
    warehouse: Warehouse, delivery_id: int, *, at: dt.datetime, memory_limit_mib: int = _MEMORY_LIMIT_MIB
) -> Snapshot:
    """Take one delivery back, whichever it is: all tables are as if its file had never come.

    What it superseded counts again, what it alone brought is gone, and what a later delivery repeated of it counts as
    that delivery's. The snapshots before stay as they are, and the same file can be brought in again.

    Parameters
    ----------
    warehouse : Warehouse
    delivery_id : as `Snapshot.deliveries` counts them
    at : now, UTC without zone
    memory_limit_mib : what the embedded database may use before it spills

    Returns
    -------
    the new snapshot

    Raises
    ------
    WarehouseError : there is no such delivery, it was undone already, or it is older than what can be undone.
    WarehouseBusy : somebody else is writing.

    Notes
    -----
    The orders that the delivery speaks of are folded again from all other deliveries, and the parts that hold what
    changes are written again: O(lines of these orders + those parts).
    """
    with publication(warehouse, reason=UNDO, at=at) as pending:
        delivery = _delivery(warehouse, pending, delivery_id)
        pending.note["delivery_id"] = delivery_id
        pending.take_back(delivery)
        with connect(memory_limit_mib=memory_limit_mib, threads=2, temporary=pending.scratch) as connection:
            _unload_lines(pending, connection, delivery_id)
            for table in SAID:
                _unsay(pending, connection, table, delivery_id)
            of_it = f"SELECT CAST({delivery_id} AS BIGINT) AS delivery_id"
            replace_rows(pending, connection, "rejects", gone=of_it, key=("delivery_id",))
    assert pending.snapshot is not None
    return pending.snapshot


def _delivery(warehouse: Warehouse, pending: Publication, delivery_id: int) -> Delivery:
    there = {each.id: each for each in pending.base.deliveries}
    if delivery_id not in there:
        raise WarehouseError("warehouse.no_such_delivery", delivery=delivery_id, deliveries=list(there))
    if delivery_id < warehouse.undoable_from:
        raise WarehouseError("warehouse.not_undoable", delivery=delivery_id, first=warehouse.undoable_from)
    return there[delivery_id]


def _unload_lines(pending: Publication, connection: duckdb.DuckDBPyConnection, delivery_id: int) -> None:
    run = connection.execute
    current = rows_of(pending, connection, "order_lines")
    hidden = rows_of(pending, connection, "hidden_lines")
    delivered = f"(SELECT {_LINES} FROM {current} UNION ALL SELECT {_LINES} FROM {hidden})"
    run(
        f"""CREATE OR REPLACE TEMP TABLE affected AS
        SELECT DISTINCT source, order_id FROM {delivered} WHERE delivery_id = {delivery_id}"""
    )
    of_affected = "SEMI JOIN affected USING (source, order_id)"
    run(f"CREATE OR REPLACE TEMP TABLE lines_before AS SELECT {_LINES} FROM {current} {of_affected}")
    others = f"SELECT * FROM {delivered} {of_affected} WHERE delivery_id <> {delivery_id}"
    fold_all(connection, as_delivered(pending, others))
    # Of the lines that stay, what each takes back is known; it is looked at again where a sale went or came.
    same = " AND ".join(f"a.{name} = b.{name}" for name in (*_ROW, "line_no"))
    run(f"CREATE OR REPLACE TEMP TABLE lines_gone AS SELECT a.* FROM lines_before AS a ANTI JOIN folded AS b ON {same}")
    run(f"CREATE OR REPLACE TEMP TABLE lines_new AS SELECT a.* FROM folded AS a ANTI JOIN lines_before AS b ON {same}")
    run("CREATE OR REPLACE TEMP VIEW lines_added AS FROM lines_new")
    touched = "SELECT source, order_id FROM lines_gone UNION SELECT source, order_id FROM lines_new"
    run(
        f"""CREATE OR REPLACE TEMP TABLE lines_kept AS
        SELECT * FROM lines_before SEMI JOIN ({touched}) USING (source, order_id)
            ANTI JOIN lines_gone USING ({", ".join(_ROW)})"""
    )
    _rewrite_hidden(pending, connection, hidden, of_affected)
    settle_lines(pending, connection, gone="lines_gone", added="lines_added", kept="lines_kept")


def _rewrite_hidden(pending: Publication, connection: duckdb.DuckDBPyConnection, there: str, of_affected: str) -> None:
    names = ", ".join(f'"{name}"' for name in HIDDEN_LINES.names)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE hidden_before AS SELECT {names} FROM {there} {of_affected}")
    replace_rows(
        pending,
        connection,
        "hidden_lines",
        gone=f"SELECT {names} FROM hidden_before EXCEPT SELECT {names} FROM hidden",
        key=HIDDEN_LINES.key,
        added=f"SELECT {names} FROM hidden EXCEPT SELECT {names} FROM hidden_before ORDER BY {', '.join(_ROW)}",
    )


def _unsay(pending: Publication, connection: duckdb.DuckDBPyConnection, table: str, delivery_id: int) -> None:
    key = ", ".join(TABLES[table].key)
    said = rows_of(pending, connection, SAID[table])
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE unsaid AS
        SELECT {key}, delivery_id FROM {said} WHERE delivery_id = {delivery_id}"""
    )
    replace_rows(pending, connection, SAID[table], gone="unsaid", key=("delivery_id",))
    add_up(pending, connection, table, keys="unsaid")
