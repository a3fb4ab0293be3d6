"""Which products belong together, and how much: for every pair, what the laws of the basket say."""

from __future__ import annotations

from itertools import product

import numpy as np
import pyarrow as pa

from guanxi.simulate.catalogue import Catalogue, catalogue
from guanxi.simulate.customers import Population
from guanxi.simulate.orders import customers_of
from guanxi.simulate.parameters import Parameters
from guanxi.simulate.randomness import Floats, Integers

__all__ = ["true_pairs"]


def true_pairs(parameters: Parameters, population: Population, keys: Integers) -> pa.Table:
    """Expected support and lift of every pair of things that the shop sells, in whatever size.

    An order of lines_mean = 1 + m takes N ~ 1 + Poisson(m) things, each a given one with probability a (by the
    customer's taste and the thing's rank). So it has none of a set of things of probability s together with

        E[(1 − s)^N] = (1 − s)·e^(−ms),

    and both of two things with 1 − P(not one) − P(not the other) + P(none). A planted companion is missing where it was
    not drawn and, if its product is there, was not added (probability 1 − π). Orders of different tastes are added up:
    so two things of one category go together a little, because the same customers like them.

    Returns
    -------
    table, one row a pair, key (product_id, companion_id), both as the smallest size
        planted : bool; ``product_id`` is then the one that brings the other along
        probability : float64, π; empty where not planted
        same_category : bool
        expected_support : float64, share of the orders that have both
        expected_lift : float64, against the product of the two shares

    Notes
    -----
    As if no budget ever ended: customers of small means take fewer things than they drew. Exact where
    ``spend_mean`` is large. O(tastes × families²), some tenths of a second.
    """
    shop = catalogue()
    single, none_of_two = _averages(parameters, population, keys)
    has = 1 - single
    both = has[:, None] + has[None, :] - 1 + none_of_two
    planted = {(pair.product, pair.companion): pair.probability for pair in shop.pairs}
    planted_places = {tuple(sorted(pair)) for pair in planted}
    first, second = np.triu_indices(shop.families, k=1)
    pairs = [
        (a, b) if (a, b) in planted or (a, b) not in planted_places else (b, a)
        for a, b in zip(first.tolist(), second.tolist(), strict=True)
    ]
    codes = pa.array([shop.codes[each] for each in shop.family_first])
    left, right = (np.array(places, dtype=np.int64) for places in zip(*pairs, strict=True))
    probability = pa.array([planted.get(pair) for pair in pairs], pa.float64())
    return pa.table(
        {
            "product_id": codes.take(pa.array(left)),
            "companion_id": codes.take(pa.array(right)),
            "planted": probability.is_valid(),
            "probability": probability,
            "same_category": shop.family_category[left] == shop.family_category[right],
            "expected_support": both[left, right],
            "expected_lift": both[left, right] / (has[left] * has[right]),
        }
    )


def _averages(parameters: Parameters, population: Population, keys: Integers) -> tuple[Floats, Floats]:
    """P(not this thing) and P(neither of two things), averaged over all orders, companions included."""
    shop = catalogue()
    single, double = np.zeros(shop.families), np.zeros((shop.families, shop.families))
    customer = customers_of(keys)
    categories = len(shop.categories)
    taste = (population.segment * categories + population.favourite) * categories + population.second
    tastes, orders = np.unique(taste[customer], return_counts=True)
    for each, weight in zip(tastes.tolist(), (orders / orders.sum()).tolist(), strict=True):
        segment = parameters.segments[each // categories**2]
        wish = (1 - segment.favourite_share - segment.second_share) * shop.category_shares
        wish[each // categories % categories] += segment.favourite_share
        wish[each % categories] += segment.second_share
        one, two = _without(shop.popularity(wish), segment.lines_mean - 1, shop)
        single += weight * one
        double += weight * two
    return single, double


def _without(drawn: Floats, more: float, shop: Catalogue) -> tuple[Floats, Floats]:
    """P(not this thing) and P(neither of two things) in an order of 1 + Poisson(``more``) things."""

    def none(share: Floats) -> Floats:
        return (1 - share) * np.exp(-more * share)

    single, double = none(drawn), none(drawn[:, None] + drawn[None, :])
    things = np.arange(shop.families)
    leader, added = things.copy(), np.zeros(shop.families)
    for pair in shop.pairs:
        leader[pair.companion], added[pair.companion] = pair.product, pair.probability
    follows = np.flatnonzero(added)
    single[follows] = (1 - added[follows]) * none(drawn[follows])
    single[follows] += added[follows] * none(drawn[follows] + drawn[leader[follows]])
    # A companion that would have been added is missing only where its product is: that one has to be missing too.
    mine, other = follows[:, None], things[None, :]
    rows = np.zeros((len(follows), shop.families))
    for first, second in product((False, True), repeat=2):
        weight = np.where(first, added, 1 - added)[mine] * np.where(second, added, 1 - added)[other]
        share = drawn[mine] + drawn[other]
        if first:
            share = share + drawn[leader[mine]] * (leader[mine] != other)
        if second:
            repeated = (leader[other] == mine) | (leader[other] == other) | (first & (leader[other] == leader[mine]))
            share = share + drawn[leader[other]] * ~repeated
        rows += weight * none(share)
    double[follows], double[:, follows] = rows, rows.T
    return single, double
