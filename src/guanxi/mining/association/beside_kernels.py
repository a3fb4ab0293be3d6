"""Rows in memory for the search for closed sets, with what comes before beside what follows, compiled by `compiled`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from guanxi.mining.association.growing import Whole, more
from guanxi.mining.association.level_kernels import LISTS
from guanxi.mining.association.pair_kernels import CELLS, _before

KERNELS = (
    "_count_beside", "_bits_of", "_lists_of", "_open", "_within", "frequent_pairs", "_fill_beside",
    "lay_out_beside", "deliver_beside",
)  # fmt: skip

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]

KNOWN = -2
"""Instead of the number of words of a bitmap: an earlier item is in all rows, so that all this is found elsewhere."""


def _count_beside(flat: Ints, starts: Ints, first: Whole, last: Whole, counts: Longs, seen: Ints, many: Whole) -> Whole:
    """Occurrence deliver over whole rows: how often each of the level's items is there, and which are, ascending."""
    items = 0
    dense = 4 * (last - first) >= many
    for each in range(first, last):
        cell = starts[each]
        while flat[cell] >= 0:
            if not dense and counts[flat[cell]] == 0:
                seen[items] = flat[cell]
                items += 1
            counts[flat[cell]] += 1
            cell += 1
    if dense:
        for item in range(many):
            seen[items] = item
            items += counts[item] > 0
    else:
        seen[:items].sort()
    return items


def _bits_of(
    flat: Ints, starts: Ints, first: Whole, last: Whole, local: Ints, bits: Words, base: Whole, stride: Whole
) -> None:
    """Set bit t of bitmap ``local[item]`` for the t-th row."""
    for each in range(first, last):
        cell = starts[each]
        row = each - first
        bit = np.uint64(1) << np.uint64(row & 63)
        while flat[cell] >= 0:
            found = local[flat[cell]]
            if found >= 0:
                bits[base + found * stride + (row >> 6)] |= bit
            cell += 1


def _lists_of(flat: Ints, starts: Ints, first: Whole, last: Whole, local: Ints, base: Whole) -> Whole:
    """Append the rows that hold two items or more to ``flat``, renumbered."""
    end = base
    for each in range(first, last):
        cell = starts[each]
        row = end
        while flat[cell] >= 0:
            found = local[flat[cell]]
            if found >= 0:
                flat[end] = found
                end += 1
            cell += 1
        if end - row < 2:
            end = row
        else:
            flat[end] = -1
            end += 1
    return end


def _open(  # noqa: PLR0912, PLR0915
    flat: Ints, flat_end: Whole, starts: Ints, starts_end: Whole, first: Whole, last: Whole, counts: Longs, local: Ints,
    bits: Words, bits_end: Whole, entry_item: Ints, entry_support: Longs, entry_at: Longs, entry_rows: Longs,
    seen: Ints, items: Whole, numbers: Whole, itself: Whole, entries: Whole, whole: Whole, floor: Whole,
    perfect: Ints, perfects: Whole,
) -> tuple[Ints, Whole, Ints, Whole, Words, Whole, Whole, Whole, Whole, Whole]:  # fmt: skip
    """Open a level from rows: entries before ``core`` only tell what is known; those from it on are searched."""
    end = core = entries
    cells = 0
    known = False
    for each in range(items):
        number = seen[each]
        found = counts[number]
        counts[number] = 0
        local[number] = -1
        if number == itself or known:
            continue
        if found == whole:
            known = number < itself
            perfect[perfects] = entry_item[numbers + number]
            perfects += 1
        elif found >= floor:
            local[number] = end - entries
            entry_item[end], entry_support[end] = entry_item[numbers + number], found
            end += 1
            core += number < itself
            cells += found
    if known:
        return flat, flat_end, starts, starts_end, bits, bits_end, entries, entries, perfects, KNOWN
    kept = end - entries
    if core == end:
        return flat, flat_end, starts, starts_end, bits, bits_end, end, core, perfects, 0
    rows = last - first
    stride = (rows + 63) >> 6
    # Every pair of bitmaps against every pair of cells in a row, in about the same unit of time.
    if kept * (end - core) * (stride + 4) <= cells * cells // max(rows, 1) + 10 * cells + 100 * kept:
        if bits_end + kept * stride > len(bits):
            bits = more(bits, bits_end, bits_end + kept * stride)
        bits[bits_end : bits_end + kept * stride] = 0
        _bits_of(flat, starts, first, last, local, bits, bits_end, stride)
        for entry in range(entries, end):
            entry_at[entry], entry_rows[entry] = bits_end, 0
            for word in range(bits_end, bits_end + stride):
                entry_rows[entry] += popcount(bits[word])  # type: ignore[name-defined]  # noqa: F821
            bits_end += stride
        return flat, flat_end, starts, starts_end, bits, bits_end, end, core, perfects, stride
    if flat_end + cells + rows > len(flat):
        flat = more(flat, flat_end, flat_end + cells + rows)
    new_end = _lists_of(flat, starts, first, last, local, flat_end)
    held = np.zeros(kept, np.int64)
    for cell in range(flat_end, new_end):
        if flat[cell] >= 0:
            held[flat[cell]] += 1
    at = starts_end
    for entry in range(core, end):
        entry_at[entry] = at
        entry_rows[entry] = 0
        at += held[entry - entries]
    if at > len(starts):
        starts = more(starts, starts_end, at)
    row = flat_end
    for cell in range(flat_end, new_end):
        if flat[cell] < 0:
            row = cell + 1
        elif flat[cell] >= core - entries:
            entry = entries + flat[cell]
            starts[entry_at[entry] + entry_rows[entry]] = row
            entry_rows[entry] += 1
    return flat, new_end, starts, at, bits, bits_end, end, core, perfects, LISTS


