"""Small hand-made files as a reader would stage them, and a warehouse to load them into."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from guanxi.intake.load import Account, load
from guanxi.intake.mapping import FileMapping
from guanxi.intake.staged import Staged, Unread
from guanxi.progress import Progress
from guanxi.warehouse import Delivery, Settings, Warehouse, publication
from guanxi.warehouse.duckdb import connect

RECEIVED_ON = dt.date(2024, 6, 30)
AT = dt.datetime(2024, 6, 30, 12)
_numbers = count(1)


def staged(
    folder: Path, columns: str, rows: Sequence[Sequence[str | None]], *, unread: Sequence[Unread] = ()
) -> Staged:
    """``columns`` names in one text, ``rows`` of cells; the header is on line 1."""
    names = columns.split()
    number = next(_numbers)
    path = folder / f"staged-{number}.parquet"
    cells = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    pq.write_table(pa.table({name: pa.array(values, pa.string()) for name, values in cells.items()}), path)
    return Staged(
        path=path, file=f"file{number}.csv", sha256=f"{number:064d}", format="csv", encoding="utf-8", delimiter=",",
        columns=tuple(names), rows=len(rows), preamble_lines=1, unread=tuple(unread), notes=(),
    )  # fmt: skip


def mapping(kind: str = "orders", source: str = "shop", **columns: object) -> FileMapping:
    return FileMapping.model_validate({"source": source, "kind": kind, "columns": columns})


def real_shop(data: Path, folder: Path) -> Staged:
    """The real shop's file as a reader leaves it."""
    source = data / "online_retail_ii_year1" / "online_retail_ii_2009_2010.parquet"
    path = folder / "real-shop.parquet"
    duckdb.execute(f"COPY (SELECT COLUMNS(*)::VARCHAR FROM '{source}') TO '{path}' (FORMAT parquet)")
    columns = tuple(pq.read_schema(path).names)
    return Staged(
        path=path, file=source.name, sha256="0" * 64, format="parquet", encoding=None, delimiter=None,
        columns=columns, rows=pq.read_metadata(path).num_rows, preamble_lines=0, unread=(), notes=(),
    )  # fmt: skip


def database(folder: Path) -> duckdb.DuckDBPyConnection:
    return connect(memory_limit_mib=400, threads=2, temporary=folder)


REAL_SHOP = mapping(
    customer_id="CustomerID", order_id="Invoice", product_id="StockCode", description="Description",
    quantity="Quantity", ordered_at="InvoiceDate", unit_price="Price", country="Country",
)  # fmt: skip


class Shop:
    """A warehouse in a folder; `deliver` loads one file in a publication of its own."""

    def __init__(self, folder: Path, *, currency: str = "EUR", timezone: str = "UTC") -> None:
        self.folder = folder
        self.warehouse = Warehouse.create(folder / "warehouse", Settings(currency, timezone), at=AT)

    def deliver(self, file: Staged, how: FileMapping) -> tuple[Delivery, Account]:
        with publication(self.warehouse, reason="import", at=AT) as pending:
            return load(pending, database(self.folder), file, how, received_on=RECEIVED_ON, progress=Progress())

    def rows(self, table: str, columns: str, *, where: str = "true") -> list[tuple]:
        """What the latest snapshot holds, in the order of ``source_row``, or else of the columns."""
        files = self.warehouse.snapshot().files(table)
        if not files:
            return []
        order = "delivery_id, source_row" if table not in ("orders", "rejects") else "ALL"
        return (
            database(self.folder)
            .execute(f"SELECT {columns} FROM read_parquet({files}) WHERE {where} ORDER BY {order}")
            .fetchall()
        )
