"""Which customers belong to which group: the rules, all in one place.

RFM segments are the ten well-known names on the grid of recency and frequency scores; who never bought is
``no_purchase_yet``. The names, definitions and advice are in ``words/segments.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

__all__ = [
    "NO_PURCHASE",
    "RULES",
    "SEGMENTS",
    "VALUE_GROUPS",
    "abc_class",
    "rfm_segment",
    "silent",
    "top_share",
    "value_group",
]

NO_PURCHASE = "no_purchase_yet"
RULES: Mapping[str, tuple[tuple[int, int], tuple[int, int]]] = MappingProxyType({
    # segment: (lowest and highest recency score, lowest and highest frequency score)
    "champions": ((5, 5), (4, 5)),
    "loyal": ((3, 4), (4, 5)),
    "potential_loyal": ((4, 5), (2, 3)),
    "new": ((5, 5), (1, 1)),
    "promising": ((4, 4), (1, 1)),
    "need_attention": ((3, 3), (3, 3)),
    "about_to_sleep": ((3, 3), (1, 2)),
    "at_risk": ((1, 2), (3, 4)),
    "cannot_lose": ((1, 2), (5, 5)),
    "hibernating": ((1, 2), (1, 2)),
})  # fmt: skip
SEGMENTS = (*RULES, NO_PURCHASE)
VALUE_GROUPS = ("high", "potential", "ordinary", "low")

Integers = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def rfm_segment(r: Integers, f: Integers) -> npt.NDArray[np.str_]:
    """The segment of each pair of scores 1 … 5; 0 stands for a customer who never bought.

    >>> rfm_segment(np.array([5, 1, 0]), np.array([5, 5, 0])).tolist()
    ['champions', 'cannot_lose', 'no_purchase_yet']
    """
    grid = np.full((6, 6), NO_PURCHASE, dtype=object)
    for name, ((r_low, r_high), (f_low, f_high)) in RULES.items():
        grid[r_low : r_high + 1, f_low : f_high + 1] = name
    return grid[r, f].astype(str)


def top_share(values: Reals, share: float) -> Flags:
    """The customers whose value fewer than ``share`` of all exceed; equal values are in together.

    >>> top_share(np.array([9.0, 5.0, 5.0, 1.0, 1.0]), 0.4).tolist()
    [True, True, True, False, False]
    """
    if not len(values):
        return np.zeros(0, dtype=bool)
    ordered = np.sort(values)
    higher = len(values) - np.searchsorted(ordered, values, side="right")
    return np.asarray(higher < share * len(values)) & (values > 0)


def value_group(amount: Reals, expected: Reals) -> npt.NDArray[np.str_]:
    """High: top 20 % by amount so far. Potential: not high, top 20 % expected. Low: bottom 50 % in both. Else ordinary.

    Parameters
    ----------
    amount, expected : float64 arrays of shape (customers,), one unit
    """
    high = top_share(amount, 0.2)
    potential = ~high & top_share(expected, 0.2)
    low = ~high & ~potential & _bottom_half(amount) & _bottom_half(expected)
    return np.select([high, potential, low], ["high", "potential", "low"], "ordinary")


def abc_class(amount: Reals) -> npt.NDArray[np.str_]:
    """A: the best customers that together make 80 % of the amount; B: up to 95 %; C: the rest.

    The customer with whom a border is passed belongs above it; equal amounts share a class.

    >>> abc_class(np.array([80.0, 15.0, 4.0, 1.0])).tolist()
    ['A', 'B', 'C', 'C']
    """
    total = amount.sum()
    if total <= 0:
        return np.full(len(amount), "C")
    order = np.argsort(-amount, kind="stable")
    before = np.concatenate(([0.0], np.cumsum(amount[order])[:-1]))
    # Equal amounts take the share before the first of them.
    _, first, place = np.unique(-amount[order], return_index=True, return_inverse=True)
    share = before[first][place] / total
    found = np.empty(len(amount), dtype="<U1")
    found[order] = np.where(share < 0.8 - 1e-12, "A", np.where(share < 0.95 - 1e-12, "B", "C"))
    return np.where(amount > 0, found, "C")


def silent(days_since_last_order: Reals, mean_days_between_orders: Reals) -> Flags:
    """Who has been away for more than three times his own usual gap.

    Of who bought on one day only, nothing is known of his gap: the 90th percentile of the others' is taken for it.

    Parameters
    ----------
    days_since_last_order, mean_days_between_orders : float64 arrays of shape (customers,), NaN where unknown
    """
    own = mean_days_between_orders[~np.isnan(mean_days_between_orders)]
    usual = np.quantile(own, 0.9) if len(own) else np.inf
    limit = np.where(np.isnan(mean_days_between_orders), usual, 3 * mean_days_between_orders)
    return np.greater(
        days_since_last_order, limit, where=~np.isnan(days_since_last_order), out=np.zeros(len(limit), bool)
    )


def _bottom_half(values: Reals) -> Flags:
    if not len(values):
        return np.zeros(0, dtype=bool)
    lower = np.searchsorted(np.sort(values), values, side="left")
    return np.asarray(lower < 0.5 * len(values))
