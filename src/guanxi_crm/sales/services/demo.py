"""Orders of the simulated company, taken out with its customers."""

from __future__ import annotations

from django.db import connection, transaction

from guanxi_crm.sales.models import Order, OrderLine
from guanxi_crm.sales.services.sold import sold_take_off

__all__ = ["demo_orders_remove"]

_BATCH = 2_000


def demo_orders_remove() -> int:
    """Take out the orders of the simulated company's customers, who cannot go as long as they have any; how many.

    Permission: none is asked; the server's owner does this on its console. Audit: by whoever calls.
    """
    removed = 0
    while keys := list(Order.objects.filter(customer__origin="demo").values_list("pk", flat=True)[:_BATCH]):
        with transaction.atomic():
            # Nothing else hangs on them: past the ORM, which would read every line first.
            sold_take_off(keys)
            OrderLine.objects.filter(order__in=keys)._raw_delete(using=connection.alias)
            Order.objects.filter(pk__in=keys)._raw_delete(using=connection.alias)
        removed += len(keys)
    return removed
