"""Roles: those that come with Guanxi, and those that a company makes for itself."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from guanxi_crm.core import audit
from guanxi_crm.core.errors import NotFound, RuleBroken
from guanxi_crm.core.policy import Actor
from guanxi_crm.users.models import Role
from guanxi_crm.users.privileges import grants_check, require_holds
from guanxi_crm.users.roles import ADMINISTRATOR, DEFAULT_ROLES

__all__ = ["role_clone", "role_delete", "role_update", "roles_ensure"]


@transaction.atomic
def roles_ensure(*, model: Any = Role) -> None:
    """See to it that the roles that come with Guanxi are there; called by migrations and at every start.

    What an administrator has changed stays: only roles that are missing are made, and only record types of which a
    role says nothing at all (those of a newer Guanxi) are added. ``model`` is the migration's `Role`.
    """
    known = {role.code: role for role in model.objects.filter(code__in=DEFAULT_ROLES)}
    for code, grants in DEFAULT_ROLES.items():
        role = known.get(code)
        if role is None:
            model.objects.create(code=code, grants=grants, is_administrator=code == ADMINISTRATOR)
        elif missing := {kind: grant for kind, grant in grants.items() if kind not in role.grants}:
            role.grants = {**role.grants, **missing}
            role.save(update_fields=["grants"])


@transaction.atomic
def role_clone(*, user: Actor, role_id: int, name: str) -> Role:
    """A new role that begins with what another grants; of the administrator's, with nothing.

    Permission: role.create, and he must hold all that the other grants. Audit: create.
    Raises: NotFound, NotAllowed, RuleBroken (no name, or one that there is already).
    """
    user.require("role", "create")
    model = _role(user, role_id)
    if not model.is_administrator:
        require_holds(user, [model])
    role = Role.objects.create(code=f"own_{secrets.token_hex(8)}", name=_free_name(name), grants=dict(model.grants))
    changes = {"name": ("", role.name), "grants": ({}, role.grants)}
    audit.log(user=user, kind="role", record=role, action="create", name=str(role), changes=changes)
    return role


@transaction.atomic
def role_update(
    *,
    user: Actor,
    role_id: int,
    name: str | None = None,
    grants: Mapping[str, Any] | None = None,
    require_second_factor: bool | None = None,
) -> Role:
    """Change what a role grants; it holds from each member's next request on. What is None stays.

    Permission: role.change and the fields; he must hold all that the role grants before and after: nobody widens what
    he has himself. Audit: change.
    Raises: NotFound, NotAllowed, RuleBroken (the administrator's role; a name that there is already; a grant that
    means nothing).
    """
    role = _role(user, role_id)
    user.require("role", "change", role)
    require_holds(user, [role])
    values: dict[str, Any] = {}
    if grants is not None:
        if role.is_administrator:
            raise RuleBroken("crm_users.administrator_stays", field="grants")
        grants_check(grants)
        require_holds(user, [Role(grants=grants)])
        values["grants"] = dict(grants)
    if require_second_factor is not None:
        values["require_second_factor"] = require_second_factor
    if name is not None and role.code not in DEFAULT_ROLES:
        values["name"] = _free_name(name, besides=role)
    changes = audit.changes_between(role, values)
    user.require_writable("role", changes)
    if changes:
        for field, value in values.items():
            setattr(role, field, value)
        role.save(update_fields=list(values))
        audit.log(user=user, kind="role", record=role, action="change", name=str(role), changes=changes)
    return role


@transaction.atomic
def role_delete(*, user: Actor, role_id: int) -> None:
    """Delete a role that nobody has.

    Permission: role.delete. Audit: delete. Raises: NotFound, NotAllowed, RuleBroken (it comes with Guanxi, or
    somebody has it, or is invited to it).
    """
    role = _role(user, role_id)
    user.require("role", "delete", role)
    require_holds(user, [role])
    if role.code in DEFAULT_ROLES:
        raise RuleBroken("crm_users.role_stays")
    if role.users.exists() or role.invitations.filter(accepted_at=None, withdrawn_at=None).exists():
        raise RuleBroken("crm_users.role_in_use")
    audit.log(user=user, kind="role", record=role, action="delete", name=str(role))
    role.delete()


def _role(user: Actor, role_id: int) -> Role:
    role = user.narrow("role", Role.objects.select_for_update()).filter(pk=role_id).first()
    if role is None:
        raise NotFound
    return role


def _free_name(name: str, *, besides: Role | None = None) -> str:
    name = name.strip()
    if not name:
        raise RuleBroken("crm_users.name_missing", field="name")
    if Role.objects.filter(name__iexact=name).exclude(pk=besides.pk if besides else None).exists():
        raise RuleBroken("crm_users.name_taken", field="name", name=name)
    return name
