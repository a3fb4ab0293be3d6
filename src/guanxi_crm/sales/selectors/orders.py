"""Orders: the list, one order, a customer's orders."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from guanxi_crm.core.errors import NotFound, RuleBroken
from guanxi_crm.core.keyset import Order as Sorting
from guanxi_crm.core.keyset import Page, page_of
from guanxi_crm.core.policy import Actor
from guanxi_crm.customers.models import Customer
from guanxi_crm.sales.models import Order, OrderLine

__all__ = [
    "PAGE_SIZE",
    "OrderFilter",
    "lines_of",
    "order_filter",
    "order_get",
    "order_page",
    "orders_matching",
    "orders_of",
]

PAGE_SIZE = 50
_NEWEST = Sorting("ordered_at", descending=True)
_BY_KEY = Sorting("pk", descending=True)


@dataclass(frozen=True)
class OrderFilter:
    """Which orders; empty fields do not narrow."""

    number: str = ""
    first_on: dt.date | None = None
    last_on: dt.date | None = None
    customer_id: int | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of the record type that it asks by."""
        asked = {"number": self.number, "ordered_at": self.first_on or self.last_on, "customer": self.customer_id}
        return tuple(name for name, value in asked.items() if value)

    def as_data(self) -> dict[str, object]:
        return {name: str(value) for name, value in vars(self).items() if value}


def order_filter(asked: Any) -> OrderFilter:
    """The filter that an address asks for (``number``, ``from``, ``to``, ``customer``).

    Raises
    ------
    RuleBroken : something in it is no date, or no number.
    """
    return OrderFilter(
        number=asked.get("number", "").strip()[:200],
        first_on=_date(asked.get("from"), "from"),
        last_on=_date(asked.get("to"), "to"),
        customer_id=_key(asked.get("customer")),
    )


def orders_matching(*, user: Actor, asked: OrderFilter, action: str = "view") -> QuerySet[Order]:
    """Orders that match, as far as the user may do this to them.

    Raises
    ------
    NotAllowed : it asks by a field that is hidden from the user.
    """
    user.require_readable("order", asked.fields)
    found = user.narrow("order", Order.objects.all(), action)
    if asked.number:
        found = found.filter(number=asked.number)
    if asked.first_on:
        found = found.filter(ordered_on__gte=asked.first_on)
    if asked.last_on:
        found = found.filter(ordered_on__lte=asked.last_on)
    if asked.customer_id:
        found = found.filter(customer_id=asked.customer_id)
    return found


def order_page(*, user: Actor, asked: OrderFilter, cursor: str | None = None, size: int = PAGE_SIZE) -> Page:
    """A page of the list, newest first, with each order's customer; by key where times are hidden."""
    user.require("order", "view")
    found = orders_matching(user=user, asked=asked).select_related("customer")
    return page_of(found, _NEWEST if user.may_read("order", "ordered_at") else _BY_KEY, size=size, cursor=cursor)


def orders_of(*, user: Actor, customer: Customer, cursor: str | None = None, size: int = PAGE_SIZE) -> Page:
    """A customer's orders, newest first. Raises: NotFound, NotAllowed (whose an order is, is hidden)."""
    user.require("customer", "view", customer)
    return order_page(user=user, asked=OrderFilter(customer_id=customer.pk), cursor=cursor, size=size)


def order_get(*, user: Actor, order_id: int) -> Order:
    """One order with its customer; `NotFound` where there is none that this user may know of."""
    order = user.narrow("order", Order.objects.all()).select_related("customer").filter(pk=order_id).first()
    if order is None:
        raise NotFound
    return order


def lines_of(order: Order, *, user: Actor, limit: int = 1000) -> list[OrderLine]:
    """An order's lines with their products, in order; none where they are hidden. One query."""
    if not user.may_read("order", "lines"):
        return []
    return list(order.lines.select_related("product").order_by("line_no")[:limit])


def _date(text: str | None, field: str) -> dt.date | None:
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise RuleBroken("crm_sales.no_date", field=field, value=text) from error


def _key(text: str | None) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise NotFound
    return int(text)
