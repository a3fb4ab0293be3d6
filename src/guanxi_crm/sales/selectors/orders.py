"""Orders: the list, one order, a customer's orders."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from guanxi_crm.core.errors import NotFound, RuleBroken
from guanxi_crm.core.keyset import COUNT_LIMIT, Page, count_up_to, page_of
from guanxi_crm.core.keyset import Order as Sorting
from guanxi_crm.core.planner import many_known, many_note, unindexed
from guanxi_crm.core.policy import Actor, Grant, Scope
from guanxi_crm.customers.models import Customer
from guanxi_crm.sales.models import Order, OrderLine

__all__ = [
    "PAGE_SIZE",
    "OrderFilter",
    "lines_of",
    "order_count",
    "order_filter",
    "order_get",
    "order_page",
    "order_search",
    "orders_matching",
    "orders_of",
]

PAGE_SIZE = 50
_NEWEST = Sorting("ordered_at", descending=True)
_BY_KEY = Sorting("pk", descending=True)
_WHOSE = {"customer__owner_id", "customer__team_id"}
_FEW = 4000
"""Orders of so many customers are listed and sorted in the time in which the newest of a million customers' orders are
gone through for a page of theirs."""
_COUNTED = 1000
"""Orders of some customers are counted customer by customer."""


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
    return _asked(user.narrow("order", Order.objects.all(), action), user=user, asked=asked)


def _asked(found: QuerySet[Order], *, user: Actor, asked: OrderFilter) -> QuerySet[Order]:
    user.require_readable("order", asked.fields)
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
    """A page of the list, newest first, with each order's customer; by key where times are hidden. Three queries."""
    user.require("order", "view")
    limits = user.limits("order")
    if limits and not (asked.number or asked.customer_id) and _sees_many(user):
        # Through the newest orders until the page is full: SQLite would sort all that the user may see.
        limits = unindexed(limits, _WHOSE)
    found = _asked(Order.objects.filter(limits), user=user, asked=asked).select_related("customer")
    return page_of(found, _NEWEST if user.may_read("order", "ordered_at") else _BY_KEY, size=size, cursor=cursor)


def order_count(*, user: Actor, asked: OrderFilter) -> tuple[int, int]:
    """How many orders match, and up to how many they are counted: one more than that says that there are more.

    Permission: as `orders_matching`. One query, of a few milliseconds however many there are.
    """
    limit = COUNT_LIMIT if user.scope("order", "view") is Scope.ALL else _COUNTED
    return count_up_to(orders_matching(user=user, asked=asked), limit), limit


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


def order_search(*, user: Actor, text: str, limit: int = 5) -> list[Order]:
    """Orders of a number, as it is typed or in capitals, the newest first, with their customers; for the command bar.

    Nobody is told of numbers that are hidden from him. One query, by the index of numbers.
    """
    user.require("order", "view")
    if not text or not user.may_read("order", "number"):
        return []
    found = user.narrow("order", Order.objects.filter(number__in={text, text.upper()})).select_related("customer")
    # Of one number there are few, unless a system counts anew each day.
    return list(found.order_by("-ordered_at" if user.may_read("order", "ordered_at") else "-pk", "-pk")[:limit])


def lines_of(order: Order, *, user: Actor, limit: int = 1000) -> list[OrderLine]:
    """An order's lines with their products, in order; none where they are hidden. One query."""
    if not user.may_read("order", "lines"):
        return []
    return list(order.lines.select_related("product").order_by("line_no")[:limit])


def _sees_many(user: Actor) -> bool:
    """Whether the user sees orders of many customers, and so, as a rule, many orders."""
    asked = ("orders", user.limits("order"), _FEW)
    if not many_known(*asked):
        # Customers as far as he sees orders, which may be further or less far than he sees customers.
        as_orders = Actor(
            user.user_id, user.name, {"customer": Grant({"view": user.scope("order", "view")})}, user.team_ids
        )
        if count_up_to(as_orders.narrow("customer", Customer.objects.all()), _FEW) <= _FEW:
            return False
        many_note(*asked)
    return True


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
