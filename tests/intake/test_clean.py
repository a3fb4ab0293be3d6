"""Which records are set aside and why, and what kind of line the others are."""

from __future__ import annotations

import pytest

from guanxi import words
from guanxi.intake import clean
from guanxi.intake.items import ITEM_KINDS
from guanxi.words import LANGUAGES
from intake.staging import Shop, mapping, staged

COLUMNS = "order customer sku name day qty price"
MAPPING = mapping(
    order_id="order", customer_id="customer", product_id="sku", description="name", ordered_at="day", quantity="qty",
    unit_price="price",
)  # fmt: skip
GOOD = ("1001", "7", "A1", "Cup", "2024-03-05", "2", "3.50")


def changed(**cells: str | None) -> tuple[str | None, ...]:
    return tuple({**dict(zip(COLUMNS.split(), GOOD, strict=True)), **cells}.values())


@pytest.mark.parametrize(
    ("problem", "column", "row"),
    [
        ("total_row", None, ("Total", None, None, None, None, "15", "120.50")),
        ("total_row", None, (None, None, None, "合计：", None, "15", "120.50")),
        ("total_row", None, ("Grand Total", "", "", "", "-", "15", "120.50")),
        ("header_again", None, tuple(COLUMNS.split())),
        ("empty_record", None, (None, "", " ", "-", "NULL", "n/a", None)),
        ("time_missing", "day", changed(day=None)),
        ("time_unreadable", "day", changed(day="2024-13-45")),
        ("time_unreadable", "day", changed(day="yesterday")),
        ("time_placeholder", "day", changed(day="1900-01-01")),
        ("time_in_future", "day", changed(day="2024-07-02")),
        ("quantity_unreadable", "qty", changed(qty="two")),
        ("price_unreadable", "price", changed(price="cheap")),
        ("amount_missing", "price", changed(price=None)),
        ("amount_too_large", "price", changed(qty="99999999999999", price="999999999999")),
    ],
)
def test_each_problem_sets_its_record_aside_with_line_column_and_value(tmp_path, problem, column, row):
    shop = Shop(tmp_path)
    _, account = shop.deliver(staged(tmp_path, COLUMNS, [GOOD, row, GOOD]), MAPPING)
    assert (account.records, account.loaded, account.set_aside) == (3, 2, 1)
    value = dict(zip(COLUMNS.split(), row, strict=True))[column] if column else None
    assert shop.rows("rejects", 'line, "column", value, reason') == [(3, column, value, f"clean.{problem}")]


def test_an_amount_that_is_no_number_is_set_aside_where_nothing_else_gives_it(tmp_path):
    shop = Shop(tmp_path)
    file = staged(tmp_path, "day total", [("2024-03-05", "12.50"), ("2024-03-05", "much")])
    shop.deliver(file, mapping(ordered_at="day", amount="total"))
    assert shop.rows("rejects", '"column", value, reason') == [("total", "much", "clean.amount_unreadable")]


def test_a_record_in_another_currency_is_set_aside_and_its_own_may_be_left_out(tmp_path):
    shop = Shop(tmp_path, currency="CNY")
    rows = [("2024-03-05", "12.50", "cny"), ("2024-03-05", "3", "USD"), ("2024-03-05", "4", None)]
    shop.deliver(staged(tmp_path, "day total cur", rows), mapping(ordered_at="day", amount="total", currency="cur"))
    assert shop.rows("order_lines", "amount, currency") == [(1250, "CNY"), (400, "CNY")]
    assert shop.rows("rejects", '"column", value, reason') == [("cur", "USD", "clean.other_currency")]


def test_the_last_day_that_is_believed_is_the_one_after_the_delivery(tmp_path):
    shop = Shop(tmp_path)
    _, account = shop.deliver(
        staged(tmp_path, COLUMNS, [changed(day="2024-07-01 23:59"), changed(day="2024-07-02")]), MAPPING
    )
    assert (account.loaded, account.set_aside) == (1, 1)


def test_a_product_called_total_is_no_total_row_while_it_has_a_time(tmp_path):
    _, account = Shop(tmp_path).deliver(staged(tmp_path, COLUMNS, [changed(name="Total")]), MAPPING)
    assert account.set_aside == 0


