"""The overview: its tables against counting line by line, and its findings on months chosen for them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

import pyarrow as pa
import pytest

from guanxi.studies import Account
from guanxi.studies.base import Context
from guanxi.studies.overview import report
from studies.shops import FIRST, planted, study


@pytest.fixture(scope="module")
def lines(company):
    """All lines that count: sales and returns of anything but test entries."""
    rows = company.lines.to_pylist()
    return [row for row in rows if row["item_kind"] != "test" and row["line_kind"] in {"sale", "return"}]


@pytest.fixture(scope="module")
def tables(company):
    return company.mined.result("overview").tables


def sums(lines, key):
    """Per key: (amount sold, amount returned), of what has any line."""
    found = defaultdict(lambda: [0, 0])
    for line in lines:
        place = 0 if line["line_kind"] == "sale" else 1
        found[line[key]][place] += abs(line["amount"])
    return {key: tuple(pair) for key, pair in found.items()}


def as_pairs(table: pa.Table, key: str):
    return {row[key]: (row["amount"], row["returns_amount"]) for row in table.to_pylist()}


def test_sales_by_day_are_the_sums_of_the_lines(tables, lines):
    assert as_pairs(tables["sales_by_day"], "ordered_on") == sums(lines, "ordered_on")


def test_sales_by_country_are_the_sums_of_the_lines_by_the_orders_country(tables, lines):
    found = as_pairs(tables["sales_by_country"], "country")
    assert sum(amount for amount, _ in found.values()) == sum(amount for amount, _ in sums(lines, "country").values())
    assert found == sums(lines, "country")


def test_sales_by_product_are_the_sums_of_the_lines_of_products(tables, lines):
    goods = [line for line in lines if line["item_kind"] == "product" and line["product_id"] is not None]
    assert as_pairs(tables["sales_by_product"], "product_id") == sums(goods, "product_id")


def test_orders_per_customer_are_counted_by_hand(tables, lines):
    orders = defaultdict(set)
    for line in lines:
        if line["line_kind"] == "sale" and line["customer_id"] is not None:
            orders[line["customer_id"]].add((line["order_id"], line["ordered_on"]))
    counts = defaultdict(int)
    for customers in orders.values():
        counts[len(customers)] += 1
    found = {row["orders"]: row["customers"] for row in tables["order_counts"].to_pylist() if row["orders"]}
    assert found == counts


def test_cohorts_are_counted_by_hand(tables, lines):
    months = defaultdict(set)
    for line in lines:
        if line["line_kind"] == "sale" and line["customer_id"] is not None:
            months[line["customer_id"]].add(line["ordered_on"].year * 12 + line["ordered_on"].month - 1)
    counts = defaultdict(int)
    for bought in months.values():
        for month in bought:
            counts[min(bought), month] += 1
    found = {(row["first_month"], row["month"]): row["customers"] for row in tables["cohort_activity"].to_pylist()}
    assert found == counts


def context(as_of: dt.date) -> Context:
    return Context("overview", as_of, 90, "EUR", Account(100, 0, {}))


def days(*pairs: tuple[str, int]) -> pa.Table:
    return pa.table({
        "ordered_on": [dt.date.fromisoformat(day) for day, _ in pairs],
        "orders": [1] * len(pairs),
        "amount": [amount for _, amount in pairs],
        "returns_amount": [0] * len(pairs),
    })  # fmt: skip


def finding(table: pa.Table, as_of: str):
    figure = report._sales(table, context(dt.date.fromisoformat(as_of))).figures[0]
    return figure.finding and figure.finding.say("en")


def test_the_last_complete_month_is_compared_with_the_one_before():
    table = days(("2023-11-02", 400), ("2024-01-05", 100), ("2024-02-05", 80), ("2024-03-05", 120))
    assert finding(table, "2024-04-01") == "2024-03: 50% more than in 2024-02. The best complete period was 2023-11."
    assert finding(table, "2024-03-31") == "2024-02: 20% less than in 2024-01. The best complete period was 2023-11."


def test_a_month_that_had_begun_before_the_data_is_not_compared_with():
    table = days(("2023-11-20", 5000), ("2024-01-05", 100), ("2024-02-05", 200))
    assert finding(table, "2024-03-20") == "2024-02: 100% more than in 2024-01. The best complete period was 2024-02."


def test_nothing_is_compared_with_a_month_without_sales():
    table = days(("2023-11-01", 100), ("2024-03-05", 50))
    assert finding(table, "2024-04-01") is None


def test_a_short_history_is_shown_by_week():
    table = days(("2024-01-01", 100), ("2024-01-09", 150))
    assert (
        finding(table, "2024-01-15")
        == "2024-01-08: 50% more than in 2024-01-01. The best complete period was 2024-01-08."
    )


def test_the_share_of_new_customers_who_come_back_leaves_out_the_first_month_of_the_data(tmp_path):
    shop = [(f"old{n}", 3, 5.0) for n in range(4)] + [(f"old{n}", 40, 5.0) for n in range(4)]
    shop += [(f"new{n}", 45, 5.0) for n in range(4)] + [("new0", 70, 5.0), ("late", 95, 5.0)]
    result = study(planted(tmp_path, shop), "overview", as_of=FIRST + dt.timedelta(days=96))
    (cohorts,) = [figure for section in result.sections for figure in section.figures if figure.id == "cohorts"]
    assert cohorts.finding.parameters["share"] == 0.25


def test_without_country_and_product_it_says_so(tmp_path):
    result = study(planted(tmp_path, [("x", 0, 5.0), ("y", 1, 7.0)]), "overview")
    assert [section.id for section in result.sections] == ["sales", "returning"]
    assert [message.code for message in result.missing] == ["overview.missing_country", "overview.missing_product"]


def test_what_is_no_country_is_shown_as_it_is_written():
    assert report._country("Unspecified") == "Unspecified"
    assert report._country("DE").say("zh") == "德国"
