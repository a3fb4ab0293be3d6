"""Finding customers by name, number, telephone number or mail address."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from guanxi_crm.core.policy import Actor, Scope
from guanxi_crm.customers.fulltext import engine
from guanxi_crm.customers.fulltext.text import COLUMNS, Term, terms
from guanxi_crm.customers.models import Customer

__all__ = ["Search", "customer_search", "search_for"]


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
        return engine().first(self.terms, self.columns, limit, beyond, upwards) if self.is_possible else []

    def matching(self) -> RawSQL:
        """Keys of all who match, as a subquery."""
        return engine().matching(self.terms, self.columns)


def search_for(*, user: Actor, text: str) -> Search:
    """What a text looks for, as this user."""
    return Search(terms(text), tuple(name for name in COLUMNS if user.may_read("customer", name)))


def customer_search(*, user: Actor, text: str, limit: int = 10) -> list[Customer]:
    """Customers by name, number, telephone number or mail address, the newest first; for the command bar.

    Chinese names by any of their characters in their order, Latin words and numbers by how they begin, telephone
    numbers by their beginning or their last four digits. Only columns that the user may see are searched, only
    customers that he may see are found. Nothing is ranked: a common surname costs no more than a rare one. Two queries.
    """
    user.require("customer", "view")
    looked_for = search_for(user=user, text=text)
    if not looked_for.is_possible:
        return []
    mine: QuerySet[Customer] = user.narrow("customer", Customer.objects.all())
    if user.scope("customer", "view") is Scope.ALL:
        mine = mine.filter(pk__in=looked_for.first(limit))
    else:
        mine = mine.filter(pk__in=looked_for.matching())
    return list(mine.order_by("-pk")[:limit])
