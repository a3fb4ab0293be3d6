"""Loops over the rules that itemsets hold, compiled by `guanxi.compiled`."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from guanxi.mining.association.growing import Whole, more

KERNELS = ("more", "_rank", "_next", "_wanted", "_part", "count_rules", "weigh", "fisher")

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
Lengths = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]


def _rank(places: Longs, size: int, without: int, choose: Longs) -> int:
    """Number of a combination of places, once the place ``without`` is taken out of the itemset."""
    number = 0
    for each in range(size):
        place = places[each] - (places[each] > without)
        number += choose[place, each + 1]
    return number


def _next(places: Longs, size: int, length: Whole) -> bool:
    """Step to the next combination of places in the order of `_rank`; False after the last."""
    for each in range(size):
        ceiling = places[each + 1] if each + 1 < size else length
        if places[each] + 1 < ceiling:
            places[each] += 1
            for lower in range(each):
                places[lower] = lower
            return True
    return False


def _wanted(items: Ints, places: Longs, size: int, target: Flags) -> bool:
    """Whether all items of a consequent are among the targets."""
    wanted = True
    for each in range(size):
        wanted &= target[items[places[each]]]
    return wanted


def _part(
    places: Longs, size: int, length: Whole, node: Whole, offsets: Longs, without: Ints, antecedent: bool
) -> Whole:  # fmt: skip
    """The itemset without its consequent, or without its antecedent."""
    chosen = size - 1
    for place in range(length - 1, -1, -1):
        consequent = chosen >= 0 and places[chosen] == place
        chosen -= consequent
        if consequent == antecedent:
            node = np.int64(without[offsets[node] + place])
    return node


def count_rules(length: Lengths, size: int, choose: Longs) -> Longs:
    """Where the consequents of ``size`` items of each itemset begin in a row of all of them."""
    begins = np.zeros(len(length) + 1, np.int64)
    for node in range(len(length)):
        begins[node + 1] = begins[node] + (choose[length[node], size] if length[node] >= size else 0)
    return begins


def weigh(  # noqa: PLR0915
    parent: Ints, item: Ints, support: Longs, length: Lengths, offsets: Longs, without: Ints, begins: Longs,
    baskets: int, size: int, choose: Longs, target: Flags,
    every: bool, min_confidence: float, min_lift: float, min_improvement: float,
) -> tuple[Longs, Longs, Longs, Reals, Longs, Longs, Longs, Longs]:  # fmt: skip
    """All rules with ``size`` items on the right: those that pass, and if asked the supports of every candidate.

    ``best`` holds, for every itemset and consequent in it, the highest confidence among the rules to that consequent
    from the rest of the itemset or a part of it, none included.
    """
    best = np.empty(begins[-1], np.float64)
    wholes = np.empty(1024, np.int64)
    left, right = np.empty(1024, np.int64), np.empty(1024, np.int64)
    gain = np.empty(1024, np.float64)
    number = np.empty(1024, np.int64)
    tested_both, tested_left = np.empty(1024, np.int64), np.empty(1024, np.int64)
    tested_right = np.empty(1024, np.int64)
    passed = tested = 0
    places = np.empty(size, np.int64)
    items = np.empty(256, np.int32)
    for node in range(len(parent)):
        many = np.int64(length[node])
        if many < size:
            continue
        items[many - 1] = item[node]
        above = np.int64(parent[node])
        for place in range(many - 2, -1, -1):
            items[place] = item[above]
            above = np.int64(parent[above])
        places[:] = np.arange(size)
        both = support[node]
        going = True
        while going:
            at = begins[node] + _rank(places, size, 256, choose)
            antecedent = _part(places, size, many, node, offsets, without, True)
            confidence = both / (support[antecedent] if antecedent >= 0 else baskets)
            simpler = -1.0
            if many > size:
                chosen = 0
                for place in range(many):
                    if chosen < size and places[chosen] == place:
                        chosen += 1
                        continue
                    smaller = np.int64(without[offsets[node] + place])
                    simpler = max(simpler, best[begins[smaller] + _rank(places, size, place, choose)])
            best[at] = max(confidence, simpler)
            if many > size and _wanted(items, places, size, target):
                consequent = _part(places, size, many, node, offsets, without, False)
                if every and tested == len(tested_both):
                    tested_both, tested_left = more(tested_both, tested, 0), more(tested_left, tested, 0)
                    tested_right = more(tested_right, tested, 0)
                if every:
                    tested_both[tested], tested_left[tested] = both, support[antecedent]
                    tested_right[tested] = support[consequent]
                lift = confidence * baskets / support[consequent]
                if confidence >= min_confidence and lift >= min_lift and confidence - simpler >= min_improvement:
                    if passed == len(wholes):
                        wholes, left, right = more(wholes, passed, 0), more(left, passed, 0), more(right, passed, 0)
                        gain, number = more(gain, passed, 0), more(number, passed, 0)
                    wholes[passed], left[passed], right[passed] = node, antecedent, consequent
                    gain[passed], number[passed] = confidence - simpler, tested
                    passed += 1
                tested += every
            going = _next(places, size, many)
    return (
        wholes[:passed], left[:passed], right[:passed], gain[:passed], number[:passed],
        tested_both[:tested], tested_left[:tested], tested_right[:tested],
    )  # fmt: skip


def fisher(both: Longs, left: Longs, right: Longs, baskets: int) -> Reals:
    """Probability of at least ``both`` common baskets by chance: the upper tail of the hypergeometric distribution."""
    logs = np.zeros(baskets + 1)
    for number in range(1, baskets + 1):
        logs[number] = math.lgamma(number + 1.0)
    found = np.empty(len(both))
    for rule in range(len(both)):
        a, c, n = left[rule], right[rule], baskets
        least, most = max(0, a + c - n), min(a, c)
        # The tail that does not hold the mode is summed: its terms shrink.
        upper = both[rule] * n > a * c
        k = both[rule] if upper else both[rule] - 1
        if k < least:
            found[rule] = 1.0
            continue
        term = math.exp(
            logs[a] - logs[k] - logs[a - k] + logs[n - a] - logs[c - k] - logs[n - a - c + k]
            - logs[n] + logs[c] + logs[n - c]
        )  # fmt: skip
        total = term
        while term > total * 1e-17:
            if upper:
                if k == most:
                    break
                term *= (a - k) * (c - k) / ((k + 1) * (n - a - c + k + 1))
                k += 1
            else:
                if k == least:
                    break
                term *= k * (n - a - c + k) / ((a - k + 1) * (c - k + 1))
                k -= 1
            total += term
        found[rule] = min(1.0, total if upper else 1.0 - total)
    return found
