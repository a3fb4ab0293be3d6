"""From users, roles and tokens to an `Actor`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from guanxi_crm.core.policy import Actor, Door, Grant, Mode, Scope
from guanxi_crm.users.models import ApiToken, User

__all__ = ["actor_for", "actor_for_token", "actor_of_job", "grants_of", "nobody", "system"]

_SCOPES = {"none": Scope.NONE, "own": Scope.OWN, "team": Scope.TEAM, "all": Scope.ALL}
_MODES = {"hidden": Mode.HIDDEN, "read": Mode.READ, "write": Mode.WRITE}


def actor_for(user: User, door: Door = Door.PAGE) -> Actor:
    """What a member of staff may do; nothing where he is no longer active. Two queries."""
    if not user.is_active:
        return nobody(door)
    roles = list(user.roles.all())
    return Actor(
        user_id=user.pk,
        name=str(user),
        grants=_joined(grants_of(role.grants) for role in roles),
        team_ids=frozenset(user.teams.values_list("pk", flat=True)),
        door=door,
        everything=any(role.is_administrator for role in roles),
    )


def actor_for_token(token: ApiToken) -> Actor:
    """What a program may do: what its user may, within the token's scopes. Never "everything"."""
    whole = actor_for(token.user, Door.API)
    wanted: dict[str, set[str]] = {}
    for scope in token.scopes:
        kind, _, action = scope.partition(".")
        wanted.setdefault(kind, set()).add(action)
    grants = {
        kind: Grant(dict.fromkeys(actions, Scope.ALL)) if whole.everything
        else whole.grants.get(kind, Grant()).narrowed(actions)
        for kind, actions in wanted.items()
    }  # fmt: skip
    return Actor(whole.user_id, f"{whole.name} ({token.name})", grants, whole.team_ids, Door.API)


def actor_of_job(job: Any) -> tuple[Actor, str]:
    """On whose behalf a job or a schedule runs, and his language; Guanxi itself where there is no user."""
    user = User.objects.filter(pk=job.user_id).first() if job.user_id else None
    return (actor_for(user, Door.JOB), user.language) if user else (system(Door.JOB), "")


def system(door: Door = Door.CONSOLE) -> Actor:
    """Guanxi itself: the first start, a schedule that nobody made, the console of the server's owner."""
    return Actor(None, "Guanxi", door=door, everything=True)


def nobody(door: Door = Door.PAGE) -> Actor:
    """Who has not signed in."""
    return Actor(None, "", door=door)


def grants_of(stored: Mapping[str, Any]) -> dict[str, Grant]:
    """A role's grants as stored; words that mean nothing grant nothing."""
    return {
        kind: Grant(
            {action: _SCOPES.get(scope, Scope.NONE) for action, scope in grant.get("actions", {}).items()},
            {name: _MODES.get(mode, Mode.HIDDEN) for name, mode in grant.get("fields", {}).items()},
        )
        for kind, grant in stored.items()
    }


def _joined(several: Iterable[Mapping[str, Grant]]) -> dict[str, Grant]:
    joined: dict[str, Grant] = {}
    for grants in several:
        for kind, grant in grants.items():
            joined[kind] = joined[kind].joined(grant) if kind in joined else grant
    return joined
