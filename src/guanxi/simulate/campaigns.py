"""Campaigns with control groups drawn by lot: whom they reached, and who ordered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guanxi.simulate.customers import Population, clocks
from guanxi.simulate.experience import OwnOrders
from guanxi.simulate.parameters import Parameters
from guanxi.simulate.randomness import Floats, Integers, Purpose, uniform, words
from guanxi.simulate.season import UNITS_PER_DAY

__all__ = ["Campaign", "campaign_starts", "channels", "draw_campaigns"]

OPENED_WITHIN_SECONDS = 2 * 86_400
_TEN_O_CLOCK = 10 * 3600
_LEFT_OPEN = 0.2
"""Who has left opens a message so many times as often as who has not."""


@dataclass(frozen=True, eq=False)
class Campaign:
    """One campaign; arrays have one entry a customer who had joined before, and places count in the population."""

    number: int
    starts: int
    """Second; messages go out at once."""
    ends: int
    delta: Floats
    """δ by whether the customer is new (index 1) or not (0)."""
    is_new: NDArray[np.bool_]
    base: Floats
    """b: chance to order within the campaign's days by rate and drop-out alone."""
    treated: NDArray[np.bool_]
    opened_by: Integers
    """Who opened the message, and in which second."""
    opened_at: Integers
    ordered_by: Integers
    """Who ordered within the campaign's days, and which was his first order then: a place among `OwnOrders`."""
    first_order: Integers

    @property
    def effect(self) -> Floats:
        """b₁ − b₀ of each customer."""
        found: Floats = self.delta[self.is_new.astype(np.int64)] * self.base * (1 - self.base)
        return found


def campaign_starts(parameters: Parameters) -> list[int]:
    """The seconds in which campaigns begin: only such as end before the books do."""
    law = parameters.relations.campaigns
    days = range(law.first_day, parameters.days - law.response_days, law.every_days)
    return [day * 86_400 + _TEN_O_CLOCK for day in days]


def channels(parameters: Parameters, population: Population) -> Integers:
    """How each customer wants to be written to: a place in `CHANNELS`."""
    ladder = np.cumsum(parameters.relations.campaigns.channel_shares)[:-1]
    drawn = uniform(parameters.seed, Purpose.CHANNEL, 0, len(population))
    return np.searchsorted(ladder, drawn, side="right")


def draw_campaigns(
    parameters: Parameters, population: Population, orders: OwnOrders, leaves: Integers
) -> Iterator[Campaign]:
    """The campaigns in their order, each asked of everybody who had joined before.

    The arm is drawn given whether the customer ordered, so that the chance of ordering is b₁ among the treated and b₀
    among the others while everyone is treated with probability e, independent of all that he is:
    P(treated | ordered) = e·b₁/b and P(treated | not) = e·(1 − b₁)/(1 − b). See `Campaigns`.
    """
    law = parameters.relations.campaigns
    wants = channels(parameters, population)
    made = np.zeros(len(population), dtype=np.int64)
    seen = 0
    for number, starts in enumerate(campaign_starts(parameters)):
        ends = starts + law.response_days * 86_400
        begin, end = np.searchsorted(orders.second, (starts, ends))
        made += np.bincount(orders.customer[seen:begin], minlength=len(population))
        seen = int(begin)
        # Customers are numbered as they arrive.
        count = int(np.searchsorted(population.arrived, starts))
        members = slice(0, count)
        base = _base(parameters, population, members, starts, ends, made, leaves)
        # Of several orders of one customer the first: unique returns where a value stands first.
        ordered_by, place = np.unique(orders.customer[begin:end], return_index=True)
        old = ordered_by < count
        ordered_by, first_order = ordered_by[old], begin + place[old]
        ordered = np.zeros(count, dtype=np.bool_)
        ordered[ordered_by] = True

        delta = np.array([law.effect_established, law.effect_new])
        is_new = starts - population.arrived[members] < law.new_within_days * 86_400
        mine, share = delta[is_new.astype(np.int64)], law.treated_share
        if_ordered = share * (1 + (1 - share) * mine * (1 - base))
        if_not = share * (1 - (1 - share) * mine * base)
        treated = uniform(parameters.seed, Purpose.ARM, number, count) < np.where(ordered, if_ordered, if_not)
        opening = np.array(law.opened_shares)[wants[members]] * np.where(leaves[members] < starts, _LEFT_OPEN, 1.0)
        opens = np.flatnonzero(treated & (uniform(parameters.seed, Purpose.OPENED, number, count) < opening))
        delay = words(parameters.seed, Purpose.OPENED_DELAY, number, len(opens)) >> np.uint64(32)
        opened_at = starts + 60 + (delay * np.uint64(OPENED_WITHIN_SECONDS - 60) >> np.uint64(32)).astype(np.int64)
        inside = opened_at < parameters.seconds
        yield Campaign(
            number=number,
            starts=starts,
            ends=ends,
            delta=delta,
            is_new=is_new,
            base=base,
            treated=treated,
            opened_by=opens[inside],
            opened_at=opened_at[inside],
            ordered_by=ordered_by,
            first_order=first_order,
        )


def _base(
    parameters: Parameters, population: Population, members: slice, starts: int, ends: int, made: Integers,
    leaves: Integers,
) -> Floats:  # fmt: skip
    """P(an order between two seconds | rate, drop-out): 1 − e^(−λ·S), S the season's time that the customer is there.

    With geometric drop-out nobody leaves but at an order, so that whoever is there at the start is there until the
    first order.
    """
    segment = population.segment[members]
    if parameters.dropout == "pareto":
        until = np.clip(leaves[members], starts, ends)
    else:
        there = made[members] - 1 < population.orders_to_dropout[members]
        until = np.where(there, ends, starts)
    span = np.zeros(len(segment), dtype=np.int64)
    for number, clock in enumerate(clocks(parameters)):
        mine = segment == number
        span[mine] = clock.units(until[mine]) - clock.units(np.array([starts]))[0]
    base: Floats = -np.expm1(-population.rate[members] * span / UNITS_PER_DAY)
    return base
