"""Pages of `sales`: orders, one order, products, one product."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from guanxi.words import Money
from guanxi_crm.core.language import told
from guanxi_crm.core.pages import signed_in
from guanxi_crm.customers.models import Customer
from guanxi_crm.sales.selectors.orders import lines_of, order_count, order_filter, order_get, order_page
from guanxi_crm.sales.selectors.products import LATEST, SoldInMonth, product_get, product_page, product_sales
from guanxi_crm.sales.services.export import orders_export

__all__ = ["export_view", "order_view", "orders_view", "product_view", "products_view"]


@require_GET
@signed_in
def orders_view(request: HttpRequest) -> HttpResponse:
    """The list of orders."""
    user = request.actor
    asked = order_filter(request.GET)
    page = order_page(user=user, asked=asked, cursor=request.GET.get("cursor"))
    found, limit = order_count(user=user, asked=asked)
    customer = None
    if asked.customer_id:
        customer = user.narrow("customer", Customer.objects.filter(pk=asked.customer_id)).first()
    return render(request, "sales/orders.html", {
        "page": page, "asked": asked, "fields": set(user.readable("order")), "customer": customer,
        "found": found, "limit": limit,
        "may_export": user.may("order", "export"),
        "is_filtered": bool(asked.as_data()),
    })  # fmt: skip


@require_POST
@signed_in
def export_view(request: HttpRequest) -> HttpResponse:
    """All orders that the address asks for, as CSV. With POST: it leaves a trace."""
    lines = orders_export(user=request.actor, asked=order_filter(request.GET))
    name = f"orders-{timezone.localdate():%Y-%m-%d}.csv"
    return StreamingHttpResponse(
        (part.encode() for part in lines),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_GET
@signed_in
def order_view(request: HttpRequest, order_id: int) -> HttpResponse:
    """One order with its lines."""
    user = request.actor
    order = order_get(user=user, order_id=order_id)
    fields = set(user.readable("order"))
    return render(request, "sales/order.html", {
        "order": order, "lines": lines_of(order, user=user), "fields": fields,
        "is_return": order.is_return and {"amount", "returns_amount"} <= fields,
        "sees_products": user.may("product", "view"),
    })  # fmt: skip


@require_GET
@signed_in
def products_view(request: HttpRequest) -> HttpResponse:
    """The list of products."""
    user, text = request.actor, request.GET.get("q", "").strip()[:100]
    page = product_page(user=user, text=text, cursor=request.GET.get("cursor"))
    return render(request, "sales/products.html", {
        "page": page, "text": text, "fields": set(user.readable("product")),
    })  # fmt: skip


@require_GET
@signed_in
def product_view(request: HttpRequest, product_id: int) -> HttpResponse:
    """One product: what was sold of it, and to whom."""
    user = request.actor
    product = product_get(user=user, product_id=product_id)
    sold = product_sales(product, user=user)
    return render(request, "sales/product.html", {
        "product": product, "fields": set(user.readable("product")), "sold": sold, "latest": LATEST,
        "chart": _months_chart(sold.months) if sold.months else None,
    })  # fmt: skip


def _months_chart(months: Sequence[SoldInMonth]) -> dict[str, Any]:
    """Amounts as columns over the months, one series a currency; money in whole units."""
    names = sorted({each.month for each in months})
    series = []
    for currency in sorted({each.currency for each in months}):
        by_month = {
            each.month: float(Money(each.amount, currency).major) for each in months if each.currency == currency
        }
        series.append(
            {"type": "bar", "name": told("crm_sales.amount_in", currency=currency), "barMaxWidth": 32,
             "data": [by_month.get(month, 0) for month in names]}
        )  # fmt: skip
    return {
        "grid": {"left": 8, "right": 8, "top": 32, "bottom": 8, "containLabel": True},
        "tooltip": {"trigger": "axis"},
        "legend": {"top": 0},
        "xAxis": {"type": "category", "data": [f"{month:%Y-%m}" for month in names]},
        "yAxis": {"type": "value"},
        "series": series,
    }
