"""Concentration against laws whose coefficient is known in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.special import erf

from guanxi.errors import DataError
from guanxi.mining.concentration import fewest_for_share, gini, share_of_best


def test_it_is_half_the_mean_difference_over_the_mean():
    amounts = np.array([5.0, 0.0, 1.0, 14.0, 2.0])
    differences = np.abs(amounts[:, None] - amounts[None])
    pairs = len(amounts) * (len(amounts) - 1)
    assert gini(amounts).value == pytest.approx(differences.sum() / pairs / (2 * amounts.mean()))


def test_alike_is_nothing_and_one_who_has_it_all_is_one():
    assert gini(np.full(50, 7.0)).value == pytest.approx(0, abs=1e-12)
    assert gini(np.append(np.zeros(49), 3.0)).value == pytest.approx(1)


@pytest.mark.parametrize("factor", [0.01, 100.0])
def test_the_unit_of_money_does_not_matter(factor):
    amounts = np.random.Generator(np.random.Philox(1)).gamma(0.7, 40.0, 300)
    here, there = gini(amounts), gini(factor * amounts)
    assert (there.value, there.low, there.high) == pytest.approx((here.value, here.low, here.high))


@pytest.mark.parametrize(("law", "truth"), [("exponential", 0.5), ("lognormal", erf(0.5)), ("uniform", 1 / 3)])
def test_intervals_hold_as_often_as_they_say(law, truth):
    dice = np.random.Generator(np.random.Philox(9))
    hits, worlds = 0, 400
    values = []
    for _ in range(worlds):
        amounts = {
            "exponential": lambda: dice.exponential(3.0, 400),
            "lognormal": lambda: dice.lognormal(2.0, 1.0, 400),
            "uniform": lambda: dice.uniform(0, 9, 400),
        }[law]()
        found = gini(amounts)
        values.append(found.value)
        hits += found.low <= truth <= found.high
    assert np.mean(values) == pytest.approx(truth, abs=4 * np.std(values) / np.sqrt(worlds))
    low, high = stats.binom.interval(0.999, worlds, 0.95 if law != "lognormal" else 0.93)
    assert low <= hits <= high


def test_paretos_rule_is_found_where_it_holds():
    """Of a Pareto law of shape log 5 / log 4 a fifth of all has four fifths of everything: here on its Lorenz curve."""
    shape = np.log(5) / np.log(4)
    amounts = np.diff(1 - (1 - np.arange(1001) / 1000) ** (1 - 1 / shape))
    assert share_of_best(amounts, share=0.2) == pytest.approx(0.8)
    assert fewest_for_share(amounts, share=0.8) == 200


def test_the_best_and_how_many_it_takes():
    amounts = np.array([1.0, 1.0, 2.0, 6.0])
    assert [share_of_best(amounts, share=share) for share in (0.25, 0.5, 1.0)] == pytest.approx([0.6, 0.8, 1.0])
    assert [fewest_for_share(amounts, share=share) for share in (0.6, 0.61, 0.8, 1.0)] == [1, 2, 2, 4]


@pytest.mark.parametrize(
    ("amounts", "code"),
    [
        ([1.0, -2.0], "lifetime.amounts_negative"),
        ([1.0, np.nan], "lifetime.amounts_negative"),
        ([1.0], "lifetime.nothing_to_spread"),
        ([0.0, 0.0], "lifetime.nothing_to_spread"),
        ([], "lifetime.nothing_to_spread"),
    ],
)
def test_what_cannot_be_said_is_refused(amounts, code):
    for what in (gini, share_of_best, fewest_for_share):
        with pytest.raises(DataError) as raised:
            what(np.array(amounts))
        assert raised.value.code == code
