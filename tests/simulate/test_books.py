import decimal

import numpy as np
import pyarrow as pa
import pytest

from guanxi.simulate import company
from guanxi.simulate.books import decimals


@pytest.fixture(scope="module")
def table():
    return pa.Table.from_batches(company(customers=12_000, seed=5, dirt=0.2).batches())


def test_lines_are_in_the_order_of_time_and_order_numbers_rise(table):
    at = table["ordered_at"].to_numpy()
    assert (np.diff(at) >= np.timedelta64(0, "s")).all()
    numbers = np.array([int(order.lstrip("RCT")) for order in table["order_id"].to_pylist()])
    assert set(np.diff(numbers)) == {0, 1}
    assert numbers[0] == 500_001


def test_an_order_has_one_time_and_one_customer(table):
    order = table["order_id"].to_pylist()
    facts = set(zip(order, table["ordered_at"].to_pylist(), table["customer_id"].to_pylist(), strict=True))
    assert len(facts) == len(set(order))


def test_the_size_of_batches_does_not_matter(table):
    shop = company(customers=12_000, seed=5, dirt=0.2)
    small = list(shop.batches(rows=10_007))
    assert max(batch.num_rows for batch in small) == 10_007
    assert pa.Table.from_batches(small) == table


def test_the_number_of_threads_does_not_matter(table):
    assert pa.Table.from_batches(company(customers=12_000, seed=5, dirt=0.2).batches(threads=1)) == table
    assert pa.Table.from_batches(company(customers=12_000, seed=5, dirt=0.2).batches(threads=5)) == table


def test_another_seed_is_another_company(table):
    other = pa.Table.from_batches(company(customers=12_000, seed=6, dirt=0.2).batches())
    assert abs(other.num_rows / table.num_rows - 1) < 0.1
    assert other["unit_price"].slice(0, 100) != table["unit_price"].slice(0, 100)


def test_the_books_cover_the_days_asked_for():
    table = pa.Table.from_batches(company(customers=300, seed=5, days=10).batches())
    at = table["ordered_at"].to_numpy()
    assert at.min() >= np.datetime64("2024-01-01")
    assert at.max() < np.datetime64("2024-01-11")


def test_one_customer_is_a_company():
    table = pa.Table.from_batches(company(customers=1, seed=5).batches())
    assert set(table["customer_id"].to_pylist()) == {"100001"}


def test_a_currency_without_cents_has_whole_prices():
    batch = next(company(customers=5, seed=5, currency="JPY").batches())
    assert batch.schema.field("unit_price").type == pa.decimal128(18, 0)


def test_decimals_are_exact():
    values = decimals(np.array([0, 1, -1, 1999, 10**15 + 1, -(10**15)]), 2).to_pylist()
    assert values == [
        decimal.Decimal(text) for text in ("0", "0.01", "-0.01", "19.99", "10000000000000.01", "-10000000000000")
    ]
