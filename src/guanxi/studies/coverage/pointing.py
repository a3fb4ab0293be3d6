"""Which rule points from what a customer has to what he lacks, and how often that was right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.mining.association import frequent_itemsets, rules
from guanxi.studies.coverage.holdings import Holdings

__all__ = ["NO_RULES", "Pointed", "Rules", "learn", "named_first", "point"]

_LEAST_COUNT = 10
_LONGEST = 3
_MOST_RULES = 200
"""Per product, the surest."""
_FALSE_DISCOVERY_RATE = 0.05
_BLOCK = 1 << 16
"""Customers who are asked at a time."""

Reals = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rules:
    """What customers who have this also have; ``table`` as of `guanxi.mining.association.rules`, surest first."""

    table: pa.Table

    def towards(self, product: str) -> pa.Table:
        """Those that lead to a product."""
        return self.table.filter(pc.equal(pc.list_element(self.table["consequent"], 0), product)).slice(0, _MOST_RULES)


_SIDE = pa.list_(pa.string())
NO_RULES = Rules(pa.schema([("antecedent", _SIDE), ("consequent", _SIDE), ("confidence", pa.float64())]).empty_table())
"""Of whoever asks them, everybody has the chance of all."""


@dataclass(frozen=True)
class Pointed:
    """Of each customer and product, the surest rule whose left side he has.

    Attributes
    ----------
    rules : that were asked
    asked : their places in ``rules.table``, product by product
    confidence : likewise
    base : by product, the share of all customers who have it
    rule : per customer and product, which of those asked points there; -1 where none does
    """

    rules: Rules
    asked: Places
    confidence: Reals
    base: Reals
    rule: npt.NDArray[np.int16]

    def chance(self, customers: Places | slice, product: int) -> Reals:
        """The confidence of the rule that points some customers to a product, or the product's share of all."""
        # Where no rule points there, −1 takes the last.
        return np.append(self.confidence, self.base[product])[self.rule[customers, product]]

    def likeliest_first(self, customers: Places, product: int) -> Places:
        """Some customers by descending chance of a product; equals in the order given."""
        # Ranks of so few values are sorted in no time, and need a quarter of the memory.
        _, rank = np.unique(-np.append(self.confidence, self.base[product]), return_inverse=True)
        return customers[np.argsort(rank.astype(np.int16)[self.rule[customers, product]], kind="stable")]

    def antecedent(self, customer: int, product: int) -> list[str] | None:
        """What speaks for it; None where no rule does."""
        number = self.rule[customer, product]
        return None if number < 0 else self.rules.table["antecedent"][int(self.asked[number])].as_py()


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
    O(products × rules per product × customers), a bit each; two bytes a customer and product.
    """
    held = holdings.held
    base = held.mean(axis=0) if len(held) else np.zeros(held.shape[1])
    rule = np.full(held.shape, -1, np.int16, order="F")
    column = {product: place for place, product in enumerate(holdings.products)}
    numbers = Rules(rules.table.append_column("number", pa.array(np.arange(rules.table.num_rows))))
    asked: list[int] = []
    confidence: list[float] = []
    for product, place in column.items():
        pointing = rule[:, place]
        for row in numbers.towards(product).select(["antecedent", "confidence", "number"]).to_pylist():
            open_yet = pointing < 0
            for each in row["antecedent"]:
                open_yet &= held[:, column[each]]
            pointing[open_yet] = len(asked)
            asked.append(row["number"])
            confidence.append(row["confidence"])
    return Pointed(rules, np.array(asked, np.int64), np.array(confidence), base, rule)


def named_first(pointed: Pointed, holdings: Holdings) -> Places:
    """The product that each customer lacks and would be offered first; -1 for who has all."""
    best = np.full(len(holdings.held), -1)
    for first in range(0, len(best), _BLOCK):
        rows = slice(first, first + _BLOCK)
        held = holdings.held[rows]
        chances = [pointed.chance(rows, product) for product in range(held.shape[1])]
        if chances:
            best[rows] = np.where(held.all(axis=1), -1, np.where(held, -1.0, np.column_stack(chances)).argmax(axis=1))
    return best
