"""Expected supports and lifts of all pairs are what baskets show."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from guanxi.simulate import ONE_SEGMENT, company
from guanxi.simulate.baskets import ORDERS_PER_BLOCK, draw_lines
from guanxi.simulate.catalogue import catalogue
from guanxi.simulate.customers import draw_population
from guanxi.simulate.orders import draw_order_keys
from guanxi.simulate.pairs import true_pairs


@cache
def world(*, tastes):
    """The truth of the pairs as columns, and which order has which family (bool, orders × families)."""
    rich = replace(ONE_SEGMENT[0], spend_mean=1e7, spend_spread=50.0)
    if not tastes:
        rich = replace(rich, favourite_share=0.0, second_share=0.0)
    parameters = company(customers=6_000, seed=39, segments=(rich,))
    population = draw_population(parameters)
    keys = draw_order_keys(parameters, population)
    shop = catalogue()
    has = np.zeros((len(keys), shop.families), dtype=bool)
    for block, first in enumerate(range(0, len(keys), ORDERS_PER_BLOCK)):
        lines = draw_lines(parameters, population, keys[first : first + ORDERS_PER_BLOCK], block)
        has[first + lines["order"], shop.product_family[lines["product"]]] = True
    truth = true_pairs(parameters, population, keys)
    return {name: truth[name].to_numpy() for name in truth.column_names}, has


@pytest.fixture(params=[True, False], ids=["with tastes", "without tastes"])
def baskets(request):
    return world(tastes=request.param)


def family_of(codes):
    place = {code: number for number, code in enumerate(catalogue().codes)}
    return catalogue().product_family[[place[code] for code in codes]]


def test_every_pair_is_there_once(baskets):
    truth, _ = baskets
    pairs = {frozenset(pair) for pair in zip(truth["product_id"], truth["companion_id"], strict=True)}
    assert len(pairs) == len(truth["planted"]) == 115 * 114 // 2
    assert truth["planted"].sum() == len(catalogue().pairs) == 6


def test_baskets_hold_both_as_often_as_expected(baskets):
    truth, has = baskets
    a, b = family_of(truth["product_id"]), family_of(truth["companion_id"])
    together = (has.T.astype(np.float32) @ has.astype(np.float32))[a, b]
    expected = len(has) * truth["expected_support"]
    common = expected > 20
    z = (together - expected)[common] / np.sqrt(expected * (1 - truth["expected_support"]))[common]
    assert common.sum() > 300
    assert abs(z).max() < 4.5
    assert 0.92 < (abs(z) < 1.96).mean() < 0.98


def test_planted_pairs_have_the_lift_that_is_expected(baskets):
    truth, has = baskets
    for place in np.flatnonzero(truth["planted"]):
        a, b = family_of(truth["product_id"][[place]])[0], family_of(truth["companion_id"][[place]])[0]
        confidence = has[has[:, a], b].mean()
        error = (confidence * (1 - confidence) / has[:, a].sum()) ** 0.5 / has[:, b].mean()
        assert abs(confidence / has[:, b].mean() - truth["expected_lift"][place]) < 3.5 * error
        assert truth["expected_lift"][place] > 3


def test_without_tastes_all_other_pairs_meet_by_chance():
    """A little less than by chance even: every order has at least one thing, which takes the place of another."""
    truth, _ = world(tastes=False)
    others = truth["expected_lift"][~truth["planted"]]
    assert 0.9 < others.min() <= others.max() < 1
    assert np.quantile(others, 0.05) > 0.93


def test_with_tastes_things_of_one_category_go_together():
    truth, _ = world(tastes=True)
    plain = ~truth["planted"]
    same = truth["same_category"]
    assert truth["expected_lift"][plain & same].min() > 1.2
    assert truth["expected_lift"][plain & ~same].max() < 1.2
