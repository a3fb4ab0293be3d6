"""Tags, and those of a customer."""

from __future__ import annotations

from guanxi_crm.core.policy import Actor
from guanxi_crm.core.prepared import STAND_IN, Prepared, kept
from guanxi_crm.customers.models import Customer, Tag

__all__ = ["COLOURS", "tags_all", "tags_of"]

COLOURS = ("blue", "azure", "green", "yellow", "orange", "red", "pink", "purple", "cyan", "secondary")
"""Names of the frame's colours."""


def tags_of(customer: Customer, *, user: Actor) -> list[Tag]:
    """The customer's tags by name; none where they are hidden."""
    if not user.may_read("customer", "tags"):
        return []
    return kept(_tags).records(customer.pk)


def tags_all(*, user: Actor, limit: int = 500) -> list[Tag]:
    """All tags by name, to choose from; none where they are hidden."""
    if not (user.may("customer", "view") and user.may_read("customer", "tags")):
        return []
    return list(Tag.objects.order_by("name")[:limit])


def _tags() -> Prepared:
    return Prepared(Tag.objects.filter(tagged__customer=STAND_IN).order_by("name"))
