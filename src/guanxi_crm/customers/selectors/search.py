"""Finding customers by name, number, telephone number or mail address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from guanxi_crm.core.policy import Actor, Scope
from guanxi_crm.customers import fulltext
from guanxi_crm.customers.fulltext.text import COLUMNS, Term, terms
from guanxi_crm.customers.models import Customer
from guanxi_crm.customers.selectors.keys import these

__all__ = ["NEAR", "Search", "customer_search", "search_for"]

NEAR = 4000
"""So many of the newest who are found are looked through before all are listed: enough where one in eighty is meant."""


@dataclass(frozen=True)
class Search:
    """What is looked for, in the columns that the user may see."""

    terms: tuple[Term, ...]
    columns: tuple[str, ...]

    @property
    def is_possible(self) -> bool:
        """False where nothing readable is looked for: then nobody is found."""
        return bool(self.terms) and all(set(term.columns) & set(self.columns) for term in self.terms)

    def first(self, limit: int, beyond: int | None = None, upwards: bool = False) -> list[int]:
        """Keys of the newest customers who match, of whomever; ``beyond`` one, or upwards from it."""
        if not self.is_possible:
            return []
        return fulltext.first(self.terms, self.columns, limit, beyond=beyond, upwards=upwards)

    def count(self, limit: int) -> int:
        """How many match, of whomever, at most ``limit`` + 1."""
        return fulltext.count(self.terms, self.columns, limit + 1) if self.is_possible else 0

    def among(
        self, records: QuerySet[Any], limit: int, beyond: int | None = None, upwards: bool = False,
        newest: Sequence[int] = (),
    ) -> list[Any]:  # fmt: skip
        """As `first`, those of some records, which may be rows of ``values()``. One query, or two or three where hardly
        any of the newest are among them.

        Parameters
        ----------
        newest : what `first` has given without ``beyond``, to be looked through before anything else is asked
        """
        if not self.is_possible:
            return []
        ordered = records.order_by("pk" if upwards else "-pk")
        if newest and beyond is None:
            near = list(ordered.filter(pk__in=these(newest))[:limit])
            if len(near) == limit:
                return near
        near = list(ordered.filter(pk__in=self.matching(NEAR, beyond, upwards))[:limit])
        if len(near) == limit:
            return near
        if beyond is not None:
            ordered = ordered.filter(**{"pk__gt" if upwards else "pk__lt": beyond})
        return list(ordered.filter(pk__in=self.matching())[:limit])

    def matching(self, most: int | None = None, beyond: int | None = None, upwards: bool = False) -> RawSQL:
        """Keys of all who match as a subquery, or of those whom `first` would give."""
        return fulltext.matching(self.terms, self.columns, most=most, beyond=beyond, upwards=upwards)


def search_for(*, user: Actor, text: str) -> Search:
    """What a text looks for, as this user."""
    return Search(terms(text), tuple(name for name in COLUMNS if user.may_read("customer", name)))


def customer_search(*, user: Actor, text: str, limit: int = 10) -> list[Customer]:
    """Customers by name, number, telephone number or mail address, the newest first; for the command bar.

    Chinese names by any of their characters in their order, Latin words and numbers by how they begin, telephone
    numbers by their beginning or their last four digits. Only columns that the user may see are searched, only
    customers that he may see are found. Nothing is ranked: a common surname costs no more than a rare one. Two
    queries at most.
    """
    user.require("customer", "view")
    looked_for = search_for(user=user, text=text)
    if not looked_for.is_possible:
        return []
    mine: QuerySet[Customer] = user.narrow("customer", Customer.objects.all())
    if user.scope("customer", "view") is not Scope.ALL:
        return looked_for.among(mine, limit)
    return list(mine.filter(pk__in=these(looked_for.first(limit))).order_by("-pk"))
