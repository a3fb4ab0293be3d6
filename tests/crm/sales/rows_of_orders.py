"""Rows of orders and lines as the warehouse gives them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from guanxi_crm.sales.services.imported import OrderRow


def order_row(key: str, customer: str | None, day: dt.date, amount: int, **values) -> OrderRow:
    at = dt.datetime.combine(day, dt.time(9, 30))
    row = OrderRow(
        key, customer, "shop", f"N{key}", at, day, 1, Decimal("2.0000"), amount, 0, "CNY", "CN", "web"
    )  # fmt: skip
    return row._replace(**values)


def line_row(
    key: str, product: str | None, amount: int, *, line_no: int = 1, kind: str = "sale", quantity: str = "2.0000"
) -> tuple:
    return (key, line_no, product, f"{product} as sold", Decimal(quantity), Decimal("6.250000"), amount, kind)
