"""Teams and who is in them."""

from __future__ import annotations

from django.db.models import QuerySet

from guanxi_crm.core.policy import Actor
from guanxi_crm.users.models import Team

__all__ = ["teams_list"]


def teams_list(*, user: Actor) -> QuerySet[Team]:
    """Teams by name, with their members. Two queries."""
    user.require("team", "view")
    return user.narrow("team", Team.objects.prefetch_related("users")).order_by("name", "pk")
