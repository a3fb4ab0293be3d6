"""Ways to reach a customer, and what he allows on them."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from guanxi_crm.core.errors import NotAllowed, NotFound, RuleBroken
from guanxi_crm.core.language import language
from guanxi_crm.core.pages import signed_in, toast
from guanxi_crm.customers.forms.parts import ConsentForm, ContactForm
from guanxi_crm.customers.models import ContactPoint
from guanxi_crm.customers.selectors.consents import CHANNELS, consent_history, consent_matrix
from guanxi_crm.customers.selectors.record import CONTACT_FIELD, contact_points_of, customer_get
from guanxi_crm.customers.services.consents import consent_record
from guanxi_crm.customers.services.contacts import (
    contact_add,
    contact_change,
    contact_make_primary,
    contact_remove,
)
from guanxi_crm.customers.views.form_page import back_to, came_from, form_page

__all__ = ["add", "change", "consents", "make_primary", "remove"]


@require_http_methods(["GET", "POST"])
@signed_in
def add(request: HttpRequest, customer_id: int) -> HttpResponse:
    """A new way to reach a customer."""
    user = request.actor
    customer = customer_get(user=user, customer_id=customer_id, action="change")
    if not any(user.may_write("customer", each) for each in CONTACT_FIELD.values()):
        raise NotAllowed
    form = ContactForm(request.POST or None, user=user, initial={"kind": request.GET.get("kind", "phone")})

    def save() -> None:
        contact_add(user=user, customer_id=customer_id, **form.cleaned_data)
        toast(request, "crm_customers.contact_added")

    return form_page(
        request, form, save, customer=customer, title="crm_customers.contact_add", button="crm_customers.add",
        asks_for_duplicates=True,
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@signed_in
def change(request: HttpRequest, customer_id: int, contact_id: int) -> HttpResponse:
    """Correct a contact point."""
    user = request.actor
    customer = customer_get(user=user, customer_id=customer_id, action="change")
    point = _point(contact_points_of(customer, user=user), contact_id)
    now = {"value": point.value, "label": point.label}
    form = ContactForm(request.POST or None, user=user, kind=point.kind, initial=now)

    def save() -> None:
        contact_change(user=user, customer_id=customer_id, contact_id=contact_id, **form.cleaned_data)
        toast(request, "crm_customers.contact_changed")

    return form_page(
        request, form, save, customer=customer, title="crm_customers.contact_change", button="crm_customers.save"
    )


@require_POST
@signed_in
def make_primary(request: HttpRequest, customer_id: int, contact_id: int) -> HttpResponse:
    """Make it the one that is used first."""
    point = contact_make_primary(user=request.actor, customer_id=customer_id, contact_id=contact_id)
    toast(request, "crm_customers.contact_is_primary", value=point.value)
    return HttpResponseRedirect(back_to(request, customer_id))


@require_POST
@signed_in
def remove(request: HttpRequest, customer_id: int, contact_id: int) -> HttpResponse:
    """Remove a contact point; the page has asked whether one is sure."""
    contact_remove(user=request.actor, customer_id=customer_id, contact_id=contact_id)
    toast(request, "crm_customers.contact_removed")
    return HttpResponseRedirect(back_to(request, customer_id))


@require_http_methods(["GET", "POST"])
@signed_in
def consents(request: HttpRequest, customer_id: int) -> HttpResponse:
    """What the customer allows by purpose and channel, how it came to that, and a form for his next word."""
    user = request.actor
    customer = customer_get(user=user, customer_id=customer_id)
    if not user.may_read("customer", "consents"):
        raise NotFound
    asked = {name: request.GET[name] for name in ("purpose", "channel", "is_given") if name in request.GET}
    form = ConsentForm(request.POST or None, initial={"is_given": "yes", **asked})
    if request.method == "POST" and form.is_valid():
        given = {**form.cleaned_data, "is_given": form.cleaned_data["is_given"] == "yes"}
        try:
            consent_record(user=user, customer_id=customer_id, **given)
        except RuleBroken as problem:
            form.add_error(problem.field if problem.field in form.fields else None, problem.say(language()))
        else:
            toast(request, "crm_customers.consent_recorded")
            told = came_from(request, customer_id)
            return HttpResponseRedirect(f"{request.path}?{urlencode({'list': told})}" if told else request.path)
    history = consent_history(customer, user=user)
    context = {
        "customer": customer, "form": form, "history": history, "matrix": consent_matrix(history), "channels": CHANNELS,
        "may_write": user.may("customer", "change", customer) and user.may_write("customer", "consents"),
        "back": back_to(request, customer_id),
    }  # fmt: skip
    return render(request, "customers/consents.html", context, status=400 if form.errors else 200)


def _point(points: list[ContactPoint], contact_id: int) -> ContactPoint:
    found = next((each for each in points if each.pk == contact_id), None)
    if found is None:
        raise NotFound
    return found
