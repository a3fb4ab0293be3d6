"""A method against a plain baseline on the same customers, with an interval for the difference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from guanxi.errors import DataError

__all__ = ["Comparison", "compare_errors", "compare_hit_rates", "top_share_found"]

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """A measure of the method and of its baseline, and how much better the method is.

    ``gain`` is positive where the method is better; ``gain_low`` and ``gain_high`` enclose it with ``confidence``.
    """

    measure: str
    method: float
    baseline: float
    gain: float
    gain_low: float
    gain_high: float
    customers: int
    confidence: float = 0.95

    @property
    def relative_gain(self) -> float:
        """The gain as a share of the baseline's measure."""
        return self.gain / self.baseline if self.baseline else 0.0

    def as_data(self) -> dict[str, object]:
        return {**vars(self), "relative_gain": self.relative_gain}


def compare_errors(actual: Values, method: Values, baseline: Values, *, confidence: float = 0.95) -> Comparison:
    """Mean absolute error of a method and of a baseline for the same customers.

    Parameters
    ----------
    actual, method, baseline : float64 arrays of shape (customers,)
        What came, what the method had said, what the baseline had said; in one unit.
    confidence : float
        Of the interval of the difference.

    Returns
    -------
    Comparison : ``mean_absolute_error``; the interval is Student's for paired differences, customers being independent.

    Raises
    ------
    DataError : fewer than two customers.

    Examples
    --------
    >>> found = compare_errors(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 2.0]), np.zeros(3))
    >>> found.method, found.baseline, found.gain
    (0.3333333333333333, 2.0, 1.6666666666666667)
    """
    return _paired("mean_absolute_error", np.abs(actual - method), np.abs(actual - baseline), -1, confidence)


def compare_hit_rates(method: Values, baseline: Values, *, confidence: float = 0.95) -> Comparison:
    """How often what a method named did come, beside what a baseline named, for the same customers or baskets.

    Parameters
    ----------
    method, baseline : float64 arrays of shape (cases,)
        Of each case, the share of what was named that came, 0 … 1.
    confidence : float
        Of the interval of the difference, which is Student's for paired differences, cases being independent.

    Returns
    -------
    Comparison : ``hit_rate``, 0 … 1.

    Raises
    ------
    DataError : fewer than two cases.

    Examples
    --------
    >>> found = compare_hit_rates(np.array([1.0, 0.0, 1.0, 1.0]), np.array([0.0, 0.0, 1.0, 0.0]))
    >>> found.method, found.baseline, found.gain
    (0.75, 0.25, 0.5)
    """
    return _paired("hit_rate", method, baseline, 1, confidence)


def top_share_found(
    actual: Values, method: Values, baseline: Values, *, share: float = 0.2, confidence: float = 0.95
) -> Comparison:
    """How many of the truly best customers a method had put among its best, beside a baseline.

    Parameters
    ----------
    actual, method, baseline : float64 arrays of shape (customers,)
        What came, and what each had expected; of what came, equal values keep the order given.
    share : float
        The size of "the best": the top 20 % by default.

    Returns
    -------
    Comparison : ``top_share_found``, 0 … 1.

    Notes
    -----
    Customers of whom as much was expected share the places that are left: who ranks nobody finds by chance, not by the
    order of the rows.

    Examples
    --------
    >>> came = np.array([9.0, 8.0, 1.0, 1.0])
    >>> found = top_share_found(came, came, np.ones(4), share=0.5)
    >>> found.method, found.baseline
    (1.0, 0.5)
    """
    count = max(1, round(share * len(actual)))
    truly = np.argsort(-actual, kind="stable")[:count]
    method, baseline = (_chance_among_best(values, count)[truly] for values in (method, baseline))
    return _paired("top_share_found", method, baseline, 1, confidence)


def _chance_among_best(values: Values, count: int) -> Values:
    """Of each customer, how likely he is among the ``count`` of whom most was expected."""
    ordered = np.sort(-values)
    above, not_below = (np.searchsorted(ordered, -values, side=side) for side in ("left", "right"))
    return np.clip((count - above) / (not_below - above), 0.0, 1.0)


def _paired(measure: str, method: Values, baseline: Values, sign: int, confidence: float) -> Comparison:
    count = len(method)
    if count < 2:
        raise DataError("errors.too_few_to_judge", customers=count)
    gains = sign * (method - baseline)
    gain = float(gains.mean())
    half = float(stdtrit(count - 1, (1 + confidence) / 2) * gains.std(ddof=1) / np.sqrt(count))
    return Comparison(
        measure, float(method.mean()), float(baseline.mean()), gain, gain - half, gain + half, count, confidence
    )
