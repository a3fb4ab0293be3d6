"""Arrays that grow inside compiled loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Whole = int | np.int64
"""A number inside a compiled loop, where both are the same."""


LARGE = 1 << 16


def more(array: npt.NDArray[Any], used: Whole, needed: Whole) -> npt.NDArray[Any]:
    """The array with room for ``needed``, at least four times as long, the first ``used`` kept."""
    # What is not used is not resident, and what is copied again and again is.
    larger = np.empty(max(needed, 4 * len(array)), array.dtype)
    larger[:used] = array[:used]
    return larger


def into(room: npt.NDArray[Any], array: npt.NDArray[Any], used: Whole, needed: Whole) -> npt.NDArray[Any]:
    """The array with room for ``needed``; a large one in ``room``, whose memory numpy asked for in large pages."""
    if len(array) < len(room) and LARGE < needed <= len(room):
        room[:used] = array[:used]
        return room
    return more(array, used, needed)
