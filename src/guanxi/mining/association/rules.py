"""Association rules: who buys this also buys that, with every usual measure of how much that means."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy.special import chdtrc

from guanxi.compiled import compiled
from guanxi.errors import SettingError
from guanxi.mining.association import itemset_kernels, rule_kernels
from guanxi.mining.association.itemsets import Itemsets
from guanxi.mining.association.measures import false_discovery_rate, measures

__all__ = ["rules"]

Longs = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]

TESTS = ("fisher", "chi2", "none")


def rules(
    itemsets: Itemsets,
    *,
    min_confidence: float = 0.0,
    max_consequent: int = 1,
    min_lift: float | None = None,
    min_improvement: float | None = None,
    target: Sequence[object] | None = None,
    test: str = "fisher",
) -> pa.Table:
    """Rules *antecedent → consequent* from frequent itemsets.

    For saying what a customer who has this is likely to take as well, and how sure that is. A high confidence alone
    says little (everybody buys milk): look at lift, at ``improvement``, and at ``q``.

    Parameters
    ----------
    itemsets : Itemsets, from `frequent_itemsets`
    min_confidence : float, 0 to 1
    max_consequent : int, most items on the right
    min_lift : float
    min_improvement : float, -1 to 1: leaves out a rule whose confidence is not at least so much above that of every
        rule with fewer items on the left. Above 0 takes redundant rules out.
    target : items; only rules whose consequent holds nothing else
    test : how p is found. "fisher": Fisher's exact test, one-sided (more often together than by chance). "chi2":
        Pearson's χ² without correction, two-sided; for counts that are not small. "none": p and q are null, which
        saves time where there are many millions of candidates.

    Returns
    -------
    table, one row per rule, by descending confidence, then count:
        antecedent, consequent : list of items, key
        count : int64, baskets that hold both sides
        antecedent_count, consequent_count : int64, baskets that hold the side
        support : float64, count as a share of all baskets
        confidence : share of the antecedent's baskets that hold the consequent too
        confidence_low, confidence_high : 95 % interval of it (Wilson)
        lift : confidence over the consequent's own share; 1 for independence
        lift_low, lift_high : 95 % interval of it (delta method on its logarithm)
        leverage : support less what it would be by chance
        conviction : how many times more often the rule would fail by chance; infinite for a confidence of 1
        zhang : -1 to 1, 0 for independence
        cosine, kulczynski : 0 to 1, untouched by baskets that hold neither side
        imbalance : 0 to 1, how different the two sides' supports are
        chi2 : Pearson's statistic of the 2 × 2 table, one degree of freedom
        p : probability of so strong an association by chance, by ``test``
        q : p after Benjamini and Hochberg, over **all** candidates: every rule that the itemsets hold within
            ``max_consequent`` and ``target``, those below the other thresholds included
        improvement : confidence less the highest confidence of a rule to the same consequent from a part of the
            antecedent, none included

    Raises
    ------
    SettingError : the itemsets are not of the kind "all", a share is not within 0 to 1, ``max_consequent`` is below 1,
        there is no such test, or a target is not among the frequent items.

    Notes
    -----
    The support of every part of an itemset is found by links from each itemset to those with one item less: time and
    memory are in proportion to the items in all itemsets together, times the candidates. Improvement by dynamic
    programming over the same links. The correction does not account for the choice of itemsets by support, which looks
    at the same data; for a claim that has to stand, test on baskets held out with `hold_out`.

    References
    ----------
    .. [1] Agrawal, R., Imieliński, T. & Swami, A. (1993), Mining association rules, Proc. ACM SIGMOD, 207-216.
    .. [2] Bayardo, R., Agrawal, R. & Gunopulos, D. (2000), Constraint-based rule mining in large, dense databases,
       Data Mining and Knowledge Discovery 4, 217-240. Improvement.
    .. [3] Benjamini, Y. & Hochberg, Y. (1995), Journal of the Royal Statistical Society B 57(1), 289-300.
    .. [4] Wu, T., Chen, Y. & Han, J. (2010), Data Mining and Knowledge Discovery 21, 371-397. Kulczynski, imbalance.
    .. [5] Zhang, T. (2000), Association rules, Proc. PAKDD, 245-256.

    Examples
    --------
    >>> from guanxi.mining.association import frequent_itemsets
    >>> baskets = {"transaction": [1, 1, 2, 2, 3, 4], "item": ["面包", "牛奶", "面包", "牛奶", "牛奶", "茶"]}
    >>> found = rules(frequent_itemsets(pa.table(baskets), min_support=2), min_confidence=0.9)
    >>> found.select(["antecedent", "consequent", "count", "confidence", "lift"]).to_pylist()
    [{'antecedent': ['面包'], 'consequent': ['牛奶'], 'count': 2, 'confidence': 1.0, 'lift': 1.3333333333333333}]
    """
    if not 0 <= min_confidence <= 1:
        raise SettingError("association.share", name="min_confidence", value=str(min_confidence))
    if max_consequent < 1:
        raise SettingError("errors.at_least", name="max_consequent", least=1, value=max_consequent)
    if test not in TESTS:
        raise SettingError("association.one_of", name="test", value=str(test), choices=list(TESTS))
    if itemsets.kind != "all":
        raise SettingError("association.one_of", name="kind", value=itemsets.kind, choices=["all"])
    wanted = _targets(itemsets, target)
    offsets, without = compiled(itemset_kernels).links(
        itemsets.parent, itemsets.item, itemsets.length, len(itemsets.items)
    )
    longest = int(itemsets.length.max(initial=0))
    sizes = range(1, min(max_consequent, longest - 1) + 1)
    choose = np.array(
        [[math.comb(each, size) for size in range(max_consequent + 1)] for each in range(longest + 1)], np.int64
    )
    weighed = []
    for size in sizes:
        begins = compiled(rule_kernels).count_rules(itemsets.length, size, choose)
        weighed.append(
            compiled(rule_kernels).weigh(
                itemsets.parent,
                itemsets.item,
                itemsets.support,
                itemsets.length,
                offsets,
                without,
                begins,
                itemsets.baskets,
                size,
                choose,
                wanted,
                test != "none",
                float(min_confidence),
                -np.inf if min_lift is None else float(min_lift),
                -np.inf if min_improvement is None else float(min_improvement),
            )
        )
    return _table(itemsets, weighed, test)


def _targets(itemsets: Itemsets, target: Sequence[object] | None) -> npt.NDArray[np.bool_]:
    """Which items, by rank, a consequent may hold."""
    if target is None:
        return np.ones(len(itemsets.items), np.bool_)
    wanted = np.zeros(len(itemsets.items), np.bool_)
    for each in target:
        rank = pc.index(itemsets.items, pa.scalar(each, itemsets.items.type)).as_py()
        if rank < 0:
            raise SettingError("association.not_frequent", item=str(each))
        wanted[rank] = True
    return wanted


def _p_values(both: Longs, left: Longs, right: Longs, baskets: int, test: str) -> Reals:
    if test == "fisher":
        return compiled(rule_kernels).fisher(both, left, right, baskets)
    return np.asarray(chdtrc(1, measures(both, left, right, baskets)["chi2"]))


def _table(itemsets: Itemsets, weighed: list[tuple[npt.NDArray[np.generic], ...]], test: str) -> pa.Table:
    nothing = np.empty(0, np.int64)
    parts = [[each[part] for each in weighed] or [nothing] for part in range(8)]
    whole, left, right, gain, _, *tested = (np.concatenate(part) for part in parts)
    all_both, all_left, all_right = tested
    count = itemsets.support[whole]
    antecedent_count, consequent_count = itemsets.support[left], itemsets.support[right]
    found = measures(count, antecedent_count, consequent_count, itemsets.baskets)
    columns = {
        "antecedent": itemsets.lists(left),
        "consequent": itemsets.lists(right),
        "count": count,
        "antecedent_count": antecedent_count,
        "consequent_count": consequent_count,
        **found,
    }
    if test == "none":
        columns["p"] = columns["q"] = pa.nulls(len(whole), pa.float64())
    else:
        # Each size of consequent numbers its candidates from 0.
        begin = np.cumsum([0, *(len(each[5]) for each in weighed)])
        numbers = [each[4] + start for each, start in zip(weighed, begin, strict=False)] or [nothing]
        number = np.concatenate(numbers)
        p = _p_values(all_both, all_left, all_right, itemsets.baskets, test)
        columns["p"], columns["q"] = p[number], false_discovery_rate(p)[number]
    columns["improvement"] = gain.astype(np.float64)
    order = np.lexsort((right, left, -count, -found["confidence"]))
    return pa.table(columns).take(pa.array(order))
