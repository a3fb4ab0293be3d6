"""Who stands before and after a customer in the list from which one came to him."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.http import QueryDict

from guanxi_crm.core.errors import NotAllowed, RuleBroken
from guanxi_crm.core.keyset import Order, around, cursor_at
from guanxi_crm.core.policy import Actor
from guanxi_crm.customers.models import Customer, ScoreVersion
from guanxi_crm.customers.selectors.conditions import compiled
from guanxi_crm.customers.selectors.found import found_page
from guanxi_crm.customers.selectors.list_query import SORTS, ListQuery, default_sort, list_query
from guanxi_crm.customers.selectors.lists import WIDE, customers_matching
from guanxi_crm.customers.selectors.scores import current_version
from guanxi_crm.customers.selectors.search import Search, search_for
from guanxi_crm.customers.selectors.walk import walked

__all__ = ["MOST_ADDRESS", "Neighbours", "list_of_address", "neighbours_of"]

MOST_ADDRESS = 1500
"""Characters of a list's address that are carried along: with more, the address of a page would become too long."""
_NEWEST = Order("pk", descending=True)


@dataclass(frozen=True)
class Neighbours:
    """Keys of the customers before and after one in a list, where there are any."""

    previous_id: int | None
    next_id: int | None


def list_of_address(address: str, *, user: Actor) -> ListQuery | None:
    """The list from which an address says that one came; None where it is none, or none that this user may see."""
    try:
        query = list_query(QueryDict(address[:MOST_ADDRESS]))
        compiled(query.conditions, user=user, currency="")
        user.require_readable("customer", [query.sort.removeprefix("-")] if query.sort else [])
    except (RuleBroken, NotAllowed):
        return None
    return query


def neighbours_of(customer: Customer, *, user: Actor, query: ListQuery) -> Neighbours:
    """Who stands before and after a customer in a list, as `customer_list` shows it to this user.

    His place is what his own values are worth in its order: so he may have left the list meanwhile. Eight queries at
    most, however long the list is.

    Raises
    ------
    NotAllowed, RuleBroken : as `customer_list`.
    """
    version = current_version()
    sort = query.sort or default_sort(user, has_scores=version is not None)
    order = replace(SORTS[sort.removeprefix("-")], descending=sort.startswith("-")) if sort else _NEWEST
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
    here = Customer.objects.filter(pk=customer.pk).values(*columns).get()
    if here[order.column] is None:
        # Who has no value stands at the end of the list, where everybody would have to be looked at for the next.
        order = _NEWEST
    before, after = around(records.values(*columns), order, here)
    return Neighbours(before and before["pk"], after and after["pk"])


def _among_very_many(
    customer: Customer, user: Actor, query: ListQuery, looked_for: Search, version: ScoreVersion | None
) -> Neighbours:
    """In the list of a search that finds so many that they stand by their keys."""

    def beyond(*, backwards: bool) -> int | None:
        cursor = cursor_at(_NEWEST, customer, backwards=backwards)
        page = found_page(user=user, query=query, looked_for=looked_for, version=version, size=1, cursor=cursor)
        return next(iter(page.records), None)

    return Neighbours(beyond(backwards=True), beyond(backwards=False))
