"""What is in an order: lines with product, quantity and price, for a block of orders at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv

from guanxi.simulate.catalogue import catalogue
from guanxi.simulate.customers import Population
from guanxi.simulate.orders import customers_of, guests_of, seconds_of
from guanxi.simulate.parameters import Parameters, Segment
from guanxi.simulate.randomness import Floats, Integers, Purpose, poisson_ladder, uniform, words

__all__ = ["BUDGET_SHARE", "LINE", "ORDERS_PER_BLOCK", "SALE", "draw_lines"]

ORDERS_PER_BLOCK = 32_768
"""Part of the format: the lines of a block of orders are drawn together."""

BUDGET_SHARE = 1.25
"""Lines are drawn as long as their smallest sizes together cost at most so much of the order's value."""

SALE = 0

LINE = np.dtype([
    ("second", np.int64),    # after the start
    ("order", np.int64),     # which lines are one order; not its number
    ("customer", np.int64),  # -1: not known
    ("place", np.int64),
    ("product", np.int64),
    ("quantity", np.int64),
    ("price", np.int64),     # minor units a piece
    ("kind", np.int64),      # SALE, or one of `oddities`
    ("about", np.int64),     # number of the order that an odd line is about
])  # fmt: skip
"""One order line."""

_ONE = 1024
"""Weights are whole numbers with this as one, so that money is divided without rounding errors of the machine."""


@dataclass(frozen=True, eq=False)
class _Orders:
    """One block of orders, one entry an order."""

    parameters: Parameters
    population: Population
    block: int
    customer: Integers
    """Who makes the order, or lends a guest his taste."""

    def __len__(self) -> int:
        return len(self.customer)

    def uniform(self, purpose: Purpose, count: int) -> Floats:
        return uniform(self.parameters.seed, purpose, self.block, count)

    def words(self, purpose: Purpose, count: int) -> NDArray[np.uint64]:
        return words(self.parameters.seed, purpose, self.block, count)

    def law(self, of: Callable[[Segment], float]) -> Floats:
        """A parameter of each order's segment."""
        values = np.array([of(segment) for segment in self.parameters.segments], dtype=np.float64)
        return values[self.population.segment[self.customer]]


def draw_lines(parameters: Parameters, population: Population, keys: Integers, block: int) -> np.ndarray:
    """The lines of one block of orders, in the order of ``keys``; ``order`` counts from the block's start.

    An order's value is drawn first (Gamma-Gamma) and divided over its lines: so that the money of a customer follows
    the law, whatever he happens to buy. Quantities are what the money buys at list price; the difference that whole
    quantities leave is the order's price level, the same for all its lines.
    """
    orders = _Orders(parameters, population, block, customers_of(keys))
    value = _order_values(orders)
    order, family = _with_companions(orders, *_families(orders, value))
    product, quantity, price = _quantities(orders, value, order, family)

    lines = np.zeros(len(order), dtype=LINE)
    lines["second"] = seconds_of(keys)[order]
    lines["order"] = order
    lines["customer"] = np.where(guests_of(keys), -1, orders.customer)[order]
    lines["place"] = population.place[orders.customer][order]
    lines["product"] = product
    lines["quantity"] = quantity
    lines["price"] = price
    lines["kind"] = SALE
    return lines


def _order_values(orders: _Orders) -> Integers:
    """Minor units: Gamma(p, ν) by the quantile of a standard gamma variate, times 1/ν = mean / p."""
    shape = orders.law(lambda segment: segment.spend_shape)
    drawn = gammaincinv(shape, orders.uniform(Purpose.ORDER_VALUE, len(orders)))
    return np.maximum(1, np.rint(drawn * orders.population.spend[orders.customer] / shape)).astype(np.int64)


