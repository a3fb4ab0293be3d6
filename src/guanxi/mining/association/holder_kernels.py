"""Loops that find the baskets that hold given sets, compiled by `guanxi.compiled`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

KERNELS = ("baskets_of", "_of_both", "holders", "count_sets")

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]


def baskets_of(offsets: Longs, codes: Ints, support: Longs) -> tuple[Longs, Ints]:
    """Per item the baskets that hold it, ascending: offsets and baskets."""
    starts = np.zeros(len(support) + 1, np.int64)
    for item in range(len(support)):
        starts[item + 1] = starts[item] + support[item]
    place = starts[:-1].copy()
    flat = np.empty(starts[-1], np.int32)
    for basket in range(len(offsets) - 1):
        for row in range(offsets[basket], offsets[basket + 1]):
            code = codes[row]
            if code >= 0 and (place[code] == starts[code] or flat[place[code] - 1] != basket):
                flat[place[code]] = basket
                place[code] += 1
    return starts, flat


def _of_both(some: Ints, many: Ints) -> Ints:
    """What is in both of two ascending arrays, the shorter one first."""
    kept = np.empty(len(some), np.int32)
    count = 0
    at = 0
    for each in some:
        step = 1
        while at + step < len(many) and many[at + step] < each:
            at += step
            step *= 2
        while step > 0:
            if at + step < len(many) and many[at + step] < each:
                at += step
            step //= 2
        at += at < len(many) and many[at] < each
        if at < len(many) and many[at] == each:
            kept[count] = each
            count += 1
    return kept[:count]


def holders(starts: Longs, flat: Ints, items: Longs) -> Ints:
    """The baskets that hold all of some items, ascending; the rarest item first."""
    order = np.argsort(starts[items + 1] - starts[items])
    rarest = items[order[0]]
    found = flat[starts[rarest] : starts[rarest + 1]]
    for each in order[1:]:
        found = _of_both(found, flat[starts[items[each]] : starts[items[each] + 1]])
    return found


def count_sets(starts: Longs, flat: Ints, set_offsets: Longs, set_items: Longs) -> Longs:
    """Number of baskets that hold each of many sets; a set with an item of -1 is in none."""
    counts = np.zeros(len(set_offsets) - 1, np.int64)
    for each in range(len(counts)):
        items = set_items[set_offsets[each] : set_offsets[each + 1]]
        if items.min() >= 0:
            counts[each] = len(holders(starts, flat, items))
    return counts
