"""When customers order: all orders of the company as sorted keys, eight bytes each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from guanxi.simulate.customers import Population, clocks
from guanxi.simulate.parameters import Parameters
from guanxi.simulate.randomness import Floats, Integers, Purpose, poisson, uniform, words
from guanxi.simulate.season import UNITS_PER_DAY, Clock

__all__ = ["customers_of", "draw_order_keys", "guests_of", "poisson_times", "seconds_of"]

_BLOCK = 16_384
_GUEST = 1 << 31
_LOW = (1 << 31) - 1


def draw_order_keys(parameters: Parameters, population: Population) -> NDArray[np.int64]:
    """Every order as ``second << 32 | guest << 31 | customer``, sorted: first by time, ties by customer.

    A guest's order borrows the taste and the spending of a customer, but is not his.
    """
    season = clocks(parameters)
    parts = [
        _draw_block(parameters, season, population, block, slice(first, first + _BLOCK))
        for block, first in enumerate(range(0, len(population), _BLOCK))
    ]
    orders = sum(map(len, parts))
    parts.append(_draw_guests(parameters, season[0], orders))
    keys = np.concatenate(parts)
    keys.sort()
    return keys


def seconds_of(keys: Integers) -> Integers:
    """When each order was placed, in seconds from the first day's midnight."""
    return keys >> 32


def customers_of(keys: Integers) -> Integers:
    """Whose order it is, or whose habits a guest's order borrows: places in the population."""
    return keys & _LOW


def guests_of(keys: Integers) -> NDArray[np.bool_]:
    """Which orders were placed without saying who."""
    return (keys & _GUEST) != 0


def _draw_block(
    parameters: Parameters, season: list[Clock], population: Population, block: int, members: slice
) -> Integers:
    """First orders and repeat orders of one block of customers, in no order."""
    arrived = population.arrived[members]
    who, seconds = poisson_times(
        season, population, members, population.rate[members], population.left[members],
        uniform(parameters.seed, Purpose.ORDER_COUNT, block, len(arrived)),
        partial(words, parameters.seed, Purpose.ORDER_TIME, block),
    )  # fmt: skip
    if parameters.dropout == "geometric":
        who, seconds = _until_dropout(who, seconds, population.orders_to_dropout[members])

    first = members.start
    return np.concatenate((arrived << 32 | np.arange(first, first + len(arrived)), seconds << 32 | first + who))


def poisson_times(
    season: list[Clock],
    population: Population,
    members: slice,
    rate: Floats,
    until: Integers,
    chance: Floats,
    drawn: Callable[[int], NDArray[np.uint64]],
) -> tuple[Integers, Integers]:
    """Events of a Poisson process of each member, from his arrival until a second or the end, on his season's clock.

    Parameters
    ----------
    rate, until, chance : one entry a member: events on an average day, a second, a uniform to draw the count from
    drawn : that many random words, for the times

    Returns
    -------
    who, seconds : places among the members, and when; sorted by member only
    """
    segment, arrived = population.segment[members], population.arrived[members]
    begin = np.zeros(len(segment), dtype=np.int64)
    span = np.zeros(len(segment), dtype=np.int64)
    for number, clock in enumerate(season):
        mine = segment == number
        begin[mine] = clock.units(arrived[mine])
        span[mine] = clock.units(np.minimum(until[mine], clock.seconds_in_all)) - begin[mine]

    who = np.repeat(np.arange(len(segment)), poisson(chance, rate * span / UNITS_PER_DAY))
    # Given their number, the times of a Poisson process are independent and even on its clock.
    share = drawn(len(who)) >> np.uint64(32)
    units = begin[who] + (share * span[who].astype(np.uint64) >> np.uint64(32)).astype(np.int64)
    seconds = np.zeros(len(who), dtype=np.int64)
    for number, clock in enumerate(season):
        mine = segment[who] == number
        seconds[mine] = clock.seconds(units[mine])
    return who, np.maximum(seconds, arrived[who])


def _until_dropout(who: Integers, seconds: Integers, most: Integers) -> tuple[Integers, Integers]:
    """The earliest repeat orders of each customer, as many as he makes before he drops out."""
    order = np.lexsort((seconds, who))
    who, seconds = who[order], seconds[order]
    rank = np.arange(len(who)) - np.searchsorted(who, who, side="left")
    kept = rank < most[who]
    return who[kept], seconds[kept]


def _draw_guests(parameters: Parameters, clock: Clock, orders: int) -> Integers:
    """Guest orders, so many that they are their share of all, over the whole time in the first segment's season."""
    share = parameters.dirt.guest_orders
    count = round(orders * share / (1 - share))
    parts = [np.zeros(0, dtype=np.int64)]
    for block, first in enumerate(range(0, count, _BLOCK)):
        size = min(_BLOCK, count - first)
        drawn = words(parameters.seed, Purpose.GUEST, block, 2 * size) >> np.uint64(32)
        units = (drawn[:size] * np.uint64(clock.total) >> np.uint64(32)).astype(np.int64)
        lender = (drawn[size:] * np.uint64(parameters.customers) >> np.uint64(32)).astype(np.int64)
        parts.append(clock.seconds(units) << 32 | _GUEST | lender)
    return np.concatenate(parts)
