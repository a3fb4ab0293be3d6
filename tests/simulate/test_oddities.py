import json
from collections import Counter

import pyarrow.parquet as pq
import pytest

from guanxi.simulate import Dirt, company

ALL_DIRT = Dirt(guest_orders=0.1, repeated_lines=0.03, mistaken_orders=0.04, postage_lines=0.3, test_orders=0.02)


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    """The order lines, the odd ones by row, and the account, of a company with all kinds of dirt."""
    paths = company(customers=8_000, seed=21, return_share=0.05, dirt=ALL_DIRT).write(
        tmp_path_factory.mktemp("dirty"), format="parquet", relations=False
    )
    lines = [tuple(row.values()) for row in pq.read_table(paths["orders"]).to_pylist()]
    odd = pq.read_table(paths["truth_odd_lines"]).to_pylist()
    account = json.loads(paths["truth_parameters"].read_text(encoding="utf-8"))["account"]
    return lines, odd, account


def orders_of(lines):
    orders = {}
    for order_id, *rest in lines:
        orders.setdefault(order_id, []).append(tuple(rest))
    return orders


def test_the_account_is_what_the_file_holds(books):
    lines, odd, account = books
    kinds = Counter(each["kind"] for each in odd)
    assert account["lines"] == len(lines) == account["lines_by_kind"]["sale"] + len(odd)
    assert account["orders"] == len(orders_of(lines))
    assert account["lines_without_customer"] == sum(line[2] is None for line in lines)
    assert {kind: count for kind, count in account["lines_by_kind"].items() if kind != "sale"} == kinds


def test_each_kind_is_as_frequent_as_asked(books):
    lines, odd, account = books
    sales = account["lines_by_kind"]["sale"]
    sale_orders = len(
        {line[0] for line in lines if line[0].isdigit()} - {o["order_id"] for o in odd if o["kind"] == "mistake"}
    )
    by_kind = account["lines_by_kind"]
    for count, base, share in [
        (by_kind["repeat"], sales, ALL_DIRT.repeated_lines),
        (by_kind["postage"], sale_orders, ALL_DIRT.postage_lines),
        (by_kind["test"], sale_orders, ALL_DIRT.test_orders),
        (len({o["order_id"] for o in odd if o["kind"] == "mistake"}), sale_orders, ALL_DIRT.mistaken_orders),
    ]:
        assert abs(count - base * share) < 4 * (base * share) ** 0.5
    # Some are sent back only after the books have ended, thirty days at most.
    assert 0.04 * sales < by_kind["return"] < 0.05 * sales + 4 * (0.05 * sales) ** 0.5


def test_a_repeat_is_alike_and_directly_behind(books):
    lines, odd, _ = books
    for each in odd:
        if each["kind"] == "repeat":
            assert lines[each["row"] - 1] == lines[each["row"] - 2]
            assert each["about_order_id"] == each["order_id"]


def test_a_cancellation_takes_back_what_was_entered_twice(books):
    lines, odd, _ = books
    orders = orders_of(lines)
    mistakes = {each["about_order_id"]: each["order_id"] for each in odd if each["kind"] == "mistake"}
    cancellations = {each["about_order_id"]: each["order_id"] for each in odd if each["kind"] == "cancellation"}
    assert mistakes
    assert mistakes.keys() == cancellations.keys()
    for about, mistake in mistakes.items():
        entered, taken_back = orders[mistake], orders[cancellations[about]]
        assert cancellations[about].startswith("C")
        assert [(*line[1:4], -line[4], line[5]) for line in taken_back] == [line[1:6] for line in entered]
        first_entry = [line for line in orders[about] if line[2] != "POST"]
        assert list(dict.fromkeys(first_entry)) == entered
        hours = (taken_back[0][0] - entered[0][0]).total_seconds() / 3600
        assert 0 <= hours <= 48


def test_a_return_gives_back_a_line_of_its_order_within_thirty_days(books):
    lines, odd, _ = books
    orders = orders_of(lines)
    for each in odd:
        if each["kind"] == "return":
            order_id, at, customer, product, _, quantity, price, _ = lines[each["row"] - 1]
            assert order_id.startswith("R")
            sold = [line for line in orders[each["about_order_id"]] if line[2] == product]
            assert (sold[0][1], sold[0][4], sold[0][5]) == (customer, -quantity, price)
            assert 0 < (at - sold[0][0]).total_seconds() <= 30 * 86_400


def test_postage_and_tests_are_told_by_their_codes(books):
    lines, odd, _ = books
    by_row = {each["row"]: each["kind"] for each in odd}
    for row, (order_id, _, customer, product, description, quantity, price, _) in enumerate(lines, start=1):
        assert (product == "POST") == (by_row.get(row) == "postage")
        assert (product == "TEST") == (by_row.get(row) == "test")
        if product == "TEST":
            assert order_id.startswith("T")
            assert (customer, quantity, str(price)) == (None, 1, "0.01")
            assert "测试" in description


def test_without_odd_lines_the_books_are_the_customers_own(tmp_path):
    """Tidied rightly, untidy books give back the truth."""
    clean = company(customers=500, seed=4, return_share=0).write(tmp_path / "clean", format="parquet")
    dirty = company(customers=500, seed=4, return_share=0, dirt=Dirt(repeated_lines=0.1, mistaken_orders=0.1)).write(
        tmp_path / "dirty", format="parquet"
    )
    assert pq.read_table(clean["truth_customers"]) == pq.read_table(dirty["truth_customers"])
    odd = set(pq.read_table(dirty["truth_odd_lines"])["row"].to_pylist())
    columns = ["Order Time", "Customer ID", "Product Code", "Quantity", "Unit Price"]
    tidied = [
        row
        for number, row in enumerate(pq.read_table(dirty["orders"], columns=columns).to_pylist(), 1)
        if number not in odd
    ]
    assert tidied == pq.read_table(clean["orders"], columns=columns).to_pylist()
