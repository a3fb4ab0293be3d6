"""The customer's page: everything about one customer, joined from all apps, as far as the user may see it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from guanxi_crm.core.pages import signed_in
from guanxi_crm.core.policy import Actor
from guanxi_crm.customers.forms.parts import NoteForm, TaskForm
from guanxi_crm.customers.models import Customer
from guanxi_crm.customers.selectors.consents import CHANNELS, consent_history, consent_matrix
from guanxi_crm.customers.selectors.list_query import ListQuery
from guanxi_crm.customers.selectors.mined import mined_of, segment_history
from guanxi_crm.customers.selectors.neighbours import list_of_address, neighbours_of
from guanxi_crm.customers.selectors.record import (
    CONTACT_FIELD,
    attachments_of,
    contact_points_of,
    customer_get,
    name_for,
)
from guanxi_crm.customers.selectors.scores import current_version
from guanxi_crm.customers.selectors.tags import tags_of
from guanxi_crm.customers.selectors.tasks import open_tasks_of
from guanxi_crm.customers.selectors.timeline import Source, customer_sources, timeline_first, timeline_page
from guanxi_crm.insights.selectors.products import products_wanted
from guanxi_crm.sales.selectors.of_customer import order_months, order_source, sees_amounts
from guanxi_crm.site.customer_cards import field_rows, marketing_words, months_chart, reasons_in_words, told_events

__all__ = ["customer", "customer_timeline"]

_WORKS_ON = ("notes", "tags", "files", "consents", "owner", "team")


@require_GET
@signed_in
def customer(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Who he is and how to reach him, what happened, what he is worth, whether he will leave and what he may want."""
    user = request.actor
    record = customer_get(user=user, customer_id=customer_id)
    context = {
        **_way(request, record, user),
        **_who(record, user),
        **_what_happened(request, record, user),
        **_what_is_known(record, user),
    }
    return render(request, "site/customer/page.html", context)


@require_GET
@signed_in
def customer_timeline(request: HttpRequest, customer_id: int) -> HttpResponse:
    """The next page of what happened, or one kind of it: a part of the customer's page."""
    record = customer_get(user=request.actor, customer_id=customer_id)
    context = _timeline(request, record, request.actor)
    part = "events" if request.GET.get("cursor") else "timeline"
    return render(request, f"site/customer/{part}.html", context)


def _way(request: HttpRequest, record: Customer, user: Actor) -> dict[str, object]:
    """The list from which one came, and who stands before and after him in it; in that of all where one did not."""
    came_from = request.GET.get("list", "")
    query = list_of_address(came_from, user=user) if came_from else None
    address = query.address(view=QueryDict(came_from).get("view", "")) if query else ""
    return {
        "neighbours": neighbours_of(record, user=user, query=query or ListQuery()),
        "list_address": address,
        "along": f"?{urlencode({'list': address})}" if address else "",
    }


def _who(record: Customer, user: Actor) -> dict[str, object]:
    """The header and the left column."""
    may_change = user.may("customer", "change", record)
    history = consent_history(record, user=user)
    reads = {name: user.may_read("customer", name) for name in (*_WORKS_ON, "name", "level", "number")}
    points = contact_points_of(record, user=user)
    return {
        "customer": record,
        "title": name_for(record, user=user),
        "reads": reads,
        "writes": {name: may_change and user.may_write("customer", name) for name in _WORKS_ON},
        "may_change": may_change,
        "may_assign": user.may("customer", "assign", record)
        and (user.may_write("customer", "owner") or user.may_write("customer", "team")),
        "may_delete": user.may("customer", "delete", record),
        "fields": field_rows(record, user=user),
        "points": [(point, may_change and user.may_write("customer", CONTACT_FIELD[point.kind])) for point in points],
        "may_add_points": may_change and any(user.may_write("customer", name) for name in CONTACT_FIELD.values()),
        "consents": consent_matrix(history) if reads["consents"] else [],
        "marketing": marketing_words(history) if reads["consents"] else [],
        "has_consents": bool(history),
        "channels": CHANNELS,
        "tags": tags_of(record, user=user),
        "files": attachments_of(record, user=user),
    }


def _what_happened(request: HttpRequest, record: Customer, user: Actor) -> dict[str, object]:
    """The middle column."""
    may_note = user.may("customer", "change", record) and user.may_write("customer", "notes")
    may_add_tasks = user.may("task", "create") and user.may_write("task", "title")
    return {
        "note_form": NoteForm(auto_id="note_%s") if may_note else None,
        "task_form": TaskForm(user=user, auto_id="task_%s") if may_add_tasks else None,
        "open_tasks": open_tasks_of(record, user=user, today=timezone.localdate()),
        **_timeline(request, record, user),
    }


def _timeline(request: HttpRequest, record: Customer, user: Actor) -> dict[str, object]:
    kind, cursor = request.GET.get("kind", ""), request.GET.get("cursor")
    if kind or cursor:
        sources = _sources(record, user)
        kinds = tuple(source.kind for source in sources)
        chosen = [kind] if kind in kinds else []
        page = timeline_page(sources, user=user, kinds=chosen, cursor=cursor)
    else:
        page, kinds = timeline_first(record, user=user, sources_of=_sources)
    return {
        "customer": record, "kinds": kinds, "kind": kind if kind in kinds else "", "next": page.next,
        "events": told_events(page.events, user=user), "writes_notes": user.may_write("customer", "notes"),
    }  # fmt: skip


def _sources(record: Customer, user: Actor) -> list[Source]:
    orders = order_source(record, user=user)
    return [*([orders] if orders else []), *customer_sources(record, user=user)]


def _what_is_known(record: Customer, user: Actor) -> dict[str, object]:
    """The right column."""
    mined = mined_of(record, user=user)
    return {
        "mined": mined,
        "scores": mined.values if mined else {},
        "currency": mined.version.currency if mined else "",
        "runs_studies": user.may("run", "create"),
        "nobody_is_scored": mined is None and current_version() is None,
        "value_reasons": reasons_in_words(mined, "value"),
        "churn_reasons": reasons_in_words(mined, "churn"),
        "segment_reasons": reasons_in_words(mined, "segments"),
        "history": segment_history(record, user=user),
        "chart": months_chart(order_months(user=user, customer=record)),
        "sees_amounts": sees_amounts(user),
        "wanted": products_wanted(user=user, customer=record),
    }
