"""Orders that went wrong: the cause that customers leave for, with what is seen of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guanxi.simulate.customers import Population
from guanxi.simulate.orders import customers_of, guests_of, seconds_of
from guanxi.simulate.parameters import Parameters
from guanxi.simulate.randomness import Floats, Integers, Purpose, uniform, words

__all__ = ["OwnOrders", "draw_complaints", "draw_sent_back", "own_orders"]

COMPLAINT_WITHIN_SECONDS = 3 * 86_400


@dataclass(frozen=True, eq=False)
class OwnOrders:
    """Orders of known customers, in time order, one entry an order."""

    place: Integers
    """Among all orders, those of guests included."""
    customer: Integers
    second: Integers
    is_last: NDArray[np.bool_]
    """Whether it is the last one ever: the customer left before he would have ordered again."""
    is_bad: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.place)


def own_orders(parameters: Parameters, population: Population, keys: Integers) -> OwnOrders:
    """Which orders of known customers were their last ever, and which went wrong.

    Bad is drawn given whether the order is the last: π if it is, ρ if not (see `BadOrders`).
    """
    place = np.flatnonzero(~guests_of(keys))
    customer = customers_of(keys[place])
    last_place = np.zeros(len(population), dtype=np.int64)
    last_place[customer] = np.arange(len(place))  # sorted by time: the last one stays
    gone = _gone_for_good(parameters, population, np.bincount(customer, minlength=len(population)))
    is_last = np.zeros(len(place), dtype=np.bool_)
    is_last[last_place[gone]] = True
    law = parameters.relations.bad_orders
    drawn = _drawn(parameters, Purpose.BAD_ORDER, len(place))
    return OwnOrders(
        place=place,
        customer=customer,
        second=seconds_of(keys[place]),
        is_last=is_last,
        is_bad=drawn < np.where(is_last, law.before_leaving, law.otherwise),
    )


def draw_complaints(parameters: Parameters, orders: OwnOrders) -> tuple[Integers, Integers]:
    """Who complains of a bad order, and in which second; those that fall behind the end are left out."""
    chance = _drawn(parameters, Purpose.COMPLAINT, len(orders))
    chosen = orders.is_bad & (chance < parameters.relations.bad_orders.complained)
    delay = words(parameters.seed, Purpose.COMPLAINT_DELAY, 0, int(chosen.sum())) >> np.uint64(32)
    second = orders.second[chosen] + 3600
    second += (delay * np.uint64(COMPLAINT_WITHIN_SECONDS - 3600) >> np.uint64(32)).astype(np.int64)
    inside = second < parameters.seconds
    return orders.customer[chosen][inside], second[inside]


def draw_sent_back(parameters: Parameters, population: Population, keys: Integers) -> NDArray[np.bool_] | None:
    """Of all orders, whose first line comes back because the order was bad; None where that never happens."""
    share = parameters.relations.bad_orders.sent_back
    if share == 0:
        return None
    orders = own_orders(parameters, population, keys)
    back = np.zeros(len(keys), dtype=np.bool_)
    back[orders.place[orders.is_bad & (_drawn(parameters, Purpose.SENT_BACK, len(orders)) < share)]] = True
    return back


def _gone_for_good(parameters: Parameters, population: Population, orders: Integers) -> NDArray[np.bool_]:
    """Who never orders again after the books' end, or has left before it.

    Of those who are still there at the end, somebody of rate λ who leaves t days after it has ordered for the last time
    with probability e^(−λt): after the books there are no seasons.
    """
    if parameters.dropout == "geometric":
        return orders - 1 >= population.orders_to_dropout
    days = np.maximum(0, population.left - parameters.seconds) / 86_400
    drawn = uniform(parameters.seed, Purpose.AFTERWARDS, 0, len(population))
    return drawn < np.exp(-population.rate * days)


def _drawn(parameters: Parameters, purpose: Purpose, count: int) -> Floats:
    """One number an order: drawn along the orders of known customers, so that guests change nothing."""
    return uniform(parameters.seed, purpose, 0, count)