@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        ("sale", {}),
        ("free", {"price": "0"}),
        ("return", {"qty": "-2"}),
        ("return", {"order": "C1002", "qty": "-2"}),
        ("return", {"order": "C1002"}),
        ("discount", {"sku": "D", "qty": "-1", "name": "Discount"}),
        ("discount", {"sku": None, "qty": "-1", "name": "优惠券抵扣"}),
        ("return", {"price": "-3.50"}),
    ],
)
def test_the_amount_and_the_order_number_say_what_kind_of_line_it_is(tmp_path, kind, cells):
    shop = Shop(tmp_path)
    rows = [GOOD, changed(order="1003"), changed(**cells)]
    shop.deliver(staged(tmp_path, COLUMNS, rows), MAPPING)
    assert shop.rows("order_lines", "line_kind")[2] == (kind,)


@pytest.mark.parametrize(
    "status",
    ["Cancelled", "canceled", "order cancelled", "On hold", "refunded", "TRADE_CLOSED",
     "交易关闭", "已取消", "待付款", "等待买家付款", "退款成功"],
)  # fmt: skip
def test_an_order_that_never_came_about_is_no_order_in_either_language(tmp_path, status):
    shop = Shop(tmp_path)
    rows = [("1", "2024-03-05", "10", status), ("2", "2024-03-05", "20", "paid"), ("3", "2024-03-05", "20", "交易成功")]
    shop.deliver(
        staged(tmp_path, "order day total status", rows),
        mapping(order_id="order", ordered_at="day", amount="total", status="status"),
    )
    assert shop.rows("order_lines", "line_kind") == [("cancelled",), ("sale",), ("sale",)]
    assert shop.rows("orders", "order_id") == [("2",), ("3",)]


ITEMS = [
    ("product", "A1", "Cup"),
    ("product", "POSTCARD", "Postage stamp album"),
    ("product", "A1", "测试仪"),
    ("product", "A1", "运费险杯子"),
    ("test", "TEST001", "This is a test product."),
    ("test", "A1", "测试商品"),
    ("test", "A1", "链接仅供测试勿拍"),
    ("postage", "POST", "anything"),
    ("postage", None, "DOTCOM POSTAGE"),
    ("postage", None, "Next Day Carriage"),
    ("postage", None, "Shipping fee"),
    ("postage", None, "运费"),
    ("postage", None, "邮费补差"),
    ("fee", "BANK CHARGES", None),
    ("fee", "AMAZONFEE", None),
    ("fee", None, "Handling fee"),
    ("fee", None, "手续费"),
    ("discount", "D", None),
    ("discount", None, "Member discount"),
    ("discount", None, "满减"),
    ("adjustment", "ADJUST2", None),
    ("adjustment", None, "Adjust bad debt"),
    ("adjustment", None, "补差价"),
    ("adjustment", None, "抹零"),
    ("manual", "M", "Manual"),
    ("manual", None, "手工录入"),
    ("voucher", "gift_0001_20", None),
    ("voucher", None, "Dotcomgiftshop Gift Voucher £20.00"),
    ("voucher", None, "储值卡"),
    ("sample", "S", "SAMPLES"),
    ("sample", None, "小样"),
]


def test_items_that_are_no_products_are_told_apart_in_both_languages(tmp_path):
    shop = Shop(tmp_path)
    rows = [changed(sku=sku, name=name) for _, sku, name in ITEMS]
    shop.deliver(staged(tmp_path, COLUMNS, rows), MAPPING)
    found = [kind for (kind,) in shop.rows("order_lines", "item_kind")]
    assert list(zip(found, rows, strict=True)) == list(zip([kind for kind, _, _ in ITEMS], rows, strict=True))
    assert {kind for kind, _, _ in ITEMS} == set(ITEM_KINDS)


@pytest.mark.parametrize(
    ("currency", "amount", "minor"),
    [
        ("EUR", "2.125", 212),
        ("EUR", "2.135", 214),
        ("EUR", "-2.125", -212),
        ("EUR", "-2.135", -214),
        ("EUR", "2.125001", 213),
        ("EUR", "0.005", 0),
        ("JPY", "2.5", 2),
        ("JPY", "3.5", 4),
        ("JPY", "1234", 1234),
        ("KWD", "1.2345", 1234),
    ],
)
def test_amounts_are_rounded_half_even_to_the_minor_units_of_the_currency(tmp_path, currency, amount, minor):
    shop = Shop(tmp_path, currency=currency)
    shop.deliver(staged(tmp_path, "day total", [("2024-03-05", amount)]), mapping(ordered_at="day", amount="total"))
    assert shop.rows("order_lines", "amount") == [(minor,)]


