"""Rules that chance does not explain, and that say more than simpler ones."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy.special import betainc

from guanxi.mining.association import frequent_itemsets, rules
from guanxi.mining.association.measures import false_discovery_rate

__all__ = ["FALSE_DISCOVERY_RATE", "LEAST_BASKETS", "MOST_RULES", "Learned", "learn", "least_count"]

LEAST_BASKETS = 10
"""What is in fewer baskets together is an anecdote."""
_ONE_IN = 2000
_MOST_SETS = 100_000
_LONGEST = 3
"""Products in a rule: what has more on the left, nobody acts on."""
FALSE_DISCOVERY_RATE = 0.05
MOST_RULES = 10_000

_KEPT = (
    "antecedent", "consequent", "count", "antecedent_count", "consequent_count", "support", "confidence",
    "confidence_low", "confidence_high", "lift", "leverage", "conviction", "p", "q", "improvement",
)  # fmt: skip
RULES = pa.schema(
    [
        ("antecedent", pa.list_(pa.string())),
        ("consequent", pa.list_(pa.string())),
        *((name, pa.int64()) for name in _KEPT[2:5]),
        *((name, pa.float64()) for name in _KEPT[5:]),
    ]
)
"""One rule, by descending lower bound of its lift; key antecedent, consequent. Columns as in
`guanxi.mining.association.rules`."""
ITEMSETS = pa.schema(
    [("items", pa.list_(pa.string())), ("length", pa.int64()), ("count", pa.int64()), ("support", pa.float64())]
)


@dataclass(frozen=True)
class Learned:
    """What goes together in some baskets.

    Attributes
    ----------
    itemsets : one set of products bought together: items, length, count, support
    pairs : the rules from one product to one other that chance does not explain, all of them
    rules : the strongest `MOST_RULES` rules
    found : how many rules there are, those left out included
    tested : how many were tested
    baskets : of which they were learned
    least : every set in so many baskets was looked at
    """

    itemsets: pa.Table
    pairs: pa.Table
    rules: pa.Table
    found: int
    tested: int
    baskets: int
    least: int

    def single(self) -> pa.Table:
        """The sets of one product: how many baskets hold each."""
        return self.itemsets.filter(pc.equal(self.itemsets["length"], 1))


def least_count(baskets: int) -> int:
    """In how many baskets products have to be together to be looked at: 10, and one basket in 2,000.

    >>> least_count(500), least_count(1_000_000)
    (10, 500)
    """
    return max(LEAST_BASKETS, math.ceil(baskets / _ONE_IN))


def learn(baskets: pa.Table) -> Learned:
    """Mine baskets, test every rule, and keep those that are true beyond chance and not redundant.

    Parameters
    ----------
    baskets : table, transaction and item

    Notes
    -----
    Kept is a rule with q ≤ 0.05 (Benjamini and Hochberg over all that were tested) and lift above 1. One with several
    products on the left has to be productive [1]_ beside: so high a confidence would be a rare accident (exact binomial
    test, q ≤ 0.05 among all such rules) if it were in truth only that of the best rule from a part of its left side.

    References
    ----------
    .. [1] Webb, G. I. (2007), Discovering significant patterns, Machine Learning 68(1), 1-33.
    """
    if not baskets.num_rows:
        return Learned(ITEMSETS.empty_table(), RULES.empty_table(), RULES.empty_table(), 0, 0, 0, LEAST_BASKETS)
    count = len(pc.unique(baskets["transaction"]))
    least = least_count(count)
    found = frequent_itemsets(baskets, min_support=least, max_length=_LONGEST, max_sets=_MOST_SETS)
    for message in found.messages:
        # The cap has cut: down to which support all sets are there.
        least = max(least, int(str(message.parameters["complete"])))
    tested = rules(found, test="fisher").select(_KEPT).cast(RULES)
    true = tested.filter(pc.and_(pc.less_equal(tested["q"], FALSE_DISCOVERY_RATE), pc.greater(tested["lift"], 1.0)))
    single = pc.equal(pc.list_value_length(true["antecedent"]), 1).to_numpy(zero_copy_only=False)
    productive = true.filter(pa.array(single | _productive(true, ~single)))
    ordered = productive.take(pa.array(_by_lift_low(productive)))
    return Learned(
        itemsets=found.to_table().cast(ITEMSETS),
        pairs=true.filter(pa.array(single)).combine_chunks(),
        rules=ordered.slice(0, MOST_RULES).combine_chunks(),
        found=productive.num_rows,
        tested=tested.num_rows,
        baskets=count,
        least=least,
    )


def _productive(rules: pa.Table, asked: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Which of the rules asked about are surer than each simpler one, beyond chance."""
    found = np.zeros(rules.num_rows, np.bool_)
    several = rules.filter(pa.array(asked))
    simpler = several["confidence"].to_numpy() - several["improvement"].to_numpy()
    trials, count = several["antecedent_count"].to_numpy(), several["count"].to_numpy()
    # That at least so many of the trials succeed, by the binomial law.
    p = betainc(count, trials - count + 1, np.clip(simpler, 0.0, 1.0))
    found[asked] = false_discovery_rate(p) <= FALSE_DISCOVERY_RATE
    return found


def lift_low(rules: pa.Table) -> np.ndarray:
    """The lower bound of each rule's lift: of its confidence, over the share of all baskets with the right side."""
    return rules["confidence_low"].to_numpy() * rules["lift"].to_numpy() / rules["confidence"].to_numpy()


def _by_lift_low(rules: pa.Table) -> np.ndarray:
    """Strongest first: what is certain counts, so that a rare rule needs more; equals stay in the order of `rules`."""
    return np.lexsort((np.arange(rules.num_rows), -rules["count"].to_numpy(), -lift_low(rules)))
