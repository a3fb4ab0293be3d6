"""Visits of the web shop, which grow rare before somebody leaves."""

from __future__ import annotations

from functools import partial

import numpy as np

from guanxi.simulate.customers import Population, clocks
from guanxi.simulate.orders import poisson_times
from guanxi.simulate.parameters import Parameters
from guanxi.simulate.randomness import Floats, Integers, Purpose, uniform, words

__all__ = ["draw_visits", "leaves_at", "visits_per_day"]

_BLOCK = 16_384
_MOST_VISITS = 600


def visits_per_day(parameters: Parameters, population: Population) -> Floats:
    """κ of each customer: on an ordinary day, while he does not think of leaving."""
    rate: Floats = np.minimum(parameters.relations.visits.per_order * population.rate, _MOST_VISITS / parameters.days)
    return rate


def leaves_at(parameters: Parameters, population: Population, last_order: Integers, orders: Integers) -> Integers:
    """The second in which each customer leaves, beyond the end for who does not; both kinds of drop-out."""
    if parameters.dropout == "pareto":
        return population.left
    left = orders - 1 >= population.orders_to_dropout
    return np.where(left, last_order, np.int64(2**40))


def draw_visits(parameters: Parameters, population: Population, leaves: Integers) -> tuple[Integers, Integers]:
    """Who visits, and in which second: sorted by neither. O(visits) time, 16 bytes a visit."""
    season = clocks(parameters)
    rate = visits_per_day(parameters, population)
    cooling = max(1, round(parameters.relations.visits.cooling_days * 86_400))
    found = [(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))]
    for block, first in enumerate(range(0, len(population), _BLOCK)):
        members = slice(first, min(first + _BLOCK, len(population)))
        who, seconds = poisson_times(
            season, population, members, rate[members], leaves[members],
            uniform(parameters.seed, Purpose.VISIT_COUNT, block, members.stop - first),
            partial(words, parameters.seed, Purpose.VISIT_TIME, block),
        )  # fmt: skip
        # Thinned: a visit is kept with the share of the intensity that is left of it.
        drawn = uniform(parameters.seed, Purpose.VISIT_KEPT, block, len(who))
        kept = drawn * cooling < leaves[members][who] - seconds
        found.append((first + who[kept], seconds[kept]))
    return np.concatenate([who for who, _ in found]), np.concatenate([seconds for _, seconds in found])
