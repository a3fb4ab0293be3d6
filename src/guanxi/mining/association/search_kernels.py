"""The search for frequent itemsets, compiled by `guanxi.compiled`; `frequent` explains it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from guanxi.mining.association import cube_kernels, level_kernels, pair_kernels
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
from guanxi.mining.association.level_kernels import (  # noqa: F401
    LISTS,
    PERFECT,
    _count,
    _from_lists,
    _intersect,
    _perfect,
    _row_starts,
    _to_bits,
    _to_lists,
    bits_are_less,
)
from guanxi.mining.association.pair_kernels import (  # noqa: F401
    PAIRS,
    _before,
    _fill,
    bucket_sizes,
    count_pairs,
    deliver,
    lay_out,
    pairs_pay,
    starts_within,
)

KERNELS = (
    *level_kernels.KERNELS, *cube_kernels.KERNELS, *pair_kernels.KERNELS, "into", "tighten", "squeeze", "repeat",
    "search",
)  # fmt: skip

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Lengths = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]

DEPTH = 66
"""Every itemset comes after all its subsets, so one of length 65 would come after 2 ** 64 others."""


def search(  # noqa: PLR0912, PLR0915
    flat: Ints, item_support: Longs, baskets: Whole, min_count: Whole, max_length: Whole, limit: Whole, reach: bool,
    shortest: Whole, kin_offsets: Longs, kin: Ints, pairs: Ints, low: Whole, high: Whole,
    room_32: Ints, room_64: Longs, room_8: Lengths,
) -> tuple[Ints, Ints, Longs, Lengths, Whole, Whole]:  # fmt: skip
    """All itemsets in at least ``min_count`` baskets, or as many of the most frequent as ``limit`` asks for.

    No set holds an item together with its kin. Only those are searched whose first item is from ``low`` to ``high``.
    ``pairs`` is what `count_pairs` gives where `pairs_pay`, else empty.
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

    rows_flat = flat
    paired = len(pairs) > 0
    bits, local, counts = np.empty(0, np.uint64), np.empty(ranks, np.int32), item_support.copy()
    blocked, seen = np.zeros(ranks, np.bool_), np.arange(ranks).astype(np.int32)
    # Per level of lists, which of its entries are perfect.
    perfect_items = np.empty(len(entry_item), np.int32)
    perfects = np.zeros(DEPTH + 1, np.int64)
    begins, ends, laid_out = np.empty(ranks, np.int64), np.empty(ranks, np.int64), zero + ranks
    sizes = begins
    if paired:
        # Rows are laid out by item when their turn comes; until then there is only how often two are together.
        sizes = bucket_sizes(pairs, ranks, floor)
        flat, starts = np.empty(0, np.int32), np.empty(0, np.int32)
        for rank in range(ranks):
            entry_item[ranks + rank], entry_support[ranks + rank] = rank, item_support[rank]
            alone = kin_offsets[rank] == kin_offsets[rank + 1]
            entry_at[ranks + rank] = PERFECT if item_support[rank] == baskets and alone else 0
        last[0], words[0] = 2 * ranks, PAIRS
        counts[:] = 0
    else:
        starts = _row_starts(flat)
        rows = zero + len(starts)
        flat, flat_end[0], starts, starts_end[0], bits, bits_end[0], last[0], words[0] = _from_lists(
            flat, len(flat), starts, rows, zero, rows, counts, local, bits, zero,
            entry_item, entry_support, entry_at, entry_rows, seen, ranks, zero, ranks, baskets, min_count,
            kin_offsets, blocked,
        )  # fmt: skip
        perfects[1] = _perfect(entry_at, ranks, last[0], perfect_items, zero)
    first[0], cursor[0] = ranks, ranks + high

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
        if entry < first[depth] + (low if depth == 0 else 0):
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
        if words[depth] < 0:
            numbers = first[depth]
            if words[depth] == PAIRS:
                if itself < laid_out:
                    flat, laid_out, flat_end[0] = lay_out(
                        rows_flat, pairs, ranks, floor, sizes, low, np.int64(itself), flat, begins, ends
                    )
                starts, entry_rows[entry] = starts_within(flat, begins[itself], ends[itself], starts)
                starts_end[0] = entry_rows[entry]
                items = deliver(pairs, ranks, itself, min_count, entry_at[numbers:], counts, seen)
            else:
                items = _count(
                    flat, starts, entry_at[entry], entry_at[entry] + entry_rows[entry], counts, seen,
                    perfect_items, perfects[depth], perfects[depth + 1], entry + 1 - numbers, entries - numbers,
                )  # fmt: skip
            start = entry_at[entry]
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
