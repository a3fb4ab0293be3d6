"""Ways to reach a customer."""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from guanxi_crm.core.audit import log
from guanxi_crm.core.cjk import digits
from guanxi_crm.core.errors import NotFound, RuleBroken
from guanxi_crm.core.policy import Actor
from guanxi_crm.customers.models import ContactPoint, Customer
from guanxi_crm.customers.selectors.record import CONTACT_FIELD, customer_get
from guanxi_crm.customers.services.search_index import search_index

__all__ = ["contact_add", "contact_change", "contact_insert", "contact_make_primary", "contact_remove", "normal_of"]

_LEAST_DIGITS, _MOST_DIGITS = 5, 20
_TELEPHONE = re.compile(r"[\d\s+()./;,#*~extEXT-]+")


@transaction.atomic
def contact_add(
    *, user: Actor, customer_id: int, kind: str, value: str, label: str = "", is_primary: bool = False
) -> ContactPoint:
    """Add a way to reach a customer; the first of its kind is the primary one.

    Permission: customer.change, the field of the kind. Audit: change of that field. Raises: NotFound, NotAllowed,
    RuleBroken (a value that cannot be one; he has it already).
    """
    customer = customer_get(user=user, customer_id=customer_id, action="change", lock=True)
    return contact_insert(customer, user=user, kind=kind, value=value, label=label, is_primary=is_primary)


def contact_insert(
    customer: Customer, *, user: Actor, kind: str, value: str, label: str = "", is_primary: bool = False
) -> ContactPoint:
    """As `contact_add`, for a service that holds the customer and may change or create him."""
    if kind not in CONTACT_FIELD:
        raise RuleBroken("crm_customers.not_a_choice", field="kind", value=kind)
    user.require_writable("customer", [CONTACT_FIELD[kind]])
    value, normal = _checked(kind, value)
    same = customer.contact_points.filter(kind=kind)
    if same.filter(normal=normal).exists():
        raise RuleBroken("crm_customers.contact_twice", field="value", value=value)
    primary = is_primary or not same.filter(is_primary=True).exists()
    if primary:
        same.update(is_primary=False)
    point = ContactPoint.objects.create(
        customer=customer, kind=kind, value=value, normal=normal, label=label.strip()[:40], is_primary=primary
    )
    _tell(user, customer, kind, None, value)
    return point


@transaction.atomic
def contact_change(*, user: Actor, customer_id: int, contact_id: int, value: str, label: str = "") -> ContactPoint:
    """Correct a contact point.

    Permission: customer.change, the field of its kind. Audit: change of that field. Raises: NotFound, NotAllowed,
    RuleBroken.
    """
    point, customer = _point(user, customer_id, contact_id)
    before = point.value
    value, normal = _checked(point.kind, value)
    if customer.contact_points.filter(kind=point.kind, normal=normal).exclude(pk=point.pk).exists():
        raise RuleBroken("crm_customers.contact_twice", field="value", value=value)
    point.value, point.normal, point.label, point.origin = value, normal, label.strip()[:40], "staff"
    point.save(update_fields=["value", "normal", "label", "origin"])
    _tell(user, customer, point.kind, before, value)
    return point


@transaction.atomic
def contact_make_primary(*, user: Actor, customer_id: int, contact_id: int) -> ContactPoint:
    """Make one contact point the first to be used of its kind.

    Permission: customer.change, the field of its kind. Audit: change of that field. Raises: NotFound, NotAllowed.
    """
    point, customer = _point(user, customer_id, contact_id)
    if point.is_primary:
        return point
    same = customer.contact_points.filter(kind=point.kind)
    before = same.filter(is_primary=True).first()
    same.update(is_primary=False)
    point.is_primary = True
    point.save(update_fields=["is_primary"])
    _tell(user, customer, point.kind, before.value if before else None, point.value)
    return point


@transaction.atomic
def contact_remove(*, user: Actor, customer_id: int, contact_id: int) -> None:
    """Remove a contact point; the oldest that is left of its kind becomes the primary one.

    Permission: customer.change, the field of its kind. Audit: change of that field. Raises: NotFound, NotAllowed.
    """
    point, customer = _point(user, customer_id, contact_id)
    point.delete()
    heir = customer.contact_points.filter(kind=point.kind).order_by("pk").first()
    if point.is_primary and heir is not None:
        heir.is_primary = True
        heir.save(update_fields=["is_primary"])
    _tell(user, customer, point.kind, point.value, None)


def normal_of(kind: str, value: str) -> str:
    """What equality is decided by: digits of a telephone number, else lower case and single blanks.

    Empty where nothing is left of it.

    Examples
    --------
    >>> normal_of("phone", "138-0013-8000"), normal_of("email", " Wang@Example.COM ")
    ('13800138000', 'wang@example.com')
    """
    return (digits(value) if kind == "phone" else _even(value).casefold())[:300]


def _even(value: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", value).split())


def _checked(kind: str, value: str) -> tuple[str, str]:
    """The value as it is kept, and its normal form.

    Raises
    ------
    RuleBroken : it is empty, too long, or cannot be a telephone number or a mail address.
    """
    value, normal = value.strip(), normal_of(kind, value)
    if not value or len(value) > ContactPoint._meta.get_field("value").max_length:
        raise RuleBroken("crm_customers.contact_empty", field="value")
    if kind == "phone" and not (_TELEPHONE.fullmatch(_even(value)) and _LEAST_DIGITS <= len(normal) <= _MOST_DIGITS):
        raise RuleBroken("crm_customers.not_a_phone", field="value", value=value)
    if kind == "email":
        try:
            validate_email(normal)
        except ValidationError as error:
            raise RuleBroken("crm_customers.not_an_email", field="value", value=value) from error
    return value, normal


def _point(user: Actor, customer_id: int, contact_id: int) -> tuple[ContactPoint, Customer]:
    # Whoever may not see the kind of contact point is told that there is none.
    customer = customer_get(user=user, customer_id=customer_id, action="change", lock=True)
    point = customer.contact_points.filter(pk=contact_id).first()
    if point is None or not user.may_read("customer", CONTACT_FIELD[point.kind]):
        raise NotFound
    user.require_writable("customer", [CONTACT_FIELD[point.kind]])
    return point, customer


def _tell(user: Actor, customer: Customer, kind: str, before: str | None, after: str | None) -> None:
    # An import leaves alone whatever kind of contact point staff have set.
    customer.edited = sorted({*customer.edited, kind})
    customer.updated_at = timezone.now()
    customer.save(update_fields=["edited", "updated_at"])
    search_index([customer.pk])
    log(
        user=user, kind="customer", record=customer, action="change", name=str(customer),
        changes={CONTACT_FIELD[kind]: (before, after)}, at=customer.updated_at,
    )  # fmt: skip
