"""Bad orders drive customers away as strongly as planted, and by nothing else."""

import numpy as np
import pytest
from scipy import stats

from guanxi.simulate import ONE_SEGMENT, BadOrders, Relations, company
from guanxi.simulate.customers import draw_population
from guanxi.simulate.experience import draw_complaints, draw_sent_back, own_orders
from guanxi.simulate.orders import draw_order_keys, guests_of

LAW = BadOrders(before_leaving=0.4, otherwise=0.05, complained=0.7, sent_back=0.5)


def shop_of(**settings):
    parameters = company(
        customers=20_000, seed=31, segments=ONE_SEGMENT, relations=Relations(bad_orders=LAW), **settings
    )
    population = draw_population(parameters)
    keys = draw_order_keys(parameters, population)
    return parameters, population, keys, own_orders(parameters, population, keys)


@pytest.fixture(scope="module")
def shop():
    return shop_of()


@pytest.fixture(scope="module", params=["pareto", "geometric"])
def either(request, shop):
    return shop if request.param == "pareto" else shop_of(dropout="geometric")


def covers(successes, trials, share, *, confidence=0.999):
    """Whether the exact (Clopper-Pearson) interval holds the share."""
    low, high = stats.binomtest(int(successes), int(trials)).proportion_ci(confidence)
    return low <= share <= high


def test_a_share_of_the_last_orders_and_a_smaller_one_of_the_others_is_bad(either):
    orders = either[-1]
    assert covers(orders.is_bad[orders.is_last].sum(), orders.is_last.sum(), LAW.before_leaving)
    assert covers(orders.is_bad[~orders.is_last].sum(), (~orders.is_last).sum(), LAW.otherwise)


def test_the_log_odds_ratio_is_the_planted_one(either):
    orders = either[-1]
    table = np.array([[(orders.is_bad == bad)[orders.is_last == last].sum() for bad in (1, 0)] for last in (1, 0)])
    estimate = np.log(table[0, 0] * table[1, 1] / (table[0, 1] * table[1, 0]))
    assert abs(estimate - LAW.log_odds) < 3.29 * (1 / table).sum() ** 0.5


def test_an_order_is_the_last_as_often_as_rate_dropout_and_badness_say(shop):
    """P(last) = μ/(λ + μ) of all orders, and of bad ones its odds times the planted ratio: a sum of martingale steps."""
    _, population, _, orders = shop
    rate, dropout = population.rate[orders.customer], population.dropout[orders.customer]
    last = dropout / (rate + dropout)
    bad = last * LAW.before_leaving / (last * LAW.before_leaving + (1 - last) * LAW.otherwise)
    for chance, chosen in ((last, np.ones(len(orders), dtype=bool)), (bad, orders.is_bad)):
        steps = orders.is_last[chosen] - chance[chosen]
        assert abs(steps.sum()) < 3.5 * (chance * (1 - chance))[chosen].sum() ** 0.5


def test_who_left_within_the_books_made_his_last_order(shop):
    parameters, population, _, orders = shop
    gone = np.zeros(len(population), dtype=bool)
    gone[orders.customer[orders.is_last]] = True
    assert gone[population.left <= parameters.seconds].all()
    assert 0 < gone[population.left > parameters.seconds].mean() < 0.5
    assert orders.is_last.sum() == gone.sum()


def test_with_geometric_dropout_the_last_order_is_the_one_that_the_truth_counts_to():
    _, population, _, orders = shop_of(dropout="geometric")
    repeats = np.bincount(orders.customer) - 1
    last = np.zeros(len(population), dtype=bool)
    last[orders.customer[orders.is_last]] = True
    assert np.array_equal(last, repeats == population.orders_to_dropout)


def test_complaints_come_within_three_days_of_a_bad_order(shop):
    parameters, _, _, orders = shop
    who, second = draw_complaints(parameters, orders)
    assert covers(len(who), orders.is_bad.sum(), LAW.complained)
    bad = {}
    for customer, at in zip(
        orders.customer[orders.is_bad].tolist(), orders.second[orders.is_bad].tolist(), strict=True
    ):
        bad.setdefault(customer, []).append(at)
    for customer, at in zip(who.tolist(), second.tolist(), strict=True):
        assert any(3600 <= at - each < 3 * 86_400 for each in bad[customer])


def test_bad_orders_are_sent_back_as_often_as_planted_and_others_never(shop):
    parameters, population, keys, orders = shop
    back = draw_sent_back(parameters, population, keys)
    assert covers(back.sum(), orders.is_bad.sum(), LAW.sent_back)
    assert orders.is_bad[np.isin(orders.place, np.flatnonzero(back))].all()


def test_guests_have_no_bad_orders_and_change_nobody_elses(shop):
    plain = shop[-1]
    _, _, keys, orders = shop_of(dirt=0.3)
    assert not guests_of(keys[orders.place]).any()
    for name in ("customer", "second", "is_last", "is_bad"):
        assert np.array_equal(getattr(orders, name), getattr(plain, name))
