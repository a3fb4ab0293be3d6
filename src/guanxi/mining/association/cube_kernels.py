"""All subsets of a few items at once: what the search does where most of them are frequent."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from guanxi.mining.association.growing import Whole

KERNELS = ("cube_is_less", "_turned", "_row_masks", "_sum_over_supersets", "cube")

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Lengths = npt.NDArray[np.uint8]

MOST_ITEMS = 16


def cube_is_less(
    entry_support: Longs, first: Whole, last: Whole, whole: Whole, floor: Whole, words: Whole, perfect: Whole
) -> bool:
    """Whether counting all subsets is less work than intersecting one by one, were the items independent."""
    many = last - first
    if many > MOST_ITEMS or many - perfect < 3:
        return False
    logs = 0.0
    for entry in range(first, last):
        logs += math.log(entry_support[entry] / whole)
    # So many items together are as rare as is allowed.
    deep = int(math.log(floor / whole) * (many - perfect) / logs + 0.5)
    sets = 1.0
    ways = 1.0
    for size in range(1, min(deep, many - perfect) + 1):
        ways = ways * (many - perfect - size + 1) / size
        sets += ways
    singly = sets * (words + 25)
    at_once = words * 64.0 * (2 + 2 * ((many + 7) >> 3)) + (1 << many) * (1 + many / 8)
    return bool(at_once < singly)


def _turned(block: np.uint64) -> np.uint64:
    """Eight items by eight rows, transposed: Warren (2012), Hacker's Delight, section 7-3."""
    swap = (block ^ (block >> np.uint64(7))) & np.uint64(0x00AA00AA00AA00AA)
    block ^= swap ^ (swap << np.uint64(7))
    swap = (block ^ (block >> np.uint64(14))) & np.uint64(0x0000CCCC0000CCCC)
    block ^= swap ^ (swap << np.uint64(14))
    swap = (block ^ (block >> np.uint64(28))) & np.uint64(0x00000000F0F0F0F0)
    return block ^ swap ^ (swap << np.uint64(28))


def _row_masks(
    bits: Words, words: Whole, entry_at: Longs, first: Whole, last: Whole, absent: Whole, everywhere: Whole, sums: Ints
) -> None:
    """Number of rows per mask of items; the last item is bit 0, items in every row are in each mask."""
    octets = bits.view(np.uint8)
    at = np.full(16, -1, np.int64)
    for entry in range(first, last):
        if entry_at[entry] != absent:
            at[last - 1 - entry] = 8 * entry_at[entry]
    high = last - first > 8
    for octet in range(8 * words):
        found = more = np.uint64(0)
        for bit in range(16 if high else 8):
            if at[bit] >= 0:
                eight = np.uint64(octets[at[bit] + octet]) << np.uint64(8 * (bit & 7))
                if bit < 8:
                    found |= eight
                else:
                    more |= eight
        if found | more == 0:
            continue
        found, more = _turned(found), _turned(more) if high else more
        for shift in range(0, 64, 8):
            mask = (found >> np.uint64(shift)) & np.uint64(255)
            if high:
                mask |= ((more >> np.uint64(shift)) & np.uint64(255)) << np.uint64(8)
            sums[np.int64(mask) | everywhere] += 1


def _sum_over_supersets(sums: Ints, many: Whole) -> None:
    """Replace each mask's number by the sum of those of all masks that hold it."""
    size = 1 << many
    for base in range(0, size, 8):
        a, b, c, d = sums[base], sums[base + 1], sums[base + 2], sums[base + 3]
        e, f, g, h = sums[base + 4], sums[base + 5], sums[base + 6], sums[base + 7]
        a, c, e, g = a + b, c + d, e + f, g + h
        a, b, e, f = a + c, b + d, e + g, f + h
        sums[base], sums[base + 1], sums[base + 2], sums[base + 3] = a + e, b + f, c + g, d + h
        sums[base + 4], sums[base + 5], sums[base + 6], sums[base + 7] = e, f, g, h
    half = 8
    while half < size:
        for base in range(0, size, 2 * half):
            low = sums[base : base + half]
            high = sums[base + half : base + 2 * half]
            for each in range(half):
                low[each] += high[each]
        half *= 2


def cube(
    bits: Words, words: Whole, entry_item: Ints, entry_support: Longs, entry_at: Longs, first: Whole, last: Whole,
    absent: Whole, whole: Whole, sums: Ints, places: Ints, parent: Ints, item: Ints, support: Longs, length: Lengths,
    node: Whole, count: Whole, deep: Whole, max_length: Whole, floor: Whole, longest: Whole,
) -> Whole:  # fmt: skip
    """Append all frequent sets of the entries of a level, in the order of the search."""
    many = last - first
    size = 1 << many
    sums[: max(size, 8)] = 0
    everywhere: Whole = 0
    for entry in range(first, last):
        if entry_at[entry] == absent:
            everywhere |= 1 << (last - 1 - entry)
    _row_masks(bits, words, entry_at, first, last, absent, everywhere, sums)
    _sum_over_supersets(sums, many)
    # Rows with fewer than two items are not among the bitmaps.
    part = everywhere
    while True:
        sums[part] = whole
        for entry in range(first, last):
            if entry_at[entry] != absent:
                sums[part | (1 << (last - 1 - entry))] = entry_support[entry]
        if part == 0:
            break
        part = (part - 1) & everywhere
    places[0] = node
    # A mask follows all its subsets; its path is that of the mask without the lowest bit.
    mask = 1
    while mask < size:
        low = mask & -mask
        found = sums[mask]
        above = places[mask ^ low]
        levels = np.int64(length[above]) + 1 if mask != low else deep
        if found < floor or levels > max_length or (found == floor and levels > longest):
            mask += low
            continue
        bit = 0
        while not (low >> bit) & 1:
            bit += 1
        places[mask] = count
        parent[count], item[count] = above, entry_item[last - 1 - bit]
        support[count], length[count] = found, levels
        count += 1
        mask += 1
    return count
