"""How good probabilities of a yes are: ranking, sharpness, lift, each with an interval, and against a baseline."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import expit, ndtri, stdtrit

from guanxi.errors import DataError
from guanxi.evaluate.compare import Comparison, compare_errors

__all__ = [
    "Estimate",
    "average_precision",
    "brier_score",
    "compare_auc",
    "compare_brier_score",
    "compare_log_loss",
    "gains",
    "lift",
    "log_loss",
    "roc_auc",
    "wilson",
]

Labels = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]
_LEAST = 1e-15
"""Probabilities are taken to be at least this far from 0 and 1, so that one sure mistake does not cost infinity."""


@dataclass(frozen=True)
class Estimate:
    """A measure with the interval that encloses it with ``confidence``."""

    measure: str
    value: float
    low: float
    high: float
    customers: int
    confidence: float = 0.95

    def as_data(self) -> dict[str, object]:
        return dict(vars(self))


def roc_auc(label: Labels, score: Values, *, confidence: float = 0.95) -> Estimate:
    """The chance that a random yes is scored above a random no (area under the ROC curve).

    Parameters
    ----------
    label : int64 array of shape (customers,), 0 or 1
    score : float64 array of the same shape, the higher the likelier; equal scores count half
    confidence : of the interval, by the variance of DeLong et al. [1]_, O(n log n) by [2]_, cut off at 0 and 1

    Raises
    ------
    DataError : fewer than two customers of either label.

    References
    ----------
    .. [1] DeLong, DeLong & Clarke-Pearson (1988), Comparing the areas under two or more correlated receiver operating
       characteristic curves. Biometrics 44(3), 837-845.
    .. [2] Sun & Xu (2014), Fast implementation of DeLong's algorithm. IEEE Signal Processing Letters 21(11), 1389-1393.

    Examples
    --------
    >>> roc_auc(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8])).value
    0.75
    """
    area, of_ones, of_zeros = _placements(label, score)
    deviation = np.sqrt(of_ones.var(ddof=1) / len(of_ones) + of_zeros.var(ddof=1) / len(of_zeros))
    half = float(ndtri((1 + confidence) / 2) * deviation)
    return Estimate("roc_auc", area, max(0.0, area - half), min(1.0, area + half), len(label), confidence)


def compare_auc(label: Labels, method: Values, baseline: Values, *, confidence: float = 0.95) -> Comparison:
    """Two areas under the ROC curve for the same customers, with DeLong's interval of their difference."""
    area, of_ones, of_zeros = _placements(label, method)
    other, other_ones, other_zeros = _placements(label, baseline)
    variance = (of_ones - other_ones).var(ddof=1) / len(of_ones) + (of_zeros - other_zeros).var(ddof=1) / len(of_zeros)
    half = float(ndtri((1 + confidence) / 2) * np.sqrt(variance))
    gain = area - other
    return Comparison("roc_auc", area, other, gain, gain - half, gain + half, len(label), confidence)


def average_precision(label: Labels, score: Values, *, confidence: float = 0.95) -> Estimate:
    """Area under the curve of precision and recall, by steps, as scikit-learn counts it.

    Notes
    -----
    The interval is that of a share of as many trials as there are yeses, on the scale of log-odds [1]_: simple, and
    close for some dozens of yeses and more.

    References
    ----------
    .. [1] Boyd, Eng & Page (2013), Area under the precision-recall curve: point estimates and confidence intervals.
       ECML PKDD 2013, 451-466.
    """
    ones, _ = _counts(label)
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(label[order])
    last_of_equals = np.flatnonzero(np.append(np.diff(score[order]) != 0, True))
    precision = hits[last_of_equals] / (last_of_equals + 1)
    recall = hits[last_of_equals] / ones
    area = float(precision @ np.diff(recall, prepend=0.0))
    if area >= 1:
        return Estimate("average_precision", area, wilson(ones, ones, confidence)[0], 1.0, len(label), confidence)
    odds = np.log(area / (1 - area))
    half = ndtri((1 + confidence) / 2) / np.sqrt(ones * area * (1 - area))
    low, high = float(expit(odds - half)), float(expit(odds + half))
    return Estimate("average_precision", area, low, high, len(label), confidence)


def log_loss(label: Labels, probability: Values, *, confidence: float = 0.95) -> Estimate:
    """Mean of −log of the probability given to what came; less is better; Student's interval of the mean."""
    return _mean("log_loss", _log_losses(label, probability), confidence)


def brier_score(label: Labels, probability: Values, *, confidence: float = 0.95) -> Estimate:
    """Mean squared distance of the probability from what came (0 or 1); less is better; Student's interval."""
    return _mean("brier_score", (probability - label) ** 2, confidence)


def compare_log_loss(label: Labels, method: Values, baseline: Values, *, confidence: float = 0.95) -> Comparison:
    """Log loss of a method and of a baseline for the same customers; the interval is Student's for paired differences.

    >>> found = compare_log_loss(np.array([1, 0, 1]), np.array([0.9, 0.2, 0.6]), np.array([0.5, 0.5, 0.5]))
    >>> found.measure, round(found.gain, 3)
    ('log_loss', 0.413)
    """
    return _compare("log_loss", _log_losses(label, method), _log_losses(label, baseline), confidence)


