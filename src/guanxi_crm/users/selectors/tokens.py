"""API tokens that one may see."""

from __future__ import annotations

from django.db.models import QuerySet

from guanxi_crm.core.policy import Actor
from guanxi_crm.users.models import ApiToken

__all__ = ["tokens_list"]


def tokens_list(*, user: Actor) -> QuerySet[ApiToken]:
    """One's own tokens, or everybody's, newest first; with their users."""
    user.require("token", "view")
    return user.narrow("token", ApiToken.objects.select_related("user")).order_by("-created_at", "-pk")
