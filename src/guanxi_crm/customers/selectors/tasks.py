"""Tasks: one's own, everybody's that one may see, a customer's."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from django.db.models import F, QuerySet

from guanxi_crm.core.errors import NotFound
from guanxi_crm.core.keyset import Order, count_up_to, page_of
from guanxi_crm.core.policy import Actor
from guanxi_crm.core.prepared import STAND_IN, Prepared, kept
from guanxi_crm.customers.models import Customer, Task

__all__ = [
    "PAGE_SIZE",
    "STATES",
    "TaskPage",
    "TaskRow",
    "Who",
    "open_tasks_count",
    "open_tasks_of",
    "task_get",
    "tasks_page",
]

PAGE_SIZE = 50
_OPEN_SHOWN = 20
_HIDDEN = {"title": "…", "due_on": None, "assignee": None}
"""What stands in place of a field that is hidden."""
Who = Literal["mine", "all"]
State = Literal["open", "overdue", "done"]
STATES: tuple[State, ...] = ("open", "overdue", "done")


@dataclass(frozen=True)
class TaskRow:
    """One task as a list shows it: empty what is hidden from the user, ``customer`` only where he may see him."""

    task: Task
    customer: Customer | None
    is_overdue: bool
    may_change: bool
    may_delete: bool


@dataclass(frozen=True)
class TaskPage:
    """One page of tasks, and where its neighbours begin."""

    rows: list[TaskRow]
    next: str | None
    previous: str | None
    count: int


def task_get(*, user: Actor, task_id: int, action: str = "view", lock: bool = False) -> Task:
    """One task.

    Raises
    ------
    NotFound : there is none, or none that this user may know of.
    NotAllowed : he may see it, but not do this.
    """
    tasks = user.narrow("task", Task.objects.filter(pk=task_id))
    task = (tasks.select_for_update() if lock else tasks).first()
    if task is None:
        raise NotFound
    user.require("task", action, task)
    return task


def tasks_page(
    *, user: Actor, today: dt.date, who: Who = "mine", state: State = "open", cursor: str | None = None,
    size: int = PAGE_SIZE,
) -> TaskPage:  # fmt: skip
    """One page of tasks: what is due first comes first, of those done the latest.

    Raises
    ------
    RuleBroken : the cursor is not one of ours.
    NotAllowed : a field by which it is sorted or told apart is hidden.
    """
    tasks = _chosen(user, who, state, today)
    order = Order("done_at", descending=True) if state == "done" else Order("due_on")
    user.require_readable("task", {"done_at", order.column, "due_on" if state == "overdue" else order.column})
    page = page_of(tasks.select_related("assignee", "created_by"), order, size=size, cursor=cursor)
    return TaskPage(_rows(page.records, user, today), page.next, page.previous, count_up_to(tasks))


def open_tasks_of(customer: Customer, *, user: Actor, today: dt.date) -> list[TaskRow]:
    """What is still to be done about a customer, as far as this user sees it: the first due first, at most twenty. One
    query."""
    if not (user.may("task", "view") and user.may_read("task", "done_at")):
        return []
    return [_row(task, customer, user, today) for task in kept(_open_tasks, user).records(customer.pk)]


def open_tasks_count(*, user: Actor, today: dt.date) -> dict[State, int]:
    """How many tasks of one's own are open, and how many of these overdue."""
    return {
        "open": count_up_to(_chosen(user, "mine", "open", today)),
        "overdue": count_up_to(_chosen(user, "mine", "overdue", today)),
    }


def _open_tasks(user: Actor) -> Prepared:
    tasks = user.narrow("task", Task.objects.filter(customer=STAND_IN, done_at=None)).select_related("assignee")
    return Prepared(tasks.order_by(F("due_on").asc(nulls_last=True), "pk")[:_OPEN_SHOWN])


def _chosen(user: Actor, who: Who, state: State, today: dt.date) -> QuerySet[Task]:
    tasks = user.narrow("task", Task.objects.all())
    if who == "mine":
        tasks = tasks.filter(assignee_id=user.user_id)
    if state == "overdue":
        return tasks.filter(done_at=None, due_on__lt=today)
    return tasks.filter(done_at__isnull=state == "open")


def _rows(tasks: list[Task], user: Actor, today: dt.date) -> list[TaskRow]:
    # A task may be about somebody whom its assignee may not, or no longer, see.
    wanted = {task.customer_id for task in tasks if task.customer_id is not None}
    visible = user.narrow("customer", Customer.objects.all()).in_bulk(wanted) if wanted else {}
    return [_row(task, visible.get(task.customer_id), user, today) for task in tasks]


def _row(task: Task, customer: Customer | None, user: Actor, today: dt.date) -> TaskRow:
    may_change = user.may("task", "change", task) and user.may_write("task", "done_at")
    may_delete = user.may("task", "delete", task)
    for name, nothing in _HIDDEN.items():
        if not user.may_read("task", name):
            setattr(task, name, nothing)
    return TaskRow(
        task,
        customer,
        is_overdue=task.done_at is None and task.due_on is not None and task.due_on < today,
        may_change=may_change,
        may_delete=may_delete,
    )
