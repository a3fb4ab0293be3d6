"""How strong and how certain a rule is, from four counts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["false_discovery_rate", "holm", "lift_interval", "measures", "wilson"]

Longs = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]

_TWO_SIDED_95 = 1.959963984540054


def measures(count: Longs, antecedent_count: Longs, consequent_count: Longs, baskets: int) -> dict[str, Reals]:
    """The measures of `rules` that need only the counts of both sides, of each side, and of all baskets.

    Where a measure is 0/0, because a side is in every basket, it has the value of independence.
    """
    share = count / baskets
    left, right = antecedent_count / baskets, consequent_count / baskets
    confidence = count / antecedent_count
    low, high = wilson(count, antecedent_count)
    lift_low, lift_high = lift_interval(share, left, right, baskets)
    # Differences of whole numbers first: where they are 0, they are exactly 0.
    excess = count.astype(np.float64) * baskets - antecedent_count.astype(np.float64) * consequent_count
    misses = antecedent_count - count
    by_chance = antecedent_count.astype(np.float64) * (baskets - consequent_count)
    with np.errstate(divide="ignore", invalid="ignore"):
        conviction = np.where(by_chance == 0, 1.0, by_chance / (baskets * misses.astype(np.float64)))
        either = np.maximum(
            count.astype(np.float64) * (baskets - antecedent_count),
            antecedent_count.astype(np.float64) * (consequent_count - count),
        )
        zhang = np.where(excess == 0, 0.0, excess / either)
        spread = by_chance * consequent_count * (baskets - antecedent_count)
        chi2 = np.where(spread == 0, 0.0, baskets * excess**2 / spread)
    return {
        "support": share,
        "confidence": confidence,
        "confidence_low": low,
        "confidence_high": high,
        "lift": confidence / right,
        "lift_low": lift_low,
        "lift_high": lift_high,
        "leverage": excess / float(baskets) ** 2,
        "conviction": conviction,
        "zhang": zhang,
        "cosine": share / np.sqrt(left * right),
        "kulczynski": (confidence + count / consequent_count) / 2,
        "imbalance": np.abs(antecedent_count - consequent_count) / (antecedent_count + consequent_count - count),
        "chi2": chi2,
    }


def wilson(count: Longs, of: Longs) -> tuple[Reals, Reals]:
    """95 % interval of a share (Wilson 1927, Journal of the American Statistical Association 22, 209-212)."""
    square = _TWO_SIDED_95**2
    share = count / of
    middle = share + square / (2 * of)
    half = _TWO_SIDED_95 * np.sqrt(share * (1 - share) / of + square / (4 * of.astype(np.float64) ** 2))
    scale = 1 + square / of
    return np.maximum(0.0, (middle - half) / scale), np.minimum(1.0, (middle + half) / scale)


def lift_interval(both: Reals, left: Reals, right: Reals, baskets: int) -> tuple[Reals, Reals]:
    """95 % interval of a lift from the shares of both sides and of each: normal on the scale of its logarithm.

    The four counts of the 2 × 2 table are multinomial; the delta method gives the variance of ln lift as
    (1/both - 1/left - 1/right + 2 lift - 1) / baskets. For independent sides it is that of their two odds multiplied.
    """
    lift = both / (left * right)
    # Where a side is in every basket the lift is 1 and known; rounding may leave less than nothing.
    variance = np.maximum(0.0, 1 / both - 1 / left - 1 / right + 2 * lift - 1) / baskets
    factor = np.exp(_TWO_SIDED_95 * np.sqrt(variance))
    return lift / factor, lift * factor


def holm(p: Reals) -> Reals:
    """p values adjusted so that the chance of even one false discovery among all is held: Holm (1979). O(n log n).

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03, 0.5])).round(4).tolist()
    [0.04, 0.09, 0.09, 0.5]
    """
    order = np.argsort(p, kind="stable")
    scaled = np.minimum(1.0, p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.maximum.accumulate(scaled)
    return adjusted


def false_discovery_rate(p: Reals) -> Reals:
    """q values: the least false discovery rate at which each test is still among the discoveries.

    The step-up procedure of Benjamini & Hochberg (1995), for all tests that were made. O(n log n).

    Examples
    --------
    >>> false_discovery_rate(np.array([0.01, 0.04, 0.03, 0.5])).round(4).tolist()
    [0.04, 0.0533, 0.0533, 0.5]
    """
    order = np.argsort(p, kind="stable")
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    q = np.empty_like(p)
    q[order] = np.minimum(1.0, np.minimum.accumulate(scaled[::-1])[::-1])
    return q
