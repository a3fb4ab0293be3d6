"""What the command bar finds."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from guanxi_crm.core.language import told
from guanxi_crm.core.navigation import Place, actions_for, places_for
from guanxi_crm.core.pages import signed_in
from guanxi_crm.core.policy import Actor
from guanxi_crm.customers.models import Customer
from guanxi_crm.customers.selectors.search import customer_search

__all__ = ["search"]

_CUSTOMERS = 8
_MOST_TEXT = 100


@dataclass(frozen=True)
class Found:
    """One line of the command bar."""

    name: str
    url: str
    icon: str = ""
    note: str = ""


@require_GET
@signed_in
def search(request: HttpRequest) -> HttpResponse:
    """Places, things to do and customers for what was typed so far: lines for the command bar, or JSON."""
    user, text = request.actor, request.GET.get("q", "").strip()[:_MOST_TEXT]
    found = {
        "places": _named(places_for(user), text),
        "actions": _named(actions_for(user), text),
        "customers": _customers(user, text) if text and user.may("customer", "view") else [],
    }
    if request.headers.get("Accept", "").startswith("application/json"):
        return JsonResponse({kind: [vars(each) for each in lines] for kind, lines in found.items()})
    everywhere = (
        f"{reverse('customers:list')}?{urlencode({'q': text})}" if len(found["customers"]) == _CUSTOMERS else ""
    )
    return render(request, "site/search_part.html", {**found, "text": text, "everywhere": everywhere})


def _named(places: list[Place], text: str) -> list[Found]:
    named = (Found(told(place.code), reverse(place.url_name), place.icon) for place in places)
    return [each for each in named if text.casefold() in each.name.casefold()]


def _customers(user: Actor, text: str) -> list[Found]:
    return [_customer(user, each) for each in customer_search(user=user, text=text, limit=_CUSTOMERS)]


def _customer(user: Actor, customer: Customer) -> Found:
    shown = {name: getattr(customer, name) for name in ("name", "number", "city") if user.may_read("customer", name)}
    number = shown.get("number", "")
    return Found(
        name=shown.get("name") or number or str(customer.pk),
        url=reverse("site:customer", args=[customer.pk]),
        note=" · ".join(filter(None, (shown.get("city"), number if shown.get("name") else ""))),
    )
