"""Role × action: what a role may do, its members can do by the page; what it may not, they cannot, and nothing changes."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import transaction
from django.test import Client

from guanxi_crm.core.jobs import job_enqueue
from guanxi_crm.customers.models import Customer, Task
from guanxi_crm.users.models import Role, User
from guanxi_crm.users.policy import actor_for

pytestmark = pytest.mark.django_db

ROLES = ("administrator", "manager", "sales", "service", "analyst", "viewer")
CUSTOMER, TASK = "/customers/{customer}/", "/customers/tasks/{task}/"
ACTIONS: dict[str, tuple[str, dict[str, object], tuple[str, ...]]] = {
    "create a customer": ("/customers/new/", {"name": "New", "sure": "1"}, ("customer.create",)),
    "change a customer": (CUSTOMER + "field/city/", {"city": "New", "version": 1}, ("customer.change!", "customer:city")),
    "change the form": (CUSTOMER + "edit/", {"name": "New", "version": 1}, ("customer.change!", "customer:name")),
    "delete a customer": (CUSTOMER + "delete/", {}, ("customer.delete!",)),
    "hand a customer over": (CUSTOMER + "hand-over/", {"owner": "{other}", "note": ""}, ("customer.assign!", "customer:owner")),
    "add a contact": (CUSTOMER + "contacts/", {"kind": "phone", "value": "13900000000"}, ("customer.change!", "customer:phone")),
    "write a note": (CUSTOMER + "notes/", {"text": "New"}, ("customer.change!", "customer:notes")),
    "tag": (CUSTOMER + "tags/", {"name": "New"}, ("customer.change!", "customer:tags")),
    "keep a consent": (
        CUSTOMER + "consents/", {"purpose": "marketing", "channel": "sms", "is_given": "yes", "proof": "x"},
        ("customer.change!", "customer:consents"),
    ),
    "export customers": ("/customers/export/", {}, ("customer.export",)),
    "tag many": ("/customers/bulk/", {"which": "all", "action": "tag", "tag": "{tag}"}, ("customer.change", "customer:tags")),
    "assign many": ("/customers/bulk/", {"which": "all", "action": "assign", "owner": "{other}"}, ("customer.assign", "customer:owner")),
    "add a task": (CUSTOMER + "tasks/", {"title": "New", "assignee": "{self}"}, ("task.create", "customer.view!")),
    "end anothers task": (TASK + "done/", {"done": "1"}, ("task.change~",)),
    "remove anothers task": (TASK + "remove/", {}, ("task.delete~",)),
    "export orders": ("/sales/orders/export/", {}, ("order.export",)),
    "bring files in": ("/data/new/", {}, ("import.create",)),
    "bring changes over again": ("/data/sync/", {}, ("import.create",)),
    "run studies": ("/studies/runs/", {"studies": "segments", "horizon_days": "90"}, ("run.create",)),
    "publish a run": ("/studies/runs/{run}/publish/", {}, ("run.publish",)),
    "take a run back": ("/studies/runs/{run}/take-back/", {}, ("run.publish",)),
    "make a schedule": ("/studies/schedule/", {"studies": "segments", "every": "day", "at": "03:00", "horizon_days": "90"}, ("run.schedule",)),
    "invite staff": ("/settings/staff/invite/", {"email": "new@example.com", "roles": "{viewer}"}, ("user.create",)),
    "change staff": ("/settings/staff/{other}/", {"name": "New", "roles": "{viewer}"}, ("user.change",)),
    "shut staff out": ("/settings/staff/{other}/active/", {"active": "0"}, ("user.change",)),
    "clone a role": ("/settings/roles/", {"name": "New", "role_id": "{viewer}"}, ("role.create",)),
    "change a role": ("/settings/roles/{viewer}/", {"name": "New"}, ("role.change",)),
    "add a team": ("/settings/teams/", {"name": "New"}, ("team.create",)),
    "delete a team": ("/settings/teams/{team}/delete/", {}, ("team.delete",)),
    "make a token": ("/settings/tokens/", {"name": "New", "days": "30", "scopes": "customer.view"}, ("token.create",)),
    "change the company": ("/settings/company/", {"name": "New", "timezone": "Asia/Shanghai", "language": "zh"}, ("company.change",)),
    "stop anothers job": ("/jobs/{job}/cancel/", {}, ("everything",)),
}  # fmt: skip
"""What → its address, what is posted, and what one must be allowed: ``TYPE.ACTION`` (``!`` to the marked customer, ``~``
to the stranger's task), ``TYPE:FIELD`` to write a field."""


def may(user, needed, there, task):
    """Whether his roles allow all of this."""
    who = actor_for(User.objects.get(pk=user.pk))
    for each in needed:
        if each == "everything":
            allowed = who.everything
        elif ":" in each:
            allowed = who.may_write(*each.split(":"))
        else:
            record = there.customer if each.endswith("!") else task if each.endswith("~") else None
            allowed = who.may(*each.rstrip("!~").split("."), record)
        if not allowed:
            return False
    return True


def everything_kept():
    """All rows of all tables of ours."""
    return {
        model.__name__: list(model.objects.order_by("pk").values())
        for config in apps.get_app_configs()
        if config.name.startswith("guanxi_crm")
        for model in config.get_models(include_auto_created=True)
    }


@pytest.fixture
def signed_in(password):
    """A browser in which somebody has just typed his password."""

    def make(user):
        browser = Client(headers={"Accept-Language": "en"}, raise_request_exception=False)
        assert browser.post("/account/login/", {"login": user.email, "password": password}).status_code == 302
        browser.get("/settings/")
        return browser

    return make


def filled(text, names):
    return str(text).format_map(names)


@pytest.mark.parametrize("role", ROLES)
def test_each_role_does_what_it_may_and_nothing_else(role, there, staff, stranger, team, sales, signed_in):
    user, task = (
        staff[role],
        Task.objects.create(title="Of another", assignee=stranger, created_at=there.plain.created_at),
    )
    Customer.objects.filter(pk=there.customer.pk).update(team=team, owner=sales)
    there.customer.refresh_from_db()
    job = job_enqueue(user=actor_for(stranger), kind="customers.bulk", parameters={})
    names = {
        "customer": there.customer.pk, "task": task.pk, "tag": there.tag.pk, "run": there.run.pk, "team": team.pk,
        "other": stranger.pk, "self": user.pk, "viewer": Role.objects.get(code="viewer").pk, "job": job.pk,
    }  # fmt: skip
    browser, wrong = signed_in(user), []
    for what, (url, posted, needed) in ACTIONS.items():
        before = everything_kept()
        with transaction.atomic():
            answer = browser.post(
                filled(url, names),
                {name: filled(value, names) for name, value in posted.items()},
                headers={"HX-Request": "true"} if "/field/" in url else {},
            )
            after = everything_kept()
            transaction.set_rollback(True)
        if may(user, needed, there, task):
            if answer.status_code in {403, 404, 500}:
                wrong.append(f"{what}: may, but {answer.status_code}")
        elif answer.status_code not in {403, 404}:
            wrong.append(f"{what}: may not, but {answer.status_code}")
        elif changed := [name for name in before if before[name] != after[name]]:
            wrong.append(f"{what}: may not, but changed {changed}")
    assert wrong == []


def test_the_table_is_not_all_one_way(there, staff, stranger):
    """Each action is open to some role and, but for the tokens of one's own, closed to another."""
    task = Task.objects.create(title="Of another", assignee=stranger, created_at=there.plain.created_at)
    for what, (_, _, needed) in ACTIONS.items():
        allowed = [role for role, user in staff.items() if may(user, needed, there, task)]
        assert 0 < len(allowed) < len(ROLES), what


def test_what_is_allowed_leaves_a_trace(there, staff, signed_in):
    """An administrator does everything once: each change is in the audit trail."""
    browser = signed_in(staff["administrator"])
    audit = apps.get_model("core", "AuditEntry").objects
    for what in (
        "create a customer",
        "change the form",
        "export customers",
        "invite staff",
        "clone a role",
        "make a token",
    ):
        url, posted, _ = ACTIONS[what]
        names = {"customer": there.customer.pk, "viewer": Role.objects.get(code="viewer").pk}
        before = audit.count()
        values = {"kind": "person", **{name: filled(value, names) for name, value in posted.items()}}
        answer = browser.post(filled(url, names), values)
        assert answer.status_code in {200, 302}, what
        assert audit.count() > before, what


def test_nobody_gives_himself_more(there, staff, signed_in):
    """A manager, who sees staff and roles, makes himself no administrator by any of their pages."""
    manager, top = staff["manager"], Role.objects.get(is_administrator=True).pk
    browser = signed_in(manager)
    for url, posted in (
        (f"/settings/staff/{manager.pk}/", {"name": "M", "roles": top}),
        ("/settings/staff/invite/", {"email": "me2@example.com", "roles": top}),
        (f"/settings/roles/{manager.roles.get().pk}/", {"grant.user.create": "all"}),
        ("/settings/tokens/", {"name": "x", "days": "30", "scopes": "user.create"}),
    ):
        browser.post(url, posted)
    assert not actor_for(User.objects.get(pk=manager.pk)).everything
    assert not actor_for(User.objects.get(pk=manager.pk)).may("user", "create")
    assert User.objects.filter(roles=top).count() == 1
    assert not apps.get_model("users", "Invitation").objects.exists()
    assert not apps.get_model("users", "ApiToken").objects.exists()
