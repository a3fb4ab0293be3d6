"""Folds and what is compared over them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from guanxi.errors import DataError
from guanxi.evaluate import compare_over_folds, folds_of


def test_every_fold_has_its_part_of_every_label():
    label = np.array([1] * 23 + [0] * 101)
    fold = folds_of(label, folds=5, seed=3)
    for value in (0, 1):
        sizes = np.bincount(fold[label == value], minlength=5)
        assert sizes.max() - sizes.min() <= 1


def test_another_seed_gives_other_folds_and_the_same_one_the_same():
    label = np.array([0, 1] * 50)
    assert folds_of(label, seed=1).tolist() == folds_of(label, seed=1).tolist() != folds_of(label, seed=2).tolist()


def test_the_interval_is_nadeaus_and_bengios():
    method, baseline = np.array([0.8, 0.82, 0.81, 0.85, 0.8]), np.array([0.79, 0.8, 0.82, 0.83, 0.78])
    found = compare_over_folds("roc_auc", method, baseline, folds=5, rows=100)
    gains = method - baseline
    half = stats.t.ppf(0.975, 4) * gains.std(ddof=1) * (1 / 5 + 1 / 4) ** 0.5
    assert (found.gain, found.gain_high - found.gain) == pytest.approx((gains.mean(), half))


def test_of_losses_less_is_better():
    low, high = np.array([0.1, 0.2, 0.15]), np.array([0.2, 0.3, 0.25])
    found = compare_over_folds("log_loss", low, high, folds=3, rows=9, higher_is_better=False)
    assert found.gain == pytest.approx(0.1)
    assert found.relative_gain == pytest.approx(0.4)


def test_one_fold_cannot_be_compared():
    with pytest.raises(DataError):
        compare_over_folds("roc_auc", np.array([0.8]), np.array([0.7]), folds=2, rows=10)
