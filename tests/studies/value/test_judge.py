"""How the value study compares methods, and the intervals that it learns from what came."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import mean_poisson_deviance

from guanxi.studies.value.intervals import ClassIntervals, classes_of
from guanxi.studies.value.judge import Judged, compare_deviances, judge
from guanxi.studies.value.methods import Said

CUTOFF = dt.date(2024, 6, 1)


@pytest.fixture(scope="module")
def crowd() -> tuple[np.ndarray, np.ndarray]:
    """Rates of 4,000 customers, and what came of each: a Poisson number of orders of 10 each."""
    dice = np.random.Generator(np.random.Philox(3))
    rate = dice.gamma(0.7, 2.0, 4000)
    return rate, dice.poisson(rate).astype(float)


def buyers(came: np.ndarray) -> pa.Table:
    return pa.table({"later_orders": pa.array(came, pa.int64()), "later_amount": pa.array(10 * came, pa.int64())})


def judged(crowd, *said: np.ndarray) -> Judged:
    names = ("past_rate", "last_period", "cell_mean")
    baselines = {name: Said(each, 10 * each) for name, each in zip(names, said, strict=False)}
    return judge(buyers(crowd[1]), baselines, None, cutoff=CUTOFF, horizon_days=30)


def test_the_deviance_is_that_of_the_textbook_in_units_of_the_mean(crowd):
    rate, came = crowd
    found = compare_deviances(came, rate, np.full(len(rate), came.mean()))
    floor = 0.01 * came.mean()
    assert found.method == pytest.approx(mean_poisson_deviance(came, np.maximum(rate, floor)) / came.mean())
    assert found.gain == pytest.approx(found.baseline - found.method)


def test_the_true_expectation_is_better_than_anything_drawn_away_from_it(crowd):
    rate, came = crowd
    for wrong in (0.7 * rate, 1.4 * rate, (rate + came.mean()) / 2):
        assert compare_deviances(came, rate, wrong).gain_low > 0


def test_to_expect_nothing_of_anybody_is_worst_though_its_absolute_error_may_be_least(crowd):
    dice = np.random.Generator(np.random.Philox(4))
    rate = np.full(4000, 0.2)
    came = dice.poisson(rate).astype(float)
    nothing = np.zeros(4000)
    assert np.abs(came - nothing).mean() < np.abs(came - rate).mean()
    assert compare_deviances(came, rate, nothing).gain_low > 0


def test_the_unit_of_money_does_not_matter(crowd):
    rate, came = crowd
    here, there = (compare_deviances(unit * came, unit * rate, 2 * unit * rate) for unit in (1.0, 100.0))
    assert here.gain_low == pytest.approx(there.gain_low)


def test_where_nothing_came_of_anybody_expecting_less_is_better():
    found = compare_deviances(np.zeros(50), np.full(50, 0.5), np.ones(50))
    assert (found.method, found.baseline) == (1.0, 2.0)


def test_the_best_baseline_is_published_where_there_is_no_model(crowd):
    rate, came = crowd
    found = judged(crowd, 3 * rate, rate, np.full(len(rate), came.mean()))
    assert (found.best, found.published, found.model) == ("last_period", "last_period", None)
    assert (found.judgement.grade, found.judgement.comparisons) == ("C", ())
    assert found.judgement.explained.code == "value.judged_unfit"


def test_the_table_has_every_measure_of_every_method(crowd):
    rate, came = crowd
    table = judged(crowd, rate, 2 * rate).as_table().to_pylist()
    found = {(row["method"], row["measure"]): row for row in table}
    assert found["past_rate", "orders_mean_absolute_error"]["value"] == pytest.approx(np.abs(rate - came).mean())
    root = np.sqrt(np.mean((20 * rate - 10 * came) ** 2))
    assert found["last_period", "amount_root_mean_squared_error"]["value"] == pytest.approx(root)
    assert found["past_rate", "amount_total"]["value"] == pytest.approx(10 * rate.sum())
    best = set(np.argsort(-came, kind="stable")[:400]) & set(np.argsort(-rate, kind="stable")[:400])
    assert found["past_rate", "top_tenth_found"]["value"] == len(best) / 400
    assert all(row["low"] <= row["value"] <= row["high"] for row in table)


def test_of_equal_baselines_the_first_is_the_best(crowd):
    mean = np.full(4000, crowd[1].mean())
    assert judged(crowd, mean, mean).best == "past_rate"


def test_one_that_ranks_nobody_finds_a_tenth_of_the_best_in_one_class(crowd):
    found = judged(crowd, np.full(4000, crowd[1].mean()))
    table = {(row["method"], row["measure"]): row["value"] for row in found.as_table().to_pylist()}
    assert table["past_rate", "top_tenth_found"] == pytest.approx(0.1)
    (row,) = found.deciles.to_pylist()
    assert row["customers"] == 4000
    assert row["said_amount"] == pytest.approx(row["came_amount"])


def test_deciles_hold_where_the_truth_was_said(crowd):
    deciles = judged(crowd, crowd[0]).deciles.to_pylist()
    assert sum(row["customers"] for row in deciles) == 4000
    assert [row["said_amount"] for row in deciles] == sorted(row["said_amount"] for row in deciles)
    assert sum(row["came_low"] <= row["said_amount"] <= row["came_high"] for row in deciles) >= 9


def test_a_total_that_was_off_widens_the_interval_of_the_next(crowd):
    rate = crowd[0]
    now = 10 * rate
    right, wrong = (judged(crowd, factor * rate).interval_of_total(now) for factor in (1.0, 2.0))
    assert right[0] < now.sum() < right[1]
    assert right[1] - right[0] < 0.1 * now.sum()
    # It was twice what came, so that half of it counts as a standard deviation.
    assert wrong[1] - wrong[0] == pytest.approx(2 * 1.2816 * 0.5 * now.sum(), rel=0.1)


def test_intervals_by_class_hold_for_others_of_the_same_law(crowd):
    rate, came = crowd
    later = np.random.Generator(np.random.Philox(5)).poisson(rate)
    low, high = ClassIntervals().fit(rate, came).predict(rate)
    covered = np.mean((low <= later) & (later <= high))
    # Whole numbers stand on the borders, so that more is covered than asked for.
    assert 0.78 < covered < 0.97


def test_where_nothing_was_expected_the_interval_is_of_what_came():
    said, came = np.repeat([0.0, 4.0], 100), np.concatenate([np.arange(100.0), np.full(100, 8.0)])
    low, high = ClassIntervals().fit(said, came).predict(np.array([0.0, 4.0, 6.0]))
    assert low.tolist() == [9.0, 8.0, 12.0]
    assert high.tolist() == [89.0, 8.0, 12.0]


def test_equal_expectations_share_a_class():
    borders, place = classes_of(np.array([0.0] * 90 + list(range(1, 11))))
    assert len(set(place[:90].tolist())) == 1
    assert len(borders) < 9