def _within(bits: Words, inner: np.uint64, outer: np.uint64, words: np.uint64) -> bool:
    """Whether every row of one bitmap is in the other."""
    for word in range(words):  # noqa: SIM110  compiled
        if bits[inner + word] & ~bits[outer + word]:
            return False
    return True


def frequent_pairs(pairs: Ints, item_support: Longs, baskets: Whole, floor: Whole) -> tuple[Flags, Longs]:
    """Which two items are frequent together, but for those in every row, and at most so many cells a bucket has."""
    ranks = len(item_support)
    together = np.zeros(ranks * ranks, np.bool_)
    sizes = np.zeros(ranks, np.int64)
    at = 0
    for left in range(ranks):
        for right in range(left + 1, ranks):
            if pairs[at] >= floor and item_support[right] < baskets:
                together[left * ranks + right] = together[right * ranks + left] = True
                sizes[left] += pairs[at]
                sizes[right] += pairs[at]
            at += 1
    # A cell and an end are written before it shows that they do not belong.
    return together, sizes + sizes // 2 + 2


def _fill_beside(rows: Ints, together: Flags, ranks: Whole, low: Whole, high: Whole, out: Ints, ends: Longs) -> None:
    """Append to the bucket of each item from ``low`` to ``high`` what is frequent beside it, row by row."""
    row = 0
    for cell in range(len(rows)):
        if rows[cell] >= 0:
            continue
        for each in range(row, cell):
            rank = np.int64(rows[each])
            if rank < low:
                continue
            if rank > high:
                break
            start = ends[rank]
            at = start
            # Without a branch, which would be guessed wrong every other time.
            for beside in range(row, cell):
                other = rows[beside]
                out[np.uint64(at)] = other
                at += together[np.uint64(rank * ranks + other)]
            out[np.uint64(at)] = -1
            ends[rank] = at + 1 if at - start >= 2 else start
        row = cell + 1


def lay_out_beside(
    rows: Ints, together: Flags, ranks: Whole, sizes: Longs, low: Whole, many: Whole, out: Ints, begins: Longs,
    ends: Longs,
) -> tuple[Ints, Whole, Whole]:  # fmt: skip
    """Lay out what is beside each item from ``low`` up, as many as go in; the item after them, and where all end."""
    after = low
    at = np.int64(0)
    while after < many and (after == low or at + sizes[after] <= CELLS):
        begins[after] = ends[after] = at
        at += sizes[after]
        after += 1
    if 2 * at > len(out):
        # What comes later in the search stands behind it.
        out = np.empty(2 * at, np.int32)
    _fill_beside(rows, together, ranks, low, after - 1, out, ends)
    return out, after, at


def deliver_beside(pairs: Ints, together: Flags, ranks: Whole, rank: Whole, counts: Longs, seen: Ints) -> Whole:
    """How often each item is frequently beside, and which are."""
    items = np.int64(0)
    for other in range(ranks):
        if together[rank * ranks + other]:
            counts[other] = pairs[_before(min(rank, other), ranks) + max(rank, other)]
            seen[items] = other
            items += 1
    return items
