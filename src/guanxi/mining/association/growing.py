"""Arrays that grow inside compiled loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Whole = int | np.int64
"""A number inside a compiled loop, where both are the same."""


def more(array: npt.NDArray[Any], used: Whole, needed: Whole) -> npt.NDArray[Any]:
    """The array with room for ``needed``, at least doubled, the first ``used`` kept."""
    larger = np.empty(max(needed, 2 * len(array)), array.dtype)
    larger[:used] = array[:used]
    return larger
