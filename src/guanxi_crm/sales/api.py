"""Orders and products in the API, read-only."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from guanxi_crm.core.api import PAGE_SIZE, REFUSED, Limit, RecordKey, RecordPage, page_out, shown
from guanxi_crm.core.policy import Actor
from guanxi_crm.sales.models import Order, OrderLine, Product
from guanxi_crm.sales.selectors.orders import OrderFilter, lines_of, order_get, order_page
from guanxi_crm.sales.selectors.products import product_get, product_page

__all__ = ["router"]

router = Router(tags=["sales"])


class OrderCustomer(Schema):
    """Whose an order is."""

    id: int
    number: str | None = None
    name: str | None = None


class OrderOut(Schema):
    """One order; amounts in minor units of ``currency``, returns not deducted."""

    id: int
    number: str | None = None
    customer: OrderCustomer | None = None
    ordered_at: dt.datetime | None = None
    items: float | None = None
    amount: int | None = None
    returns_amount: int | None = None
    currency: str
    country: str | None = None
    channel: str | None = None
    source: str | None = None


class ProductOut(Schema):
    """One product or service; ``unit_cost`` in whole units of ``currency``, as a decimal number in text."""

    id: int
    code: str | None = None
    name: str | None = None
    category: str | None = None
    item_kind: str | None = None
    unit_cost: str | None = None
    currency: str


class LineOut(Schema):
    """One line of an order; of a return, quantity and amount are negative."""

    line_no: int
    line_kind: str
    description: str
    quantity: float
    product: ProductOut | None = None
    unit_price: str | None = None
    amount: int | None = None


class OrderDetail(OrderOut):
    """One order with its lines, a thousand at most."""

    lines: list[LineOut] | None = None


class OrderPage(RecordPage):
    """Orders, newest first."""

    items: list[OrderOut]


class ProductPage(RecordPage):
    """Products by code."""

    items: list[ProductOut]


@router.get(
    "/orders", response={200: OrderPage, **REFUSED}, exclude_unset=True, operation_id="orders",
    summary="Orders, newest first",
)  # fmt: skip
def orders(
    request: HttpRequest,
    customer: RecordKey | None = None,
    number: str = "",
    ordered_from: dt.date | None = None,
    ordered_until: dt.date | None = None,
    limit: Limit = PAGE_SIZE,
    cursor: str | None = None,
) -> dict[str, Any]:
    """Days are those of the company's calendar; both are included."""
    user: Actor = request.auth
    asked = OrderFilter(number=number, first_on=ordered_from, last_on=ordered_until, customer_id=customer)
    return page_out(order_page(user=user, asked=asked, cursor=cursor, size=limit), lambda order: _order(user, order))


@router.get(
    "/orders/{order_id}", response={200: OrderDetail, **REFUSED}, exclude_unset=True, operation_id="order",
    summary="One order with its lines",
)  # fmt: skip
def order(request: HttpRequest, order_id: RecordKey) -> dict[str, Any]:
    user: Actor = request.auth
    user.require("order", "view")
    found = order_get(user=user, order_id=order_id)
    answer = _order(user, found)
    if user.may_read("order", "lines"):
        answer["lines"] = [_line(user, line) for line in lines_of(found, user=user)]
    return answer


@router.get(
    "/products", response={200: ProductPage, **REFUSED}, exclude_unset=True, operation_id="products",
    summary="Products by code",
)  # fmt: skip
def products(
    request: HttpRequest, q: str = "", category: str = "", limit: Limit = PAGE_SIZE, cursor: str | None = None
) -> dict[str, Any]:
    """``q``: a part of the code, name or category."""
    user: Actor = request.auth
    page = product_page(user=user, text=q, category=category, cursor=cursor, size=limit)
    return page_out(page, lambda product: _product(user, product))


@router.get(
    "/products/{product_id}", response={200: ProductOut, **REFUSED}, exclude_unset=True, operation_id="product",
    summary="One product",
)  # fmt: skip
def product(request: HttpRequest, product_id: RecordKey) -> dict[str, Any]:
    user: Actor = request.auth
    user.require("product", "view")
    return _product(user, product_get(user=user, product_id=product_id))


def _order(user: Actor, order: Order) -> dict[str, Any]:
    values = {name: getattr(order, name) for name in ("number", "ordered_at", "items", "amount", "returns_amount")}
    values |= {name: getattr(order, name) for name in ("country", "channel", "source")}
    values["customer"] = _customer(user, order)
    return {"id": order.pk, "currency": order.currency, **shown(user, "order", values)}


def _customer(user: Actor, order: Order) -> dict[str, Any] | None:
    if order.customer is None:
        return None
    named = {"number": order.customer.number, "name": order.customer.name}
    return {"id": order.customer.pk, **(shown(user, "customer", named) if user.may("customer", "view") else {})}


def _line(user: Actor, line: OrderLine) -> dict[str, Any]:
    values: dict[str, Any] = {
        "line_no": line.line_no, "line_kind": line.line_kind, "description": line.description,
        "quantity": line.quantity,
    }  # fmt: skip
    if user.may_read("order", "amount"):
        values |= {"unit_price": None if line.unit_price is None else f"{line.unit_price:f}", "amount": line.amount}
    if user.may("product", "view"):
        values["product"] = _product(user, line.product) if line.product else None
    return values


def _product(user: Actor, product: Product) -> dict[str, Any]:
    values = {name: getattr(product, name) for name in ("code", "name", "category", "item_kind")}
    values["unit_cost"] = None if product.unit_cost is None else f"{product.unit_cost:f}"
    return {"id": product.pk, "currency": product.currency, **shown(user, "product", values)}
