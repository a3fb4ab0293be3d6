"""Do probabilities mean what they say? Of those told 70 %, did 70 % do it?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from guanxi.errors import DataError
from guanxi.evaluate.binary import Estimate, wilson

__all__ = ["Bin", "calibration_bins", "calibration_error"]

Labels = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]
_WORLDS = 2_000


@dataclass(frozen=True)
class Bin:
    """Customers of similar probability: what was said of them on average, and the share for which it came."""

    customers: int
    said: float
    came: float
    came_low: float
    came_high: float


def calibration_bins(label: Labels, probability: Values, *, bins: int = 10, confidence: float = 0.95) -> list[Bin]:
    """Customers in ``bins`` classes of about equal number by their probability, the lowest first.

    Parameters
    ----------
    label : int64 array of shape (customers,), 0 or 1
    probability : float64 array of the same shape
    bins : classes at most; equal probabilities share one
    confidence : of Wilson's interval of the share that came

    Raises
    ------
    DataError : nobody to judge.

    Examples
    --------
    >>> [(each.said, each.came) for each in calibration_bins(np.array([0, 0, 1, 1]), np.array([0.1, 0.1, 0.8, 0.8]))]
    [(0.1, 0.0), (0.8, 1.0)]
    """
    return [
        Bin(len(p), float(p.mean()), float(y.mean()), *wilson(float(y.sum()), len(y), confidence))
        for y, p in _binned(label, probability, bins)
    ]


def calibration_error(
    label: Labels, probability: Values, *, bins: int = 10, confidence: float = 0.95, seed: int = 0
) -> Estimate:
    """Expected calibration error: the mean distance between what was said and what came, over bins by their customers.

    Notes
    -----
    Chance alone makes it greater than zero, the more so the fewer the customers: even of perfectly calibrated
    probabilities. The interval is a parametric bootstrap of the bins' differences (normal, seeded), shifted back by the
    bias that chance has added twice, to the measure and to its worlds; it begins at 0 wherever chance alone would do as
    much.

    References
    ----------
    Naeini, Cooper & Hauskrecht (2015), Obtaining well calibrated probabilities using Bayesian binning. AAAI-15.
    Bröcker (2012), Estimating reliability and resolution of probability forecasts. Climate Dynamics 39, 655-667.
    """
    parts = _binned(label, probability, bins)
    weights = np.array([len(y) for y, _ in parts]) / len(label)
    gaps = np.array([float((y - p).mean()) for y, p in parts])
    deviations = np.array([float(np.sqrt((p * (1 - p)).sum())) / len(p) for _, p in parts])
    value = float(weights @ np.abs(gaps))
    dice = np.random.Generator(np.random.Philox(seed))
    noise = deviations * dice.standard_normal((_WORLDS, len(gaps)))
    worlds, by_chance = (np.abs(each) @ weights for each in (gaps + noise, noise))
    bias = float(worlds.mean()) - value
    tail = (1 - confidence) / 2
    low, high = (max(0.0, float(np.quantile(worlds, each)) - 2 * bias) for each in (tail, 1 - tail))
    if value <= np.quantile(by_chance, 1 - tail):
        low = 0.0
    return Estimate("calibration_error", value, min(low, value), max(high, value), len(label), confidence)


def _binned(label: Labels, probability: Values, bins: int) -> list[tuple[Labels, Values]]:
    if not len(label):
        raise DataError("errors.too_few_to_judge", customers=0)
    cuts = np.unique(np.quantile(probability, np.arange(1, bins) / bins, method="inverted_cdf"))
    place = np.searchsorted(cuts, probability, side="left")
    return [(label[place == each], probability[place == each]) for each in np.unique(place)]
