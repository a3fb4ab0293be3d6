"""Whose an order is, as far as the reader may know: an order may be seen by more people than its customer."""

from __future__ import annotations

from guanxi_crm.core.policy import Actor
from guanxi_crm.customers.models import Customer
from guanxi_crm.sales.models import Order

__all__ = ["whose"]


def whose(order: Order, *, user: Actor) -> Customer | None:
    """The customer of an order; None where there is none that this user may know of. No query after
    ``select_related("customer")``.
    """
    customer = order.customer if user.may_read("order", "customer") else None
    return customer if customer and user.may("customer", "view", customer) else None
