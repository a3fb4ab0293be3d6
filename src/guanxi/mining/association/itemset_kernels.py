"""Loops over trees of itemsets, compiled by `guanxi.compiled`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from guanxi.mining.association.growing import Whole

KERNELS = ("expand", "_child", "links", "paths_to")

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Lengths = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]


def expand(parent: Ints, item: Ints, by_value: Ints, numbers: Longs, offsets: Longs) -> Ints:
    """The items of each itemset in the order of their values, one itemset after the other."""
    places = np.empty(offsets[-1], np.int32)
    for each in range(len(numbers)):
        start = offsets[each]
        end = start
        node = np.int64(numbers[each])
        while node >= 0:
            value = by_value[item[node]]
            place = end
            while place > start and places[place - 1] > value:
                places[place] = places[place - 1]
                place -= 1
            places[place] = value
            end += 1
            node = np.int64(parent[node])
    return places


def _child(table: Ints, parent: Ints, item: Ints, above: Whole, wanted: Whole) -> Whole:
    """Where in the hash table the child of an itemset by an item stands, or would stand."""
    mask = np.uint64(len(table) - 1)
    mixed = (np.uint64(above) * np.uint64(0x9E3779B97F4A7C15)) ^ (np.uint64(wanted) * np.uint64(0xC2B2AE3D27D4EB4F))
    place = (mixed ^ (mixed >> np.uint64(29))) & mask
    while table[place] >= 0 and (parent[table[place]] != above or item[table[place]] != wanted):
        place = (place + np.uint64(1)) & mask
    return np.int64(place)


def links(parent: Ints, item: Ints, length: Lengths, ranks: int) -> tuple[Longs, Ints]:
    """For each itemset and each item on its path, the itemset without that item: offsets and numbers, -1 for the empty.

    With items in one order on all paths, an itemset without an item before its last one is the child, by the same last
    item, of its parent without that item. Exact: the hash table compares what it finds.
    """
    count = len(parent)
    size = 16
    while size < 2 * count:
        size *= 2
    table = np.full(size, -1, np.int32)
    offsets = np.zeros(count + 1, np.int64)
    single = np.full(ranks, -1, np.int32)
    for node in range(count):
        offsets[node + 1] = offsets[node] + length[node]
    without = np.empty(offsets[count], np.int32)
    for node in range(count):
        start = offsets[node]
        above = np.int64(parent[node])
        last = np.int64(item[node])
        if above < 0:
            single[last] = node
        else:
            table[_child(table, parent, item, above, last)] = node
            for place in range(length[node] - 1):
                other = np.int64(without[offsets[above] + place])
                if other < 0:
                    without[start + place] = single[last]
                else:
                    without[start + place] = table[_child(table, parent, item, other, last)]
        without[start + length[node] - 1] = above
    return offsets, without


def paths_to(
    parent: Ints, item: Ints, support: Longs, length: Lengths, wanted: Flags
) -> tuple[Ints, Ints, Longs, Lengths, Longs]:
    """The part of the tree that leads to the itemsets wanted, and where they are in it."""
    count = len(parent)
    kept = wanted.copy()
    for node in range(count - 1, -1, -1):
        if kept[node] and parent[node] >= 0:
            kept[parent[node]] = True
    moved = np.cumsum(kept) - 1
    above = parent[kept]
    for node in range(len(above)):
        if above[node] >= 0:
            above[node] = moved[above[node]]
    return above, item[kept], support[kept], length[kept], moved[wanted].astype(np.int64)
