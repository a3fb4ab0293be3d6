"""Customers and their scores in the API, read-only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Mapping
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from guanxi_crm.core.api import PAGE_SIZE, REFUSED, Answer, Cursor, Limit, RecordId, RecordPage, page_out, shown
from guanxi_crm.core.keyset import Order, page_of
from guanxi_crm.core.language import language
from guanxi_crm.core.policy import Actor, Scope
from guanxi_crm.customers.models import Customer, CustomerScores
from guanxi_crm.customers.selectors.conditions import AllOf, Condition, column_of
from guanxi_crm.customers.selectors.directory import directory
from guanxi_crm.customers.selectors.list_query import ListQuery, order_of
from guanxi_crm.customers.selectors.lists import rows_page
from guanxi_crm.customers.selectors.mined import Mined, mined_in, mined_of, scores_readable
from guanxi_crm.customers.selectors.record import CONTACT_FIELD, contact_points_of, customer_get

__all__ = ["router"]

router = Router(tags=["customers"])

_FIELDS = (
    "number", "kind", "name", "gender", "born_on", "country", "region", "city", "postal_code", "language", "level",
    "joined_on", "owner", "team", "created_at", "updated_at",
)  # fmt: skip
Names = Mapping[int | None, str]


class NamedOut(Answer):
    """A member of staff or a team."""

    id: int
    name: str


class ContactPointOut(Answer):
    """One way to reach a customer."""

    kind: str
    value: str
    label: str
    is_primary: bool


class ReasonOut(Answer):
    """Why a score is what it is: a code that stays, a sentence, and which way it points."""

    code: str
    text: str
    effect: float


class ScoresOut(Answer):
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


class CustomerOut(Answer):
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
    owner: NamedOut | None = None
    team: NamedOut | None = None
    created_at: dt.datetime | None = None
    updated_at: dt.datetime | None = None


class CustomerScoresDetail(ScoresOut):
    """A customer's scores with the reasons, by study, the strongest first."""

    reasons: dict[str, list[ReasonOut]]


class CustomerDetail(CustomerOut):
    """One customer with how to reach him, his tags, and his scores (null before he is in a published run)."""

    tags: list[str] | None = None
    contact_points: list[ContactPointOut] | None = None
    scores: CustomerScoresDetail | None = None


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
    """Whom to list: everything that is given must hold."""

    q: str = Field("", description="Searched in names, numbers, telephone numbers and mail addresses.", examples=["王"])
    number: str | None = Field(None, description="The customer's number.", examples=["C1001"])
    segment: str | None = Field(None, description="A segment of the published run.", examples=["at_risk"])
    value_group: str | None = Field(None, description="`high`, `potential`, `ordinary` or `low`.", examples=["high"])
    abc: str | None = Field(None, description="`A`, `B` or `C` by amount.", examples=["A"])
    churn_band: str | None = Field(
        None, description="How likely he is to leave: `low`, `medium` or `high`.", examples=["high"]
    )
    country: str | None = Field(None, description="As it stands in the record.", examples=["China"])
    city: str | None = Field(None, description="As it stands in the record.", examples=["Shanghai"])
    level: str | None = Field(None, description="The level of the loyalty programme.", examples=["gold"])
    owner: str | None = Field(
        None, description="The `id` of who looks after him; `me` is the token's user.", examples=["me"]
    )
    team: str | None = Field(
        None, description="The `id` of the team; `mine` are those of the token's user.", examples=["mine"]
    )
    tags: str | None = Field(None, description="The `id` of a tag that he has.", examples=["3"])
    is_vip: Literal["yes", "no"] | None = Field(None, description="Among those who bring most.", examples=["yes"])
    is_silent: Literal["yes", "no"] | None = Field(
        None, description="Has not ordered for much longer than he used to.", examples=["yes"]
    )


Sort = Annotated[
    Literal[
        "created_at", "-created_at", "name", "-name", "number", "-number", "amount", "-amount", "expected_amount",
        "-expected_amount", "churn_probability", "-churn_probability", "last_order_at", "-last_order_at",
    ] | None,
    Query(
        description="By which field; with a minus the highest first. Without it those entered last come first.",
        examples=["-amount"],
    ),
]  # fmt: skip


