"""Pages of a search that finds very many, the newest first: read as the search index gives them, and no further."""

from __future__ import annotations

from collections.abc import Sequence

from guanxi_crm.core.keyset import Page, page_of_keys
from guanxi_crm.core.policy import Actor, Scope
from guanxi_crm.customers.models import Customer, ScoreVersion
from guanxi_crm.customers.selectors.conditions import compiled
from guanxi_crm.customers.selectors.list_query import ListQuery
from guanxi_crm.customers.selectors.search import Search

__all__ = ["finds_everybody", "found_page"]


def finds_everybody(*, user: Actor, query: ListQuery) -> bool:
    """Whether all who are found are on the list: nothing else is asked, and the user may see everybody."""
    return user.scope("customer", "view") is Scope.ALL and not query.conditions.of


def found_page(
    *, user: Actor, query: ListQuery, looked_for: Search, version: ScoreVersion | None, size: int,
    cursor: str | None = None, newest: Sequence[int] = (),
) -> Page:  # fmt: skip
    """A page of the keys of those who are found, match the rest of what is asked, and whom the user may see.

    One query, or two where hardly any of the newest who are found match.

    Parameters
    ----------
    newest : keys of the newest who are found, if they were asked for already: more than ``size``

    Raises
    ------
    NotAllowed, RuleBroken : of `compiled`; the cursor is not one of ours.
    """
    everybody = finds_everybody(user=user, query=query)
    records = user.narrow("customer", Customer.objects.all()).filter(
        compiled(query.conditions, user=user, currency=version.currency if version else "")
    )

    def read(beyond: int | None, upwards: bool, limit: int) -> list[int]:
        if everybody:
            return list(newest[:limit]) if newest and beyond is None else looked_for.first(limit, beyond, upwards)
        return looked_for.among(records, limit, beyond, upwards)

    return page_of_keys(read, size=size, cursor=cursor)
