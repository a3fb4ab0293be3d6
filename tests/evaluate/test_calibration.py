"""Calibration: bins by hand, and an error that knows what chance alone does."""

from __future__ import annotations

import numpy as np
import pytest

from guanxi.errors import DataError
from guanxi.evaluate import calibration_bins, calibration_error


def drawn(seed: int, rows: int, shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.Generator(np.random.Philox(seed))
    said = random.uniform(0.1, 0.7, rows)
    return (random.random(rows) < said + shift).astype(np.int64), said


def test_bins_hold_equally_many_and_say_what_came():
    label, said = np.array([0, 0, 1, 0, 1, 1]), np.array([0.1, 0.2, 0.3, 0.6, 0.7, 0.8])
    low, high = calibration_bins(label, said, bins=2)
    assert (low.customers, low.said, low.came) == (3, pytest.approx(0.2), pytest.approx(1 / 3))
    assert (high.customers, high.said, high.came) == (3, pytest.approx(0.7), pytest.approx(2 / 3))
    assert low.came_low < 1 / 3 < low.came_high


def test_equal_probabilities_share_a_bin():
    (only,) = calibration_bins(np.array([0, 1, 1, 0]), np.full(4, 0.5))
    assert (only.customers, only.came) == (4, 0.5)


def test_the_bins_are_all_customers():
    label, said = drawn(1, 997)
    bins = calibration_bins(label, said)
    assert sum(each.customers for each in bins) == 997
    assert sum(each.customers * each.came for each in bins) == pytest.approx(label.sum())


def test_the_error_is_the_mean_distance():
    label, said = np.array([0, 0, 1, 1]), np.array([0.1, 0.1, 0.6, 0.6])
    assert calibration_error(label, said, bins=2).value == pytest.approx((0.1 + 0.4) / 2)


def test_of_perfect_probabilities_the_interval_reaches_zero():
    held = [calibration_error(*drawn(seed, 1000)).low == 0 for seed in range(100)]
    assert np.mean(held) > 0.9


def test_a_shift_is_found():
    found = calibration_error(*drawn(3, 5000, shift=0.2))
    assert found.low > 0.15
    assert found.value == pytest.approx(0.2, abs=0.03)


def test_the_same_seed_gives_the_same_interval():
    assert calibration_error(*drawn(4, 500)) == calibration_error(*drawn(4, 500))


def test_nobody_cannot_be_judged():
    with pytest.raises(DataError):
        calibration_bins(np.zeros(0, dtype=np.int64), np.zeros(0))
