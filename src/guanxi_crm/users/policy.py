"""From users, roles and tokens to an `Actor`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from allauth.mfa.models import Authenticator

from guanxi_crm.core.policy import Actor, Door, Grant, Mode, Scope
from guanxi_crm.core.prepared import STAND_IN, Prepared, kept
from guanxi_crm.users.models import ApiToken, Role, User

__all__ = [
    "actor_for",
    "actor_for_token",
    "actor_of_job",
    "grants_of",
    "lacks_second_factor",
    "nobody",
    "roles_of",
    "system",
]

_SCOPES = {"none": Scope.NONE, "own": Scope.OWN, "team": Scope.TEAM, "all": Scope.ALL}
_MODES = {"hidden": Mode.HIDDEN, "read": Mode.READ, "write": Mode.WRITE}


def roles_of(user: User) -> list[Role]:
    """The roles of a member of staff. One query."""
    return kept(_roles).records(user.pk)


def actor_for(user: User, door: Door = Door.PAGE, *, roles: Sequence[Role] | None = None) -> Actor:
    """What a member of staff may do; nothing where he is no longer active. One query, and one for his roles where they
    are not given."""
    if not user.is_active:
        return nobody(door)
    roles = roles_of(user) if roles is None else roles
    return Actor(
        user_id=user.pk,
        name=str(user),
        grants=_joined(grants_of(role.grants) for role in roles),
        team_ids=frozenset(row["team_id"] for row in kept(_teams).rows(user.pk)),
        door=door,
        everything=any(role.is_administrator for role in roles),
    )


def actor_for_token(token: ApiToken) -> Actor:
    """What a program may do: what its user may, within the token's scopes. Never "everything"."""
    whole = actor_for(token.user, Door.API)
    wanted: dict[str, set[str]] = {}
    for scope in token.scopes if isinstance(token.scopes, list) else ():
        kind, _, action = str(scope).partition(".")
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


def lacks_second_factor(user: User, roles: Iterable[Role]) -> bool:
    """Whether one of his roles asks for a second factor that he has not set up. No query where no role asks."""
    asked = any(role.require_second_factor for role in roles)
    return asked and not Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()


def _roles() -> Prepared:
    return Prepared(Role.objects.filter(users=STAND_IN))


def _teams() -> Prepared:
    return Prepared(User.teams.through.objects.filter(user=STAND_IN).values("team_id"))


def grants_of(stored: Any) -> dict[str, Grant]:
    """A role's grants as stored; what means nothing grants nothing.

    A scope that is none of the words is no scope, a mode that is none hides; where a record type's grant has not the
    form of one, nothing at all is granted on it.
    """
    kinds = stored.items() if isinstance(stored, Mapping) else ()
    return {
        kind: Grant(
            {action: _meant(_SCOPES, scope, Scope.NONE) for action, scope in actions.items()},
            {name: _meant(_MODES, mode, Mode.HIDDEN) for name, mode in fields.items()},
        )
        for kind, grant in kinds
        if isinstance(grant, Mapping)
        and isinstance(actions := grant.get("actions", {}), Mapping)
        and isinstance(fields := grant.get("fields", {}), Mapping)
    }


def _meant(words: Mapping[str, Any], word: Any, otherwise: Any) -> Any:
    return words.get(word, otherwise) if isinstance(word, str) else otherwise


def _joined(several: Iterable[Mapping[str, Grant]]) -> dict[str, Grant]:
    joined: dict[str, Grant] = {}
    for grants in several:
        for kind, grant in grants.items():
            joined[kind] = joined[kind].joined(grant) if kind in joined else grant
    return joined
