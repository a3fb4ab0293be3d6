"""Loops over the itemsets found so far: repeating them with one more item, and cutting off the rarest."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from guanxi.mining.association.growing import Whole

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Lengths = npt.NDArray[np.uint8]


def tighten(
    support: Longs, length: Lengths, count: Whole, limit: Whole, reach: bool, shortest: Whole, floor: Whole,
    longest: Whole,
) -> tuple[Whole, Whole]:  # fmt: skip
    """Where to cut the order by support, then by length: the most that ``limit`` holds, or the fewest that reach it.

    Only sets of ``shortest`` items or more are counted. Where they are not too many, the cut stays what it was.
    """
    by_support = np.zeros(support[:count].max() + 2, np.int64)
    for each in range(count):
        by_support[support[each]] += length[each] >= shortest
    at = len(by_support) - 1
    before = 0
    while at > 0 and before + by_support[at] <= limit:
        before += by_support[at]
        at -= 1
    if at == 0:
        return floor, longest
    by_length = np.zeros(256, np.int64)
    for each in range(count):
        if support[each] == at and length[each] >= shortest:
            by_length[length[each]] += 1
    longest = shortest - 1
    while longest < 255 and before + by_length[longest + 1] <= limit:
        longest += 1
        before += by_length[longest]
    if reach and before < limit:
        longest += 1
    return at, longest


def squeeze(
    parent: Ints, item: Ints, support: Longs, length: Lengths, count: Whole, floor: Whole, longest: Whole, moved: Ints
) -> Whole:
    """Take out what is below the cut; ``moved`` says where each itemset went."""
    kept = 0
    for each in range(count):
        if support[each] < floor or (support[each] == floor and length[each] > longest):
            moved[each] = -1
            continue
        moved[each] = kept
        above = parent[each]
        parent[kept] = moved[above] if above >= 0 else -1
        item[kept] = item[each]
        support[kept] = support[each]
        length[kept] = length[each]
        kept += 1
    return kept


def repeat(
    parent: Ints, item: Ints, support: Longs, length: Lengths, above: Whole, count: Whole,
    max_length: Whole, floor: Whole, longest: Whole, free: bool,
) -> Whole:  # fmt: skip
    """A perfect extension, the last itemset, has under it all that stands between ``above`` and it once more."""
    start = above + 1
    new = count - 1
    if free:
        shift = count - start
        for each in range(start, new):
            parent[each + shift] = new if parent[each] == above else parent[each] + shift
            item[each + shift] = item[each]
            support[each + shift] = support[each]
            length[each + shift] = length[each] + 1
        return count + new - start
    moved = np.empty(new - start, np.int32)
    for each in range(start, new):
        under = new if parent[each] == above else moved[parent[each] - start]
        deep = length[each] + 1
        found = support[each]
        if under < 0 or deep > max_length or found < floor or (found == floor and deep > longest):
            moved[each - start] = -1
            continue
        moved[each - start] = count
        parent[count] = under
        item[count] = item[each]
        support[count] = found
        length[count] = deep
        count += 1
    return count
