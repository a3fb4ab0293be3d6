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
from guanxi_crm.core.policy import Actor, Scope
from guanxi_crm.customers.models import Customer
from guanxi_crm.customers.selectors.record import name_for
from guanxi_crm.sales.models import SALES, OrderLine, Product, ProductMonth

__all__ = [
    "LATEST",
    "Buyer",
    "ProductSales",
    "SoldInMonth",
    "product_get",
    "product_page",
    "product_sales",
    "product_search",
]

LATEST = 1000
"""So many lines of a product, those imported last, are read for its page, in a few milliseconds: a best seller may
have a million."""

_SIZE = 50
_BY_CODE = Sorting("code")
_BUYERS = 10
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
    """Who spent much on a product."""

    customer_id: int
    name: str
    orders: int
    amount: int
    currency: str


@dataclass(frozen=True)
class ProductSales:
    """What was sold of a product, as far as somebody may see it.

    Parameters
    ----------
    months : by month and currency, the earliest first
    buyers : those who spent most, ten at most
    has_all_months, has_all_buyers : whether they are told of all lines, or of the `LATEST` that were imported last
    """

    months: list[SoldInMonth]
    buyers: list[Buyer]
    has_all_months: bool
    has_all_buyers: bool


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


def product_sales(product: Product, *, user: Actor) -> ProductSales:
    """What was sold of a product in the orders that the user may see: by month, and to whom. At most four queries.

    Of a product that sells well not all lines are read. Who sees every order is shown all months, as imports keep them;
    for others, and to tell who spent most, the `LATEST` of its lines that were imported last are looked through.

    Months are empty where amounts, lines or times of orders are hidden from him; buyers where it is hidden from him
    whose an order is, what it came to, or its lines. Customers of whom he may not know are left out.
    """
    sees_months = _sees(user, "lines", "amount", "ordered_at")
    sees_buyers = _sees(user, "lines", "amount", "customer") and user.may("customer", "view")
    keeps = user.scope("order", "view") is Scope.ALL
    first = _first_of_latest(product) if sees_buyers or (sees_months and not keeps) else None
    latest = _latest(product, first, user)
    months: list[SoldInMonth] = []
    if sees_months:
        months = _months_kept(product) if keeps else _months_of(latest)
    buyers = _buyers_of(latest, user) if sees_buyers else []
    return ProductSales(months, buyers, has_all_months=keeps or first is None, has_all_buyers=first is None)


def _months_kept(product: Product) -> list[SoldInMonth]:
    rows = ProductMonth.objects.filter(product=product, orders__gt=0).order_by("month", "currency")
    return [
        SoldInMonth(_first_day(row.month), row.orders, float(row.quantity), row.amount, row.currency) for row in rows
    ]


def _months_of(lines: QuerySet[OrderLine]) -> list[SoldInMonth]:
    """By month and currency, the earliest first."""
    rows = (
        # The year and month of a date as text: cut by SQLite itself, where TruncMonth would ask Python row by row.
        lines.annotate(month=Substr(Cast("order__ordered_on", CharField()), 1, 7))
        .values("month", "order__currency")
        .annotate(n=Count("order", distinct=True), pieces=Sum("quantity"), total=Sum("amount"))
        .order_by("month", "order__currency")
    )
    return [
        SoldInMonth(
            _first_day(row["month"]), row["n"], float(row["pieces"] or 0), row["total"] or 0, row["order__currency"]
        )
        for row in rows
    ]


def _buyers_of(lines: QuerySet[OrderLine], user: Actor) -> list[Buyer]:
    """The customers who spent most, as far as the user may know of them."""
    rows = list(
        lines.filter(user.limits("customer", path="order__customer__"), order__customer__isnull=False)
        .values("order__customer", "order__currency")
        .annotate(n=Count("order", distinct=True), total=Sum("amount"))
        .order_by("-total", "order__customer")[:_BUYERS]
    )
    # Of these few only, not of everybody who bought it.
    known = Customer.objects.in_bulk([row["order__customer"] for row in rows])
    return [
        Buyer(row["order__customer"], name_for(known[row["order__customer"]], user=user), row["n"], row["total"],
              row["order__currency"])
        for row in rows
    ]  # fmt: skip


def _first_of_latest(product: Product) -> int | None:
    """The key of the order with which the `LATEST` lines of a product begin that were imported last; None where it has
    no more. An import writes orders in the order of their times."""
    lines = OrderLine.objects.filter(product=product, line_kind__in=SALES)
    orders = lines.order_by("-order_id").values_list("order_id", flat=True)
    edge = list(orders[LATEST - 1 : LATEST + 1])
    return edge[0] if len(edge) > 1 else None


def _latest(product: Product, first: int | None, user: Actor) -> QuerySet[OrderLine]:
    """The product's lines in orders that the user may see: from the product's lines on, not from all those orders."""
    limits = unindexed(user.limits("order", path="order__"), _WHOSE)
    lines = OrderLine.objects.filter(limits, product=product, line_kind__in=SALES).order_by()
    return lines if first is None else lines.filter(order_id__gte=first)


def _first_day(month: str) -> dt.date:
    return dt.date.fromisoformat(f"{month}-01")


def _sees(user: Actor, *fields: str) -> bool:
    return user.may("order", "view") and all(user.may_read("order", name) for name in fields)
