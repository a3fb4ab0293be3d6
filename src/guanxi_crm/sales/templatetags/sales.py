"""What templates of orders say of their customers."""

from __future__ import annotations

from typing import Any

from django import template

from guanxi_crm.customers.selectors.record import name_for
from guanxi_crm.sales.models import Order
from guanxi_crm.sales.selectors.whose import whose

__all__ = ["customer_of"]

register = template.Library()


@register.simple_tag(takes_context=True)
def customer_of(context: dict[str, Any], order: Order) -> str:
    """What the reader knows the order's customer by; empty where he may not know of him."""
    user = context["request"].actor
    customer = whose(order, user=user)
    return name_for(customer, user=user) if customer else ""
