"""Products: the list, one product, what was sold of it by month and to whom."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import CharField, Count, Q, QuerySet, Sum
from django.db.models.functions import Cast, Substr

from guanxi_crm.core.errors import NotFound
from guanxi_crm.core.keyset import Order as Sorting
from guanxi_crm.core.keyset import Page, page_of
from guanxi_crm.core.planner import unindexed
from guanxi_crm.core.policy import Actor
from guanxi_crm.customers.models import Customer
from guanxi_crm.customers.selectors.record import name_for
from guanxi_crm.sales.models import OrderLine, Product

__all__ = ["Buyer", "SoldInMonth", "product_buyers", "product_get", "product_months", "product_page", "product_search"]

_SIZE = 50
_BY_CODE = Sorting("code")
_SALES = ("sale", "return")
_WHOSE = {"order__customer__owner_id", "order__customer__team_id"}


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


def product_search(*, user: Actor, text: str, limit: int = 5) -> list[Product]:
    """Products whose code begins with a text or whose name has it, for the command bar; by code, else by name where
    codes are hidden. One query."""
    user.require("product", "view")
    asked = Q()
    if user.may_read("product", "code"):
        asked |= Q(code__istartswith=text)
    if user.may_read("product", "name"):
        asked |= Q(name__icontains=text)
    if not text or not asked:
        return []
    first = "code" if user.may_read("product", "code") else "name"
    return list(user.narrow("product", Product.objects.filter(asked)).order_by(first, "pk")[:limit])


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
        # The year and month of a date as text: cut by SQLite itself, where TruncMonth would ask Python row by row.
        .annotate(month=Substr(Cast("order__ordered_on", CharField()), 1, 7))
        .values("month", "order__currency")
        .annotate(n=Count("order", distinct=True), pieces=Sum("quantity"), total=Sum("amount"))
        .order_by("month", "order__currency")
    )
    return [
        SoldInMonth(
            dt.date.fromisoformat(f"{row['month']}-01"), row["n"], float(row["pieces"] or 0), row["total"] or 0,
            row["order__currency"],
        )
        for row in rows
    ]  # fmt: skip


def product_buyers(product: Product, *, user: Actor, limit: int = 10) -> list[Buyer]:
    """The customers who spent most on a product, among the orders that the user may see.

    Customers of whom he may not know are left out. Empty where it is hidden from him whose an order is, or what it
    came to. One query over the product's lines, one for the names.
    """
    if not (_sees(user, "lines", "amount", "customer") and user.may("customer", "view")):
        return []
    rows = list(
        _sold(product, user)
        .filter(user.limits("customer", path="order__customer__"), order__customer__isnull=False)
        .values("order__customer", "order__currency")
        .annotate(n=Count("order", distinct=True), total=Sum("amount"))
        .order_by("-total", "order__customer")[:limit]
    )
    # Of these few only, not of everybody who ever bought it.
    known = Customer.objects.in_bulk([row["order__customer"] for row in rows])
    return [
        Buyer(row["order__customer"], name_for(known[row["order__customer"]], user=user), row["n"], row["total"],
              row["order__currency"])
        for row in rows
    ]  # fmt: skip


def _sold(product: Product, user: Actor) -> QuerySet[OrderLine]:
    """The product's lines in orders that the user may see: from the product's lines on, not from all those orders."""
    limits = unindexed(user.limits("order", path="order__"), _WHOSE)
    return OrderLine.objects.filter(limits, product=product, line_kind__in=_SALES).order_by()


def _sees(user: Actor, *fields: str) -> bool:
    return user.may("order", "view") and all(user.may_read("order", name) for name in fields)
