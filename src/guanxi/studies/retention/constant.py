"""Whether what was seen is compatible with one share of renewals at every age."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.special import chdtrc, xlogy

from guanxi.mining.lifetime import kaplan_meier
from guanxi.words import Message

__all__ = ["SURELY", "Constancy"]

SURELY = 0.05
"""The p below which one share for all ages is rejected."""
_LEAST_EXPECTED = 5
"""Renewals made, and not made, of a group of ages."""
_SMALLEST_SAID = 0.001

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Constancy:
    """The likelihood-ratio test (G²) of one share of renewals at every age against one for each [1]_.

    Attributes
    ----------
    statistic : G², 2 Σ seen · log(seen / expected) over renewals made and not made of groups of ages
    degrees : of freedom, groups less one; 0 where there are too few renewals for two groups, and nothing is tested
    p_value : of chi-square; 1 where nothing is tested

    Notes
    -----
    Given that a contract came to a renewal, what becomes of it is a draw of its own, so that the counts by age are
    tested as independent binomials. Ages are joined with the next until 5 are expected to be made and 5 not, the last
    ones with those before.

    References
    ----------
    .. [1] Agresti (2013), Categorical Data Analysis, 3rd ed., section 3.2. Wiley.

    Examples
    --------
    >>> Constancy.of(np.array([100, 80, 64]), np.array([20, 16, 13])).rejected
    False
    >>> Constancy.of(np.array([100, 60, 50]), np.array([40, 10, 3])).rejected
    True
    """

    statistic: float
    degrees: int
    p_value: float

    @classmethod
    def of(cls, at_risk: Counts, left: Counts) -> Self:
        """Of how many came to the renewal of each age, and how many of them left; in the order of age."""
        starts = list(_groups(at_risk, left))
        if len(starts) < 2:
            return cls(0.0, 0, 1.0)
        share = left.sum() / at_risk.sum()
        came, gone = np.add.reduceat(at_risk, starts), np.add.reduceat(left, starts)
        seen = np.array([gone, came - gone])
        expected = np.array([came * share, came * (1 - share)])
        statistic = float(2 * xlogy(seen, seen / expected).sum())
        degrees = len(starts) - 1
        return cls(statistic, degrees, float(chdtrc(degrees, statistic)))

    @classmethod
    def seen(cls, customers: pa.Table) -> Self:
        """Of all renewals of a table as in `guanxi.mining.lifetime.ShiftedBetaGeo.fit`."""
        table = kaplan_meier(customers)
        return cls.of(table["at_risk"].to_numpy(), table["left"].to_numpy())

    @property
    def rejected(self) -> bool:
        return self.p_value < SURELY

    def in_words(self) -> Message:
        """p, or that nothing could be tested."""
        if not self.degrees:
            return Message("retention.p_unknown")
        if self.p_value < _SMALLEST_SAID:
            return Message("retention.p_below", {"p": _SMALLEST_SAID})
        return Message("retention.p_value", {"p": self.p_value})


def _groups(at_risk: Counts, left: Counts) -> Iterator[int]:
    """Where each group of ages begins; the last one takes those after it that are too few."""
    total, gone = int(at_risk.sum()), int(left.sum())
    rarer = min(gone, total - gone)
    start, came = 0, 0
    for age, each in enumerate(at_risk.tolist()):
        came += each
        # In whole numbers: came · rarer / total are expected.
        if rarer and came * rarer >= _LEAST_EXPECTED * total:
            yield start
            start, came = age + 1, 0
