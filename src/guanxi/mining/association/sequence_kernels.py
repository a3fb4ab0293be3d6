"""The search for frequent sequences, compiled by `guanxi.compiled`; `sequences` explains it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from guanxi.mining.association.cut_kernels import tighten
from guanxi.mining.association.growing import Whole, more

KERNELS = ("more", "tighten", "_squeeze", "_quartiles", "_in_same", "_in_later", "count_customers", "search")

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
Lengths = npt.NDArray[np.uint8]

COUNT, DELIVER = 0, 1
"""What a pass over the baskets after a sequence is for."""
CUT = -2
"""Instead of a parent: it was cut off meanwhile."""


def count_customers(customers: Ints, codes: Ints, items: int) -> Longs:
    """Number of customers per item, from rows in the order of customers."""
    support = np.zeros(items, np.int64)
    seen = np.full(items, -1, np.int32)
    for row in range(len(codes)):
        code = codes[row]
        if code >= 0 and seen[code] != customers[row]:
            seen[code] = customers[row]
            support[code] += 1
    return support


def _squeeze(
    parent: Ints, item: Ints, support: Longs, length: Lengths, days: Reals, count: Whole, floor: Whole, longest: Whole,
    moved: Ints,
) -> Whole:  # fmt: skip
    """Take out what is below the cut; ``moved`` says where each sequence went."""
    kept = 0
    for each in range(count):
        if support[each] < floor or (support[each] == floor and length[each] > longest):
            moved[each] = -1
            continue
        moved[each] = kept
        parent[kept] = moved[parent[each]] if parent[each] >= 0 else -1
        item[kept], support[kept], length[kept] = item[each], support[each], length[each]
        days[3 * kept : 3 * kept + 3] = days[3 * each : 3 * each + 3]
        kept += 1
    return kept


def _quartiles(ends: Ints, gaps: Ints, first: Whole, last: Whole, customer: Ints, into: Reals, at: Whole) -> None:
    """Quartiles of the days before the last basket, each customer's first one; NaN where there is none before."""
    found = np.empty(last - first, np.float64)
    count = 0
    before = -1
    for each in range(first, last):
        if customer[ends[each]] != before:
            before = customer[ends[each]]
            found[count] = gaps[each]
            count += 1
    if gaps[first] < 0:
        into[at : at + 3] = np.nan
        return
    found = np.sort(found[:count])
    for quarter in range(1, 4):
        place = quarter * (count - 1) / 4
        low = int(place)
        high = min(low + 1, count - 1)
        into[at + quarter - 1] = found[low] + (place - low) * (found[high] - found[low])


def _in_same(
    what: int, ends: Ints, gaps: Ints, first: Whole, last: Whole, item: Whole, offsets: Longs, flat: Ints,
    customer: Ints, counts: Longs, many: Longs, seen: Ints, touched: Ints, found: Whole,
) -> Whole:  # fmt: skip
    """Items beside the last one in its basket: count customers and baskets, or write the baskets to their places."""
    for each in range(first, last):
        basket = ends[each]
        for cell in range(offsets[basket + 1] - 1, offsets[basket] - 1, -1):
            code = 2 * flat[cell]
            if code <= 2 * item:
                break
            if what == COUNT:
                if many[code] == 0:
                    touched[found] = code
                    found += 1
                many[code] += 1
                if seen[code] != customer[basket]:
                    seen[code] = customer[basket]
                    counts[code] += 1
            elif many[code] >= 0:
                ends[many[code]] = basket
                gaps[many[code]] = gaps[each]
                many[code] += 1
    return found


def _in_later(
    what: int, ends: Ints, gaps: Ints, first: Whole, last: Whole, offsets: Longs, flat: Ints, customer: Ints, day: Ints,
    min_gap: Whole, max_gap: Whole, counts: Longs, many: Longs, seen: Ints, touched: Ints, found: Whole,
) -> Whole:  # fmt: skip
    """Items of later baskets within the gap, likewise. The end nearest before a basket decides if any is in reach."""
    start = first
    while start < last:
        who = customer[ends[start]]
        stop = start
        while stop < last and customer[ends[stop]] == who:
            stop += 1
        nearest = start
        basket = ends[start] + 1
        while basket < len(customer) and customer[basket] == who:
            while nearest + 1 < stop and day[ends[nearest + 1]] <= day[basket] - min_gap:
                nearest += 1
            gap = day[basket] - day[ends[nearest]]
            if gap > max_gap and nearest + 1 == stop:
                break
            if min_gap <= gap <= max_gap:
                for cell in range(offsets[basket], offsets[basket + 1]):
                    code = 2 * flat[cell] + 1
                    if what == COUNT:
                        if many[code] == 0:
                            touched[found] = code
                            found += 1
                        many[code] += 1
                        if seen[code] != who:
                            seen[code] = who
                            counts[code] += 1
                    elif many[code] >= 0:
                        ends[many[code]] = basket
                        gaps[many[code]] = gap
                        many[code] += 1
            basket += 1
        start = stop
    return found


