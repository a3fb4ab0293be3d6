"""Shops of other shapes, without a mapping: a line with sales and profit, and a list of purchases without order numbers."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pyarrow.compute as pc
import pytest

from data import real_file


@pytest.fixture(scope="module")
def superstore(run_once):
    return run_once(real_file("superstore_us/superstore.parquet"))


def test_superstore_has_its_orders_customers_and_sales(superstore):
    customers = superstore.customers
    assert customers.num_rows == 793
    days = superstore.mined.result("overview").tables["sales_by_day"]
    assert pc.sum(days["orders"]).as_py() == 5_009
    # Each of 9,994 lines is rounded to a cent.
    assert abs(pc.sum(days["amount"]).as_py() - 229_720_086) <= 9_994 * 0.5
    assert pc.sum(customers["amount"]).as_py() == Decimal(pc.sum(days["amount"]).as_py()).scaleb(-2)


def test_superstores_cost_is_sales_without_profit(superstore):
    (file,) = superstore.mined.intake.files
    assert "mapping.cost_from_profit" in {note.code for note in file.guess.notes}
    lines = superstore.lines("amount", "cost")
    profit = pc.sum(lines["amount"]).as_py() - pc.sum(lines["cost"]).as_py()
    assert abs(profit - 28_639_702) <= 9_994 * 0.5


@pytest.mark.parametrize(
    ("name", "records", "customers", "total"),
    [
        ("cdnow/cdnow_master.parquet", 69_659, 23_570, Decimal("2500315.63")),
        ("cdnow/cdnow_sample.csv", 6_919, 2_357, None),
    ],
)
def test_cdnow_is_read_without_order_numbers(run_once, name, records, customers, total):
    run = run_once(real_file(name))
    assert run.mined.intake.files[0].account.records == records
    assert run.customers.num_rows == customers
    assert run.mined.as_of == dt.date(1998, 7, 1)
    if total is not None:
        assert pc.sum(run.customers["amount"]).as_py() == total


def test_on_cdnow_the_laws_of_purchasing_are_clearly_better_than_every_plain_rule(run_once):
    judgement = run_once(real_file("cdnow/cdnow_master.parquet")).mined.result("value").judgement
    assert judgement.grade == "A"
    assert judgement.comparisons[0].customers > 20_000
