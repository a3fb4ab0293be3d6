"""Nobody gives more than he has: whether an actor holds all that a role would give."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from guanxi_crm.core.errors import NotAllowed, RuleBroken
from guanxi_crm.core.policy import Actor, Mode, Scope
from guanxi_crm.core.records import record_types
from guanxi_crm.users.models import Role
from guanxi_crm.users.policy import grants_of

__all__ = ["grants_check", "holds", "require_holds"]


def holds(user: Actor, role: Role) -> bool:
    """Whether this user may himself whatever the role grants."""
    return user.everything or (not role.is_administrator and _holds_grants(user, role.grants))


def require_holds(user: Actor, roles: Iterable[Role]) -> None:
    """Raise `NotAllowed` unless this user may himself whatever these roles grant."""
    if not all(holds(user, role) for role in roles):
        raise NotAllowed("crm_users.more_than_own")


def grants_check(grants: Any) -> None:
    """Raise `RuleBroken` unless all record types, actions, scopes, fields and modes of a role's grants are known."""
    declared = {kind.name: kind for kind in record_types()}
    scopes, modes = {each.name.lower() for each in Scope}, {each.name.lower() for each in Mode}
    for kind, grant in grants.items():
        known = (
            kind in declared
            and set(grant) <= {"actions", "fields"}
            and set(grant.get("actions", {})) <= set(declared[kind].actions)
            and set(grant.get("actions", {}).values()) <= scopes
            and set(grant.get("fields", {})) <= set(declared[kind].names)
            and set(grant.get("fields", {}).values()) <= modes
        )
        if not known:
            raise RuleBroken("crm_users.unknown_grant", field="grants", kind=kind)


def _holds_grants(user: Actor, grants: Any) -> bool:
    granted = grants_of(grants)
    for kind in record_types():
        grant = granted.get(kind.name)
        if grant is None or not any(grant.scopes.values()):
            continue
        own = Actor(None, "", {kind.name: grant})
        if any(own.scope(kind.name, action) > user.scope(kind.name, action) for action in kind.actions):
            return False
        if any(own.mode(kind.name, name) > user.mode(kind.name, name) for name in kind.names):
            return False
    return True
