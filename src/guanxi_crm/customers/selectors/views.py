"""Views of a list: those that come with Guanxi, one's own, and those that others share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.db.models import Q

from guanxi_crm.core.errors import RuleBroken
from guanxi_crm.core.policy import Actor
from guanxi_crm.customers.models import SavedView
from guanxi_crm.customers.selectors.conditions import AllOf, Condition
from guanxi_crm.customers.selectors.list_query import ListQuery

__all__ = ["DEFAULT_VIEWS", "View", "views_for"]


def _where(*conditions: tuple[str, str], sort: str = "") -> ListQuery:
    return ListQuery(AllOf(tuple(Condition(field, "is", (value,)) for field, value in conditions)), sort=sort)


DEFAULT_VIEWS: Mapping[str, ListQuery] = MappingProxyType({
    "all": ListQuery(),
    "mine": _where(("owner", "me")),
    "risk": _where(("value_group", "high"), ("churn_band", "high"), sort="-amount"),
    "silent": _where(("is_vip", "yes"), ("is_silent", "yes"), sort="-amount"),
    "new": _where(("segment", "new"), sort="-last_order_at"),
})  # fmt: skip
"""Name (``crm_customers.view_NAME`` in words) → what it asks."""


@dataclass(frozen=True)
class View:
    """One entry above the list."""

    key: str
    """Name of a default view, or the key of a saved one: ``view`` in the address."""
    name: str
    """Of a saved view; empty for those that come with Guanxi."""
    query: ListQuery
    is_own: bool = False
    is_shared: bool = False

    @property
    def address(self) -> str:
        return self.query.address(view=self.key)


def views_for(*, user: Actor) -> list[View]:
    """The views that the user may use: none that filters or sorts by a field that is hidden from him. One query."""
    found = [View(key, "", query) for key, query in DEFAULT_VIEWS.items()]
    saved = SavedView.objects.filter(Q(user_id=user.user_id) | Q(is_shared=True), kind="customer")
    for each in saved.order_by("position", "pk"):
        try:
            query = ListQuery.from_data(each.query)
        except RuleBroken:
            # Kept by another version of Guanxi, whose fields were others.
            continue
        found.append(View(str(each.pk), each.name, query, each.user_id == user.user_id, each.is_shared))
    readable = set(user.readable("customer"))
    return [each for each in found if {*each.query.conditions.fields, *_sorted_by(each.query)} <= readable]


def _sorted_by(query: ListQuery) -> set[str]:
    return {query.sort.removeprefix("-")} - {""}
