"""Changing many customers at once."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from guanxi_crm.core.errors import RuleBroken
from guanxi_crm.core.keyset import COUNT_LIMIT, count_up_to
from guanxi_crm.core.pages import signed_in, toast
from guanxi_crm.customers.selectors.directory import directory
from guanxi_crm.customers.selectors.list_query import ListQuery, list_query
from guanxi_crm.customers.selectors.lists import customers_matching
from guanxi_crm.customers.selectors.owners import owner_choices
from guanxi_crm.customers.services.bulk import MOST_IDS, Bulk, customers_bulk, customers_bulk_tag
from guanxi_crm.customers.services.bulk_actions import Assign, BulkAction, PutTag, TakeTag

__all__ = ["bulk"]

_NOBODY = "none"
_INT64 = 2**63


@require_http_methods(["GET", "POST"])
@signed_in
def bulk(request: HttpRequest) -> HttpResponse:
    """What to do with the selected customers, or with all that match: asked with GET, done with POST."""
    return _do(request) if request.method == "POST" else _ask(request)


def _ask(request: HttpRequest) -> HttpResponse:
    user = request.actor
    user.require("customer", "view")
    query, ids = list_query(request.GET), _ids(request.GET.getlist("ids"))
    names = directory()
    count = count_up_to(customers_matching(user=user, query=query))
    may_owner = user.may("customer", "assign") and user.may_write("customer", "owner")
    context = {
        "ids": ids,
        "count": count,
        "is_more": count > COUNT_LIMIT,
        "count_limit": COUNT_LIMIT,
        "address": query.address(view=request.GET.get("view", "")),
        "may_tag": user.may("customer", "change") and user.may_write("customer", "tags"),
        "may_owner": may_owner,
        "may_team": user.may("customer", "assign") and user.may_write("customer", "team"),
        "tags": list(names.tags.values()),
        "staff": owner_choices(names, user=user) if may_owner else [],
        "teams": list(names.teams.items()),
        "nobody": _NOBODY,
    }
    part = bool(getattr(request, "htmx", False))
    return render(request, "customers/list_bulk.html" if part else "customers/list_bulk_page.html", context)


def _do(request: HttpRequest) -> HttpResponse:
    query, view = list_query(request.GET), request.GET.get("view", "")
    everybody = request.POST.get("which") == "all"
    ids = None if everybody else _ids(request.POST.getlist("ids"))
    if ids is not None and not ids:
        raise RuleBroken("crm_customers.nobody_selected")
    done = _carried_out(request, ids, query if everybody else None)
    if done.job is not None:
        toast(request, "crm_customers.bulk_later", undo=done.undo, customers=done.customers)
    elif done.left_out:
        toast(
            request, "crm_customers.bulk_done_partly", undo=done.undo, customers=done.customers, left_out=done.left_out
        )
    else:
        toast(request, "crm_customers.bulk_done", undo=done.undo, customers=done.customers)
    address = query.address(view=view)
    return HttpResponseRedirect(reverse("customers:list") + (f"?{address}" if address else ""))


def _carried_out(request: HttpRequest, ids: list[int] | None, query: ListQuery | None) -> Bulk:
    user = request.actor
    if request.POST.get("action") == PutTag.name:
        return customers_bulk_tag(user=user, name=request.POST.get("tag_name", ""), ids=ids, query=query)
    return customers_bulk(user=user, action=_action(request), ids=ids, query=query)


def _action(request: HttpRequest) -> BulkAction:
    wanted = request.POST.get("action", "")
    if wanted == TakeTag.name:
        return TakeTag(*(_ids([request.POST.get("tag", "")]) or [0]))
    to: dict[str, int | None] = {}
    for name in ("owner", "team"):
        chosen = request.POST.get(name, "")
        if wanted == Assign.name and chosen:
            to[name] = None if chosen == _NOBODY else (_ids([chosen]) or [0])[0]
    if not to:
        raise RuleBroken("crm_customers.nothing_to_do")
    return Assign(to)


def _ids(values: list[str]) -> list[int]:
    if len(values) > MOST_IDS:
        raise RuleBroken("crm_customers.too_many_ids", most=MOST_IDS)
    return [int(each) for each in values if each.isascii() and each.isdigit() and int(each) < _INT64]
