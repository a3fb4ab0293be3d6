"""Loops that gather equal histories, compiled by `guanxi.compiled`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

KERNELS = ("_sorted_by", "gather")

Codes = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]


def _sorted_by(codes: Codes, size: int, order: Codes) -> Codes:
    """The rows in ``order``, sorted by their codes 0 … size − 1; rows of equal codes stay in order."""
    place = np.zeros(size + 1, np.int64)
    for row in range(len(codes)):
        place[codes[row] + 1] += 1
    for code in range(size):
        place[code + 1] += place[code]
    found = np.empty_like(order)
    for each in range(len(order)):
        code = codes[order[each]]
        found[place[code]] = order[each]
        place[code] += 1
    return found


def gather(frequency: Codes, recency: Codes, age: Codes, sizes: Longs) -> tuple[Longs, Longs, Codes]:
    """Distinct triples in rising order: a row of each, how many rows have it, and for every row which it has.

    Three passes of counting sort: linear in rows and in the largest codes.
    """
    rows = len(frequency)
    order = np.empty(rows, np.int32)
    for row in range(rows):
        order[row] = row
    order = _sorted_by(age, sizes[2], order)
    order = _sorted_by(recency, sizes[1], order)
    order = _sorted_by(frequency, sizes[0], order)
    place = np.empty(rows, np.int32)
    found = -1
    before = order[0] if rows else np.int32(0)
    for each in range(rows):
        row = order[each]
        if (
            each == 0
            or frequency[row] != frequency[before]
            or recency[row] != recency[before]
            or age[row] != age[before]
        ):
            found += 1
            # Over what has been read already.
            order[found] = row
        place[row] = found
        before = row
    count = np.zeros(found + 1, np.int64)
    for row in range(rows):
        count[place[row]] += 1
    return order[: found + 1].astype(np.int64), count, place
