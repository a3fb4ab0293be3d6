"""The list of customers: the page, its part that changes, the panel of filters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET

from guanxi_crm.core.keyset import COUNT_LIMIT
from guanxi_crm.core.language import language
from guanxi_crm.core.pages import signed_in
from guanxi_crm.core.records import record_type
from guanxi_crm.customers.selectors.directory import directory
from guanxi_crm.customers.selectors.list_query import COLUMNS, ListQuery, list_query
from guanxi_crm.customers.selectors.lists import WIDE, customer_count, customer_list, shown_columns
from guanxi_crm.customers.selectors.views import DEFAULT_VIEWS, views_for
from guanxi_crm.customers.views.list_cells import columns_of, lines_as_html
from guanxi_crm.customers.views.list_filters import chips_of, filter_fields

__all__ = ["count", "customers", "filters"]

_PART = "list"
"""The id of what htmx replaces."""


@require_GET
@signed_in
def customers(request: HttpRequest) -> HttpResponse:
    """Customers who match what the address asks, fifty at a time."""
    user = request.actor
    user.require("customer", "view")
    query, view = list_query(request.GET), request.GET.get("view", "")
    page = customer_list(user=user, query=query, cursor=request.GET.get("cursor"))
    context = {
        "page": page,
        "query": query,
        "view": view,
        "address": query.address(view=view),
        "columns": columns_of(page, query, language=language(), view=view),
        "lines": lines_as_html(
            page,
            language=language(),
            may_edit=user.may("customer", "change"),
            may_select=_may_bulk(user),
            address=query.address(view=view),
        ),
        "chips": chips_of(query, user=user, version=page.version, view=view),
        "count": page.count,
        "count_limit": COUNT_LIMIT,
        "wide": WIDE,
        "sorting_given_up": bool(query.text and not page.sort and page.lines),
        "may_create": user.may("customer", "create"),
        "may_import": user.may("import", "create"),
        "may_export": user.may("customer", "export"),
        "may_bulk": _may_bulk(user),
    }
    if _wants_part(request):
        template = "customers/list_part.html"
    else:
        template = "customers/list.html"
        context["views"] = _views(user, query, view)
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


@require_GET
@signed_in
def count(request: HttpRequest) -> HttpResponse:
    """How many match, in words: asked for by the page where that may take longer than the page itself."""
    total = customer_count(user=request.actor, query=list_query(request.GET))
    return render(request, "customers/list_count.html", {"count": total, "count_limit": COUNT_LIMIT})


@require_GET
@signed_in
def filters(request: HttpRequest) -> HttpResponse:
    """The panel in which one chooses what to filter by and which columns to see."""
    user = request.actor
    user.require("customer", "view")
    query = list_query(request.GET)
    shown = shown_columns(user=user, query=query)
    context = {
        "query": query,
        "own_views": [each for each in views_for(user=user) if each.is_own],
        "fields": filter_fields(query, user=user, names=directory()),
        "columns": [
            {"name": name, "label": record_type("customer").field_label(name), "is_shown": name in shown}
            for name in (*shown, *(name for name in COLUMNS if name not in shown))
            if user.may_read("customer", name)
        ],
    }
    return render(request, "customers/list_filters.html", context)


def _views(user: Any, query: ListQuery, view: str) -> list[dict[str, Any]]:
    """The tabs; the one whose list this is, is marked, changed or not."""
    plain = replace(query, sort="", columns=())
    tabs = []
    for each in views_for(user=user):
        same = each.key == view or (not view and replace(each.query, sort="", columns=()) == plain)
        code = f"crm_customers.view_{each.key}" if each.key in DEFAULT_VIEWS else ""
        tabs.append({"view": each, "code": code, "is_here": same})
    return tabs


def _may_bulk(user: Any) -> bool:
    tags = user.may("customer", "change") and user.may_write("customer", "tags")
    return tags or (
        user.may("customer", "assign") and any(user.may_write("customer", name) for name in ("owner", "team"))
    )


def _wants_part(request: HttpRequest) -> bool:
    return bool(getattr(request, "htmx", False)) and request.htmx.target == _PART
