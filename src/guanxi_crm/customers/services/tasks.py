"""What somebody is to do, about a customer or not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from guanxi_crm.core.audit import changes_between, log
from guanxi_crm.core.errors import NotAllowed, Problem, RuleBroken
from guanxi_crm.core.models import Undo
from guanxi_crm.core.policy import Actor
from guanxi_crm.core.undo import takes_back, undo_keep
from guanxi_crm.customers.models import Task
from guanxi_crm.customers.selectors.record import customer_get
from guanxi_crm.customers.selectors.tasks import task_get
from guanxi_crm.users.models import User

__all__ = ["task_add", "task_change", "task_delete", "task_set_done"]


@transaction.atomic
def task_add(
    *, user: Actor, title: str, customer_id: int | None = None, assignee_id: int | None = None,
    due_on: dt.date | None = None, at: dt.datetime | None = None,
) -> Task:  # fmt: skip
    """Write down something to do; one's own where nobody is named.

    Permission: task.create for the assignee's tasks, customer.view. Audit: create. Raises: NotFound (the customer),
    NotAllowed, RuleBroken (no title; nobody of that key works here).
    """
    customer = customer_get(user=user, customer_id=customer_id) if customer_id is not None else None
    assignee_id = assignee_id if assignee_id is not None else user.user_id
    given = {"title": _titled(title), "assignee": assignee_id, "due_on": due_on}
    task = Task(
        customer=customer, title=given["title"], assignee_id=assignee_id, due_on=due_on, created_by_id=user.user_id,
        created_at=at or timezone.now(),
    )  # fmt: skip
    _require_giving(user, task)
    user.require_writable("task", [name for name, value in given.items() if value is not None])
    names = _colleagues(assignee_id)
    task.save()
    changes = {"title": (None, task.title), "assignee": (None, names.get(assignee_id)), "due_on": (None, due_on)}
    log(user=user, kind="task", record=task, action="create", name=task.title, at=task.created_at,
        changes={name: change for name, change in changes.items() if change[1] is not None})  # fmt: skip
    return task


@transaction.atomic
def task_change(*, user: Actor, task_id: int, values: Mapping[str, object]) -> Task:
    """Change title, assignee (``assignee_id``) or due date of a task.

    Permission: task.change, each field that changes; to give it to another, task.create for his tasks. Audit: change.
    Raises: NotFound, NotAllowed, RuleBroken.
    """
    task = task_get(user=user, task_id=task_id, action="change", lock=True)
    values = {name: _titled(str(value)) if name == "title" else value for name, value in values.items()}
    changes = changes_between(task, values)
    user.require_writable("task", [name.removesuffix("_id") for name in changes])
    if not changes:
        return task
    told = dict(changes)
    if "assignee_id" in changes:
        before, after = changes["assignee_id"]
        _require_giving(user, Task(assignee_id=after))
        names = _colleagues(after, before)
        told["assignee"] = (names.get(before), names.get(after))
        del told["assignee_id"]
    for name, (_, after) in changes.items():
        setattr(task, name, after)
    task.save(update_fields=[name.removesuffix("_id") for name in changes])
    log(user=user, kind="task", record=task, action="change", name=task.title, changes=told)
    return task


@transaction.atomic
def task_set_done(*, user: Actor, task_id: int, is_done: bool, at: dt.datetime | None = None) -> Task:
    """Mark a task as done, or as not done after all; twice the same is once.

    Permission: task.change, field done_at. Audit: change of done_at. Raises: NotFound, NotAllowed.
    """
    task = task_get(user=user, task_id=task_id, action="change", lock=True)
    user.require_writable("task", ["done_at"])
    if is_done is (task.done_at is not None):
        return task
    before, task.done_at = task.done_at, (at or timezone.now()) if is_done else None
    task.save(update_fields=["done_at"])
    changes = {"done_at": (before, task.done_at)}
    log(user=user, kind="task", record=task, action="change", name=task.title, changes=changes)
    return task


@transaction.atomic
def task_delete(*, user: Actor, task_id: int) -> Undo:
    """Delete a task; for a day it can be had back.

    Permission: task.delete. Audit: delete. Raises: NotFound, NotAllowed.
    """
    task = task_get(user=user, task_id=task_id, action="delete", lock=True)
    kept = {
        "customer_id": task.customer_id, "title": task.title, "assignee_id": task.assignee_id,
        "due_on": task.due_on.isoformat() if task.due_on else None,
        "done_at": task.done_at.isoformat() if task.done_at else None,
        "created_by_id": task.created_by_id, "created_at": task.created_at.isoformat(),
    }  # fmt: skip
    log(user=user, kind="task", record=task, action="delete", name=task.title, changes={"title": (task.title, None)})
    task.delete()
    return undo_keep(user=user, kind="customers.task_delete", before=kept)


@takes_back("customers.task_delete")
def _restore(user: Actor, before: Mapping[str, object]) -> int:
    kept = dict(before)
    for name, read in (("due_on", parse_date), ("done_at", parse_datetime), ("created_at", parse_datetime)):
        kept[name] = read(str(kept[name])) if kept[name] else None
    try:
        if kept["customer_id"] is not None:
            customer_get(user=user, customer_id=int(str(kept["customer_id"])))
        task = Task(**kept)
        user.require("task", "delete", task)
    except Problem:
        return 0
    task.save()
    log(user=user, kind="task", record=task, action="create", name=task.title, changes={"title": (None, task.title)})
    return 1


def _require_giving(user: Actor, task: Task) -> None:
    """A role may be to make one's own tasks only. There is nothing to be hidden: the task is not there yet."""
    if not user.may("task", "create", task):
        raise NotAllowed


def _titled(title: str) -> str:
    title = " ".join(title.split())
    if not title:
        raise RuleBroken("crm_customers.task_empty", field="title")
    if len(title) > (most := Task._meta.get_field("title").max_length):
        raise RuleBroken("crm_customers.too_long", field="title", most=most)
    return title


def _colleagues(after: object, *others: object) -> dict[object, str]:
    """Key → name of those concerned; the first one must work here."""
    found = User.objects.in_bulk([key for key in (after, *others) if key is not None])
    if after is not None and not (after in found and found[after].is_active):
        raise RuleBroken("crm_customers.no_such_colleague", field="assignee")
    return {key: str(each) for key, each in found.items()}
