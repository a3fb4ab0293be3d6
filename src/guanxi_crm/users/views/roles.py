"""Roles: what each may, and who has it."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from guanxi_crm.core.errors import RuleBroken
from guanxi_crm.core.language import language
from guanxi_crm.core.pages import signed_in, toast
from guanxi_crm.users.forms import RoleForm, blame
from guanxi_crm.users.labels import role_label
from guanxi_crm.users.models import Role
from guanxi_crm.users.privileges import holds
from guanxi_crm.users.roles import DEFAULT_ROLES
from guanxi_crm.users.selectors.roles import grants_posted, role_one, role_table, roles_list
from guanxi_crm.users.services.roles import role_clone, role_delete, role_update

__all__ = ["role_delete_view", "role_view", "roles_view"]


@signed_in
def roles_view(request: HttpRequest) -> HttpResponse:
    """All roles, and how many have each; a new one, which begins as another."""
    user = request.actor
    roles = [(role, role_label(role)) for role in roles_list(user=user)]
    form = RoleForm(request.POST or None, models=[(role, label) for role, label in roles if holds(user, role)])
    if request.method == "POST" and form.is_valid():
        try:
            role = role_clone(user=user, **form.cleaned_data)
        except RuleBroken as problem:
            blame(form, problem)
        else:
            return redirect("users:role", role.pk)
    named = {"roles": roles, "form": form, "may_create": user.may("role", "create")}
    return render(request, "users/roles.html", named)


@require_POST
@signed_in
def role_delete_view(request: HttpRequest, role_id: int) -> HttpResponse:
    """Delete a role that nobody has."""
    role_delete(user=request.actor, role_id=role_id)
    toast(request, "crm_users.role_deleted")
    return redirect("users:roles")


@signed_in
def role_view(request: HttpRequest, role_id: int) -> HttpResponse:
    """What one role may, record type by record type and field by field."""
    role = role_one(user=request.actor, role_id=role_id)
    return _role_changed(request, role) if request.method == "POST" else _role(request, role)


@reauthentication_required
def _role_changed(request: HttpRequest, role: Role) -> HttpResponse:
    shown = request.actor.may_read("role", "grants") and not role.is_administrator
    grants = grants_posted(request.POST) if shown else None
    try:
        role_update(
            user=request.actor,
            role_id=role.pk,
            name=request.POST.get("name"),
            grants=grants,
            require_second_factor=request.POST.get("require_second_factor") == "on",
        )
    except RuleBroken as problem:
        role.grants = grants
        return _role(request, role, problem)
    toast(request, "crm_users.role_saved")
    return redirect("users:role", role.pk)


def _role(request: HttpRequest, role: Role, problem: RuleBroken | None = None) -> HttpResponse:
    user = request.actor
    named = {
        "role": role,
        "label": role_label(role),
        "is_own": role.code not in DEFAULT_ROLES,
        "table": role_table(role) if user.may_read("role", "grants") else [],
        "members": role.users.order_by("-is_active", "name") if user.may("user", "view") else [],
        "may_change": user.may("role", "change", role) and holds(user, role),
        "may_delete": user.may("role", "delete", role) and role.code not in DEFAULT_ROLES,
        "problem": problem.say(language()) if problem else "",
    }
    return render(request, "users/role.html", named, status=400 if problem else 200)
