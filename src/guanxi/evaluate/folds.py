"""Judging on a table without time: the same folds for every method, and differences with honest intervals."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from guanxi.errors import DataError
from guanxi.evaluate.compare import Comparison

__all__ = ["compare_over_folds", "folds_of"]

Values = npt.NDArray[np.float64]


def folds_of(label: npt.NDArray[np.int64], *, folds: int = 5, seed: int = 0) -> npt.NDArray[np.int64]:
    """A fold 0 … folds − 1 for each row, each fold with about the same share of every label.

    Examples
    --------
    >>> found = folds_of(np.array([0, 0, 0, 0, 1, 1]), folds=2)
    >>> sorted(found[:4].tolist()), sorted(found[4:].tolist())
    ([0, 0, 1, 1], [0, 1])
    """
    dice = np.random.Generator(np.random.Philox(seed))
    found = np.zeros(len(label), dtype=np.int64)
    for value in np.unique(label):
        mine = np.flatnonzero(label == value)
        found[dice.permutation(mine)] = np.arange(len(mine)) % folds
    return found


def compare_over_folds(
    measure: str, method: Values, baseline: Values, *, folds: int, rows: int, higher_is_better: bool = True,
    confidence: float = 0.95,
) -> Comparison:  # fmt: skip
    """A measure of a method and of a baseline on the same folds of a repeated cross-validation.

    Parameters
    ----------
    measure : its name
    method, baseline : float64 arrays of shape (repeats × folds,), the measure on each held-out fold
    folds : of one repeat
    rows : of the table
    higher_is_better : False for losses

    Returns
    -------
    Comparison : means over the folds; the interval of the difference is Nadeau and Bengio's corrected one, because
        folds share most of the rows they learned from: variance × (1 / held-out folds + test share / training share).

    References
    ----------
    Nadeau & Bengio (2003), Inference for the generalization error. Machine Learning 52, 239-281.
    """
    count = len(method)
    if count < 2:
        raise DataError("errors.too_few_to_judge", customers=rows)
    gains = (method - baseline) * (1 if higher_is_better else -1)
    gain = float(gains.mean())
    spread = float(gains.std(ddof=1)) * np.sqrt(1 / count + 1 / (folds - 1))
    half = float(stdtrit(count - 1, (1 + confidence) / 2) * spread)
    return Comparison(
        measure, float(method.mean()), float(baseline.mean()), gain, gain - half, gain + half, rows, confidence
    )