@router.get(
    "/customers", response={200: CustomerPage, **REFUSED}, exclude_unset=True, operation_id="customers",
    summary="Customers, filtered and sorted",
)  # fmt: skip
def customers(
    request: HttpRequest,
    which: Query[CustomerFilter],
    sort: Sort = None,
    limit: Limit = PAGE_SIZE,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Customers of whom everything that is given holds: the record alone; scores are under `/scores` and with each
    customer."""
    user: Actor = request.auth
    given = which.dict(exclude_none=True, exclude={"q"})
    tree = AllOf(tuple(Condition(field, "is", (value,)) for field, value in given.items()))
    query, order = ListQuery(tree, which.q, sort or ""), None
    if sort is not None:
        user.require_readable("customer", [sort.removeprefix("-")])
        order = order_of(sort)
    reads = frozenset(user.readable("customer"))
    columns = {"pk", "version", *(column_of(name) for name in _FIELDS if name in reads)}
    columns |= {order.column} if order else set()
    page = rows_page(user=user, query=query, order=order, columns=columns, size=limit, cursor=cursor)
    known = directory()
    return page_out(page, lambda row: _customer(reads, row, known.users, known.teams))


@router.get(
    "/customers/{customer_id}", response={200: CustomerDetail, **REFUSED}, exclude_unset=True,
    operation_id="customer", summary="One customer with contact points, tags and scores",
)  # fmt: skip
def customer(request: HttpRequest, customer_id: RecordId) -> dict[str, Any]:
    """The record, how to reach him, his tags, and what the published run says of him with the reasons."""
    user: Actor = request.auth
    user.require("customer", "view")
    found = customer_get(user=user, customer_id=customer_id)
    people = {found.owner_id: str(found.owner)}, {found.team_id: str(found.team)}
    reads = frozenset(user.readable("customer"))
    answer = _customer(reads, {**vars(found), "pk": found.pk}, *people)
    if "tags" in reads:
        answer["tags"] = list(found.tagged.order_by("tag__name").values_list("tag__name", flat=True))
    if reads & set(CONTACT_FIELD.values()):
        answer["contact_points"] = [
            {"kind": each.kind, "value": each.value, "label": each.label, "is_primary": each.is_primary}
            for each in contact_points_of(found, user=user)
        ]
    mined = mined_of(found, user=user)
    answer["scores"] = {**_scores(mined), "reasons": _reasons(mined)} if mined else None
    return answer


@router.get(
    "/scores", response={200: ScoresPage, **REFUSED}, exclude_unset=True, operation_id="scores",
    summary="Scores of the published run, by customer",
)  # fmt: skip
def scores(request: HttpRequest, limit: Limit = PAGE_SIZE, cursor: Cursor = None) -> dict[str, Any]:
    """All of them, to be brought into another system; the reasons are with each customer."""
    user: Actor = request.auth
    user.require("customer", "view")
    rows = CustomerScores.objects.filter(scored__is_current=True).defer("reasons")
    if user.scope("customer", "view") is not Scope.ALL:
        rows = rows.filter(customer__in=user.narrow("customer", Customer.objects.all()))
    reads_number, readable = user.may_read("customer", "number"), scores_readable(user)
    rows = rows.select_related("scored", *(["customer"] if reads_number else []))
    page = page_of(rows, Order("customer_id", key="customer_id"), size=limit, cursor=cursor)

    def show(row: CustomerScores) -> dict[str, Any]:
        numbered = {"customer_number": row.customer.number} if reads_number else {}
        told = _scores(mined_in(row, readable=readable, with_reasons=False))
        return {"customer_id": row.customer_id, **numbered, **told}

    return page_out(page, show)


def _customer(reads: Container[str], row: dict[str, Any], staff: Names, teams: Names) -> dict[str, Any]:
    values = shown(reads, {name: row.get(column_of(name)) for name in _FIELDS})
    for name, names in (("owner", staff), ("team", teams)):
        if (key := values.get(name)) is not None:
            values[name] = {"id": key, "name": names.get(key, "")}
    return {"id": row["pk"], "version": row["version"], **values}


def _scores(mined: Mined) -> dict[str, Any]:
    version = mined.version
    return {
        "as_of": version.as_of, "horizon_days": version.horizon_days, "currency": version.currency,
        "grades": version.grades, **mined.values,
    }  # fmt: skip


def _reasons(mined: Mined) -> dict[str, list[dict[str, Any]]]:
    return {
        study: [
            {"code": each.message.code, "text": each.message.say(language()), "effect": each.effect} for each in reasons
        ]
        for study, reasons in mined.reasons.items()
    }
