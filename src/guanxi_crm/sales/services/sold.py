"""What was sold of each product by month, kept beside the orders as they are written and taken out."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from guanxi_crm.sales.models import SALES, Order, OrderLine, ProductMonth

__all__ = ["sold_add", "sold_take_off"]

_SQL = """INSERT INTO {months} (product_id, month, currency, orders, quantity, amount)
SELECT line.product_id, substr(CAST({orders}.ordered_on AS varchar(10)), 1, 7) AS month, {orders}.currency,
    {sign} * count(DISTINCT line.order_id), {sign} * sum(line.quantity), {sign} * sum(line.amount)
FROM {lines} AS line JOIN {orders} ON {orders}.id = line.order_id
WHERE line.product_id IS NOT NULL AND line.line_kind IN ({kinds}) AND line.order_id IN ({these})
GROUP BY line.product_id, substr(CAST({orders}.ordered_on AS varchar(10)), 1, 7), {orders}.currency
ON CONFLICT (product_id, month, currency) DO UPDATE SET orders = {months}.orders + excluded.orders,
    quantity = {months}.quantity + excluded.quantity, amount = {months}.amount + excluded.amount"""
"""Both databases know it."""


def sold_add(orders: Sequence[int]) -> None:
    """Add what the lines of some orders tell, after they were written: one statement.

    Permission, Audit: of whoever writes the orders, in the same transaction.
    """
    _change(1, orders)


def sold_take_off(orders: Sequence[int]) -> None:
    """Take off what the lines of some orders tell, before they are taken out or written anew: one statement.

    Permission, Audit: as in `sold_add`.
    """
    _change(-1, orders)


def _change(sign: int, orders: Sequence[int]) -> None:
    if not orders:
        return
    these = ", ".join(["%s"] * len(orders))
    tables = {name: connection.ops.quote_name(model._meta.db_table) for name, model in _TABLES.items()}
    sql = _SQL.format(**tables, sign=sign, kinds=", ".join(["%s"] * len(SALES)), these=these)
    with connection.cursor() as cursor:
        cursor.execute(sql, [*SALES, *orders])


_TABLES = {"months": ProductMonth, "orders": Order, "lines": OrderLine}
