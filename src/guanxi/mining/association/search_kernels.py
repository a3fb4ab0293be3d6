"""The search for frequent itemsets, compiled by `guanxi.compiled`; `frequent` explains it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from guanxi.mining.association.cube_kernels import (  # noqa: F401
    MOST_ITEMS,
    _row_masks,
    _sum_over_supersets,
    _turned,
    cube,
    cube_is_less,
)
from guanxi.mining.association.cut_kernels import repeat, squeeze, tighten
from guanxi.mining.association.growing import Whole, into, more

KERNELS = (
    "more", "into", "_row_starts", "_count", "_intersect", "_to_bits", "_to_lists", "_from_lists", "_perfect",
    "tighten", "squeeze", "repeat", "cube_is_less", "_turned", "_row_masks", "_sum_over_supersets", "cube", "search",
)  # fmt: skip

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Lengths = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]

DEPTH = 66
"""Every itemset comes after all its subsets, so one of length 65 would come after 2 ** 64 others."""
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
    # Every pair of bitmaps against every pair of cells in a row, in about the same unit of time.
    if kept * kept * (stride + 4) <= cells * cells // max(rows, 1) + 10 * cells + 100 * kept:
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


def search(  # noqa: PLR0912, PLR0915
    flat: Ints, item_support: Longs, baskets: Whole, min_count: Whole, max_length: Whole, limit: Whole, reach: bool,
    shortest: Whole, kin_offsets: Longs, kin: Ints, room_32: Ints, room_64: Longs, room_8: Lengths,
) -> tuple[Ints, Ints, Longs, Lengths, Whole, Whole]:  # fmt: skip
    """All itemsets in at least ``min_count`` baskets, or as many of the most frequent as ``limit`` asks for.

    No set holds an item together with its kin.
    """
    ranks = len(item_support)
    # Passed as plain 0, it would be a type of its own, for which all would be compiled once more.
    zero: Any = np.int64(0)
    floor, longest = min_count, zero + 255
    ceiling = limit + max(limit // 2, 4096)

    parent, item = np.empty(1024, np.int32), np.empty(1024, np.int32)
    support, length = np.empty(1024, np.int64), np.empty(1024, np.uint8)
    count = zero

    # A level is an itemset and the entries after it: the items that extend it. Before all levels stand all items.
    entry_item = np.empty(2 * ranks + 64, np.int32)
    entry_support = np.empty(2 * ranks + 64, np.int64)
    entry_at = np.zeros(2 * ranks + 64, np.int64)
    entry_rows = np.empty(2 * ranks + 64, np.int64)
    for rank in range(ranks):
        entry_item[rank], entry_support[rank] = rank, item_support[rank]
    node, words = np.full(DEPTH, -1, np.int64), np.zeros(DEPTH, np.int64)
    first, last, cursor = np.zeros(DEPTH, np.int64), np.zeros(DEPTH, np.int64), np.zeros(DEPTH, np.int64)
    flat_end, starts_end, bits_end = np.zeros(DEPTH, np.int64), np.zeros(DEPTH, np.int64), np.zeros(DEPTH, np.int64)

    starts = _row_starts(flat)
    rows = zero + len(starts)
    bits, local, counts = np.empty(0, np.uint64), np.empty(ranks, np.int32), item_support.copy()
    blocked, seen = np.zeros(ranks, np.bool_), np.arange(ranks).astype(np.int32)
    # Per level of lists, which of its entries are perfect.
    perfect_items = np.empty(len(entry_item), np.int32)
    perfects = np.zeros(DEPTH + 1, np.int64)
    flat, flat_end[0], starts, starts_end[0], bits, bits_end[0], last[0], words[0] = _from_lists(
        flat, len(flat), starts, rows, zero, rows, counts, local, bits, zero,
        entry_item, entry_support, entry_at, entry_rows, seen, ranks, zero, ranks, baskets, min_count,
        kin_offsets, blocked,
    )  # fmt: skip
    first[0], cursor[0] = ranks, last[0]
    perfects[1] = _perfect(entry_at, first[0], last[0], perfect_items, zero)

    sums, places = np.empty(1 << MOST_ITEMS, np.int32), np.empty(1 << MOST_ITEMS, np.int32)
    depth = 0
    while depth >= 0:
        if count > ceiling:
            floor, longest = tighten(support, length, count, limit, reach, shortest, floor, longest)
            moved = np.empty(count, np.int32)
            count = squeeze(parent, item, support, length, count, floor, longest, moved)
            for level in range(1, depth + 1):
                node[level] = moved[node[level]] if node[level] >= 0 else -1
                if node[level] < 0:
                    cursor[level] = first[level]
            # Equals stay together, so that not less than asked for may have to stay.
            ceiling = max(ceiling, 2 * count)
        # Later items come first, so that every itemset stands after all its subsets.
        entry = cursor[depth] - 1
        if entry < first[depth]:
            depth -= 1
            continue
        cursor[depth] = entry
        found = entry_support[entry]
        if found < floor or (found == floor and depth + 1 > longest):
            continue
        perfect = entry_at[entry] == PERFECT
        needed = count + 1 + (count - node[depth] - 1 if perfect else 0)
        if needed > len(parent):
            parent, item = into(room_32[0], parent, count, needed), into(room_32[1], item, count, needed)
            support, length = into(room_64, support, count, needed), into(room_8, length, count, needed)
        parent[count], item[count] = node[depth], entry_item[entry]
        support[count], length[count] = found, depth + 1
        count += 1
        if perfect:
            free = bool(floor == min_count and longest == 255 and max_length > 254)
            count = repeat(
                parent, item, support, length, node[depth], count, max_length, floor, longest, free
            )  # fmt: skip
            continue
        entries = last[depth]
        if entry + 1 == entries or depth + 1 >= max_length:
            continue
        if 2 * entries > len(entry_item):
            entry_item, entry_support = (
                more(entry_item, entries, 2 * entries), more(entry_support, entries, 2 * entries)
            )  # fmt: skip
            entry_at, entry_rows = more(entry_at, entries, 2 * entries), more(entry_rows, entries, 2 * entries)
            perfect_items = more(perfect_items, perfects[depth + 1], 2 * entries)
        itself = entry_item[entry]
        for kin_at in range(kin_offsets[itself], kin_offsets[itself + 1]):
            blocked[kin[kin_at]] = True
        if words[depth] == LISTS:
            numbers = first[depth]
            start = entry_at[entry]
            items = _count(
                flat, starts, start, start + entry_rows[entry], counts, seen,
                perfect_items, perfects[depth], perfects[depth + 1], entry + 1 - numbers, entries - numbers,
            )  # fmt: skip
            (
                flat, flat_end[depth + 1], starts, starts_end[depth + 1], bits, bits_end[depth + 1], end, wide
            ) = _from_lists(
                flat, flat_end[depth], starts, starts_end[depth], start, start + entry_rows[entry], counts, local,
                bits, bits_end[depth], entry_item, entry_support, entry_at, entry_rows,
                seen, items, numbers, entries, found, floor, kin_offsets, blocked,
            )  # fmt: skip
        else:
            wide = words[depth]
            out = bits_end[depth]
            if out + (entries - entry) * wide > len(bits):
                bits = more(bits, out, out + (entries - entry) * wide)
            end = entries
            for other in range(entry + 1, entries):
                rank = entry_item[other]
                if blocked[rank]:
                    continue
                both = found
                if entry_at[other] != PERFECT:
                    both = _intersect(
                        bits, np.uint64(entry_at[entry]), np.uint64(entry_at[other]), np.uint64(out), np.uint64(wide)
                    )
                if both >= floor:
                    entry_item[end] = rank
                    entry_support[end] = both
                    if both == found and kin_offsets[rank] == kin_offsets[rank + 1]:
                        entry_at[end] = PERFECT
                    else:
                        entry_at[end] = out
                        out += wide
                    end += 1
            bits_end[depth + 1] = out
            flat_end[depth + 1], starts_end[depth + 1] = flat_end[depth], starts_end[depth]
        for kin_at in range(kin_offsets[itself], kin_offsets[itself + 1]):
            blocked[kin[kin_at]] = False
        if end > entries and wide > 0 and len(kin) == 0:
            perfect_ones = zero
            for each in range(entries, end):
                perfect_ones += entry_at[each] == PERFECT
            if cube_is_less(entry_support, entries, end, found, floor, wide, perfect_ones):
                needed = count + (1 << (end - entries))
                if needed > len(parent):
                    parent, item = into(room_32[0], parent, count, needed), into(room_32[1], item, count, needed)
                    support, length = into(room_64, support, count, needed), into(room_8, length, count, needed)
                count = cube(
                    bits, wide, entry_item, entry_support, entry_at, entries, end, PERFECT, found, sums, places,
                    parent, item, support, length, count - 1, count, depth + 2, max_length, floor, longest,
                )  # fmt: skip
                continue
        if end > entries:
            depth += 1
            node[depth], words[depth] = count - 1, wide
            first[depth], last[depth], cursor[depth] = entries, end, end
            if wide == LISTS:
                perfects[depth + 1] = _perfect(entry_at, entries, end, perfect_items, perfects[depth])
    if count > limit:
        floor, longest = tighten(support, length, count, limit, reach, shortest, floor, longest)
        count = squeeze(parent, item, support, length, count, floor, longest, np.empty(count, np.int32))
    return parent[:count], item[:count], support[:count], length[:count], floor, longest
