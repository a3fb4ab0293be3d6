"""A warehouse of several copies of a simulated company: many customers for studies, without the import of their file.

Each copy has customers and orders of its own. Its customers live up to four weeks earlier, each by a number of days of
his own: were all histories told over again, the models of lifetimes, which read each distinct one once, would have no
more to do than for one company.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from guanxi.schema import TABLES
from guanxi.warehouse import Warehouse, publication
from guanxi.warehouse.duckdb import connect, literal, parquet

__all__ = ["add_copies"]

_SPREAD_DAYS = 28
_ROWS = 100_000_000
"""Between the numbers of the rows of two copies."""
_EARLIER = f"CAST(HASH(customer_id) % {_SPREAD_DAYS} AS INTEGER)"
_TABLES = ("order_lines", "orders", "customers", "customers_said")


def add_copies(path: Path, copies: int, *, at: dt.datetime) -> None:
    """Add copies of the one company that a warehouse holds, as deliveries of their own; products are the same."""
    with (
        Warehouse.open(path) as warehouse,
        publication(warehouse, reason="import", at=at) as pending,
        connect(memory_limit_mib=1200, threads=2, temporary=pending.scratch) as connection,
    ):
        (given,) = pending.base.deliveries
        for copy in range(1, copies + 1):
            delivery = pending.deliver(
                source=given.source, kind=given.kind, file=f"{copy}-{given.file}", sha256=f"{copy}-{given.sha256}",
                mapping=given.mapping,
            )  # fmt: skip
            pending.describe(delivery, account=given.account, quality=given.quality)
            for table in _TABLES:
                made = pending.fresh_path(table)
                changed = ", ".join(f"{how} AS {name}" for name, how in _changed(table, copy, delivery.id).items())
                files = parquet([each.path for each in pending.base.parts[table]])
                connection.execute(
                    f"COPY (SELECT * REPLACE ({changed}) FROM {files}) TO {literal(made)}"
                    " (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
                )
                pending.adopt(table, made)


def _changed(table: str, copy: int, delivery: int) -> dict[str, str]:
    """What becomes of a table's columns in a copy; the others stay."""
    names = {name: f"{name} || '-{copy}'" for name in ("customer_id", "order_id", "cancels_order_id")}
    times = {
        "ordered_at": f"COALESCE(ordered_at - TO_DAYS({_EARLIER}), ordered_at)",
        "ordered_on": f"COALESCE(ordered_on - {_EARLIER}, ordered_on)",
    }
    numbers = {"delivery_id": f"CAST({delivery} AS BIGINT)", "source_row": f"source_row + {copy * _ROWS}"}
    return {name: how for name, how in {**names, **times, **numbers}.items() if name in TABLES[table].arrow.names}
