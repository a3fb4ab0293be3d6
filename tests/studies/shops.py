"""Shops for the studies: one planted for a purpose from a few lines of Python, and the simulated company."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable
from pathlib import Path

from guanxi import mine as job
from guanxi import studies
from guanxi.studies import Result
from guanxi.warehouse import DuckDB, Snapshot, Warehouse

AT = dt.datetime(2026, 6, 30, 12)
FIRST = dt.date(2024, 1, 1)
Purchase = tuple[str, int, float]
"""Customer, day from 0, amount."""


def planted(folder: Path, purchases: Iterable[Purchase]) -> Snapshot:
    """A snapshot of orders of one line each."""
    path = folder / "orders.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Order No", "Order Date", "Customer ID", "Amount"])
        for number, (customer, day, amount) in enumerate(sorted(purchases, key=lambda each: each[1])):
            writer.writerow([f"N{number}", FIRST + dt.timedelta(days=day), customer, f"{amount:.2f}"])
    job.import_files([path], folder / "warehouse", at=AT, currency="EUR")
    with Warehouse.open(folder / "warehouse") as warehouse:
        return warehouse.snapshot()


def study(snapshot: Snapshot, name: str, **options: object) -> Result:
    (result,) = studies.run(snapshot, names=[name], engine=DuckDB(), **options)
    return result
