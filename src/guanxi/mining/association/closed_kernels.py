"""The search for closed and maximal itemsets, compiled by `guanxi.compiled`; `condense` explains it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from guanxi.mining.association.growing import Whole, more

KERNELS = (
    "more", "_count_beside", "_bits_of", "_lists_of", "_open", "_within", "_common", "_floor_for", "_take_out",
    "search_closed",
)  # fmt: skip

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]

LISTS = -1
"""Instead of the number of words of a bitmap: the rows of this level are lists."""
KNOWN = -2
"""Instead of that: an earlier item is in all rows, so that the set and what follows is found elsewhere."""


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


def _common(bits: Words, left: np.uint64, right: np.uint64, out: np.uint64, words: np.uint64) -> Whole:
    """Write the intersection of two bitmaps and count it."""
    total = 0
    for word in range(words):
        both = bits[left + word] & bits[right + word]
        bits[out + word] = both
        total += popcount(both)  # type: ignore[name-defined]  # noqa: F821
    return total


def _floor_for(support: Longs, chosen: Flags, count: Whole, limit: Whole, reach: bool) -> Whole:
    """The least support that ``limit`` sets have at most; or with ``reach``, that so many have at least."""
    by_support = np.zeros(support[:count].max() + 2, np.int64)
    for each in range(count):
        by_support[support[each]] += chosen[each]
    at = len(by_support) - 1
    held = 0
    while at > 0 and held + by_support[at] <= limit:
        held += by_support[at]
        at -= 1
    return at if reach and held < limit else at + 1


def _take_out(
    parent: Ints, item: Ints, support: Longs, length: Ints, chosen: Flags, count: Whole, floor: Whole, moved: Ints
) -> Whole:
    """Take out what is below the floor; ``moved`` says where each node went."""
    kept = 0
    for each in range(count):
        moved[each] = -1
        if support[each] >= floor:
            moved[each] = kept
            parent[kept] = moved[parent[each]] if parent[each] >= 0 else -1
            item[kept], support[kept], length[kept] = item[each], support[each], length[each]
            chosen[kept] = chosen[each]
            kept += 1
    return kept


def search_closed(  # noqa: PLR0912, PLR0915
    flat: Ints, item_support: Longs, baskets: Whole, min_count: Whole, max_length: Whole, limit: Whole, reach: bool,
    maximal: bool, shortest: Whole,
) -> tuple[Ints, Ints, Longs, Ints, Flags, Whole]:  # fmt: skip
    """Closed itemsets in at least ``min_count`` baskets, as many of the most frequent as ``limit`` asks for.

    Or the maximal ones, where the search ends as soon as there are more than ``limit``.
    """
    ranks = len(item_support)
    # Passed as plain 0, it would be a type of its own, for which all would be compiled once more.
    zero: Any = np.int64(0)
    floor: Any = min_count
    ceiling = limit + max(limit // 2, 4096)
    parent, item, support = np.empty(1024, np.int32), np.empty(1024, np.int32), np.empty(1024, np.int64)
    length, chosen = np.empty(1024, np.int32), np.empty(1024, np.bool_)
    count, picked = zero, zero

    entry_item, entry_support = np.empty(2 * ranks + 64, np.int32), np.empty(2 * ranks + 64, np.int64)
    entry_at, entry_rows = np.zeros(2 * ranks + 64, np.int64), np.zeros(2 * ranks + 64, np.int64)
    for rank in range(ranks):
        entry_item[rank] = rank
    depths = ranks + 2
    node, begun = np.full(depths, -1, np.int64), np.zeros(depths, np.int64)
    first, last, cursor = np.zeros(depths, np.int64), np.zeros(depths, np.int64), np.zeros(depths, np.int64)
    words, picked_before = np.zeros(depths, np.int64), np.zeros(depths, np.int64)
    flat_end, starts_end, bits_end = np.zeros(depths, np.int64), np.zeros(depths, np.int64), np.zeros(depths, np.int64)
    # Bitmaps of items that come before: those of a level and of the levels above it that have bitmaps of the same rows.
    before = np.empty(2 * ranks + 64, np.int64)
    before_first, before_last, before_end = np.zeros(depths, np.int64), np.zeros(depths, np.int64), zero

    rows = zero
    for cell in range(len(flat)):
        rows += flat[cell] < 0
    starts = np.empty(rows, np.int32)
    row = 0
    for cell in range(len(flat)):
        if cell == 0 or flat[cell - 1] < 0:
            starts[row] = cell
            row += 1
    bits = np.empty(0, np.uint64)
    local, counts = np.empty(ranks, np.int32), item_support.copy()
    seen, perfect = np.arange(ranks).astype(np.int32), np.empty(ranks + 1, np.int32)

    # The set itself, and -1 for the empty set in the beginning, is the item before which nothing stands.
    depth, entry, found, itself = zero - 1, zero, baskets, zero - 1
    many, numbers, entries, perfects, above = ranks, zero, ranks, zero, zero - 1
    flat_before, starts_before, bits_before = zero + len(flat), rows, zero
    ends: Any = zero + ranks
    core: Any = ends
    rows_first: Any = zero
    rows_last: Any = rows
    wide: Any = zero + LISTS
    fresh = True
    while True:
        if not fresh:
            if picked > ceiling and not maximal:
                floor = _floor_for(support, chosen, count, limit, reach)
                moved = np.empty(count, np.int32)
                count = _take_out(parent, item, support, length, chosen, count, floor, moved)
                picked = zero
                for each in range(count):
                    picked += chosen[each]
                for level in range(1, depth + 1):
                    if node[level] >= 0:
                        node[level] = moved[node[level]]
                        if node[level] < 0:
                            cursor[level] = last[level]
                ceiling = max(ceiling, 2 * picked)
            if picked > limit and maximal:
                break
            if cursor[depth] == last[depth]:
                before_end = before_last[depth]
                if maximal and picked == picked_before[depth]:
                    # Nothing that was chosen is below: take back what only led there.
                    count = begun[depth]
                depth -= 1
                if depth < 0:
                    break
                if words[depth] != LISTS:
                    # What has been searched tells from now on what is known.
                    before[before_end] = entry_at[cursor[depth] - 1]
                    before_end += 1
                continue
            entry = cursor[depth]
            cursor[depth] += 1
            found = entry_support[entry]
            if found < floor:
                continue
            above, entries, numbers = node[depth], last[depth], first[depth]
            many = entries - numbers
            itself = entry - numbers
            wide = words[depth]
            flat_before, starts_before, bits_before = flat_end[depth], starts_end[depth], bits_end[depth]
            perfects = zero
            if entries + many > len(entry_item):
                needed = entries + many
                entry_item, entry_support = more(entry_item, entries, needed), more(entry_support, entries, needed)
                entry_at, entry_rows = more(entry_at, entries, needed), more(entry_rows, entries, needed)
            if before_end + many + 1 > len(before):
                before = more(before, before_end, before_end + many + 1)
            perfect[0] = entry_item[entry]
            perfects += 1
        out_flat, out_starts, out_bits = flat_before, starts_before, bits_before
        if wide == LISTS:
            items = zero + ranks
            if not fresh:
                rows_first = entry_at[entry]
                rows_last = rows_first + entry_rows[entry]
                items = _count_beside(flat, starts, rows_first, rows_last, counts, seen, many)
            (
                flat, out_flat, starts, out_starts, bits, out_bits, ends, core, perfects, wide
            ) = _open(
                flat, flat_before, starts, starts_before, rows_first, rows_last, counts, local, bits, bits_before,
                entry_item, entry_support, entry_at, entry_rows, seen, items, numbers, itself, entries, found, floor,
                perfect, perfects,
            )  # fmt: skip
            if wide == KNOWN:
                continue
            beside = core > entries
        else:
            # Rows of one item alone are in no other's bitmap.
            own, stride = np.uint64(entry_at[entry]), np.uint64(wide)
            known = False
            if entry_rows[entry] == found:
                for each in range(before_end - 1, before_first[depth] - 1, -1):
                    if _within(bits, own, np.uint64(before[each]), stride):
                        known = True
                        break
            if known:
                continue
            if bits_before + (entries - entry) * wide > len(bits):
                bits = more(bits, bits_before, bits_before + (entries - entry) * wide)
            ends, core = entries, entries
            for other in range(entry + 1, entries):
                both = _common(bits, own, np.uint64(entry_at[other]), np.uint64(out_bits), stride)
                if both == found:
                    perfect[perfects] = entry_item[other]
                    perfects += 1
                elif both >= floor:
                    entry_item[ends], entry_support[ends], entry_at[ends] = entry_item[other], both, out_bits
                    entry_rows[ends] = both
                    out_bits += wide
                    ends += 1
            beside = False
            if maximal and ends == entries:
                if bits_before + wide > len(bits):
                    bits = more(bits, bits_before, bits_before + wide)
                for each in range(before_end - 1, before_first[depth] - 1, -1):
                    if _common(bits, own, np.uint64(before[each]), np.uint64(bits_before), stride) >= floor:
                        beside = True
                        break
        # The closed set: the item, and those that are in all its rows.
        start, level_before = count, picked
        deep = np.int64(length[above]) if above >= 0 else zero
        if deep + perfects <= max_length:
            if count + perfects > len(parent):
                needed = count + perfects
                parent, item = more(parent, count, needed), more(item, count, needed)
                support, length = more(support, count, needed), more(length, count, needed)
                chosen = more(chosen, count, needed)
            for each in range(perfects):
                parent[count], item[count], support[count] = above, perfect[each], found
                length[count], chosen[count] = deep + each + 1, False
                above = count
                count += 1
            if perfects > 0 and not (maximal and (ends > core or beside)):
                chosen[count - 1] = deep + perfects >= shortest
                picked += deep + perfects >= shortest
        else:
            # All that follows is longer still.
            ends = core
        if ends > core:
            mark = before_end
            from_lists = fresh or words[depth] == LISTS
            base = mark if from_lists else before_first[depth]
            if from_lists and wide != LISTS:
                if before_end + core - entries + 1 > len(before):
                    before = more(before, before_end, before_end + core - entries + 1)
                for each in range(entries, core):
                    before[before_end] = entry_at[each]
                    before_end += 1
            depth += 1
            node[depth], words[depth], begun[depth], picked_before[depth] = above, wide, start, level_before
            first[depth], last[depth], cursor[depth] = entries, ends, core
            flat_end[depth], starts_end[depth], bits_end[depth] = out_flat, out_starts, out_bits
            before_first[depth], before_last[depth] = base, mark
        else:
            if maximal and picked == level_before:
                count = start
            if not fresh and words[depth] != LISTS:
                before[before_end] = entry_at[entry]
                before_end += 1
        fresh = False
        if depth < 0:
            break
    if picked > limit and not maximal:
        floor = _floor_for(support, chosen, count, limit, reach)
        count = _take_out(parent, item, support, length, chosen, count, floor, np.empty(count, np.int32))
    return parent[:count], item[:count], support[:count], length[:count], chosen[:count], floor
