"""What the command bar finds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from guanxi.words import LANGUAGES, say
from guanxi_crm.core.language import told
from guanxi_crm.core.navigation import Place, actions_for, places_for
from guanxi_crm.core.pages import signed_in
from guanxi_crm.core.policy import Actor
from guanxi_crm.core.templatetags.words import money, on
from guanxi_crm.customers.models import Customer
from guanxi_crm.customers.selectors.record import name_for
from guanxi_crm.customers.selectors.search import customer_search
from guanxi_crm.sales.models import Order, Product
from guanxi_crm.sales.selectors.orders import order_search
from guanxi_crm.sales.selectors.products import product_search
from guanxi_crm.sales.selectors.whose import whose

__all__ = ["search"]

_CUSTOMERS = 8
_MOST_TEXT = 100
_LATIN = re.compile(r"[a-z0-9]")


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
    """Customers, orders, products, places and things to do for what was typed so far: lines for the command bar, or
    JSON."""
    user, text = request.actor, request.GET.get("q", "").replace("\0", "").strip()[:_MOST_TEXT]
    asks = {kind: bool(text) and user.may(kind, "view") for kind in ("customer", "order", "product")}
    found = {
        "customers": _customers(user, text) if asks["customer"] else [],
        "orders": [_order(user, each) for each in order_search(user=user, text=text)] if asks["order"] else [],
        "products": [_product(user, each) for each in product_search(user=user, text=text)] if asks["product"] else [],
        "actions": _named(actions_for(user), text),
        "places": _named(places_for(user), text),
    }
    if request.headers.get("Accept", "").startswith("application/json"):
        return JsonResponse({kind: [vars(each) for each in lines] for kind, lines in found.items()})
    everywhere = (
        f"{reverse('customers:list')}?{urlencode({'q': text})}" if len(found["customers"]) == _CUSTOMERS else ""
    )
    return render(request, "site/search_part.html", {
        **found, "text": text, "everywhere": everywhere, "nothing": not any(found.values()),
    })  # fmt: skip


def _named(places: list[Place], text: str) -> list[Found]:
    """Those that the words fit, in either language: whose name begins so first, then by name, then by other words."""
    fitting = []
    for each in places:
        name = told(each.code)
        if all(_fits(word, _said_of(each)) for word in text.casefold().split()):
            begins = name.casefold().startswith(text.casefold())
            fitting.append((not begins, text.casefold() not in name.casefold(), Found(name, each.address, each.icon)))
    return [found for *_, found in sorted(fitting, key=lambda each: each[:2])]


def _fits(word: str, said: str) -> bool:
    """Latin words and numbers by how they begin, Chinese ones by any part."""
    if _LATIN.match(word):
        return re.search(rf"(?<![a-z0-9]){re.escape(word)}", said) is not None
    return word in said


@lru_cache(maxsize=100)
def _said_of(place: Place) -> str:
    """Names and further words of a place, in all languages: who has chosen one may still think in another."""
    codes = [place.code, *([place.found_by] if place.found_by else [])]
    return "\n".join(say(code, language) for code in codes for language in LANGUAGES).casefold()


def _customers(user: Actor, text: str) -> list[Found]:
    return [_customer(user, each) for each in customer_search(user=user, text=text, limit=_CUSTOMERS)]


def _customer(user: Actor, customer: Customer) -> Found:
    shown = {name: getattr(customer, name) for name in ("name", "number", "city") if user.may_read("customer", name)}
    number = shown.get("number", "")
    return Found(
        name=name_for(customer, user=user),
        url=reverse("site:customer", args=[customer.pk]),
        note=" · ".join(filter(None, (shown.get("city"), number if shown.get("name") else ""))),
    )


def _order(user: Actor, order: Order) -> Found:
    """By its number, with whose it is, when it was and what it came to less returns, as far as that may be seen."""
    reads = set(user.readable("order"))
    notes = []
    if customer := whose(order, user=user):
        notes.append(name_for(customer, user=user))
    if "ordered_at" in reads:
        notes.append(on(order.ordered_at))
    if "amount" in reads:
        notes.append(money(order.came_to if "returns_amount" in reads else order.amount, order.currency))
    return Found(order.number, reverse("sales:order", args=[order.pk]), "receipt", " · ".join(notes))


def _product(user: Actor, product: Product) -> Found:
    shown = {name: getattr(product, name) for name in ("name", "code") if user.may_read("product", name)}
    code = shown.get("code", "")
    return Found(
        name=shown.get("name") or code or f"#{product.pk}",
        url=reverse("sales:product", args=[product.pk]),
        icon="package",
        note=code if shown.get("name") else "",
    )
