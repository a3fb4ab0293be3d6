"""Rows in memory for the search: lists and bitmaps, and how one becomes the other, compiled by `guanxi.compiled`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from guanxi.mining.association.growing import Whole, more

KERNELS = (
    "more", "_row_starts", "_count", "_intersect", "bits_are_less", "_to_bits", "_to_lists", "_from_lists", "_perfect",
)  # fmt: skip

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]

PERFECT = -1
"""Instead of the place of an entry's rows: it is in every row of its level."""
LISTS = -1
"""Instead of the number of words of a bitmap: the rows of this level are lists."""


def _row_starts(flat: Ints) -> Ints:
    """Where each row begins."""
    starts = np.empty((flat < 0).sum(), np.int32)
    row = 0
    for cell in range(len(flat)):
        if cell == 0 or flat[cell - 1] < 0:
            starts[row] = cell
            row += 1
    return starts


def _count(
    flat: Ints, starts: Ints, first: Whole, last: Whole, counts: Longs, seen: Ints,
    perfect_items: Ints, perfect_first: Whole, perfect_last: Whole, after: Whole, end: Whole,
) -> Whole:  # fmt: skip
    """Occurrence deliver: how often each item follows at the places given, and which do, perfect ones included."""
    items = 0
    if 4 * (last - first) >= end - after:
        for each in range(first, last):
            place = starts[each]
            while flat[place] >= 0:
                counts[flat[place]] += 1
                place += 1
        # No row holds a perfect item.
        for each in range(perfect_first, perfect_last):
            counts[perfect_items[each]] = 1
        for item in range(after, end):
            seen[items] = item
            items += counts[item] > 0
        for each in range(perfect_first, perfect_last):
            counts[perfect_items[each]] = 0
        return items
    # Few rows of many items: what was not seen should cost nothing.
    for each in range(first, last):
        place = starts[each]
        while flat[place] >= 0:
            if counts[flat[place]] == 0:
                seen[items] = flat[place]
                items += 1
            counts[flat[place]] += 1
            place += 1
    for each in range(perfect_first, perfect_last):
        if perfect_items[each] >= after:
            seen[items] = perfect_items[each]
            items += 1
    seen[:items].sort()
    return items


def _intersect(bits: Words, left: np.uint64, right: np.uint64, out: np.uint64, words: np.uint64) -> Whole:
    """Write the intersection of two bitmaps and count it."""
    total = 0
    for word in range(words):
        both = bits[left + word] & bits[right + word]
        bits[out + word] = both
        total += popcount(both)  # type: ignore[name-defined]  # noqa: F821
    return total


