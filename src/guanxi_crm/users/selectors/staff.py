"""Who works here."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef, QuerySet

from guanxi_crm.core.errors import NotAllowed, NotFound
from guanxi_crm.core.policy import Actor
from guanxi_crm.users.models import Invitation, User

__all__ = ["colleagues", "invitations_pending", "staff_list", "staff_member"]


def colleagues(*, user: Actor) -> QuerySet[User]:
    """Active members of staff, by name, to choose an owner or an assignee from: any member may know who they are.

    Raises: NotAllowed (nobody has signed in).
    """
    if user.user_id is None and not user.everything:
        raise NotAllowed
    return User.objects.filter(is_active=True).order_by("name", "pk")


def staff_list(*, user: Actor) -> QuerySet[User]:
    """Members of staff, those who are active first, with roles, teams and ``has_second_factor``. Three queries."""
    user.require("user", "view")
    second_factor = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)
    return (
        user.narrow("user", User.objects.all())
        .annotate(has_second_factor=Exists(second_factor))
        .prefetch_related("roles", "teams")
        .order_by("-is_active", "name", "pk")
    )


def staff_member(*, user: Actor, staff_id: int) -> User:
    """One member. Raises: NotFound."""
    member = staff_list(user=user).filter(pk=staff_id).first()
    if member is None:
        raise NotFound
    return member


def invitations_pending(*, user: Actor) -> QuerySet[Invitation]:
    """Invitations that nobody has taken up or withdrawn, newest first."""
    user.require("user", "view")
    pending = Invitation.objects.filter(accepted_at=None, withdrawn_at=None)
    return pending.prefetch_related("roles", "teams").order_by("-created_at", "-pk")
