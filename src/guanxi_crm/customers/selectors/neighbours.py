"""Who stands before and after a customer in the list from which one came to him."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict

from guanxi_crm.core.errors import NotAllowed, RuleBroken
from guanxi_crm.core.keyset import Order, around, cursor_at, page_of
from guanxi_crm.core.policy import Actor
from guanxi_crm.core.prepared import STAND_IN, Prepared, kept
from guanxi_crm.customers.models import Customer, ScoreVersion
from guanxi_crm.customers.selectors.conditions import compiled
from guanxi_crm.customers.selectors.found import found_page
from guanxi_crm.customers.selectors.list_query import NEWEST, ListQuery, default_sort, list_query, order_of
from guanxi_crm.customers.selectors.lists import WIDE, customers_matching
from guanxi_crm.customers.selectors.scores import current_version
from guanxi_crm.customers.selectors.search import Search, search_for
from guanxi_crm.customers.selectors.walk import walked

__all__ = ["MOST_ADDRESS", "NEAR", "Neighbours", "list_of_address", "neighbours_of"]

MOST_ADDRESS = 1500
"""Characters of a list's address that are carried along: with more, the address of a page would become too long."""
NEAR = 20_000
"""Without a value there is no index to go by, so of these only the keys so far around are looked at: in a million
customers, all of whom have a value, it would take seconds to find that there is no other."""


@dataclass(frozen=True)
class Neighbours:
    """Keys of the customers before and after one in a list, where there are any."""

    previous_id: int | None
    next_id: int | None


def list_of_address(address: str, *, user: Actor) -> ListQuery | None:
    """The list from which an address says that one came; None where it is none, or none that this user may see, or
    longer than is carried along: a part of it would be another list."""
    if len(address) > MOST_ADDRESS:
        return None
    try:
        query = list_query(QueryDict(address))
        compiled(query.conditions, user=user, currency="")
        user.require_readable("customer", [query.sort.removeprefix("-")] if query.sort else [])
    except (RuleBroken, NotAllowed):
        return None
    return query


def neighbours_of(customer: Customer, *, user: Actor, query: ListQuery) -> Neighbours:
    """Who stands before and after a customer in a list, as `customer_list` shows it to this user.

    His place is what his own values are worth in its order: so he may have left the list meanwhile. Among those who
    have no value in it, and so stand at its end, only those are seen whose keys are at most `NEAR` from his. Eight
    queries at most, however long the list is.

    Raises
    ------
    NotAllowed, RuleBroken : as `customer_list`.
    """
    version = current_version()
    sort = query.sort or default_sort(user, has_scores=version is not None)
    user.require_readable("customer", [sort.removeprefix("-")] if sort else [])
    order = order_of(sort)
    if query.text:
        looked_for = search_for(user=user, text=query.text)
        found = looked_for.first(WIDE + 1)
        if len(found) > WIDE:
            return _among_very_many(customer, user, query, looked_for, version)
        narrowed = replace(query, text="")
        records = customers_matching(user=user, query=narrowed, version=version).filter(pk__in=found)
    else:
        records = walked(user=user, conditions=query.conditions, currency=version.currency if version else "")
    columns = {"pk", order.column}
    (here,) = kept(_place, order.column).rows(customer.pk)
    among = _around_valueless if here[order.column] is None else around
    before, after = among(records.values(*columns), order, here)
    return Neighbours(before and before["pk"], after and after["pk"])


def _around_valueless(records: QuerySet[Any], order: Order, here: dict[str, Any]) -> tuple[Any | None, Any | None]:
    """As `around`, of one without a value: those like him near by, as `page_of` has them, and before the first of them
    the last who has a value."""
    near = {f"{order.column}__isnull": True, "pk__range": (here["pk"] - NEAR, here["pk"] + NEAR)}
    before, after = around(records.filter(**near), Order("pk", descending=order.descending), here)
    if before is None:
        valued = records.filter(**{f"{order.column}__isnull": False})
        before = next(iter(page_of(valued, replace(order, descending=not order.descending), size=1).records), None)
    return before, after


def _place(column: str) -> Prepared:
    return Prepared(Customer.objects.filter(pk=STAND_IN).values("pk", column))


def _among_very_many(
    customer: Customer, user: Actor, query: ListQuery, looked_for: Search, version: ScoreVersion | None
) -> Neighbours:
    """In the list of a search that finds so many that they stand by their keys."""

    def beyond(*, backwards: bool) -> int | None:
        cursor = cursor_at(NEWEST, customer, backwards=backwards)
        page = found_page(user=user, query=query, looked_for=looked_for, version=version, size=1, cursor=cursor)
        return next(iter(page.records), None)

    return Neighbours(beyond(backwards=True), beyond(backwards=False))
