"""What differs between two periods or two groups of customers: contrast sets."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pyarrow as pa

from guanxi.compiled import compiled
from guanxi.errors import SettingError
from guanxi.mining.association import rule_kernels
from guanxi.mining.association.frequent import frequent_itemsets
from guanxi.mining.association.holders import HeldSets
from guanxi.mining.association.measures import false_discovery_rate

__all__ = ["contrast_sets"]


def contrast_sets(
    first: pa.Table,
    second: pa.Table,
    *,
    min_support: float,
    max_length: int = 3,
    min_difference: float = 0.0,
    max_q: float = 1.0,
    min_gain: float | None = None,
    max_sets: int = 200_000,
) -> pa.Table:
    """Sets of items that are more common in one of two groups of baskets than in the other.

    For what is new since last year, or what sets one shop's customers apart from another's. The groups are two tables,
    which may be two periods of one company.

    Parameters
    ----------
    first, second : tables, any number of rows per basket: transaction, item as of `frequent_itemsets`
    min_support : float above 0 and up to 1: a set is looked at if it is as common as that in either group
    max_length : int, the most items in a set
    min_difference : float, 0 to 1: leaves out sets whose supports differ less
    max_q : float, 0 to 1: leaves out sets whose q is above
    min_gain : float: leaves out a set whose difference is not at least so much larger than that of each of its parts.
        Above 0 takes out what shorter sets tell already.
    max_sets : int, the most sets looked at per group, as of `frequent_itemsets`

    Returns
    -------
    table, one row per set, the largest difference first, shorter sets first among equals:
        items : list, key
        first_count, second_count : int64, baskets
        first_support, second_support : float64, shares of each group's baskets
        difference : second less first, -1 to 1
        growth : second over first; infinite where the first has none
        gain : absolute difference less the largest among the set's parts (0 for one without any)
        p : probability of so large a difference by chance: Fisher's exact test, two-sided (twice the smaller tail)
        q : p after Benjamini and Hochberg, over **all** sets looked at, those left out included

    Raises
    ------
    SchemaError : a column is missing.
    DataError : there are no baskets in a group, or a transaction is null.
    SettingError : a share is not within 0 to 1, or ``max_length`` is below 1.

    Notes
    -----
    Contrast sets of [1]_ with a false discovery rate in place of their layered Bonferroni bounds; ``growth`` is that of
    emerging patterns [2]_. A set that is frequent in one group only is counted in the other by the lists of baskets of
    its items. Baskets of one customer are not independent of each other: for a claim about customers give one row per
    customer and item.

    References
    ----------
    .. [1] Bay, S. D. & Pazzani, M. J. (2001), Detecting group differences: mining contrast sets, Data Mining and
       Knowledge Discovery 5, 213-246.
    .. [2] Dong, G. & Li, J. (1999), Efficient mining of emerging patterns, Proc. ACM SIGKDD, 43-52.

    Examples
    --------
    >>> last_year = pa.table({"transaction": [1, 2, 3, 4], "item": ["tea", "tea", "tea", "ink"]})
    >>> this_year = pa.table({"transaction": [1, 2, 3, 4], "item": ["tea", "cup", "cup", "ink"]})
    >>> found = contrast_sets(last_year, this_year, min_support=0.5, min_difference=0.1)
    >>> found.select(["items", "first_count", "second_count", "difference"]).to_pylist()
    [{'items': ['cup'], 'first_count': 0, 'second_count': 2, 'difference': 0.5},
     {'items': ['tea'], 'first_count': 3, 'second_count': 1, 'difference': -0.5}]
    """
    for name, share in (("min_difference", min_difference), ("max_q", max_q)):
        if not 0 <= share <= 1:
            raise SettingError("association.share", name=name, value=str(share))
    groups = [
        frequent_itemsets(group, min_support=min_support, max_length=max_length, max_sets=max_sets)
        for group in (first, second)
    ]
    kind = next((found.items.type for found in groups if not pa.types.is_null(found.items.type)), pa.null())
    sets = sorted(
        {tuple(each) for found in groups for each in found.lists(found.numbers).to_pylist()},
        key=lambda each: (len(each), list(map(str, each))),
    )
    lists = pa.array([list(each) for each in sets], pa.list_(kind))
    counts = [HeldSets(group).counts(lists) for group in (first, second)]
    sizes = [found.baskets for found in groups]
    shares = [count / size for count, size in zip(counts, sizes, strict=True)]
    difference = shares[1] - shares[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = shares[1] / shares[0]
    gain = _gain(sets, np.abs(difference))
    total = counts[0] + counts[1]
    fisher = compiled(rule_kernels).fisher
    tails = [
        fisher(count, np.full(len(sets), size), total, sum(sizes)) for count, size in zip(counts, sizes, strict=True)
    ]
    p = np.minimum(1.0, 2 * np.minimum(*tails))
    q = false_discovery_rate(p)
    kept = (np.abs(difference) >= min_difference) & (q <= max_q)
    if min_gain is not None:
        kept &= gain >= min_gain
    order = np.lexsort((np.arange(len(sets)), -np.abs(difference)))
    return pa.table(
        {
            "items": lists,
            "first_count": counts[0],
            "second_count": counts[1],
            "first_support": shares[0],
            "second_support": shares[1],
            "difference": difference,
            "growth": growth,
            "gain": gain,
            "p": p,
            "q": q,
        }
    ).take(pa.array(order[kept[order]]))


def _gain(sets: list[tuple], difference: np.ndarray) -> np.ndarray:
    """How much larger each difference is than the largest among the set's parts; sets in order of length."""
    largest: dict[tuple, float] = {(): 0.0}
    gain = np.empty(len(sets))
    for number, items in enumerate(sets):
        parts = max((largest.get(part, 0.0) for part in combinations(items, len(items) - 1)), default=0.0)
        gain[number] = difference[number] - parts
        largest[items] = max(difference[number], parts)
    return gain
