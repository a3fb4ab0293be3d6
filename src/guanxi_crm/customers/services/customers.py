"""Making, changing and deleting customers."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from types import MappingProxyType

from django.db import transaction
from django.utils import timezone

from guanxi_crm.core.audit import changes_between, log
from guanxi_crm.core.errors import Conflict, NotAllowed, RuleBroken
from guanxi_crm.core.policy import Actor
from guanxi_crm.core.records import record_type
from guanxi_crm.customers.models import Attachment, Customer
from guanxi_crm.customers.selectors.record import FORM_FIELDS, customer_get
from guanxi_crm.customers.services.contacts import contact_insert
from guanxi_crm.customers.services.files import forget_bytes
from guanxi_crm.customers.services.search_index import search_index

__all__ = ["customer_create", "customer_delete", "customer_update"]


@transaction.atomic
def customer_create(
    *, user: Actor, values: Mapping[str, object], contacts: Mapping[str, str] = MappingProxyType({}),
    at: dt.datetime | None = None,
) -> Customer:  # fmt: skip
    """Enter a customer by hand. He belongs to whoever enters him, and to a team of his.

    ``contacts`` are values of contact points by their kind.

    Permission: customer.create, and each of the fields. Audit: create. Raises: NotAllowed, RuleBroken (a value; no
    name). ``field`` of it is that of the form, the kind of a contact point too.
    """
    user.require("customer", "create")
    user.require_writable("customer", values)
    cleaned = _cleaned(values)
    if user.may_write("customer", "name") and not cleaned.get("name"):
        raise RuleBroken("crm_customers.name_needed", field="name")
    now = at or timezone.now()
    customer = Customer.objects.create(
        # The number is made from the key, which is known only after the row is there.
        number=f"new-{uuid.uuid4()}",
        origin="staff",
        created_at=now,
        updated_at=now,
        owner_id=user.user_id,
        team_id=min(user.team_ids, default=None),
        edited=sorted(name for name, value in cleaned.items() if value not in (None, "")),
        **cleaned,
    )
    customer.number = _number_for(customer)
    customer.save(update_fields=["number"])
    log(
        user=user, kind="customer", record=customer, action="create", name=str(customer), at=now,
        changes={name: (None, value) for name, value in cleaned.items() if value not in (None, "")},
    )  # fmt: skip
    for kind, value in contacts.items():
        _add_contact(customer, kind, value, user)
    search_index([customer.pk])
    return customer


@transaction.atomic
def customer_update(
    *, user: Actor, customer_id: int, values: Mapping[str, object], version: int, at: dt.datetime | None = None
) -> Customer:
    """Change fields of a customer, over the version that the user has read.

    What he typed as it already is counts as no change. Fields that staff have set are remembered in ``edited``, and an
    import leaves them alone.

    Permission: customer.change, and each field that changes. Audit: change, with both values of each field. Raises:
    NotFound, NotAllowed, RuleBroken (a field's value), Conflict (changed meanwhile; ``current`` holds what is there now
    of the fields that would have been changed, and ``version``).
    """
    customer = customer_get(user=user, customer_id=customer_id, action="change", lock=True)
    user.require_writable("customer", values)
    cleaned = _cleaned(values)
    changes = changes_between(customer, cleaned)
    if not changes:
        return customer
    if version != customer.version:
        current = {name: before for name, (before, _) in changes.items()}
        raise Conflict(current={**current, "version": customer.version})
    if "name" in changes and not cleaned["name"]:
        raise RuleBroken("crm_customers.name_needed", field="name")
    for name, (_, after) in changes.items():
        setattr(customer, name, after)
    customer.edited = sorted({*customer.edited, *changes})
    customer.version += 1
    customer.updated_at = at or timezone.now()
    customer.save(update_fields=[*changes, "edited", "version", "updated_at"])
    log(
        user=user, kind="customer", record=customer, action="change", name=str(customer), changes=changes,
        at=customer.updated_at,
    )  # fmt: skip
    if "name" in changes:
        search_index([customer.pk])
    return customer


@transaction.atomic
def customer_delete(*, user: Actor, customer_id: int) -> None:
    """Delete a customer who never ordered, with everything kept with him.

    Orders are the company's books: who has any stays. Erasing a person's data on request is another matter.

    Permission: customer.delete. Audit: delete, with the values that the form held. Raises: NotFound, NotAllowed,
    RuleBroken (he has orders).
    """
    customer = customer_get(user=user, customer_id=customer_id, action="delete", lock=True)
    # ``orders`` is the way back along a foreign key of `sales`, which `customers` does not import.
    if customer.orders.exists():
        raise RuleBroken("crm_customers.has_orders")
    keys = list(Attachment.objects.filter(customer=customer).values_list("key", flat=True))
    log(
        user=user, kind="customer", record=customer, action="delete", name=str(customer),
        changes={
            name: (value, None)
            for name in ("number", *FORM_FIELDS)
            if (value := getattr(customer, name)) not in (None, "")
        },
    )  # fmt: skip
    customer.delete()
    search_index([customer_id])
    transaction.on_commit(lambda: forget_bytes(keys))


def _add_contact(customer: Customer, kind: str, value: str, user: Actor) -> None:
    try:
        contact_insert(customer, kind=kind, value=value, user=user)
    except RuleBroken as problem:
        raise RuleBroken(problem.code, field=kind, **problem.parameters) from problem


def _number_for(customer: Customer) -> str:
    """A number that no system of the company has given: G and the key, with a letter behind where that is taken."""
    candidates = (f"G{customer.pk:06d}{letter}" for letter in ("", *"ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    return next(each for each in candidates if not Customer.objects.filter(number=each).exists())


def _cleaned(values: Mapping[str, object]) -> dict[str, object]:
    """The values as they are kept: texts without blanks round them and no longer than their column, dates as dates."""
    cleaned: dict[str, object] = {}
    for name, value in values.items():
        if name not in FORM_FIELDS:
            raise NotAllowed("crm_core.field_not_writable", field_name=record_type("customer").field_label(name))
        column = Customer._meta.get_field(name)
        if name in {"born_on", "joined_on"}:
            cleaned[name] = _day(name, value)
            continue
        text = "" if value is None else " ".join(str(value).split())
        if column.choices and text not in dict(column.choices):
            raise RuleBroken("crm_customers.not_a_choice", field=name, value=text)
        if len(text) > (column.max_length or len(text)):
            raise RuleBroken("crm_customers.too_long", field=name, most=column.max_length)
        cleaned[name] = text
    return cleaned


def _day(name: str, value: object) -> dt.date | None:
    if value is None or value == "":
        return None
    try:
        day = value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value))
    except ValueError as error:
        raise RuleBroken("crm_customers.not_a_date", field=name, value=str(value)) from error
    if name == "born_on" and not dt.date(1880, 1, 1) <= day <= timezone.localdate():
        raise RuleBroken("crm_customers.not_a_birthday", field=name, value=day)
    return day
