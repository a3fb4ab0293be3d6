"""Measures and their intervals: by hand, against SciPy, and by counting how often they hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from guanxi.errors import DataError
from guanxi.evaluate import Comparison, compare_errors, top_share_found


def array(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)


def test_mean_absolute_errors_and_their_interval_by_hand():
    found = compare_errors(array(1, 2, 3, 4), array(1, 2, 2, 2), array(0, 0, 0, 0))
    assert (found.measure, found.method, found.baseline, found.gain) == ("mean_absolute_error", 0.75, 2.5, 1.75)
    # Gains 1, 2, 2, 2: deviation 1/2; Student's t with 3 degrees of freedom at 97.5 % is 3.182446.
    assert found.gain_low == pytest.approx(1.75 - 3.182446305284263 / 4)
    assert found.gain_high == pytest.approx(1.75 + 3.182446305284263 / 4)
    assert (found.customers, found.confidence, found.relative_gain) == (4, 0.95, 0.7)


@given(
    st.lists(st.tuples(*[st.floats(-1e6, 1e6)] * 3), min_size=3, max_size=30),
    st.sampled_from([0.8, 0.95, 0.99]),
)
def test_the_interval_is_students_for_paired_differences(rows, confidence):
    actual, method, baseline = np.array(rows).T
    found = compare_errors(actual, method, baseline, confidence=confidence)
    gains = np.abs(actual - baseline) - np.abs(actual - method)
    if gains.std() > 1e-6 * np.abs(gains).max():
        right = stats.ttest_1samp(gains, 0).confidence_interval(confidence)
        assert (found.gain_low, found.gain_high) == pytest.approx((right.low, right.high), rel=1e-6, abs=1e-6)
    assert found.gain == pytest.approx(found.baseline - found.method, abs=1e-6)


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_the_interval_holds_as_often_as_it_says(confidence):
    # Errors of customers are skewed: most are small, some are large.
    random = np.random.default_rng(7)
    worlds, customers = 2_000, 400
    hits = 0
    for _ in range(worlds):
        method = random.exponential(1.0, customers)
        baseline = method + random.exponential(1.2, customers) - 1.0
        zeros = np.zeros(customers)
        found = compare_errors(zeros, method, np.abs(baseline), confidence=confidence)
        hits += found.gain_low <= _TRUE_GAIN <= found.gain_high
    # Three standard errors of the share itself.
    assert hits / worlds == pytest.approx(confidence, abs=3 * (confidence * (1 - confidence) / worlds) ** 0.5)


# E|X + Y - 1| - E X for X ~ Exp(1), Y ~ Exp(1.2): 0.2 plus twice what the sum falls short of 1 on average.
_TRUE_GAIN = 0.2 + 2 * (
    # E (1 - S)+ of S = X + Y with density 5 (e^(-s/1.2) - e^(-s)), by parts.
    5 * (1.2 * (1 - 1.2 * (1 - np.exp(-1 / 1.2))) - (1 - (1 - np.exp(-1))))
)


def test_a_method_like_the_baseline_gains_nothing():
    found = compare_errors(array(1, 2, 3), array(0, 0, 0), array(0, 0, 0))
    assert (found.gain, found.gain_low, found.gain_high, found.relative_gain) == (0.0, 0.0, 0.0, 0.0)


def test_a_baseline_without_error_leaves_no_relative_gain():
    assert compare_errors(array(1, 2), array(0, 0), array(1, 2)).relative_gain == 0.0


@pytest.mark.parametrize("customers", [0, 1])
def test_too_few_customers_cannot_be_judged(customers):
    few = np.zeros(customers)
    for act in (compare_errors, top_share_found):
        with pytest.raises(DataError) as raised:
            act(few, few, few)
        assert raised.value.message.parameters == {"customers": customers}


def test_the_share_of_the_best_that_was_found_by_hand():
    actual = array(9, 8, 1, 1, 1, 1, 1, 1, 1, 1)
    method = array(5, 1, 7, 1, 1, 1, 1, 1, 1, 1)  # its best: the third and the first; one of the two is right
    baseline = array(0, 0, 9, 9, 0, 0, 0, 0, 0, 0)  # none
    found = top_share_found(actual, method, baseline)
    assert (found.measure, found.method, found.baseline, found.gain, found.customers) == (
        "top_share_found",
        0.5,
        0.0,
        0.5,
        2,
    )
    # Gains 1, 0: deviation sqrt(1/2), one degree of freedom.
    assert found.gain_high - found.gain == pytest.approx(stats.t.ppf(0.975, 1) * 0.5)


def test_who_knows_everything_finds_all_of_the_best():
    actual = np.arange(50.0)
    found = top_share_found(actual, actual, -actual)
    assert (found.method, found.baseline, found.customers) == (1.0, 0.0, 10)


@pytest.mark.parametrize(("share", "customers"), [(0.2, 20), (0.5, 50), (0.025, 2)])
def test_the_best_are_so_many(share, customers):
    actual = np.arange(100.0)
    assert top_share_found(actual, actual, actual, share=share).customers == customers


def test_of_equals_that_came_the_first_are_taken():
    actual = array(2, 1, 1, 1)
    found = top_share_found(actual, array(0, 9, 0, 9), array(0, 0, 9, 9), share=0.5)
    assert (found.method, found.baseline) == (0.5, 0.0)


def test_who_ranks_nobody_finds_by_chance_in_whatever_order_the_rows_stand():
    actual = np.arange(20.0)
    for rows in (actual, actual[::-1]):
        found = top_share_found(rows, np.full(20, 3.0), np.zeros(20), share=0.1)
        assert (found.method, found.baseline) == (0.1, 0.1)


def test_equals_share_the_places_that_are_left():
    actual = array(9, 8, 7, 6, 1, 1, 1, 1)
    # Four are second, with three places left to them; the fourth of the truly best stands below.
    found = top_share_found(actual, array(5, 4, 4, 0, 4, 4, 0, 0), actual, share=0.5)
    assert found.method == (1 + 3 / 4 + 3 / 4) / 4


def test_a_comparison_as_data_has_all_that_it_says():
    comparison = Comparison("mean_absolute_error", 8.0, 10.0, 2.0, 1.5, 2.5, 100)
    assert comparison.as_data() == {
        "measure": "mean_absolute_error", "method": 8.0, "baseline": 10.0, "gain": 2.0, "gain_low": 1.5, "gain_high": 2.5,
        "customers": 100, "confidence": 0.95, "relative_gain": 0.2,
    }  # fmt: skip
