"""Many small parts of a table into few, sorted so that a reader who asks for some days skips the rest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from guanxi.warehouse.catalog import Snapshot, Warehouse
from guanxi.warehouse.duckdb import connect, parquet
from guanxi.warehouse.publish import publication
from guanxi.warehouse.records import COMPACTED
from guanxi.warehouse.rewrite import write_rows

__all__ = ["SORTED_BY", "compact"]

_MEMORY_LIMIT_MIB = 1200

SORTED_BY: Mapping[str, Sequence[str]] = {
    "order_lines": ("ordered_on", "source", "order_id", "line_no"),
    "hidden_lines": ("ordered_on", "source", "order_id", "delivery_id", "source_row"),
    "orders": ("ordered_on", "source", "order_id"),
    "customers": ("customer_id",),
    "customers_said": ("customer_id", "delivery_id"),
    "identifiers": ("customer_id", "kind", "value", "source"),
    "identifiers_said": ("customer_id", "kind", "value", "source", "delivery_id"),
    "products": ("product_id",),
    "products_said": ("product_id", "delivery_id"),
    "rejects": ("delivery_id", "line"),
}
"""The tables that are compacted, and their order. What was learned stays in the parts of its runs."""


def compact(
    warehouse: Warehouse,
    *,
    at: dt.datetime,
    small_rows: int = 4_000_000,
    memory_limit_mib: int = _MEMORY_LIMIT_MIB,
) -> Snapshot | None:
    """Put the small parts of each table together; a snapshot with the same rows and fewer parts.

    Older snapshots keep their files until they are swept. Results do not change: `Snapshot.data_id` stays.

    Parameters
    ----------
    warehouse : Warehouse
    at : now, UTC without zone
    small_rows : parts with fewer rows are put together; larger ones stay
    memory_limit_mib : what the embedded database may use before it spills

    Returns
    -------
    the new snapshot; None where no table has two small parts

    Notes
    -----
    One sort of the rows in small parts; temporary space as large as they are.
    """
    with (
        publication(warehouse, reason=COMPACTED, at=at) as pending,
        connect(memory_limit_mib=memory_limit_mib, threads=2, temporary=pending.scratch) as connection,
    ):
        for table, order in SORTED_BY.items():
            small = [part for part in pending.parts(table) if part.rows < small_rows]
            if len(small) > 1:
                files = parquet([part.path for part in small])
                write_rows(pending, connection, table, f"SELECT * FROM {files} ORDER BY {', '.join(order)}")
                for part in small:
                    pending.remove(part)
    return pending.snapshot
