"""Pairs of items counted in one pass, and what follows each item laid out at once, compiled by `guanxi.compiled`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from guanxi.mining.association.growing import Whole
from guanxi.mining.association.level_kernels import PERFECT, bits_are_less

KERNELS = ("pairs_pay", "_before", "count_pairs", "bucket_sizes", "_fill", "lay_out", "starts_within", "deliver")

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]

PAIRS = -2
"""Instead of the number of words of a bitmap: what follows each item is laid out when its turn comes."""
_MOST_PAIRS = 1 << 23
"""So many counters of pairs are worth their memory: those of four thousand items."""
CELLS = 1 << 23
"""How much of what follows items is laid out at once, unless what follows a single one is more."""


def pairs_pay(item_support: Longs, rows: Whole) -> bool:
    """Whether pairs should be counted first: no more than fit into memory, of rows that are better as lists."""
    ranks = len(item_support)
    return ranks * (ranks - 1) // 2 <= _MOST_PAIRS and not bits_are_less(ranks, item_support.sum(), rows)


def _before(rank: Whole, ranks: Whole) -> Whole:
    """Pairs are a triangle: those of a rank and a later one are at this place and the later rank."""
    return rank * (2 * ranks - rank - 3) // 2 - 1


def count_pairs(flat: Ints, ranks: Whole) -> Ints:
    """How many rows hold each two items."""
    pairs = np.zeros(ranks * (ranks - 1) // 2, np.int32)
    row = 0
    for cell in range(len(flat)):
        if flat[cell] < 0:
            for left in range(row, cell - 1):
                base = _before(np.int64(flat[left]), ranks)
                for right in range(left + 1, cell):
                    pairs[np.uint64(base + flat[right])] += 1
            row = cell + 1
    return pairs


def bucket_sizes(pairs: Ints, ranks: Whole, floor: Whole) -> Longs:
    """At most so many cells has what follows each item: rows of two frequent followers or more, and -1 after each."""
    sizes = np.empty(ranks, np.int64)
    for rank in range(ranks):
        base = _before(rank, ranks)
        cells = np.int64(0)
        for other in range(rank + 1, ranks):
            found = pairs[base + other]
            cells += found if found >= floor else 0
        # A cell and an end are written before it shows that they do not belong.
        sizes[rank] = cells + cells // 2 + 2
    return sizes


def _fill(rows: Ints, pairs: Ints, ranks: Whole, floor: Whole, low: Whole, high: Whole, out: Ints, ends: Longs) -> None:
    """Append to the bucket of each item from ``low`` to ``high`` what frequently follows it, row by row."""
    row = 0
    for cell in range(len(rows)):
        if rows[cell] >= 0:
            continue
        for left in range(row, cell - 2):
            rank = np.int64(rows[left])
            if rank < low:
                continue
            if rank > high:
                break
            base = _before(rank, ranks)
            start = ends[rank]
            at = start
            # Without a branch, which would be guessed wrong every other time.
            for right in range(left + 1, cell):
                other = rows[right]
                out[np.uint64(at)] = other
                at += pairs[np.uint64(base + other)] >= floor
            out[np.uint64(at)] = -1
            ends[rank] = at + 1 if at - start >= 2 else start
        row = cell + 1


def lay_out(
    rows: Ints, pairs: Ints, ranks: Whole, floor: Whole, sizes: Longs, low: Whole, high: Whole, out: Ints,
    begins: Longs, ends: Longs,
) -> tuple[Ints, Whole, Whole]:  # fmt: skip
    """Lay out what follows each item from ``high`` down, as many as go in; the first of them, and where all end."""
    first = high
    cells = sizes[high]
    while first > low and cells + sizes[first - 1] <= CELLS:
        first -= 1
        cells += sizes[first]
    if 2 * cells > len(out):
        # What comes later in the search stands behind it.
        out = np.empty(2 * cells, np.int32)
    at = np.int64(0)
    for rank in range(first, high + 1):
        begins[rank] = ends[rank] = at
        at += sizes[rank]
    _fill(rows, pairs, ranks, floor, first, high, out, ends)
    return out, first, at


def starts_within(flat: Ints, begin: Whole, end: Whole, starts: Ints) -> tuple[Ints, Whole]:
    """Where each row of a bucket begins, and how many there are."""
    if (end - begin) // 3 >= len(starts):
        starts = np.empty(end - begin + 1, np.int32)
    rows = np.int64(0)
    before = -1
    for cell in range(begin, end):
        starts[rows] = cell
        rows += before < 0
        before = flat[cell]
    return starts, rows


def deliver(pairs: Ints, ranks: Whole, rank: Whole, floor: Whole, at: Longs, counts: Longs, seen: Ints) -> Whole:
    """How often each item follows, and which frequently do, those in every row included."""
    items = np.int64(0)
    base = _before(rank, ranks)
    for other in range(rank + 1, ranks):
        found = pairs[base + other]
        if found >= floor or at[other] == PERFECT:
            counts[other] = found
            seen[items] = other
            items += 1
    return items
