import datetime as dt

import numpy as np
import pytest

from guanxi.simulate import ONE_SEGMENT, Dirt, company
from guanxi.simulate.customers import clocks, draw_population
from guanxi.simulate.orders import customers_of, draw_order_keys, guests_of, seconds_of
from guanxi.simulate.season import UNITS_PER_DAY

MONTH_STARTS = [(dt.date(2024 + month // 12, month % 12 + 1, 1) - dt.date(2024, 1, 1)).days for month in range(24)]


@pytest.fixture(scope="module")
def shop():
    parameters = company(customers=20_000, seed=3)
    population = draw_population(parameters)
    return parameters, population, draw_order_keys(parameters, population)


def expected_repeats(parameters, population, begin, end):
    """Σ λ·(S(b) − S(a)) over the time between two seconds in which each customer is there."""
    total = 0.0
    for number, clock in enumerate(clocks(parameters)):
        mine = population.segment == number
        there = np.clip(population.arrived[mine], begin, end)
        gone = np.clip(np.minimum(population.left[mine], parameters.seconds), begin, end)
        total += float((population.rate[mine] * (clock.units(gone) - clock.units(there))).sum()) / UNITS_PER_DAY
    return total


def test_keys_are_sorted_by_time(shop):
    _, _, keys = shop
    assert (np.diff(seconds_of(keys)) >= 0).all()


def test_the_first_order_is_the_arrival(shop):
    _, population, keys = shop
    customers, first = np.unique(customers_of(keys), return_index=True)
    assert np.array_equal(customers, np.arange(len(population)))
    assert np.array_equal(seconds_of(keys)[first], population.arrived)


def test_nobody_orders_after_he_has_left_or_the_books_have_ended(shop):
    parameters, population, keys = shop
    until = np.minimum(population.left, parameters.seconds)
    assert (seconds_of(keys) <= until[customers_of(keys)]).all()
    assert seconds_of(keys)[-1] < parameters.seconds


@pytest.mark.parametrize("month", range(0, 24, 5))
def test_repeat_orders_of_a_month_are_those_that_rates_and_season_say(shop, month):
    parameters, population, keys = shop
    begin, end = MONTH_STARTS[month] * 86_400, (MONTH_STARTS[month] + 28) * 86_400
    seconds = seconds_of(keys)
    orders = ((seconds >= begin) & (seconds < end)).sum()
    arrivals = ((population.arrived >= begin) & (population.arrived < end)).sum()
    expected = expected_repeats(parameters, population, begin, end)
    assert abs(orders - arrivals - expected) < 4 * expected**0.5


def test_each_segment_orders_as_often_as_its_rates_say(shop):
    parameters, population, keys = shop
    orders = np.bincount(customers_of(keys), minlength=len(population))
    for number, clock in enumerate(clocks(parameters)):
        mine = population.segment == number
        until = np.minimum(population.left[mine], parameters.seconds)
        span = clock.units(until) - clock.units(population.arrived[mine])
        expected = (population.rate[mine] * span).sum() / UNITS_PER_DAY
        assert abs((orders[mine] - 1).sum() - expected) < 4 * expected**0.5


def test_geometric_customers_leave_after_their_last_order():
    parameters = company(customers=5_000, seed=3, segments=ONE_SEGMENT, dropout="geometric")
    population = draw_population(parameters)
    repeats = np.bincount(customers_of(draw_order_keys(parameters, population)), minlength=5_000) - 1
    assert (repeats <= population.orders_to_dropout).all()
    assert 0.2 < (repeats == population.orders_to_dropout).mean() < 0.5


def test_a_customer_makes_about_five_orders_in_the_default_two_years(shop):
    _, population, keys = shop
    assert 4.8 < len(keys) / len(population) < 5.6


def test_guests_have_their_share_of_all_orders_and_change_nobody_elses():
    plain = company(customers=2_000, seed=3)
    dirty = company(customers=2_000, seed=3, dirt=Dirt(guest_orders=0.25))
    population = draw_population(plain)
    keys, both = draw_order_keys(plain, population), draw_order_keys(dirty, population)
    guests = guests_of(both)
    assert guests.sum() == round(len(keys) / 3)
    assert np.array_equal(both[~guests], keys)
