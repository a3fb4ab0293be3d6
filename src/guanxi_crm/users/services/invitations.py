"""Invitations: how somebody becomes a member of staff."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from guanxi_crm.core import audit
from guanxi_crm.core.errors import NotFound, RuleBroken
from guanxi_crm.core.policy import Actor
from guanxi_crm.users.models import Invitation, Role, Team, User
from guanxi_crm.users.policy import actor_for
from guanxi_crm.users.privileges import require_holds
from guanxi_crm.users.services.passwords import password_check

__all__ = [
    "DAYS",
    "invitation_accept",
    "invitation_create",
    "invitation_resend",
    "invitation_withdraw",
    "open_invitation",
]

DAYS = 7
"""How long an invitation can be taken up."""


@transaction.atomic
def invitation_create(
    *, user: Actor, email: str, name: str, roles: Iterable[int], teams: Iterable[int], language: str = ""
) -> tuple[Invitation, str]:
    """Keep a place for a new member of staff.

    Permission: user.create, and he must hold whatever the roles grant. Audit: invite.
    Raises: NotAllowed, RuleBroken (no role; the address has an account or an open invitation already).

    Returns
    -------
    The invitation, and the secret of its link: only the secret's hash is kept.
    """
    user.require("user", "create")
    email = email.strip().lower()
    chosen = list(Role.objects.filter(pk__in=list(roles)))
    require_holds(user, chosen)
    if not chosen:
        raise RuleBroken("crm_users.role_missing", field="roles")
    if User.objects.filter(email=email).exists():
        raise RuleBroken("crm_users.email_taken", field="email")
    now = timezone.now()
    if Invitation.objects.filter(email=email, accepted_at=None, withdrawn_at=None, expires_at__gt=now).exists():
        raise RuleBroken("crm_users.invited_already", field="email")
    secret = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        email=email, name=name.strip(), language=language, token_hash=_hash(secret), invited_by_id=user.user_id,
        created_at=now, expires_at=now + dt.timedelta(days=DAYS),
    )  # fmt: skip
    invitation.roles.set(chosen)
    invitation.teams.set(Team.objects.filter(pk__in=list(teams)))
    note = {"invitation": invitation.pk, "email": email, "roles": sorted(map(str, chosen))}
    audit.log(user=user, kind="user", record=None, action="invite", name=invitation.name, note=note, at=now)
    return invitation, secret


@transaction.atomic
def invitation_resend(*, user: Actor, invitation_id: int) -> tuple[Invitation, str]:
    """A new link for an invitation, good for another week; the former one ends.

    Permission: user.create, and he must hold whatever the invitation's roles grant. Audit: invite_again.
    Raises: NotFound, NotAllowed.
    """
    invitation = _pending(user, invitation_id)
    require_holds(user, invitation.roles.all())
    secret = secrets.token_urlsafe(32)
    invitation.token_hash = _hash(secret)
    invitation.expires_at = timezone.now() + dt.timedelta(days=DAYS)
    invitation.save(update_fields=["token_hash", "expires_at"])
    note = {"invitation": invitation.pk, "email": invitation.email}
    audit.log(user=user, kind="user", record=None, action="invite_again", name=invitation.name, note=note)
    return invitation, secret


@transaction.atomic
def invitation_withdraw(*, user: Actor, invitation_id: int) -> None:
    """End an invitation that has not been taken up.

    Permission: user.create. Audit: withdraw_invitation. Raises: NotFound, NotAllowed.
    """
    invitation = _pending(user, invitation_id)
    invitation.withdrawn_at = timezone.now()
    invitation.save(update_fields=["withdrawn_at"])
    note = {"invitation": invitation.pk, "email": invitation.email}
    audit.log(user=user, kind="user", record=None, action="withdraw_invitation", name=invitation.name, note=note)


def open_invitation(*, secret: str, for_update: bool = False) -> Invitation:
    """The invitation that a link opens.

    Raises: NotFound, in the same words for links that never were, are over, withdrawn or taken up.
    """
    invitations = Invitation.objects.select_for_update() if for_update else Invitation.objects
    invitation = invitations.filter(
        token_hash=_hash(secret), accepted_at=None, withdrawn_at=None, expires_at__gt=timezone.now()
    ).first()
    if invitation is None:
        raise NotFound("crm_users.invitation_over")
    return invitation


@transaction.atomic
def invitation_accept(*, secret: str, name: str, password: str, language: str = "") -> User:
    """Become a member of staff, with the roles and teams of the invitation.

    Permission: who has the link. Audit: create, by the new member himself.
    Raises: NotFound (as `open_invitation`), RuleBroken (no name; a password that is easily guessed; the address has
    an account meanwhile).
    """
    invitation = open_invitation(secret=secret, for_update=True)
    if not name.strip():
        raise RuleBroken("crm_users.name_missing", field="name")
    if User.objects.filter(email=invitation.email).exists():
        raise RuleBroken("crm_users.email_taken", field="name")
    password_check(password, User(email=invitation.email, name=name.strip()))
    member = User.objects.create_user(invitation.email, password, name=name.strip(), language=language)
    member.roles.set(invitation.roles.all())
    member.teams.set(invitation.teams.all())
    invitation.accepted_at = timezone.now()
    invitation.save(update_fields=["accepted_at"])
    changes: dict[str, tuple[object, object]] = {
        "email": ("", member.email),
        "roles": ([], sorted(map(str, member.roles.all()))),
        "teams": ([], sorted(map(str, member.teams.all()))),
    }
    audit.log(
        user=actor_for(member), kind="user", record=member, action="create", name=member.name, changes=changes,
        note={"invitation": invitation.pk, "invited_by": str(invitation.invited_by or "")},
    )  # fmt: skip
    return member


def _pending(user: Actor, invitation_id: int) -> Invitation:
    user.require("user", "create")
    invitation = (
        Invitation.objects.select_for_update()
        .filter(pk=invitation_id, accepted_at=None, withdrawn_at=None)
        .first()
    )  # fmt: skip
    if invitation is None:
        raise NotFound
    return invitation


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