def bits_are_less(items: Whole, cells: Whole, rows: Whole) -> bool:
    """Whether bitmaps are less work: every pair of them against every pair of cells in a row, in about one unit."""
    return bool(items * items * (((rows + 63) >> 6) + 4) <= cells * cells // max(rows, 1) + 10 * cells + 100 * items)


def _to_bits(
    flat: Ints, starts: Ints, first: Whole, last: Whole, local: Ints, bits: Words, base: Whole, stride: Whole
) -> Whole:
    """Set bit t of bitmap ``local[item]`` for the t-th row that holds two items or more; the number of such rows."""
    row = 0
    for each in range(first, last):
        place = starts[each]
        kept = -1
        several = False
        word = base + (row >> 6)
        bit = np.uint64(1) << np.uint64(row & 63)
        while flat[place] >= 0:
            found = local[flat[place]]
            place += 1
            if found >= 0:
                # The first item waits until there is a second: a row of one item intersects nothing.
                if kept >= 0:
                    bits[word + found * stride] |= bit
                    several = True
                else:
                    kept = found
        if several:
            bits[word + kept * stride] |= bit
            row += 1
    return row


def _to_lists(flat: Ints, starts: Ints, first: Whole, last: Whole, local: Ints, base: Whole, counts: Longs) -> Whole:
    """Append the rows that hold two items or more to ``flat``, renumbered; count those items that others follow."""
    end = base
    for each in range(first, last):
        place = starts[each]
        row = end
        while flat[place] >= 0:
            found = local[flat[place]]
            place += 1
            if found >= 0:
                flat[end] = found
                end += 1
        if end - row < 2:
            end = row
        else:
            for item in range(row, end - 1):
                counts[flat[item]] += 1
            flat[end] = -1
            end += 1
    return end


def _from_lists(  # noqa: PLR0912, PLR0915
    flat: Ints, flat_end: Whole, starts: Ints, starts_end: Whole, first: Whole, last: Whole, counts: Longs, local: Ints,
    bits: Words, bits_end: Whole, entry_item: Ints, entry_support: Longs, entry_at: Longs, entry_rows: Longs,
    seen: Ints, items: Whole, numbers: Whole, entries: Whole, whole: Whole, floor: Whole, kin_offsets: Longs,
    blocked: Flags,
) -> tuple[Ints, Whole, Ints, Whole, Words, Whole, Whole, Whole]:  # fmt: skip
    """Open a level from rows: its entries, and its rows as bitmaps or as lists, whichever is less work."""
    end = entries
    kept = 0
    cells = 0
    for each in range(items):
        number = seen[each]
        entry = numbers + number
        found = counts[number]
        counts[number] = 0
        rank = entry_item[entry]
        perfect = entry_at[entry] == PERFECT or (found == whole and kin_offsets[rank] == kin_offsets[rank + 1])
        local[number] = -1
        if not blocked[rank] and (perfect or found >= floor):
            entry_item[end] = rank
            entry_support[end] = whole if perfect else found
            entry_at[end] = PERFECT if perfect else 0
            end += 1
            if not perfect:
                local[number] = kept
                kept += 1
                cells += found
    rows = last - first
    if kept < 2:
        return flat, flat_end, starts, starts_end, bits, bits_end, end, 0
    stride = (rows + 63) >> 6
    if bits_are_less(kept, cells, rows):
        if bits_end + kept * stride > len(bits):
            bits = more(bits, bits_end, bits_end + kept * stride)
        bits[bits_end : bits_end + kept * stride] = 0
        used = _to_bits(flat, starts, first, last, local, bits, bits_end, stride)
        words = (used + 63) >> 6
        at = bits_end
        row = bits_end
        for entry in range(entries, end):
            if entry_at[entry] != PERFECT:
                for word in range(words):
                    bits[at + word] = bits[row + word]
                entry_at[entry] = at
                at += words
                row += stride
        return flat, flat_end, starts, starts_end, bits, at, end, words
    if flat_end + cells + rows > len(flat):
        flat = more(flat, flat_end, flat_end + cells + rows)
    followed = np.zeros(kept, np.int64)
    new_end = _to_lists(flat, starts, first, last, local, flat_end, followed)
    place = np.empty(kept, np.int64)
    found = 0
    at = starts_end
    for entry in range(entries, end):
        if entry_at[entry] != PERFECT:
            place[found] = at
            entry_at[entry] = at
            entry_rows[entry] = followed[found]
            at += followed[found]
            found += 1
    if at > len(starts):
        starts = more(starts, starts_end, at)
    # Items are numbered by their place in the level, perfect ones included, which do not occur in the rows.
    found = 0
    for entry in range(entries, end):
        if entry_at[entry] != PERFECT:
            local[found] = entry - entries
            found += 1
    for cell in range(flat_end, new_end):
        item = flat[cell]
        if item >= 0:
            if flat[cell + 1] >= 0:
                starts[place[item]] = cell + 1
                place[item] += 1
            flat[cell] = local[item]
    return flat, new_end, starts, at, bits, bits_end, end, LISTS


def _perfect(entry_at: Longs, first: Whole, last: Whole, perfect_items: Ints, end: Whole) -> Whole:
    """Append the numbers of a level's perfect entries."""
    for entry in range(first, last):
        if entry_at[entry] == PERFECT:
            perfect_items[end] = entry - first
            end += 1
    return end
