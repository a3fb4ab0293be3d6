"""Baskets made for a purpose, as tables and as the order file of a shop."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from guanxi import mine as job
from guanxi.warehouse import Snapshot, Warehouse
from studies.shops import AT, FIRST

HEADER = ["Order No", "Order Date", "Customer ID", "Product Code", "Product Name", "Quantity", "Unit Price"]


def baskets(*held: Iterable[str]) -> pa.Table:
    """Baskets as the study reads them, one a day."""
    rows = [(number, FIRST + dt.timedelta(days=number), item) for number, items in enumerate(held) for item in items]
    transaction, day, item = zip(*rows, strict=True) if rows else ((), (), ())
    return pa.table(
        {
            "transaction": pa.array(transaction, pa.int64()),
            "ordered_on": pa.array(day, pa.date32()),
            "item": pa.array(item, pa.string()),
        }
    )


def chance(rows: int, products: int, *, seed: int, chance: float = 0.15) -> list[list[str]]:
    """Baskets in which every product stands by itself."""
    there = np.random.default_rng(seed).random((rows, products)) < chance
    return [[f"P{place:02}" for place in np.flatnonzero(row)] for row in there]


def shop(folder: Path, held: Sequence[Sequence[str]], *, days: int = 200, product: bool = True) -> Snapshot:
    """A shop with these baskets spread evenly over so many days; every other order is of nobody known."""
    path = folder / "orders.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for number, items in enumerate(held):
            day = FIRST + dt.timedelta(days=number * days // len(held))
            customer = f"C{number % 50}" if number % 2 else ""
            for item in items:
                named = (item, f"Name of {item}") if product else ("", "")
                writer.writerow([f"N{number}", day, customer, *named, 1, "2.00"])
    job.import_files([path], folder / "warehouse", at=AT, currency="EUR")
    with Warehouse.open(folder / "warehouse") as warehouse:
        return warehouse.snapshot()
