"""Orders and products in the API, read-only."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router

from guanxi_crm.core.api import (
    PAGE_SIZE,
    REFUSED,
    Answer,
    Cursor,
    Limit,
    RecordId,
    RecordKey,
    RecordPage,
    page_out,
    shown,
)
from guanxi_crm.core.policy import Actor
from guanxi_crm.sales.models import Order, OrderLine, Product
from guanxi_crm.sales.selectors.orders import OrderFilter, lines_of, order_get, order_page
from guanxi_crm.sales.selectors.products import product_get, product_page
from guanxi_crm.sales.selectors.whose import whose

__all__ = ["router"]

router = Router(tags=["sales"])

_ORDER_FIELDS = ("number", "ordered_at", "items", "amount", "returns_amount", "country", "channel", "source")


class OrderCustomer(Answer):
    """Whose an order is."""

    id: int
    number: str | None = None
    name: str | None = None


class OrderOut(Answer):
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


class ProductOut(Answer):
    """One product or service; ``unit_cost`` in whole units of ``currency``, as a decimal number in text."""

    id: int
    code: str | None = None
    name: str | None = None
    category: str | None = None
    item_kind: str | None = None
    unit_cost: str | None = None
    currency: str


class LineOut(Answer):
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
    customer: Annotated[
        RecordKey | None, Query(description="Orders of the customer with this `id`.", examples=[42])
    ] = None,
    number: Annotated[str, Query(description="The order's whole number.", examples=["A1000"])] = "",
    ordered_from: Annotated[
        dt.date | None, Query(description="The first day, included.", examples=["2026-01-01"])
    ] = None,
    ordered_until: Annotated[
        dt.date | None, Query(description="The last day, included.", examples=["2026-01-31"])
    ] = None,
    limit: Limit = PAGE_SIZE,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """What customers have ordered, without the lines. Days are those of the company's calendar."""
    user: Actor = request.auth
    asked = OrderFilter(number=number, first_on=ordered_from, last_on=ordered_until, customer_id=customer)
    sees = _seen(user)
    return page_out(order_page(user=user, asked=asked, cursor=cursor, size=limit), lambda order: _order(sees, order))


@router.get(
    "/orders/{order_id}", response={200: OrderDetail, **REFUSED}, exclude_unset=True, operation_id="order",
    summary="One order with its lines",
)  # fmt: skip
def order(request: HttpRequest, order_id: RecordId) -> dict[str, Any]:
    """The order with its lines, a thousand at most; of a return, quantity and amount are negative."""
    user: Actor = request.auth
    user.require("order", "view")
    found = order_get(user=user, order_id=order_id)
    sees = _seen(user)
    answer = _order(sees, found)
    if "lines" in sees.order:
        answer["lines"] = [_line(sees, line) for line in lines_of(found, user=user)]
    return answer


@router.get(
    "/products", response={200: ProductPage, **REFUSED}, exclude_unset=True, operation_id="products",
    summary="Products by code",
)  # fmt: skip
def products(
    request: HttpRequest,
    q: Annotated[str, Query(description="A part of the code, the name or the category.", examples=["tea"])] = "",
    category: Annotated[str, Query(description="The whole name of a category.", examples=["Tea"])] = "",
    limit: Limit = PAGE_SIZE,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """All that was ever sold or is offered, in the order of the codes."""
    user: Actor = request.auth
    page = product_page(user=user, text=q, category=category, cursor=cursor, size=limit)
    reads = frozenset(user.readable("product"))
    return page_out(page, lambda product: _product(reads, product))


@router.get(
    "/products/{product_id}", response={200: ProductOut, **REFUSED}, exclude_unset=True, operation_id="product",
    summary="One product",
)  # fmt: skip
def product(request: HttpRequest, product_id: RecordId) -> dict[str, Any]:
    """The product with its unit cost, where that is known."""
    user: Actor = request.auth
    user.require("product", "view")
    found = product_get(user=user, product_id=product_id)
    return _product(frozenset(user.readable("product")), found)


@dataclass(frozen=True)
class _Seen:
    """The user, and the fields that he may see; of products None where he may see none."""

    user: Actor
    order: frozenset[str]
    customer: frozenset[str]
    product: frozenset[str] | None


def _seen(user: Actor) -> _Seen:
    products = frozenset(user.readable("product")) if user.may("product", "view") else None
    return _Seen(user, frozenset(user.readable("order")), frozenset(user.readable("customer")), products)


def _order(sees: _Seen, order: Order) -> dict[str, Any]:
    values = {name: getattr(order, name) for name in _ORDER_FIELDS if name in sees.order}
    if "customer" in sees.order:
        values["customer"] = _customer(sees, order)
    return {"id": order.pk, "currency": order.currency, **values}


def _customer(sees: _Seen, order: Order) -> dict[str, Any] | None:
    # Programs join by the key; who he is only those are told who may know of him.
    if order.customer_id is None:
        return None
    customer = whose(order, user=sees.user)
    named = {"number": customer.number, "name": customer.name} if customer else {}
    return {"id": order.customer_id, **shown(sees.customer, named)}


def _line(sees: _Seen, line: OrderLine) -> dict[str, Any]:
    values: dict[str, Any] = {
        "line_no": line.line_no, "line_kind": line.line_kind, "description": line.description,
        "quantity": line.quantity,
    }  # fmt: skip
    if "amount" in sees.order:
        values |= {"unit_price": None if line.unit_price is None else f"{line.unit_price:f}", "amount": line.amount}
    if sees.product is not None:
        values["product"] = _product(sees.product, line.product) if line.product else None
    return values


def _product(reads: frozenset[str], product: Product) -> dict[str, Any]:
    values = {name: getattr(product, name) for name in ("code", "name", "category", "item_kind")}
    values["unit_cost"] = None if product.unit_cost is None else f"{product.unit_cost:f}"
    return {"id": product.pk, "currency": product.currency, **shown(reads, values)}
