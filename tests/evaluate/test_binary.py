"""Measures of probabilities: by hand, against scikit-learn, and by counting how often their intervals hold."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from sklearn import metrics

from guanxi.errors import DataError
from guanxi.evaluate import (
    average_precision,
    brier_score,
    compare_auc,
    compare_brier_score,
    compare_log_loss,
    gains,
    lift,
    log_loss,
    roc_auc,
    wilson,
)


def drawn(seed: int, rows: int = 300) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.Generator(np.random.Philox(seed))
    odds = random.normal(size=rows)
    return (random.random(rows) < expit(odds)).astype(np.int64), expit(odds)


rows = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 8)), min_size=4, max_size=60).filter(
    lambda each: 2 <= sum(label for label, _ in each) <= len(each) - 2
)


@given(rows)
def test_areas_are_those_of_scikit_learn(rows):
    label, score = np.array(rows).T
    score = score / 8
    assert roc_auc(label, score).value == pytest.approx(metrics.roc_auc_score(label, score))
    assert average_precision(label, score).value == pytest.approx(metrics.average_precision_score(label, score))


@given(rows)
def test_losses_are_those_of_scikit_learn(rows):
    label, score = np.array(rows).T
    score = (score + 1) / 10
    assert log_loss(label, score).value == pytest.approx(metrics.log_loss(label, score))
    assert brier_score(label, score).value == pytest.approx(metrics.brier_score_loss(label, score))


def test_the_variance_of_an_area_is_that_of_delong_pair_by_pair():
    label, score = drawn(1, 60)
    score = score.round(1)
    ones, zeros = score[label == 1], score[label == 0]
    won = np.array([[(one > zero) + 0.5 * (one == zero) for zero in zeros] for one in ones])
    variance = won.mean(axis=1).var(ddof=1) / len(ones) + won.mean(axis=0).var(ddof=1) / len(zeros)
    found = roc_auc(label, score)
    assert found.value == pytest.approx(won.mean())
    assert found.high - found.value == pytest.approx(1.959963984540054 * variance**0.5)


def test_two_areas_are_compared_on_the_same_customers():
    label, score = drawn(2)
    other = score + np.random.Generator(np.random.Philox(3)).normal(size=len(score))
    found = compare_auc(label, score, other)
    assert found.gain == pytest.approx(metrics.roc_auc_score(label, score) - metrics.roc_auc_score(label, other))
    same = compare_auc(label, score, score)
    assert (same.gain, same.gain_low, same.gain_high) == (0, 0, 0)


@pytest.mark.parametrize("measure", [roc_auc, average_precision, log_loss, brier_score, lift])
def test_the_interval_holds_about_as_often_as_it_says(measure):
    # The truth of the law is the measure of a great many customers.
    truth = measure(*drawn(0, 400_000)).value
    worlds = [measure(*drawn(seed)) for seed in range(1, 401)]
    held = np.mean([found.low <= truth <= found.high for found in worlds])
    assert held == pytest.approx(0.95, abs=0.045)


def test_differences_of_losses_are_paired():
    label, score = drawn(4)
    plain = np.full(len(label), label.mean())
    for compare, one in ((compare_log_loss, log_loss), (compare_brier_score, brier_score)):
        found = compare(label, score, plain)
        assert found.gain == pytest.approx(one(label, plain).value - one(label, score).value)
        assert found.gain_low > 0


def test_a_sure_mistake_does_not_cost_infinity():
    assert np.isfinite(log_loss(np.array([0, 1, 1]), np.array([1.0, 1.0, 0.0])).value)


def test_lift_by_hand_and_of_equal_scores_by_their_part():
    label = np.array([1, 1, 0, 0, 0, 0, 0, 0, 0, 1])
    score = np.arange(10, 0, -1).astype(float)
    assert lift(label, score, share=0.2).value == pytest.approx(1 / 0.3)
    assert lift(label, np.ones(10), share=0.2).value == pytest.approx(1)
    none = lift(label[::-1] * 0 + np.array([0, 0, 1, 1, 0, 0, 0, 0, 0, 1]), score, share=0.1)
    assert (none.value, none.low) == (0, 0)
    assert none.high > 0


@pytest.mark.parametrize("share", [0.05, 0.1, 0.5])
def test_who_knows_everything_has_the_greatest_lift(share):
    label, _ = drawn(5, 1000)
    assert lift(label, label.astype(float), share=share).value == pytest.approx(min(1 / label.mean(), 1 / share))


def test_gains_rise_to_everybody():
    label, score = drawn(6)
    found = gains(label, score)
    assert found[-1] == 1
    assert all(low <= high for low, high in itertools.pairwise(found))
    assert gains(label, np.zeros(len(label))) == pytest.approx(np.arange(1, 11) / 10)


@pytest.mark.parametrize(
    ("ones", "trials", "low", "high"), [(0, 10, 0, 0.2775), (10, 10, 0.7225, 1), (5, 10, 0.2366, 0.7634)]
)
def test_shares_have_wilsons_interval(ones, trials, low, high):
    assert wilson(ones, trials) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize("measure", [roc_auc, average_precision, lift, gains])
def test_a_ranking_needs_two_of_each_kind(measure):
    with pytest.raises(DataError) as raised:
        measure(np.array([0, 0, 1]), np.array([0.1, 0.2, 0.3]))
    assert raised.value.message.parameters == {"ones": 1, "zeros": 2}


def test_an_estimate_is_data_too():
    assert brier_score(np.array([0, 1]), np.array([0.0, 1.0])).as_data() == {
        "measure": "brier_score", "value": 0.0, "low": 0.0, "high": 0.0, "customers": 2, "confidence": 0.95,
    }  # fmt: skip
