"""Who matches, so put that the first page of a sorted list is read quickly, whatever it is sorted by.

There are two good ways: go through the index that has the order, and take who matches until the page is full; or list
those few who match, and sort them. The first is slow where hardly anybody matches, the second where many do. Only who
knows how many there are can choose, and SQLite's planner does not: it sorts a team of a hundred thousand to show fifty.
So what is asked of the customer himself (owner, team, tags, contact points, the user's own limits, city and the like)
is first asked alone, up to `FEW`.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from guanxi_crm.core.planner import many_known, many_note, unindexed
from guanxi_crm.core.policy import Actor
from guanxi_crm.customers.models import Customer
from guanxi_crm.customers.selectors.conditions import SCORE_NAMES, AllOf, Condition, compiled, tag_keys
from guanxi_crm.customers.selectors.keys import these

__all__ = ["FEW", "walked"]

FEW = 1500
"""So many are listed and sorted in the time in which an index of a million is gone through for one in a thousand."""

_BY_KEY = {"owner", "team", "tags", "phone", "email", "wechat", "address"}
_BY_PLACE = {"country", "region", "city", "level"}
"""Their indexes hold owner and team, too: nobody is read to see whether a user may see him."""
_COLUMNS = {"owner_id", "team_id", *_BY_PLACE}


def walked(*, user: Actor, conditions: AllOf, currency: str) -> QuerySet[Customer]:
    """Customers whom the user may see and who match, in no order. One query of `FEW` keys, where there is a choice and
    it was not made within the last minute.

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
    # Without an index customers are read for it, and where many match they are soon found.
    most = FEW if all(_has_index(each) for each in own) else FEW // 3
    # The user himself is asked for, too: "me" and "mine" are another's for each.
    asked = ("customers", user.user_id, sorted(user.team_ids), limits, listed, most)
    if not many_known(*asked):
        few = list(_here(user, limits, listed, currency)[: most + 1])
        if len(few) <= most:
            return Customer.objects.filter(others, pk__in=these(few))
        many_note(*asked)
    one_by_one = compiled(listed, user=user, currency=currency, one_by_one=True)
    return Customer.objects.filter(unindexed(limits, _COLUMNS), unindexed(one_by_one, _COLUMNS), others)


def _has_index(condition: Condition) -> bool:
    return condition.field in _BY_KEY or (condition.field in _BY_PLACE and condition.operator == "is")


def _here(user: Actor, limits: Q, listed: AllOf, currency: str) -> QuerySet[Any]:
    """Keys of those who match what is asked of customers themselves."""
    tagged = [each for each in listed.of if each.field == "tags" and each.operator == "is"]
    if len(tagged) == 1:
        # From the tag to its customers one after another, and no further than needed: as a list of keys, SQLite would
        # first make the whole list. Who has two of several tags counts twice, which does no harm here.
        rest = compiled(AllOf(tuple(each for each in listed.of if each not in tagged)), user=user, currency=currency)
        keys = tag_keys(tagged[0], user=user)
        return _keys(unindexed(limits, _COLUMNS), rest, tagged__tag__in=keys)
    conditions = compiled(listed, user=user, currency=currency)
    in_a_place = any(each.field in _BY_PLACE and _has_index(each) for each in listed.of)
    if not (in_a_place and limits.connector == Q.OR and len(limits.children) == 2):
        return _keys(limits, conditions)
    # One's team's in a place by the place's index, in which teams stand together; then those one looks after for
    # another team, by the owner's. In one query SQLite would go through all who are there.
    own, team = (Q(each) for each in limits.children)
    return _keys(team, conditions).union(_keys(own, ~team, unindexed(conditions, _COLUMNS)), all=True)


def _keys(*conditions: Q, **more: object) -> QuerySet[Any]:
    return Customer.objects.filter(*conditions, **more).order_by().values_list("pk", flat=True)
