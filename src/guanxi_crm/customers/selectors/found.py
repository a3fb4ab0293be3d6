"""Pages of a search that finds very many, the newest first: read as the search index gives them, and no further."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from guanxi_crm.core.keyset import Page, page_of_keys
from guanxi_crm.core.policy import Actor, Scope
from guanxi_crm.customers.models import Customer, ScoreVersion
from guanxi_crm.customers.selectors.conditions import compiled
from guanxi_crm.customers.selectors.keys import these
from guanxi_crm.customers.selectors.list_query import ListQuery
from guanxi_crm.customers.selectors.search import Search

__all__ = ["finds_everybody", "found_page"]


def finds_everybody(*, user: Actor, query: ListQuery) -> bool:
    """Whether all who are found are on the list: nothing else is asked, and the user may see everybody."""
    return user.scope("customer", "view") is Scope.ALL and not query.conditions.of


def found_page(
    *, user: Actor, query: ListQuery, looked_for: Search, version: ScoreVersion | None, size: int,
    cursor: str | None = None, newest: Sequence[int] = (), columns: Collection[str] = (),
) -> Page:  # fmt: skip
    """A page of those who are found, match the rest of what is asked, and whom the user may see.

    One query, or two or three where hardly any of the newest who are found match; one more for the columns of
    everybody.

    Parameters
    ----------
    newest : keys of the newest who are found, if they were asked for already: more than ``size``
    columns : paths from the customer, among them ``pk``: the records are rows of ``values()`` then, else keys

    Raises
    ------
    NotAllowed, RuleBroken : of `compiled`; the cursor is not one of ours.
    """
    everybody = finds_everybody(user=user, query=query)
    records = user.narrow("customer", Customer.objects.all()).filter(
        compiled(query.conditions, user=user, currency=version.currency if version else "")
    )
    # Of those who match other conditions, too, there are hardly enough among them.
    near = () if query.conditions.of else newest
    rows: dict[int, dict[str, Any]] = {}

    def read(beyond: int | None, upwards: bool, limit: int) -> list[int]:
        if everybody:
            return list(newest[:limit]) if newest and beyond is None else looked_for.first(limit, beyond, upwards)
        for row in looked_for.among(records.values(*columns or ("pk",)), limit, beyond, upwards, near):
            rows[row["pk"]] = row
        return list(rows)

    page = page_of_keys(read, size=size, cursor=cursor)
    if not columns:
        return page
    if everybody:
        rows = {row["pk"]: row for row in records.filter(pk__in=these(page.records)).values(*columns)}
    # Who was deleted between two queries is in the index's answer only.
    return replace(page, records=[rows[key] for key in page.records if key in rows])
