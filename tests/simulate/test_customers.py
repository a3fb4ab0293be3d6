import numpy as np
import pytest

from guanxi.simulate import ONE_SEGMENT, SEGMENTS, company
from guanxi.simulate.catalogue import catalogue
from guanxi.simulate.customers import draw_population, has_chinese_name

N = 40_000
EVERYONE = ONE_SEGMENT[0]


@pytest.fixture(scope="module")
def population():
    return draw_population(company(customers=N, seed=1, segments=ONE_SEGMENT))


def near(share, expected, count):
    """Four standard deviations of a binomial share."""
    return abs(share - expected) < 4 * (expected * (1 - expected) / count) ** 0.5


def test_rates_follow_their_gamma_law(population):
    mean = EVERYONE.rate_shape / EVERYONE.rate_scale_days
    assert abs(population.rate.mean() - mean) < 4 * mean / (EVERYONE.rate_shape * N) ** 0.5


@pytest.mark.parametrize("days", [30, 365, 1000])
def test_lifetimes_follow_the_pareto_law(population, days):
    alive = (population.left - population.arrived > days * 86_400).mean()
    beta = EVERYONE.dropout_scale_days
    assert near(alive, (beta / (beta + days)) ** EVERYONE.dropout_shape, N)


def test_drop_out_by_orders_follows_the_beta_geometric_law():
    population = draw_population(company(customers=N, seed=1, segments=ONE_SEGMENT, dropout="geometric"))
    a, b = EVERYONE.dropout_a, EVERYONE.dropout_b
    assert near((population.orders_to_dropout == 1).mean(), a / (a + b), N)
    assert near((population.orders_to_dropout > 2).mean(), b * (b + 1) / ((a + b) * (a + b + 1)), N)


def test_mean_spend_follows_its_inverse_gamma_law(population):
    deviation = EVERYONE.spend_mean / (EVERYONE.spend_spread - 2) ** 0.5
    assert abs(population.spend.mean() - EVERYONE.spend_mean) < 4 * deviation / N**0.5


def test_rate_lifetime_and_spend_are_independent(population):
    lived = np.log(population.left - population.arrived + 3600)
    correlations = np.corrcoef([np.log(population.rate), lived, np.log(population.spend)])
    assert abs(correlations[np.triu_indices(3, 1)]).max() < 4 / N**0.5


def test_arrivals_are_in_order_and_grow_as_stated(population):
    assert (np.diff(population.arrived) >= 0).all()
    company_ = company(customers=N, seed=1)
    half = company_.seconds // 2
    # Density 1 + growth·x over 0 … 1: half of the time has (1/2 + growth/8) / (1 + growth/2) of it.
    assert near((population.arrived < half).mean(), (0.5 + 0.5 / 8) / 1.25, N)


def test_without_growth_as_many_arrive_early_as_late():
    population = draw_population(company(customers=N, seed=1, segments=ONE_SEGMENT, growth=0))
    assert near((population.arrived < 364 * 86_400).mean(), 364 / 730, N)


def test_segments_have_their_shares():
    population = draw_population(company(customers=N, seed=1))
    for number, segment in enumerate(SEGMENTS):
        assert near((population.segment == number).mean(), segment.share, N)


def test_tastes_follow_the_shares_of_the_categories(population):
    shares = catalogue().category_shares
    for category, share in enumerate(shares):
        assert near((population.favourite == category).mean(), share, N)
        expected = sum(shares[other] * share / (1 - shares[other]) for other in range(len(shares)) if other != category)
        assert near((population.second == category).mean(), expected, N)
    assert (population.favourite != population.second).all()


def test_the_language_decides_the_names():
    drawn = np.arange(100)
    assert has_chinese_name("zh", drawn).all()
    assert not has_chinese_name("en", drawn).any()
    assert has_chinese_name("mixed", drawn).sum() == 70
