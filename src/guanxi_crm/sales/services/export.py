"""Orders as a CSV file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from guanxi.words import Money, say
from guanxi_crm.core import sheet
from guanxi_crm.core.audit import log
from guanxi_crm.core.keyset import count_up_to
from guanxi_crm.core.language import language
from guanxi_crm.core.policy import Actor
from guanxi_crm.core.records import record_type
from guanxi_crm.sales.models import Order
from guanxi_crm.sales.selectors.orders import OrderFilter, orders_matching
from guanxi_crm.sales.selectors.whose import whose

__all__ = ["orders_export"]

_BATCH = 1_000
_COLUMNS = (
    "number", "customer", "ordered_at", "items", "amount", "returns_amount", "country", "channel", "source",
)  # fmt: skip


def orders_export(*, user: Actor, asked: OrderFilter) -> Iterator[str]:
    """The lines of a CSV file of all orders that match: UTF-8 with a byte order mark, no formula that would run.

    Nothing is kept in memory: orders are read a thousand at a time while the file is sent. Amounts are in whole units,
    the customer is his number, times are on the company's clock.

    Permission: order.export, and reading each field: hidden ones are left out. Audit: export, with the number of orders
    (10,001 stands for more), the filter and the columns. Raises: NotAllowed, before the first line.
    """
    user.require("order", "export")
    columns = [name for name in _COLUMNS if user.may_read("order", name)]
    if not user.may_read("customer", "number"):
        columns = [name for name in columns if name != "customer"]
    with transaction.atomic():
        matching = orders_matching(user=user, asked=asked, action="export")
        log(
            user=user, kind="order", record=None, action="export",
            note={"orders": count_up_to(matching), "filter": asked.as_data(), "columns": columns},
        )  # fmt: skip
    # Taken now: the file is sent when the request is over, and its time zone with it.
    return _lines(matching, columns, user, language(), timezone.get_current_timezone())


def _lines(matching: QuerySet[Order], columns: list[str], user: Actor, language: str, zone: dt.tzinfo) -> Iterator[str]:
    declared = record_type("order")
    headings = [say(declared.field_label(name), language) for name in columns]
    with_currency = {"amount", "returns_amount"} & set(columns)
    yield sheet.BOM + sheet.line([*headings, *([say("crm_sales.currency", language)] if with_currency else [])])
    after = 0
    while batch := list(matching.filter(pk__gt=after).select_related("customer").order_by("pk")[:_BATCH]):
        with timezone.override(zone):
            rows = ([_cell(order, name, user) for name in columns] for order in batch)
            currencies = ([order.currency] if with_currency else [] for order in batch)
            yield "".join(sheet.line([*row, *currency]) for row, currency in zip(rows, currencies, strict=True))
        after = batch[-1].pk


def _cell(order: Order, name: str, user: Actor) -> object:
    if name in ("amount", "returns_amount"):
        return Money(getattr(order, name), order.currency).major
    if name == "customer":
        customer = whose(order, user=user)
        return customer.number if customer else None
    if name == "ordered_at":
        return timezone.localtime(order.ordered_at).isoformat(" ", "seconds")
    if name == "items":
        return f"{order.items.normalize():f}"
    return getattr(order, name)
