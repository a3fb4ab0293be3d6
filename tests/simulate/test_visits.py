"""Visits come as often as planted, and fall before a customer leaves."""

import numpy as np
import pytest

from guanxi.simulate import ONE_SEGMENT, Relations, Visits, company
from guanxi.simulate.customers import clocks, draw_population
from guanxi.simulate.season import UNITS_PER_DAY
from guanxi.simulate.visits import draw_visits, leaves_at, visits_per_day

DAY = 86_400
COOLING = 40


@pytest.fixture(scope="module")
def shop():
    relations = Relations(visits=Visits(per_order=5.0, cooling_days=COOLING))
    parameters = company(customers=10_000, seed=33, segments=ONE_SEGMENT, relations=relations)
    population = draw_population(parameters)
    return parameters, population, *draw_visits(parameters, population, population.left)


def near(count, expected):
    return abs(count - expected) < 3.5 * expected**0.5


def test_visits_begin_with_the_first_order_and_end_with_leaving(shop):
    parameters, population, who, second = shop
    assert (second >= population.arrived[who]).all()
    assert (second < np.minimum(population.left[who], parameters.seconds)).all()


def test_who_buys_more_visits_more(shop):
    parameters, population, _, _ = shop
    rate = visits_per_day(parameters, population)
    assert np.allclose(rate, np.minimum(5.0 * population.rate, 600 / parameters.days))


def test_long_before_leaving_visits_are_those_of_the_rate(shop):
    parameters, population, who, second = shop
    until = np.minimum(population.left - COOLING * DAY, parameters.seconds)
    there = until > population.arrived
    (clock,) = clocks(parameters)
    span = clock.units(until[there]) - clock.units(population.arrived[there])
    expected = (visits_per_day(parameters, population)[there] * span).sum() / UNITS_PER_DAY
    assert near((second < until[who]).sum(), expected)


@pytest.mark.parametrize("week", range(5))
def test_in_the_weeks_before_leaving_visits_fall_evenly_to_none(shop, week):
    parameters, population, who, second = shop
    leaves = population.left
    seen = (leaves <= parameters.seconds) & (leaves - population.arrived > COOLING * DAY)
    rate, (clock,) = visits_per_day(parameters, population)[seen], clocks(parameters)
    expected = 0.0
    for day in range(8 * week, 8 * week + 8):
        units = clock.units(leaves[seen] - day * DAY) - clock.units(leaves[seen] - (day + 1) * DAY)
        expected += (rate * units).sum() / UNITS_PER_DAY * (day + 0.5) / COOLING
    before = leaves[who] - second
    counted = seen[who] & (before > 8 * week * DAY) & (before <= (8 * week + 8) * DAY)
    assert near(counted.sum(), expected)


def test_with_geometric_dropout_a_customer_leaves_at_his_last_order():
    parameters = company(customers=4, seed=1, dropout="geometric")
    population = draw_population(parameters)
    orders = population.orders_to_dropout + np.array([1, 0, 1, 0])
    leaves = leaves_at(parameters, population, np.array([5, 6, 7, 8]), orders)
    assert leaves[[0, 2]].tolist() == [5, 7]
    assert (leaves[[1, 3]] > parameters.seconds).all()


def test_without_visits_there_are_none():
    parameters = company(customers=50, seed=1, relations=Relations(visits=Visits(per_order=0)))
    population = draw_population(parameters)
    assert len(draw_visits(parameters, population, population.left)[0]) == 0