def test_the_amount_of_a_line_is_the_exact_product_before_it_is_rounded(tmp_path):
    shop = Shop(tmp_path)
    # A price of .001, and 3 × 1.115 = 3.345, whose neighbours are 3.34 and 3.35.
    rows = [changed(qty="2500", price="0.001"), changed(qty="3", price="1.115"), changed(qty="1.5", price="0.33")]
    shop.deliver(staged(tmp_path, COLUMNS, rows), MAPPING)
    assert shop.rows("order_lines", "amount") == [(250,), (334,), (50,)]


def test_a_discount_column_is_read_as_a_share_if_it_never_exceeds_one(tmp_path):
    shop = Shop(tmp_path)
    how = mapping(ordered_at="day", quantity="qty", unit_price="price", discount="off")
    rows = [("2024-03-05", "2", "10", "0.25"), ("2024-03-05", "2", "10", "0"), ("2024-03-05", "2", "10", None)]
    shop.deliver(staged(tmp_path, "day qty price off", rows), how)
    assert shop.rows("order_lines", "amount") == [(1500,), (2000,), (2000,)]


def test_a_discount_column_is_read_as_money_if_it_exceeds_one(tmp_path):
    shop = Shop(tmp_path)
    how = mapping(ordered_at="day", quantity="qty", unit_price="price", discount="off")
    rows = [("2024-03-05", "2", "10", "5"), ("2024-03-05", "2", "10", "0.50"), ("2024-03-05", "2", "10", None)]
    shop.deliver(staged(tmp_path, "day qty price off", rows), how)
    assert shop.rows("order_lines", "amount") == [(1500,), (1950,), (2000,)]


def test_a_discount_takes_nothing_from_an_amount_that_is_given(tmp_path):
    shop = Shop(tmp_path)
    how = mapping(ordered_at="day", amount="total", discount="off")
    shop.deliver(staged(tmp_path, "day total off", [("2024-03-05", "7.50", "0.25")]), how)
    assert shop.rows("order_lines", "amount") == [(750,)]


def test_numbers_that_are_too_large_together_with_a_discount_do_not_stop_the_load(tmp_path):
    how = mapping(ordered_at="day", quantity="qty", unit_price="price", discount="off")
    rows = [("2024-03-05", "99999999999999", "999999999999", "0.5"), ("2024-03-05", "2", "10", "0")]
    _, account = Shop(tmp_path).deliver(staged(tmp_path, "day qty price off", rows), how)
    assert (account.loaded, account.set_aside) == (1, 1)


@pytest.mark.parametrize(
    ("role", "value", "cost"), [("cost", "6", 600), ("unit_cost", "2.5", 500), ("profit", "1.25", 575)]
)
def test_cost_comes_from_cost_unit_cost_or_profit(tmp_path, role, value, cost):
    shop = Shop(tmp_path)
    how = mapping(ordered_at="day", quantity="qty", unit_price="price", **{role: "x"})
    shop.deliver(staged(tmp_path, "day qty price x", [("2024-03-05", "2", "3.5", value)]), how)
    assert shop.rows("order_lines", "amount, cost") == [(700, cost)]


def test_an_amount_wins_over_quantity_and_price(tmp_path):
    shop = Shop(tmp_path)
    how = mapping(ordered_at="day", quantity="qty", unit_price="price", amount="total")
    rows = [("2024-03-05", "2", "10", "18"), ("2024-03-05", "2", "10", None), ("2024-03-05", "2", None, "18")]
    shop.deliver(staged(tmp_path, "day qty price total", rows), how)
    assert shop.rows("order_lines", "amount, quantity, unit_price") == [(1800, 2, 10), (2000, 2, 10), (1800, 2, None)]


def test_order_numbers_that_begin_with_c_are_returns_only_where_orders_are_numbered_in_digits(tmp_path):
    shop = Shop(tmp_path)
    rows = [changed(order=order) for order in ("C100", "C101", "C102", "D103")]
    shop.deliver(staged(tmp_path, COLUMNS, rows), MAPPING)
    assert shop.rows("order_lines", "line_kind") == [("sale",)] * 4


@pytest.mark.parametrize("name", [*clean.PROBLEMS, "key_missing"])
def test_every_problem_is_explained_in_both_languages(name):
    sentences = [words.say(f"clean.{name}", language) for language in LANGUAGES]
    assert all(sentences)
    assert len(set(sentences)) == len(LANGUAGES)
