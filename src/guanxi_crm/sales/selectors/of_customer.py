"""A customer's orders, as his page tells of them: as events, and month by month."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, Count, F, Sum, Value, When
from django.db.models.functions import Cast, Substr

from guanxi_crm.core.policy import Actor
from guanxi_crm.core.prepared import STAND_IN, Prepared, kept
from guanxi_crm.customers.models import Customer
from guanxi_crm.customers.selectors.timeline import Source
from guanxi_crm.sales.models import IS_RETURN, Order

__all__ = ["OrderMonth", "order_months", "order_source", "sees_amounts", "sees_returns"]


@dataclass(frozen=True)
class OrderMonth:
    """What a customer ordered in one month, on the company's calendar; money in minor units."""

    month: dt.date
    """Its first day."""
    orders: int
    """Returns are none."""
    amount: int
    returns_amount: int
    currency: str


def order_source(customer: Customer, *, user: Actor) -> Source | None:
    """A customer's orders as events of his timeline.

    title: number; value: amount less what was returned, where the user may see both; data: currency; more: channel;
    detail: ``return`` of a return, ``partly`` where some of it was returned. None where he may not know whose an order
    is, or when it was.
    """
    if not _sees_orders(user):
        return None
    columns: dict[str, Any] = {"data": "currency"}
    if user.may_read("order", "number"):
        columns["title"] = "number"
    if user.may_read("order", "channel"):
        columns["more"] = "channel"
    if sees_amounts(user):
        columns["value"] = "amount"
        if sees_returns(user):
            columns["value"] = F("amount") - F("returns_amount")
            columns["detail"] = Case(
                When(returns_amount=0, then=Value("")), When(IS_RETURN, then=Value("return")), default=Value("partly")
            )
    return Source("orders", user.narrow("order", Order.objects.filter(customer=customer)), "ordered_at", columns)


def order_months(*, user: Actor, customer: Customer) -> list[OrderMonth]:
    """Orders and amounts of a customer by month and currency, the earliest first; months without orders are left out.

    Empty where the user may not see the customer's orders or their amounts. One query over the customer's orders.

    Raises: NotFound (the customer is not his to see).
    """
    user.require("customer", "view", customer)
    if not (_sees_orders(user) and sees_amounts(user)):
        return []
    return [
        OrderMonth(
            dt.date.fromisoformat(f"{row['month']}-01"), row["n"], row["total"], row["returned"], row["currency"]
        )
        for row in kept(_months, user).rows(customer.pk)
    ]


def _months(user: Actor) -> Prepared:
    return Prepared(
        user.narrow("order", Order.objects.filter(customer=STAND_IN))
        .order_by()
        # The year and month of a date as text: cut by SQLite itself, where TruncMonth would ask Python row by row.
        .annotate(month=Substr(Cast("ordered_on", CharField()), 1, 7))
        .values("month", "currency")
        .annotate(n=Count("pk", filter=~IS_RETURN), total=Sum("amount"), returned=Sum("returns_amount"))
        .order_by("month", "currency")
    )


def sees_returns(user: Actor) -> bool:
    """Whether what a customer has returned may be shown."""
    return sees_amounts(user) and all(user.may_read(kind, "returns_amount") for kind in ("order", "customer"))


def sees_amounts(user: Actor) -> bool:
    """Whether amounts of a customer's orders may be shown: they add up to what he spent."""
    return user.may_read("order", "amount") and user.may_read("customer", "amount")


def _sees_orders(user: Actor) -> bool:
    # Shown beside a customer, an order tells whose it is.
    return user.may("order", "view") and user.may_read("order", "customer") and user.may_read("order", "ordered_at")
