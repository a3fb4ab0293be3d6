"""Who looks after customers: to choose an owner from, or to filter by one."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from guanxi_crm.core.policy import Actor, Grant
from guanxi_crm.customers.models import Customer
from guanxi_crm.customers.selectors.directory import Directory
from guanxi_crm.users.models import User
from guanxi_crm.users.policy import grants_of

__all__ = ["may_own", "owner_choices", "owners_now"]


def may_own(*, user: Actor) -> frozenset[int]:
    """Keys of those at work here who may change a customer that is theirs. Two queries.

    Permission: reading the field owner.
    """
    user.require_readable("customer", ["owner"])
    staff = User.objects.filter(is_active=True).prefetch_related("roles")
    return frozenset(
        each.pk
        for each in staff
        if any(
            role.is_administrator or grants_of(role.grants).get("customer", Grant()).scope("change")
            for role in each.roles.all()
        )
    )


def owner_choices(names: Directory, *, user: Actor) -> list[tuple[int, str]]:
    """Who can be given a customer, by name. Permission: as `may_own`. Two queries."""
    able = may_own(user=user)
    return [(key, name) for key, name in names.users.items() if key in able and key is not None]


def owners_now(*, user: Actor) -> frozenset[int]:
    """Keys of those whose customers there may be: who may be an owner, and who is one still. Three queries.

    Permission: as `may_own`.
    """
    owned = Customer.objects.filter(owner=OuterRef("pk"))
    return may_own(user=user) | frozenset(User.objects.filter(Exists(owned)).values_list("pk", flat=True))
