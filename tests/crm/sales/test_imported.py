"""What an import writes: once or twice, the same."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from importlib import import_module

import pytest
from django.db import connection

from crm.sales.rows_of_orders import line_row, order_row
from guanxi_crm.customers.models import Customer
from guanxi_crm.sales.models import SALES, Order, OrderLine, Product, ProductMonth
from guanxi_crm.sales.services.imported import (
    ProductRow,
    orders_forget,
    orders_upsert,
    products_forget,
    products_upsert,
)

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 1, 5)


def test_a_batch_written_twice_changes_nothing(sold):
    orders = [order_row("x1", "C1", DAY, 1250), order_row("x2", None, DAY, 300)]
    lines = [line_row("x1", "P1", 1000), line_row("x1", "P2", 250, line_no=2), line_row("x2", None, 300)]
    assert orders_upsert(orders, lines, origin="import") == (2, 0, 3, 0)
    there = list(Order.objects.order_by("pk").values())
    assert orders_upsert(orders, lines, origin="import") == (0, 2, 3, 0)
    assert list(Order.objects.order_by("pk").values()) == there
    assert list(OrderLine.objects.filter(order__key="x1").order_by("line_no").values_list("amount", flat=True)) == [
        1000,
        250,
    ]


def test_an_order_that_has_changed_loses_the_lines_that_are_gone(sold):
    orders_upsert(
        [order_row("x1", "C1", DAY, 2)], [line_row("x1", "P1", 1), line_row("x1", "P1", 1, line_no=2)], origin="import"
    )
    orders_upsert([order_row("x1", "C1", DAY, 5, channel="shop")], [line_row("x1", "P1", 5)], origin="import")
    order = Order.objects.get(key="x1")
    assert (order.amount, order.channel, order.lines.get().amount) == (5, "shop", 5)


def test_times_and_decimals_come_back_as_they_were_given(sold):
    order = Order.objects.get(key="m05")
    assert order.ordered_at == dt.datetime(2026, 1, 5, 9, 30, tzinfo=dt.UTC)
    assert (order.items, order.lines.get().unit_price) == (Decimal("2.0000"), Decimal("6.250000"))
    assert Product.objects.get(code="P1").unit_cost == Decimal("3.5")


def test_orders_of_a_customer_whom_staff_have_deleted_are_left_out(sold):
    assert orders_upsert([order_row("x1", "C9", DAY, 2)], [line_row("x1", "P1", 2)], origin="import") == (0, 0, 0, 1)
    assert not Order.objects.filter(key="x1").exists()


def test_what_was_sold_by_month_follows_every_write(sold):
    assert kept() == added_up() != {}
    more = [line_row("x1", "P1", 700), line_row("x1", "P1", 50, line_no=2), line_row("x1", "P2", -40, line_no=3, kind="return"),
            line_row("x1", "P2", 99, line_no=4, kind="shipping"), line_row("x1", None, 3, line_no=5), line_row("x1", "P1", 7, line_no=6, quantity="0.3")]  # fmt: skip
    for _ in range(2):
        orders_upsert([order_row("x1", "C1", DAY, 813)], more, origin="import")
        assert kept() == added_up()
    assert kept()["P1", "2026-01", "CNY"] == (32, Decimal("66.3"), 31 * 1250 + 757)
    # Another month, another currency, another product.
    moved = order_row("x1", "C1", dt.date(2026, 3, 1), 9, currency="EUR")
    orders_upsert([moved], [line_row("x1", "P2", 9)], origin="import")
    assert kept() == added_up()
    assert kept()["P2", "2026-03", "EUR"] == (1, Decimal(2), 9)
    orders_forget(["x1", "m01", "o1"])
    assert kept() == added_up()
    products_forget(["P2"])
    assert kept() == added_up()
    assert {product for product, _, _ in kept()} == {"P1"}


def test_what_was_sold_before_it_was_kept_is_added_up_by_the_migration(sold):
    before = kept()
    ProductMonth.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(import_module("guanxi_crm.sales.migrations.0002_product_months").ADD_UP)
    assert kept() == before != {}


def test_what_is_forgotten_takes_its_lines_along_and_leaves_the_customer(sold):
    assert orders_forget(["m01", "m02", "never"]) == 2
    assert OrderLine.objects.count() == Order.objects.count() == 32
    assert Customer.objects.count() == 2


def test_a_product_forgotten_leaves_the_lines_with_their_description(sold):
    assert products_forget(["P2"]) == 1
    line = OrderLine.objects.get(order__key="o2")
    assert (line.product, line.description) == (None, "P2 as sold")


def test_a_product_is_brought_up_to_date(sold):
    assert products_upsert([ProductRow("P2", "Big cup", "Ware", "product", Decimal(1), "CNY")], origin="import") == (
        0,
        1,
    )
    assert Product.objects.get(code="P2").name == "Big cup"


def kept() -> dict:
    """Orders, quantity and amount as they are kept, by product, month and currency."""
    months = ProductMonth.objects.exclude(orders=0)
    return {
        (each.product.code, each.month, each.currency): (each.orders, each.quantity, each.amount)
        for each in months.select_related("product")
    }


def added_up() -> dict:
    """The same, of the lines that are there."""
    found: dict = {}
    for line in OrderLine.objects.filter(line_kind__in=SALES, product__isnull=False).select_related("product", "order"):
        of = found.setdefault((line.product.code, f"{line.order.ordered_on:%Y-%m}", line.order.currency), [set(), 0, 0])
        of[0].add(line.order_id)
        of[1] += line.quantity
        of[2] += line.amount
    return {key: (len(orders), quantity, amount) for key, (orders, quantity, amount) in found.items()}
