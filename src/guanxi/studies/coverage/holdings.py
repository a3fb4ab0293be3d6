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
from guanxi.warehouse.paged import slices

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
    held : per customer and product, whether he has it; a product's column lies in one piece
    """

    level: str
    customers: pa.Array
    products: list[str]
    held: Mask

    def as_baskets(self) -> pa.Table:
        """Customers as transactions, what they have as items, product by product."""
        holders = [np.flatnonzero(self.held[:, place]).astype(np.int32) for place in range(len(self.products))]
        codes = np.repeat(np.arange(len(holders), dtype=np.int32), [len(each) for each in holders])
        items = pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(self.products, pa.string()))
        return pa.table({"transaction": np.concatenate([*holders, np.empty(0, np.int32)]), "item": items})


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
    customers, held = _by_customer(table, products)
    return Holdings(level, customers, products, held)


def _by_customer(table: pa.Table, products: list[str]) -> tuple[pa.Array, Mask]:
    """The customers of a table whose rows stand by customer, and which of some products each has."""
    customers: list[pa.Array] = []
    parts: list[Mask] = []
    for rows in slices(table):
        ids = rows["customer_id"].combine_chunks()
        begins = np.ones(len(ids), np.bool_)
        begins[1:] = pc.not_equal(ids.slice(1), ids.slice(0, max(len(ids) - 1, 0))).to_numpy(zero_copy_only=False)
        place = pc.index_in(rows["product"], pa.array(products, pa.string()))
        there = place.is_valid().to_numpy()
        has = np.zeros((np.count_nonzero(begins), len(products)), np.bool_)
        has[(np.cumsum(begins) - 1)[there], place.drop_null().to_numpy()] = True
        names = ids.filter(pa.array(begins))
        if customers and len(names) and names[0] == customers[-1][-1]:
            # His rows began in the part before.
            parts[-1][-1] |= has[0]
            has, names = has[1:], names.slice(1)
        if len(names) or not customers:
            customers.append(names)
            parts.append(has)
    held = np.empty((sum(map(len, parts)), len(products)), np.bool_, order="F")
    return pa.concat_arrays(customers), np.concatenate(parts, out=held)


def _most_held(table: pa.Table) -> list[str]:
    counts = table.group_by("product").aggregate([([], "count_all")])
    ordered = counts.sort_by([("count_all", "descending"), ("product", "ascending")]).slice(0, MOST_PRODUCTS)
    return [row["product"] for row in ordered.to_pylist() if row["count_all"] >= _LEAST_HOLDERS]


def groups_of(session: Session, holdings: Holdings) -> list[Group]:
    """The groups of these customers with at least 50 members."""
    found = [Group("holds", product, holdings.held[:, place]) for place, product in enumerate(holdings.products)]
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
