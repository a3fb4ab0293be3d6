"""Members of staff: their roles and teams, and their leaving."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from guanxi_crm.core import audit
from guanxi_crm.core.errors import NotFound, RuleBroken
from guanxi_crm.core.policy import Actor
from guanxi_crm.users.models import ApiToken, Invitation, Role, Team, User
from guanxi_crm.users.policy import system
from guanxi_crm.users.privileges import require_holds
from guanxi_crm.users.roles import ADMINISTRATOR
from guanxi_crm.users.services.roles import roles_ensure

__all__ = ["administrator_ensure", "profile_update", "staff_activate", "staff_deactivate", "staff_update"]


@transaction.atomic
def administrator_ensure(*, email: str, password: str | None = None) -> tuple[User, str | None]:
    """The administrator of a first start, if nobody is one yet.

    Permission: none is asked, as there is nobody to ask yet. Audit: create, by Guanxi itself.

    Returns
    -------
    The active administrator (the first of several), and the password that was made up for him: to be shown once. None
    where it was given, or where he was there already.
    """
    roles_ensure()
    role = Role.objects.select_for_update().get(code=ADMINISTRATOR)
    if known := role.users.filter(is_active=True).order_by("pk").first():
        return known, None
    made_up = None if password else secrets.token_urlsafe(12)
    user = User.objects.filter(email=email.strip().lower()).first()
    if user is None:
        user = User.objects.create_user(email, password or made_up, name=email.partition("@")[0])
    else:
        user.is_active = True
        user.set_password(password or made_up)
        user.save(update_fields=["is_active", "password"])
    user.roles.add(role)
    changes: dict[str, tuple[object, object]] = {"email": ("", user.email), "roles": ([], [role.code])}
    audit.log(user=system(), kind="user", record=user, action="create", name=user.name, changes=changes)
    return user, made_up


@transaction.atomic
def staff_update(
    *,
    user: Actor,
    staff_id: int,
    name: str | None = None,
    roles: Iterable[int] | None = None,
    teams: Iterable[int] | None = None,
) -> User:
    """Change a member's name, roles and teams; what is None stays.

    Permission: user.change and the fields; he must hold whatever the member's roles grant, before and after.
    Audit: change. Raises: NotFound, NotAllowed, RuleBroken (no name; the last administrator stays one).
    """
    member = _member(user, staff_id)
    user.require("user", "change", member)
    old_roles, old_teams = list(member.roles.all()), list(member.teams.all())
    new_roles = old_roles if roles is None else list(Role.objects.filter(pk__in=list(roles)))
    new_teams = old_teams if teams is None else list(Team.objects.filter(pk__in=list(teams)))
    new_name = member.name if name is None else name.strip()
    before = {"name": member.name, "roles": _names(old_roles), "teams": _names(old_teams)}
    after = {"name": new_name, "roles": _names(new_roles), "teams": _names(new_teams)}
    changes = {field: (before[field], after[field]) for field in before if before[field] != after[field]}
    if not changes:
        return member
    user.require_writable("user", changes)
    if not new_name:
        raise RuleBroken("crm_users.name_missing", field="name")
    require_holds(user, {*old_roles, *new_roles})
    if not any(role.is_administrator for role in new_roles):
        _not_the_last_administrator(member)
    member.name = new_name
    member.save(update_fields=["name"])
    member.roles.set(new_roles)
    member.teams.set(new_teams)
    audit.log(user=user, kind="user", record=member, action="change", name=member.name, changes=changes)
    return member


@transaction.atomic
def staff_deactivate(*, user: Actor, staff_id: int) -> User:
    """Shut a member out: his sessions and tokens end at once, invitations that he sent are withdrawn.

    What he has done, and the customers he looks after, stay his until somebody takes them over.

    Permission: user.change, and he must hold whatever the member's roles grant. Audit: deactivate.
    Raises: NotFound, NotAllowed, RuleBroken (oneself; the last administrator).
    """
    member = _member(user, staff_id)
    user.require("user", "change", member)
    user.require_writable("user", ["is_active"])
    require_holds(user, member.roles.all())
    if member.pk == user.user_id:
        raise RuleBroken("crm_users.not_oneself")
    if not member.is_active:
        return member
    _not_the_last_administrator(member)
    now = timezone.now()
    member.is_active = False
    member.save(update_fields=["is_active"])
    tokens = ApiToken.objects.filter(user=member, revoked_at=None).update(revoked_at=now)
    sent = Invitation.objects.filter(invited_by=member, accepted_at=None, withdrawn_at=None).update(withdrawn_at=now)
    audit.log(
        user=user, kind="user", record=member, action="deactivate", name=member.name,
        changes={"is_active": (True, False)}, note={"tokens": tokens, "invitations": sent},
    )  # fmt: skip
    return member


@transaction.atomic
def staff_activate(*, user: Actor, staff_id: int) -> User:
    """Let a member in again, with the roles and the password that he had; his tokens stay revoked.

    Permission: user.change, and he must hold whatever the member's roles grant. Audit: activate.
    Raises: NotFound, NotAllowed.
    """
    member = _member(user, staff_id)
    user.require("user", "change", member)
    user.require_writable("user", ["is_active"])
    require_holds(user, member.roles.all())
    if not member.is_active:
        member.is_active = True
        member.save(update_fields=["is_active"])
        audit.log(
            user=user, kind="user", record=member, action="activate", name=member.name,
            changes={"is_active": (False, True)},
        )  # fmt: skip
    return member


@transaction.atomic
def profile_update(*, user: Actor, name: str, language: str, theme: str) -> User:
    """Change one's own name, language (``zh``, ``en`` or empty) and theme (``light``, ``dark`` or empty).

    Permission: one's own. Audit: change, of name and language. Raises: NotFound (a token or a job has no profile),
    RuleBroken (no name; a language or theme that there is not).
    """
    member = User.objects.select_for_update().filter(pk=user.user_id, is_active=True).first()
    if member is None:
        raise NotFound
    if not name.strip():
        raise RuleBroken("crm_users.name_missing", field="name")
    if language not in {"", "zh", "en"}:
        raise RuleBroken("crm_users.unknown_choice", field="language")
    if theme not in {"", "light", "dark"}:
        raise RuleBroken("crm_users.unknown_choice", field="theme")
    changes = audit.changes_between(member, {"name": name.strip(), "language": language})
    member.name, member.language, member.theme = name.strip(), language, theme
    member.save(update_fields=["name", "language", "theme"])
    if changes:
        audit.log(user=user, kind="user", record=member, action="change", name=member.name, changes=changes)
    return member


def _member(user: Actor, staff_id: int) -> User:
    member = user.narrow("user", User.objects.select_for_update()).filter(pk=staff_id).first()
    if member is None:
        raise NotFound
    return member


def _not_the_last_administrator(member: User) -> None:
    """Raise where without this member nobody would be left who may everything.

    The role's row is locked, so that of two who remove each other the second sees what the first has done.
    """
    role = Role.objects.select_for_update().get(code=ADMINISTRATOR)
    administrators = set(role.users.filter(is_active=True).values_list("pk", flat=True))
    if administrators == {member.pk}:
        raise RuleBroken("crm_users.last_administrator")


def _names(each: Iterable[Role | Team]) -> list[str]:
    return sorted(map(str, each))
