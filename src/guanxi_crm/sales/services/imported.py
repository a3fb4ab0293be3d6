"""Products, orders and their lines as files tell of them, written in bulk by an import."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Model

from guanxi_crm.customers.models import Customer
from guanxi_crm.sales.models import Order, OrderLine, Product
from guanxi_crm.sales.services.sold import sold_add, sold_take_off

__all__ = [
    "OrderRow",
    "OrdersWritten",
    "ProductRow",
    "orders_forget",
    "orders_upsert",
    "products_forget",
    "products_upsert",
]


class ProductRow(NamedTuple):
    """One product of the warehouse."""

    code: str
    name: str
    category: str
    item_kind: str
    unit_cost: object
    currency: str


class OrderRow(NamedTuple):
    """One order of the warehouse; ``customer`` is his number, ``ordered_at`` UTC without zone."""

    key: str
    customer: str | None
    source: str
    number: str
    ordered_at: dt.datetime
    ordered_on: dt.date
    lines_count: int
    items: object
    amount: int
    returns_amount: int
    currency: str
    country: str
    channel: str


class OrdersWritten(NamedTuple):
    """What a batch did."""

    created: int
    changed: int
    lines: int
    left_out: int
    """Orders of customers who are no longer here."""


_ORDER_COLUMNS = (*OrderRow._fields[2:], "key", "customer_id", "origin")
_LINE_COLUMNS = (
    "order_id", "line_no", "product_id", "description", "quantity", "unit_price", "amount", "line_kind",
)  # fmt: skip


@transaction.atomic
def products_upsert(rows: Sequence[ProductRow], *, origin: str) -> tuple[int, int]:
    """Make or bring up to date products by their code; returns how many were made and how many existed.

    Permission: whoever calls has asked for import.create. Audit: one entry an import, by its service.
    """
    there = Product.objects.filter(code__in=[row.code for row in rows]).count()
    Product.objects.bulk_create(
        [Product(**row._asdict(), origin=origin) for row in rows],
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=[name for name in ProductRow._fields if name != "code"],
    )
    return len(rows) - there, there


def products_forget(codes: Iterable[str]) -> int:
    """Take out products that no file names any more; lines that still name them keep their description.

    Permission, Audit: as in `products_upsert`.
    """
    _, by_model = Product.objects.filter(code__in=list(codes)).delete()
    return by_model.get(Product._meta.label, 0)


@transaction.atomic
def orders_upsert(orders: Sequence[OrderRow], lines: Sequence[tuple[Any, ...]], *, origin: str) -> OrdersWritten:
    """Make orders or bring them up to date, with all their lines. Done twice it changes nothing the second time.

    An order of a customer who is not here, because staff have deleted him, is left out. About 1,000 orders at a time.

    Parameters
    ----------
    orders : as the warehouse has them
    lines : all lines of these orders: the order's key, line_no, product code or None, description, quantity,
        unit_price, amount, line_kind
    origin : of those that are new

    Permission, Audit: as in `products_upsert`.

    Notes
    -----
    Written past the ORM, which would take several times as long: nine statements a batch, in SQL that both databases
    know.
    """
    numbers = {row.customer for row in orders if row.customer is not None}
    customers = dict(Customer.objects.filter(number__in=list(numbers)).values_list("number", "pk"))
    usable = [row for row in orders if row.customer is None or row.customer in customers]
    keys = [row.key for row in usable]
    there = list(Order.objects.filter(key__in=keys).values_list("pk", flat=True))
    if there:
        sold_take_off(there)
        OrderLine.objects.filter(order__in=there)._raw_delete(using=connection.alias)
    _write(
        Order,
        _ORDER_COLUMNS,
        [
            (
                row.source,
                row.number,
                _moment(row.ordered_at),
                *row[5:],
                row.key,
                customers.get(row.customer or ""),
                origin,
            )
            for row in usable
        ],
        update=(*_ORDER_COLUMNS[:-3], "customer_id"),
    )
    ids = dict(Order.objects.filter(key__in=keys).values_list("key", "pk"))
    codes = {line[2] for line in lines if line[2] is not None}
    products = dict(Product.objects.filter(code__in=list(codes)).values_list("code", "pk"))
    rows = [(ids[key], line_no, products.get(code), *rest) for key, line_no, code, *rest in lines if key in ids]
    _write(OrderLine, _LINE_COLUMNS, rows)
    sold_add(list(ids.values()))
    return OrdersWritten(len(usable) - len(there), len(there), len(rows), len(orders) - len(usable))


@transaction.atomic
def orders_forget(keys: Iterable[str]) -> int:
    """Take out orders, with their lines, of which no file tells any more; returns how many.

    Permission, Audit: as in `products_upsert`.
    """
    gone = list(Order.objects.filter(key__in=list(keys)).values_list("pk", flat=True))
    sold_take_off(gone)
    OrderLine.objects.filter(order__in=gone)._raw_delete(using=connection.alias)
    Order.objects.filter(pk__in=gone)._raw_delete(using=connection.alias)
    return len(gone)


def _write(
    model: type[Model], columns: Sequence[str], rows: Sequence[tuple[Any, ...]], *, update: Sequence[str] = ()
) -> None:
    """Insert rows; where the key is there already, set the columns to ``update``."""
    if not rows:
        return
    quote = connection.ops.quote_name
    names = ", ".join(map(quote, columns))
    sql = f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES ({', '.join(['%s'] * len(columns))})"
    if update:
        sets = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in update)
        sql += f" ON CONFLICT ({quote('key')}) DO UPDATE SET {sets}"
    with connection.cursor() as cursor:
        cursor.executemany(sql, rows)


def _moment(at: dt.datetime) -> object:
    return connection.ops.adapt_datetimefield_value(at.replace(tzinfo=dt.UTC))
