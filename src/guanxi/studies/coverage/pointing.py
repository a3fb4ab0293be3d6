"""Which rule points from what a customer has to what he lacks, and how often that was right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.mining.association import frequent_itemsets, rules
from guanxi.studies.coverage.holdings import Holdings

__all__ = ["Pointed", "Rules", "learn", "named_first", "point"]

_LEAST_COUNT = 10
_LONGEST = 3
_MOST_RULES = 200
"""Per product, the surest."""
_FALSE_DISCOVERY_RATE = 0.05

Reals = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rules:
    """What customers who have this also have; ``table`` as of `guanxi.mining.association.rules`, surest first."""

    table: pa.Table

    def towards(self, product: str) -> pa.Table:
        """Those that lead to a product."""
        return self.table.filter(pc.equal(pc.list_element(self.table["consequent"], 0), product)).slice(0, _MOST_RULES)


@dataclass(frozen=True)
class Pointed:
    """Of each customer and product: the confidence of the surest rule whose left side he has, and its place.

    ``rule`` is the place in ``rules.table``, -1 where no rule points there; ``chance`` is then the share of all
    customers who have the product.
    """

    rules: Rules
    chance: Reals
    rule: Places

    def antecedent(self, customer: int, product: int) -> list[str] | None:
        """What speaks for it; None where no rule does."""
        place = self.rule[customer, product]
        return None if place < 0 else self.rules.table["antecedent"][int(place)].as_py()


def learn(holdings: Holdings) -> Rules:
    """Rules between what customers have: beyond chance (q ≤ 0.05 over all tested), by descending confidence."""
    baskets = holdings.as_baskets()
    if not baskets.num_rows:
        baskets = pa.table({"transaction": pa.array([0], pa.int64()), "item": pa.array([None], pa.string())})
    found = rules(frequent_itemsets(baskets, min_support=_LEAST_COUNT, max_length=_LONGEST, max_sets=100_000))
    kept = pc.and_(pc.less_equal(found["q"], _FALSE_DISCOVERY_RATE), pc.greater(found["lift"], 1.0))
    return Rules(found.filter(kept).combine_chunks())


def point(rules: Rules, holdings: Holdings) -> Pointed:
    """Ask the rules of every customer.

    Notes
    -----
    O(products × rules per product × customers), a bit each.
    """
    shape = holdings.held.shape
    base = holdings.held.mean(axis=0) if shape[0] else np.zeros(shape[1])
    chance = np.broadcast_to(base, shape).copy()
    rule = np.full(shape, -1, np.int64)
    column = {product: place for place, product in enumerate(holdings.products)}
    numbers = rules.table.append_column("number", pa.array(np.arange(rules.table.num_rows)))
    for product, place in column.items():
        for row in Rules(numbers).towards(product).select(["antecedent", "confidence", "number"]).to_pylist():
            having = holdings.held[:, [column[each] for each in row["antecedent"]]].all(axis=1)
            new = having & (rule[:, place] < 0)
            rule[new, place] = row["number"]
            chance[new, place] = row["confidence"]
    return Pointed(rules, chance, rule)


def named_first(chance: Reals, holdings: Holdings) -> Places:
    """The product that each customer lacks and would be offered first, by the chance given; -1 for who has all."""
    lacking = np.where(holdings.held, -1.0, chance)
    best = lacking.argmax(axis=1) if lacking.shape[1] else np.full(len(lacking), -1)
    best[holdings.held.all(axis=1)] = -1
    return best.astype(np.int64)
