"""Customers as files tell of them: written in bulk by an import, with respect for what staff have set."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from guanxi_crm.core.errors import RuleBroken
from guanxi_crm.customers.models import (
    Attachment,
    Consent,
    ContactPoint,
    Customer,
    CustomerTag,
    HandOver,
    Note,
    Task,
)
from guanxi_crm.customers.services.contacts import normal_of
from guanxi_crm.customers.services.search_index import search_index

__all__ = ["IMPORTED_FIELDS", "Upserted", "contact_points_upsert", "customers_forget", "customers_upsert"]

IMPORTED_FIELDS = (
    "kind", "name", "gender", "born_on", "country", "region", "city", "postal_code", "language", "level", "joined_on",
)  # fmt: skip
"""What a file may say of a customer, in the order in which `customers_upsert` takes it."""

_EMPTY: Mapping[str, object] = {"kind": "person", "born_on": None, "joined_on": None}
_KINDS = ("phone", "email", "wechat", "address")


@dataclass
class Upserted:
    """What a batch did."""

    created: int = 0
    changed: int = 0
    touched: list[int] = field(default_factory=list)
    """Keys of those created or changed, for the search index."""


@transaction.atomic
def customers_upsert(rows: Sequence[tuple[object, ...]], *, origin: str, at: dt.datetime) -> Upserted:
    """Make or bring up to date customers by their number. Done twice it changes nothing the second time.

    A field that staff have set (`Customer.edited`) is left alone, an empty value empties a field that only files have
    set, and ``version`` counts a change only where something differs. About 1,000 rows at a time.

    Parameters
    ----------
    rows : number, then `IMPORTED_FIELDS`; None where the files say nothing
    origin : of those that are new: ``import`` or ``demo``
    at : now

    Permission: whoever calls has asked for import.create. Audit: one entry an import, by its service.

    Notes
    -----
    One query to read, one to insert, one for each hundred or so to change.
    """
    told = {
        str(row[0]): {
            name: _EMPTY.get(name, "") if value is None else value
            for name, value in zip(IMPORTED_FIELDS, row[1:], strict=True)
        }
        for row in rows
    }
    there = {each.number: each for each in Customer.objects.select_for_update().filter(number__in=list(told))}
    made = Customer.objects.bulk_create(
        Customer(number=number, origin=origin, created_at=at, updated_at=at, **values)
        for number, values in told.items()
        if number not in there
    )
    changed = [each for each in there.values() if _changed(each, told[each.number], at)]
    if changed:
        Customer.objects.bulk_update(changed, [*IMPORTED_FIELDS, "version", "updated_at"], batch_size=100)
    return Upserted(len(made), len(changed), [each.pk for each in (*made, *changed)])


def _changed(customer: Customer, values: Mapping[str, object], at: dt.datetime) -> bool:
    """Set what differs; whether anything does."""
    new = {
        name: value
        for name, value in values.items()
        if getattr(customer, name) != value and name not in customer.edited
    }
    for name, value in new.items():
        setattr(customer, name, value)
    if new:
        customer.version += 1
        customer.updated_at = at
    return bool(new)


@transaction.atomic
def contact_points_upsert(points: Mapping[str, Sequence[tuple[str, str]]], *, origin: str) -> list[int]:
    """Bring the imported contact points of some customers up to date; returns the customers of whom any has changed.

    Those that staff have entered stay, and so does every kind that staff have edited for a customer.

    Parameters
    ----------
    points : customer number → all (kind, value) that the files know of him; empty where they know none
    origin : of those that are new

    Permission, Audit: as in `customers_upsert`.
    """
    customers = {
        each.number: each for each in Customer.objects.filter(number__in=list(points)).only("number", "edited")
    }
    there: dict[int, dict[tuple[str, str], ContactPoint]] = {each.pk: {} for each in customers.values()}
    for point in ContactPoint.objects.filter(customer__in=list(there)):
        there[point.customer_id][point.kind, point.normal] = point
    new: list[ContactPoint] = []
    gone: list[ContactPoint] = []
    for number, customer in customers.items():
        mine = there[customer.pk]
        told: dict[tuple[str, str], str] = {}
        for said, value in points[number]:
            kind = said if said in _KINDS else "other"
            if kind not in customer.edited and (normal := _normal(kind, value)):
                told.setdefault((kind, normal), value.strip())
        gone += [
            point
            for key, point in mine.items()
            if key not in told and point.origin != "staff" and point.kind not in customer.edited
        ]
        with_primary = {point.kind for point in mine.values() if point.is_primary}
        for (kind, normal), value in told.items():
            if (kind, normal) not in mine:
                new.append(
                    ContactPoint(
                        customer=customer, kind=kind, value=value, normal=normal, origin=origin,
                        is_primary=kind not in with_primary,
                    )
                )  # fmt: skip
                with_primary.add(kind)
    if gone:
        ContactPoint.objects.filter(pk__in=[point.pk for point in gone]).delete()
    ContactPoint.objects.bulk_create(new)
    return sorted({point.customer_id for point in (*new, *gone)})


@transaction.atomic
def customers_forget(numbers: Iterable[str]) -> int:
    """Take out customers of whom no file tells any more; returns how many.

    Whoever has been worked with stays, as a customer of the staff's: one who has an owner or a team, notes, tasks,
    tags, files, consents, orders, or a field or contact point that staff have entered.

    Permission, Audit: as in `customers_upsert`.
    """
    imported = Customer.objects.filter(number__in=list(numbers)).exclude(origin="staff")
    worked_with = Q(owner__isnull=False) | Q(team__isnull=False) | ~Q(edited=[])
    for each in (Note, Task, CustomerTag, Attachment, Consent, HandOver):
        worked_with |= Exists(each.objects.filter(customer=OuterRef("pk")))
    worked_with |= Exists(ContactPoint.objects.filter(customer=OuterRef("pk"), origin="staff"))
    # By the way back along a foreign key of `sales`, which `customers` does not import.
    worked_with |= Exists(Customer.objects.filter(pk=OuterRef("pk"), orders__isnull=False))
    kept = list(imported.filter(worked_with).values_list("pk", flat=True))
    Customer.objects.filter(pk__in=kept).update(origin="staff")
    gone = list(imported.exclude(pk__in=kept).values_list("pk", flat=True))
    Customer.objects.filter(pk__in=gone).delete()
    search_index(gone)
    return len(gone)


def _normal(kind: str, value: str) -> str | None:
    """None where it is no way to reach anybody, such as "none" in a column of telephone numbers."""
    try:
        return normal_of(kind, value)
    except RuleBroken:
        return None
