from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from guanxi.simulate import ONE_SEGMENT, SEGMENTS, company
from guanxi.simulate.baskets import LINE, ORDERS_PER_BLOCK, draw_lines
from guanxi.simulate.catalogue import catalogue
from guanxi.simulate.customers import draw_population
from guanxi.simulate.orders import customers_of, draw_order_keys


@pytest.fixture(scope="module")
def shop():
    parameters = company(customers=20_000, seed=9)
    population = draw_population(parameters)
    keys = draw_order_keys(parameters, population)
    blocks = [keys[first : first + ORDERS_PER_BLOCK] for first in range(0, len(keys), ORDERS_PER_BLOCK)]
    parts = []
    for number, block in enumerate(blocks):
        part = draw_lines(parameters, population, block, number)
        part["order"] += number * ORDERS_PER_BLOCK
        parts.append(part)
    return parameters, population, customers_of(keys), np.concatenate(parts)


def test_every_order_has_a_line_and_no_product_twice(shop):
    _, _, customers, lines = shop
    assert np.array_equal(np.unique(lines["order"]), np.arange(len(customers)))
    assert len(np.unique(lines[["order", "product"]])) == len(lines)
    assert lines.dtype == LINE


def test_quantities_and_prices_are_positive(shop):
    lines = shop[-1]
    assert lines["quantity"].min() >= 1
    assert lines["price"].min() >= 1


def test_order_values_follow_the_gamma_gamma_law(shop):
    parameters, population, customers, lines = shop
    value = np.bincount(lines["order"], lines["quantity"] * lines["price"])
    mean = population.spend[customers]
    for number, segment in enumerate(parameters.segments):
        mine = population.segment[customers] == number
        relative = value[mine] / mean[mine]
        # Gamma(p) over its mean: mean 1, variance 1/p, and 2/p² + … for the variance's own variance.
        count, p = mine.sum(), segment.spend_shape
        assert abs(relative.mean() - 1) < 4 / (p * count) ** 0.5
        assert abs(relative.var() - 1 / p) < 4 * ((2 + 6 / p) / count) ** 0.5 / p


def test_what_is_paid_is_near_the_list_price_of_the_segment(shop):
    parameters, population, customers, lines = shop
    level = lines["price"] / catalogue().price[lines["product"]]
    for number, segment in enumerate(parameters.segments):
        mine = population.segment[customers[lines["order"]]] == number
        assert abs(np.median(level[mine]) - segment.price_level) < 0.03
    low, high = np.quantile(level, [0.01, 0.99])
    assert low > 0.5
    assert high < 1.3


def test_companions_are_in_the_basket_as_often_as_planted(shop):
    lines = shop[-1]
    shop_catalogue = catalogue()
    for pair in shop_catalogue.pairs:
        product, companion = (shop_catalogue.family_first[family] for family in (pair.product, pair.companion))
        baskets = np.unique(lines["order"][lines["product"] == product])
        both = np.isin(baskets, lines["order"][lines["product"] == companion]).mean()
        noise = 4 * (pair.probability * (1 - pair.probability) / len(baskets)) ** 0.5
        # The companion may have been drawn anyway: a rare thing of its category, in at most 6 % of these baskets.
        assert pair.probability - noise < both < pair.probability + 0.06 * (1 - pair.probability) + noise


@pytest.fixture(scope="module")
def single_things():
    """Orders of one drawn thing each, by rich customers: category and family as drawn, nothing merged, no budget."""
    segment = replace(ONE_SEGMENT[0], lines_mean=1, spend_mean=1e6)
    parameters = company(customers=10_000, seed=9, segments=(segment,))
    population = draw_population(parameters)
    keys = draw_order_keys(parameters, population)[:ORDERS_PER_BLOCK]
    lines = draw_lines(parameters, population, keys, 0)
    # Companions are of the same category as their product and come after it.
    first = np.unique(lines["order"], return_index=True)[1]
    family = catalogue().product_family[lines["product"][first]]
    return segment, population, customers_of(keys), family


def test_lines_are_of_the_favourite_categories_as_often_as_planted(single_things):
    segment, population, customers, family = single_things
    shares = catalogue().category_shares
    category = catalogue().family_category[family]
    other = 1 - segment.favourite_share - segment.second_share
    for taste, share in ((population.favourite, segment.favourite_share), (population.second, segment.second_share)):
        expected = (share + other * shares[taste[customers]]).mean()
        noise = (expected * (1 - expected) / len(customers)) ** 0.5
        assert abs((category == taste[customers]).mean() - expected) < 4 * noise


def test_within_a_category_things_are_bought_by_their_rank(single_things):
    family = single_things[-1]
    tea = np.bincount(family[catalogue().family_category[family] == 0])
    expected = np.arange(1, len(tea) + 1) ** -0.8
    assert stats.chisquare(tea, expected / expected.sum() * tea.sum()).pvalue > 0.001


def test_an_order_has_about_four_lines(shop):
    _, _, customers, lines = shop
    assert 3.5 < len(lines) / len(customers) < 4.0


def test_a_segment_with_larger_baskets_has_more_lines(shop):
    _, population, customers, lines = shop
    counts = np.bincount(lines["order"])
    mean = [counts[population.segment[customers] == number].mean() for number in range(len(SEGMENTS))]
    names = [segment.name for segment in SEGMENTS]
    assert max(zip(mean, names, strict=True))[1] == "loyal"
    assert min(zip(mean, names, strict=True))[1] == "one_off"
