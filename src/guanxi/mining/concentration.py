"""How unevenly money is spread over customers: the Gini coefficient with its interval, and the share of the best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from guanxi.errors import DataError

__all__ = ["Gini", "fewest_for_share", "gini", "share_of_best"]

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Gini:
    """The Gini coefficient and between which it lies with ``confidence``: 0 if all are alike, 1 if one has it all."""

    value: float
    low: float
    high: float
    customers: int
    confidence: float


def gini(amounts: Values, *, confidence: float = 0.95) -> Gini:
    """Half of the mean difference of two customers, as a share of the mean.

    Parameters
    ----------
    amounts : float64 array, one entry a customer, >= 0 and not all 0; in any unit
    confidence : of the interval

    Raises
    ------
    DataError : fewer than two customers, a negative amount or none that is a number, or all are 0.

    Notes
    -----
    Corrected for the number of customers, and with the standard error of [1]_, cut off at 0 and 1. With amounts as
    uneven as customers' are, the interval of some hundred customers is a little too short. O(n log n).

    References
    ----------
    .. [1] Davidson (2009), Reliable inference for the Gini index. J. Econometrics 150(1), 30-40.

    Examples
    --------
    >>> round(gini(np.array([1.0, 2.0, 3.0])).value, 4), gini(np.array([0.0, 0.0, 9.0])).value
    (0.3333, 1.0)
    """
    rising = np.sort(_checked(amounts))
    count, mean = len(rising), float(rising.mean())
    place = np.arange(1, count + 1)
    raw = 2 * float(rising @ (place - 0.5)) / (mean * count**2) - 1
    parts = -(raw + 1) * rising + (2 * place - 1) / count * rising - 2 / count * np.cumsum(rising)
    error = float(np.sqrt(np.sum((parts - parts.mean()) ** 2))) / (count * mean)
    value = min(raw * count / (count - 1), 1.0)
    half = float(ndtri((1 + confidence) / 2)) * error
    return Gini(value, max(value - half, 0.0), min(value + half, 1.0), count, confidence)


def share_of_best(amounts: Values, *, share: float = 0.2) -> float:
    """Of all that customers bring, the part that the best ``share`` of them bring: about .8 where Pareto's rule holds.

    Where that is no whole number of customers, the last one counts in part: a point of the Lorenz curve.

    Examples
    --------
    >>> share_of_best(np.array([1.0, 1.0, 2.0, 6.0]), share=0.25), share_of_best(np.array([1.0, 3.0]), share=0.75)
    (0.6, 0.875)
    """
    summed = _cumulated(amounts)
    return float(np.interp(share * (len(summed) - 1), np.arange(len(summed)), summed) / summed[-1])


def fewest_for_share(amounts: Values, *, share: float = 0.8) -> int:
    """How many customers, the best first, it takes to bring ``share`` of the whole.

    Examples
    --------
    >>> fewest_for_share(np.array([1.0, 1.0, 2.0, 6.0]))
    2
    """
    summed = _cumulated(amounts)
    # Sums of fractions miss a round share by their last digit.
    return int(np.searchsorted(summed, share * summed[-1] * (1 - 1e-12)))


def _cumulated(amounts: Values) -> Values:
    return np.concatenate([[0.0], np.cumsum(np.sort(_checked(amounts))[::-1])])


def _checked(amounts: Values) -> Values:
    wrong = int(np.count_nonzero(~(np.isfinite(amounts) & (amounts >= 0))))
    if wrong:
        raise DataError("lifetime.amounts_negative", rows=wrong)
    if len(amounts) < 2 or not amounts.any():
        raise DataError("lifetime.nothing_to_spread", customers=len(amounts))
    return np.asarray(amounts, dtype=np.float64)
