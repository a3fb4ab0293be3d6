"""Intervals for expectations that have none of their own: from what came where as much was expected."""

from __future__ import annotations

from typing import Self

import numpy as np

from guanxi.studies.value.past import Values

__all__ = ["ClassIntervals", "classes_of"]

_CLASSES = 10


def classes_of(said: Values, *, classes: int = _CLASSES) -> tuple[Values, np.ndarray]:
    """Upper borders of classes of about equal number by what was said, and the class of each; equal values share one.

    >>> borders, place = classes_of(np.array([0.0, 0.0, 0.0, 1.0, 5.0]), classes=2)
    >>> borders.tolist(), place.tolist()
    ([0.0], [0, 0, 0, 1, 1])
    """
    borders = np.unique(np.quantile(said, np.arange(1, classes) / classes, method="inverted_cdf"))
    # Above the greatest there is nobody.
    borders = borders[borders < said.max()]
    return borders, np.searchsorted(borders, said, side="left")


class ClassIntervals:
    """Prediction intervals of a plain baseline: quantiles of came over said, among customers of a class of said.

    For what is published with no law behind it. Where nothing was expected of a whole class, quantiles of what came.

    Parameters
    ----------
    coverage : float
        Share of the customers whose outcome the interval encloses, in the horizon that it was learned from.

    Notes
    -----
    Split-conformal intervals by class [1]_, without its correction for small samples: a class has ten customers at
    least.

    References
    ----------
    .. [1] Vovk, Gammerman & Shafer (2005), Algorithmic learning in a random world, Springer, section 4.5.

    Examples
    --------
    >>> said = np.ones(100)
    >>> low, high = ClassIntervals().fit(said, np.arange(100.0)).predict(np.array([1.0, 2.0]))
    >>> low.tolist(), high.tolist()
    ([9.0, 18.0], [89.0, 178.0])
    """

    def __init__(self, *, coverage: float = 0.8) -> None:
        self.coverage = coverage

    def fit(self, said: Values, came: Values) -> Self:
        """Learn from what was said of customers and what then came."""
        self.borders_, place = classes_of(said)
        shares = ((1 - self.coverage) / 2, (1 + self.coverage) / 2)
        count = len(self.borders_) + 1
        self.bounds_ = np.zeros((2, count))
        self.relative_ = np.zeros(count, dtype=bool)
        for each in range(count):
            mine = place == each
            self.relative_[each] = mine.any() and said[mine].min() > 0
            measured = came[mine] / said[mine] if self.relative_[each] else came[mine]
            if mine.any():
                self.bounds_[:, each] = np.quantile(measured, shares, method="inverted_cdf")
        return self

    def predict(self, said: Values) -> tuple[Values, Values]:
        """Low and high for each expectation."""
        place = np.searchsorted(self.borders_, said, side="left")
        scale = np.where(self.relative_[place], said, 1.0)
        low, high = self.bounds_[:, place] * scale
        return low, high
