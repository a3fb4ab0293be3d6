"""Entering, changing and deleting a customer."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from guanxi_crm.core.errors import Conflict, NotAllowed, RuleBroken
from guanxi_crm.core.language import language
from guanxi_crm.core.pages import signed_in, toast
from guanxi_crm.core.policy import Actor
from guanxi_crm.customers.forms.customer import CONTACTS_OF_A_NEW_ONE, CustomerForm
from guanxi_crm.customers.forms.fields import label_of, shown
from guanxi_crm.customers.models import Customer
from guanxi_crm.customers.selectors.record import FORM_FIELDS, customer_get, name_for, with_contact
from guanxi_crm.customers.services.contacts import normal_of
from guanxi_crm.customers.services.customers import customer_create, customer_delete, customer_update
from guanxi_crm.customers.views.form_page import back_to

__all__ = ["create", "delete", "duplicates", "edit", "field"]


@require_http_methods(["GET", "POST"])
@signed_in
def create(request: HttpRequest) -> HttpResponse:
    """Enter a customer; who has the same telephone number or address already is shown before a second is made."""
    user = request.actor
    user.require("customer", "create")
    form = CustomerForm(*_posted(request), user=user)
    same: list[Customer] = []
    if request.method == "POST" and form.is_valid():
        _refuse(form)
        same = [] if "sure" in request.POST else _same(user, form.contacts)
        if not same:
            try:
                made = customer_create(user=user, values=form.values, contacts=form.contacts)
            except RuleBroken as problem:
                _show(form, problem)
            else:
                toast(request, "crm_customers.created", name=name_for(made, user=user))
                return HttpResponseRedirect(back_to(request, made.pk))
    status = 400 if form.is_bound and not same else 200
    return render(request, "customers/create.html", {"form": form, "same": same}, status=status)


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Change a customer. Where somebody else was quicker, both versions are shown, and saving again goes over his."""
    user = request.actor
    customer = customer_get(user=user, customer_id=customer_id, action="change")
    form = CustomerForm(*_posted(request), user=user, customer=customer)
    context: dict[str, object] = {"form": form, "customer": customer, "back": back_to(request, customer_id)}
    status = 200
    if request.method == "POST":
        status = 400
        _refuse(form)
        if form.is_valid():
            version = form.cleaned_data["version"] or 0
            try:
                customer_update(user=user, customer_id=customer_id, values=form.values, version=version)
            except RuleBroken as problem:
                _show(form, problem)
            except Conflict as conflict:
                context["differences"] = _differences(form, conflict)
                form = _over(form, conflict, user, customer)
                context["form"], status = form, conflict.status
            else:
                toast(request, "crm_customers.saved", name=name_for(customer, user=request.actor))
                return HttpResponseRedirect(back_to(request, customer_id))
    return render(request, "customers/edit.html", context, status=status)


@require_http_methods(["GET", "POST"])
@signed_in
def field(request: HttpRequest, customer_id: int, name: str) -> HttpResponse:
    """One field of a customer's page in its place: its form, or its value again once it is saved."""
    user = request.actor
    customer = customer_get(user=user, customer_id=customer_id)
    if name not in FORM_FIELDS or not user.may_read("customer", name):
        raise NotAllowed("crm_core.no_such_field", field_name=name)
    if not request.htmx:
        return redirect("customers:edit", customer_id)
    may_write = user.may("customer", "change", customer) and user.may_write("customer", name)
    part, context = "customers/parts/field.html", {"customer": customer, "name": name, "may_write": may_write}
    if "cancel" not in request.GET:
        user.require("customer", "change", customer)
        user.require_writable("customer", [name])
        part, form = "customers/parts/field_form.html", CustomerForm(
            *_posted(request), user=user, customer=customer, names=[name]
        )  # fmt: skip
        context["form"] = form
        if request.method == "POST" and form.is_valid():
            _refuse(form)
            try:
                customer = customer_update(
                    user=user, customer_id=customer_id, values=form.values, version=form.cleaned_data["version"] or 0
                )
            except RuleBroken as problem:
                _show(form, problem)
            except Conflict as conflict:
                context["differences"] = _differences(form, conflict)
                context["form"] = _over(form, conflict, user, customer)
            else:
                part, context["customer"] = "customers/parts/field.html", customer
    context |= {"label": label_of(name), "value": shown(name, getattr(context["customer"], name))}
    return render(request, part, context)


@require_POST
@signed_in
def delete(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Delete a customer who never ordered; the page has asked whether one is sure."""
    customer = customer_get(user=request.actor, customer_id=customer_id)
    customer_delete(user=request.actor, customer_id=customer_id)
    toast(request, "crm_customers.deleted", name=name_for(customer, user=request.actor))
    return redirect("customers:list")


@require_POST
@signed_in
def duplicates(request: HttpRequest) -> HttpResponse:
    """Who is reached in the same way already: asked while a telephone number or an address is typed.

    By POST, for what identifies somebody has no place in an address, which servers and proxies write down.
    """
    given = {kind: request.POST[kind] for kind in CONTACTS_OF_A_NEW_ONE if request.POST.get(kind)}
    if request.POST.get("value"):
        given[request.POST.get("kind", "")] = request.POST["value"]
    known = {kind: value for kind, value in given.items() if kind in CONTACTS_OF_A_NEW_ONE}
    return render(request, "customers/parts/duplicates.html", {"same": _same(request.actor, known)})


def _posted(request: HttpRequest) -> tuple[object, ...]:
    return (request.POST,) if request.method == "POST" else ()


def _refuse(form: CustomerForm) -> None:
    """A field that this user may not write was posted all the same: nothing is saved."""
    if unexpected := form.unexpected():
        raise NotAllowed("crm_core.no_such_field", field_name=unexpected[0])


def _same(user: Actor, contacts: dict[str, str]) -> list[Customer]:
    found: dict[int, Customer] = {}
    for kind, value in contacts.items():
        for customer in with_contact(user=user, kind=kind, normal=normal_of(kind, value)):
            found.setdefault(customer.pk, customer)
    return list(found.values())


def _show(form: CustomerForm, problem: RuleBroken) -> None:
    form.add_error(problem.field if problem.field in form.fields else None, problem.say(language()))


def _differences(form: CustomerForm, conflict: Conflict) -> list[dict[str, object]]:
    """Field by field what is there now and what was typed, as people read it and as the control holds it."""
    return [
        {
            "name": name, "label": label_of(name), "theirs": shown(name, conflict.current[name]),
            "yours": shown(name, form.values[name]), "control": form[name].id_for_label,
            "raw": "" if conflict.current[name] is None else str(conflict.current[name]),
        }
        for name in form.names
        if name in conflict.current
    ]  # fmt: skip


def _over(form: CustomerForm, conflict: Conflict, user: Actor, customer: Customer) -> CustomerForm:
    """The form as it was typed, to be saved over the version that is there now."""
    data = form.data.copy()
    data["version"] = str(conflict.current["version"])
    again = CustomerForm(data, user=user, customer=customer, names=form.names)
    again.is_valid()
    return again
