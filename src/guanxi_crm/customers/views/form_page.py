"""One form on a page of its own, with what was typed kept until it is right: behind every small action."""

from __future__ import annotations

from collections.abc import Callable

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from guanxi_crm.core.errors import RuleBroken
from guanxi_crm.core.language import language
from guanxi_crm.customers.models import Customer

__all__ = ["back_to", "form_page"]


def form_page(
    request: HttpRequest, form: forms.Form, save: Callable[[], object], *, customer: Customer | None, title: str,
    button: str, back: str = "", **more: object,
) -> HttpResponse:  # fmt: skip
    """Show a form; once it is sent and right, save and go back.

    Parameters
    ----------
    form : bound where the request is a POST
    save : calls the service with what the form holds; a rule that it finds broken stands beside the field
    title, button : codes of `guanxi.words`
    back : where to go afterwards, and by “cancel”; the customer's page unless said
    more : further variables of the template
    """
    back = back or back_to(customer)
    if request.method == "POST" and form.is_valid():
        try:
            save()
        except RuleBroken as problem:
            form.add_error(problem.field if problem.field in form.fields else None, problem.say(language()))
        else:
            return HttpResponseRedirect(back)
    context = {"form": form, "customer": customer, "title": title, "button": button, "back": back, **more}
    return render(request, "customers/form_page.html", context, status=400 if form.is_bound else 200)


def back_to(customer: Customer | None) -> str:
    """The customer's page, or the list."""
    return reverse("customers:list") if customer is None else reverse("site:customer", args=[customer.pk])
