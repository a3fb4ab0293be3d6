"""Finding customers by name, number, telephone number or mail address."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from guanxi_crm.core.policy import Actor, Scope
from guanxi_crm.customers import fulltext
from guanxi_crm.customers.fulltext.text import COLUMNS, Term, terms
from guanxi_crm.customers.models import Customer

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

    def among(
        self, records: QuerySet[Customer], limit: int, beyond: int | None = None, upwards: bool = False
    ) -> list[int]:
        """As `first`, of those among some records. One query, or two where hardly any of the newest are among them."""
        if not self.is_possible:
            return []
        ordered = records.order_by("pk" if upwards else "-pk").values_list("pk", flat=True)
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
    customers that he may see are found. Nothing is ranked: a common surname costs no more than a rare one. Three
    queries at most.
    """
    user.require("customer", "view")
    looked_for = search_for(user=user, text=text)
    if not looked_for.is_possible:
        return []
    mine: QuerySet[Customer] = user.narrow("customer", Customer.objects.all())
    everybody = user.scope("customer", "view") is Scope.ALL
    found = looked_for.first(limit) if everybody else looked_for.among(mine, limit)
    return list(mine.filter(pk__in=found).order_by("-pk"))
