"""Products: the list, one product, what was sold of it by month and to whom."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from guanxi_crm.core.errors import NotFound
from guanxi_crm.core.keyset import Order as Sorting
from guanxi_crm.core.keyset import Page, page_of
from guanxi_crm.core.policy import Actor
from guanxi_crm.sales.models import Order, OrderLine, Product

__all__ = ["Buyer", "SoldInMonth", "product_buyers", "product_get", "product_months", "product_page"]

_SIZE = 50
_BY_CODE = Sorting("code")
_SALES = ("sale", "return")


@dataclass(frozen=True)
class SoldInMonth:
    """What was sold of a product in one month, returns taken off; money in minor units."""

    month: dt.date
    orders: int
    quantity: float
    amount: int
    currency: str


@dataclass(frozen=True)
class Buyer:
    """Who bought most of a product."""

    customer_id: int
    name: str
    orders: int
    amount: int
    currency: str


def product_page(
    *, user: Actor, text: str = "", category: str = "", cursor: str | None = None, size: int = _SIZE
) -> Page:
    """A page of the products by code, those whose code, name or category has the text.

    Raises
    ------
    NotAllowed : it asks by a field that is hidden from the user.
    """
    user.require("product", "view")
    user.require_readable("product", ["code", *(["category"] if category else [])])
    found: QuerySet[Product] = user.narrow("product", Product.objects.all())
    if text:
        asked = Q(code__icontains=text)
        for name in ("name", "category"):
            if user.may_read("product", name):
                asked |= Q(**{f"{name}__icontains": text})
        found = found.filter(asked)
    if category:
        found = found.filter(category=category)
    return page_of(found, _BY_CODE, size=size, cursor=cursor)


def product_get(*, user: Actor, product_id: int) -> Product:
    """One product; `NotFound` where there is none that this user may know of."""
    product = user.narrow("product", Product.objects.all()).filter(pk=product_id).first()
    if product is None:
        raise NotFound
    return product


def product_months(product: Product, *, user: Actor) -> list[SoldInMonth]:
    """Sales of a product by month and currency, in the orders that the user may see, the earliest first.

    Empty where amounts, lines or times of orders are hidden from him. One query over the product's lines.
    """
    if not _sees(user, "lines", "amount", "ordered_at"):
        return []
    rows = (
        _sold(product, user)
        .annotate(month=TruncMonth("order__ordered_on"))
        .values("month", "order__currency")
        .annotate(n=Count("order", distinct=True), pieces=Sum("quantity"), total=Sum("amount"))
        .order_by("month", "order__currency")
    )
    return [
        SoldInMonth(row["month"], row["n"], float(row["pieces"] or 0), row["total"] or 0, row["order__currency"])
        for row in rows
    ]


def product_buyers(product: Product, *, user: Actor, limit: int = 10) -> list[Buyer]:
    """The customers who spent most on a product, among the orders that the user may see.

    Empty where it is hidden from him whose an order is, or what it came to. One query over the product's lines.
    """
    if not (_sees(user, "lines", "amount", "customer") and user.may("customer", "view")):
        return []
    rows = (
        _sold(product, user)
        .filter(order__customer__isnull=False)
        .values("order__customer", "order__customer__name", "order__customer__number", "order__currency")
        .annotate(n=Count("order", distinct=True), total=Sum("amount"))
        .order_by("-total", "order__customer")[:limit]
    )
    reads_name, reads_number = (user.may_read("customer", name) for name in ("name", "number"))
    return [
        Buyer(
            row["order__customer"],
            (row["order__customer__name"] if reads_name else "")
            or (row["order__customer__number"] if reads_number else f"#{row['order__customer']}"),
            row["n"], row["total"], row["order__currency"],
        )
        for row in rows
    ]  # fmt: skip


def _sold(product: Product, user: Actor) -> QuerySet[OrderLine]:
    lines = OrderLine.objects.filter(product=product, line_kind__in=_SALES).order_by()
    orders = user.narrow("order", Order.objects.all())
    # A sub-query over all orders is not needed by who may see them all.
    return lines if orders.query.where.children == [] else lines.filter(order__in=orders)


def _sees(user: Actor, *fields: str) -> bool:
    return user.may("order", "view") and all(user.may_read("order", name) for name in fields)
