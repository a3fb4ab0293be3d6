"""What a later file changes of an earlier one, as far as the studies: status, category, a source's name."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import pytest

from guanxi import studies
from guanxi.features.customers import customer_features
from guanxi.mine import import_files
from guanxi.warehouse import DuckDB, Warehouse
from mine.shop import AT, ROWS, write_csv

HEADER = ["order_no", "order_date", "customer_id", "product_id", "quantity", "unit_price", "status"]
PAID = [
    ("A1", "2024-01-05", "ada", "P1", "2", "10.00", "paid"),
    ("A1", "2024-01-05", "ada", "P2", "1", "5.50", "paid"),
    ("A2", "2024-02-10", "bo", "P1", "1", "10.00", "paid"),
    ("A3", "2024-03-01", "ada", "P2", "4", "5.50", "unpaid"),
]
REFUNDED = [(*PAID[0][:6], "refunded"), (*PAID[1][:6], "refunded"), PAID[2], (*PAID[3][:6], "paid")]


def write(path: Path, header, rows) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


@pytest.mark.parametrize(
    ("files", "used", "kept_out"),
    [
        ([PAID], 3, {"cancelled": 1}),
        ([PAID, REFUNDED], 2, {"already_known": 1, "superseded": 3, "cancelled": 2}),
        ([PAID, REFUNDED, REFUNDED], 2, {"already_known": 1, "superseded": 3, "cancelled": 2}),
    ],
    ids=["paid", "then refunded", "and the same again"],
)
def test_a_status_that_changes_supersedes_and_every_row_is_accounted_for(tmp_path, files, used, kept_out):
    for number, rows in enumerate(files):
        path = write(tmp_path / f"orders_{min(number, 1)}.csv", HEADER, rows)
        import_files([path], tmp_path / "w", at=AT, currency="EUR")
    with Warehouse.open(tmp_path / "w") as warehouse:
        accounts = dict(studies.accounts(warehouse.snapshot(), as_of=dt.date(2024, 6, 1), engine=DuckDB()))
    account = accounts["overview"]
    assert (account.used, {rule: rows for rule, rows in account.kept_out.items() if rows}) == (used, kept_out)
    assert account.delivered == account.used + account.set_aside + sum(account.kept_out.values())


@pytest.mark.parametrize("together", [True, False])
def test_the_categories_of_a_product_file_reach_the_features(tmp_path, together):
    orders = write_csv(tmp_path / "orders.csv", ROWS)
    products = write(
        tmp_path / "products.csv", ["Product Code", "Product Name", "Category"],
        [("P1", "Green tea", "drinks"), ("P2", "Teacup", "china"), ("P3", "Kettle", "china")],
    )  # fmt: skip
    for files in [[orders, products]] if together else [[orders], [products]]:
        import_files(files, tmp_path / "w", at=AT, currency="EUR")
    with Warehouse.open(tmp_path / "w") as warehouse, DuckDB().bind(warehouse.snapshot()) as session:
        customer_features(session, as_of=dt.date(2024, 6, 1))
        rows = session._connection.execute("SELECT customer_id, top_category FROM customer_features").fetchall()
    assert dict(rows) == {"张三": "china", "李四": "drinks", "=1+1": "drinks", "王五": None}
