"""Bringing a warehouse that an older Guanxi wrote to the present version of the schema.

One step per version, each a publication of its own: it is there whole or not at all, older snapshots stay readable, and
an upgrade that failed is simply started again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

import duckdb

from guanxi import schema
from guanxi.errors import WarehouseError
from guanxi.schema import TABLES
from guanxi.warehouse.catalog import Warehouse
from guanxi.warehouse.duckdb import connect, parquet
from guanxi.warehouse.publish import Publication, publication_while_writing, writing
from guanxi.warehouse.records import UPGRADED
from guanxi.warehouse.rewrite import write_rows
from guanxi.warehouse.tables import metadata

__all__ = ["upgrade"]

_MEMORY_LIMIT_MIB = 1200

_Step = Callable[[Publication, duckdb.DuckDBPyConnection], None]


def upgrade(warehouse: Warehouse, *, at: dt.datetime, memory_limit_mib: int = _MEMORY_LIMIT_MIB) -> int:
    """Upgrade a warehouse in place; returns the version that it had.

    Parameters
    ----------
    warehouse : Warehouse
    at : now, UTC without zone
    memory_limit_mib : what the embedded database may use before it spills

    Raises
    ------
    WarehouseError : it is too old for this Guanxi; or the disk is full.
    WarehouseBusy : somebody else is writing.

    Notes
    -----
    From version 1: the order lines of the latest snapshot are written again.
    """
    with writing(warehouse, older=True):
        before = warehouse.settings.schema_version
        for version in range(before, schema.VERSION):
            if version not in _STEPS:
                raise WarehouseError("warehouse.cannot_upgrade", found=before, least=min(_STEPS))
            # Tables that came later are empty, and nobody asks for them before the version says that they are there.
            metadata.create_all(warehouse.catalogue)
            with publication_while_writing(warehouse, reason=UPGRADED, at=at) as pending:
                with connect(memory_limit_mib=memory_limit_mib, threads=2, temporary=pending.scratch) as connection:
                    _STEPS[version](pending, connection)
                pending.set("schema_version", str(version + 1))
                pending.note["schema_version"] = version + 1
    return before


def _from_1(pending: Publication, connection: duckdb.DuckDBPyConnection) -> None:
    """What each delivery said is kept from now on, and lines keep the number that their file gave them.

    Version 1 did not keep the lines that were known already, nor what a file about customers replaced, so that only
    later deliveries can be undone.
    """
    for part in pending.parts("order_lines"):
        lines = f"SELECT *, CAST(NULL AS BIGINT) AS given_line_no FROM {parquet([part.path])}"
        write_rows(pending, connection, "order_lines", lines)
        pending.remove(part)
    kinds = {delivery.id: delivery.kind for delivery in pending.base.deliveries}
    of_lines = ", ".join(str(number) for number, kind in kinds.items() if kind == "orders") or "NULL"
    for table, said in (
        ("customers", "customers_said"),
        ("products", "products_said"),
        ("identifiers", "identifiers_said"),
    ):
        files = pending.files(table)
        if files:
            by = f"CASE WHEN delivery_id IN ({of_lines}) THEN 'lines' ELSE 'file' END AS said_by"
            names = ", ".join(name for name in TABLES[said].names if name != "said_by")
            write_rows(pending, connection, said, f"SELECT {names}, {by} FROM {parquet(files)}")
    pending.set("undoable_from", str(pending.warehouse.next_delivery_id()))


_STEPS: Mapping[int, _Step] = {1: _from_1}
"""What leads from each version to the next."""
