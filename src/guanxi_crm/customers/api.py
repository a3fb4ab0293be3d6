"""Customers and their scores in the API, read-only."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema

from guanxi_crm.core.api import PAGE_SIZE, PAGE_SIZE_MAX, Problems, RecordPage, page_out, shown
from guanxi_crm.core.keyset import Order, page_of
from guanxi_crm.core.policy import Actor
from guanxi_crm.customers.models import Customer, CustomerScores
from guanxi_crm.customers.records import SCORE_FIELDS
from guanxi_crm.customers.selectors.conditions import AllOf, Condition, compiled
from guanxi_crm.customers.selectors.record import CONTACT_FIELD, contact_points_of, customer_get
from guanxi_crm.customers.selectors.scores import current_version
from guanxi_crm.customers.selectors.search import search_for

__all__ = ["router"]

router = Router(tags=["customers"])

_BOUNDS = {
    "expected_orders": ("expected_orders_low", "expected_orders_high"),
    "expected_amount": ("expected_amount_low", "expected_amount_high"),
}
_REASONS = {"segments": "segment", "value": "expected_amount", "churn": "churn_probability"}
"""Study → the field that its reasons explain: whoever may not see that may not see these."""


class ContactPointOut(Schema):
    """One way to reach a customer."""

    kind: str
    value: str
    label: str
    is_primary: bool


class ScoresOut(Schema):
    """What the published run says of a customer: amounts in minor units of ``currency``, shares in 0 … 1."""

    as_of: dt.date
    horizon_days: int
    currency: str
    grades: dict[str, str]
    first_order_at: dt.datetime | None = None
    last_order_at: dt.datetime | None = None
    orders: int | None = None
    items: float | None = None
    amount: int | None = None
    returns_amount: int | None = None
    days_since_last_order: int | None = None
    mean_days_between_orders: float | None = None
    r: int | None = None
    f: int | None = None
    m: int | None = None
    segment: str | None = None
    value_group: str | None = None
    abc: str | None = None
    is_vip: bool | None = None
    is_silent: bool | None = None
    p_alive: float | None = None
    expected_orders: float | None = None
    expected_orders_low: float | None = None
    expected_orders_high: float | None = None
    expected_amount: int | None = None
    expected_amount_low: int | None = None
    expected_amount_high: int | None = None
    next_order_on: dt.date | None = None
    next_order_amount: int | None = None
    churn_probability: float | None = None
    churn_band: str | None = None
    reasons: dict[str, list[Any]] | None = None


class CustomerOut(Schema):
    """One customer; fields that the token's user may not see are absent."""

    id: int
    version: int
    number: str | None = None
    kind: str | None = None
    name: str | None = None
    gender: str | None = None
    born_on: dt.date | None = None
    country: str | None = None
    region: str | None = None
    city: str | None = None
    postal_code: str | None = None
    language: str | None = None
    level: str | None = None
    joined_on: dt.date | None = None
    owner: str | None = None
    team: str | None = None
    created_at: dt.datetime | None = None
    updated_at: dt.datetime | None = None


class CustomerDetail(CustomerOut):
    """One customer with how to reach him, his tags, and his scores."""

    tags: list[str] | None = None
    contact_points: list[ContactPointOut] | None = None
    scores: ScoresOut | None = None


class CustomerPage(RecordPage):
    """Customers."""

    items: list[CustomerOut]


class CustomerScoresOut(ScoresOut):
    """A customer's scores in a list of scores."""

    customer_id: int
    customer_number: str | None = None


class ScoresPage(RecordPage):
    """Scores of the published run."""

    items: list[CustomerScoresOut]


class CustomerFilter(Schema):
    """Whom to list: all that are given must hold."""

    q: str = ""
    segment: str | None = None
    value_group: str | None = None
    abc: str | None = None
    churn_band: str | None = None
    country: str | None = None
    city: str | None = None
    level: str | None = None
    owner: str | None = None
    team: str | None = None
    is_vip: Literal["yes", "no"] | None = None
    is_silent: Literal["yes", "no"] | None = None


Sort = Literal[
    "created_at", "-created_at", "name", "-name", "amount", "-amount", "expected_amount", "-expected_amount",
    "churn_probability", "-churn_probability", "last_order_at", "-last_order_at",
]  # fmt: skip
Limit = Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)]
_REFUSED = {400: Problems, 401: Problems, 403: Problems, 404: Problems, 429: Problems}


