"""Who matches, so put that the first page of a sorted list is read quickly, whatever it is sorted by.

There are two good ways: go through the index that has the order, and take who matches until the page is full; or list
those few who match, and sort them. The first is slow where hardly anybody matches, the second where many do. Only who
knows how many there are can choose, and SQLite's planner does not: it sorts a team of a hundred thousand to show fifty.
So what is asked of the customer himself (owner, team, tags, contact points, the user's own limits; city and the like,
which have no index) is first asked alone, up to `FEW`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import F, Func, Q, QuerySet
from django.db.models.lookups import Exact, In, Lookup

from guanxi_crm.core.policy import Actor
from guanxi_crm.customers.models import Customer
from guanxi_crm.customers.selectors.conditions import SCORE_NAMES, AllOf, compiled

__all__ = ["FEW", "walked"]

FEW = 1500
"""So many are listed and sorted in the time in which an index of a million is gone through for one in a thousand."""

_INDEXED = {"owner", "team", "tags", "phone", "email", "wechat", "address"}
_LOOKUPS: dict[str, Callable[..., Lookup]] = {"": Exact, "in": In}


def walked(*, user: Actor, conditions: AllOf, currency: str) -> QuerySet[Customer]:
    """Customers whom the user may see and who match, in no order. One query of `FEW` keys, where there is a choice.

    Raises
    ------
    NotAllowed, RuleBroken : of `compiled`.
    """
    limits = user.limits("customer")
    own = [each for each in conditions.of if each.field not in SCORE_NAMES and each.operator != "is_not"]
    listed = AllOf(tuple(own))
    rest = AllOf(tuple(each for each in conditions.of if each not in listed.of))
    others = compiled(rest, user=user, currency=currency)
    if not listed.of and not limits:
        return Customer.objects.filter(others)
    here = Customer.objects.filter(limits, compiled(listed, user=user, currency=currency))
    # Without an index customers are read for it, and where many match they are soon found.
    most = FEW if all(each.field in _INDEXED for each in own) else FEW // 3
    few = list(here.order_by().values_list("pk", flat=True)[: most + 1])
    if len(few) <= most:
        return Customer.objects.filter(others, pk__in=few)
    one_by_one = compiled(listed, user=user, currency=currency, one_by_one=True)
    return Customer.objects.filter(_unindexed(limits), _unindexed(one_by_one), others)


class _Unindexed(Func):
    """A column whose index SQLite is not to use; PostgreSQL weighs the ways by itself."""

    template = "%(expressions)s"

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template="+%(expressions)s", **extra)


def _unindexed(condition: Q) -> Q:
    """The same condition on columns of the customer himself, without their indexes."""
    found = Q(_connector=condition.connector, _negated=condition.negated)
    for child in condition.children:
        if isinstance(child, Q):
            found.children.append(_unindexed(child))
        elif isinstance(child, tuple):
            path, value = child
            name, _, lookup = path.partition("__")
            plain = name in {"owner_id", "team_id"} and lookup in _LOOKUPS
            found.children.append(_LOOKUPS[lookup](_Unindexed(F(name)), value) if plain else child)
        else:
            found.children.append(child)
    return found