def compare_brier_score(label: Labels, method: Values, baseline: Values, *, confidence: float = 0.95) -> Comparison:
    """Brier score of a method and of a baseline for the same customers; paired as `compare_log_loss`."""
    return _compare("brier_score", (method - label) ** 2, (baseline - label) ** 2, confidence)


def lift(label: Labels, score: Values, *, share: float = 0.1, confidence: float = 0.95) -> Estimate:
    """How many times more yeses there are among the best scored than among all.

    Parameters
    ----------
    share : of the customers that count as best scored: the top tenth; of equal scores at the border each counts in part

    Notes
    -----
    With p1 the share of yes within the best scored and p2 without, lift = p1 / (s·p1 + (1 − s)·p2); interval by the
    delta method on its logarithm, p1 and p2 being independent shares.
    """
    ones, _ = _counts(label)
    count = len(label)
    size = max(1.0, share * count)
    found = _within_best(label, score, size)
    overall, best, rest = ones / count, found / size, (ones - found) / max(count - size, 1e-12)
    value = best / overall
    if best <= 0:
        high = wilson(0.0, size, confidence)[1] / overall
        return Estimate("lift", 0.0, 0.0, float(high), count, confidence)
    part = size / count
    by_best, by_rest = 1 / best - part / overall, (1 - part) / overall
    variance = by_best**2 * best * (1 - best) / size + by_rest**2 * rest * (1 - rest) / max(count - size, 1e-12)
    half = float(ndtri((1 + confidence) / 2) * np.sqrt(variance))
    return Estimate("lift", value, float(value * np.exp(-half)), float(value * np.exp(half)), count, confidence)


def gains(label: Labels, score: Values, *, steps: int = 10) -> Values:
    """Which share of all yeses is among the best scored 1/steps, 2/steps … of the customers; shape (steps,).

    >>> gains(np.array([1, 0, 1, 0]), np.array([0.9, 0.1, 0.8, 0.3]), steps=4).tolist()
    [0.5, 1.0, 1.0, 1.0]
    """
    ones, _ = _counts(label)
    return np.array([_within_best(label, score, len(label) * step / steps) for step in range(1, steps + 1)]) / ones


def wilson(ones: float, trials: float, confidence: float = 0.95) -> tuple[float, float]:
    """Interval of a share: ``ones`` of ``trials`` (Wilson 1927), good for small numbers too.

    >>> tuple(round(each, 3) for each in wilson(5, 10))
    (0.237, 0.763)
    """
    z = float(ndtri((1 + confidence) / 2))
    share = ones / trials
    centre = (share + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = z / (1 + z**2 / trials) * np.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def _counts(label: Labels) -> tuple[int, int]:
    ones = int(label.sum())
    if ones < 2 or len(label) - ones < 2:
        raise DataError("evaluate.too_few_of_a_kind", ones=ones, zeros=len(label) - ones)
    return ones, len(label) - ones


def _placements(label: Labels, score: Values) -> tuple[float, Values, Values]:
    """The area, and for each yes the share of noes below it, for each no the share of yeses above it."""
    ones, zeros = _counts(label)
    yes = label == 1
    ranks = _ranks(score)
    of_ones = (ranks[yes] - _ranks(score[yes])) / zeros
    of_zeros = 1 - (ranks[~yes] - _ranks(score[~yes])) / ones
    return float(of_ones.mean()), of_ones, of_zeros


def _ranks(score: Values) -> Values:
    """From 1, the lowest first; equal scores share the mean of their ranks."""
    _, place, times = np.unique(score, return_inverse=True, return_counts=True)
    return (np.cumsum(times) - (times - 1) / 2)[place]


def _log_losses(label: Labels, probability: Values) -> Values:
    given = np.clip(np.where(label == 1, probability, 1 - probability), _LEAST, 1 - _LEAST)
    return np.asarray(-np.log(given))


def _mean(measure: str, losses: Values, confidence: float) -> Estimate:
    count = len(losses)
    if count < 2:
        raise DataError("errors.too_few_to_judge", customers=count)
    mean = float(losses.mean())
    half = float(stdtrit(count - 1, (1 + confidence) / 2) * losses.std(ddof=1) / np.sqrt(count))
    return Estimate(measure, mean, mean - half, mean + half, count, confidence)


def _compare(measure: str, method: Values, baseline: Values, confidence: float) -> Comparison:
    """Losses are errors against zero."""
    found = compare_errors(np.zeros(len(method)), method, baseline, confidence=confidence)
    return replace(found, measure=measure)


def _within_best(label: Labels, score: Values, size: float) -> float:
    """Yeses among the ``size`` best scored; of those equal at the border a part."""
    order = np.argsort(-score, kind="stable")
    hits = np.concatenate(([0], np.cumsum(label[order])))
    ends = np.concatenate(([0], np.flatnonzero(np.append(np.diff(score[order]) != 0, True)) + 1))
    return float(np.interp(size, ends, hits[ends]))
