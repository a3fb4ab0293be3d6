"""Bands of the probability of leaving."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["BANDS", "BORDERS", "band_of"]

BANDS = ("low", "medium", "high")
BORDERS = (0.33, 0.66)


def band_of(probability: npt.NDArray[np.float64]) -> npt.NDArray[np.str_]:
    """The band of each probability.

    >>> band_of(np.array([0.1, 0.33, 0.7])).tolist()
    ['low', 'medium', 'high']
    """
    return np.array(BANDS)[np.searchsorted(BORDERS, probability, side="right")]
