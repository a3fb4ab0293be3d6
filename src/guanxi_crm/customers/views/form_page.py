"""One form on a page of its own, with what was typed kept until it is right: behind every small action."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse

from guanxi_crm.core.errors import RuleBroken
from guanxi_crm.core.language import language
from guanxi_crm.customers.models import Customer

__all__ = ["back_to", "came_from", "form_page"]


def form_page(
    request: HttpRequest, form: forms.Form, save: Callable[[], object], *, customer: Customer | None, title: str,
    button: str, back: str = "", then: str = "", **more: object,
) -> HttpResponse:  # fmt: skip
    """Show a form; once it is sent and right, save and go back.

    Parameters
    ----------
    form : bound where the request is a POST
    save : calls the service with what the form holds; a rule that it finds broken stands beside the field
    title, button : codes of `guanxi.words`
    back : where to go afterwards, and by “cancel”; the customer's page unless said
    then : where to go afterwards, if somewhere else
    more : further variables of the template
    """
    back = back or back_to(request, customer.pk if customer else None)
    if request.method == "POST" and form.is_valid():
        try:
            save()
        except RuleBroken as problem:
            form.add_error(problem.field if problem.field in form.fields else None, problem.say(language()))
        else:
            return HttpResponseRedirect(then or back)
    context = {"form": form, "customer": customer, "title": title, "button": button, "back": back, **more}
    return render(request, "customers/form_page.html", context, status=400 if form.is_bound else 200)


def back_to(request: HttpRequest, customer_id: int | None) -> str:
    """The customer's page, in the list through which one was going (``list`` in its address); or all customers."""
    if customer_id is None:
        return reverse("customers:list")
    page = reverse("site:customer", args=[customer_id])
    told = came_from(request, customer_id)
    return f"{page}?{urlencode({'list': told})}" if told else page


def came_from(request: HttpRequest, customer_id: int) -> str:
    """The address of the list through which one was going; empty where one was not.

    It is that of the customer's page from which one came. A form remembers it in ``back``.
    """
    page = reverse("site:customer", args=[customer_id])
    tellers = (request.POST.get("back"), request.META.get("HTTP_REFERER"))
    return request.GET.get("list") or next(filter(None, (_list_of(each, page) for each in tellers)), "")


def _list_of(address: str | None, page: str) -> str:
    """The list that an address of the customer's page names; nothing of any other address."""
    try:
        parts = urlsplit(address or "")
    except ValueError:
        return ""
    return QueryDict(parts.query).get("list", "") if parts.path == page else ""
