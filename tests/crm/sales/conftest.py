"""Orders for tests of sales: two customers of two people, two products."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.utils import timezone

from crm.sales.rows_of_orders import line_row, order_row
from guanxi_crm.customers.models import Customer
from guanxi_crm.sales.models import Product
from guanxi_crm.sales.services.imported import ProductRow, orders_upsert, products_upsert


@pytest.fixture
def sold(company, sales, stranger) -> SimpleNamespace:
    """``mine`` is a customer of ``sales``, ``other`` of ``stranger``; an order a day of January for mine, two for other."""
    now = timezone.now()
    mine, other = (
        Customer.objects.create(number=number, name=name, owner=owner, created_at=now, updated_at=now)
        for number, name, owner in (("C1", "王小明", sales), ("C2", "Li Na", stranger))
    )
    products_upsert(
        [ProductRow("P1", "Green tea", "Tea", "product", Decimal("3.500000"), "CNY"),
         ProductRow("P2", "Cup", "Ware", "product", None, "CNY")],
        origin="import",
    )  # fmt: skip
    orders = [order_row(f"m{day:02}", "C1", dt.date(2026, 1, day), 1250) for day in range(1, 32)]
    orders += [order_row("o1", "C2", dt.date(2026, 2, 1), 99900), order_row("o2", "C2", dt.date(2026, 2, 2), 50000)]
    orders.append(order_row("n1", None, dt.date(2026, 2, 3), 700))
    lines = [line_row(order.key, "P1" if order.key != "o2" else "P2", order.amount) for order in orders]
    orders_upsert(orders, lines, origin="import")
    return SimpleNamespace(
        mine=mine, other=other, tea=Product.objects.get(code="P1"), cup=Product.objects.get(code="P2")
    )