def _families(orders: _Orders, value: Integers) -> tuple[Integers, Integers]:
    """Which families are in which order, each at most once: by taste, and by popularity within a category."""
    shop = catalogue()
    more = np.zeros(len(orders), dtype=np.int64)
    chance = orders.uniform(Purpose.LINE_COUNT, len(orders))
    mean = orders.law(lambda segment: segment.lines_mean - 1)
    for each in np.unique(mean):
        mine = mean == each
        more[mine] = np.searchsorted(poisson_ladder(each), chance[mine])
    order = np.repeat(np.arange(len(orders)), 1 + more)

    point = _categories(orders, order) + orders.uniform(Purpose.FAMILY, len(order))
    family = np.searchsorted(shop.family_ladder, point)
    begins = np.diff(order, prepend=-1) > 0
    spent = np.cumsum(_smallest_price(orders, order, family))
    before = np.concatenate(([0], spent))[:-1][begins]
    kept = begins | (spent - before[order] <= (value * BUDGET_SHARE).astype(np.int64)[order])
    drawn = np.unique((order * shop.families + family)[kept])
    return drawn // shop.families, drawn % shop.families


def _categories(orders: _Orders, order: Integers) -> Integers:
    """A line's category: the customer's favourite, his second, or any by its share."""
    point = orders.uniform(Purpose.CATEGORY, len(order))
    favourite_share = orders.law(lambda segment: segment.favourite_share)[order]
    both = favourite_share + orders.law(lambda segment: segment.second_share)[order]
    customer = orders.customer[order]
    ladder = np.cumsum(catalogue().category_shares)
    ladder[-1] = 1.0
    any_ = np.searchsorted(ladder, np.clip((point - both) / np.maximum(1e-9, 1 - both), 0, 1))
    return np.where(
        point < favourite_share,
        orders.population.favourite[customer],
        np.where(point < both, orders.population.second[customer], any_),
    )


def _with_companions(orders: _Orders, order: Integers, family: Integers) -> tuple[Integers, Integers]:
    """Add the companions of the planted pairs; pairs share no family, so their sequence does not matter."""
    shop = catalogue()
    pairs = shop.pairs
    chance = orders.uniform(Purpose.PAIR, len(orders) * len(pairs)).reshape(len(pairs), len(orders))
    added = [order * shop.families + family]
    for number, pair in enumerate(pairs):
        with_product = order[family == pair.product]
        chosen = with_product[chance[number, with_product] < pair.probability]
        added.append(chosen * shop.families + pair.companion)
    every = np.unique(np.concatenate(added))
    return every // shop.families, every % shop.families


def _price_level(orders: _Orders, order: Integers) -> Integers:
    """Share of the list price that a line's customer tends to pay, in parts of `_ONE`."""
    return np.rint(orders.law(lambda segment: segment.price_level) * _ONE).astype(np.int64)[order]


def _smallest_price(orders: _Orders, order: Integers, family: Integers) -> Integers:
    """What the smallest size of a family costs the customer."""
    shop = catalogue()
    return np.maximum(1, shop.price[shop.family_first[family]] * _price_level(orders, order) // _ONE)


def _quantities(
    orders: _Orders, value: Integers, order: Integers, family: Integers
) -> tuple[Integers, Integers, Integers]:
    """Product (the size), quantity and unit price of each line, so that an order's lines make up its value."""
    shop = catalogue()
    first_lines = np.searchsorted(order, np.arange(len(orders)))
    level = _price_level(orders, order)
    smallest = _smallest_price(orders, order, family)
    # A dearer thing takes more of an order's money; the random part is one half to one and a half.
    weight = _ONE // 2 + (orders.words(Purpose.WEIGHT, len(order)) >> np.uint64(54)).astype(np.int64)
    whole = np.add.reduceat(smallest * weight, first_lines)[order]
    money = value[order] * weight * smallest // whole

    # A larger size only where the money buys at least one and a half of it, so that rounding stays small.
    sizes = np.ones(len(order), dtype=np.int64)
    for size in range(1, int(shop.family_sizes.max())):
        has = shop.family_sizes[family] > size
        listed = shop.price[np.where(has, shop.family_first[family] + size, 0)] * level // _ONE
        sizes += has & (money * 2 >= listed * 3)
    chance = orders.words(Purpose.SIZE, len(order)) >> np.uint64(32)
    product = shop.family_first[family] + (chance * sizes.astype(np.uint64) >> np.uint64(32)).astype(np.int64)

    listed = np.maximum(1, shop.price[product] * level // _ONE)
    quantity = np.maximum(1, (2 * money + listed) // (2 * listed))
    total = np.add.reduceat(listed * quantity, first_lines)[order]
    price = np.maximum(1, (2 * listed * value[order] + total) // (2 * total))
    return product, quantity, price
