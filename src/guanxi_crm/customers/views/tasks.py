"""Tasks: one's own and others', and those of a customer."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from guanxi_crm.core.errors import NotFound
from guanxi_crm.core.pages import signed_in, toast
from guanxi_crm.core.policy import Scope
from guanxi_crm.customers.forms.parts import TaskForm
from guanxi_crm.customers.selectors.record import customer_get, hand_overs_received
from guanxi_crm.customers.selectors.tasks import STATES, Who, open_tasks_count, task_get, tasks_page
from guanxi_crm.customers.services.tasks import task_add, task_change, task_delete, task_set_done
from guanxi_crm.customers.views.form_page import back_to, form_page

__all__ = ["add", "change", "remove", "set_done", "tasks"]

_COLUMNS = {"assignee": "assignee_id"}


@require_GET
@signed_in
def tasks(request: HttpRequest) -> HttpResponse:
    """What is to be done: one's own tasks, or all that one may see; and the customers who came from colleagues."""
    user = request.actor
    if not user.may("task", "view"):
        raise NotFound
    today = timezone.localdate()
    state = next((each for each in STATES if each == request.GET.get("state")), STATES[0])
    sees_others = user.scope("task", "view") > Scope.OWN
    who: Who = "all" if sees_others and request.GET.get("who") == "all" else "mine"
    page = tasks_page(user=user, today=today, who=who, state=state, cursor=request.GET.get("cursor"))
    context = {
        "page": page, "state": state, "states": STATES, "who": who, "sees_others": sees_others, "today": today,
        "counts": open_tasks_count(user=user, today=today), "received": hand_overs_received(user=user),
        "form": TaskForm(user=user) if user.may("task", "create") else None,
    }  # fmt: skip
    return render(request, "customers/tasks.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def add(request: HttpRequest, customer_id: int | None = None) -> HttpResponse:
    """Something to do, about a customer or not."""
    user = request.actor
    user.require("task", "create")
    customer = customer_get(user=user, customer_id=customer_id) if customer_id is not None else None
    form = TaskForm(request.POST or None, user=user)

    def save() -> None:
        given = form.cleaned_data
        task_add(
            user=user, customer_id=customer_id, title=given["title"], due_on=given.get("due_on"),
            assignee_id=given.get("assignee"),
        )  # fmt: skip
        toast(request, "crm_customers.task_added")

    return form_page(
        request, form, save, customer=customer, title="crm_customers.task_add", button="crm_customers.add",
        back=_back(request, back_to(request, customer_id) if customer else reverse("customers:tasks")),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@signed_in
def change(request: HttpRequest, task_id: int) -> HttpResponse:
    """Change what is to be done, until when, by whom."""
    user = request.actor
    task = task_get(user=user, task_id=task_id, action="change")
    form = TaskForm(request.POST or None, user=user, task=task)

    def save() -> None:
        given = form.cleaned_data
        values = {_COLUMNS.get(name, name): value for name, value in given.items()}
        task_change(user=user, task_id=task_id, values=values)
        toast(request, "crm_customers.task_changed")

    return form_page(
        request, form, save, customer=None, title="crm_customers.task_change", button="crm_customers.save",
        back=_back(request, reverse("customers:tasks")),
    )  # fmt: skip


@require_POST
@signed_in
def set_done(request: HttpRequest, task_id: int) -> HttpResponse:
    """Done, or not done after all."""
    is_done = request.POST.get("done") == "1"
    task_set_done(user=request.actor, task_id=task_id, is_done=is_done)
    toast(request, "crm_customers.task_done" if is_done else "crm_customers.task_open_again")
    return HttpResponseRedirect(_back(request, reverse("customers:tasks")))


@require_POST
@signed_in
def remove(request: HttpRequest, task_id: int) -> HttpResponse:
    """Delete a task, with a button to have it back."""
    undo = task_delete(user=request.actor, task_id=task_id)
    toast(request, "crm_customers.task_deleted", undo=undo)
    return HttpResponseRedirect(_back(request, reverse("customers:tasks")))


def _back(request: HttpRequest, otherwise: str) -> str:
    """Where the page wants to return to, if that is a page of ours."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(wanted, None) and wanted.startswith("/")
    return wanted if ours else otherwise