def search(  # noqa: PLR0912, PLR0915
    offsets: Longs, flat: Ints, customer: Ints, day: Ints, items: Whole, min_count: Whole, min_gap: Whole,
    max_gap: Whole, max_length: Whole, limit: Whole,
) -> tuple[Ints, Ints, Longs, Lengths, Reals, Whole, Whole]:  # fmt: skip
    """All sequences of at least ``min_count`` customers; code 2 r adds item r to the last basket, 2 r + 1 opens one."""
    # Passed as plain 0, it would be a type of its own, for which all would be compiled once more.
    zero: Any = np.int64(0)
    floor, longest = min_count, zero + 255
    ceiling = limit + max(limit // 2, 4096)
    parent, item = np.empty(1024, np.int32), np.empty(1024, np.int32)
    support, length, days = np.empty(1024, np.int64), np.empty(1024, np.uint8), np.empty(3 * 1024, np.float64)
    count = zero

    # Where each sequence ends, and the days since the basket before; those of one sequence in a row. What waits to be
    # extended lies on a stack, and the ends of what is on top lie last.
    ends, gaps = np.empty(2 * len(flat) + 1, np.int32), np.empty(2 * len(flat) + 1, np.int32)
    waiting_parent, waiting_code = np.empty(2 * items + 1, np.int32), np.empty(2 * items + 1, np.int32)
    waiting_support = np.empty(2 * items + 1, np.int64)
    waiting_first, waiting_last = np.empty(2 * items + 1, np.int64), np.empty(2 * items + 1, np.int64)
    waiting = zero

    counts, many = np.zeros(2 * items, np.int64), np.zeros(2 * items, np.int64)
    seen, touched = np.full(2 * items, -1, np.int32), np.empty(2 * items, np.int32)

    # All baskets stand after the empty sequence.
    node, used, found = zero - 1, zero, zero
    for basket in range(len(customer)):
        for cell in range(offsets[basket], offsets[basket + 1]):
            code = 2 * flat[cell] + 1
            if many[code] == 0:
                touched[found] = code
                found += 1
            many[code] += 1
            if seen[code] != customer[basket]:
                seen[code] = customer[basket]
                counts[code] += 1
    first, last, last_item, deliver_all = zero, zero, zero, True
    while True:
        # Give each frequent extension its place after all that waits; the last in order waits at the bottom.
        order = np.sort(touched[:found])
        needed = used
        for each in range(found):
            if counts[order[each]] >= floor:
                needed += many[order[each]]
        if needed > len(ends):
            ends, gaps = more(ends, used, needed), more(gaps, used, needed)
        if waiting + found > len(waiting_parent):
            waiting_parent, waiting_code = (
                more(waiting_parent, waiting, waiting + found),
                more(waiting_code, waiting, waiting + found),
            )
            waiting_support = more(waiting_support, waiting, waiting + found)
            waiting_first, waiting_last = (
                more(waiting_first, waiting, waiting + found),
                more(waiting_last, waiting, waiting + found),
            )
        for each in range(found - 1, -1, -1):
            code = order[each]
            if counts[code] < floor:
                many[code] = -1
                continue
            waiting_parent[waiting], waiting_code[waiting] = node, code
            waiting_support[waiting] = counts[code]
            waiting_first[waiting], waiting_last[waiting] = used, used + many[code]
            used, many[code] = used + many[code], used
            waiting += 1
        if deliver_all:
            for basket in range(len(customer)):
                for cell in range(offsets[basket], offsets[basket + 1]):
                    code = 2 * flat[cell] + 1
                    if many[code] >= 0:
                        ends[many[code]], gaps[many[code]] = basket, -1
                        many[code] += 1
            deliver_all = False
        elif found > 0:
            _in_same(
                DELIVER, ends, gaps, first, last, last_item, offsets, flat, customer, counts, many, seen, touched, 0
            )
            _in_later(
                DELIVER, ends, gaps, first, last, offsets, flat, customer, day, min_gap, max_gap, counts, many, seen,
                touched, 0,
            )  # fmt: skip
        for each in range(found):
            counts[order[each]], many[order[each]], seen[order[each]] = 0, 0, -1
        found = zero
        # Take the next one that the cut leaves.
        while waiting > 0:
            waiting -= 1
            node, code = np.int64(waiting_parent[waiting]), waiting_code[waiting]
            deep = 1 + (np.int64(length[node]) if node >= 0 else zero)
            held = waiting_support[waiting]
            first, last = waiting_first[waiting], waiting_last[waiting]
            used = last
            if node > CUT and (held > floor or (held == floor and deep <= longest)):
                break
        else:
            break
        if count == len(parent):
            parent, item = more(parent, count, 0), more(item, count, 0)
            support, length, days = more(support, count, 0), more(length, count, 0), more(days, 3 * count, 0)
        parent[count], item[count], support[count], length[count] = node, code, held, deep
        _quartiles(ends, gaps, first, last, customer, days, 3 * count)
        node, last_item = count, np.int64(code >> 1)
        count += 1
        if deep < max_length:
            found = _in_same(
                COUNT, ends, gaps, first, last, last_item, offsets, flat, customer, counts, many, seen, touched, found
            )
            found = _in_later(
                COUNT, ends, gaps, first, last, offsets, flat, customer, day, min_gap, max_gap, counts, many, seen,
                touched, found,
            )  # fmt: skip
        if count > ceiling:
            floor, longest = tighten(support, length, count, limit, False, 1, floor, longest)
            moved = np.empty(count, np.int32)
            count = _squeeze(parent, item, support, length, days, count, floor, longest, moved)
            node = np.int64(moved[node]) if moved[node] >= 0 else zero + CUT
            for each in range(waiting):
                above = waiting_parent[each]
                if above >= 0:
                    waiting_parent[each] = moved[above] if moved[above] >= 0 else CUT
            # Equals stay together, so that not less than asked for may have to stay.
            ceiling = max(ceiling, 2 * count)
    if count > limit:
        floor, longest = tighten(support, length, count, limit, False, 1, floor, longest)
        count = _squeeze(parent, item, support, length, days, count, floor, longest, np.empty(count, np.int32))
    return parent[:count], item[:count], support[:count], length[:count], days[: 3 * count], floor, longest