@router.get(
    "/customers", response={200: CustomerPage, **_REFUSED}, exclude_unset=True, operation_id="customers",
    summary="Customers, filtered and sorted",
)  # fmt: skip
def customers(
    request: HttpRequest,
    which: Query[CustomerFilter],
    sort: Sort = "-created_at",
    limit: Limit = PAGE_SIZE,
    cursor: str | None = None,
) -> dict[str, Any]:
    user: Actor = request.auth
    name = sort.removeprefix("-")
    user.require("customer", "view")
    user.require_readable("customer", [name])
    version = current_version()
    given = which.dict(exclude_none=True, exclude={"q"})
    tree = AllOf(tuple(Condition(field, "is", (value,)) for field, value in given.items()))
    found = user.narrow("customer", Customer.objects.select_related("owner", "team"))
    found = found.filter(compiled(tree, user=user, currency=version.currency if version else ""))
    if which.q:
        looked_for = search_for(user=user, text=which.q)
        found = found.filter(pk__in=looked_for.matching()) if looked_for.is_possible else found.none()
    column = f"current__{name}" if name in _SCORES else name
    if name in _SCORES:
        found = found.select_related("current")
    page = page_of(found, Order(column, descending=sort.startswith("-")), size=limit, cursor=cursor)
    return page_out(page, lambda customer: _customer(user, customer))


@router.get(
    "/customers/{customer_id}", response={200: CustomerDetail, **_REFUSED}, exclude_unset=True,
    operation_id="customer", summary="One customer with contact points and scores",
)  # fmt: skip
def customer(request: HttpRequest, customer_id: int) -> dict[str, Any]:
    user: Actor = request.auth
    found = customer_get(user=user, customer_id=customer_id)
    answer = _customer(user, found)
    if user.may_read("customer", "tags"):
        answer["tags"] = list(found.tagged.order_by("tag__name").values_list("tag__name", flat=True))
    if any(user.may_read("customer", field) for field in CONTACT_FIELD.values()):
        answer["contact_points"] = [
            {"kind": each.kind, "value": each.value, "label": each.label, "is_primary": each.is_primary}
            for each in contact_points_of(found, user=user)
        ]
    row = CustomerScores.objects.filter(customer=found, scored__is_current=True).select_related("scored").first()
    answer["scores"] = _scores(user, row) if row else None
    return answer


@router.get(
    "/scores", response={200: ScoresPage, **_REFUSED}, exclude_unset=True, operation_id="scores",
    summary="Scores of the published run, by customer",
)  # fmt: skip
def scores(request: HttpRequest, limit: Limit = PAGE_SIZE, cursor: str | None = None) -> dict[str, Any]:
    user: Actor = request.auth
    user.require("customer", "view")
    mine = user.narrow("customer", Customer.objects.all())
    rows = CustomerScores.objects.filter(scored__is_current=True).select_related("scored", "customer")
    if user.scope("customer", "view").name != "ALL":
        rows = rows.filter(customer__in=mine)
    page = page_of(rows, Order("customer_id", key="customer_id"), size=limit, cursor=cursor)
    return page_out(page, lambda row: {
        **_scores(user, row), "customer_id": row.customer_id,
        **shown_as(user, "number", customer_number=row.customer.number),
    })  # fmt: skip


def shown_as(user: Actor, field: str, **values: Any) -> dict[str, Any]:
    """These values, if the user may see the field."""
    return values if user.may_read("customer", field) else {}


_SCORES = tuple(field.name for field in SCORE_FIELDS)
_FIELDS = (
    "number", "kind", "name", "gender", "born_on", "country", "region", "city", "postal_code", "language", "level",
    "joined_on", "created_at", "updated_at",
)  # fmt: skip


def _customer(user: Actor, record: Customer) -> dict[str, Any]:
    values = {name: getattr(record, name) for name in _FIELDS}
    values |= {"owner": str(record.owner) if record.owner else None, "team": str(record.team) if record.team else None}
    return {"id": record.pk, "version": record.version, **shown(user, "customer", values)}


def _scores(user: Actor, row: CustomerScores) -> dict[str, Any]:
    values = shown(user, "customer", {name: getattr(row, name) for name in _SCORES})
    for name, bounds in _BOUNDS.items():
        if name in values:
            values |= {bound: getattr(row, bound) for bound in bounds}
    reasons = {
        study: row.reasons[study]
        for study, field in _REASONS.items()
        if study in row.reasons and user.may_read("customer", field)
    }
    version = row.scored
    return {
        "as_of": version.as_of, "horizon_days": version.horizon_days, "currency": version.currency,
        "grades": version.grades, **values, "reasons": reasons,
    }  # fmt: skip
