"""The search for closed and maximal itemsets, compiled by `guanxi.compiled`; `condense` explains it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from guanxi.mining.association import beside_kernels
from guanxi.mining.association.beside_kernels import (  # noqa: F401
    KNOWN,
    _bits_of,
    _count_beside,
    _fill_beside,
    _lists_of,
    _open,
    _within,
    deliver_beside,
    frequent_pairs,
    lay_out_beside,
)
from guanxi.mining.association.growing import Whole, more
from guanxi.mining.association.level_kernels import LISTS, _intersect, _row_starts, bits_are_less  # noqa: F401
from guanxi.mining.association.pair_kernels import PAIRS, _before, count_pairs, pairs_pay, starts_within  # noqa: F401

KERNELS = (
    "more", "_row_starts", "_intersect", "bits_are_less", "pairs_pay", "_before", "count_pairs", "starts_within",
    *beside_kernels.KERNELS, "_covered", "_floor_for", "_take_out", "search_closed",
)  # fmt: skip

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]


def _covered(
    sets: Words, wide: Whole, about: Ints, first: Whole, last: Whole, since: Whole, until: Whole, own: Words,
    tail: Words,
) -> tuple[Ints, Whole, bool]:  # fmt: skip
    """Whether a known set holds these items and all that may follow; if not, those that hold these items are appended.

    Looked at are those that hold what is above: of ``about`` from ``first`` to ``last``, and all from ``since`` on.
    """
    end = last
    if last + (last - first) + (until - since) > len(about):
        about = more(about, last, last + (last - first) + (until - since))
    for each in range(first, last + until - since):
        known = np.int64(about[each]) if each < last else since + each - last
        base = known * wide
        holds = True
        everything = True
        for word in range(wide):
            missing = ~sets[base + word]
            holds &= (own[word] & missing) == 0
            everything &= (tail[word] & missing) == 0
        if holds:
            if everything:
                return about, last, True
            about[end] = known
            end += 1
    return about, end, False


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
    maximal: bool, shortest: Whole, pairs: Ints,
) -> tuple[Ints, Ints, Longs, Ints, Flags, Whole]:  # fmt: skip
    """Closed itemsets in at least ``min_count`` baskets, as many of the most frequent as ``limit`` asks for.

    Or the maximal ones, where the search ends as soon as there are more than ``limit``. ``pairs`` is what `count_pairs`
    gives where `pairs_pay`, else empty.
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

    rows_flat, paired = flat, len(pairs) > 0
    starts, rows = np.empty(0, np.int32), zero
    together, sizes, laid_out = np.empty(0, np.bool_), np.empty(0, np.int64), zero
    begins, bucket_ends = np.empty(ranks, np.int64), np.empty(ranks, np.int64)
    if paired:
        together, sizes = frequent_pairs(pairs, item_support, baskets, floor)
        flat = np.empty(0, np.int32)
    else:
        starts = _row_starts(flat)
        rows += len(starts)
    bits = np.empty(0, np.uint64)
    local, counts = np.empty(ranks, np.int32), item_support.copy()
    if paired:
        counts[:] = 0
    seen, perfect = np.arange(ranks).astype(np.int32), np.empty(ranks + 1, np.int32)

    # Where all rows are bitmaps: the maximal sets known, as bits of items, and per level those that hold its set.
    wide_set: Any = (ranks + 63) >> 6
    sets, set_bits, known_sets = np.empty(0, np.uint64), np.empty(0, np.uint64), zero
    own_bits, tail_bits = np.empty(wide_set, np.uint64), np.empty(wide_set, np.uint64)
    about, about_end = np.empty(1024, np.int32), zero
    about_first, about_last = np.zeros(depths, np.int64), np.zeros(depths, np.int64)
    since = np.zeros(depths, np.int64)
    focused = False

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
                if words[depth] >= 0:
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
        if fresh and paired:
            # Items in every row are at the end.
            ends, core = zero + ranks, zero + ranks
            for rank in range(ranks):
                entry_item[ranks + rank], entry_support[ranks + rank] = rank, item_support[rank]
                if item_support[rank] == baskets:
                    perfect[perfects] = rank
                    perfects += 1
                else:
                    ends += 1
            wide = zero + PAIRS
            beside = False
        elif wide < 0:
            items = zero + ranks
            if wide == PAIRS:
                if itself >= laid_out:
                    flat, laid_out, flat_before = lay_out_beside(
                        rows_flat, together, ranks, sizes, itself, many, flat, begins, bucket_ends
                    )
                    flat_end[0] = flat_before
                starts, rows_last = starts_within(flat, begins[itself], bucket_ends[itself], starts)
                starts_before, rows_first = rows_last, zero
                items = deliver_beside(pairs, together, ranks, itself, counts, seen)
            elif not fresh:
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
            if fresh and maximal and wide >= 0 and max_length >= ranks:
                focused = True
                set_bits = np.zeros(depths * wide_set, np.uint64)
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
                both = _intersect(bits, own, np.uint64(entry_at[other]), np.uint64(out_bits), stride)
                if both == found:
                    perfect[perfects] = entry_item[other]
                    perfects += 1
                elif both >= floor:
                    entry_item[ends], entry_support[ends], entry_at[ends] = entry_item[other], both, out_bits
                    entry_rows[ends] = both
                    out_bits += wide
                    ends += 1
            beside = False
            if maximal and ends == entries and not focused:
                if bits_before + wide > len(bits):
                    bits = more(bits, bits_before, bits_before + wide)
                for each in range(before_end - 1, before_first[depth] - 1, -1):
                    if _intersect(bits, own, np.uint64(before[each]), np.uint64(bits_before), stride) >= floor:
                        beside = True
                        break
        if focused:
            base = (depth + 1) * wide_set
            for word in range(wide_set):
                own_bits[word], tail_bits[word] = np.uint64(0), np.uint64(0)
            for each in range(perfects):
                own_bits[perfect[each] >> 6] |= np.uint64(1) << np.uint64(perfect[each] & 63)
            for each in range(core, ends):
                tail_bits[entry_item[each] >> 6] |= np.uint64(1) << np.uint64(entry_item[each] & 63)
            if not fresh:
                about, about_end, covered = _covered(
                    sets, wide_set, about, about_first[depth], about_last[depth], since[depth], known_sets,
                    own_bits, tail_bits,
                )  # fmt: skip
                if covered:
                    # Nothing below is maximal.
                    before[before_end] = entry_at[entry]
                    before_end += 1
                    continue
            for word in range(wide_set):
                above_bits = set_bits[base - wide_set + word] if not fresh else np.uint64(0)
                set_bits[base + word] = above_bits | own_bits[word]
            if ends == core:
                if (known_sets + 1) * wide_set > len(sets):
                    sets = more(sets, known_sets * wide_set, max(1024, (known_sets + 1) * wide_set))
                for word in range(wide_set):
                    sets[known_sets * wide_set + word] = set_bits[base + word]
                known_sets += 1
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
            from_lists = fresh or words[depth] < 0
            from_bits = mark if from_lists else before_first[depth]
            if from_lists and wide >= 0:
                if before_end + core - entries + 1 > len(before):
                    before = more(before, before_end, before_end + core - entries + 1)
                for each in range(entries, core):
                    before[before_end] = entry_at[each]
                    before_end += 1
            depth += 1
            node[depth], words[depth], begun[depth], picked_before[depth] = above, wide, start, level_before
            first[depth], last[depth], cursor[depth] = entries, ends, core
            flat_end[depth], starts_end[depth], bits_end[depth] = out_flat, out_starts, out_bits
            before_first[depth], before_last[depth] = from_bits, mark
            about_first[depth] = about_last[depth - 1] if depth > 0 else zero
            about_last[depth], since[depth] = about_end, known_sets
        else:
            if maximal and picked == level_before:
                count = start
            if not fresh and words[depth] >= 0:
                before[before_end] = entry_at[entry]
                before_end += 1
        fresh = False
        if depth < 0:
            break
    if picked > limit and not maximal:
        floor = _floor_for(support, chosen, count, limit, reach)
        count = _take_out(parent, item, support, length, chosen, count, floor, np.empty(count, np.int32))
    return parent[:count], item[:count], support[:count], length[:count], chosen[:count], floor
