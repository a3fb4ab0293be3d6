"""Loops of the distribution of amounts, compiled by `guanxi.compiled`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

KERNELS = ("_weighted", "exceeded_with")

Values = npt.NDArray[np.float64]

_FLAT = -1e-7
"""No slope is taken to be less steep."""


def _weighted(weights: Values, values: Values) -> float:
    total = 0.0
    for place in range(len(weights)):
        total += weights[place] * values[place]
    return total


def exceeded_with(masses: Values, above: Values, density: Values, grid: Values, tail: float) -> Values:
    """What each history's amount exceeds with probability ``tail``; 0 where no amount at all is likely enough.

    Parameters
    ----------
    masses : array of shape (histories, most), P(n purchases)
    above, density : arrays of shape (grid, most), of n purchases: P(log amount > grid point), and minus its slope
    grid : of the logarithm of the amount, rising
    """
    found = np.zeros(len(masses))
    for history in range(len(masses)):
        weights = masses[history]
        start = _weighted(weights, above[0])
        if start <= tail:
            continue
        before, after = 0, len(grid) - 1
        end = _weighted(weights, above[after])
        while after - before > 1:
            middle = (before + after) // 2
            there = _weighted(weights, above[middle])
            if there > tail:
                before, start = middle, there
            else:
                after, end = middle, there
        # The cubic that has the inverse function's values and slopes at both ends.
        width = end - start
        part = min(max((tail - start) / width, 0.0), 1.0)
        left = width / min(-_weighted(weights, density[before]), _FLAT)
        right = width / min(-_weighted(weights, density[after]), _FLAT)
        step = grid[after] - grid[before]
        inside = part**2 * (3 - 2 * part) * step + part * (1 - part) ** 2 * left - part**2 * (1 - part) * right
        found[history] = np.exp(grid[before] + min(max(inside, 0.0), step))
    return found
