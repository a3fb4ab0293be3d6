"""One customer as a user may see him: his fields, who else has his telephone number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from django.db.models import QuerySet

from guanxi_crm.core.errors import NotFound
from guanxi_crm.core.policy import Actor
from guanxi_crm.core.prepared import STAND_IN, Prepared, kept
from guanxi_crm.customers.models import Attachment, ContactPoint, Customer, HandOver

__all__ = [
    "CONTACT_FIELD",
    "FORM_FIELDS",
    "attachment_get",
    "attachments_of",
    "contact_points_of",
    "customer_get",
    "field_values",
    "hand_overs_received",
    "name_for",
    "with_contact",
]

FORM_FIELDS = (
    "kind", "name", "gender", "born_on", "country", "region", "city", "postal_code", "language", "level", "joined_on",
)  # fmt: skip
"""What staff write in the form of a customer, in its order. Owner and team change by a hand-over."""

CONTACT_FIELD: Mapping[str, str] = MappingProxyType(
    {"phone": "phone", "email": "email", "wechat": "wechat", "address": "address", "other": "wechat"}
)
"""Kind of contact point → the field of the record type whose permissions hold for it. Another handle is as private as
that of WeChat."""


def customer_get(*, user: Actor, customer_id: int, action: str = "view", lock: bool = False) -> Customer:
    """One customer with owner and team.

    Parameters
    ----------
    action : what is going to be done to him
    lock : hold his row until the transaction ends, so that two writers follow one another

    Raises
    ------
    NotFound : there is none, or none that this user may know of.
    NotAllowed : he may see him, but not do this.
    """
    if lock:
        # For the customer's row only: owner and team are beside it.
        found = user.narrow("customer", Customer.objects.filter(pk=customer_id)).select_for_update()
    else:
        found = kept(_customer, user).records(customer_id)
    customer = next(iter(found), None)
    if customer is None:
        raise NotFound
    user.require("customer", action, customer)
    return customer


def name_for(customer: Customer, *, user: Actor) -> str:
    """What this user knows a customer by: his name, else his number, else his key."""
    if customer.name and user.may_read("customer", "name"):
        return customer.name
    return customer.number if user.may_read("customer", "number") else f"#{customer.pk}"


def field_values(customer: Customer, *, user: Actor, names: Iterable[str] = FORM_FIELDS) -> dict[str, object]:
    """Values of those of the fields that the user may see."""
    return {name: getattr(customer, name) for name in names if user.may_read("customer", name)}


def contact_points_of(customer: Customer, *, user: Actor) -> list[ContactPoint]:
    """His contact points of the kinds that the user may see, primary ones first, in the order of the kinds."""
    kinds = _kinds_seen(user)
    points = kept(_contact_points, user).records(customer.pk)
    return sorted(points, key=lambda each: (kinds.index(each.kind), not each.is_primary, each.pk))


def with_contact(*, user: Actor, kind: str, normal: str, without: int | None = None, limit: int = 5) -> list[Customer]:
    """Other customers who are reached in the same way: a hint that somebody is there already.

    Only among those whom the user may see.

    Raises
    ------
    NotAllowed : this kind of contact point is hidden from him.
    """
    user.require_readable("customer", [CONTACT_FIELD[kind]])
    if not normal:
        return []
    same = ContactPoint.objects.filter(kind=kind, normal=normal).exclude(customer_id=without)
    customers = user.narrow("customer", Customer.objects.filter(pk__in=same.values("customer_id")))
    return list(customers.order_by("pk")[:limit])


def attachments_of(customer: Customer, *, user: Actor) -> list[Attachment]:
    """Files kept with a customer, newest first; none where they are hidden."""
    if not user.may_read("customer", "files"):
        return []
    return kept(_attachments).records(customer.pk)


def attachment_get(*, user: Actor, customer_id: int, key: object) -> Attachment:
    """One file of a customer.

    Raises
    ------
    NotFound : the customer or the file is not there for this user.
    """
    customer = customer_get(user=user, customer_id=customer_id)
    if not user.may_read("customer", "files"):
        raise NotFound
    attachment = customer.attachments.filter(key=key).first()
    if attachment is None:
        raise NotFound
    return attachment


def hand_overs_received(*, user: Actor, limit: int = 10) -> QuerySet[HandOver]:
    """Customers who came to this user from others and are still his, the latest first."""
    customers = user.narrow("customer", Customer.objects.filter(owner_id=user.user_id))
    received = HandOver.objects.filter(to_owner_id=user.user_id, customer__in=customers).exclude(by_id=user.user_id)
    if user.user_id is None or not (user.may_read("customer", "owner") and user.may("customer", "view")):
        return HandOver.objects.none()
    return received.select_related("customer", "from_owner", "by").order_by("-at", "-pk")[:limit]


def _customer(user: Actor) -> Prepared:
    return Prepared(user.narrow("customer", Customer.objects.filter(pk=STAND_IN)).select_related("owner", "team"))


def _contact_points(user: Actor) -> Prepared:
    return Prepared(ContactPoint.objects.filter(customer=STAND_IN, kind__in=_kinds_seen(user)))


def _kinds_seen(user: Actor) -> list[str]:
    return [kind for kind, field in CONTACT_FIELD.items() if user.may_read("customer", field)]


def _attachments() -> Prepared:
    files = Attachment.objects.filter(customer=STAND_IN).select_related("by")
    return Prepared(files.order_by("-at", "-pk"))
