"""Who has what, and in which groups he is."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.studies.base import scores_said, study_query
from guanxi.warehouse import Session

__all__ = ["MOST_PRODUCTS", "PERIOD_DAYS", "Group", "Holdings", "groups_of", "read_holdings"]

PERIOD_DAYS = 365
"""Who bought a product within so many days has it."""
MOST_PRODUCTS = 30
_LEAST_HOLDERS = 30
_LEAST_MEMBERS = 50

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Holdings:
    """Customers who bought anything in a period.

    Attributes
    ----------
    level : "category", or "product" where no category is known
    customers : array of their ids, in order
    products : the categories or products with most holders, most first
    held : per customer and product, whether he has it
    """

    level: str
    customers: pa.Array
    products: list[str]
    held: Mask

    def as_baskets(self) -> pa.Table:
        """Customers as transactions, what they have as items."""
        customer, product = np.nonzero(self.held)
        return pa.table({"transaction": customer, "item": pa.array(self.products, pa.string()).take(pa.array(product))})


@dataclass(frozen=True)
class Group:
    """A kind of customers: ``kind`` is "holds" (have a product), "amount" (by the score m) or "level"."""

    kind: str
    name: str
    members: Mask


def read_holdings(
    session: Session, *, until: dt.date, days: int = PERIOD_DAYS, like: Holdings | None = None
) -> Holdings:
    """What customers bought in so many days before a date; with ``like``, of the same products."""
    since = until - dt.timedelta(days=days)
    parameters = {"since": since, "until": until}
    query = study_query("coverage_holdings")
    levels = [like.level] if like is not None else ["category", "product"]
    for level in levels:
        table = session.run(query, {**parameters, "level": level})
        products = like.products if like is not None else _most_held(table)
        if products or level == levels[-1]:
            break
    people = table["customer_id"].combine_chunks().dictionary_encode()
    place = pc.index_in(table["product"], pa.array(products, pa.string()))
    there = place.is_valid().to_numpy()
    held = np.zeros((len(people.dictionary), len(products)), np.bool_)
    held[people.indices.to_numpy()[there], place.drop_null().to_numpy()] = True
    return Holdings(level, people.dictionary, products, held)


def _most_held(table: pa.Table) -> list[str]:
    counts = table.group_by("product").aggregate([([], "count_all")])
    ordered = counts.sort_by([("count_all", "descending"), ("product", "ascending")]).slice(0, MOST_PRODUCTS)
    return [row["product"] for row in ordered.to_pylist() if row["count_all"] >= _LEAST_HOLDERS]


def groups_of(session: Session, holdings: Holdings) -> list[Group]:
    """The groups of these customers with at least 50 members."""
    found = [Group("holds", product, holdings.held[:, place].copy()) for place, product in enumerate(holdings.products)]
    scores = scores_said(session, study="segments", score="m")
    found += _by_value("amount", scores["customer_id"], scores["value"].cast(pa.int64()).cast(pa.string()), holdings)
    levels = session.run(study_query("customer_levels"))
    found += _by_value("level", levels["customer_id"], levels["level"], holdings)
    return [group for group in found if group.members.sum() >= _LEAST_MEMBERS]


def _by_value(kind: str, customers: pa.ChunkedArray, values: pa.ChunkedArray, holdings: Holdings) -> list[Group]:
    mine = values.take(pc.index_in(holdings.customers, customers))
    return [
        Group(kind, name, pc.fill_null(pc.equal(mine, name), False).to_numpy())
        for name in sorted(pc.unique(mine).drop_null().to_pylist(), reverse=kind == "amount")
    ]
